from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.ncco import parse_endpoint, parse_ncco, to_wire
from tests.unit.ncco_schema import DATA

ACTIONS: dict[str, dict[str, Any]] = json.loads((DATA / "derived" / "ncco-actions.json").read_text())["actions"]
URL = "https://example.com/x"
LEG = "6a4d6af0-55a6-4667-be90-8614e4c8e83c"
PHONE = {"type": "phone", "number": "447700900001"}
SIP = {"type": "sip", "uri": "sip:a@example.com"}
SOCKET = {"type": "websocket", "uri": "wss://example.com/x"}

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("talk", {}, "text"),
    ("talk", {"text": ""}, "text"),
    ("talk", {"text": "x" * 1501}, "text"),
    ("talk", {"text": f"<speak>{'x' * 1501}</speak>"}, "text"),
    ("talk", {"text": None}, "text"),
    ("talk", {"text": "x", "loop": -1}, "loop"),
    ("talk", {"text": "x", "loop": 1.5}, "loop"),
    ("talk", {"text": "x", "loop": True}, "loop"),
    ("talk", {"text": "x", "level": 1.1}, "level"),
    ("talk", {"text": "x", "level": "nan"}, "level"),
    ("talk", {"text": "x", "bargeIn": "yes"}, "bargeIn"),
    ("talk", {"text": "x", "bargeIn": 1}, "bargeIn"),
    ("talk", {"text": "x", "barge_in": True}, "barge_in"),
    ("talk", {"text": "x", "language": "nl_NL"}, "language"),
    ("talk", {"text": "x", "style": -1}, "style"),
    ("talk", {"text": "x", "voiceName": "Lotje"}, "voiceName"),
    ("talk", {"text": "x", "voiceName": "Lotte", "language": "nl-NL"}, "voiceName"),
    ("stream", {}, "streamUrl"),
    ("stream", {"streamUrl": URL}, "streamUrl"),
    ("stream", {"streamUrl": [URL, URL]}, "streamUrl"),
    ("stream", {"streamUrl": []}, "streamUrl.0"),
    ("stream", {"streamUrl": ["ftp://example.com/x"]}, "streamUrl.0"),
    ("stream", {"streamUrl": ["https://example.com/a b"]}, "streamUrl.0"),
    ("stream", {"streamUrl": ["https://:80/"]}, "streamUrl.0"),
    ("stream", {"streamUrl": ["https://[/"]}, "streamUrl.0"),
    ("record", {"format": "flac"}, "format"),
    ("record", {"channels": 2}, "channels"),
    ("record", {"channels": 33, "split": "conversation"}, "channels"),
    ("record", {"endOnSilence": 2}, "endOnSilence"),
    ("record", {"endOnSilence": 11}, "endOnSilence"),
    ("record", {"endOnKey": "12"}, "endOnKey"),
    ("record", {"endOnKey": 1}, "endOnKey"),
    ("record", {"timeOut": 2}, "timeOut"),
    ("record", {"timeOut": 7201}, "timeOut"),
    ("record", {"eventUrl": URL}, "eventUrl"),
    ("record", {"eventMethod": "PUT"}, "eventMethod"),
    ("record", {"transcription": {"lang": "nl-NL"}}, "transcription.lang"),
    ("conversation", {}, "name"),
    ("conversation", {"name": ""}, "name"),
    ("conversation", {"name": "x", "startOnEnter": 0}, "startOnEnter"),
    ("conversation", {"name": "x", "mute": True, "canSpeak": [LEG]}, "mute"),
    ("conversation", {"name": "x", "musicOnHoldUrl": ["hold.mp3"]}, "musicOnHoldUrl.0"),
    ("connect", {}, "endpoint"),
    ("connect", {"endpoint": PHONE}, "endpoint"),
    ("connect", {"endpoint": [PHONE, PHONE]}, "endpoint"),
    ("connect", {"endpoint": [{"number": "447700900001"}]}, "endpoint.0.type"),
    ("connect", {"endpoint": [{"type": "app", "user": "x"}]}, "endpoint.0.type"),
    ("connect", {"endpoint": [{"type": "phone"}]}, "endpoint.0.number"),
    ("connect", {"endpoint": [PHONE | {"number": "123456"}]}, "endpoint.0.number"),
    ("connect", {"endpoint": [PHONE | {"number": "1234567890123456"}]}, "endpoint.0.number"),
    ("connect", {"endpoint": [PHONE | {"number": "0044 7700 900001"}]}, "endpoint.0.number"),
    ("connect", {"endpoint": [PHONE | {"dtmfAnswer": "1w2"}]}, "endpoint.0.dtmfAnswer"),
    ("connect", {"endpoint": [PHONE | {"onAnswer": {}}]}, "endpoint.0.onAnswer.url"),
    ("connect", {"endpoint": [SIP | {"uri": "a@example.com"}]}, "endpoint.0.uri"),
    ("connect", {"endpoint": [{"type": "sip"}]}, "endpoint.0.uri"),
    ("connect", {"endpoint": [SIP | {"user": "a"}]}, "endpoint.0.uri"),
    ("connect", {"endpoint": [SIP | {"domain": "a"}]}, "endpoint.0.uri"),
    ("connect", {"endpoint": [{"type": "sip", "user": "a"}]}, "endpoint.0.uri"),
    ("connect", {"endpoint": [SIP | {"headers": {"": "b"}}]}, "endpoint.0.headers"),
    ("connect", {"endpoint": [SIP | {"headers": {"a" * 65: "b"}}]}, "endpoint.0.headers"),
    ("connect", {"endpoint": [SIP | {"headers": {"a": "b\r\nVia: evil"}}]}, "endpoint.0.headers"),
    ("connect", {"endpoint": [SIP | {"headers": {"a: b\r\nVia": "evil"}}]}, "endpoint.0.headers"),
    ("connect", {"endpoint": [{"type": "sip", "user": "a\r\nb", "domain": "c"}]}, "endpoint.0.user"),
    ("connect", {"endpoint": [PHONE | {"shaken": "a\r\nb"}]}, "endpoint.0.shaken"),
    ("connect", {"endpoint": [SOCKET | {"uri": "https://example.com"}]}, "endpoint.0.uri"),
    ("connect", {"endpoint": [SOCKET | {"content-type": "audio/mp3"}]}, "endpoint.0.content-type"),
    ("connect", {"endpoint": [SOCKET | {"contentType": "audio/l16;rate=8000"}]}, "endpoint.0.contentType"),
    ("connect", {"endpoint": [PHONE], "from": "447700900000", "randomFromNumber": True}, "randomFromNumber"),
    ("connect", {"endpoint": [PHONE], "eventType": "sync"}, "eventType"),
    ("connect", {"endpoint": [PHONE], "timeout": 0}, "timeout"),
    ("connect", {"endpoint": [PHONE], "limit": 7201}, "limit"),
    ("connect", {"endpoint": [PHONE], "machineDetection": "true"}, "machineDetection"),
    (
        "connect",
        {"endpoint": [PHONE], "advancedMachineDetection": {"behaviour": "continue"}},
        "advancedMachineDetection.behaviour",
    ),
    ("connect", {"endpoint": [PHONE], "ringbackTone": "ring.wav"}, "ringbackTone"),
    ("input", {"type": []}, "type"),
    ("input", {"type": ["keys"]}, "type.0"),
    ("input", {"type": ["dtmf", "speech", "dtmf"]}, "type"),
    ("input", {"mode": "synchronous"}, "type"),
    ("input", {"maxDigits": 0}, "maxDigits"),
    ("input", {"timeOut": -1}, "timeOut"),
    ("input", {"submitOnHash": True, "speech": {}}, "submitOnHash"),
    ("input", {"type": ["dtmf"], "timeOut": 1}, "timeOut"),
    ("input", {"dtmf": {}}, "type"),
    ("input", {"type": ["speech"], "dtmf": {}}, "dtmf"),
    ("input", {"type": ["dtmf"], "speech": {}}, "speech"),
    ("input", {"type": ["dtmf"], "maxDigits": 1}, "maxDigits"),
    ("input", {"maxDigits": 21}, "maxDigits"),
    ("input", {"timeOut": 11}, "timeOut"),
    ("input", {"type": ["dtmf"], "dtmf": {"timeOut": 11}}, "dtmf.timeOut"),
    ("input", {"type": ["dtmf"], "dtmf": {"maxDigits": 0}}, "dtmf.maxDigits"),
    ("input", {"type": ["dtmf"], "dtmf": {"max": 1}}, "dtmf.max"),
    ("input", {"type": ["speech"], "speech": {"endOnSilence": 0.3}}, "speech.endOnSilence"),
    ("input", {"type": ["speech"], "speech": {"startTimeout": 61}}, "speech.startTimeout"),
    ("input", {"type": ["speech"], "speech": {"maxDuration": 0}}, "speech.maxDuration"),
    ("input", {"type": ["speech"], "speech": {"sensitivity": 9}}, "speech.sensitivity"),
    ("input", {"type": ["speech"], "speech": {"uuid": [LEG, LEG]}}, "speech.uuid"),
    ("input", {"type": ["dtmf"], "mode": "async"}, "mode"),
    ("notify", {"eventUrl": [URL]}, "payload"),
    ("notify", {"payload": []}, "payload"),
    ("notify", {"payload": {}}, "eventUrl"),
    ("wait", {"timeout": 0}, "timeout"),
    ("wait", {"timeout": 7201}, "timeout"),
    ("transfer", {}, "conversationId"),
    ("transfer", {"conversationId": "x", "mute": True, "canSpeak": ["y"]}, "mute"),
]


