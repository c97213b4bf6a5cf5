"""The server around the endpoints: health, documents, methods, limits, ids, what it needs to start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
from openapi_spec_validator import validate
from structlog.testing import capture_logs

from dialer.api import bodies
from dialer.api.app import create_app, serve
from dialer.errors import InvalidInput
from dialer.runtime import Runtime
from dialer.settings import Settings

GIGABYTE = 1_073_741_824


async def exchange(url: str, *parts: bytes) -> bytes:
    """Send bytes as they are; returns what comes back until the first answer's head is there."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("path", "body"),
    [("/healthz", {"status": "ok"}), ("/readyz", {"status": "ok", "checks": {"redis": "ok", "process": "ok"}})],
)
async def test_health_is_told_without_a_key(path: str, body: object, stranger: aiohttp.ClientSession) -> None:
    """Liveness and readiness are open, to GET and HEAD."""
    async with stranger.get(path) as response:
        assert (200, body) == (response.status, await response.json())
    async with stranger.head(path) as response:
        assert 200 == response.status


async def test_metrics_are_served_as_text(stranger: aiohttp.ClientSession) -> None:
    """Prometheus finds the dialer's metrics without a key."""
    async with stranger.get("/metrics") as response:
        assert "text/plain" == response.content_type
        assert "# TYPE dialer_callbacks_ignored_total counter" in await response.text()


async def test_openmetrics_is_served_where_asked_for(stranger: aiohttp.ClientSession) -> None:
    """A scraper that prefers OpenMetrics gets it."""
    async with stranger.get("/metrics", headers={"Accept": "application/openmetrics-text"}) as response:
        assert "application/openmetrics-text" == response.content_type


async def test_openapi_document_is_valid(stranger: aiohttp.ClientSession) -> None:
    """The document that is served is valid OpenAPI 3.1."""
    async with stranger.get("/openapi.json") as response:
        document = await response.json()
    validate(document)

    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    "path", ["/v1/campaigns", "/v1/campaigns/c1/results", "/v1/nothing", "/v1/", "/v1", "/%761/campaigns"]
)
async def test_nothing_is_told_without_the_key(path: str, stranger: aiohttp.ClientSession) -> None:
    """All under /v1 asks for the key first, also where there is nothing."""
    async with stranger.get(path) as response:
        assert 401 == response.status
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/v1/me", "no-store"), ("/v1/nothing", "no-store"), ("/metrics", None), ("/webhooks/x/answer", None)],
)
async def test_answers_are_kept_by_nobody(api: aiohttp.ClientSession, path: str, kept: str | None) -> None:
    """No browser writes people's numbers to its disk, or takes an answer for another kind than it is."""
    async with api.get(path) as response:
        headers = response.headers

    assert (kept, "nosniff") == (headers.get("Cache-Control"), headers["X-Content-Type-Options"])


async def test_method_that_is_not_there_is_told_with_those_that_are(api: aiohttp.ClientSession) -> None:
    """405 and OPTIONS name what is allowed."""
    async with api.put("/v1/campaigns") as refused, api.options("/v1/campaigns") as asked:
        assert (405, "GET, HEAD, POST") == (refused.status, refused.headers["Allow"])
        assert (204, "GET, HEAD, POST") == (asked.status, asked.headers["Allow"])


async def test_request_id_of_the_client_is_kept(api: aiohttp.ClientSession) -> None:
    """A client finds its own request id again, in the answer and in our log."""
    async with api.get("/v1/campaigns", headers={"X-Request-Id": "abc-1.2_3"}) as response:
        assert "abc-1.2_3" == response.headers["X-Request-Id"]


@pytest.mark.parametrize("given", ["x" * 65, "a b", "\u00e9", ""])
async def test_request_id_that_is_none_is_replaced(given: str, api: aiohttp.ClientSession) -> None:
    """An id that could spoil a log is not taken over."""
    async with api.get("/v1/campaigns", headers={"X-Request-Id": given}) as response:
        assert 16 == len(response.headers["X-Request-Id"])


