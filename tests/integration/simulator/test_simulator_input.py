"""Requests for input: keys and words at the right moment, too late, wrong or not at all; and what they cut short."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from dialer.simulator import Phone, Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

NUMBER = "31612345678"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Told = list[dict[str, Any]]


def talk(text: str, **fields: Any) -> dict[str, Any]:
    """A talk action."""
    return {"action": "talk", "text": text, **fields}


def keys(**asked: Any) -> dict[str, Any]:
    """A request for keys in today's form."""
    return {"action": "input", "type": ["dtmf"], "dtmf": asked}


def speech(*kinds: str, **asked: Any) -> dict[str, Any]:
    """A request for words, and whatever else."""
    return {"action": "input", "type": ["speech", *kinds], "speech": asked}


def brought(told: Told) -> list[dict[str, Any]]:
    """What the requests brought, in order."""
    return [event for event in told if "dtmf" in event]


async def test_each_request_has_its_own_keys(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """A wrong key, nothing, then the right one: one text for each request."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("9", "").presses("1")
    flow[:] = [keys(maxDigits=1)] * 4

    await place(sim)
    await sim.quiet()

    assert [("9", False), ("", True), ("1", False), ("", True)] == [
        (event["dtmf"]["digits"], event["dtmf"]["timed_out"]) for event in brought(told)
    ]
    assert ["9", "1"] == sim.leg(NUMBER).pressed


async def test_menu_is_walked_through(
    start: Start, place: Place, flow: list[Any], reports: list[Any], site: str
) -> None:
    """Keys reach the menus in their order, also in flows that came as replies."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("9", "1")
    menu = [talk("Press 1.", bargeIn=True), keys(maxDigits=1) | {"eventUrl": [f"{site}/report"]}]
    flow[:] = menu
    reports.extend([[talk("That was wrong."), *menu], [talk("Thank you.")]])

    await place(sim)
    await sim.quiet()

    assert ["Press 1.", "That was wrong.", "Press 1.", "Thank you."] == sim.heard(NUMBER)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (({}, "12"), ("12", True)),
        (({"maxDigits": 2}, "12"), ("12", False)),
        (({"maxDigits": 1}, "123"), ("1", False)),
        (({"submitOnHash": True}, "12#4"), ("12", False)),
        (({"submitOnHash": True}, "#"), ("", False)),
        (({"maxDigits": 6}, "12#"), ("12#", True)),
    ],
)
async def test_keys_are_complete_or_time_runs_out(
    case: tuple[dict[str, Any], str], expected: tuple[str, bool], start: Start, place: Place, side: Side
) -> None:
    """As many as asked for, or a hash where it counts, end the request; else its time runs out after them."""
    asked, pressed = case
    sim = await start()
    sim.phone(NUMBER).answers().presses(pressed)
    side.flow[:] = [keys(**asked)]

    await place(sim)
    await sim.quiet()

    (event,) = brought(side.told)
    assert expected == (event["dtmf"]["digits"], event["dtmf"]["timed_out"])


