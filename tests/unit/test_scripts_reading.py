from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from dialer.errors import InvalidInput
from dialer.scripts import Ask, CallScript, Connect, Say

HELLO = {"do": "say", "text": "Hello"}
URL = "https://example.com/x.mp3"
ASK: dict[str, Any] = {"do": "ask", "prompt": [HELLO], "keys": {"1": [{"do": "confirm"}]}}
PHONE: dict[str, Any] = {"do": "connect", "endpoint": {"type": "phone", "number": "+31201234567"}}


def read(*steps: dict[str, Any], **fields: Any) -> CallScript:
    """A Dutch script of these steps."""
    return CallScript.from_dict({"steps": list(steps), **fields}, default_language="nl-NL")


def nested(depth: int) -> dict[str, Any]:
    """A question in a question, so many lists deep."""
    inner = HELLO
    for _ in range(depth - 1):
        inner = ASK | {"keys": {"1": [inner]}}
    return inner


EVERYTHING: dict[str, Any] = {
    "language": "en-US",
    "style": 2,
    "premium": True,
    "machine_detection": "continue",
    "voicemail": [HELLO, {"do": "play", "url": URL}],
    "steps": [
        {"do": "say", "text": "<speak>Hi {{ name }}</speak>", "language": "nl-NL", "style": 4, "premium": False},
        {"do": "play", "url": URL, "loop": 2, "level": -0.5},
        {
            "do": "ask",
            "prompt": [HELLO, {"do": "play", "url": URL}],
            "keys": {"12": [{"do": "confirm"}], "*": [{"do": "opt_out"}, {"do": "stop"}]},
            "repeat_key": "9",
            "no_input": {"repeat": 0, "say": [HELLO], "then": [{"do": "stop"}]},
            "wrong_key": {"repeat": 9, "say": [HELLO], "then": [HELLO]},
            "max_digits": 2,
            "timeout_s": 10,
            "barge_in": False,
        },
        {"do": "record", "format": "wav", "end_on_silence_s": 3, "end_on_key": "#", "timeout_s": 60, "beep": True,
         "split": True},
        PHONE | {"caller_id": "+31207654321", "timeout_s": 30, "limit_s": 600, "machine_detection": "hangup",
                 "ringback_url": URL},
        {"do": "connect", "endpoint": {"type": "sip", "uri": "sip:a@example.com", "headers": {"a": "b"}}},
        {"do": "connect", "endpoint": {"type": "phone", "number": "31201234567", "dtmf_answer": "1p"}},
        {"do": "connect", "endpoint": {"type": "websocket", "uri": "wss://example.com/x"}},
        {"do": "join", "conference": "standup", "moderator": True, "music_on_hold_url": URL, "start_on_enter": False,
         "end_on_exit": False, "mute": True, "record": True},
    ],
}  # fmt: skip


def test_a_script_survives_json() -> None:
    """A script with every step and field is read, written as JSON and read back the same."""
    script = CallScript.from_dict(EVERYTHING, default_language="nl-NL")
    assert script == CallScript.from_dict(json.loads(json.dumps(script.to_dict())), default_language="xx")


def test_what_is_not_given_is_not_stored() -> None:
    """A script is kept with each campaign, or each call: nothing of it is null."""
    written = json.dumps(CallScript.from_dict(EVERYTHING, default_language="nl-NL").to_dict())
    assert "null" not in written
    assert "null" not in json.dumps(read(HELLO).to_dict())


def test_what_is_left_out_has_a_default() -> None:
    """A script needs steps only; its language is the default one."""
    expected = CallScript(language="nl-NL", steps=(Say(read(HELLO).steps[0].text),))  # type: ignore[union-attr]
    assert expected == read(HELLO, language=None)


