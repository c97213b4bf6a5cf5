from __future__ import annotations

from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.ncco import Generation, to_wire
from dialer.scripts import CONFIRMED, OPTED_OUT, START, VOICEMAIL, CallScript, Mark, Position, Urls, render
from tests.unit.ncco_schema import problems_of

HOOKS = "https://example.com/webhooks/token"
URLS = Urls(HOOKS)
URL = "https://example.com/x.mp3"
DUTCH = {"language": "nl-NL", "style": 0}


def say(text: str) -> dict[str, Any]:
    """A step that speaks."""
    return {"do": "say", "text": text}


def talk(text: str, **more: Any) -> dict[str, Any]:
    """What the carrier gets for it."""
    return {"action": "talk", "text": text, **DUTCH, **more}


def asked(position: str, **keys: Any) -> dict[str, Any]:
    """The carrier's action for a question."""
    wanted = {"timeOut": 5, "maxDigits": 1, "submitOnHash": False} | keys
    return {"action": "input", "type": ["dtmf"], "dtmf": wanted, "eventUrl": [f"{HOOKS}/reply/{position}"]}


def rendered(
    *steps: dict[str, Any], at: Position = START, generation: Generation = "today", **fields: Any
) -> tuple[list[dict[str, Any]], frozenset[Mark]]:
    """The actions of a script, which the published schema takes, and its marks."""
    script = CallScript.from_dict({"steps": list(steps), **fields}, default_language="nl-NL")
    found = render(script, {"name": "Ann"}, URLS, at=at)
    wire = to_wire(found.actions, generation)
    assert not wire or [] == problems_of(wire)
    return wire, found.marks


def actions(*steps: dict[str, Any], at: str = "0", **fields: Any) -> list[dict[str, Any]]:
    """The actions alone."""
    return rendered(*steps, at=Position.parse(at), **fields)[0]


@pytest.mark.parametrize(
    ("step", "wire"),
    [
        (say("Hi {{ name }}"), [talk("Hi Ann")]),
        (say("Hi") | {"style": 4}, [talk("Hi") | {"style": 4}]),
        (say("Hi") | {"language": "en-US"}, [talk("Hi") | {"language": "en-US"}]),
        (say("Hi") | {"language": "en-US", "premium": True}, [talk("Hi") | {"language": "en-US", "premium": True}]),
        ({"do": "play", "url": URL}, [{"action": "stream", "streamUrl": [URL]}]),
        (
            {"do": "play", "url": URL, "loop": 2},
            [{"action": "stream", "streamUrl": [URL], "loop": 2, "level": 0}],
        ),
        (
            {"do": "record"},
            [{"action": "record", "format": "mp3", "beepStart": False, "eventUrl": [f"{HOOKS}/event"]}],
        ),
        (
            {"do": "record", "format": "wav", "end_on_silence_s": 3, "end_on_key": "#", "timeout_s": 60, "beep": True,
             "split": True},
            [{"action": "record", "format": "wav", "split": "conversation", "endOnSilence": 3, "endOnKey": "#",
              "timeOut": 60, "beepStart": True, "eventUrl": [f"{HOOKS}/event"]}],
        ),
        (
            {"do": "connect", "endpoint": {"type": "phone", "number": "+31201234567", "dtmf_answer": "1p"},
             "caller_id": "+31207654321", "timeout_s": 30, "machine_detection": "hangup", "ringback_url": URL},
            [{"action": "connect", "endpoint": [{"type": "phone", "number": "31201234567", "dtmfAnswer": "1p"}],
              "from": "31207654321", "timeout": 30, "limit": 7200, "machineDetection": "hangup", "ringbackTone": URL,
              "eventUrl": [f"{HOOKS}/leg"]}],
        ),
        (
            {"do": "connect", "endpoint": {"type": "phone", "number": "+31201234567"}},
            [{"action": "connect", "endpoint": [{"type": "phone", "number": "31201234567"}], "timeout": 60,
              "limit": 7200, "eventUrl": [f"{HOOKS}/leg"]}],
        ),
        (
            {"do": "play", "url": URL, "level": 0.5},
            [{"action": "stream", "streamUrl": [URL], "loop": 1, "level": 0.5}],
        ),
        ({"do": "stop"}, []),
    ],
)  # fmt: skip
def test_a_step_becomes_its_actions(step: dict[str, Any], wire: list[dict[str, Any]]) -> None:
    """Each step is told to the carrier with all it has, reporting to the attempt's own addresses."""
    assert wire == actions(step)


