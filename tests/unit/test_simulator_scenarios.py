"""The stand-in's own copy of the scenarios, and phones that were told more than one thing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialer.simulator import Phone, ScenarioEvent, Turn, scenarios

TABLE = Path(__file__).parents[1] / "data/derived/call-scenarios.json"


def test_every_scenario_is_there_by_name() -> None:
    """The package's table is the project's."""
    written = json.loads(TABLE.read_text())["scenarios"]

    assert {scenario["id"]: scenario["events"] for scenario in written} == dict(scenarios())


@pytest.mark.parametrize("name", sorted(scenarios()))
def test_phone_plays_a_scenario_by_name(name: str) -> None:
    """Its next call is the one written."""
    assert ScenarioEvent.read(scenarios()[name]) == Phone("31612345678").plays_scenario(name).turn().events


def test_unknown_scenario_is_refused() -> None:
    """A name that is not in the table is a mistake."""
    with pytest.raises(KeyError):
        Phone("31612345678").plays_scenario("the_moon_falls")


def test_sentence_may_be_long() -> None:
    """What is said of one call adds up."""
    phone = Phone("31612345678").answers().presses("9", "1", after_s=2).says("yes").says("no").interrupts()
    phone.speaks_for(3).drops_after(4)

    told = Turn(keys=("9", "1"), keys_after_s=2, says=("yes", "no"), interrupts=True, speaks_s=3, drops_after_s=4)
    assert told == phone.turn()
