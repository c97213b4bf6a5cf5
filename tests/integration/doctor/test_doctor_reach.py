"""Whether the public address leads to this dialer: asked through a small reverse proxy, as the carrier would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis

from dialer.doctor import examine, processes, reach
from dialer.doctor.finding import Finding, State
from dialer.doctor.patient import open_patient
from dialer.settings import Settings
from tests.fakes.redis_server import redis_server
from tests.fakes.served import served

KEY = "the key of these tests"
SECRET = "the secret of these tests"
OUTSIDE = "127.0.0.2"  # an address that is not this machine's own name for itself
HANDLER = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _api(redis_url: str, secret: str = SECRET) -> AsyncIterator[str]:
    settings = Settings(redis_url=redis_url, port=0, api_key=KEY, webhook_secret=secret)
    async with served(settings) as api:
        yield api.url


@pytest.fixture
async def api(redis: Redis, redis_url: str) -> AsyncIterator[str]:
    """The dialer's own API."""
    assert redis is not None
    async with _api(redis_url) as url:
        yield url


@asynccontextmanager
async def _proxy(
    api: str, *, passed: str = "/webhooks/", methods: str = "GET POST", key: str = ""
) -> AsyncIterator[str]:
    """A reverse proxy in front of an API: what begins with `passed` and has one of the methods goes through."""

    async def forward(request: web.Request) -> web.StreamResponse:
        if not request.path.startswith(passed):
            raise web.HTTPNotFound
        if request.method not in methods.split():
            raise web.HTTPMethodNotAllowed(request.method, methods.split())
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with aiohttp.ClientSession() as http:
            try:
                async with http.request(request.method, api + request.path_qs, headers=headers) as reply:
                    challenge = {n: v for n, v in reply.headers.items() if n in {"WWW-Authenticate", "Content-Type"}}
                    return web.Response(status=reply.status, body=await reply.read(), headers=challenge)
            except aiohttp.ClientConnectorError:
                raise web.HTTPBadGateway from None

    async with _server(forward) as url:
        yield url


@asynccontextmanager
async def _server(handler: HANDLER) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host=OUTSIDE) as server:
        yield str(server.make_url("")).rstrip("/")


async def _look(redis_url: str, public_url: str | None, *steps: str, api: str = "") -> dict[str, Finding]:
    settings = Settings(redis_url=redis_url, public_url=public_url, api_key=KEY, webhook_secret=SECRET)
    async with open_patient(settings, api) as patient:
        return {step: finding async for step, finding in examine(patient) if step in steps}


async def test_proxy_for_webhooks_alone_is_well(api: str, redis_url: str) -> None:
    """Webhooks get through and nothing else: all well."""
    async with _proxy(api) as url:
        steps = ("reached from outside", "closed to strangers", "metrics", "api")
        found = await _look(redis_url, url, *steps, api=api)

    assert dict.fromkeys(steps, State.OK) == {step: found[step].state for step in steps}, found


async def test_open_proxy_is_warned_about(api: str, redis_url: str) -> None:
    """An API and metrics that can be reached from outside are a warning, though the key is asked for."""
    async with _proxy(api, passed="/") as url:
        found = await _look(redis_url, url, "closed to strangers", "metrics")

    assert {State.WARNING} == {finding.state for finding in found.values()}, found


async def test_proxy_that_adds_the_key_fails(api: str, redis_url: str) -> None:
    """An API that answers strangers is the worst of all."""
    async with _proxy(api, passed="/", key=KEY) as url:
        finding = (await _look(redis_url, url, "closed to strangers"))["closed to strangers"]

    assert (State.FAILED, "/v1 answers without a key") == (finding.state, finding.found)


async def _reached(redis_url: str, url: str) -> Finding:
    return (await _look(redis_url, url, "reached from outside"))["reached from outside"]


async def test_proxy_that_lets_no_event_through_fails(api: str, redis_url: str) -> None:
    """The carrier asks with GET and tells with POST; both are tried."""
    async with _proxy(api, methods="GET") as url:
        finding = await _reached(redis_url, url)

    assert (State.FAILED, True) == (finding.state, f"POST {url} answers 405" in finding.found)


