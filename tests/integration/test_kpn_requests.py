"""Every request that the client can send, held against KPN's specification and Vonage's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer.errors import InvalidInput
from dialer.providers.assets import NewApplication
from dialer.providers.base import AdvancedDetection, CallRequest, Phone, Refusal, Refused, Sip, Websocket
from dialer.providers.kpn import Dialect, KpnVoice
from dialer.providers.kpn.applications import write_application
from dialer.providers.steering import Act, SendDigits, StartStream, StartTalk, Transfer
from tests.fakes.kpn_gateway import REQUEST, Arrival, World, open_world, replying
from tests.fakes.kpn_schemas import (
    FACTS,
    operation_of,
    problems_for_kpn,
    problems_for_vonage,
    problems_of_arrival,
    problems_with_form,
)

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
WANTED = NewApplication(name="Notices", answer_url="https://d.test/answer", event_url="https://d.test/event")
ANY = {"uuid": "u-1", "id": "a-1", "count": 0, "JWT_token": "a.b.c"}
PLACINGS: list[CallRequest] = [
    REQUEST,
    replace(REQUEST, machine_detection="continue"),
    replace(REQUEST, machine_detection="hangup", ringing_timer_s=120, length_timer_s=7200),
    replace(REQUEST, endpoint=Phone("+31612345678", "p1#")),
    replace(REQUEST, endpoint=Sip("sip:desk@pbx.example")),
    replace(REQUEST, endpoint=Websocket("wss://audio.example/in", headers={"customer_id": "ABC123"})),
]
EXTRA_PLACINGS: list[CallRequest] = [
    replace(REQUEST, advanced_detection=AdvancedDetection(mode="detect_beep", beep_timeout_s=45)),
    replace(REQUEST, random_from_number=True),
    replace(REQUEST, endpoint=Sip("sip:desk@pbx.example", {"queue": "north"})),
]
EVERYTHING = Dialect(
    generation="today", allow_inline_ncco=True, allow_advanced=True, allow_random_from=True, allow_sip_headers=True
)
Use = Callable[[KpnVoice], Awaitable[object]]


async def listed(voice: KpnVoice) -> None:
    """Read both lists."""
    _ = [call async for call in voice.list_calls(NOON, NOON)]
    _ = [found async for found in voice.applications.list_all()]


USES: list[Use] = [
    *(lambda voice, request=request: voice.place(request) for request in PLACINGS),
    *(lambda voice, act=act: voice.steer("u-1", act) for act in Act),
    lambda voice: voice.steer("u-1", Transfer("https://d.test/ncco")),
    lambda voice: voice.steer("u-1", StartStream("https://d.test/wait.mp3", 0)),
    lambda voice: voice.steer("u-1", StartTalk("Hallo", "nl-NL", loop=2)),
    lambda voice: voice.steer("u-1", SendDigits("12#")),
    lambda voice: voice.get_call("u-1"),
    lambda voice: voice.recording_token(),
    lambda voice: voice.applications.create(WANTED),
    lambda voice: voice.applications.get("a-1"),
    lambda voice: voice.applications.change("a-1", WANTED),
    lambda voice: voice.applications.delete("a-1"),
    listed,
]


EXTRA_USES: list[Use] = [
    *(lambda voice, request=request: voice.place(request) for request in EXTRA_PLACINGS),
    lambda voice: voice.steer("u-1", Transfer([{"action": "talk", "text": "Hallo"}])),
    lambda voice: voice.steer("u-1", StartStream("https://d.test/wait.mp3", 0, -0.4)),
    lambda voice: voice.steer("u-1", StartTalk("<speak>Hallo</speak>", "nl-NL", 1, premium=True, level=0.4)),
]


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    async with open_world(redis) as opened:
        opened.gateway.replies = [replying(200, ANY)]
        yield opened


@pytest.mark.parametrize("field", ["voice_name", "voiceName"])
async def test_every_request_is_what_kpn_specifies(world: World, field: str) -> None:
    """KPN's specification has nothing against any request, and every operation of it is one that we can ask for."""
    voice = world.voice_with(Dialect(voice_field=field))  # type: ignore[arg-type]  # one of the two words
    for use in USES:
        await use(voice)

    assert [] == [problem for arrival in world.gateway.arrivals for problem in problems_for_kpn(arrival)]
    assert set(FACTS) == {operation_of(arrival) for arrival in world.gateway.arrivals}


