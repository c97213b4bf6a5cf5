"""The payloads of webhooks, field by field as captured and documented. Times are UTC with milliseconds and a Z."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dialer.simulator.legs import Leg
from dialer.simulator.recordings import Recording

NETWORK = "20408"
"""MCC-MNC of KPN's own network."""


def iso(at: float) -> str:
    """Unix seconds as the carrier writes them."""
    second, rest = divmod(at, 1)
    return f"{_second(int(second))}.{int(rest * 1000):03d}Z"


@lru_cache(maxsize=64)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def status(leg: Leg, word: str, **extra: Any) -> dict[str, Any]:
    """A call's new status."""
    return {
        "headers": {},
        "from": leg.order.from_,
        "to": leg.order.to,
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
        "status": word,
        "direction": "outbound",
        "timestamp": iso(time.time()),
        **extra,
    }


def answered(leg: Leg) -> dict[str, Any]:
    """Somebody picked up: the figures are there, and null."""
    return status(leg, "answered", start_time=None, rate=None, network=None)


def detected(leg: Leg, who: str, **extra: Any) -> dict[str, Any]:
    """A person or a machine: the only event whose id is called `call_uuid`."""
    return {
        "call_uuid": leg.uuid,
        "from": leg.order.from_,
        "to": leg.order.to,
        "status": who,
        "conversation_uuid": leg.conversation_uuid,
        "timestamp": iso(time.time()),
        **extra,
    }


def figures(leg: Leg, rate_eur: str) -> dict[str, Any]:
    """What a finished call cost: start is the answer, cut to whole seconds, end is start plus duration."""
    start_at = None if leg.answered_at is None else float(int(leg.answered_at))
    return {
        "start_time": None if start_at is None else iso(start_at),
        "end_time": None if start_at is None else iso(start_at + leg.duration_s),
        "duration": str(leg.duration_s),
        "rate": rate_eur,
        "price": leg.price_eur(rate_eur),
        "network": NETWORK,
    }


def completed(leg: Leg, rate_eur: str) -> dict[str, Any]:
    """The end of a call, with its figures."""
    by = {} if leg.answered_at is None else {"sip_code": 200, "disconnected_by": leg.ended_by}
    return status(leg, "completed", **figures(leg, rate_eur), **by)


def error(leg: Leg, reason: str) -> dict[str, Any]:
    """Something about the flow; has no id of the leg."""
    return {"reason": reason, "conversation_uuid": leg.conversation_uuid, "timestamp": iso(time.time())}


def replied(leg: Leg, results: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a request for input; `results` in the form of 2018 or of today."""
    return {
        **results,
        "from": leg.order.from_,
        "to": leg.order.to,
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
        "timestamp": iso(time.time()),
    }


def transferred(leg: Leg, left: str) -> dict[str, Any]:
    """A leg has left one conversation for the one that it is in now."""
    return {
        "conversation_uuid_from": left,
        "type": "transfer",
        "uuid": leg.uuid,
        "conversation_uuid_to": leg.conversation_uuid,
        "timestamp": iso(time.time()),
    }


def recorded(recording: Recording, url: str) -> dict[str, Any]:
    """A recording is there: no status, no leg, and times without milliseconds."""
    return {
        "start_time": _second(int(recording.begun_at)) + "Z",
        "recording_url": url,
        "size": recording.size,
        "recording_uuid": recording.uuid,
        "end_time": _second(int(recording.ended_at)) + "Z",
        "conversation_uuid": recording.conversation_uuid,
        "timestamp": iso(time.time()),
    }


def notified(leg: Leg, payload: Any) -> dict[str, Any]:
    """The payload of a `notify` action."""
    return {"payload": payload, "conversation_uuid": leg.conversation_uuid, "timestamp": iso(time.time())}


def answer_parameters(leg: Leg) -> dict[str, Any]:
    """What the answer webhook is asked with."""
    return {
        "to": leg.order.to,
        "from": leg.order.from_,
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
    }
