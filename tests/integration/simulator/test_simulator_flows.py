"""Playing NCCOs: what is heard, pressed, reported and replaced, and what the carrier makes of mistakes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dialer.simulator import Simulator

NUMBER = "31612345678"
PARTNER = "31698765432"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]
Told = list[dict[str, Any]]


def talk(text: str, **fields: Any) -> dict[str, Any]:
    """A talk action."""
    return {"action": "talk", "text": text, **fields}


@pytest.mark.parametrize(
    "action",
    [
        {
            "asked": {"type": ["dtmf"], "dtmf": {"maxDigits": 1}},
            "told": {"dtmf": {"digits": "1", "timed_out": False}},
        },
        {"asked": {"maxDigits": 1}, "told": {"dtmf": "1", "timed_out": False}},
    ],
)
async def test_pressed_keys_are_reported(
    action: dict[str, Any], start: Start, place: Place, told: Told, flow: list[Any]
) -> None:
    """The keys, cut to the longest allowed, are told in the form of the action's generation."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("123")
    flow[:] = [talk("Press 1.", bargeIn=True), {"action": "input", **action["asked"]}]

    await place(sim)
    await sim.quiet()

    reported = next(event for event in told if "dtmf" in event)
    assert action["told"] == {key: reported[key] for key in action["told"]}


async def test_reply_to_input_replaces_the_flow(
    start: Start, place: Place, flow: list[Any], reports: list[Any], site: str
) -> None:
    """After an input, whoever pressed hears the reply and not the rest."""
    sim = await start()
    sim.phone(NUMBER).presses("1")
    flow[:] = [{"action": "input", "type": ["dtmf"], "eventUrl": [f"{site}/report"]}, talk("Nobody pressed.")]
    reports.append([talk("Thank you.")])

    await place(sim)
    await sim.quiet()

    assert ["Thank you."] == sim.heard(NUMBER)


async def test_input_times_out_without_keys(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Who presses nothing is reported as timed out, and the flow goes on."""
    sim = await start()
    flow[:] = [{"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 2}}, talk("Goodbye.")]

    await place(sim)
    await sim.quiet()

    reported = next(event for event in told if "dtmf" in event)
    assert {"digits": "", "timed_out": True} == reported["dtmf"]
    assert ["Goodbye."] == sim.heard(NUMBER)


async def test_notify_tells_its_payload(start: Start, place: Place, told: Told, flow: list[Any], site: str) -> None:
    """A notify action sends what it carries."""
    sim = await start()
    flow[:] = [{"action": "notify", "payload": {"step": 1}, "eventUrl": [f"{site}/event"]}]

    await place(sim)
    await sim.quiet()

    assert {"step": 1} in [event.get("payload") for event in told]


async def test_every_action_is_played_through(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """The actions without a report take their time, and a conference is the last of them: it ends the call."""
    sim = await start()
    flow[:] = [
        {"action": "record", "endOnSilence": 3},
        {"action": "stream", "streamUrl": ["http://127.0.0.1/sound.mp3"]},
        {"action": "wait", "timeout": 1},
        {"action": "connect", "endpoint": [{"type": "phone", "number": PARTNER}]},
        talk("Now we meet."),
        {"action": "conversation", "name": "room", "startOnEnter": "false"},
        talk("Nobody hears this."),
    ]

    await place(sim)
    await sim.quiet()

    assert not [event for event in told if "reason" in event]
    assert ["Now we meet."] == sim.heard(NUMBER)
    assert 1 == sim.rings(PARTNER)


async def test_connect_counts_towards_the_rate(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """A connect over the limit rings nobody and is reported as an error event."""
    sim = await start(calls_per_second=0.01)
    flow[:] = [{"action": "connect", "endpoint": [{"type": "phone", "number": PARTNER}]}]

    await place(sim)
    await sim.quiet()

    assert 0 == sim.rings(PARTNER)
    assert [True] == ["Capacity" in event["reason"] for event in told if "reason" in event]


@pytest.mark.parametrize(
    "mistake",
    [
        [{"action": "speak", "text": "Hello"}],
        [{"action": "talk"}],
        [{"action": "talk", "text": "Hello", "voice_name": "Lotte"}],
        [{"action": "talk", "text": "x" * 1501}],
        [{"action": "input", "type": ["dtmf"], "eventUrl": "http://127.0.0.1/"}],
    ],
)
async def test_wrong_ncco_gives_an_error_event_and_the_end(
    mistake: list[Any], start: Start, place: Place, told: Told, flow: list[Any]
) -> None:
    """A mistake is told by an event without the leg's id, nothing is heard, and the call ends."""
    sim = await start()
    flow[:] = mistake

    await place(sim)
    await sim.quiet()

    error = next(event for event in told if "reason" in event)
    assert {"reason", "conversation_uuid", "timestamp"} == set(error)
    assert [] == sim.heard(NUMBER)
    assert "completed" in [event.get("status") for event in told]


async def test_call_ends_when_the_answer_address_is_away(
    start: Start, place: Place, statuses: Callable[[], list[str]], site: str
) -> None:
    """Without an NCCO the call ends at once."""
    sim = await start(webhook_connections=1)

    await place(sim, answer_url=[f"{site}/nowhere"])
    await sim.quiet()

    assert ["started", "ringing", "answered", "completed"] == statuses()
    assert 1 == sim.webhook_failures


async def test_live_call_can_be_sent_elsewhere(
    start: Start, place: Place, ask: Place, flow: list[Any], until: Until
) -> None:
    """A transfer replaces an endless text."""
    sim = await start(control_grace_s=0)
    flow[:] = [talk("On and on.", loop=0)]

    _, placed = await place(sim)
    await until(lambda: sim.heard(NUMBER))
    order = {"action": "transfer", "destination": {"type": "ncco", "ncco": [talk("Somewhere else.")]}}
    status, _ = await ask(sim, "PUT", f"/{placed['uuid']}", order)
    await sim.quiet()

    assert 204 == status
    assert ["On and on.", "Somewhere else."] == sim.heard(NUMBER)
