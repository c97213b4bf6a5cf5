"""The carrier's callbacks become facts: every recorded payload, every trap of REFERENCE 8.2, and anything else."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dispositions import Disposition, Fact, disposition_of
from dialer.providers.kpn.events import EventKind, decode_query, parse_event

DATA = Path(__file__).parents[1] / "data"
NOON = "2020-01-01T12:00:00.000Z"
CAPTURED = DATA / "payloads/php/captured-webhook-requests"
SYNTHETIC = DATA / "payloads/dotnet/webhooks"
UUID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"


def captured(name: str) -> dict[str, Any]:
    """What a recorded request carries: its JSON body, or its query."""
    head, _, body = (CAPTURED / name).read_text().partition("\n\n")
    target = head.split()[1]
    payload: dict[str, Any] = (
        json.loads(body) if body.strip() else decode_query(dict(parse_qsl(urlsplit(target).query)))
    )
    return payload


CAPTURES = {
    "event-post-started.txt": (EventKind.STARTED, {Fact.STARTED}),
    "event-post-ringing.txt": (EventKind.RINGING, {Fact.RINGING}),
    "event-post-answered.txt": (EventKind.ANSWERED, {Fact.ANSWERED}),
    "event-post-completed.txt": (EventKind.COMPLETED, {Fact.COMPLETED, Fact.TALKED}),
    "event-post-failed.txt": (EventKind.FAILED, {Fact.FAILED}),
    "event-post-transfer.txt": (EventKind.TRANSFER, {Fact.JOINED}),
    "event-post-notify.txt": (EventKind.NOTIFY, set()),
    "event-get-notify.txt": (EventKind.NOTIFY, set()),
    "dtmf-get.txt": (EventKind.INPUT, set()),
    "dtmf-post.txt": (EventKind.INPUT, set()),
    "recording-get.txt": (EventKind.RECORD, set()),
    "error-get.txt": (EventKind.ERROR, {Fact.SCRIPT_ERROR}),
    "answer-get.txt": (EventKind.UNRECOGNISED, set()),
}
WRITTEN = {
    "Answered": (EventKind.ANSWERED, {Fact.ANSWERED}),
    "Completed": (EventKind.COMPLETED, {Fact.COMPLETED, Fact.TALKED}),
    "Busy": (EventKind.REJECTED, {Fact.REJECTED}),
    "Failed": (EventKind.REJECTED, {Fact.REJECTED}),
    "Rejected": (EventKind.REJECTED, {Fact.REJECTED}),
    "Unanswered": (EventKind.REJECTED, {Fact.REJECTED}),
    "CallStatusEvent": (EventKind.REJECTED, {Fact.REJECTED}),
    "HumanMachine": (EventKind.MACHINE, {Fact.MACHINE}),
    "Error": (EventKind.ERROR, {Fact.SCRIPT_ERROR}),
    "Record": (EventKind.RECORD, set()),
    "Transfer": (EventKind.TRANSFER, {Fact.JOINED}),
    "Notification": (EventKind.NOTIFY, set()),
    "MultiInputDtmf": (EventKind.INPUT, set()),
    "MultiInputSpeech": (EventKind.INPUT, set()),
    "TestWebhookSerialization-response": (EventKind.INPUT, set()),
    "TestWebhookSerializationSpeechOverridden-response": (EventKind.INPUT, set()),
    "TranscriptionWebhook": (EventKind.TRANSCRIPTION, set()),
    "TranscriptionSample": (EventKind.UNRECOGNISED, set()),
    "Answer": (EventKind.UNRECOGNISED, set()),
}


@pytest.mark.parametrize(("name", "expected"), CAPTURES.items(), ids=CAPTURES.keys())
def test_recorded_requests_are_understood(name: str, expected: tuple[EventKind, set[Fact]]) -> None:
    """Each recorded request, by POST or GET, gives its kind and its facts, and is kept whole."""
    payload = captured(name)
    event = parse_event(payload)

    assert expected == (event.kind, set(event.facts))
    assert payload == event.payload


@pytest.mark.parametrize(("name", "expected"), WRITTEN.items(), ids=WRITTEN.keys())
def test_published_payloads_are_understood(name: str, expected: tuple[EventKind, set[Fact]]) -> None:
    """Each payload that an official SDK tests with gives its kind and its facts."""
    event = parse_event(json.loads((SYNTHETIC / f"{name}.json").read_text()))

    assert expected == (event.kind, set(event.facts))


def test_no_payload_is_left_out() -> None:
    """Every callback among the test data stands in one of the tables here."""
    assert CAPTURES.keys() == {path.name for path in CAPTURED.iterdir()}
    assert WRITTEN.keys() == {path.stem for path in SYNTHETIC.iterdir()}


def test_every_event_of_the_reference_is_recognised() -> None:
    """Each kind of event that the reference lists is recognised by the mark it names."""
    marks: dict[str, dict[str, Any]] = {
        "transcription": {"status": "transcribed", "type": "record"},
        "record": {"recording_url": "https://api.nexmo.com/v1/files/1"},
        "input": {"dtmf": {"digits": "1"}},
        "transfer": {"type": "transfer"},
        "notify": {"payload": {"foo": "bar"}},
        "error": {"reason": "Syntax error in NCCO."},
        "fallback": {"original_request": {"url": "https://example.com", "type": "answer"}, "reason": "timeout"},
    }
    listed = [row["event"] for row in json.loads((DATA / "derived/webhook-events.json").read_text())["events"]]

    assert listed == [parse_event(marks.get(event, {"status": event})).kind for event in listed]


def test_completed_call_brings_its_figures() -> None:
    """The recorded end of a call gives figures as whole numbers and exact decimal text, and times in UTC."""
    event = parse_event(captured("event-post-completed.txt"))

    assert {
        "duration_s": 7,
        "rate": "0.00450000",
        "price": "0.00052500",
        "network": "US-VIRTUAL-LEVEL3",
        "direction": "inbound",
        "start_time": "2020-07-01T20:45:35.000Z",
        "end_time": "2020-07-01T20:45:42.000Z",
    } == event.figures
    assert ("0A0000000123ABCD1", datetime(2020, 7, 1, 20, 45, 41, 712_000, UTC)) == (event.uuid, event.at)


def test_nulls_are_no_figures() -> None:
    """The recorded `answered`, whose figures are null, brings none."""
    assert {"direction": "inbound"} == parse_event(captured("event-post-answered.txt")).figures


def test_detection_names_the_leg_differently() -> None:
    """`human` and `machine` carry the leg as call_uuid."""
    event = parse_event(json.loads((SYNTHETIC / "HumanMachine.json").read_text()))

    assert UUID == event.uuid


@pytest.mark.parametrize(
    ("status", "extra", "expected"),
    [
        ("rejected", {"detail": "invalid_number"}, {Fact.INVALID_NUMBER}),
        ("rejected", {"detail": "declined", "sip_code": 603}, {Fact.REJECTED}),
        ("failed", {"detail": "number_out_of_service"}, {Fact.FAILED}),
        ("failed", {"detail": "cannot_route", "sip_code": "404"}, {Fact.FAILED}),
        ("unanswered", {"detail": "unavailable", "sip_code": 480}, {Fact.UNANSWERED}),
        ("unanswered", {"detail": "timeout"}, {Fact.UNANSWERED}),
        ("busy", {}, {Fact.BUSY}),
        ("BUSY", {}, {Fact.BUSY}),
        ("timeout", {}, {Fact.TIMEOUT}),
        ("cancelled", {}, {Fact.CANCELLED}),
        ("human", {}, {Fact.HUMAN}),
        ("machine", {"sub_state": "beep_timeout"}, {Fact.MACHINE}),
        ("completed", {"duration": "24"}, {Fact.COMPLETED, Fact.TALKED}),
        ("completed", {"duration": 24}, {Fact.COMPLETED, Fact.TALKED}),
        ("completed", {"duration": "1"}, {Fact.COMPLETED, Fact.TALKED}),
        ("completed", {"duration": "0"}, {Fact.COMPLETED}),
        ("completed", {"duration": None}, {Fact.COMPLETED}),
        ("completed", {"duration": "-3"}, {Fact.COMPLETED}),
        ("completed", {}, {Fact.COMPLETED}),
        ("disconnected", {}, set()),
        ("transcribed", {}, set()),
        ("hovering", {"reason": "new", "dtmf": "1"}, set()),
        (17, {}, set()),
        (["completed"], {}, set()),
    ],
)
def test_status_gives_facts(status: object, extra: dict[str, Any], expected: set[Fact]) -> None:
    """Each status, with the detail or duration beside it, tells what it tells and no more."""
    assert expected == parse_event({"status": status, "uuid": UUID, "timestamp": NOON, **extra}).facts


@pytest.mark.parametrize("status", ["hovering", 17, ["completed"], True])
def test_unknown_status_is_kept_without_facts(status: object) -> None:
    """A word the carrier did not use before is kept as it came, and is no error."""
    payload = {"status": status, "reason": "none", "dtmf": "1"}
    event = parse_event(payload)

    assert (EventKind.UNRECOGNISED, payload) == (event.kind, event.payload)


@pytest.mark.parametrize("status", [None, ""])
def test_missing_status_leaves_the_shape_to_tell(status: object) -> None:
    """A null or empty status is none: the other fields tell what it is."""
    assert EventKind.RECORD == parse_event({"status": status, "recording_url": "https://x", "reason": None}).kind


def test_fallback_repeats_the_facts_it_is_about() -> None:
    """A fallback tells that an address of ours failed, and the event it stands for all the same."""
    original = {"url": "https://example.com/event", "type": "event"}
    event = parse_event({"original_request": original, "reason": "503", "status": "busy", "uuid": UUID})

    assert (EventKind.FALLBACK, {Fact.BUSY}) == (event.kind, set(event.facts))


@pytest.mark.parametrize("dtmf", ["1234", {"digits": "1234", "timed_out": True}])
def test_pressed_keys_are_read_from_both_shapes(dtmf: object) -> None:
    """Keys come as text in 2018's shape and in an object later."""
    assert {"digits": "1234"} == parse_event({"dtmf": dtmf, "timed_out": 1}).figures


