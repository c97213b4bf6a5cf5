"""What no step can know by itself: how many there are, how deep, and whether keys and marks make sense together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from dialer.errors import InvalidInput
from dialer.scripts.steps import MAX_STEPS, Ask, Confirm, OptOut, Step
from dialer.scripts.walking import walk

MAX_DEPTH = 5  # lists within lists; positions are bounded by it


def check_script(steps: Sequence[Step], voicemail: Sequence[Step], machine_detection: str | None) -> None:
    """Raises InvalidInput for the first thing that does not go together, by its dotted path."""
    _check_size(steps, voicemail)
    for place in walk(steps, "script.steps"):
        if isinstance(place.step, Ask):
            _check_ask(place.step, place.path)
    _check_marks(steps)
    if voicemail and machine_detection != "continue":
        raise InvalidInput(
            "what a voicemail hears needs machine detection `continue`", field="script.machine_detection"
        )


def _check_size(steps: Sequence[Step], voicemail: Sequence[Step]) -> None:
    places = [*walk(steps, "script.steps"), *walk(voicemail, "script.voicemail")]
    if len(places) > MAX_STEPS:
        raise InvalidInput(f"there are {len(places)} steps, {MAX_STEPS} at most are allowed", field="script.steps")
    deep = next((place for place in places if place.depth > MAX_DEPTH), None)
    if deep:
        raise InvalidInput(f"questions are within each other at most {MAX_DEPTH - 1} times", field=deep.path)


def _check_ask(ask: Ask, path: str) -> None:
    keys = [*ask.keys, *([ask.repeat_key] if ask.repeat_key else [])]
    if not keys:
        raise InvalidInput("a question needs keys to be answered with", field=f"{path}.keys")
    doubled = [key for key, times in Counter(keys).items() if times > 1]
    if doubled:
        raise InvalidInput(f"{doubled[0]} has steps of its own already", field=f"{path}.repeat_key")
    long = next((key for key in keys if len(key) > ask.max_digits), None)
    if long:
        raise InvalidInput(f"{long} has more than {ask.max_digits} digits (max_digits)", field=f"{path}.keys.{long}")
    ending = next((key for key in keys if "#" in key), None) if ask.max_digits > 1 else None
    if ending:
        raise InvalidInput("# ends the input where there are several digits", field=f"{path}.keys.{ending}")


def _check_marks(steps: Sequence[Step]) -> None:
    # Before anybody could press a key, a voicemail would confirm, and opt out the person it belongs to.
    unasked = takewhile(lambda step: not isinstance(step, Ask), steps)
    early = next((index for index, step in enumerate(unasked) if isinstance(step, Confirm | OptOut)), None)
    if early is not None:
        raise InvalidInput("nobody was asked before this step", field=f"script.steps.{early}")
