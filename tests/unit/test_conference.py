"""The script of a conference: what is refused, and what each member's call says and does."""

from __future__ import annotations

from typing import Any

import pytest

from dialer.conferences.conference import KIND, MOST_MEMBERS, ConferenceScript, room_of
from dialer.errors import InvalidInput
from dialer.kinds import KINDS, Callee
from dialer.ncco import to_wire
from dialer.scripts import CONFIRMED, Ask, Position, Say, Urls, render, reply
from tests.unit.ncco_schema import problems_of

TEXT = {"text": "Hello {{ name }}, the crisis team meets.", "language": "en-GB"}
KEYED = TEXT | {"join_key": "1", "moderator": "chair", "music_on_hold_url": "https://music.example/m.mp3"}
NAMES = {"name": "Ann"}
URLS = Urls("https://dialer.example/webhooks/t")
ASKED = Position("0")


def read(told: dict[str, Any]) -> ConferenceScript:
    """The script from JSON."""
    return ConferenceScript.from_dict(told, default_language="nl-NL")


def wire(told: dict[str, Any], callee: Callee, at: Position | None = None) -> list[dict[str, Any]]:
    """The actions of a callee's call from a position on."""
    steps = KINDS["conference"].steps(told, callee)
    rendered = render(steps, NAMES, URLS) if at is None else render(steps, NAMES, URLS, at=at)
    actions = to_wire(rendered.actions, "today")
    assert [] == problems_of(actions)
    return actions


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": ""}, "script.text"),
        ({"text": 5}, "script.text"),
        ({"text": None}, "script.text"),
        ({"text": "{{ number }}"}, "script.text"),
        ({"moderated": "chair"}, "script.moderated"),
        ({"moderator": ""}, "script.moderator"),
        ({"join_key": "12"}, "script.join_key"),
        ({"join_key": 1}, "script.join_key"),
        ({"music_on_hold_url": "http://music.example/m.mp3"}, "script.music_on_hold_url"),
        ({"record": "yes"}, "script.record"),
        ({"machine_detection": "continue"}, "script.machine_detection"),
        ({"machine_detection": "off"}, "script.machine_detection"),
        ({"keys_text": "Press 1."}, "script.keys_text"),
        ({"declined_text": "Bye."}, "script.declined_text"),
        ({"too_late_text": "Too late, {{ name }} of {{ team }}."}, "script.too_late_text"),
        ({"recalls": 6}, "script.recalls"),
        ({"recall_after_s": 1}, "script.recall_after_s"),
        ({"language": "sv-SE"}, "script.too_late_text"),
        ({"language": "sv-SE", "too_late_text": "Hej", "join_key": "1"}, "script.keys_text"),
        ({"language": "sv-SE", "too_late_text": "Hej", "join_key": "1", "keys_text": "1!"}, "script.declined_text"),
    ],
)
def test_wrong_script_names_its_field(fields: dict[str, Any], field: str) -> None:
    """Whatever is wrong is refused with the field's path."""
    with pytest.raises(InvalidInput) as refused:
        read(TEXT | fields)
    assert field == refused.value.field


@pytest.mark.parametrize(
    "told", [TEXT, KEYED, KEYED | {"record": True, "recalls": 0, "too_late_text": "Bye {{ name }}."}]
)
def test_script_survives_json(told: dict[str, Any]) -> None:
    """A script written as JSON is read back the same."""
    written = read(told).to_dict()

    assert read(told) == read(written)
    assert None not in written.values()
    assert told == {name: written[name] for name in told}


def test_without_a_language_the_default_is_spoken() -> None:
    """The dialer's own language is taken where none is named."""
    assert "nl-NL" == read({"text": "Hallo."}).language


def test_voicemail_is_hung_up_on_where_nobody_is_asked_for_a_key() -> None:
    """Without a key the carrier must detect machines; with one, somebody taken for a machine can still press it."""
    assert ("hangup", "continue") == (read(TEXT).detection, read(TEXT | {"join_key": "1"}).detection)
    assert "hangup" == read(KEYED | {"machine_detection": "hangup"}).detection


def test_everybody_begins_where_nobody_moderates() -> None:
    """Without a moderator and a key a call says the text and joins the conference of its campaign, which starts."""
    talk, join = wire(TEXT, Callee("c1", "+31612345678"))
    assert ("Hello Ann, the crisis team meets.", room_of("c1")) == (talk["text"], join["name"])
    assert (True, False) == (join.get("startOnEnter", True), join.get("endOnExit", False))


@pytest.mark.parametrize(
    ("callee", "moderates"),
    [
        (Callee("c1", "+31612345678", "chair"), True),
        (Callee("c1", "+31612345678", "ann"), False),
        (Callee("c1", "+31612345678"), False),
    ],
)
def test_moderator_starts_and_ends_it(callee: Callee, *, moderates: bool) -> None:
    """The moderator's coming starts it and his leaving ends it; the others hear music until then."""
    (join,) = wire(KEYED, callee, ASKED.within("k1"))
    assert (moderates, moderates) == (join["startOnEnter"], join["endOnExit"])
    assert ["https://music.example/m.mp3"] == join["musicOnHoldUrl"]


