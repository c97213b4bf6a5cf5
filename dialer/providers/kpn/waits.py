"""How long the carrier asks us to wait, from the headers of a refusal. No I/O; the time is an argument.

`Retry-After` is believed first; KPN does not document it. KPN's own `quota-*` headers stand on every answer, also on
one that was refused for its rate alone: a reset in ten hours must not stop the fleet while the quota has room, so the
reset counts only where the quota is used up or nothing tells.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dialer.providers.kpn.answers import Answer
from dialer.providers.kpn.figures import read_count, read_decimal, read_moment

LONGEST_WAIT_MS = 24 * 60 * 60 * 1000
"""A day: whoever asks for more is misread or broken, and a person must see it before a day has passed anyway."""


def quota_used_up(answer: Answer) -> bool | None:
    """Whether KPN's figures say that the allowance is spent; None if they say nothing."""
    limit, used = read_count(answer.header("quota-limit")), read_count(answer.header("quota-used"))
    return None if limit is None or used is None else used >= limit


def retry_after_ms(answer: Answer, *, now: datetime) -> int | None:
    """`Retry-After` in milliseconds from now: seconds, or a date compared with the answer's own `Date`."""
    text = answer.header("retry-after")
    seconds = read_decimal(text)
    if seconds is not None:
        return _believed(float(seconds))
    until = _http_date(text)
    # The sender's clock against itself: ours may differ.
    return _believed((until - (_http_date(answer.header("date")) or now)).total_seconds()) if until else None


def quota_reset_ms(answer: Answer, *, now: datetime) -> int | None:
    """`quota-reset-UTC` in milliseconds from now; None where it is missing, past or beyond belief."""
    until = read_moment(answer.header("quota-reset-utc"))
    wait_ms = _believed((until - now).total_seconds()) if until else None
    return wait_ms or None


def _believed(seconds: float) -> int | None:
    wait_ms = int(max(seconds, 0.0) * 1000)
    return wait_ms if wait_ms <= LONGEST_WAIT_MS else None


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
