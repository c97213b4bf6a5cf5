"""The carrier's replies as values: what was judged, and the many shapes in which an error is told.

Three layers answer for each other's faults (KPN's gateway, Apigee beneath it, Vonage behind), each in its own form.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.orders import Problem

HTML = b"<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>504 Gateway Time-out</body>\r\n</html>\r\n"

_json = json.JSONEncoder(separators=(",", ":")).encode


class Ending(StrEnum):
    """How the exchange of one request ends on the wire."""

    REPLY = "reply"
    CLOSE = "close"  # the connection ends without a byte
    RESET = "reset"  # it is reset
    CUT = "cut"  # half of the body, then the end


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What the carrier decided about one request, before anything is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    ending: Ending = Ending.REPLY
    delay_s: float = 0.0
    wait_for: asyncio.Future[None] | None = None
    number: str | None = None
    accepted: bool = True
    rang: bool = False
    fault: str | None = None


def verdict(status: int, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Verdict:
    """A plain reply with a JSON body, or without one."""
    text = b"" if body is None else _json(body).encode()
    return Verdict(status=status, body=text, headers=headers or {})


def kpn(status: int, message: str) -> Verdict:
    """An error in the envelope of KPN's gateway."""
    name = HTTPStatus(status).phrase
    return verdict(status, {
        "transactionId": str(uuid.uuid4()),
        "status": str(status),
        "name": name,
        "message": message,
        "info": "https://developer.kpn.com/",
    })  # fmt: skip


def apigee(status: int, code: str, text: str) -> Verdict:
    """A fault of the gateway product beneath KPN's."""
    return verdict(status, {"fault": {"faultstring": text, "detail": {"errorcode": code}}})


def vonage(status: int, kind: str, title: str) -> Verdict:
    """An error in the form of Vonage's 2018 interface."""
    return verdict(status, {"type": kind, "error_title": title})


def bad_request(style: str, problems: Sequence[Problem]) -> Verdict:
    """A 400 that names the fields, in one of the forms that were seen."""
    if style == "list":
        parameters = [{"name": problem.field, "reason": problem.reason} for problem in problems]
        return verdict(400, {"type": 400, "title": "Bad Request", "invalid_parameters": parameters})
    if style == "rfc7807":
        detail = "; ".join(f"{problem.field}: {problem.reason}" for problem in problems)
        kind = "https://developer.vonage.com/api-errors#bad-request"
        return verdict(400, {"type": kind, "title": "Bad Request", "detail": detail, "instance": str(uuid.uuid4())})
    fields = {problem.field: problem.reason for problem in problems}
    return verdict(400, {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": fields})


def over_limit(config: SimulatorConfig) -> Verdict:
    """The refusal of a request over the rate."""
    match config.refusal_style:
        case "kpn_429":
            refusal = kpn(429, "Rate limit exceeded")
        case "vonage_429":
            refusal = vonage(429, "TOO_MANY_REQUESTS", "Too Many Requests")
        case "apigee_429":
            refusal = apigee(429, "policies.ratelimit.SpikeArrestViolation", "Spike arrest violation.")
        case "apigee_500":
            refusal = apigee(500, "policies.ratelimit.QuotaViolation", "Rate limit quota violation.")
    refusal.headers = _advice(config)
    refusal.accepted = False
    return refusal


def failure(status: int) -> Verdict:
    """A status on demand, as a fault."""
    match status:
        case 302:
            return verdict(302, headers={"Location": "https://developer.kpn.com/status"})
        case 401:
            return apigee(401, "keymanagement.service.invalid_access_token", "Invalid Access Token")
        case 503:
            return apigee(
                503, "messaging.adaptors.http.flow.ServiceUnavailable", "The Service is temporarily unavailable"
            )
        case 504:
            return apigee(504, "messaging.adaptors.http.flow.GatewayTimeout", "Gateway Timeout")
        case 502:
            return verdict(502)
        case _:
            return kpn(status, "The request could not be served")


def html_page() -> Verdict:
    """A time-out told by the router in front of everything."""
    return Verdict(status=504, body=HTML, content_type="text/html")


def _advice(config: SimulatorConfig) -> dict[str, str]:
    headers = {}
    if config.retry_after_s is not None:
        headers["Retry-After"] = str(config.retry_after_s)
    if config.quota_reset_s is not None:
        headers["quota-reset-UTC"] = str(int((time.time() + config.quota_reset_s) * 1000))
    return headers
