from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.providers.kpn.events import decode_query
from dialer.scripts import MAX_ASKED, CallScript, Position, Pressed, pressed, read_input, reply
from tests.unit.ncco_schema import DATA

HELLO = {"do": "say", "text": "Hello"}
ASK: dict[str, Any] = {"do": "ask", "prompt": [HELLO], "keys": {"1": [HELLO], "*": []}, "repeat_key": "#"}
SAID: dict[str, Any] = {"no_input": {"repeat": 2, "say": [HELLO]}, "wrong_key": {"repeat": 1, "say": [HELLO]}}


def script_of(**fields: Any) -> CallScript:
    """A script of one question after a greeting."""
    return CallScript.from_dict({"steps": [HELLO, ASK | fields]}, default_language="nl-NL")


def goes_on(digits: str | None, *, at: str = "1", timed_out: bool = False, **fields: Any) -> str:
    """Where the call goes on after these digits."""
    return str(reply(script_of(**fields), Position.parse(at), digits, timed_out=timed_out).position)


@pytest.mark.parametrize(
    ("digits", "at", "position"),
    [
        ("1", "1", "1.k1.0"),
        ("1", "1~3", "1.k1.0"),
        ("*", "1", "1.ks.0"),
        ("#", "1", "1~2"),
        ("#", f"1~{MAX_ASKED - 1}", f"1~{MAX_ASKED}"),
        ("#", f"1~{MAX_ASKED}", "1.n.0"),
        (None, "1", "1~2-1"),
        ("", "1", "1~2-1"),
        (None, "1~2-1", "1.n.0"),
        ("5", "1", "1~2-1"),
        ("5", "1~2", "1~3-1"),
        ("5", "1~2-1", "1.w.0"),
        ("#", "1~2-1", "1~3-1"),
        ("11", "1", "1~2-1"),
        ("one", "1~2-1", "1.w.0"),
        (None, f"1~{MAX_ASKED}", "1.n.0"),
    ],
)
def test_the_key_decides_where_it_goes_on(digits: str | None, at: str, position: str) -> None:
    """A key leads to its steps; silence and wrong keys ask again so often, the repeat key as often as is sensible."""
    assert position == goes_on(digits, at=at)


@pytest.mark.parametrize(
    ("digits", "at", "position"),
    [(None, "1", "1.sn.0~2-1"), (None, "1~2-1", "1.sn.0~3-2"), (None, "1~3-2", "1.n.0"), ("5", "1", "1.sw.0~2-1")],
)
def test_something_may_be_said_before_asking_again(digits: str | None, at: str, position: str) -> None:
    """What is to be said comes first, and the count goes on."""
    assert position == goes_on(digits, at=at, **SAID)


@pytest.mark.parametrize(
    ("digits", "timed_out", "position"),
    [("", True, "1~2-1"), ("", False, "1.w.0"), ("12", True, "1.k12.0"), ("12", False, "1.k12.0")],
)
def test_a_lone_hash_is_a_wrong_key(digits: str, *, timed_out: bool, position: str) -> None:
    """Where # ends several digits, pressing only it is no silence; digits count also when the time ran out."""
    fields: dict[str, Any] = {"keys": {"12": []}, "max_digits": 2, "repeat_key": None, "wrong_key": {"repeat": 0}}
    assert position == goes_on(digits, timed_out=timed_out, **fields)


@pytest.mark.parametrize(
    ("digits", "keys"), [("1", {"1"}), ("77", {"77"}), ("x", set()), (None, set()), ("1" * 21, set())]
)
def test_what_was_pressed_is_told(digits: str | None, keys: set[str]) -> None:
    """Keys are marked with their question, also wrong ones; other text never is."""
    found = reply(script_of(), Position.parse("1~2"), digits, timed_out=False)
    assert {pressed("1", each) for each in keys} == found.marks


@pytest.mark.parametrize("at", ["0", "2", "1.k1.0", "1.k7.0", "0.k1.0"])
def test_only_a_question_can_be_replied_to(at: str) -> None:
    """A position without a question is invalid input."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "position"):
        goes_on("1", at=at)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"dtmf": "1234", "timed_out": False}, Pressed("1234", timed_out=False)),
        ({"dtmf": "", "timed_out": True}, Pressed(None, timed_out=True)),
        ({"dtmf": {"digits": "12", "timed_out": True}}, Pressed("12", timed_out=True)),
        ({"dtmf": {"digits": None, "timed_out": "true"}}, Pressed(None, timed_out=True)),
        (decode_query({"dtmf": "7", "timed_out": "1"}), Pressed("7", timed_out=True)),
        (decode_query({"dtmf": '{"digits":"7","timed_out":false}'}), Pressed("7", timed_out=False)),
        ({"speech": {"results": []}}, Pressed(None, timed_out=False)),
        ({"dtmf": 5, "timed_out": []}, Pressed(None, timed_out=False)),
        ({}, Pressed(None, timed_out=False)),
    ],
)
def test_keys_are_read_from_either_generation(payload: dict[str, Any], told: Pressed) -> None:
    """The digits stand beside or within `dtmf`, and everything may be missing."""
    assert told == read_input(payload)


def test_the_events_of_the_sdks_are_read() -> None:
    """Each published input event with keys gives its keys."""
    payloads = [json.loads(path.read_text()) for path in sorted((DATA / "payloads").rglob("webhooks/*.json"))]
    inputs = [each for each in payloads if isinstance(each, dict) and isinstance(each.get("dtmf"), dict)]
    assert inputs
    assert [each["dtmf"]["digits"] or None for each in inputs] == [read_input(each).digits for each in inputs]


@given(st.dictionaries(st.sampled_from(["dtmf", "timed_out"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["digits", "timed_out"]), inner))))  # fmt: skip
def test_reading_keys_is_total(payload: dict[str, Any]) -> None:
    """Whatever stands in an event, it is read."""
    assert isinstance(read_input(payload), Pressed)


@given(st.none() | st.text(), st.booleans(), st.integers(1, MAX_ASKED))
def test_replying_is_total(digits: str | None, timed_out: object, tries: int) -> None:
    """Whatever stands where digits should be, there is a next position, and its text is read back the same."""
    found = reply(script_of(**SAID), Position("1", tries), digits, timed_out=bool(timed_out))
    assert found.position == Position.parse(str(found.position))
    assert str(found.position).strip("0123456789knsw.~-") == ""
