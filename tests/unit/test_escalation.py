"""What an escalation's calls say, and the plan: who is called in which step."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialer.answering import Answering
from dialer.dispositions import Disposition, Fact
from dialer.errors import InvalidInput
from dialer.escalations.escalation import Advance, EscalationScript, Person, Plan, Step
from dialer.kinds import KINDS, Callee, default_success
from dialer.model import AttemptRef, CallRef, NewCall, Terms
from dialer.scripts import Position, Pressed
from dialer.store import Spoken
from tests.fakes.alarm import SCRIPT, WAIT_S, person, plan

KIND = KINDS["escalation"]


def checked(**fields: Any) -> dict[str, Any]:
    """A script as it is stored."""
    return KIND.checked(SCRIPT | fields, "en-GB", "today")


def said_after_key(*, over: bool, key: str = "1", **fields: Any) -> tuple[str, set[Fact]]:
    """What is heard after a key that was asked for before, and what is known by it."""
    script = checked(**fields)
    spoken = Spoken(
        AttemptRef(CallRef("c1", 1), 1), "escalation", json.dumps(script), "+31201234567", None, {},
        Terms(), frozenset(), over=over,
    )  # fmt: skip
    said = Answering(spoken, "https://dialer.example/w", "+31201234567", "today").go_on(
        Position("0"), Pressed(key, timed_out=False)
    )
    return " ".join(action.get("text", "") for action in said.ncco), set(said.facts)


def test_confirming_is_success() -> None:
    """Where nothing else is said, only who presses the key was reached."""
    assert {Disposition.CONFIRMED} == default_success(KIND.steps(checked(), Callee()))


def test_script_is_read_back_the_same() -> None:
    """What is stored is what was checked, with and without words of its own for what is settled."""
    for told in (checked(), checked(settled_text="It is done.", style=1)):
        assert told == EscalationScript.from_dict(told, default_language="en-US").to_dict()
    assert "settled_text" not in checked()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"confirm_key": None}, "script.confirm_key"),
        ({"confirm_key": "x"}, "script.confirm_key"),
        ({"settled_text": "{{ nobody }}"}, "script.settled_text"),
        ({"settled_text": ""}, "script.settled_text"),
        ({"settled_text": 5}, "script.settled_text"),
        ({"text": None}, "script.text"),
        ({"siren": True}, "script.siren"),
    ],
)
def test_script_that_cannot_be_said_is_refused(fields: dict[str, Any], field: str) -> None:
    """The error names the field."""
    with pytest.raises(InvalidInput) as caught:
        checked(**fields)
    assert field == caught.value.field


def test_key_is_answered_as_usual_while_it_goes_on() -> None:
    """Who presses it is thanked, and has confirmed."""
    text, facts = said_after_key(over=False)
    assert ("Thank you. Your confirmation has been received.", {Fact.CONFIRMED}) == (text, facts)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Thank you. It has been settled already."),
        ({"settled_text": "Ann is on her way."}, "Ann is on her way."),
        ({"language": "pl-PL", "confirm_text": "Tak.", "keys_text": "1"}, "Tak."),
    ],
)
def test_key_counts_when_it_is_settled(fields: dict[str, Any], text: str) -> None:
    """Who was asked before and presses it afterwards hears that it is settled, and has confirmed all the same."""
    assert (text, {Fact.CONFIRMED}) == said_after_key(over=True, **fields)


def test_who_picks_up_late_hears_the_text() -> None:
    """The questions stand at the same places, whether it is settled or not."""
    open_, settled = (KIND.steps(checked(), Callee(late=late)) for late in (False, True))
    assert [type(step) for step in open_.steps] == [type(step) for step in settled.steps]
    assert open_.variables() == settled.variables()


def test_plan_is_read_back_the_same() -> None:
    """Also with all that a person may have."""
    made = plan("ann bob", "lead", needed=2, repeat=3)
    rich = Person(number="+31201234567", others=("+31201234568",), variables={"name": "Ann"}, timezone="Europe/Paris")
    whole = Plan(steps=(*made.steps, Step(people=(rich,), wait_s=5)), needed=2, repeat=3)
    assert whole == Plan.from_dict(json.loads(json.dumps(whole.to_dict())))


def test_openings_are_numbered_through() -> None:
    """Round by round, in each of them all steps."""
    made = plan("a", "b", repeat=2)
    assert [(1, 1), (1, 2), (2, 1), (2, 2)] == [made.opening(number) for number in range(1, made.openings + 1)]


def test_call_of_a_person_differs_by_step_and_round() -> None:
    """One call for each of them, the same whenever it is made; it tells both."""
    (one,) = plan("ann").steps[0].people
    assert one.call(1, 1) == one.call(1, 1)
    assert 3 == len({one.call(*opening).once for opening in ((1, 1), (2, 1), (1, 2))})
    assert {"step": "2", "round": "1"} == one.call(2, 1).variables


def test_call_of_a_person_has_all_that_is_known_of_him() -> None:
    """Numbers, zone and values, with the step and the round beside them; who has no own id is told by the number."""
    rich = Person(number="+311", others=("+312",), variables={"name": "Ann"}, timezone="Europe/Paris")

    assert NewCall(
        number="+311",
        others=("+312",),
        variables={"name": "Ann", "step": "2", "round": "3"},
        timezone="Europe/Paris",
        once="3.2.+311",
    ) == rich.call(2, 3)
    assert ("ann", "3.2.ann") == (person("ann").key, person("ann").call(2, 3).once)
    assert "ann" == person("ann").call(2, 3).external_id


def test_plan_of_which_little_is_said() -> None:
    """One confirmation, one round; a step is over as soon as nobody of it can confirm."""
    (step,) = plan("ann").steps
    made = Plan(steps=(Step(people=step.people, wait_s=7),))

    assert (1, 1, Advance.WHEN_DONE) == (made.needed, made.repeat, made.steps[0].advance)
    assert [Advance.WHEN_DONE, Advance.AFTER_WAIT] == [Advance("when_done"), Advance("after_wait")]


def test_plan_waits_for_all_its_steps_in_each_round() -> None:
    """And begins so many."""
    made = plan("ann bob", "cas", repeat=3)

    assert (3 * 2 * WAIT_S, 6) == (made.longest_s, made.openings)


def test_plan_names_everybody_once() -> None:
    """In the order in which they are called first."""
    made = plan("bob ann", "ann cas", "ann")

    assert ["bob", "ann", "cas"] == list(made.people)
    assert [[1], [1, 2, 3], [2], []] == [list(made.steps_of(name)) for name in ("bob", "ann", "cas", "dan")]


def test_plan_without_somebody_keeps_all_its_steps() -> None:
    """Whoever has the number is left out everywhere, by one of several numbers too; nobody else is."""
    ann, bob = person("ann"), Person(number="+311", others=("+312", "+313"))
    made = Plan(steps=(Step(people=(ann, bob), wait_s=5), Step(people=(bob,), wait_s=6)), needed=2, repeat=3)

    assert (
        Plan(steps=(Step(people=(ann,), wait_s=5), Step(people=(), wait_s=6)), needed=2, repeat=3)
        == made.without("+313")
        == made.without("+311")
    )
    assert made == made.without("+319")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"settled_text": "{{ nobody }}, {{ anybody }}"}, "names anybody, nobody, which the text does not"),
        ({"settled_text": 5}, "must be a text"),
        ({"settled_text": "<speak>"}, "SSML"),
        ({"confirm_key": None}, "confirm"),
    ],
)
def test_script_that_cannot_be_said_tells_why(fields: dict[str, Any], message: str) -> None:
    """In words for whoever wrote it."""
    with pytest.raises(InvalidInput) as caught:
        checked(**fields)

    assert message in str(caught.value)