@pytest.mark.parametrize(
    ("fields", "starts", "ends"),
    [
        ({}, True, False),
        ({"moderator": True}, True, True),
        ({"moderator": False}, False, False),
        ({"moderator": True, "end_on_exit": False}, True, False),
        ({"start_on_enter": False, "end_on_exit": True}, False, True),
    ],
)
def test_who_moderates_starts_and_ends_a_conference(fields: dict[str, Any], *, starts: bool, ends: bool) -> None:
    """A moderator starts and ends it, the others wait for one; without any, everyone may begin."""
    (wire,) = actions({"do": "join", "conference": "x"} | fields)
    assert (starts, ends) == (wire["startOnEnter"], wire["endOnExit"])


def test_a_conference_is_joined_with_all_that_was_told() -> None:
    """Music, recording and muting are passed on; who is not muted is not said to be."""
    told = {"do": "join", "conference": "x", "music_on_hold_url": URL, "record": True}
    expected = {"action": "conversation", "name": "x", "musicOnHoldUrl": [URL], "startOnEnter": True,
                "endOnExit": False, "record": True, "eventUrl": [f"{HOOKS}/event"]}  # fmt: skip
    assert [expected] == actions(told)
    assert [expected | {"mute": True}] == actions(told | {"mute": True})


ASK = {
    "do": "ask",
    "prompt": [say("Press 1"), {"do": "play", "url": URL}],
    "keys": {
        "1": [say("one")],
        "#": [],
        "2": [{"do": "ask", "prompt": [say("Sure?")], "keys": {"*": [{"do": "confirm"}]}}, say("two")],
        "9": [{"do": "opt_out"}, say("nine"), {"do": "stop"}],
    },
    "no_input": {"say": [say("Nothing?")], "then": [say("none")]},
    "wrong_key": {"then": [{"do": "stop"}]},
}
LISTENED = [talk("Press 1", bargeIn=True), {"action": "stream", "streamUrl": [URL], "bargeIn": True}]


def test_a_question_is_a_prompt_and_an_input() -> None:
    """What comes before is said; the prompt can be interrupted; the input reports to its position; the rest waits."""
    assert [talk("Hi"), *LISTENED, asked("1")] == actions(say("Hi"), ASK, say("Bye"))


def test_a_question_without_barge_in_is_heard_to_its_end() -> None:
    """Nothing interrupts the prompt."""
    step = ASK | {"barge_in": False, "prompt": [say("Press 1")]}
    assert [talk("Press 1"), asked("0")] == actions(step)


@pytest.mark.parametrize("most", [2, 4])
def test_several_digits_end_with_a_hash(most: int) -> None:
    """More than one digit is sent on with #, or when the time is over."""
    step = {"do": "ask", "prompt": [say("Pin?")], "keys": {"12": []}, "max_digits": most, "timeout_s": 9}
    assert [talk("Pin?", bargeIn=True), asked("0", timeOut=9, maxDigits=most, submitOnHash=True)] == actions(step)


@pytest.mark.parametrize(
    ("at", "wire"),
    [
        ("1.k1.0", [talk("one"), talk("Bye")]),
        ("1.k1.1", [talk("Bye")]),
        ("1.kh.0", [talk("Bye")]),
        ("1.k2.0", [talk("Sure?", bargeIn=True), asked("1.k2.0")]),
        ("1.k2.0.ks.0", [talk("two"), talk("Bye")]),
        ("1.k2.0.ks.1", [talk("two"), talk("Bye")]),
        ("1.k9.0", [talk("nine")]),
        ("1.n.0", [talk("none"), talk("Bye")]),
        ("1.w.0", []),
        ("1.sn.0~2", [talk("Nothing?"), *LISTENED, asked("1~2")]),
        ("1.sw.0~3", [*LISTENED, asked("1~3")]),
        ("1~2", [*LISTENED, asked("1~2")]),
        ("2", [talk("Bye")]),
        ("3", []),
    ],
)
def test_the_call_goes_on_at_a_position(at: str, wire: list[dict[str, Any]]) -> None:
    """A branch is followed by what follows its question; what is said before asking again, by the question."""
    assert wire == actions(say("Hi"), ASK, say("Bye"), at=at)


