"""What allowed an attempt, read from the line that the script wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialer.decisions import ALL_CAMPAIGNS, Decision

NINE, NOON = (datetime(2027, 1, 4, hour, tzinfo=UTC) for hour in (9, 12))
NINE_MS, NOON_MS = 1_799_053_200_000, 1_799_064_000_000


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (
            "- - - 1 0",
            Decision(windows_version=None, opens_at=None, closes_at=None, script_version=1, list_versions={"*": 0}),
        ),
        (
            f"3 {NINE_MS} {NOON_MS} 2 12 team:4 old-ones:7",
            Decision(
                windows_version=3,
                opens_at=NINE,
                closes_at=NOON,
                script_version=2,
                list_versions={"*": 12, "team": 4, "old-ones": 7},
            ),
        ),
        (
            "3 ! ! 2 12",
            Decision(
                windows_version=3,
                opens_at=None,
                closes_at=None,
                script_version=2,
                list_versions={ALL_CAMPAIGNS: 12},
                override_windows=True,
            ),
        ),
    ],
)
def test_a_decision_is_read_as_it_was_written(stored: str, expected: Decision) -> None:
    """Windows and the stretch of them, none or overridden; the text; and each list by its name."""
    assert expected == Decision.read(stored)