def test_moderator_is_known_by_number_too() -> None:
    """A number as it is stored names the moderator as well as an id does."""
    script = read(TEXT | {"moderator": "+31612345678"})
    assert (True, False) == (script.is_moderator("+31612345678", None), script.is_moderator("+31612345679", None))


@pytest.mark.parametrize(
    ("fields", "callee", "records"),
    [
        ({"record": True}, Callee("c1", "+31612345678", "chair"), True),
        ({"record": True}, Callee("c1", "+31612345678", "ann"), False),
        ({"record": True, "moderator": None}, Callee("c1", "+31612345678", "ann"), True),
        ({}, Callee("c1", "+31612345678", "chair"), False),
    ],
)
def test_one_request_to_record(fields: dict[str, Any], callee: Callee, *, records: bool) -> None:
    """The moderator's call asks for it; where nobody moderates, everybody's does, for anybody may be first."""
    (join,) = wire(KEYED | fields, callee, ASKED.within("k1"))
    assert records is join.get("record", False)


def test_key_is_told_asked_for_and_confirms() -> None:
    """The text, then the key in our words, then the question; pressing it confirms, and joins."""
    text, told, asked = wire(KEYED, Callee("c1"))
    assert ("Press 1 to join.", "input") == (told["text"], asked["action"])
    assert text["text"].startswith("Hello Ann")
    steps = read(KEYED).for_member("room", moderates=False)
    then = reply(steps, ASKED, "1", timed_out=False)
    assert {CONFIRMED} == render(steps, NAMES, URLS, at=then.position).marks


def test_key_that_the_text_tells_is_not_told_twice() -> None:
    """Where the text says what to press, it is not said again."""
    assert ["talk", "input"] == [a["action"] for a in wire(KEYED | {"text": "Press 1 to come in."}, Callee("c1"))]


@pytest.mark.parametrize("digits", [None, "2"])
def test_silence_or_another_key_twice_declines(digits: str | None) -> None:
    """The question comes once more; after that it is said that one has not joined, and the call ends."""
    steps = read(KEYED | {"declined_text": "Goodbye, {{ name }}."}).for_member("room", moderates=False)
    again = reply(steps, ASKED, digits, timed_out=digits is None).position
    assert "input" == to_wire(render(steps, NAMES, URLS, at=again).actions, "today")[-1]["action"]
    over = reply(steps, again, digits, timed_out=digits is None).position
    rendered = render(steps, NAMES, URLS, at=over)
    assert (["Goodbye, Ann."], frozenset()) == (
        [action["text"] for action in to_wire(rendered.actions, "today")],
        rendered.marks,
    )


def test_who_is_late_hears_so_and_does_not_join() -> None:
    """Whoever picks up when it is over is told that, whatever the script would have asked."""
    (talk,) = wire(KEYED, Callee("c1", late=True))
    assert "The conference is over already. Goodbye." == talk["text"]


def test_no_two_conferences_share_a_room() -> None:
    """The carrier's name for it is made of the campaign's id."""
    assert room_of("c1") != room_of("c2")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"machine_detection": "continue"}, "without a join_key a voicemail would join"),
        ({"keys_text": "Press 1."}, "keys_text is never said: there is no join_key"),
        ({"declined_text": "Bye."}, "declined_text is never said: there is no join_key"),
        ({"too_late_text": "{{ team }}, {{ base }}, {{ name }}"}, "names base, team, which the text does not"),
        ({"language": "sv-SE"}, "we have words for nl, en, de, fr only: give too_late_text in sv-SE"),
        ({"moderated": "chair"}, "there is no such field"),
    ],
)
def test_wrong_script_says_what_to_do(fields: dict[str, Any], message: str) -> None:
    """In words for whoever wrote it."""
    with pytest.raises(InvalidInput) as refused:
        read(TEXT | fields)

    assert message in str(refused.value)


def test_whoever_declines_is_asked_twice() -> None:
    """A key that was missed once is asked for again; what is said then may be the script's own."""
    own = read(KEYED | {"declined_text": "Goodbye.", "keys_text": "One joins."})
    (ask,) = own.for_member("room", moderates=False).steps

    assert isinstance(ask, Ask)
    assert ask.no_input == ask.wrong_key
    assert 1 == ask.no_input.repeat
    assert ["Goodbye."] == [step.text.template for step in ask.no_input.then if isinstance(step, Say)]
    assert ["One joins."] == [step.text.template for step in ask.prompt[1:] if isinstance(step, Say)]


def test_what_is_not_said_of_a_conference() -> None:
    """No recording, no key, one recall after ten seconds."""
    script = read(TEXT)

    assert (False, None, 1, 10, 0) == (
        script.record, script.join_key, script.recalls, script.recall_after_s, script.style,
    )  # fmt: skip
    assert (50, "conference") == (MOST_MEMBERS, KIND)
    assert not script.is_moderator("+31", None)
