"""What no values, no replies and no script may do: break the actions, add to them, or go on for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.ncco import Generation, to_wire
from dialer.scripts import MAX_ASKED, START, CallScript, Position, Rendered, Urls, render, reply
from dialer.scripts.checks import MAX_DEPTH
from dialer.scripts.steps import MAX_STEPS
from tests.fakes.hostile import HOSTILE
from tests.unit.ncco_schema import problems_of

URLS = Urls("https://example.com/webhooks/token")
URL = "https://example.com/x.mp3"
NAMES = ("a", "b")
TAME = dict.fromkeys(NAMES, "x")
TEXTS = st.sampled_from([
    "Hello",
    "{{ a }}",
    "Hi {{ a }}, {{ b }}.",
    '<speak>Hi {{ a }} <sub alias="{{ b }}">{{ a }}</sub></speak>',
    "<speak><prosody rate='{{ a }}'><p>{{ b }}</p></prosody></speak>",
    "<speak><lang xml:lang=\"fr-FR\"><say-as interpret-as='{{ a }}'>{{ b }}</say-as></lang></speak>",
])  # fmt: skip
VALUES = st.fixed_dictionaries(dict.fromkeys(NAMES, HOSTILE))
DIGITS = st.none() | st.sampled_from("129*#") | st.text("0123456789*#", max_size=3) | st.text(max_size=5)

SAY = st.fixed_dictionaries({"do": st.just("say"), "text": TEXTS}) | st.fixed_dictionaries(
    {"do": st.just("say"), "text": TEXTS, "language": st.just("en-US"), "style": st.sampled_from([0, 1, 3, 4])}
)
PROMPT = SAY | st.just({"do": "play", "url": URL})
PROMPTS = st.lists(PROMPT, max_size=2)
OTHER = st.sampled_from([
    {"do": "record"}, {"do": "record", "end_on_key": "#", "split": True}, {"do": "stop"},
    {"do": "join", "conference": "x", "moderator": False, "music_on_hold_url": URL, "mute": True},
    {"do": "connect", "endpoint": {"type": "phone", "number": "+31201234567"}, "caller_id": "+31207654321"},
    {"do": "connect", "endpoint": {"type": "sip", "uri": "sip:a@example.com"}},
    {"do": "connect", "endpoint": {"type": "websocket", "uri": "wss://example.com/x"}},
])  # fmt: skip
MARK = st.sampled_from([{"do": "confirm"}, {"do": "opt_out"}])


def questions(steps: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Questions whose branches hold such steps."""
    otherwise = st.fixed_dictionaries({"repeat": st.integers(0, 9), "say": PROMPTS, "then": steps})
    return st.fixed_dictionaries({
        "do": st.just("ask"),
        "prompt": st.lists(PROMPT, min_size=1, max_size=2),
        "keys": st.dictionaries(st.sampled_from("12*#"), steps, min_size=1, max_size=2),
        "repeat_key": st.none() | st.just("9"),
        "no_input": otherwise,
        "wrong_key": otherwise,
        "barge_in": st.booleans(),
    })  # fmt: skip


LEAVES = st.lists(PROMPT | OTHER | MARK, max_size=2)
BRANCHES = st.lists(PROMPT | OTHER | MARK | questions(LEAVES), max_size=2)
SCRIPTS = st.builds(
    lambda steps, voicemail: CallScript.from_dict(
        {"steps": steps, "voicemail": voicemail, "machine_detection": "continue"}, default_language="nl-NL"
    ),
    st.lists(PROMPT | questions(BRANCHES), min_size=1, max_size=3).filter(lambda steps: _count(steps) <= MAX_STEPS - 2),
    PROMPTS,
)


def _count(value: Any) -> int:
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ("do" in value if isinstance(value, dict) else 0) + sum(map(_count, inner))


