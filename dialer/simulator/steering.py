"""Steering a live call: hang up, mute, send elsewhere, speak into it, press keys.

A call cannot be steered in its first two seconds (400), nor after its end (404); speech needs somebody who listens.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from dialer.simulator.exchange import Exchange
from dialer.simulator.legs import Leg
from dialer.simulator.orders import Problem
from dialer.simulator.replies import Verdict, bad_request, verdict, vonage

QUIET_ACTIONS = frozenset({"mute", "unmute", "earmuff", "unearmuff"})


def steer(exchange: Exchange, uuid: str, body: Any) -> Verdict:
    """PUT on a call: an action by name."""
    found = _live_leg(exchange, uuid)
    if isinstance(found, Verdict):
        return found
    action = body.get("action") if isinstance(body, dict) else None
    if action == "hangup":
        found.end("platform")
    elif action == "transfer":
        flow = _destination(body)
        if flow is None:
            return _wrong(exchange, "destination", "Must be an ncco or the url of one.")
        found.send_elsewhere(flow)
    elif action not in QUIET_ACTIONS:
        return _wrong(exchange, "action", "Is not supported.")
    return verdict(204)


def sound(exchange: Exchange, uuid: str, kind: str, body: Any) -> Verdict:
    """PUT or DELETE (`body` None) of talk and stream, PUT of dtmf."""
    found = _live_leg(exchange, uuid)
    if isinstance(found, Verdict):
        return found
    if found.answered_at is None:
        return vonage(400, "BAD_REQUEST", "Bad Request")
    if body is None:
        return _done(f"{kind.title()} stopped", uuid)
    problem = _problem_with(kind, body)
    if problem is not None:
        return bad_request(exchange.config.bad_request_style, [problem])
    if kind == "talk":
        exchange.journal.speak(found.order.to, body["text"])
    return _done("DTMF sent" if kind == "dtmf" else f"{kind.title()} started", uuid)


def _live_leg(exchange: Exchange, uuid: str) -> Leg | Verdict:
    leg = exchange.book.find(uuid)
    if leg is None or leg.over:
        return vonage(404, "NOT_FOUND", "Not Found")
    grace_s = exchange.config.control_grace_s * exchange.config.time_scale
    if time.monotonic() - leg.created_s < grace_s:
        return vonage(400, "BAD_REQUEST", "Bad Request")
    return leg


def _destination(body: Mapping[str, Any]) -> list[Any] | str | None:
    destination = body.get("destination")
    if not isinstance(destination, dict) or destination.get("type") != "ncco":
        return None
    match destination:
        case {"ncco": list() as flow}:
            return flow
        case {"url": [str() as url]}:
            return url
        case _:
            return None


def _problem_with(kind: str, body: Any) -> Problem | None:
    match kind, body:
        case "talk", {"text": str()}:
            return None
        case "stream", {"stream_url": [str()]}:
            return None
        case "dtmf", {"digits": str()}:
            return None
        case _:
            return Problem({"talk": "text", "stream": "stream_url", "dtmf": "digits"}[kind], "Is required.")


def _done(words: str, uuid: str) -> Verdict:
    return verdict(200, {"message": words, "uuid": uuid})


def _wrong(exchange: Exchange, field: str, reason: str) -> Verdict:
    return bad_request(exchange.config.bad_request_style, [Problem(field, reason)])
