"""The carrier's callbacks, translated into facts. No I/O, and total: any JSON object becomes an event.

Shapes and traps are in REFERENCE 8.2: `human` and `machine` name the leg `call_uuid`; a transcription has a `status`
that is no call status; errors, records and inputs have none; GET carries nested values as JSON text; nulls, unknown
words and figures written as text are normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dialer.dispositions import Fact
from dialer.providers.base import CallEvent
from dialer.providers.kpn.answers import inside, read_json
from dialer.providers.kpn.figures import read_count, read_figures, read_moment, read_text


class EventKind(StrEnum):
    """All kinds of event there are; a closed set, so that it can label a metric."""

    STARTED = "started"
    RINGING = "ringing"
    ANSWERED = "answered"
    HUMAN = "human"
    MACHINE = "machine"
    COMPLETED = "completed"
    BUSY = "busy"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"
    REJECTED = "rejected"
    FAILED = "failed"
    DISCONNECTED = "disconnected"  # a websocket leg dropped; says nothing about the phone
    RECORD = "record"
    TRANSCRIPTION = "transcription"
    INPUT = "input"
    TRANSFER = "transfer"
    NOTIFY = "notify"
    ERROR = "error"  # the script could not be played
    FALLBACK = "fallback"  # one of our addresses did not answer; carries the event it is about
    UNRECOGNISED = "unrecognised"


_FACTS = {
    EventKind.STARTED: Fact.STARTED,
    EventKind.RINGING: Fact.RINGING,
    EventKind.ANSWERED: Fact.ANSWERED,
    EventKind.HUMAN: Fact.HUMAN,
    EventKind.MACHINE: Fact.MACHINE,
    EventKind.COMPLETED: Fact.COMPLETED,
    EventKind.BUSY: Fact.BUSY,
    EventKind.TIMEOUT: Fact.TIMEOUT,
    EventKind.CANCELLED: Fact.CANCELLED,
    EventKind.UNANSWERED: Fact.UNANSWERED,
    EventKind.REJECTED: Fact.REJECTED,
    EventKind.FAILED: Fact.FAILED,
}
# Told by the shape of the event; it has no status, or one that is none of the call's.
_BESIDE = {EventKind.ERROR: Fact.SCRIPT_ERROR, EventKind.TRANSFER: Fact.JOINED}
_STATUSES = {kind.value: kind for kind in (*_FACTS, EventKind.DISCONNECTED)}
# Without a status, the first of these that is there tells the kind.
_SHAPES = (
    ("transcription_url", EventKind.TRANSCRIPTION),
    ("conversation_uuid_to", EventKind.TRANSFER),
    ("recording_url", EventKind.RECORD),
    ("dtmf", EventKind.INPUT),
    ("speech", EventKind.INPUT),
    ("payload", EventKind.NOTIFY),
    ("reason", EventKind.ERROR),
)


def parse_event(payload: Mapping[str, Any]) -> CallEvent:
    """Translate one decoded callback, from a JSON body or from `decode_query`."""
    kind = _kind(payload)
    return CallEvent(
        kind=kind,
        facts=_facts(kind, payload),
        uuid=read_text(payload.get("uuid")) or read_text(payload.get("call_uuid")),
        at=read_moment(payload.get("timestamp")),
        figures=read_figures(payload) | _digits(payload),
        payload=dict(payload),
        about=read_text(payload.get("sub_state")) or "",
    )


def decode_query(query: Mapping[str, str]) -> dict[str, Any]:
    """The query of a GET callback as the JSON object that a POST would have carried; plain values stay text."""
    return {name: _decoded(value) for name, value in query.items()}


def facts_of_status(source: Mapping[str, Any]) -> frozenset[Fact]:
    """What the `status` of an event or a call object tells, with `detail` and `duration` beside it."""
    kind = _STATUSES.get(_status(source) or "")
    if kind is EventKind.REJECTED and read_text(source.get("detail")) == "invalid_number":
        return frozenset({Fact.INVALID_NUMBER})
    if kind is EventKind.COMPLETED and (read_count(source.get("duration")) or 0) > 0:
        return frozenset({Fact.COMPLETED, Fact.TALKED})
    return frozenset({_FACTS[kind]} if kind in _FACTS else ())


def _facts(kind: EventKind, payload: Mapping[str, Any]) -> frozenset[Fact]:
    if kind in _BESIDE:
        return frozenset({_BESIDE[kind]})
    # A fallback repeats the event it is about, and what that told is true all the same.
    return facts_of_status(payload) if kind in _FACTS or kind is EventKind.FALLBACK else frozenset()


def _kind(payload: Mapping[str, Any]) -> EventKind:
    if payload.get("original_request"):
        return EventKind.FALLBACK
    status = _status(payload)
    if status is None:
        return _kind_of_shape(payload)
    if status == "transcribed":
        return EventKind.TRANSCRIPTION
    return _STATUSES.get(status, EventKind.UNRECOGNISED)


def _kind_of_shape(payload: Mapping[str, Any]) -> EventKind:
    if payload.get("type") == "transfer":
        return EventKind.TRANSFER
    return next((kind for name, kind in _SHAPES if payload.get(name) is not None), EventKind.UNRECOGNISED)


def _status(source: Mapping[str, Any]) -> str | None:
    """The status in lower case; None where there is none. Something that is no text is a status nobody knows."""
    status = source.get("status")
    if status is None or status == "":
        return None
    return (read_text(status) or "?").lower()


def _digits(payload: Mapping[str, Any]) -> dict[str, str | int]:
    """The keys that were pressed: `dtmf` itself in 2018, `dtmf.digits` later."""
    dtmf = payload.get("dtmf")
    digits = read_text(dtmf) or read_text(inside(dtmf, "digits"))
    return {"digits": digits} if digits else {}


def _decoded(value: str) -> Any:
    if value == "null":
        return None
    if not value.lstrip().startswith(("{", "[")):
        return value
    found = read_json(value)
    return value if found is None else found
