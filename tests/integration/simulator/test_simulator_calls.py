"""What becomes of a call: each way a phone can behave, told by webhook."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dialer.simulator import Phone, Simulator

NUMBER = "31612345678"
SCENARIOS = json.loads((Path(__file__).parents[2] / "data/derived/call-scenarios.json").read_text())["scenarios"]

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Told = list[dict[str, Any]]
Statuses = Callable[[], list[str]]


async def test_answered_call_is_told_from_start_to_figures(start: Start, place: Place, told: Told) -> None:
    """Whoever answers is asked for an NCCO about, hears its text, and the end names duration and price."""
    sim = await start()

    _, placed = await place(sim)
    await sim.quiet()

    by_status = {event.get("status", "asked"): event for event in told}
    assert {"started", "ringing", "answered", "asked", "completed"} == set(by_status)
    assert {placed["uuid"]} == {event["uuid"] for event in told}
    assert by_status["asked"] == {
        "asked": "GET",
        "to": NUMBER,
        "from": "31201234567",
        "uuid": placed["uuid"],
        "conversation_uuid": placed["conversation_uuid"],
    }
    assert (None, None, None) == tuple(by_status["answered"][key] for key in ("start_time", "rate", "network"))
    assert ["Good morning."] == sim.heard("+31612345678")
    assert 1 == sim.rings("+31612345678")


async def test_figures_fit_each_other(start: Start, place: Place, told: Told) -> None:
    """Price is rate times seconds through sixty, as text with eight decimals, and the end is start plus duration."""
    sim = await start(time_scale=0, rate_eur="0.10000000")

    await place(sim)
    await sim.quiet()

    end = next(event for event in told if event.get("status") == "completed")
    assert ("1", "0.10000000", "0.00166667") == (end["duration"], end["rate"], end["price"])
    assert end["start_time"].endswith(".000Z")
    assert end["end_time"] > end["start_time"]


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (Phone.is_busy, ["busy", "completed", "ringing", "started"]),
        (Phone.does_not_answer, ["completed", "ringing", "started", "timeout"]),
        (Phone.rejects, ["rejected", "ringing", "started"]),
        (Phone.is_invalid, ["rejected", "started"]),
        (Phone.is_unreachable, ["completed", "started", "unanswered"]),
        (Phone.fails, ["completed", "failed", "started"]),
        (Phone.has_voicemail, ["answered", "completed", "ringing", "started"]),
    ],
)
async def test_phone_behaves_as_told(
    behave: Callable[[Phone], Phone], expected: list[str], start: Start, place: Place, statuses: Statuses
) -> None:
    """Each behaviour has its own statuses; voicemail looks answered where nobody asked for machine detection."""
    sim = await start()
    behave(sim.phone(NUMBER))

    await place(sim, ringing_timer=20)
    await sim.quiet()

    assert expected == sorted(statuses())


async def test_behaviours_follow_each_other(start: Start, place: Place, statuses: Statuses) -> None:
    """`then` speaks of the next call, and the last behaviour stays."""
    sim = await start(completed_after_failure=False)
    sim.phone(f"+{NUMBER}").is_busy().then().rejects()

    for _ in range(3):
        await place(sim)
        await sim.quiet()

    endings = [status for status in statuses() if status not in {"started", "ringing"}]
    assert ["busy", "rejected", "rejected"] == endings


@pytest.mark.parametrize(("mode", "by"), [("continue", "platform"), ("hangup", "platform")])
async def test_machine_is_detected_where_asked(mode: str, by: str, start: Start, place: Place, told: Told) -> None:
    """The result has the leg's id under `call_uuid`, and the call ends."""
    sim = await start()
    sim.phone(NUMBER).has_voicemail()

    _, placed = await place(sim, machine_detection=mode)
    await sim.quiet()

    machine = next(event for event in told if event.get("status") == "machine")
    assert placed["uuid"] == machine["call_uuid"]
    assert "uuid" not in machine
    assert by == next(event for event in told if event.get("status") == "completed")["disconnected_by"]


async def test_person_is_detected_where_asked(start: Start, place: Place, statuses: Statuses) -> None:
    """A person who answers is told as human."""
    sim = await start()

    await place(sim, machine_detection="continue")
    await sim.quiet()

    assert "human" in statuses()


async def test_person_hangs_up_early(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Hanging up ends an endless text, and the end says that the user did it."""
    sim = await start()
    sim.phone(NUMBER).answers(after_s=0).hangs_up_after(5)
    flow[0]["loop"] = 0

    await place(sim)
    await sim.quiet()

    assert "user" == next(event for event in told if event.get("status") == "completed")["disconnected_by"]


async def test_length_timer_ends_the_call(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """The platform ends a call that reaches its longest time."""
    sim = await start()
    flow[0]["loop"] = 0

    await place(sim, length_timer=3)
    await sim.quiet()

    assert "platform" == next(event for event in told if event.get("status") == "completed")["disconnected_by"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
async def test_scenario_is_recited(scenario: dict[str, Any], start: Start, place: Place, statuses: Statuses) -> None:
    """A scenario, by its name, has the events that are written, all of them and no others."""
    sim = await start(webhook_connections=1)
    sim.phone(NUMBER).plays_scenario(scenario["id"])
    written = [step["event"] for step in scenario["events"] if step["event"].islower() and step["event"] != "error"]

    try:
        status, _ = await place(sim)
    except aiohttp.ClientError:
        status = 0
    await sim.quiet()

    replies = {"HTTP_429": 429, "HTTP_401": 401, "HTTP_504": 504, "TCP_RESET": 0}
    expected = next((code for name, code in replies.items() if name in str(scenario["events"])), 201)
    assert (expected, written) == (status, statuses())
    assert (0 if expected in {429, 401} else 1) == sim.rings(NUMBER)