def test_the_shape_of_a_script_can_be_published() -> None:
    """The rim can derive a JSON schema from the same types."""
    schema = TypeAdapter(CallScript).json_schema()
    assert {"type": "string"} == {"type": schema["$defs"]["Say"]["properties"]["text"]["type"]}
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "steps"),
        ({"steps": []}, "steps"),
        ({"steps": HELLO}, "steps"),
        ({"steps": [HELLO], "step": []}, "step"),
        ({"steps": [HELLO], "language": "nl_NL"}, "language"),
        ({"steps": [HELLO], "style": True}, "style"),
        ({"steps": ["Hello"]}, "steps.0"),
        ({"steps": [{}]}, "steps.0.do"),
        ({"steps": [{"do": "sing"}]}, "steps.0.do"),
        ({"steps": [HELLO, {"do": "say"}]}, "steps.1.text"),
        ({"steps": [{"do": "say", "text": 5}]}, "steps.0.text"),
        ({"steps": [{"do": "say", "text": "Hi {{ name"}]}, "steps.0.text"),
        ({"steps": [{"do": "say", "text": "Hi {{ Number }}"}]}, "steps.0.text"),
        ({"steps": [{"do": "say", "text": "Hi", "lang": "nl-NL"}]}, "steps.0.lang"),
        ({"steps": [{"do": "play", "url": "http://example.com/x"}]}, "steps.0.url"),
        ({"steps": [{"do": "play", "url": URL, "loop": 0}]}, "steps.0.loop"),
        ({"steps": [{"do": "record", "timeout_s": 2}]}, "steps.0.timeout_s"),
        ({"steps": [{"do": "join"}]}, "steps.0.conference"),
        ({"steps": [{"do": "join", "conference": "x", "record": "yes"}]}, "steps.0.record"),
        ({"steps": [{"do": "join", "conference": "x\r\ny"}]}, "steps.0.conference"),
        ({"steps": [PHONE | {"endpoint": {"type": "phone", "number": "x"}}]}, "steps.0.endpoint.number"),
        ({"steps": [PHONE | {"endpoint": {"type": "phone", "nr": "1"}}]}, "steps.0.endpoint.nr"),
        ({"steps": [PHONE | {"endpoint": {"type": "app"}}]}, "steps.0.endpoint.type"),
        ({"steps": [PHONE | {"endpoint": PHONE["endpoint"] | {"dtmfAnswer": "1"}}]}, "steps.0.endpoint.dtmfAnswer"),
        ({"steps": [ASK | {"prompt": []}]}, "steps.0.prompt"),
        ({"steps": [ASK | {"prompt": [{"do": "stop"}]}]}, "steps.0.prompt.0.do"),
        ({"steps": [ASK | {"keys": {}}]}, "steps.0.keys"),
        ({"steps": [ASK | {"keys": {"a": []}}]}, "steps.0.keys.a"),
        ({"steps": [ASK | {"keys": {"12": []}}]}, "steps.0.keys.12"),
        ({"steps": [ASK | {"keys": {"1#": []}, "max_digits": 2}]}, "steps.0.keys.1#"),
        ({"steps": [ASK | {"keys": {"1": [HELLO, {"do": "say"}]}}]}, "steps.0.keys.1.1.text"),
        ({"steps": [ASK | {"repeat_key": "1"}]}, "steps.0.repeat_key"),
        ({"steps": [ASK | {"repeat_key": "12"}]}, "steps.0.repeat_key"),
        ({"steps": [ASK | {"no_input": {"repeat": 10}}]}, "steps.0.no_input.repeat"),
        ({"steps": [ASK | {"no_input": {"times": 1}}]}, "steps.0.no_input.times"),
        ({"steps": [ASK | {"wrong_key": {"then": [{"do": "say"}]}}]}, "steps.0.wrong_key.then.0.text"),
        ({"steps": [ASK | {"timeout_s": 11}]}, "steps.0.timeout_s"),
        ({"steps": [HELLO, {"do": "confirm"}, ASK]}, "steps.1"),
        ({"steps": [{"do": "opt_out"}]}, "steps.0"),
        ({"steps": [HELLO], "voicemail": [HELLO]}, "machine_detection"),
        ({"steps": [HELLO], "voicemail": [HELLO], "machine_detection": "hangup"}, "machine_detection"),
        ({"steps": [HELLO], "voicemail": [ASK], "machine_detection": "continue"}, "voicemail.0.do"),
        ({"steps": [HELLO] * 51}, "steps"),
        ({"steps": [ASK] * 17}, "steps"),
        ({"steps": [nested(6)]}, f"steps.0{'.keys.1.0' * 4}.prompt.0"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(fields: dict[str, Any], field: str) -> None:
    """Every mistake is refused with the dotted path of where it stands."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"script.{field}"):
        CallScript.from_dict(fields, default_language="nl-NL")


BOUNDS: list[tuple[dict[str, Any], str, int, int]] = [
    ({"do": "play", "url": URL}, "loop", 1, 100),
    ({"do": "play", "url": URL}, "level", -1, 1),
    (ASK, "max_digits", 1, 20),
    (ASK, "timeout_s", 1, 10),
    ({"do": "record"}, "end_on_silence_s", 3, 10),
    ({"do": "record"}, "timeout_s", 3, 7200),
    (PHONE, "timeout_s", 1, 120),
    (PHONE, "limit_s", 1, 7200),
]


@pytest.mark.parametrize(("step", "name", "least", "most"), BOUNDS)
def test_each_bound_is_taken_and_nothing_beyond(step: dict[str, Any], name: str, least: int, most: int) -> None:
    """What the carrier would refuse within a call, or what would keep it for ever, is refused before it."""
    for value in (least, most):
        assert value == getattr(read(step | {name: value}).steps[0], name)
    for value in (least - 1, most + 1):
        with pytest.raises(InvalidInput, check=lambda error: error.field == f"script.steps.0.{name}"):
            read(step | {name: value})


@pytest.mark.parametrize("otherwise", ["no_input", "wrong_key"])
def test_a_question_is_asked_again_at_most_nine_times(otherwise: str) -> None:
    """Or never; whoever says nothing ten times is not there."""
    assert all(read(ASK | {otherwise: {"repeat": times}}) for times in (0, 9))
    for times in (-1, 10):
        with pytest.raises(InvalidInput, check=lambda error: error.field == f"script.steps.0.{otherwise}.repeat"):
            read(ASK | {otherwise: {"repeat": times}})


def test_the_name_of_a_conference_is_as_long_as_the_carrier_takes() -> None:
    """256 characters, and at least one."""
    assert read({"do": "join", "conference": "x" * 256})
    for name in ("", "x" * 257):
        with pytest.raises(InvalidInput, check=lambda error: error.field == "script.steps.0.conference"):
            read({"do": "join", "conference": name})


@pytest.mark.parametrize(
    ("steps", "fields", "words"),
    [
        ([HELLO] * 30, {"voicemail": [HELLO] * 21, "machine_detection": "continue"}, "51 steps, 50 at most"),
        ([nested(6)], {}, "within each other at most 4 times"),
        ([ASK | {"keys": {"1": []}, "repeat_key": "1"}], {}, "1 has steps of its own"),
        ([ASK | {"keys": {"123": []}, "max_digits": 2}], {}, "123 has more than 2 digits"),
        ([ASK | {"keys": {"1": []}, "max_digits": 2, "repeat_key": "#"}], {}, "# ends the input"),
        ([ASK | {"keys": {}}], {}, "needs keys"),
        ([HELLO, {"do": "say", "text": 5}], {}, "must be a text"),
        ([{"do": "say", "text": "Hi {{ name"}], {}, "belongs to no place for a value"),
        ([{"do": "say", "text": "{{ number }} {{ id }}"}], {}, "the column 'id' is not spoken"),
    ],
)
def test_what_is_wrong_is_told_with_its_figures(steps: list[Any], fields: dict[str, Any], words: str) -> None:
    """How much there is and how much there may be, and which key or column it is about."""
    with pytest.raises(InvalidInput) as refused:
        read(*steps, **fields)

    assert words in str(refused.value)


@pytest.mark.parametrize(
    "step",
    [
        {"do": "ask", "prompt": [HELLO], "repeat_key": "1"},
        ASK | {"keys": {"#": []}},
        ASK | {"keys": {"12": []}, "max_digits": 2},
        ASK | {"keys": {"1": [{"do": "opt_out"}]}, "repeat_key": "9"},
    ],
)
def test_a_question_that_can_be_answered_is_taken(step: dict[str, Any]) -> None:
    """By a repeat key alone, by # where it is the only digit, by as many digits as it waits for."""
    assert read(step, {"do": "confirm"})


def test_hostile_nesting_is_refused_early() -> None:
    """JSON nested without end is refused before it is looked at, with a short path."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "script"):
        read(nested(5000))


def test_the_largest_scripts_are_taken() -> None:
    """Fifty steps, and lists five deep, are in order."""
    assert read(*[HELLO] * 50)
    assert read(nested(5))


def test_the_variables_of_all_branches_are_needed() -> None:
    """Whatever way a call goes, no value may be missing."""
    texts = {name: {"do": "say", "text": f"{{{{ {name} }}}}"} for name in "abcdefg"}
    script = read(
        texts["a"],
        ASK | {"prompt": [texts["b"]], "keys": {"1": [texts["c"]]},
               "no_input": {"say": [texts["d"]], "then": [texts["e"]]}, "wrong_key": {"say": [texts["f"]]}},
        voicemail=[texts["g"]],
        machine_detection="continue",
    )  # fmt: skip
    assert set(texts) == script.variables()
    assert ["f", "g"] == script.check(dict.fromkeys("ABCDE", "x") | {"f": " "})


@pytest.mark.parametrize(
    ("step", "fields", "field"),
    [
        (HELLO, {"style": 7}, "script.style"),
        (HELLO | {"style": 7}, {}, "script.steps.0.style"),
        (HELLO | {"language": "xx-XX"}, {}, "script.steps.0.language"),
        (HELLO | {"premium": True}, {}, "script.steps.0.premium"),
        (HELLO | {"language": "nl-BE", "style": 1, "text": "<speak>x</speak>"}, {}, "script.steps.0.text"),
        (HELLO, {"language": "xx-XX"}, "script.language"),
        (HELLO, {"premium": True}, "script.premium"),
        (HELLO, {"voicemail": [HELLO | {"style": 9}], "machine_detection": "continue"}, "script.voicemail.0.style"),
        (ASK | {"keys": {"1": [HELLO | {"style": 9}]}}, {}, "script.steps.0.keys.1.0.style"),
    ],
)
def test_a_voice_that_is_not_there_is_named(step: dict[str, Any], fields: dict[str, Any], field: str) -> None:
    """A voice is refused where it was chosen, at the step or at the script, and why is told."""
    with pytest.raises(InvalidInput, match=r"no voice|no style|SSML|premium", check=lambda error: error.field == field):
        read(step, **fields).check_voices("today")


@pytest.mark.parametrize(
    ("own", "voice"),
    [
        ({}, ("en-US", 2, True)),
        ({"style": 0}, ("en-US", 0, True)),
        ({"premium": False}, ("en-US", 2, False)),
        ({"language": "nl-NL"}, ("nl-NL", 0, False)),
        ({"language": "nl-NL", "style": 4, "premium": True}, ("nl-NL", 4, True)),
    ],
)
def test_a_step_is_spoken_by_its_own_voice_or_the_scripts(own: dict[str, Any], voice: tuple[str, int, bool]) -> None:
    """A language of its own begins with its first voice, for the script's style is one of another language."""
    script = read(HELLO | own, language="en-US", style=2, premium=True)
    (step,) = script.steps
    assert isinstance(step, Say)
    assert voice == script.voice_of(step)


def test_a_voice_that_reads_no_tags_may_read_words() -> None:
    """What it cannot do is not asked of it."""
    read(HELLO | {"language": "nl-BE", "style": 1}).check_voices("today")


def test_a_voice_that_came_later_is_refused_for_2018() -> None:
    """What today's carrier speaks, the older one may not."""
    script = read(HELLO, style=1)
    script.check_voices("today")
    with pytest.raises(InvalidInput, check=lambda error: error.field == "script.style"):
        script.check_voices("2018")


def test_the_dearest_way_through_is_what_a_call_may_cost() -> None:
    """Of branches only one is taken, so the most that one way connects is what counts."""
    script = read(PHONE, ASK | {"keys": {"1": [PHONE, PHONE], "2": [PHONE]}}, HELLO)
    expected = 3
    assert expected == script.connects()
    assert [1, 0, 0] == [read(*steps).connects() for steps in ([HELLO, PHONE], [HELLO], [ASK])]


def test_a_caller_id_is_set_where_there_is_none() -> None:
    """Connects everywhere get it, but those that name their own."""
    own = PHONE | {"caller_id": "+31111111111"}
    then = {"then": [PHONE]}
    script = read(PHONE, own, ASK | {"keys": {"1": [PHONE]}, "no_input": then, "wrong_key": then}, HELLO)
    first, second, ask, last = script.with_caller_id("+31222222222").steps
    assert isinstance(ask, Ask)
    connects = [first, second, ask.keys["1"][0], ask.no_input.then[0], ask.wrong_key.then[0]]
    expected = ["31222222222", "31111111111", *["31222222222"] * 3]
    assert expected == [each.caller_id for each in connects if isinstance(each, Connect)]
    assert script.steps[3] == last
