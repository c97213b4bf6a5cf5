from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.notification import NotificationScript, ncco, problems

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
    ],
)
def test_a_wrong_script_is_refused_by_field(fields: dict[str, Any], field: str) -> None:
    """Each wrong, missing or unknown field is named."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field):
        NotificationScript.from_dict(fields, default_language="nl-NL")


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
