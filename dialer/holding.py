"""Why a single waiting call is held back although it would be due; the scripts write the reason down with the call.

What holds back all calls of a campaign alike (its windows, a pause, its slots) is no such reason: it is the campaign's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from dialer.model import Caps

SPAN = 10**13
"""A call that is held back has the score `reason * SPAN + until` (ms): so those of one reason are counted, and the one
that is free first is found, without looking at any other. Good until the year 2286, and for 900 reasons."""
DAY_MS = 86_400_000
PLACING_MS = 70_000
"""By then it is known whether a number that is dialed rings at all: a request has at most 60 s, its lease ten more.
Until then no cap counts it for good."""


class Held(IntEnum):
    """The reasons; the numbers are stored data."""

    NUMBER_UP = 1  # another call to the number is up, or may be
    SPACING = 2  # the number was dialed too short a time ago
    DAY_CAP = 3  # it was dialed as often as it may be within 24 hours
    WEEK_CAP = 4  # the same within 7 days
    PREFIX_SHARE = 5  # numbers that begin so have had their share of the budget for now


def read_held(score: float) -> tuple[Held, int]:
    """Why a call is held back, and until when (ms), from what is written down with it."""
    reason, until_ms = divmod(int(score), SPAN)
    return Held(reason), until_ms


def not_before(moments: Sequence[int], caps: Caps, now_ms: int) -> tuple[Held, int] | None:
    """Which cap keeps a number from being dialed longest, and until when (ms); as `parts/dialed.lua` has it.

    Args:
        moments: when it was dialed in the last seven days, newest first.
        caps: of the campaign that would dial it.
        now_ms: the moment.
    """
    day, week = (caps.day, DAY_MS, Held.DAY_CAP), (caps.week, 7 * DAY_MS, Held.WEEK_CAP)
    rules = ((1, caps.spacing_ms, Held.SPACING), day, week)
    ends = [(why, moments[tries - 1] + span) for tries, span, why in rules if tries and len(moments) >= tries]
    # Of two that end together the first is told.
    longest = max(ends, key=lambda end: end[1], default=None)
    return longest if longest and longest[1] > now_ms else None
