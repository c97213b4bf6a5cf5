"""Both sides of the carrier stand-in: who places calls with it, and who is told by webhook how they go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from dialer.simulator import Simulator, SimulatorConfig

NUMBER = "31612345678"
TIME_SCALE = 0.002
"""A call of half a minute takes about 60 ms."""


@pytest.fixture
def told() -> list[dict[str, Any]]:
    """The webhooks received, in order: events, and questions for an NCCO under the key `asked`."""
    return []


@pytest.fixture
def flow() -> list[Any]:
    """The NCCO that the answer webhook gives; a test changes it in place."""
    return [{"action": "talk", "text": "Good morning."}]


@pytest.fixture
def says() -> list[Any]:
    """What the next events are answered with, instead of 204: a status, "hang" or "reset"."""
    return []


@pytest.fixture
def reports() -> list[Any]:
    """The NCCOs with which the next reports of `input` or `notify` to /report are answered."""
    return []


@pytest.fixture
async def site(told: list[dict[str, Any]], flow: list[Any], says: list[Any], reports: list[Any]) -> AsyncIterator[str]:
    """The dialer's side: an address for webhooks that keeps them."""

    async def answer(request: web.Request) -> web.Response:
        told.append({"asked": request.method, **request.query})
        return web.json_response(flow)

    async def event(request: web.Request) -> web.Response:
        told.append(dict(request.query) if request.method == "GET" else await request.json())
        return await _react(request, says.pop(0) if says else 204)

    async def report(request: web.Request) -> web.Response:
        told.append(await request.json())
        return web.json_response(reports.pop(0))

    app = web.Application()
    app.router.add_get("/answer", answer)
    app.router.add_post("/report", report)
    app.router.add_route("*", "/event", event)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _react(request: web.Request, reaction: Any) -> web.Response:
    if reaction == "hang":
        await asyncio.sleep(10)
    if reaction == "reset":
        assert request.transport is not None
        request.transport.abort()
    return web.Response(status=reaction if isinstance(reaction, int) else 204)


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Simulator]]]:
    """Starts a stand-in with these settings, fast and without a rate limit unless told otherwise."""
    async with AsyncExitStack() as stack:

        async def start_one(**settings: Any) -> Simulator:
            usual = {"time_scale": TIME_SCALE, "calls_per_second": 1000, "other_requests_per_second": 1000}
            return await stack.enter_async_context(Simulator(SimulatorConfig(**(usual | settings))))

        yield start_one


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A plain client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def access(http: aiohttp.ClientSession) -> Callable[[Simulator], Awaitable[dict[str, str]]]:
    """Gives the headers with which a stand-in lets requests in, with a new token."""

    async def headers(sim: Simulator) -> dict[str, str]:
        form = {"client_id": "us", "client_secret": "ours"}
        query = {"grant_type": "client_credentials"}
        async with http.post(sim.token_url, params=query, data=form) as response:
            token = (await response.json())["access_token"]
        return {"Authorization": f"Bearer {token}", "ApplicationId": "our application"}

    return headers


@pytest.fixture
def place(
    http: aiohttp.ClientSession, site: str, access: Callable[[Simulator], Awaitable[dict[str, str]]]
) -> Callable[..., Awaitable[tuple[int, Any]]]:
    """Places a call with a stand-in; fields given by name replace the usual ones. Returns status and body."""

    async def place_one(
        sim: Simulator, number: str = NUMBER, *, headers: dict[str, str] | None = None, **changes: Any
    ) -> tuple[int, Any]:
        body = {
            "to": [{"type": "phone", "number": number}],
            "from": {"type": "phone", "number": "31201234567"},
            "answer_url": [f"{site}/answer"],
            "event_url": [f"{site}/event"],
        } | changes
        sent = headers if headers is not None else await access(sim)
        async with http.post(f"{sim.url}/voice/calls", json=body, headers=sent, allow_redirects=False) as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else await response.text()

    return place_one


@pytest.fixture
def ask(
    http: aiohttp.ClientSession, access: Callable[[Simulator], Awaitable[dict[str, str]]]
) -> Callable[..., Awaitable[tuple[int, Any]]]:
    """Sends another request about calls, with a token. Returns status and body, None where there is none."""

    async def ask_one(sim: Simulator, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        url = f"{sim.url}/voice/calls{path}"
        async with http.request(method, url, json=body, headers=await access(sim)) as response:
            return response.status, await response.json() if await response.read() else None

    return ask_one


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Awaitable[None]]:
    """Waits for a condition, as long as the test's time limit lets it."""

    async def wait(condition: Callable[[], Any]) -> None:
        while not condition():  # noqa: ASYNC110 - anything may be asked for
            await asyncio.sleep(0.001)

    return wait


@pytest.fixture
def statuses(told: list[dict[str, Any]]) -> Callable[[], list[str]]:
    """The statuses told so far, in order."""
    return lambda: [str(event["status"]) for event in told if "status" in event]