def test_query_values_that_hold_json_are_decoded() -> None:
    """GET carries objects as JSON text and everything else as text; what only looks like JSON stays text."""
    query = {"dtmf": '{"digits":"3","timed_out":true}', "list": "[1]", "to": "316", "rate": "null", "reason": "{oops"}

    assert {
        "dtmf": {"digits": "3", "timed_out": True},
        "list": [1],
        "to": "316",
        "rate": None,
        "reason": "{oops",
    } == decode_query(query)


def test_recorded_get_and_post_say_the_same() -> None:
    """The same input by GET and by POST has the same fields."""
    by_get, by_post = captured("dtmf-get.txt"), captured("dtmf-post.txt")

    assert by_post.keys() == by_get.keys()
    assert by_post["speech"] == by_get["speech"]


@pytest.mark.parametrize(
    ("identifier", "disposition"),
    [
        ("answered_completed", Disposition.ANSWERED),
        ("busy_then_completed", Disposition.BUSY),
        ("busy_only", Disposition.BUSY),
        ("completed_before_busy", Disposition.BUSY),
        ("ring_timeout", Disposition.NO_ANSWER),
        ("ring_timeout_as_cancelled", Disposition.NO_ANSWER),
        ("unanswered_unavailable", Disposition.NO_ANSWER),
        ("rejected_invalid_number", Disposition.INVALID_NUMBER),
        ("rejected_declined", Disposition.REJECTED),
        ("failed_cannot_route", Disposition.FAILED),
        ("machine_hangup", Disposition.MACHINE),
        ("machine_continue", Disposition.MACHINE),
        ("human_detected", Disposition.ANSWERED),
        ("swapped_started_ringing", Disposition.ANSWERED),
        ("webhook_duplicate_after_slow_ack", Disposition.ANSWERED),
        ("answer_url_bad_ncco", Disposition.FAILED),
        ("completed_lost", None),
        ("length_timer_no_completed", None),
        ("all_webhooks_lost", None),
    ],
)
def test_each_scenario_of_events_ends_as_it_should(identifier: str, disposition: Disposition | None) -> None:
    """The events of each known course of a call, translated and put together, amount to its disposition."""
    scenarios = json.loads((DATA / "derived/call-scenarios.json").read_text())["scenarios"]
    events = next(scenario["events"] for scenario in scenarios if scenario["id"] == identifier)
    lower = [event for event in events if event["event"].islower() and not event.get("extra", {}).get("retry")]
    payloads = [
        event.get("extra", {}) | ({"status": event["event"]} if event["event"] != "error" else {}) for event in lower
    ]

    assert disposition == disposition_of(fact for payload in payloads for fact in parse_event(payload).facts)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
NAMES = st.sampled_from(
    [
        *("status", "uuid", "call_uuid", "timestamp", "duration", "price", "rate", "sip_code", "detail", "start_time"),
        *("end_time", "size", "dtmf", "speech", "payload", "reason", "type", "original_request", "recording_url"),
    ]
)
WORDS = st.sampled_from(["completed", "rejected", "invalid_number", "transcribed", "7", NOON, "1" * 5000, "9" * 13])


@given(st.dictionaries(NAMES | st.text(), WORDS | JSON))
def test_any_object_becomes_an_event(payload: dict[str, Any]) -> None:
    """Whatever the fields hold, the event has a kind of the closed set, aware times, and figures fit to be stored."""
    event = parse_event(payload)

    assert event.kind in set(EventKind)
    assert event.at is None or event.at.tzinfo is UTC
    for text in [event.uuid, *event.figures.values()]:
        assert text is None or type(text) in {str, int}
        assert len(str(text).encode()) <= 1200


@given(st.dictionaries(st.text(), st.text()))
def test_any_query_becomes_an_event(query: dict[str, str]) -> None:
    """Whatever stands in a query, decoding and reading it does not fail."""
    assert parse_event(decode_query(query)).kind in set(EventKind)