@pytest.mark.parametrize(("name", "fields", "field"), WRONG)
def test_a_wrong_field_is_named(name: str, fields: dict[str, Any], field: str) -> None:
    """What is out of bounds, missing, of another type or at odds with another field is refused by its path."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"ncco.0.{field}"):
        parse_ncco([{"action": name, **fields}])


@pytest.mark.parametrize(
    ("ncco", "field"),
    [
        ([], "ncco"),
        ({"action": "talk"}, "ncco"),
        (None, "ncco"),
        ("[]", "ncco"),
        (["talk"], "ncco.0"),
        ([{}], "ncco.0.action"),
        ([{"action": "pay"}], "ncco.0.action"),
        ([{"action": "wait"}, {"action": "Talk", "text": "x"}], "ncco.1.action"),
    ],
)
def test_what_is_no_ncco_is_refused(ncco: Any, field: str) -> None:
    """An NCCO is an array of at least one object with a known action."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field):
        parse_ncco(ncco)


LENGTHS: list[tuple[str, dict[str, Any], str, str, int]] = [
    ("talk", {"text": "x"}, "provider", "x", 100),
    ("conversation", {}, "name", "x", 256),
    ("connect", PHONE, "shaken", "x", 4096),
    ("connect", SIP, "uri", "sip:", 255),
    ("connect", {"type": "sip", "domain": "x"}, "user", "x", 255),
    ("connect", {"type": "sip", "user": "x"}, "domain", "x", 255),
    ("connect", SOCKET, "uri", "wss://", 2048),
]


