from __future__ import annotations

from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.ncco import Generation, parse_ncco, to_wire
from tests.unit.ncco_schema import problems_of

DUTCH = {"language": "nl-NL", "style": 4}
FLAT = {"timeOut": 5, "maxDigits": 1, "submitOnHash": True}
NESTED = {"type": ["dtmf"], "dtmf": FLAT}


def written(action: dict[str, Any], generation: Generation) -> dict[str, Any]:
    """One action as a generation has it."""
    (wire,) = to_wire(parse_ncco([action]), generation)
    assert [] == problems_of([wire])
    return wire


@pytest.mark.parametrize("given", [DUTCH, {"voiceName": "Ruben"}])
def test_a_voice_is_told_in_either_generation(given: dict[str, Any]) -> None:
    """However it was told, 2018 gets the voice's name and today its language and style."""
    talk = {"action": "talk", "text": "x"}
    assert talk | {"voiceName": "Ruben"} == written(talk | given, "2018")
    assert talk | DUTCH == written(talk | given, "today")


def test_what_was_told_is_written_once() -> None:
    """A null is nothing told; a voice that is no premium one and an input that waits are plain ones in 2018."""
    talk = {"action": "talk", "text": "x"} | DUTCH
    keys = {"action": "input", "type": ["dtmf"], "mode": "synchronous"}

    assert talk == written(talk | {"provider": None}, "today")
    assert talk | {"premium": False} == written(talk | {"premium": False}, "today")
    assert {"action": "talk", "text": "x", "voiceName": "Ruben"} == written(talk | {"premium": False}, "2018")
    assert (keys, {"action": "input"}) == (written(keys, "today"), written(keys, "2018"))


@pytest.mark.parametrize("generation", ["2018", "today"])
def test_a_talk_without_a_voice_is_left_to_the_carrier(generation: Generation) -> None:
    """What was not told is not written."""
    talk = {"action": "talk", "text": "x"}
    assert talk == written(talk, generation)


@pytest.mark.parametrize("given", [FLAT, NESTED])
def test_keys_are_asked_for_in_either_generation(given: dict[str, Any]) -> None:
    """However it was told, 2018 gets the flat fields and today the object."""
    asked = {"action": "input", "eventUrl": ["https://example.com/x"]}
    assert asked | FLAT == written(asked | given, "2018")
    assert asked | NESTED == written(asked | given, "today")


def test_an_input_without_fields_waits_for_keys() -> None:
    """The bare action of 2018 has no fields; today it needs a type."""
    assert {"action": "input"} == written({"action": "input"}, "2018")
    assert {"action": "input", "type": ["dtmf"]} == written({"action": "input"}, "today")


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"action": "talk", "text": "x", "language": "nl-NL", "style": 1}, "style"),
        ({"action": "talk", "text": "x", "language": "fi-FI"}, "language"),
        ({"action": "talk", "text": "x", "language": "nl-NL", "premium": True}, "premium"),
        ({"action": "talk", "text": "x", "provider": "ElevenLabs"}, "provider"),
        ({"action": "talk", "text": "x", "providerOptions": {}}, "providerOptions"),
        ({"action": "input", "type": ["speech"]}, "type"),
        ({"action": "input", "type": ["dtmf"], "mode": "asynchronous"}, "mode"),
    ],
)
def test_what_2018_cannot_say_is_refused_by_field(action: dict[str, Any], field: str) -> None:
    """A field that the older generation has no words for is named with its place, and today takes it."""
    actions = parse_ncco([{"action": "wait"}, action])
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"ncco.1.{field}"):
        to_wire(actions, "2018")
    assert to_wire(actions, "today")
