"""Machine detection in all its modes: what is told, when the flow begins, and the beep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from dialer.simulator import Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

NUMBER = "31612345678"
LONG = [{"action": "wait", "timeout": 120}]

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Told = list[dict[str, Any]]


def found(told: Told) -> list[tuple[str, str | None]]:
    """Status and sub-state of each result."""
    return [(event["status"], event.get("sub_state")) for event in told if "call_uuid" in event]


def order(told: Told) -> list[str]:
    """Results and questions for an NCCO, in the order in which they came."""
    return [event.get("status", "asked") for event in told if "call_uuid" in event or "asked" in event]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (("default", 10), [("machine", None), ("machine", "beep_start")]),
        (("default", 90), [("machine", None), ("machine", "beep_timeout")]),
        (("detect", 10), [("machine", None)]),
        (("detect_beep", 10), [("machine", "beep_start")]),
        (("detect_beep", 90), [("machine", "beep_timeout")]),
    ],
)
async def test_machine_is_told_as_its_mode_says(
    case: tuple[str, float], expected: list[tuple[str, str | None]], start: Start, place: Place, side: Side
) -> None:
    """Status, beep or both; a beep that does not come in time is side.told too."""
    mode, beep_s = case
    sim = await start()
    sim.phone(NUMBER).has_voicemail(beep_s=beep_s)
    side.flow[:] = LONG

    await place(sim, advanced_machine_detection={"behavior": "continue", "mode": mode, "beep_timeout": 45})
    await sim.quiet()

    assert expected == found(side.told)


@pytest.mark.parametrize("mode", ["default", "detect", "detect_beep"])
async def test_person_is_told_in_every_mode(mode: str, start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """A person has no beep."""
    sim = await start()
    flow[:] = LONG

    await place(sim, advanced_machine_detection={"mode": mode})
    await sim.quiet()

    assert [("human", None)] == found(told)


@pytest.mark.parametrize("mode", ["detect", "detect_beep"])
async def test_some_modes_keep_the_flow_waiting(
    mode: str, start: Start, place: Place, told: Told, flow: list[Any]
) -> None:
    """The NCCO is asked for only after the result."""
    sim = await start()
    sim.phone(NUMBER).has_voicemail()
    flow[:] = LONG

    await place(sim, advanced_machine_detection={"mode": mode})
    await sim.quiet()

    assert ["machine", "asked"] == order(told)


async def test_other_modes_run_beside_the_flow(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """The NCCO is asked for at once, long before anything is known."""
    sim = await start(time_scale=1)
    sim.phone(NUMBER).has_voicemail(after_s=0)
    flow.clear()

    await place(sim, advanced_machine_detection={"mode": "default"})
    await sim.quiet()

    assert ["asked", "machine"] == order(told)


@pytest.mark.parametrize("mode", ["default", "detect", "detect_beep"])
async def test_machine_is_hung_up_on(mode: str, start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """With `hangup` the result is told, and the call ends."""
    sim = await start()
    sim.phone(NUMBER).has_voicemail()
    flow[:] = [{"action": "wait", "timeout": 7200}]

    await place(sim, advanced_machine_detection={"behavior": "hangup", "mode": mode})
    await sim.quiet()

    assert "machine" in [status for status, _ in found(told)]
    assert "platform" == sim.leg(NUMBER).ended_by


@pytest.mark.parametrize("mode", ["default", "detect", "detect_beep"])
async def test_reply_to_an_advanced_result_replaces_the_flow(mode: str, start: Start, place: Place, side: Side) -> None:
    """So a text can be left for who is not there."""
    sim = await start()
    sim.phone(NUMBER).has_voicemail()
    side.flow[:] = [{"action": "wait", "timeout": 600}, {"action": "talk", "text": "Hello in person."}]
    side.replies["machine"] = [{"action": "talk", "text": "Please call back."}]

    await place(sim, advanced_machine_detection={"mode": mode})
    await sim.quiet()

    assert {"Please call back."} == set(sim.heard(NUMBER))


async def test_advanced_detection_may_be_overlooked(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """A gateway that does not know it passes over it in silence."""
    sim = await start(advanced_detection=False)
    flow[:] = LONG

    status, _ = await place(sim, advanced_machine_detection={"mode": "detect"})
    await sim.quiet()

    assert (201, []) == (status, found(told))


@pytest.mark.parametrize("wrong", [{"behaviour": "hangup"}, {"mode": "guess"}, {"beep_timeout": 5}, "hangup"])
async def test_wrong_advanced_detection_is_refused(wrong: Any, start: Start, place: Place) -> None:
    """A misspelt field, an unknown mode and a time out of bounds get a 400."""
    sim = await start()

    assert 400 == (await place(sim, advanced_machine_detection=wrong))[0]


async def test_short_flow_waits_for_no_result(start: Start, place: Place, told: Told) -> None:
    """A call that is over before the detection has its result told all the same."""
    sim = await start()

    await place(sim, advanced_machine_detection={"mode": "default"})
    await sim.quiet()

    assert [("human", None)] == found(told)