@pytest.mark.parametrize(("action", "fields", "name", "begun", "longest"), LENGTHS)
def test_a_text_is_as_long_as_may_be(
    *, action: str, fields: dict[str, Any], name: str, begun: str, longest: int
) -> None:
    """The longest is taken; one letter more is refused by its field."""
    for length in (longest, longest + 1):
        told = fields | {name: begun.ljust(length, "x")}
        ncco = [{"action": action} | ({"endpoint": [told]} if action == "connect" else told)]
        if length == longest:
            assert parse_ncco(ncco)
            continue
        with pytest.raises(InvalidInput, check=lambda error: str(error.field).endswith(f".{name}")):
            parse_ncco(ncco)


def test_a_header_of_the_signalling_is_as_long_as_may_be() -> None:
    """Its name, its value beside the account's own, and what a websocket's request is authorised by."""
    named = SIP | {"headers": {"a" * 64: "b"}}
    user = [SIP | {"standardHeaders": {"User-to-User": "x" * length}} for length in (512, 513)]
    value = [SOCKET | {"authorization": {"type": "custom", "value": "x" * length}} for length in (4096, 4097)]

    assert all(parse_endpoint(endpoint) for endpoint in (named, user[0], value[0]))
    for endpoint, field in ((user[1], "standardHeaders.User-to-User"), (value[1], "authorization.value")):
        with pytest.raises(InvalidInput, check=lambda error: error.field == f"endpoint.{field}"):  # noqa: B023 - raised here
            parse_endpoint(endpoint)


