"""What a script of each kind amounts to for one callee, and what counts as its success."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialer.dispositions import Disposition
from dialer.errors import InvalidInput
from dialer.kinds import KINDS, Callee, default_success, steps_of
from dialer.scripts import Join, Say
from tests.fakes.alarm import SCRIPT as ALARM

CHAIR, ANN = Callee("c1", "+31612345678", "chair"), Callee("c1", "+31612345679", "ann")
LATE = Callee("c1", "+31612345678", "chair", late=True)
TOLD: dict[str, dict[str, Any]] = {
    "notification": {"text": "Hello {{ name }}"},
    "script": {"steps": [{"do": "say", "text": "Hello"}]},
    "conference": {"text": "Hello", "moderator": "chair"},
    "escalation": dict(ALARM),
}


def stored(kind: str) -> str:
    """Such a script, as the store has it."""
    return json.dumps(KINDS[kind].checked(TOLD[kind], "en-GB", "today"))


def test_every_kind_is_tried() -> None:
    """A new one needs its script here."""
    assert set(KINDS) == set(TOLD)


@pytest.mark.parametrize("kind", ["notification", "script"])
def test_steps_that_are_the_same_for_all_are_made_once(kind: str) -> None:
    """However many callees there are, late ones among them: a million calls read one script."""
    assert (
        steps_of(kind, stored(kind), CHAIR) is steps_of(kind, stored(kind), ANN) is steps_of(kind, stored(kind), LATE)
    )


@pytest.mark.parametrize(("kind", "callees"), [("conference", [CHAIR, ANN, LATE]), ("escalation", [ANN, LATE])])
def test_steps_may_differ_from_callee_to_callee(kind: str, callees: list[Callee]) -> None:
    """A moderator's from a member's, and whoever is late hears that all is over."""
    assert len(callees) == len({str(steps_of(kind, stored(kind), each)) for each in callees})


@pytest.mark.parametrize("moderator", ["chair", "+31612345678"])
def test_a_moderator_is_known_by_id_or_number(moderator: str) -> None:
    """Whichever of the two the script names."""
    script = json.dumps(KINDS["conference"].checked(TOLD["conference"] | {"moderator": moderator}, "en-GB", "today"))
    joins = [step for each in (CHAIR, ANN) for step in steps_of("conference", script, each).steps if step.do == "join"]

    assert [True, False] == [step.moderator for step in joins if isinstance(step, Join)]


def test_the_late_hear_words_alone() -> None:
    """Of a conference nothing is joined any more."""
    assert {Say} == {type(step) for step in steps_of("conference", stored("conference"), LATE).steps}


@pytest.mark.parametrize("kind", TOLD)
def test_a_voice_that_the_carrier_does_not_have_is_refused(kind: str) -> None:
    """When the script is taken, and not when somebody listens."""
    with pytest.raises(InvalidInput):
        KINDS[kind].checked(TOLD[kind] | {"language": "en-GB", "style": 98}, "en-GB", "today")


def test_the_language_of_the_dialer_is_spoken_where_none_is_named() -> None:
    """It is stored with the script, so that a later change of the setting changes no campaign."""
    languages = {kind: KINDS[kind].checked(told, "en-GB", "today")["language"] for kind, told in TOLD.items()}

    assert {"en-GB"} == {*languages.values()} | {"en-GB"}
    assert "en-GB" == languages["notification"] == languages["script"] == languages["conference"]


@pytest.mark.parametrize(
    ("fields", "success"),
    [
        ({}, {Disposition.CONFIRMED, Disposition.ANSWERED}),
        ({"repeat_key": "2"}, {Disposition.CONFIRMED, Disposition.ANSWERED}),
        ({"confirm_key": "1"}, {Disposition.CONFIRMED}),
    ],
)
def test_success_is_what_a_script_asks_for(fields: dict[str, str], success: set[Disposition]) -> None:
    """A confirmation, where it asks for one; else being heard."""
    read = KINDS["notification"].checked(TOLD["notification"] | fields, "en-GB", "today")

    assert success == default_success(KINDS["notification"].steps(read, Callee()))


def test_kinds_that_gather_people_are_bounded() -> None:
    """A conference by its room, an escalation by its ladder; a list may be of any length. Only an alarm counts late."""
    assert {"conference", "escalation"} == {name for name, kind in KINDS.items() if kind.most is not None}
    assert {"escalation"} == {name for name, kind in KINDS.items() if kind.counts_late}