@pytest.mark.parametrize("dialect", [Dialect(), EVERYTHING], ids=["as KPN specifies", "with all extras"])
async def test_every_request_is_what_vonage_specifies(world: World, dialect: Dialect) -> None:
    """Vonage's specification has nothing against any request either, in both generations, with and without extras."""
    voice = world.voice_with(dialect)
    uses = USES + (EXTRA_USES if dialect is EVERYTHING else [])
    for use in uses:
        await use(voice)

    assert [] == [problem for arrival in world.gateway.arrivals for problem in problems_of_arrival(arrival)]
    assert len(uses) + 1 == len(world.gateway.arrivals)  # one of them reads two lists


async def test_nothing_but_the_extras_is_beyond_what_kpn_specifies(world: World) -> None:
    """What KPN's specification has against a request with everything allowed is one of the things that are off."""
    voice = world.voice_with(EVERYTHING)
    for use in (*USES, *EXTRA_USES):
        await use(voice)

    arrivals = world.gateway.arrivals
    assert [problem for arrival in arrivals for problem in problems_for_kpn(arrival)]
    assert [] == [problem for arrival in arrivals for problem in problems_for_kpn(without_extras(arrival))]


def without_extras(arrival: Arrival) -> Arrival:
    """The same request without what only today's generation or a setting lets us say."""
    if operation_of(arrival) not in {"createCall", "startTalk", "startStream", "updateCall"}:
        return arrival
    body = {name: value for name, value in arrival.body.items() if name not in BEYOND_KPN}
    if arrival.body.get("random_from_number"):
        body["from"] = {"type": "phone", "number": "31201234567"}
    if "to" in body:
        body["to"] = [each if each["type"] == "websocket" else _headless(each) for each in body["to"]]
    if "ncco" in body.get("destination", ()):
        body["destination"] = {"type": "ncco", "url": ["https://d.test/ncco"]}
    return replace(arrival, body=body)


BEYOND_KPN = {"advanced_machine_detection", "random_from_number", "language", "style", "premium", "level"}


def _headless(endpoint: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in endpoint.items() if name != "headers"}


async def test_call_that_would_not_be_taken_is_refused_unsent(world: World) -> None:
    """A placing never raises: what the carrier would refuse is refused here, in words that hide the number."""
    request = replace(REQUEST, endpoint=Sip("sip:someone.with.a.very.long.name@a.very.long.host.example"))

    assert Refused(Refusal.BAD_REQUEST, "uri: has 58 characters; the carrier takes 50 at most") == (
        await world.voice.place(request)
    )
    assert ([], 0) == (world.gateway.arrivals, world.gateway.tokens)
    with pytest.raises(InvalidInput):
        world.voice.check_request(request)


@pytest.mark.parametrize("method", ["post", "put"])
async def test_every_form_is_what_vonage_specifies(method: str) -> None:
    """Nor has Vonage's own specification anything against the form of an application, new or changed."""
    assert [] == problems_with_form(method, write_application(WANTED))


async def test_specifications_would_object() -> None:
    """The check itself finds fault with what is wrong."""
    assert problems_for_vonage("CreateCallRequestAnswerUrl", {"to": [{"type": "phone", "number": "12"}]})
    assert problems_for_vonage("DTMFRequest", {"digits": 7})
    assert problems_with_form("post", {"name": "x"})
    odd = Arrival("GET", "/nexmo/voice/calls", {"number": "1"}, {}, {"to": 1})
    assert ["no parameter number", "a body"] == problems_of_arrival(odd)
    assert problems_of_arrival(Arrival("PUT", "/nexmo/voice/calls/u", {}, {}, {"action": "mut"}))
