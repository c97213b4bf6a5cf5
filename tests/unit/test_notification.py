from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.ncco import to_wire
from dialer.notification import NotificationScript, ncco, problems
from dialer.scripts import CONFIRMED, OPTED_OUT, VOICEMAIL, Position, Urls, render, reply
from tests.unit.ncco_schema import problems_of

SCRIPT = NotificationScript("Hallo {{ name }}, tot {{ day }}.", "nl-NL", 2)


def test_a_script_survives_json() -> None:
    """A script written as JSON is read back the same."""
    script = SCRIPT
    assert script == NotificationScript.from_dict(json.loads(json.dumps(SCRIPT.to_dict())), default_language="en-US")


@pytest.mark.parametrize("given_fields", [{"text": "Hallo"}, {"text": "Hallo", "language": None, "style": None}])
def test_what_a_script_leaves_out_has_a_default(given_fields: dict[str, Any]) -> None:
    """Without a language the default one is taken, without a style the first voice."""
    expected = NotificationScript("Hallo", "nl-NL", 0)
    assert expected == NotificationScript.from_dict(given_fields, default_language="nl-NL")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "script.text"),
        ({"text": 5}, "script.text"),
        ({"text": "Hallo {{ name"}, "script.text"),
        ({"text": "Uw nummer is {{ Number }}"}, "script.text"),
        ({"text": "x", "language": "nl_NL"}, "script.language"),
        ({"text": "x", "language": "nederlands"}, "script.language"),
        ({"text": "x", "language": 5}, "script.language"),
        ({"text": "x", "style": True}, "script.style"),
        ({"text": "x", "style": "1"}, "script.style"),
        ({"text": "x", "style": -1}, "script.style"),
        ({"text": "x", "voice": "Lotte"}, "script.voice"),
        ({"text": "x", "confirm_key": 1}, "script.confirm_key"),
        ({"text": "x", "confirm_key": "12"}, "script.confirm_key"),
        ({"text": "x", "confirm_key": "a"}, "script.confirm_key"),
        ({"text": "x", "repeat_key": "\u0661"}, "script.repeat_key"),
        ({"text": "x", "confirm_key": "1", "opt_out_key": "1"}, "script.opt_out_key"),
        ({"text": "x", "confirm_key": "1", "repeat_key": "1"}, "script.repeat_key"),
        ({"text": "x", "confirm_key": "1", "confirm_text": ""}, "script.confirm_text"),
        ({"text": "x", "confirm_key": "1", "keys_text": "{{"}, "script.keys_text"),
        ({"text": "x", "confirm_text": "Thanks"}, "script.confirm_text"),
        ({"text": "x", "confirm_key": "1", "opt_out_text": "Bye"}, "script.opt_out_text"),
        ({"text": "x", "keys_text": "Press"}, "script.keys_text"),
        ({"text": "x", "wrong_key_text": "No"}, "script.wrong_key_text"),
        ({"text": "x", "voicemail_text": "{{ id }}", "machine_detection": "continue"}, "script.voicemail_text"),
        ({"text": "x", "voicemail_text": "x"}, "script.machine_detection"),
        ({"text": "x", "voicemail_text": "x", "machine_detection": "hangup"}, "script.machine_detection"),
        ({"text": "x", "machine_detection": "true"}, "script.machine_detection"),
        ({"text": "x", "no_input": 10}, "script.no_input"),
        ({"text": "x", "no_input": -1}, "script.no_input"),
        ({"text": "x", "style": 100}, "script.style"),
        ({"text": "x", "opt_out_key": "1", "confirm_text": "c"}, "script.confirm_text"),
        ({"text": "x", "confirm_key": "1", "keys_text": "{{ id }}"}, "script.keys_text"),
        ({"text": "x", "language": "fi-FI", "repeat_key": "1"}, "script.keys_text"),
        ({"text": "x", "no_input": True}, "script.no_input"),
        ({"text": "x", "barge_in": "yes"}, "script.barge_in"),
        ({"text": "x", "language": "fi-FI", "confirm_key": "1"}, "script.keys_text"),
        ({"text": "x", "language": "fi-FI", "confirm_key": "1", "keys_text": "y"}, "script.confirm_text"),
        ({"text": "x", "language": "fi-FI", "opt_out_key": "1", "keys_text": "y"}, "script.opt_out_text"),
    ],
)
def test_a_wrong_script_is_refused_by_field(fields: dict[str, Any], field: str) -> None:
    """Each wrong, missing or unknown field is named."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field):
        NotificationScript.from_dict(fields, default_language="nl-NL")


@pytest.mark.parametrize(
    "fields",
    [
        {"style": 99, "no_input": 9},
        {"no_input": 0},
        {"language": "fi-FI"},
        {"language": "fi-FI", "repeat_key": "1", "keys_text": "k"},
        {"language": "fi-FI", "confirm_key": "1", "keys_text": "", "confirm_text": "c"},
        {"machine_detection": "hangup"},
        {"wrong_key_text": "No", "repeat_key": "1"},
    ],
)
def test_a_script_that_is_in_order_is_taken(fields: dict[str, Any]) -> None:
    """With the most that may be, and with just the words that are needed."""
    assert NotificationScript.from_dict({"text": "x"} | fields, default_language="nl-NL")


def test_the_carrier_is_told_to_talk() -> None:
    """The NCCO is one talk action with text, language and style."""
    expected = [{"action": "talk", "text": "Hallo Ann, tot maandag.", "language": "nl-NL", "style": 2}]
    assert expected == ncco(SCRIPT, {"Name": "Ann", "day": "maandag", "other": "x"})


def test_a_long_text_becomes_several_talks() -> None:
    """More than 1,500 characters are said in as many actions as they need, by the same voice."""
    talks = ncco(SCRIPT, {"name": "Ann. " * 390, "day": "maandag"})
    expected = {("talk", "nl-NL", 2)}
    assert expected == {(talk["action"], talk["language"], talk["style"]) for talk in talks}
    assert all(len(talk["text"]) <= 1500 for talk in talks)


@pytest.mark.parametrize("day", [{}, {"day": ""}, {"day": " \t"}, {"day": "\x07"}])
def test_a_missing_or_blank_value_is_a_problem(day: dict[str, str]) -> None:
    """A value that nobody would hear counts as missing, and is named with its field."""
    expected = [("variables.day", "the text needs a value for 'day'")]
    assert expected == problems(SCRIPT, {"NAME": "Ann", **day})
    assert [name.removeprefix("variables.") for name, _ in expected] == SCRIPT.check({"name": "Ann", **day})


def test_nothing_missing_is_no_problem() -> None:
    """A call whose variables are complete has no problems."""
    assert not problems(SCRIPT, {"name": "Ann", "day": "maandag"})


@given(st.text(), st.text())
def test_no_value_breaks_out_of_the_ncco(name: str, day: str) -> None:
    """Whatever the values, the NCCO can be sent as UTF-8 JSON and has talk actions of four fields only."""
    sent = json.dumps(ncco(SCRIPT, {"name": name, "day": day}), ensure_ascii=False).encode()
    expected = {"action", "text", "language", "style"}
    assert all(expected == set(talk) and talk["action"] == "talk" for talk in json.loads(sent))


URLS = Urls("https://example.com/webhooks/token")
KEYS: dict[str, Any] = {"confirm_key": "1", "repeat_key": "2", "opt_out_key": "9"}
NAMED = {"name": "Ann", "day": "maandag"}


def script_of(**fields: Any) -> NotificationScript:
    """A Dutch script with a text and these fields."""
    return NotificationScript.from_dict({"text": "Er is post."} | fields, default_language="nl-NL")


def said(script: NotificationScript, at: str = "0") -> list[str]:
    """What is heard from a position on."""
    wire = to_wire(render(script.call_script, NAMED, URLS, at=Position.parse(at)).actions, "today")
    assert not wire or [] == problems_of(wire)
    return [each["text"] for each in wire if each["action"] == "talk"]


def pressing(script: NotificationScript, digits: str | None, at: str = "0") -> str:
    """Where the call goes on after these keys."""
    return str(reply(script.call_script, Position.parse(at), digits, timed_out=not digits).position)


def test_a_full_script_survives_json() -> None:
    """All fields are written as JSON and read back the same; what has its default is not written."""
    fields: dict[str, Any] = KEYS | {
        "text": "Hallo {{ name }}", "language": "fi-FI", "style": 1, "voicemail_text": "v", "confirm_text": "c",
        "opt_out_text": "o", "keys_text": "", "no_input": 0, "wrong_key_text": "w", "barge_in": False,
        "machine_detection": "continue",
    }  # fmt: skip
    script = NotificationScript.from_dict(fields, default_language="nl-NL")
    assert fields == script.to_dict()
    assert script == NotificationScript.from_dict(json.loads(json.dumps(script.to_dict())), default_language="xx")
    assert {"text", "language", "style"} == set(script_of().to_dict())


def test_the_variables_of_all_texts_are_needed() -> None:
    """Each text that may be heard needs its values."""
    texts = ("text", "voicemail_text", "confirm_text", "opt_out_text", "wrong_key_text", "keys_text")
    fields = KEYS | {name: f"{{{{ {name} }}}}" for name in texts} | {"machine_detection": "continue"}
    assert set(texts) == script_of(**fields).variables()


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("Er is post.", "nl-NL", ["1 om te bevestigen", "2 om dit bericht", "9 als u niet"]),
        ("Er is post. Druk op 1 om te bevestigen.", "nl-NL", ["2 om dit bericht", "9 als u niet"]),
        ("Post. Press 1, 2 or 9.", "en-GB", []),
        ("Post.", "de-AT", ["1, um zu best", "2, um diese", "9, wenn Sie"]),
        ("Courrier.", "fr-FR", ["1 pour confirmer", "2 pour", "9 si vous"]),
    ],
)
def test_the_keys_are_told(text: str, language: str, told: list[str]) -> None:
    """What the text does not say about its keys, we say, in its language."""
    whole = " ".join(said(script_of(text=text, language=language, **KEYS))[1:])
    assert all(each in whole for each in told)
    assert len(told) == whole.count(".")


@pytest.mark.parametrize(("keys_text", "heard"), [("Pres. {{ day }}", ["x", "Pres. maandag"]), ("", ["x"])])
def test_own_words_for_the_keys_go_before_ours(keys_text: str, heard: list[str]) -> None:
    """A text that tells the keys is said instead; an empty one says that the text does."""
    assert heard == said(script_of(text="x", keys_text=keys_text, **KEYS))


def test_star_and_hash_are_called_by_name() -> None:
    """A key that is no digit is told as people call it."""
    assert ["Er is post.", "Toets sterretje om te bevestigen."] == said(script_of(confirm_key="*"))


def test_a_confirmation_is_spoken_and_marked() -> None:
    """The confirm key leads to the confirmation, and only it marks the attempt."""
    script = script_of(confirm_key="1", confirm_text="Mooi, {{ name }}.")
    assert ["Mooi, Ann."] == said(script, pressing(script, "1"))
    assert {CONFIRMED} == render(script.call_script, NAMED, URLS, at=Position.parse("0.k1.0")).marks
    assert not render(script.call_script, NAMED, URLS).marks


def test_an_opt_out_is_spoken_and_marked() -> None:
    """The opt-out key leads to our own words where there are no others."""
    script = script_of(opt_out_key="*")
    assert ["Uw nummer wordt niet meer gebeld."] == said(script, pressing(script, "*"))
    assert {OPTED_OUT} == render(script.call_script, NAMED, URLS, at=Position.parse("0.ks.0")).marks


def test_the_repeat_key_says_all_again() -> None:
    """Text and question are heard once more."""
    script = script_of(repeat_key="2")
    assert "0~2" == pressing(script, "2")
    assert said(script) == said(script, "0~2")


@pytest.mark.parametrize(("no_input", "at", "position"), [(1, "0", "0~2-1"), (1, "0~2-1", "0.n.0"), (0, "0", "0.n.0")])
def test_silence_is_asked_again_so_often(no_input: int, at: str, position: str) -> None:
    """Without a key the question comes again `no_input` times, and then the call ends."""
    assert position == pressing(script_of(confirm_key="1", no_input=no_input), None, at)
    assert [] == said(script_of(confirm_key="1"), "0.n.0")
    assert ["0~2-1", "0.n.0"] == [pressing(script_of(confirm_key="1"), None, each) for each in ("0", "0~2-1")]


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"wrong_key_text": "Fout."}, "Fout."),
        ({}, "Die toets kan hier niet worden gekozen."),
        ({"language": "fi-FI", "keys_text": "k", "confirm_text": "c"}, "Er is post."),
    ],
)
def test_a_wrong_key_is_told_and_asked_again(fields: dict[str, Any], first: str) -> None:
    """Own words, else ours, else none come before the question, also where silence ends it."""
    script = script_of(confirm_key="1", no_input=0, **fields)
    assert first == said(script, pressing(script, "5"))[0]
    assert "0.w.0" == pressing(script, "5", "0~2-1")
    patient = script_of(confirm_key="1", no_input=2, **fields)
    assert "0~3-2" == pressing(patient, "5", "0~2-1").replace(".sw.0", "")


@pytest.mark.parametrize("barge_in", [True, False])
def test_barge_in_is_as_told(*, barge_in: bool) -> None:
    """A key ends the speech, unless it is to be heard to its end."""
    actions = render(script_of(confirm_key="1", barge_in=barge_in).call_script, {}, URLS).actions
    wire = to_wire(actions, "2018")
    assert [barge_in] * 2 == [each.get("bargeIn", False) for each in wire if each["action"] == "talk"]


def test_a_voicemail_hears_its_own_text() -> None:
    """A machine is told its text and asked nothing."""
    script = script_of(confirm_key="1", voicemail_text="Bel ons, {{ name }}.", machine_detection="continue")
    assert ["Bel ons, Ann."] == said(script, str(VOICEMAIL))
    assert "continue" == script.call_script.machine_detection


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"style": 1}, "script.style"),
        ({"language": "fi-FI"}, "script.language"),
        ({"language": "nl-NL", "style": 44}, "script.style"),
    ],
)
def test_a_voice_that_the_carrier_does_not_have_is_named(fields: dict[str, Any], field: str) -> None:
    """The voice is checked against the carrier's generation before anybody is called."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field):
        script_of(**fields).check_voice("2018")
    script_of().check_voice("2018")


