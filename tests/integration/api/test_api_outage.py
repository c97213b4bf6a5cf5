"""Redis goes away under a running API: every answer is a 503, and all is well when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.settings import Settings

CAMPAIGN = {"name": "n", "kind": "notification", "script": {"text": "Hello."}}


class Cable:
    """The wire between the API and Redis, which can be pulled."""

    def __init__(self, far_end: str, near_end: str) -> None:
        self._far_end, self._near_end = far_end, near_end
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def plug(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_unix_server(self._connect, self._near_end)

    async def pull(self) -> None:
        """End all connections and take no more."""
        if self._server:
            self._server.close()
            _remove(self._near_end)
            self._server = None
        for writer in self._open:
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._far_end)
        self._open |= {writer, far_writer}
        if self._server is None:  # pulled at this moment
            writer.transport.abort()
            far_writer.transport.abort()
        with suppress(ConnectionError):
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.close()


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


@pytest.fixture
async def cable(redis: Redis, redis_url: str) -> AsyncIterator[Cable]:
    """A plugged cable to the emptied server."""
    assert redis is not None
    far_end = redis_url.removeprefix("unix://")
    wire = Cable(far_end, f"{far_end}.wire")
    await wire.plug()
    yield wire
    await wire.pull()


@pytest.fixture
def settings(settings: Settings, cable: Cable, redis_url: str) -> Settings:
    """The API reaches Redis through the cable."""
    assert cable is not None
    return settings.model_copy(update={"redis_url": f"{redis_url}.wire"})


@pytest.mark.parametrize(
    ("request_line", "body"),
    [
        ("GET /v1/campaigns", None),
        ("GET /v1/campaigns/ID", None),
        ("GET /v1/campaigns/ID/calls", None),
        ("GET /v1/campaigns/ID/results", None),
        ("GET /v1/calls/ID-1", None),
        ("POST /v1/campaigns", CAMPAIGN),
        ("POST /v1/campaigns/ID/start", {}),
        ("POST /v1/campaigns/ID/calls", []),
        ("POST /v1/calls", {"number": "+31201234567", "script": {"text": "Hello."}}),
    ],
)
async def test_everything_is_unavailable_without_redis(
    request_line: str, body: Any, api: aiohttp.ClientSession, campaign_id: str, cable: Cable
) -> None:
    """Without Redis the client is told to try again."""
    await cable.pull()
    method, path = request_line.replace("ID", campaign_id).split()
    async with api.request(method, path, json=body, headers={"Idempotency-Key": "k"}) as response:
        problem = await response.json()

    assert (503, "1") == (response.status, response.headers["Retry-After"])
    assert "/problems/unavailable" == problem["type"]


async def test_no_key_is_called_wrong_without_redis(api: aiohttp.ClientSession, cable: Cable) -> None:
    """One that was made may be good: who cannot look it up says so. When Redis is back, it is good again."""
    async with api.post("/v1/keys", json={"name": "Quay", "roles": ["read"]}) as response:
        headers = {"Authorization": f"Bearer {(await response.json())['key']}"}
    await cable.pull()
    async with api.get("/v1/me", headers=headers) as response:
        assert (503, "/problems/unavailable") == (response.status, (await response.json())["type"])
    async with api.get("/v1/me") as response:
        assert 200 == response.status
    await cable.plug()
    async with api.get("/v1/me", headers=headers) as response:
        assert 200 == response.status


@pytest.mark.parametrize(("method", "path"), [("GET", "answer"), ("POST", "event"), ("GET", "event")])
async def test_webhook_is_told_to_try_again(
    method: str, path: str, stranger: aiohttp.ClientSession, webhook: str, cable: Cable
) -> None:
    """The carrier tries once more after a 503, and only then."""
    await cable.pull()
    async with stranger.request(method, f"{webhook}/{path}", json={"status": "ringing"}) as response:
        assert 503 == response.status


async def test_event_after_an_outage_is_applied(stranger: aiohttp.ClientSession, webhook: str, cable: Cable) -> None:
    """When Redis is back, so are we."""
    await cable.pull()
    async with stranger.post(f"{webhook}/event", json={"status": "ringing"}) as response:
        assert 503 == response.status
    await cable.plug()
    async with stranger.post(f"{webhook}/event", json={"status": "ringing"}) as response:
        assert 204 == response.status


async def test_process_is_alive_but_not_ready(stranger: aiohttp.ClientSession, cable: Cable) -> None:
    """Health tells the difference, and the process' own metrics are still served."""
    await cable.pull()
    async with stranger.get("/healthz") as alive, stranger.get("/readyz") as ready, stranger.get("/metrics") as metrics:
        found, told = await ready.json(), await metrics.text()

    assert (200, 503, 200) == (alive.status, ready.status, metrics.status)
    assert "\ndialer_redis_up 0.0\n" in told
    assert "dialer_workers" not in told
    assert "dialer_callbacks_total" in told
    assert "unavailable" == found["status"]
    assert "no answer" in found["checks"]["redis"]