async def test_streamed_answer_has_its_request_id_too(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A streamed answer is no exception."""
    async with api.get(f"/v1/campaigns/{campaign_id}/results", headers={"X-Request-Id": "r"}) as response:
        assert "r" == response.headers["X-Request-Id"]


async def test_request_is_logged_once_with_its_route(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """One wide line tells method, route, status and duration."""
    with capture_logs() as logs:
        await api.post(f"/v1/campaigns/{campaign_id}/start", headers={"X-Request-Id": "r"})

    [line] = logs
    told = {name: line[name] for name in ("event", "request_id", "method", "route", "status", "log_level")}
    expected = {"event": "request.answered", "request_id": "r", "method": "POST", "status": 200, "log_level": "info"}
    assert expected | {"route": "/v1/campaigns/{campaign_id}/start"} == told
    assert line["duration_ms"] > 0


@pytest.mark.parametrize("path", ["/v1/campaigns", "/v1/campaigns/{id}/calls"])
async def test_gigabyte_is_refused_before_it_is_sent(
    path: str, url: str, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """A body announced as too large is refused at once, and not called for."""
    head = f"POST {path.format(id=campaign_id)} HTTP/1.1\r\nHost: x\r\nContent-Length: {GIGABYTE}\r\n"
    head += f"Authorization: {api.headers['Authorization']}\r\nContent-Type: application/json\r\n"
    answer = await exchange(url, f"{head}Expect: 100-continue\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


async def test_endless_body_is_refused_midway(api: aiohttp.ClientSession) -> None:
    """A body whose length was not announced is counted while it comes."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    async with api.post("/v1/calls", data=endless(), headers={"Content-Type": "application/json"}) as response:
        assert 413 == response.status


async def test_body_is_called_for_where_it_is_wanted(url: str, api: aiohttp.ClientSession) -> None:
    """`Expect: 100-continue` is answered for a body that will be read."""
    head = "POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
    head += f"Authorization: {api.headers['Authorization']}\r\nExpect: 100-continue\r\n\r\n"

    assert b"HTTP/1.1 100 Continue\r\n\r\n" == await exchange(url, head.encode())


async def test_body_of_a_stranger_is_not_called_for(url: str) -> None:
    """Without the key no body is asked for."""
    head = b"POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"

    assert (await exchange(url, head)).startswith(b"HTTP/1.1 401 ")


async def test_body_that_does_not_come_is_given_up(
    url: str, api: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that stops sending does not hold its place for ever."""
    monkeypatch.setattr(bodies, "JSON_TIMEOUT_S", 0.01)
    head = "POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: application/json\r\n"
    head += f"Authorization: {api.headers['Authorization']}\r\n\r\n"

    assert (await exchange(url, head.encode(), b'{"name"')).startswith(b"HTTP/1.1 408 ")


async def test_broken_chunks_are_refused(url: str, api: aiohttp.ClientSession) -> None:
    """A body whose transfer coding is broken is a bad request."""
    head = "POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n"
    head += f"Authorization: {api.headers['Authorization']}\r\n\r\n"

    assert b" 400 Bad Request" in (await exchange(url, head.encode(), b"zz\r\n{}\r\n"))


@pytest.mark.parametrize("missing", ["api_key", "webhook_secret"])
async def test_api_without_its_secrets_does_not_start(missing: str, runtime: Runtime, settings: Settings) -> None:
    """A missing key is a sentence that names it, before anything listens."""
    incomplete = settings.model_copy(update={missing: None})
    with pytest.raises(InvalidInput, match=f"DIALER_{missing.upper()}"):
        await serve(incomplete)

    assert create_app(runtime)


async def test_taken_port_is_told(url: str, settings: Settings) -> None:
    """Two servers on one port: the second says so."""
    taken = settings.model_copy(update={"port": urlsplit(url).port})
    with pytest.raises(InvalidInput, match="DIALER_PORT"):
        await serve(taken)


async def test_served_document_tells_every_refusal_of_a_route(stranger: aiohttp.ClientSession) -> None:
    """Each operation under /v1 documents 401, 500 and 503, and problem details for every error."""
    async with stranger.get("/openapi.json") as response:
        paths = json.loads(await response.text())["paths"]
    operations = [op for path, ops in paths.items() if path.startswith("/v1") for op in ops.values()]
    errors = [answer for op in operations for status, answer in op["responses"].items() if status >= "400"]

    assert all({"401", "500", "503"} <= set(op["responses"]) for op in operations)
    assert {"application/problem+json"} == {media for answer in errors for media in answer["content"]}
