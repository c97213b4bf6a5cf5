"""`connect` and calls to endpoints that are no phones: the second leg is a call of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from dialer.simulator import Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

NUMBER = "31612345678"
PARTNER = "31698765432"
SIP = "sip:ann@example.com"
SOCKET = "wss://example.com/socket"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Ask = Callable[..., Awaitable[tuple[int, Any]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]
Told = list[dict[str, Any]]


def talk(text: str) -> dict[str, Any]:
    """A talk action."""
    return {"action": "talk", "text": text}


def connect(to: Any = None, **fields: Any) -> dict[str, Any]:
    """A connect action to the partner, or to another endpoint."""
    return {"action": "connect", "endpoint": [to or {"type": "phone", "number": PARTNER}], **fields}


async def test_second_leg_has_its_own_events(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """It is told from start to figures under its own id, in the conversation of the first."""
    sim = await start(webhook_connections=1)
    flow[:] = [connect(**{"from": "31201111111"}), talk("He has gone.")]

    _, placed = await place(sim)
    await sim.quiet()

    second = [event for event in told if event.get("to") == PARTNER]
    assert ["started", "ringing", "answered", "completed"] == [event["status"] for event in second]
    assert {placed["conversation_uuid"]} == {event["conversation_uuid"] for event in second}
    assert {sim.leg(PARTNER).uuid} == {event["uuid"] for event in second}
    assert {"31201111111"} == {event["from"] for event in second}
    assert ([PARTNER], [NUMBER]) == (sim.leg(NUMBER).connected, sim.leg(PARTNER).connected)
    assert ["He has gone."] == sim.heard(NUMBER)
    assert (2, 1) == (sim.summary().accepted, sim.rings(PARTNER))


async def test_events_of_the_second_leg_go_where_the_action_says(start: Start, place: Place, side: Side) -> None:
    """Its own address, if it has one."""
    sim = await start()
    side.flow[:] = [connect(eventUrl=[f"{side.site}/report"])]

    await place(sim)
    await sim.quiet()

    assert 4 == len([letter for letter in side.letters if letter.target == "/report"])
    assert {PARTNER} == {event["to"] for event in side.told if event.get("uuid") == sim.leg(PARTNER).uuid}


async def test_who_is_left_behind_goes_on(start: Start, place: Place, flow: list[Any], until: Until) -> None:
    """When the partner hangs up the flow goes on; the partner's call ends by his own doing."""
    sim = await start(talk_s=7200)
    flow[:] = [connect(), talk("He has gone.")]

    await place(sim)
    await until(lambda: sim.phone_log(PARTNER) and sim.leg(PARTNER).connected)
    sim.hang_up(PARTNER)
    await sim.quiet()

    assert ("user", ["He has gone."]) == (sim.leg(PARTNER).ended_by, sim.heard(NUMBER))


async def test_partner_goes_with_the_first(start: Start, place: Place, flow: list[Any], until: Until) -> None:
    """When the first one hangs up, the platform ends the second call."""
    sim = await start(talk_s=7200)
    flow[:] = [connect(), talk("Nobody hears this.")]

    await place(sim)
    await until(lambda: sim.phone_log(PARTNER) and sim.leg(PARTNER).connected)
    sim.hang_up(NUMBER)
    await sim.quiet()

    assert ("user", "platform") == (sim.leg(NUMBER).ended_by, sim.leg(PARTNER).ended_by)
    assert [] == sim.heard(NUMBER)


async def test_partner_drops_when_told(start: Start, place: Place, flow: list[Any]) -> None:
    """A phone can be told how long to stay."""
    sim = await start(talk_s=7200)
    sim.phone(PARTNER).drops_after(3)
    flow[:] = [connect()]

    await place(sim)
    await sim.quiet()

    assert "user" == sim.leg(PARTNER).ended_by


async def test_longest_talk_ends_it(start: Start, place: Place, flow: list[Any]) -> None:
    """The action's limit counts from the answer."""
    sim = await start(talk_s=7200)
    flow[:] = [connect(limit=5)]

    await place(sim)
    await sim.quiet()

    assert "platform" == sim.leg(PARTNER).ended_by


async def test_longest_ringing_ends_it(start: Start, place: Place, flow: list[Any]) -> None:
    """The action's time limit counts while it rings; the flow goes on."""
    sim = await start()
    sim.phone(PARTNER).does_not_answer()
    flow[:] = [connect(timeout=10, ringbackTone="https://example.com/tone.wav"), talk("Nobody there.")]

    await place(sim)
    await sim.quiet()

    assert ("timeout", ["Nobody there."]) == (sim.leg(PARTNER).status, sim.heard(NUMBER))
    assert ["https://example.com/tone.wav"] == sim.leg(NUMBER).ringback


@pytest.mark.parametrize(("fields", "heard"), [({"eventType": "synchronous"}, ["He is busy."]), ({}, ["The rest."])])
async def test_reply_to_a_failure_replaces_the_flow_where_asked(
    fields: dict[str, Any], heard: list[str], start: Start, place: Place, side: Side
) -> None:
    """With synchronous events an NCCO in the reply is played; without, it is not looked at."""
    sim = await start()
    sim.phone(PARTNER).is_busy()
    side.replies["busy"] = [talk("He is busy.")]
    side.flow[:] = [connect(**fields), talk("The rest.")]

    await place(sim)
    await sim.quiet()

    assert heard == sim.heard(NUMBER)


