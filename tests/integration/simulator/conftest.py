"""Both sides of the carrier stand-in: who places calls with it, and who is told by webhook how they go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web

from dialer.simulator import Simulator, SimulatorConfig

NUMBER = "31612345678"
TIME_SCALE = 0.002
"""A call of half a minute takes about 60 ms."""


class Letter(NamedTuple):
    """One webhook as it came over the wire."""

    method: str
    target: str
    body: bytes
    authorization: str


@dataclass(slots=True, kw_only=True)
class Side:
    """The dialer's side: what it was told, and what it says to it.

    Attributes:
        told: the webhooks received, in order: events, and questions for an NCCO under the key `asked`.
        letters: the same as they came over the wire.
        flow: the NCCO that the answer webhook gives; a test changes it in place.
        flows: NCCOs for particular people, by number or URI, and those served at /ncco/{name}, by name.
        says: what the next events are answered with, instead of 204: a status, "hang" or "reset".
        replies: NCCOs with which events are answered, by their status.
        reports: the NCCOs with which the next reports of `input` or `notify` to /report are answered.
        site: its address.
    """

    told: list[dict[str, Any]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    flow: list[Any] = field(default_factory=lambda: [{"action": "talk", "text": "Good morning."}])
    flows: dict[str, list[Any]] = field(default_factory=dict)
    says: list[Any] = field(default_factory=list)
    replies: dict[str, list[Any]] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)
    site: str = ""

    def app(self) -> web.Application:
        """It as a server."""
        app = web.Application()
        app.router.add_get("/answer", self._answer)
        app.router.add_get("/ncco/{name}", self._ncco)
        app.router.add_post("/report", self._report)
        app.router.add_route("*", "/event", self._event)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        await self._keep(request, {"asked": request.method, **request.query})
        return web.json_response(self.flows.get(request.query.get("to", ""), self.flow))

    async def _ncco(self, request: web.Request) -> web.Response:
        await self._keep(request, {})
        return web.json_response(self.flows[request.match_info["name"]])

    async def _event(self, request: web.Request) -> web.Response:
        payload = dict(request.query) if request.method == "GET" else await request.json()
        await self._keep(request, payload)
        if payload.get("status") in self.replies:
            return web.json_response(self.replies[payload["status"]])
        return await _react(request, self.says.pop(0) if self.says else 204)

    async def _report(self, request: web.Request) -> web.Response:
        await self._keep(request, await request.json())
        return web.json_response(self.reports.pop(0)) if self.reports else web.Response(status=204)

    async def _keep(self, request: web.Request, payload: dict[str, Any]) -> None:
        authorization = request.headers.get("Authorization", "")
        self.letters.append(Letter(request.method, str(request.rel_url), await request.read(), authorization))
        if payload:
            self.told.append(payload)


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    """The dialer's side, listening."""
    side = Side()
    runner = web.AppRunner(side.app(), shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    side.site = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield side
    await runner.cleanup()


@pytest.fixture
def site(side: Side) -> str:
    """Its address."""
    return side.site


@pytest.fixture
def told(side: Side) -> list[dict[str, Any]]:
    """What it was told."""
    return side.told


@pytest.fixture
def flow(side: Side) -> list[Any]:
    """The NCCO that it gives."""
    return side.flow


@pytest.fixture
def flows(side: Side) -> dict[str, list[Any]]:
    """The NCCOs that it gives to particular people."""
    return side.flows


@pytest.fixture
def letters(side: Side) -> list[Letter]:
    """What it was told, as it came over the wire."""
    return side.letters


@pytest.fixture
def says(side: Side) -> list[Any]:
    """What it answers the next events with."""
    return side.says


@pytest.fixture
def reports(side: Side) -> list[Any]:
    """What it answers the next reports with."""
    return side.reports


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
def request_other(
    http: aiohttp.ClientSession, access: Callable[[Simulator], Awaitable[dict[str, str]]]
) -> Callable[..., Awaitable[tuple[int, Any]]]:
    """Sends a request to any path of the gateway, with a token. Returns status and body, None where there is none."""

    async def send(sim: Simulator, method: str, path: str, **more: Any) -> tuple[int, Any]:
        async with http.request(method, f"{sim.url}{path}", headers=await access(sim), **more) as response:
            return response.status, await response.json() if await response.read() else None

    return send


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
