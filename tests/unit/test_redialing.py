"""When somebody is dialed again at another hour of the day."""

from __future__ import annotations

import pytest

from dialer.redialing import HOUR_MS, at_another_hour


@pytest.mark.parametrize(
    ("due", "tried_at", "before", "expected"),
    [
        (9.5, 9.2, (), 12),
        (13.5, 9.2, (), 13.5),
        (10, 9.2, (12,), 15),
        (23, 21.1, (), 24),
        (10, 9, tuple(range(24)), 10),
    ],
)
def test_next_try_is_three_hours_from_all_before(
    due: float, tried_at: float, before: tuple[int, ...], expected: float
) -> None:
    """It waits for the next such hour, and not at all where none is left; the try that ended counts."""
    hours = sum(1 << hour for hour in before)
    found, with_it = at_another_hour(due * HOUR_MS, tried_at * HOUR_MS, hours)

    assert expected == found / HOUR_MS
    assert with_it == hours | 1 << int(tried_at)