async def test_proxy_without_its_api_is_told(redis: Redis, redis_url: str) -> None:
    """A proxy whose API does not run."""
    assert redis is not None
    async with _proxy("http://127.0.0.1:9") as url:
        finding = await _reached(redis_url, url)

    assert (State.FAILED, True) == (finding.state, "does `dialer api` run?" in finding.advice)


async def test_dialer_with_another_secret_is_told(redis: Redis, redis_url: str) -> None:
    """Callbacks that this dialer signs would be refused there."""
    assert redis is not None
    async with _api(redis_url, "another secret") as other, _proxy(other) as url:
        finding = await _reached(redis_url, url)

    assert (State.FAILED, True) == (finding.state, "another webhook secret" in finding.found)


async def test_dialer_on_another_redis_is_told(redis: Redis, redis_url: str) -> None:
    """Callbacks would arrive where nobody knows the call."""
    assert redis is not None
    with redis_server() as other_redis:
        async with _api(other_redis) as other, _proxy(other) as url:
            finding = await _reached(redis_url, url)

    assert (State.FAILED, True) == (finding.state, "another Redis" in finding.found)


async def test_redirect_is_not_followed(redis: Redis, redis_url: str) -> None:
    """The carrier follows none, so none is followed here."""
    assert redis is not None

    async def redirect(_: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently("https://elsewhere.test/")

    async with _server(redirect) as url:
        finding = await _reached(redis_url, url)

    assert (State.FAILED, True) == (finding.state, "leads elsewhere (301)" in finding.found)


async def test_nobody_there_is_told(redis: Redis, redis_url: str) -> None:
    """A refused connection, and what hangs on it is not looked at."""
    assert redis is not None
    found = await _look(redis_url, "http://127.0.0.2:9", "reached from outside", "metrics")

    assert "127.0.0.2:9 does not answer (ClientConnectorError)" == found["reached from outside"].found
    assert (State.SKIPPED, "needs reached from outside") == (found["metrics"].state, found["metrics"].found)


@pytest.mark.parametrize(
    ("url", "carrier_url", "state"),
    [
        ("http://d.test", "https://carrier.test", State.FAILED),
        ("https://10.0.0.1", "https://carrier.test", State.FAILED),
        ("https://127.0.0.1:8080", "https://carrier.test", State.FAILED),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8090", State.WARNING),
        (None, "https://carrier.test", State.SKIPPED),
    ],
)
async def test_address_must_be_one_for_a_carrier(url: str | None, carrier_url: str, state: State) -> None:
    """Https and public; a stand-in is content with less."""
    async with open_patient(Settings(public_url=url, carrier_url=carrier_url), "") as patient:
        assert state is (await reach.address(patient)).state


@pytest.mark.parametrize(("key", "state"), [(KEY, State.OK), ("another key", State.FAILED), (None, State.SKIPPED)])
async def test_api_must_take_our_key(api: str, redis_url: str, key: str | None, state: State) -> None:
    """The API of this Redis is tried with the key that commands would use."""
    settings = Settings(redis_url=redis_url, api_key=key, webhook_secret=SECRET)
    async with open_patient(settings, api) as patient:
        assert state is (await processes.api(patient)).state


async def test_absent_api_says_how_to_start_one(redis: Redis, redis_url: str) -> None:
    """Without an API the command that runs one is named."""
    assert redis is not None
    found = await _look(redis_url, None, "api", api="http://127.0.0.1:9")

    assert (State.FAILED, True) == (found["api"].state, "dialer api" in found["api"].advice)


async def test_no_secret_is_told(api: str, redis_url: str) -> None:
    """Whatever is found, neither key nor secret is in it."""
    async with _proxy(api, passed="/") as url:
        settings = Settings(redis_url=redis_url, public_url=url, api_key=KEY, webhook_secret=SECRET)
        async with open_patient(settings, api) as patient:
            told = [f"{finding} {patient}" async for _, finding in examine(patient)]

    assert not [text for text in told if KEY in text or SECRET in text]
