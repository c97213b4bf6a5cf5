"""What the answer to a request for a call means: surely a call, surely none, or nobody knows. No I/O.

The table is REFERENCE section 10. Its one rule: "surely none" needs proof. A gateway's 5xx can hide a placed call, so
of those only Apigee's own faults that are raised before a request is passed on count as refusals.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus as Http

from dialer.providers.base import Doubt, Placed, PlaceResult, Refusal, Refused, Unknown
from dialer.providers.kpn.answers import Answer, describe
from dialer.providers.kpn.figures import read_text
from dialer.providers.kpn.waits import quota_reset_ms, quota_used_up, retry_after_ms

_QUOTA = "policies.ratelimit.quotaviolation"
_SPIKE = "policies.ratelimit.spikearrest"
# Faults of the token check that a new token does not mend (Apigee's OAuth status code reference).
_NOT_OURS_TO_USE = (
    "invalidapicallasnoapiproductmatchfound",
    "apiresource_doesnot_exist",
    "invalidapikeyforgivenresource",
    "invalidclientidentifier",
    "invalid_client",
    "insufficientscope",
    "insufficient_scope",
)
_REFUSALS: dict[int, Refusal] = {
    Http.UNAUTHORIZED: Refusal.TOKEN,
    Http.FORBIDDEN: Refusal.MISCONFIGURED,
    Http.NOT_FOUND: Refusal.MISCONFIGURED,
}
_DOUBTS: dict[int, Doubt] = {Http.REQUEST_TIMEOUT: Doubt.TIMED_OUT, Http.SERVICE_UNAVAILABLE: Doubt.UNAVAILABLE}
_SUCCESS, _REDIRECT, _CLIENT_ERROR = 2, 3, 4


def outcome_of(answer: Answer, *, now: datetime, hide: Iterable[str] = ()) -> PlaceResult:
    """Read the answer to one POST of a call. Total: every status and every body has an outcome.

    Args:
        answer: as much of it as arrived.
        now: aware; what the waits are counted from.
        hide: secrets that the carrier might repeat.
    """
    if answer.status // 100 == _SUCCESS:
        return _accepted(answer, hide)
    detail = describe(answer, hide)
    refusal = refusal_of(answer)
    if refusal is not None:
        return Refused(refusal, detail, _wait_ms(answer, refusal, now))
    doubt = _DOUBTS.get(answer.status, Doubt.SERVER_ERROR)
    return Unknown(doubt, detail, retry_after_ms(answer, now=now) if doubt is Doubt.UNAVAILABLE else None)


def _accepted(answer: Answer, hide: Iterable[str]) -> PlaceResult:
    fields = answer.fields()
    uuid = read_text(fields.get("uuid"))
    if uuid is None or uuid != fields["uuid"]:
        return Unknown(Doubt.UNREADABLE, describe(answer, hide))
    return Placed(uuid, read_text(fields.get("conversation_uuid")))


def refusal_of(answer: Answer) -> Refusal | None:
    """Why surely nothing was done; None where that is not sure, or where the answer is a success."""
    status, code = answer.status, answer.fault_code().lower()
    if status in {Http.UNAUTHORIZED, Http.INTERNAL_SERVER_ERROR}:
        return _of_fault(code) or _of_status(status)
    if status == Http.TOO_MANY_REQUESTS:
        return Refusal.QUOTA if code == _QUOTA or quota_used_up(answer) else Refusal.RATE
    if status == Http.SERVICE_UNAVAILABLE:
        return Refusal.RATE if code.startswith(_SPIKE) else None
    return _of_status(status)


def is_unknown(answer: Answer) -> bool:
    """A plain 404: there is no such call or application. The gateway's own 404 says that the path is wrong."""
    return answer.status == Http.NOT_FOUND and not answer.fault_code()


def _of_fault(code: str) -> Refusal | None:
    if code == _QUOTA:
        return Refusal.QUOTA
    if code.startswith("policies.ratelimit."):
        return Refusal.RATE
    if code.startswith(("oauth.", "keymanagement.")):
        return Refusal.MISCONFIGURED if code.endswith(_NOT_OURS_TO_USE) else Refusal.TOKEN
    return None


def _of_status(status: int) -> Refusal | None:
    if status in _REFUSALS:
        return _REFUSALS[status]
    if status // 100 == _REDIRECT:
        # Never followed: a POST that turns up elsewhere is a wrong address, and a person must look.
        return Refusal.MISCONFIGURED
    return Refusal.BAD_REQUEST if status // 100 == _CLIENT_ERROR and status not in _DOUBTS else None


def _wait_ms(answer: Answer, refusal: Refusal, now: datetime) -> int | None:
    if refusal not in {Refusal.RATE, Refusal.QUOTA}:
        return None
    asked_ms = retry_after_ms(answer, now=now)
    if asked_ms is not None:
        return asked_ms
    rate_alone = quota_used_up(answer) is False or answer.fault_code().lower().startswith(_SPIKE)
    return None if rate_alone and refusal is Refusal.RATE else quota_reset_ms(answer, now=now)
