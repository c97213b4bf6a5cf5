"""Steering a live call: hang up, mute, send elsewhere, speak into it, press keys.

A call cannot be steered in its first two seconds (400), nor after its end (404, or 400 if set so); and all but hanging
up needs somebody who has answered (400).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from dialer.simulator.exchange import Exchange
from dialer.simulator.legs import Leg, Sense
from dialer.simulator.ncco import MAX_TEXT, spoken_length
from dialer.simulator.orders import MAX_LENGTH_TIMER_S, Problem
from dialer.simulator.replies import Verdict, bad_request, verdict, vonage

QUIET_ACTIONS = frozenset({"mute", "unmute", "earmuff", "unearmuff"})
_KEYS = re.compile(r"[0-9*#p,]+", re.ASCII)


def steer(exchange: Exchange, uuid: str, body: Any) -> Verdict:
    """PUT on a call: an action by name."""
    leg = _live_leg(exchange, uuid)
    if isinstance(leg, Verdict):
        return leg
    action = body.get("action") if isinstance(body, dict) else None
    if action == "hangup":
        exchange.note(leg, Sense.CONTROL, action)
        leg.end("platform")
        return verdict(204)
    if action != "transfer" and action not in QUIET_ACTIONS:
        return _wrong(exchange, "action", "Is not supported.")
    if leg.answered_at is None:
        return vonage(400, "BAD_REQUEST", "Bad Request")
    return _transfer(exchange, leg, body) if action == "transfer" else _quieten(exchange, leg, action)


def sound(exchange: Exchange, uuid: str, kind: str, body: Any) -> Verdict:
    """PUT or DELETE (`body` None) of talk and stream, PUT of dtmf."""
    leg = _live_leg(exchange, uuid)
    if isinstance(leg, Verdict):
        return leg
    if leg.answered_at is None:
        return vonage(400, "BAD_REQUEST", "Bad Request")
    if body is None:
        exchange.note(leg, Sense.CONTROL, f"stop {kind}")
        (leg.sounds or {}).pop(kind, None)
        return _done(f"{kind.title()} stopped", uuid)
    problem = _problem_with(kind, body)
    if problem is not None:
        return bad_request(exchange.config.bad_request_style, [problem])
    _play(exchange, leg, kind, body)
    return _done("DTMF sent" if kind == "dtmf" else f"{kind.title()} started", uuid)


def _live_leg(exchange: Exchange, uuid: str) -> Leg | Verdict:
    leg = exchange.book.find(uuid)
    if leg is None:
        return vonage(404, "NOT_FOUND", "Not Found")
    if leg.over:
        kind = "NOT_FOUND" if exchange.config.finished_call_status == 404 else "BAD_REQUEST"  # noqa: PLR2004 - HTTP
        return vonage(exchange.config.finished_call_status, kind, kind.replace("_", " ").title())
    grace_s = exchange.config.control_grace_s * exchange.config.time_scale
    old_enough = time.monotonic() - leg.created_s >= grace_s
    if not (old_enough if leg.steerable is None else leg.steerable):
        return vonage(400, "BAD_REQUEST", "Bad Request")
    return leg


def _quieten(exchange: Exchange, leg: Leg, action: str) -> Verdict:
    exchange.note(leg, Sense.CONTROL, action)
    if action.endswith("earmuff"):
        leg.earmuffed = action == "earmuff"
    else:
        leg.muted = action == "mute"
    return verdict(204)


def _transfer(exchange: Exchange, leg: Leg, body: Mapping[str, Any]) -> Verdict:
    match body.get("destination"):
        case {"type": "ncco", "ncco": list() as flow}:
            leg.send_elsewhere(flow)
        case {"type": "ncco", "url": [str() as url]}:
            leg.send_elsewhere(url)
        case _:
            return _wrong(exchange, "destination", "Must be an ncco or the url of one.")
    exchange.note(leg, Sense.CONTROL, "transfer")
    return verdict(204)


def _play(exchange: Exchange, leg: Leg, kind: str, body: Mapping[str, Any]) -> None:
    exchange.note(leg, Sense.CONTROL, kind)
    if kind == "dtmf":
        exchange.note(leg, Sense.RECEIVED, body["digits"])
        return
    if kind == "talk":
        what = body["text"]
        once_s = spoken_length(what) / exchange.config.speech_characters_per_second
    else:
        what, once_s = body["stream_url"][0], exchange.config.clip_s
    exchange.note(leg, Sense.HEARD if kind == "talk" else Sense.STREAM, what)
    lasts_s = min(once_s * (body.get("loop", 1) or MAX_LENGTH_TIMER_S), MAX_LENGTH_TIMER_S)
    leg.sounds = {**(leg.sounds or {}), kind: (what, time.monotonic() + lasts_s * exchange.config.time_scale)}


def _problem_with(kind: str, body: Any) -> Problem | None:
    field = {"talk": "text", "stream": "stream_url", "dtmf": "digits"}[kind]
    match kind, body:
        case "talk", {"text": str() as text}:
            right = 0 < spoken_length(text) <= MAX_TEXT
        case "stream", {"stream_url": [str() as url]}:
            right = url.startswith(("http://", "https://"))
        case "dtmf", {"digits": str() as keys}:
            right = _KEYS.fullmatch(keys) is not None
        case _:
            return Problem(field, "Is required.")
    if not right:
        return Problem(field, "Is not as it should be.")
    loop = body.get("loop", 0)
    return None if type(loop) is int and loop >= 0 else Problem("loop", "Must be 0 or more.")


def _done(words: str, uuid: str) -> Verdict:
    return verdict(200, {"message": words, "uuid": uuid})


def _wrong(exchange: Exchange, field: str, reason: str) -> Verdict:
    return bad_request(exchange.config.bad_request_style, [Problem(field, reason)])
