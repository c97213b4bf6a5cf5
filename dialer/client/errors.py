"""What can go wrong between a program and the dialer's API.

ApiError
├── ApiAbsent        nobody listens at the address: nothing was asked
├── ApiBroken        the connection broke off, or what came is no answer of ours: it may have been done
└── ApiRefusal       the API answered that it will not (problem details, RFC 9457)
    ├── Unauthorized     401  the key is missing or wrong
    ├── Forbidden        403  the key may not do this
    ├── Missing          404  there is no such thing
    ├── Conflict         409  the state does not allow this
    ├── Outdated         412  it was changed by somebody else meanwhile
    ├── Invalid          422  `field` says what to mend
    ├── TooMany          429  too many requests; `retry_after_s` says when to ask again
    └── Unavailable      503  Redis or the carrier does not answer
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialer.errors import DialerError


class ApiError(DialerError):
    """The API did not do what was asked, as far as is known."""


class ApiAbsent(ApiError):
    """Nobody listens at the address."""


class ApiBroken(ApiError):
    """The connection broke off, or what came is no answer of ours."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field, named by its dotted path."""

    field: str
    message: str


class ApiRefusal(ApiError):
    """The API answered that it will not; the message is for people.

    Attributes:
        status: the HTTP status.
        type: the stable URI of the kind of problem, such as `/problems/illegal-step`; None where none was told.
        detail: what is wrong, without the list of fields.
        field: dotted path of the first field to mend, where there is one.
        errors: all of them, where there are several.
        extra: further members of the answer.
        request_id: under which the API's log tells of the request.
        retry_after_s: after how many seconds asking again may help.
    """

    def __init__(
        self,
        status: int,
        problem: Mapping[str, Any] | None = None,
        *,
        reason: str = "",
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        told = dict(problem or {})
        self.status = status
        self.type: str | None = told.pop("type", None)
        title = told.pop("title", None)
        self.detail = str(told.pop("detail", None) or title or f"{status} {reason}".strip())
        self.field: str | None = told.pop("field", None)
        self.errors = tuple(Wrong(str(e.get("field")), str(e.get("message"))) for e in told.pop("errors", None) or ())
        self.extra = {name: value for name, value in told.items() if name != "status"}
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        super().__init__(self._in_words())

    def _in_words(self) -> str:
        """All that is wrong, each thing once."""
        lines = [f"{wrong.field}: {wrong.message}" for wrong in self.errors]
        if len(lines) == 1 and self.errors[0].message in self.detail:
            return lines[0]
        return "\n  ".join([self.detail, *lines])


class Unauthorized(ApiRefusal):
    """The key is missing or wrong."""


class Forbidden(ApiRefusal):
    """The key may not do this."""


class Missing(ApiRefusal):
    """There is no such thing."""


class Conflict(ApiRefusal):
    """The state does not allow this."""


class Outdated(ApiRefusal):
    """It was changed by somebody else meanwhile."""


class Invalid(ApiRefusal):
    """A field is to be mended."""


class TooMany(ApiRefusal):
    """Too many requests."""


class Unavailable(ApiRefusal):
    """Redis or the carrier does not answer."""


REFUSALS: Mapping[int, type[ApiRefusal]] = {
    401: Unauthorized,
    403: Forbidden,
    404: Missing,
    409: Conflict,
    412: Outdated,
    422: Invalid,
    429: TooMany,
    503: Unavailable,
}
"""The class of each status; any other one is a plain ApiRefusal."""
