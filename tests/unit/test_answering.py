"""What a call says at each of the carrier's questions, and what is known by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialer.answering import Answering, Said
from dialer.dispositions import Fact
from dialer.model import AttemptRef, CallRef, Terms
from dialer.scripts import Position, Pressed
from dialer.store import Spoken

HOOKS = "https://dialer.example/w"
ASKED = Position("0")
SCRIPT: dict[str, Any] = {
    "language": "en-GB",
    "machine_detection": "continue",
    "steps": [
        {
            "do": "ask",
            "prompt": [{"do": "say", "text": "Hello {{ name }}."}],
            "keys": {
                "1": [{"do": "confirm"}, {"do": "say", "text": "Thanks."}],
                "9": [{"do": "opt_out"}, {"do": "say", "text": "Bye."}],
            },
        }
    ],
    "voicemail": [{"do": "say", "text": "We called, {{ name }}."}],
}


def _answering(
    *facts: Fact,
    script: dict[str, Any] | None = None,
    kind: str = "script",
    barred: frozenset[str] = frozenset(),
    external_id: str | None = None,
    **told: Any,
) -> Answering:
    spoken = Spoken(
        AttemptRef(CallRef("c1", 1), 1), kind, json.dumps(script or SCRIPT), "+31612345678", external_id,
        {"name": "Ann"}, Terms(), frozenset(facts), **told,
    )  # fmt: skip
    return Answering(spoken, HOOKS, "+31201234567", "today", barred)


def _heard(said: Said) -> list[str]:
    return [action["text"] for action in said.ncco if action["action"] == "talk"]


def _asked(said: Said) -> list[str]:
    return [action["eventUrl"][0] for action in said.ncco if action["action"] == "input"]


def _after(answering: Answering, key: str, asked_by: str | None = None) -> tuple[list[str], set[Fact], dict[str, str]]:
    mark = answering.script_mark if asked_by is None else asked_by
    said = answering.go_on(ASKED, Pressed(key, timed_out=False), asked_by=mark)
    return _heard(said), set(said.facts), said.keys


def test_a_person_hears_the_script_and_a_machine_its_voicemail() -> None:
    """But who has confirmed was no machine, and a script without words for one says what it says to all."""
    plain = {name: part for name, part in SCRIPT.items() if name != "voicemail"}

    assert ["Hello Ann."] == _heard(_answering().begin()) == _heard(_answering(Fact.HUMAN, Fact.ANSWERED).begin())
    assert ["We called, Ann."] == _heard(_answering(Fact.MACHINE).begin())
    assert ["Hello Ann."] == _heard(_answering(Fact.MACHINE, Fact.CONFIRMED).begin())
    assert ["Hello Ann."] == _heard(_answering(Fact.MACHINE, script=plain).begin())
    assert [False, True] == [_answering(*facts).leaves_voicemail for facts in ((), (Fact.MACHINE,))]


def test_nothing_is_known_before_a_key_is_pressed() -> None:
    """The question leads back to us, at its place."""
    said = _answering().begin()

    assert (frozenset(), {}) == (said.facts, said.keys)
    assert [f"{HOOKS}/reply/0"] == _asked(said)


@pytest.mark.parametrize(("key", "heard", "fact"), [("1", "Thanks.", Fact.CONFIRMED), ("9", "Bye.", Fact.OPTED_OUT)])
def test_a_key_is_answered_and_known(key: str, heard: str, fact: Fact) -> None:
    """What it means, and that it was pressed at that question."""
    assert ([heard], {fact}, {"0": key}) == _after(_answering(), key)


def test_a_key_for_another_script_means_nothing() -> None:
    """The same key at the same place may mean there that nobody may ever call again: the new script begins."""
    replaced, first = _answering(replaced=True), _answering()

    assert "" == first.script_mark
    assert 8 == len(replaced.script_mark)
    assert [f"{HOOKS}/reply/{replaced.script_mark}:0"] == _asked(replaced.begin())
    assert replaced.script_mark != _answering(replaced=True, script=SCRIPT | {"language": "en-US"}).script_mark
    assert (["Thanks."], {Fact.CONFIRMED}, {"0": "1"}) == _after(replaced, "1")
    for answering, asked_by in ((replaced, ""), (first, replaced.script_mark)):
        assert (["Hello Ann."], set(), {}) == _after(answering, "9", asked_by)


def test_a_key_that_comes_when_all_is_over_means_nothing() -> None:
    """But in an escalation, where whoever presses it later has confirmed as well."""
    alarm = {"text": "Pump three has stopped.", "language": "en-GB", "confirm_key": "1"}

    assert (["Hello Ann."], set(), {}) == _after(_answering(over=True), "1")
    assert {Fact.CONFIRMED} == _after(_answering(over=True, kind="escalation", script=alarm), "1")[1]


def test_whom_nobody_calls_is_not_connected_to() -> None:
    """The script goes on behind it; others are called from the number of the attempt."""
    desk = {"do": "connect", "endpoint": {"type": "phone", "number": "31207654321"}}
    script = {"language": "en-GB", "steps": [{"do": "say", "text": "One moment."}, desk]}
    connects = [action for action in _answering(script=script).begin().ncco if action["action"] == "connect"]

    assert ["31201234567"] == [action["from"] for action in connects]
    barred = _answering(script=script, barred=frozenset({"+31207654321"})).begin()
    assert ["talk"] == [action["action"] for action in barred.ncco]


@pytest.mark.parametrize(
    ("moderator", "external_id", "moderates"),
    [("chair", "chair", True), ("chair", None, False), ("+31612345678", None, True), ("+31612345679", "ann", False)],
)
def test_what_a_call_says_may_hang_on_whom_it_reached(
    moderator: str, external_id: str | None, *, moderates: bool
) -> None:
    """A conference begins with its moderator, known by number or own id; who comes late is told so."""
    script = {"text": "Hello.", "language": "en-GB", "moderator": moderator}
    member = _answering(kind="conference", script=script, external_id=external_id).begin()
    (joined,) = [action for action in member.ncco if action["action"] == "conversation"]
    late = _answering(kind="conference", script=script, external_id=external_id, over=True).begin()

    assert ("conference-c1", moderates) == (joined["name"], joined.get("startOnEnter", True))
    assert ["talk"] == [action["action"] for action in late.ncco]