def test_ssml_needs_a_voice_that_reads_it() -> None:
    """A voice that would read the tags aloud is refused, at the text."""
    script = script_of(language="nl-BE", style=1, keys_text="<speak>x</speak>", confirm_key="1")
    with pytest.raises(InvalidInput, check=lambda error: error.field == "script.keys_text"):
        script.check_voice("today")


@given(st.text(), st.text(), st.sampled_from(["0", "0~3", "0.k1.0", "0.k9.0", "0.sw.0~2", "v.0"]))
def test_no_value_breaks_any_way_through_a_full_script(name: str, day: str, at: str) -> None:
    """Whatever the values, each way gives a valid NCCO of talks and at most one input."""
    text = "<speak>{{ name }} <sub alias='{{ day }}'>x</sub></speak>"
    fields = KEYS | {"text": text, "confirm_text": "{{ name }}", "keys_text": "{{ day }}", "voicemail_text": text}
    script = script_of(**fields, wrong_key_text="{{ name }}", machine_detection="continue")
    found = render(script.call_script, {"name": name, "day": day}, URLS, at=Position.parse(at))
    wire = json.loads(json.dumps(to_wire(found.actions, "2018"), ensure_ascii=False).encode())
    assert not wire or [] == problems_of(wire)
    expected = ["input"] if at in {"0", "0~3", "0.sw.0~2"} else []
    assert expected == [each["action"] for each in wire if each["action"] != "talk"]
