"""Where each step of a script stands, and what a script leaves on its attempt."""

from __future__ import annotations

from dialer.scripts.marks import CONFIRMED, OPTED_OUT, Mark, MarkKind, pressed
from dialer.scripts.steps import Ask, Confirm, Otherwise, Say, Stop
from dialer.scripts.walking import Place, lists_of, walk
from dialer.speech import SpokenText


def _say(text: str) -> Say:
    return Say(SpokenText(text))


INNER = Ask(prompt=(_say("sure?"),), keys={"1": (Confirm(),)}, no_input=Otherwise(then=(Stop(),)))
OUTER = Ask(
    prompt=(_say("hello"), _say("press")),
    keys={"1": (INNER, Stop()), "2": ()},
    no_input=Otherwise(say=(_say("again"),), then=(_say("bye"),)),
    wrong_key=Otherwise(say=(_say("no"),), then=(Stop(),)),
)


def test_every_step_is_found_where_it_is_written() -> None:
    """In the order of the script, with its path in JSON and how deep it stands."""
    assert [
        ("steps.0", 1),
        ("steps.1", 1),
        ("steps.1.prompt.0", 2),
        ("steps.1.prompt.1", 2),
        ("steps.1.keys.1.0", 2),
        ("steps.1.keys.1.0.prompt.0", 3),
        ("steps.1.keys.1.0.keys.1.0", 3),
        ("steps.1.keys.1.0.no_input.then.0", 3),
        ("steps.1.keys.1.1", 2),
        ("steps.1.no_input.say.0", 2),
        ("steps.1.wrong_key.say.0", 2),
        ("steps.1.no_input.then.0", 2),
        ("steps.1.wrong_key.then.0", 2),
    ] == [(place.path, place.depth) for place in walk((_say("first"), OUTER), "steps")]
    assert [Place("then.0", Stop(), 4)] == [*walk((Stop(),), "then", 4)]


def test_the_lists_of_a_question_are_told_by_their_path() -> None:
    """Each with its steps, also where it has none."""
    assert {
        "prompt": OUTER.prompt,
        "keys.1": OUTER.keys["1"],
        "keys.2": (),
        "no_input.say": OUTER.no_input.say,
        "wrong_key.say": OUTER.wrong_key.say,
        "no_input.then": OUTER.no_input.then,
        "wrong_key.then": OUTER.wrong_key.then,
    } == dict(lists_of(OUTER))


def test_marks_are_told_in_these_words() -> None:
    """They label a metric, and are stored with the attempt."""
    assert ["confirmed", "opted_out", "pressed"] == list(MarkKind)
    assert (MarkKind.CONFIRMED, MarkKind.OPTED_OUT) == (CONFIRMED.kind, OPTED_OUT.kind)
    assert Mark(MarkKind.PRESSED, "0", "12") == pressed("0", "12")
    assert [("", ""), ("", "")] == [(mark.at, mark.keys) for mark in (CONFIRMED, OPTED_OUT)]
