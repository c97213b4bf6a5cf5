"""The body of a request for a call (REFERENCE 3): bare digits, arrays even for the one value they may hold. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, assert_never

from dialer.addresses import check_sip, check_websocket
from dialer.errors import InvalidInput
from dialer.providers.base import AdvancedDetection, CallRequest, Endpoint, Phone, Sip, Websocket
from dialer.providers.kpn import checks
from dialer.providers.kpn.dialect import Dialect, require

LONGEST_RINGING_S = 120
LONGEST_CALL_S = 7200

_AUDIO = ("audio/l16;rate=8000", "audio/l16;rate=16000")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_HEADER = 512
_BEHAVIORS = ("continue", "hangup")
_MODES = ("default", "detect", "detect_beep")


def write_call(request: CallRequest, dialect: Dialect) -> dict[str, Any]:
    """The call as POST takes it. Raises InvalidInput, with the field as in `CallRequest`."""
    return {
        "to": [_endpoint(request.callee, dialect)],
        **_caller(request, dialect),
        "answer_url": [checks.url(request.answer_url, "answer_url")],
        "answer_method": "GET",
        "event_url": [checks.url(request.event_url, "event_url")],
        "event_method": "POST",
        "ringing_timer": checks.whole(
            request.ringing_timer_s, least=1, most=LONGEST_RINGING_S, field="ringing_timer_s"
        ),
        "length_timer": checks.whole(request.length_timer_s, least=1, most=LONGEST_CALL_S, field="length_timer_s"),
        **_detection(request, dialect),
    }


def _caller(request: CallRequest, dialect: Dialect) -> dict[str, Any]:
    if request.random_from_number:
        require("a caller id that the carrier chooses", allowed=dialect.allow_random_from, field="random_from_number")
        return {"random_from_number": True}
    return {"from": {"type": "phone", "number": checks.number(request.from_, "from")}}


def _endpoint(endpoint: Endpoint, dialect: Dialect) -> dict[str, Any]:
    match endpoint:
        case Phone():
            return _phone(endpoint)
        case Sip():
            return _sip(endpoint, dialect)
        case Websocket():
            return _websocket(endpoint)
        case _:
            assert_never(endpoint)


def _phone(phone: Phone) -> dict[str, Any]:
    body = {"type": "phone", "number": checks.number(phone.number, "to")}
    return body if phone.dtmf_answer is None else body | {"dtmfAnswer": checks.keys(phone.dtmf_answer, "dtmf_answer")}


def _sip(sip: Sip, dialect: Dialect) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "sip", "uri": check_sip(sip.uri)}
    if not sip.headers:
        return body
    require("SIP headers", allowed=dialect.allow_sip_headers, field="headers")
    return body | {"headers": _sip_headers(sip.headers)}


def _sip_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        fits = _HEADER_NAME.fullmatch(name) and len(value) <= _LONGEST_HEADER and value.isprintable()
        if not fits:
            raise InvalidInput(f"{name[:64]!r} is no SIP header: one line of plain text each", field="headers")
    return dict(headers)


def _websocket(websocket: Websocket) -> dict[str, Any]:
    body = {
        "type": "websocket",
        "uri": check_websocket(websocket.uri),
        "content-type": checks.choice(websocket.content_type, _AUDIO, "content_type"),
    }
    return body | ({"headers": dict(websocket.headers)} if websocket.headers else {})


def _detection(request: CallRequest, dialect: Dialect) -> dict[str, Any]:
    if request.advanced_detection:
        return {"advanced_machine_detection": _advanced(request.advanced_detection, dialect)}
    if request.machine_detection:
        return {"machine_detection": checks.choice(request.machine_detection, _BEHAVIORS, "machine_detection")}
    return {}


def _advanced(detection: AdvancedDetection, dialect: Dialect) -> dict[str, Any]:
    require("advanced machine detection", allowed=dialect.allow_advanced, field="advanced_detection")
    # A misspelt word here is taken, and fails later in somebody's ear (vonage-php-sdk issue 411).
    body: dict[str, Any] = {
        "behavior": checks.choice(detection.behavior, _BEHAVIORS, "behavior"),
        "mode": checks.choice(detection.mode, _MODES, "mode"),
    }
    if detection.beep_timeout_s is not None:
        # 45: the specification allows 30, the official SDKs do not.
        body["beep_timeout"] = checks.whole(detection.beep_timeout_s, least=45, most=120, field="beep_timeout_s")
    return body
