"""Placing the test call: once, whatever the network between command and API does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.api.answers import AttemptOut, CallOut, CallWithAttemptsOut, EventOut
from dialer.cli import test_call
from dialer.client import AsyncDialer
from dialer.doctor.finding import Finding, State
from dialer.settings import Settings
from tests.fakes.answers import filled

NUMBER = "+31612345678"
EVENTS = ("started", "answered", "answer_fetched", "completed")


@dataclass
class Api:
    """An API that loses so many answers, refuses or not, and whose call is done at the second look."""

    lost: int = 0
    refuses: bool = False
    ends: bool = True
    keys: list[str] = field(default_factory=list)
    looks: int = 0

    async def create(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/calls`."""
        self.keys.append(request.headers["Idempotency-Key"])
        if len(self.keys) <= self.lost:
            assert request.transport
            request.transport.abort()
        if self.refuses:
            return web.json_response({"detail": "This number is no number."}, status=422)
        return web.json_response(filled(CallOut, id="direct-1").model_dump(mode="json"), status=201)

    async def show(self, _request: web.Request) -> web.StreamResponse:
        """`GET /v1/calls/direct-1`."""
        self.looks += 1
        seen = EVENTS if self.looks > 1 and self.ends else EVENTS[:1]
        attempt = filled(AttemptOut, result="placed", events=[filled(EventOut, kind=kind) for kind in seen])
        done: dict[str, Any] = {"state": "done", "disposition": "answered"} if seen == EVENTS else {"state": "live"}
        call = filled(CallWithAttemptsOut, id="direct-1", number=NUMBER, attempts=[attempt], **done)
        return web.json_response(call.model_dump(mode="json"))


@asynccontextmanager
async def _client(api: Api) -> AsyncIterator[AsyncDialer]:
    app = web.Application()
    app.router.add_post("/v1/calls", api.create)
    app.router.add_get("/v1/calls/direct-1", api.show)
    async with TestServer(app) as server, AsyncDialer(str(server.make_url("")), "key") as client:
        yield client


async def _placed(api: Api, monkeypatch: pytest.MonkeyPatch) -> tuple[Finding, list[str]]:
    monkeypatch.setattr(test_call, "_EVERY_S", 0.001)
    said: list[str] = []
    async with _client(api) as client:
        return await test_call.place_test_call(client, Settings(), NUMBER, say=said.append), said


async def test_call_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each webhook is told once as it comes, the number is masked, and the end is judged."""
    finding, said = await _placed(Api(), monkeypatch)

    assert State.OK is finding.state
    assert [f"  webhook: {kind}" for kind in EVENTS] == said[1:]
    assert NUMBER not in f"{finding} {said}"


async def test_lost_answer_is_asked_for_again_under_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose answer was lost is repeated, and its key makes it the same call."""
    api = Api(lost=2)
    finding, _ = await _placed(api, monkeypatch)

    assert (State.OK, 3, 1) == (finding.state, len(api.keys), len(set(api.keys)))


async def test_answers_lost_for_good_leave_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """When no answer comes it is said that the phone may ring all the same."""
    finding, _ = await _placed(Api(lost=9), monkeypatch)

    assert (State.FAILED, True) == (finding.state, "may be called all the same" in finding.advice)


async def test_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the API refuses is told once, and surely nobody was called."""
    api = Api(refuses=True)
    finding, _ = await _placed(api, monkeypatch)

    assert ("This number is no number.", "No call was placed.", 1) == (finding.found, finding.advice, len(api.keys))


async def test_call_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that tells nothing more is not watched for ever."""
    monkeypatch.setattr("dialer.doctor.test_call.longest_s", lambda _: 0.02)
    finding, _ = await _placed(Api(ends=False), monkeypatch)

    assert (State.FAILED, True) == (finding.state, "still live" in finding.found)