@pytest.mark.parametrize(
    ("ncco", "words"),
    [
        ("talk", "must be an array"),
        ([{"action": "stream", "streamUrl": URL}], "must be an array"),
        ([{"action": "notify", "payload": []}], "must be an object"),
        ([{"action": "input", "type": ["dtmf"], "dtmf": 5}], "must be an object"),
        (["talk"], "must be an object"),
        ([{"action": "talk"}], "is missing"),
        ([{}], "is missing"),
        ([{"action": "pay"}], "must be one of 'talk', 'stream'"),
        ([{"action": "wait", "a": 1}], "there is no such field; there are: action, timeout"),
        ([{"action": "input", "type": ["dtmf"], "dtmf": {"max": 1}}], "there is no such field"),
        ([{"action": "talk", "text": "x", "voiceName": "Lotje"}], "there is no voice 'Lotje'; there are Lotte"),
    ],
)
def test_what_is_wrong_is_told_in_plain_words(ncco: Any, words: str) -> None:
    """Not in those of the library that found it."""
    with pytest.raises(InvalidInput) as refused:
        parse_ncco(ncco)

    assert str(refused.value).startswith(words)


def test_where_no_names_are_known_none_are_told() -> None:
    """The parts of an action are few and small."""
    with pytest.raises(InvalidInput, check=lambda error: str(error) == "there is no such field"):
        parse_ncco([{"action": "input", "type": ["dtmf"], "dtmf": {"max": 1}}])


def test_the_field_of_an_endpoint_that_was_meant_is_proposed() -> None:
    """Also where nothing stands around it."""
    with pytest.raises(
        InvalidInput, match="did you mean dtmfAnswer", check=lambda error: error.field == "endpoint.dtmf_answer"
    ):
        parse_endpoint(PHONE | {"dtmf_answer": "1"})


def test_the_field_that_was_meant_is_proposed() -> None:
    """A misspelt field is refused with the one that is spelled like it."""
    with pytest.raises(InvalidInput, match="did you mean bargeIn"):
        parse_ncco([{"action": "talk", "text": "x", "bargein": True}])
    with pytest.raises(InvalidInput, match="did you mean text", check=lambda error: error.field == "ncco.0.txt"):
        parse_ncco([{"action": "talk", "txt": "x"}])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({name for fields in ACTIONS.values() for name in fields.get("fields", {})})


@given(
    st.lists(st.fixed_dictionaries({"action": st.sampled_from(sorted(ACTIONS))}) | JSON, max_size=3), JSON, st.data()
)
def test_reading_is_total(ncco: list[Any], value: Any, data: st.DataObject) -> None:
    """Any JSON is read, or refused with a path; what is read can be written, as JSON without loss."""
    name = data.draw(st.sampled_from(FIELDS))
    spoilt = [each | {name: value} if isinstance(each, dict) and "action" in each else each for each in ncco]
    try:
        actions = parse_ncco(spoilt)
    except InvalidInput as error:
        assert str(error.field).startswith("ncco")  # noqa: PT017 - it may also be read
    else:
        wire = to_wire(actions, "today")
        assert wire == json.loads(json.dumps(wire))
