"""Which cap holds a number back longest, and what is written down of a call that is held back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dialer.holding import DAY_MS, Held, not_before, read_held
from dialer.model import Caps

NOW = 1_800_000_000_000
HOUR = 3_600_000
HOURS_AGO = tuple(NOW - hours * HOUR for hours in (2, 5, 30, 100))  # when it was dialed, newest first


@pytest.mark.parametrize(
    ("caps", "moments", "expected"),
    [
        (Caps(), HOURS_AGO, None),
        (Caps(day=1, week=1, spacing_ms=HOUR), (), None),
        (Caps(spacing_ms=3 * HOUR), HOURS_AGO, (Held.SPACING, NOW + HOUR)),
        (Caps(spacing_ms=2 * HOUR), HOURS_AGO, None),  # it may be dialed at that very moment
        (Caps(spacing_ms=2 * HOUR + 1), HOURS_AGO, (Held.SPACING, NOW + 1)),
        (Caps(day=2), HOURS_AGO, (Held.DAY_CAP, NOW + 19 * HOUR)),
        (Caps(day=3), HOURS_AGO, None),  # the third last is more than a day ago
        (Caps(day=1), HOURS_AGO, (Held.DAY_CAP, NOW + 22 * HOUR)),
        (Caps(week=4), HOURS_AGO, (Held.WEEK_CAP, NOW + 68 * HOUR)),
        (Caps(week=5), HOURS_AGO, None),
        (Caps(day=1, week=4, spacing_ms=3 * HOUR), HOURS_AGO, (Held.WEEK_CAP, NOW + 68 * HOUR)),
        (Caps(day=1, week=4, spacing_ms=90 * HOUR), HOURS_AGO, (Held.SPACING, NOW + 88 * HOUR)),
        (Caps(day=1, spacing_ms=DAY_MS), HOURS_AGO, (Held.SPACING, NOW + 22 * HOUR)),  # of two that end together
    ],
)
def test_the_cap_that_holds_longest_is_told(
    caps: Caps, moments: Sequence[int], expected: tuple[Held, int] | None
) -> None:
    """A number waits until all caps let it go: a day is 24 hours and a week seven of them, from each try on."""
    assert expected == not_before(moments, caps, NOW)


@pytest.mark.parametrize("why", Held)
def test_what_is_stored_is_read_for_good(why: Held) -> None:
    """The numbers and the span are in the data of every dialer."""
    stored = {Held.NUMBER_UP: 1, Held.SPACING: 2, Held.DAY_CAP: 3, Held.WEEK_CAP: 4, Held.PREFIX_SHARE: 5}

    assert (why, NOW) == read_held(float(stored[why] * 10_000_000_000_000 + NOW))