async def test_form_of_2018_is_flat(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Keys as text beside their time-out, and no word of speech."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("1")
    flow[:] = [{"action": "input", "timeOut": 2, "maxDigits": 1}]

    await place(sim)
    await sim.quiet()

    (event,) = brought(told)
    assert ("1", False) == (event["dtmf"], event["timed_out"])
    assert "speech" not in event


async def test_too_late_is_not_at_all(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Keys that come after the time-out are lost."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("1", after_s=9)
    flow[:] = [keys(timeOut=5)]

    await place(sim)
    await sim.quiet()

    (event,) = brought(told)
    assert ("", True) == (event["dtmf"]["digits"], event["dtmf"]["timed_out"])


async def test_key_cuts_the_last_text_short(start: Start, place: Place, flow: list[Any]) -> None:
    """With bargeIn the request runs beside the text before it, and a key ends that."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("1")
    flow[:] = [talk("First part."), talk("Press 1. " * 50, bargeIn=True), keys(maxDigits=1)]

    await place(sim)
    await sim.quiet()

    assert (["First part.", "Press 1. " * 50], ["Press 1. " * 50]) == (sim.heard(NUMBER), sim.leg(NUMBER).cut_short)


async def test_without_barge_in_a_text_is_heard_out(start: Start, place: Place, flow: list[Any]) -> None:
    """Keys count from the request on."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("1").interrupts()
    flow[:] = [talk("Press 1. " * 50), keys(maxDigits=1)]

    await place(sim)
    await sim.quiet()

    assert ([], ["1"]) == (sim.leg(NUMBER).cut_short, sim.leg(NUMBER).pressed)


async def test_who_interrupts_hears_only_the_beginning(start: Start, place: Place, flow: list[Any]) -> None:
    """A bargeIn stays in force up to the next request: one key ends all texts before it, and none after."""
    sim = await start()
    sim.phone(NUMBER).answers().presses("1").interrupts()
    flow[:] = [talk("One.", bargeIn=True), talk("Two."), keys(maxDigits=1), talk("Thank you.")]

    await place(sim)
    await sim.quiet()

    assert (["One.", "Thank you."], ["One.", "Two."]) == (sim.heard(NUMBER), sim.leg(NUMBER).cut_short)


async def test_words_are_recognised(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """What is said is reported as text with a confidence; nothing said is a time-out."""
    sim = await start()
    sim.phone(NUMBER).answers().says("yes", "")
    flow[:] = [speech(language="nl-NL"), speech(startTimeout=2)]

    await place(sim)
    await sim.quiet()

    said, silent = (event["speech"] for event in brought(told))
    assert ("end_on_silence_timeout", ["yes"]) == (said["timeout_reason"], [each["text"] for each in said["results"]])
    assert {"timeout_reason": "start_timeout", "results": []} == silent
    assert ["yes"] == sim.leg(NUMBER).said


async def test_long_speech_is_cut_off(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Who speaks longer than allowed is told as such; the audio can be kept."""
    sim = await start()
    sim.phone(NUMBER).says("and then another thing " * 5)
    flow[:] = [speech(maxDuration=2, saveAudio=True)]

    await place(sim)
    await sim.quiet()

    (event,) = brought(told)
    assert "max_duration" == event["speech"]["timeout_reason"]
    assert event["speech"]["recording_url"].startswith(sim.origin)
    assert [True] == [recording.ended for recording in sim.recordings]


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (lambda phone: phone.presses("1"), ("1", None)),
        (lambda phone: phone.says("one"), ("", "one")),
        (lambda phone: phone.presses("").says("one"), ("", "one")),
    ],
)
async def test_keys_or_words(
    behave: Callable[[Phone], Phone], expected: tuple[str, str | None], start: Start, place: Place, side: Side
) -> None:
    """Where both are asked for, either will do."""
    sim = await start()
    behave(sim.phone(NUMBER))
    side.flow[:] = [speech("dtmf")]

    await place(sim)
    await sim.quiet()

    (event,) = brought(side.told)
    results = event["speech"].get("results", [])
    assert expected == (event["dtmf"]["digits"], results[0]["text"] if results else None)


@pytest.mark.parametrize(
    "mistake",
    [
        {"type": ["speech"], "speech": {"endOnSilence": 60}},
        {"type": ["speech"], "speech": {"langauge": "nl-NL"}},
        {"type": ["dtmf"], "dtmf": {"maxDigits": 0}},
        {"type": []},
    ],
)
async def test_wrong_request_is_an_error_event(
    mistake: dict[str, Any], start: Start, place: Place, told: Told, flow: list[Any]
) -> None:
    """A field that is misspelt or out of its bounds ends the call."""
    sim = await start()
    flow[:] = [{"action": "input", **mistake}]

    await place(sim)
    await sim.quiet()

    assert 1 == len([event for event in told if "reason" in event])
    assert [] == brought(told)


async def test_hanging_up_answers_no_request(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """Who hangs up while asked is not reported as having been silent."""
    sim = await start()
    sim.phone(NUMBER).answers().hangs_up_after(1)
    flow[:] = [keys(timeOut=10), talk("Nobody hears this.")]

    await place(sim)
    await sim.quiet()

    assert ([], []) == (brought(told), sim.heard(NUMBER))
