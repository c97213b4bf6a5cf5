from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from dialer.errors import InvalidInput
from dialer.ncco import AnyAction, Generation, Input, Talk, connects, parse_ncco, to_wire
from dialer.ncco.fields import Part
from dialer.ncco.parts import Dtmf, Speech
from tests.unit.ncco_schema import DATA, problems_of

ACTIONS: dict[str, dict[str, Any]] = json.loads((DATA / "derived" / "ncco-actions.json").read_text())["actions"]
MODELS: dict[str, type[Part]] = {
    model.model_fields["action"].default: model for model in get_args(get_args(AnyAction)[0])
}
URL = "https://example.com/x"
LEG = "6a4d6af0-55a6-4667-be90-8614e4c8e83c"
PHONE = {"type": "phone", "number": "447700900001"}
SIP = {"type": "sip", "uri": "sip:a@example.com"}
SOCKET = {"type": "websocket", "uri": "wss://example.com/x"}

LEAST: dict[str, dict[str, Any]] = {
    "talk": {"text": "Hello"},
    "stream": {"streamUrl": [URL]},
    "record": {},
    "conversation": {"name": "standup"},
    "connect": {"endpoint": [PHONE]},
    "input": {},
    "notify": {"payload": {"a": 1}, "eventUrl": [URL]},
    "wait": {},
    "transfer": {"conversationId": "CON-1"},
}
MOST: dict[str, list[dict[str, Any]]] = {
    "talk": [
        {"text": "x", "bargeIn": True, "loop": 0, "level": -0.5, "language": "nl-NL", "style": 4, "premium": False,
         "provider": "ElevenLabs", "providerOptions": {"a": "b"}},
        {"text": "x", "voiceName": "Lotte"},
    ],
    "stream": [{"streamUrl": [URL], "level": 0.1, "bargeIn": True, "loop": 3}],
    "record": [
        {"format": "ogg", "split": "conversation", "channels": 32, "endOnSilence": 3, "endOnKey": "#", "timeOut": 7200,
         "beepStart": True, "eventUrl": [URL], "eventMethod": "GET",
         "transcription": {"language": "en-US", "eventUrl": [URL], "eventMethod": "POST", "sentimentAnalysis": True}},
    ],
    "conversation": [
        {"name": "x", "musicOnHoldUrl": [URL], "startOnEnter": False, "endOnExit": True, "record": True,
         "canSpeak": [LEG], "canHear": [LEG], "eventUrl": [URL], "eventMethod": "GET"},
        {"name": "x", "mute": True, "canHear": [LEG]},
    ],
    "connect": [
        {"endpoint": [PHONE | {"dtmfAnswer": "2p02*#", "onAnswer": {"url": URL, "ringbackTone": URL}, "shaken": "x"}],
         "from": "447700900000", "eventType": "synchronous", "timeout": 30, "limit": 7200,
         "machineDetection": "hangup", "ringbackTone": URL, "eventUrl": [URL], "eventMethod": "POST",
         "advancedMachineDetection": {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 45}},
        {"endpoint": [SIP | {"headers": {"a": "b"}, "standardHeaders": {"User-to-User": "x"}}],
         "randomFromNumber": True},
        {"endpoint": [{"type": "sip", "user": "a", "domain": "example.com"}]},
        {"endpoint": [SOCKET | {"content-type": "audio/l16;rate=16000", "headers": {"a": "b"},
                                "authorization": {"type": "custom", "value": "x"}}]},
    ],
    "input": [
        {"type": ["dtmf", "speech"], "mode": "synchronous",
         "dtmf": {"timeOut": 10, "maxDigits": 20, "submitOnHash": True},
         "speech": {"uuid": [LEG], "endOnSilence": 0.4, "language": "nl-NL", "context": ["a"], "startTimeout": 60,
                    "maxDuration": 1, "saveAudio": True, "sensitivity": 10, "provider": "x"},
         "eventUrl": [URL], "eventMethod": "POST"},
        {"timeOut": 0, "maxDigits": 1, "submitOnHash": False},
    ],
    "notify": [{"payload": {"a": {"b": None}}, "eventUrl": [URL], "eventMethod": "GET"}],
    "wait": [{"timeout": 0.1}],
    "transfer": [{"conversationId": "CON-1", "canHear": [LEG], "canSpeak": [], "mute": False}],
}  # fmt: skip
EVERY = [(name, fields) for name, several in MOST.items() for fields in (LEAST[name], *several)]