def play(script: CallScript, values: dict[str, str], replies: Sequence[str | None]) -> list[Rendered]:
    """All that the carrier is told in a call, in which these replies come one after the other."""
    told = [render(script, values, URLS)]
    position = START
    for digits in replies:
        asking = [action for action in told[-1].actions if action.action == "input"]
        if not asking:
            break
        (url,) = asking[-1].event_url or ("",)
        position = reply(script, Position.parse(url.rpartition("/")[2]), digits, timed_out=not digits).position
        told.append(render(script, values, URLS, at=Position.parse(str(position))))
    return told


@settings(max_examples=100)
@given(SCRIPTS, VALUES, st.lists(DIGITS, max_size=6), st.sampled_from(["2018", "today"]))
def test_no_value_breaks_what_the_carrier_is_told(
    script: CallScript, values: dict[str, str], replies: list[str | None], generation: Generation
) -> None:
    """On every way through any script, the actions are valid, are JSON in UTF-8, and their SSML is well-formed."""
    for each in play(script, values, replies):
        wire = to_wire(each.actions, generation)
        assert wire == json.loads(json.dumps(wire, ensure_ascii=False).encode())
        assert not wire or [] == problems_of(wire)
        texts = [action["text"] for action in wire if action["action"] == "talk"]
        assert {"speak"} >= {ET.fromstring(text).tag for text in texts if "<" in text}  # noqa: S314 - under test


@settings(max_examples=100)
@given(SCRIPTS, VALUES, st.lists(DIGITS, max_size=6))
def test_no_value_adds_or_changes_an_action(
    script: CallScript, values: dict[str, str], replies: list[str | None]
) -> None:
    """Values change texts only: the same actions with the same fields, the same addresses and the same marks."""
    hostile, tame = play(script, values, replies), play(script, TAME, replies)
    assert len(tame) == len(hostile)
    for expected, found in zip(tame, hostile, strict=True):
        assert expected.marks == found.marks
        wires = [to_wire(way.actions, "today") for way in (expected, found)]
        silent = [[each for each in wire if each["action"] != "talk"] for wire in wires]
        assert silent[0] == silent[1]
        spoken = [{tuple(sorted(each)) for each in wire if each["action"] == "talk"} for wire in wires]
        assert spoken[0] >= spoken[1]


@settings(max_examples=100)
@given(SCRIPTS, st.data())
def test_no_replies_keep_a_call_going(script: CallScript, data: st.DataObject) -> None:
    """However somebody presses keys, each question is asked a bounded number of times, and the call ends."""
    most = MAX_STEPS * MAX_ASKED
    stubborn = data.draw(st.lists(DIGITS, min_size=1, max_size=4)) * most
    told = play(script, TAME, stubborn)
    assert len(told) <= most
    assert all(action.action != "input" for action in told[-1].actions)


@given(SCRIPTS)
def test_any_script_survives_json(script: CallScript) -> None:
    """A script written as JSON is read back the same."""
    assert script == CallScript.from_dict(json.loads(json.dumps(script.to_dict())), default_language="xx-XX")


@given(SCRIPTS, st.text("0123456789knsvwh.~", max_size=24) | st.text(max_size=12))
def test_a_hostile_position_is_rendered_or_refused(script: CallScript, text: str) -> None:
    """Whatever stands in the address, it leads to actions of this script or to invalid input, and never elsewhere."""
    try:
        position = Position.parse(text)
        found = render(script, TAME, URLS, at=position)
    except Exception as error:  # noqa: BLE001 - which one it is, is what is tested
        assert getattr(error, "field", None) == "position"  # noqa: PT017 - it may also be rendered
    else:
        assert text.removesuffix("~1") == str(position)
        assert len(found.actions) <= MAX_STEPS * 2


def test_positions_stay_short() -> None:
    """The deepest position there can be fits into an address with room to spare."""
    deepest = ".".join(["49", *[f"k{'9' * 20}.49"] * (MAX_DEPTH - 1)]) + f"~{MAX_ASKED}"
    assert deepest == str(Position.parse(deepest))
    assert len(deepest) < 128