@pytest.mark.parametrize(("at", "marks"), [("0", set()), ("0.k9.0", {OPTED_OUT}), ("0.k2.0.ks.0", {CONFIRMED})])
def test_marks_are_told_with_the_branch_they_stand_in(at: str, marks: set[Mark]) -> None:
    """Only what is reached is marked."""
    assert marks == rendered(ASK, at=Position.parse(at))[1]


def test_a_voicemail_hears_its_own_steps() -> None:
    """The steps for a machine are rendered from a position of their own."""
    fields: dict[str, Any] = {"voicemail": [say("Call us back")], "machine_detection": "continue"}
    assert [talk("Call us back")] == rendered(ASK, at=VOICEMAIL, **fields)[0]
    assert [] == rendered(ASK, at=VOICEMAIL)[0]


def test_2018_hears_the_same_by_other_names() -> None:
    """The older generation gets voice names and flat inputs."""
    prompt, wanted = rendered(ASK | {"prompt": [say("Press 1")]}, generation="2018")[0]
    assert {"action": "talk", "text": "Press 1", "voiceName": "Lotte", "bargeIn": True} == prompt
    assert {"timeOut": 5, "maxDigits": 1, "submitOnHash": False} == {
        name: wanted[name] for name in ("timeOut", "maxDigits", "submitOnHash")
    }


@pytest.mark.parametrize("text", ["", "x", "-1", "00", "100", "\u0661", "0.k1", "0.k1.0~11", "0~0", "0.k#.0", "0.0",
                                  "0~11", "0~2-2", "0~1-1",
                                  "v", "v.0.k1.0", "../event", "0.k1.0" + ".k1.0" * 9, "0\n"])  # fmt: skip
def test_what_is_no_position_is_refused(text: str) -> None:
    """A hostile address is invalid input, whether it is malformed or leads nowhere."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "position"):
        rendered(say("Hi"), at=Position.parse(text))


@pytest.mark.parametrize("text", ["2", "0.k1.0", "1.k1.0", "99", "v.1"])
def test_a_position_of_another_script_is_refused(text: str) -> None:
    """A position that this script does not have is invalid input."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "position"):
        rendered(say("Hi"), at=Position.parse(text))


def test_replies_come_back_to_the_script_that_asked() -> None:
    """Where a call has more than one script, the address tells which."""
    script = CallScript.from_dict({"steps": [ASK]}, default_language="nl-NL")
    urls = Urls(HOOKS, "late")

    (wire,) = to_wire([each for each in render(script, {}, urls).actions if each.action == "input"], "today")
    assert [f"{HOOKS}/reply/late:0"] == wire["eventUrl"]


@pytest.mark.parametrize("may", [True, False])
def test_whom_nobody_may_connect_to_is_passed_over(*, may: bool) -> None:
    """As if he had not answered: the call goes on with what follows."""
    connect = {"do": "connect", "endpoint": {"type": "phone", "number": "+31201234567"}}
    script = CallScript.from_dict({"steps": [connect, say("Bye")]}, default_language="nl-NL")

    rendered = render(script, {}, URLS, passed_over=lambda _: not may)
    assert ["connect", "talk"][not may :] == [action.action for action in rendered.actions]


def test_a_missing_value_is_named() -> None:
    """Only what is said now needs its values."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "variables"):
        actions(say("{{ missing }}"))
    assert actions(say("Hi"), ASK | {"no_input": {"then": [say("{{ missing }}")]}})
