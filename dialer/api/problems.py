"""What a client is told when something is refused: problem details (RFC 9457), one place for all of them.

Every refusal is a `Problem`: raised anywhere in a request, or made from the project's own exceptions by
`problem_from`. Its `type` is a stable relative URI such as `/problems/invalid-input`, meant for programs; `detail` is a
sentence for people and names what to mend. What is not expected tells nothing but the request's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails, to_json

from dialer import forms
from dialer.errors import (
    CarrierError,
    ChangedMeanwhile,
    IllegalStep,
    ImportMoved,
    InvalidInput,
    NoRoom,
    NotFound,
    NotReplicated,
    StorageUnavailable,
    StoreUnavailable,
)
from dialer.providers.steering import CallOver, NotAnswered, TooEarly
from dialer.steering import NotPlaced

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100  # enough to mend a body by; a hostile one must not buy a huge answer
_MOST_GATHERED = 1_000  # more of them cost more time than is left between two webhooks


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of refusal: the last part of its URI, its HTTP status, its title."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The stable name that clients may test for."""
        return f"/problems/{self.slug}"


BAD_REQUEST = ProblemType("bad-request", 400, "The request cannot be read")
MALFORMED_JSON = ProblemType("malformed-json", 400, "The body is not JSON")
WRONG_ENCODING = ProblemType("wrong-encoding", 400, "The body is not UTF-8")
UNAUTHORIZED = ProblemType("unauthorized", 401, "The API key is missing or wrong")
ROLE_MISSING = ProblemType("role-missing", 403, "The API key has no role for this")
NOT_FOUND = ProblemType("not-found", 404, "There is no such thing")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "This method is not allowed here")
TOO_SLOW = ProblemType("too-slow", 408, "The body did not arrive in time")
ILLEGAL_STEP = ProblemType("illegal-step", 409, "The state does not allow this")
IMPORT_MOVED = ProblemType("import-moved", 409, "The import goes on from another byte")
IMPOSSIBLE_PLAN = ProblemType("impossible-plan", 409, "Not everybody can be called in time")
KEY_IN_USE = ProblemType("idempotency-key-in-use", 409, "The first request with this key is still running")
CALL_OVER = ProblemType("call-over", 409, "The call is over")
NOT_PLACED = ProblemType("call-not-placed", 409, "The call is not up yet")
NOT_ANSWERED = ProblemType("call-not-answered", 409, "Nobody has picked up yet")
TOO_EARLY = ProblemType("call-too-young", 409, "The carrier takes no orders for this call yet")
ID_TAKEN = ProblemType("id-taken", 409, "This id belongs to another call")
NOT_FETCHED = ProblemType("recording-not-fetched", 409, "The recording is not fetched yet")
CHANGED_MEANWHILE = ProblemType("changed-meanwhile", 412, "Somebody else changed it since you read it")
TOO_LARGE = ProblemType("too-large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "This kind of body is not taken")
RANGE_NOT_SATISFIABLE = ProblemType("range-not-satisfiable", 416, "The range lies behind the end")
INVALID_INPUT = ProblemType("invalid-input", 422, "The input is not valid")
KEY_REUSED = ProblemType("idempotency-key-reused", 422, "This key was used for another request")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 429, "This API key asks too often")
TOO_MANY_FAILURES = ProblemType("too-many-failures", 429, "Too many wrong API keys came from this address")
NO_PARQUET = ProblemType("parquet-not-installed", 501, "This dialer cannot write Parquet")
INTERNAL = ProblemType("internal", 500, "Something went wrong on our side")
CARRIER_FAILED = ProblemType("carrier-failed", 502, "The carrier did not do it")
TOO_MANY_LISTENERS = ProblemType("too-many-listeners", 503, "As many listen as may")
NO_CARRIER = ProblemType("no-carrier", 503, "This API has no settings for a carrier")
UNAVAILABLE = ProblemType("unavailable", 503, "The store does not answer")
NO_ROOM = ProblemType("no-room", 507, "The API has no room for this now")
STORAGE_UNAVAILABLE = ProblemType("storage-unavailable", 503, "The storage of recordings fails")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, named by its dotted path (`script.text`)."""

    field: str
    message: str


@dataclass(eq=False, slots=True)
class Problem(Exception):
    """A refusal on its way to the client.

    Attributes:
        detail: a sentence for people about this one case.
        field: the dotted path of the first field to mend.
        errors: all of them, where there may be several.
        extra: extension members of the answer (RFC 9457, section 3.2).
    """

    kind: ProblemType
    detail: str
    field: str | None = None
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] | None = None
    extra: Mapping[str, Any] | None = None

    def members(self) -> dict[str, Any]:
        """The answer's JSON object."""
        kind = self.kind
        told: dict[str, Any] = {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": self.detail}
        if self.field is not None:
            told["field"] = self.field
        if self.errors:
            told["errors"] = [{"field": e.field, "message": e.message} for e in self.errors]
        return told | dict(self.extra or {})

    def response(self) -> web.Response:
        """The whole HTTP answer."""
        body = to_json(self.members())
        return web.Response(status=self.kind.status, body=body, content_type=MEDIA_TYPE, headers=self.headers)


def problem_from(error: Exception) -> Problem | None:
    """What to tell about an exception; None for one that nobody expects, which is a bug of ours."""
    match error:
        case Problem():
            return error
        case web.HTTPException():
            return _from_aiohttp(error)
        case StoreUnavailable():
            told = str(error) if isinstance(error, NotReplicated) else "Redis does not answer; try again shortly."
            return Problem(UNAVAILABLE, told, headers={"Retry-After": "1"})
        case InvalidInput(field=str() as name):
            return Problem(INVALID_INPUT, str(error), field=name, errors=[FieldError(name, str(error))])
        case CarrierError():
            return _from_carrier(error)
    kind = next((kind for expected, kind in _EXPECTED.items() if isinstance(error, expected)), None)
    return Problem(kind, str(error), field=_FIELDS.get(kind)) if kind else None


_EXPECTED = {
    InvalidInput: INVALID_INPUT,
    NotFound: NOT_FOUND,
    NotPlaced: NOT_PLACED,
    ImportMoved: IMPORT_MOVED,
    IllegalStep: ILLEGAL_STEP,
    ChangedMeanwhile: CHANGED_MEANWHILE,
    NoRoom: NO_ROOM,
    StorageUnavailable: STORAGE_UNAVAILABLE,
}
_FIELDS = {CHANGED_MEANWHILE: "If-Match"}


def _from_carrier(error: CarrierError) -> Problem:
    match error:
        case CallOver():
            return Problem(CALL_OVER, "The call is over; nothing can be done to it any more.")
        case NotAnswered():
            return Problem(NOT_ANSWERED, "Nobody has picked up yet; give this order again once the call is answered.")
        case TooEarly():
            detail = "The call is so young that the carrier takes no orders for it; try again in two seconds."
            return Problem(TOO_EARLY, detail, headers={"Retry-After": "2"})
        case CarrierError(status=None):
            advice = "It may have been done all the same: look at the call before you order it again."
        case CarrierError(retryable=True):
            advice = "Try again shortly."
        case _:
            advice = "Trying again will not help; see the carrier's words."
    return Problem(CARRIER_FAILED, f"{str(error).rstrip('.')}. {advice}")


def invalid_input(error: ValidationError, *, whole: str, tagged: bool = False, within: str = "") -> Problem:
    """The refusal for what pydantic found.

    Args:
        error: all that is wrong.
        whole: what `field` says when not one field but all of it is wrong (`body`, `query`).
        tagged: whether it is one of several bodies, told apart by one of its fields.
        within: the field that it is the content of.
    """
    if error.error_count() > _MOST_GATHERED:
        detail = f"`{whole}`: {error.error_count():,} things are wrong: is it meant for this address?"
        return Problem(INVALID_INPUT, detail, field=whole)
    before = f"{within}." if within else ""
    found = error.errors(include_url=False, include_input=False)
    fields = (_field(e, tagged=tagged) for e in found[:MOST_ERRORS])
    errors = [FieldError(before + f if f else whole, _sentence(e)) for f, e in zip(fields, found, strict=False)]
    first, more = errors[0], len(found) - 1
    tail = f" (and {more} more)" if more else ""
    return Problem(INVALID_INPUT, f"`{first.field}`: {first.message}{tail}.", field=first.field, errors=errors)


def _field(error: ErrorDetails, *, tagged: bool) -> str:
    if error["type"] in _TAGS:
        return _dotted((*error["loc"], str(error["ctx"]["discriminator"]).strip("'")))
    # Pydantic puts in front which of the bodies it is.
    return _dotted(error["loc"][1:] if tagged else error["loc"])


_TAGS = {"union_tag_invalid", "union_tag_not_found"}


def _dotted(location: tuple[int | str, ...]) -> str:
    # Pydantic marks a wrong key of a mapping by a last part of its own.
    return ".".join(str(part) for part in location if part != "[key]")


def _sentence(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown field"
        case "missing" | "union_tag_not_found":
            return "required, but missing"
        case "union_tag_invalid":
            return f"must be one of {error['ctx']['expected_tags']}"
        case "value_error":
            return str(error["ctx"]["error"])
        case forms.MISFIT:
            return forms.words_for(error)
        case _:
            return error["msg"]


def _from_aiohttp(error: web.HTTPException) -> Problem:
    match error:
        case web.HTTPNotFound():
            return Problem(NOT_FOUND, "There is nothing at this address.")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return Problem(METHOD_NOT_ALLOWED, f"Allowed here: {allowed}.", headers={"Allow": allowed})
        case _:
            kind = ProblemType("bad-request", error.status, error.reason)
            return Problem(kind if error.status >= 400 else INTERNAL, error.reason)  # noqa: PLR2004 - first error status
