"""What a list that is streamed in has in common with others: its rows are counted, whatever ends it midway.

What was stored stays, so a refusal tells the counts so far, and the mended list may be sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aiohttp import web

from dialer.api.answers import ImportOut, RejectionOut
from dialer.api.keys import IMPORT_POOL, LOG_FIELDS
from dialer.api.problems import problem_from
from dialer.importing import REMEDIES, Rejection

MOST_REJECTIONS = 1_000  # told one by one; beyond them the list as a whole is wrong


@dataclass(slots=True)
class Rows:
    """What became of a list's rows so far. Belongs to one request."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Count them all, keep the first."""
        self.rejected += len(rejections)
        self.rejections += rejections[: MOST_REJECTIONS - len(self.rejections)]

    def counts(self) -> dict[str, int]:
        """The three numbers."""
        return {"accepted": self.accepted, "duplicates": self.duplicates, "rejected": self.rejected}

    def answer(self) -> web.Response:
        """What the client is told of a list that came to its end."""
        return web.json_response(text=ImportOut(**self.told()).model_dump_json())

    def told(self) -> dict[str, Any]:
        """The fields of ImportOut."""
        return {**self.counts(), "rejections": [told_rejection(rejection) for rejection in self.rejections]}


def told_rejection(rejection: Rejection) -> RejectionOut:
    """A row that was not taken, as a client is told of it."""
    return RejectionOut(**asdict(rejection), remedy=REMEDIES[rejection.code])


@contextmanager
def counted(request: web.Request, rows: Rows) -> Iterator[None]:
    """Tell the counts so far with whatever refusal ends the list, and in the request's log line."""
    try:
        yield
    except Exception as error:
        request.app[IMPORT_POOL].drop_broken(error)
        problem = problem_from(error)
        if problem is None:
            raise
        raise replace(problem, extra=rows.counts()) from error
    finally:
        request[LOG_FIELDS].update(rows.counts())