async def test_partner_hears_something_before_he_is_joined(start: Start, place: Place, side: Side) -> None:
    """The address for his answer is asked for an NCCO of his own; keys are pressed for him."""
    sim = await start()
    side.flows["whisper"] = [talk("You are being called by a client.")]
    endpoint = {
        "type": "phone", "number": PARTNER, "dtmfAnswer": "2p3#", "onAnswer": {"url": f"{side.site}/ncco/whisper"},
    }  # fmt: skip
    side.flow[:] = [connect(endpoint)]

    await place(sim)
    await sim.quiet()

    partner = sim.leg(PARTNER)
    assert (["You are being called by a client."], "2p3#", [NUMBER]) == (
        partner.heard,
        partner.received,
        partner.connected,
    )


async def test_partner_is_told_from_a_machine(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Detection works on the second leg, and can end it."""
    sim = await start()
    sim.phone(PARTNER).has_voicemail()
    flow[:] = [connect(machineDetection="hangup"), talk("A machine.")]

    await place(sim)
    await sim.quiet()

    assert [sim.leg(PARTNER).uuid] == [event["call_uuid"] for event in told if event.get("status") == "machine"]
    assert ("platform", ["A machine."]) == (sim.leg(PARTNER).ended_by, sim.heard(NUMBER))


async def test_second_leg_is_sent_elsewhere(
    start: Start, place: Place, ask: Ask, flow: list[Any], until: Until
) -> None:
    """A transfer of the partner parts the two: each goes on alone."""
    sim = await start(talk_s=7200, control_grace_s=0)
    flow[:] = [connect(), talk("Alone again.")]
    await place(sim)
    await until(lambda: sim.phone_log(PARTNER) and sim.leg(PARTNER).connected)

    destination = {"type": "ncco", "ncco": [talk("Somewhere else.")]}
    await ask(sim, "PUT", f"/{sim.leg(PARTNER).uuid}", {"action": "transfer", "destination": destination})
    await sim.quiet()

    assert (["Alone again."], ["Somewhere else."]) == (sim.heard(NUMBER), sim.heard(PARTNER))


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ({"type": "sip", "uri": SIP, "headers": {"X": "1"}}, SIP),
        ({"type": "sip", "user": "ann", "domain": "example.com"}, "sip:ann@example.com"),
        ({"type": "websocket", "uri": SOCKET, "content-type": "audio/l16;rate=16000"}, SOCKET),
    ],
)
async def test_connect_reaches_other_endpoints(
    endpoint: dict[str, Any], address: str, start: Start, place: Place, flow: list[Any]
) -> None:
    """A SIP address or a websocket is a second leg like a phone."""
    sim = await start()
    flow[:] = [connect(endpoint)]

    await place(sim)
    await sim.quiet()

    assert ([address], endpoint.get("headers")) == (sim.leg(NUMBER).connected, sim.leg(address).headers)


@pytest.mark.parametrize(
    "case",
    [
        ({"type": "sip", "uri": SIP, "headers": {"X-Id": "7"}}, ["started", "ringing", "answered", "completed"]),
        ({"type": "websocket", "uri": SOCKET}, ["started", "answered", "disconnected", "completed"]),
    ],
)
async def test_call_reaches_other_endpoints(
    case: tuple[dict[str, Any], list[str]], start: Start, place: Place, ask: Ask, side: Side
) -> None:
    """A call's `to` may be no phone; a websocket that drops is told as disconnected."""
    sim = await start(webhook_connections=1)
    endpoint, expected = case
    sim.phone(endpoint["uri"]).answers()
    side.flow[:] = [talk("Hello."), {"action": "conversation", "name": "board"}]

    _, placed = await place(sim, to=[endpoint])
    await sim.quiet()
    _, shown = await ask(sim, "GET", f"/{placed['uuid']}")

    assert (expected, ["Hello."]) == (
        [event["status"] for event in side.told if "status" in event],
        sim.heard(endpoint["uri"]),
    )
    assert {"type": endpoint["type"], "uri": endpoint["uri"]} == shown["to"]
    assert endpoint.get("headers") == sim.leg(endpoint["uri"]).headers


async def test_keys_are_pressed_for_whoever_answers(start: Start, place: Place) -> None:
    """A call's `dtmfAnswer` is sent when it is answered."""
    sim = await start()

    await place(sim, to=[{"type": "phone", "number": NUMBER, "dtmfAnswer": "1p2"}])
    await sim.quiet()

    assert "1p2" == sim.leg(NUMBER).received


@pytest.mark.parametrize(
    "endpoint", [{"type": "phone", "number": "12"}, {"type": "phone"}, {"type": "pigeon"}, {"type": "sip"}]
)
async def test_wrong_endpoint_is_an_error_event(
    endpoint: dict[str, Any], start: Start, place: Place, told: Told, flow: list[Any]
) -> None:
    """Nobody is called by an action that names nobody."""
    sim = await start()
    flow[:] = [connect(endpoint)]

    await place(sim)
    await sim.quiet()

    assert [True] == ["endpoint" in event["reason"] for event in told if "reason" in event]
    assert 1 == sim.summary().rings