def parse(name: str, fields: dict[str, Any]) -> AnyAction:
    """The one action of such an NCCO."""
    (action,) = parse_ncco([{"action": name, **fields}])
    return action


def test_there_is_a_model_for_each_action() -> None:
    """The actions are those of the derived table but for the one that was withdrawn."""
    assert set(ACTIONS) - {"pay"} == set(MODELS) == set(LEAST)


@pytest.mark.parametrize("name", MODELS)
def test_an_action_has_the_fields_of_the_table(name: str) -> None:
    """No field of the table is missing; the flat fields of 2018 are there beside today's."""
    spoken_of = {field.partition(".")[0] for field in ACTIONS[name]["fields"]}
    expected = spoken_of | set(ACTIONS[name].get("legacy_2018_flat_fields", ()))
    known = {field.alias or each for each, field in MODELS[name].model_fields.items()} - {"action"}
    assert expected | ({"advanced_machine_detection"} & known) == {
        "advancedMachineDetection" if each == "advanced_machine_detection" else each for each in known
    }


@pytest.mark.parametrize(
    ("model", "name", "field", "rule"),
    [
        (model, name, field.rpartition(".")[2], rule)
        for name, told in MODELS.items()
        for field, rule in ACTIONS[name]["fields"].items()
        for model in [{"dtmf": Dtmf, "speech": Speech}.get(field.partition(".")[0], told) if "." in field else told]
    ],
)
def test_a_default_is_that_of_the_table(model: type[Part], name: str, field: str, rule: dict[str, Any]) -> None:
    """What the carrier takes for a field that is not given stands in the model."""
    fields = {each.alias or own: each for own, each in model.model_fields.items()}
    if "default" in rule and field not in {"voiceName", "format"}:
        assert rule["default"] == fields[field].default, name


@pytest.mark.parametrize(("name", "fields"), EVERY)
def test_what_is_read_is_written_alike(name: str, fields: dict[str, Any]) -> None:
    """Read and written in its own generation, an action is the same again, and the schema takes it."""
    generation: Generation = "2018" if {"voiceName", "timeOut"} & set(fields) and name != "record" else "today"
    wire = to_wire([parse(name, fields)], generation)
    expected = [{"action": name} | (fields or ({"type": ["dtmf"]} if name == "input" else {}))]
    assert expected == wire
    assert [] == problems_of(wire)


@pytest.mark.parametrize(("name", "fields"), EVERY)
def test_a_field_that_is_not_known_is_named(name: str, fields: dict[str, Any]) -> None:
    """A misspelt field is refused by its path, not left for the carrier to fail on."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "ncco.0.bargIn"):
        parse(name, fields | {"bargIn": True})


@pytest.mark.parametrize(("written", "read"), [("2", 2), ("true", True), ("false", False), ("-0.5", -0.5)])
def test_numbers_and_flags_written_as_text_are_read(written: str, read: Any) -> None:
    """SDKs write numbers as text, KPN's example a flag; both go out as what they are."""
    name = {int: "loop", bool: "bargeIn", float: "level"}[type(read)]
    (wire,) = to_wire([parse("talk", {"text": "x", name: written})], "today")
    assert (read, type(read)) == (wire[name], type(wire[name]))


def test_a_lone_music_address_is_put_into_an_array() -> None:
    """Music on hold is read as a text too, as documents show it, and written as an array."""
    (wire,) = to_wire([parse("conversation", {"name": "x", "musicOnHoldUrl": URL})], "today")
    assert [URL] == wire["musicOnHoldUrl"]


def test_a_number_loses_its_plus() -> None:
    """The carrier wants numbers without a plus."""
    fields = {"endpoint": [PHONE | {"number": "+447700900001"}], "from": "+31201234567"}
    (wire,) = to_wire([parse("connect", fields)], "today")
    assert ("447700900001", "31201234567") == (wire["endpoint"][0]["number"], wire["from"])


def test_each_connect_costs_a_token() -> None:
    """Only connects count against the calls-per-second budget."""
    connect = {"action": "connect", **LEAST["connect"]}
    expected = 2
    assert expected == connects(parse_ncco([connect, {"action": "wait"}, connect]))


def test_an_action_made_in_python_is_written_whole() -> None:
    """Its tag is written although it is a default; nothing else that was not given is."""
    expected = [{"action": "talk", "text": "x"}, {"action": "input", "type": ["dtmf"]}]
    assert expected == to_wire([Talk(text="x"), Input(type=("dtmf",))], "today")
