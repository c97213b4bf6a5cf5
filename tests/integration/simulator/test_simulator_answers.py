"""Every answer to a success that the stand-in gives, held against KPN's specification and Vonage's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dialer.simulator import Simulator
from tests.fakes import answer_schemas
from tests.fakes.kpn_schemas import FACTS

NUMBER = "31612345678"
FORM = {"name": "Ours", "type": "voice", "answer_url": "https://example.com/a", "event_url": "https://example.com/e"}
AS_KPN_WRITES = {"party_shape": "array", "time_format": "space", "next_link": False}

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Send = Callable[..., Awaitable[tuple[int, Any]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]
Answers = dict[str, list[tuple[int, Any]]]
AskAll = Callable[[Simulator], Awaitable[Answers]]


@pytest.fixture
def ask_all(place: Place, request_other: Send, flow: list[Any], until: Until) -> AskAll:
    """Asks a stand-in for everything that KPN offers, and gives what it answered."""

    async def ask(sim: Simulator) -> Answers:
        flow[:] = [{"action": "wait", "timeout": 7200}]
        answers: Answers = {"createCall": [await place(sim), await place(sim, "31612345679")]}
        call = f"/voice/calls/{answers['createCall'][0][1]['uuid']}"
        await until(lambda: sim.leg(NUMBER).status == "answered")

        async def tell(operation: str, method: str, path: str, **body: Any) -> Any:
            told = await request_other(sim, method, path, **body)
            answers.setdefault(operation, []).append(told)
            return told[1]

        await tell("getCall", "GET", call)
        for action in ("mute", "unmute", "earmuff", "unearmuff"):
            await tell("updateCall", "PUT", call, json={"action": action})
        await tell("startStream", "PUT", f"{call}/stream", json={"stream_url": ["https://example.com/a.mp3"]})
        await tell("stopStream", "DELETE", f"{call}/stream")
        await tell("startTalk", "PUT", f"{call}/talk", json={"text": "Hello"})
        await tell("stopTalk", "DELETE", f"{call}/talk")
        await tell("startDTMF", "PUT", f"{call}/dtmf", json={"digits": "1"})
        await tell("updateCall", "PUT", call, json={"action": "hangup"})
        await tell("getCall", "GET", call)
        await tell("getCalls", "GET", "/voice/calls")
        await tell("getCalls", "GET", "/voice/calls?page_size=1")
        await tell("createJWT", "GET", "/jwt")
        application = f"/applications/{(await tell('createApplication', 'POST', '/applications', data=FORM))['id']}"
        await tell("getApplication", "GET", application)
        await tell("updateApplication", "PUT", application, params=FORM)
        await tell("getApplications", "GET", "/applications")
        await tell("deleteApplication", "DELETE", application)
        return answers

    return ask


@pytest.mark.parametrize("settings", [{}, AS_KPN_WRITES], ids=["as it comes", "as KPN writes it"])
async def test_answers_are_what_vonage_specifies(settings: dict[str, Any], start: Start, ask_all: AskAll) -> None:
    """Every answer has the status and only the fields of Vonage's specification, each of its type."""
    answers = await ask_all(await start(control_grace_s=0, **settings))

    answers.pop("createJWT")
    assert [] == [
        f"{operation}: {problem}"
        for operation, several in answers.items()
        for status, body in several
        for problem in answer_schemas.problems_for_vonage(operation, status, body)
    ]


async def test_answers_are_what_kpn_specifies(start: Start, ask_all: AskAll) -> None:
    """Set to write as KPN does, every answer of every operation is as KPN's specification has it."""
    answers = await ask_all(await start(control_grace_s=0, **AS_KPN_WRITES))

    assert set(FACTS) == set(answers)
    assert [] == [
        f"{operation}: {problem}"
        for operation, several in answers.items()
        for status, body in several
        for problem in answer_schemas.problems_for_kpn(operation, status, _as_kpn_says(operation, body))
    ]


def _as_kpn_says(operation: str, body: Any) -> Any:
    """Its pages of applications are numbered by a name that Vonage gives to calls; ours by the one for applications."""
    if operation != "getApplications":
        return body
    return {{"page_index": "record_index"}.get(name, name): value for name, value in body.items()}


def test_specifications_would_object() -> None:
    """The check itself finds fault with what is wrong."""
    good = {"uuid": "u", "status": "started", "direction": "outbound", "conversation_uuid": "c"}
    for problems in (answer_schemas.problems_for_kpn, answer_schemas.problems_for_vonage):
        assert [] == problems("createCall", 201, good)
        assert problems("createCall", 200, good)
        assert problems("createCall", 201, good | {"direction": "up"})
        assert problems("createCall", 201, good | {"price": "1"})
        assert problems("updateCall", 204, good)
        assert problems("getCall", 200, {"to": [{"type": 1}]})
        assert problems("createApplication", 201, {"name": "x", "voice": {"webhooks": [{"url": "x"}]}})
