"""Why a single waiting call is held back although it would be due; the scripts write the reason down with the call.

What holds back all calls of a campaign alike (its windows, a pause, its slots) is no such reason: it is the campaign's.
"""

from __future__ import annotations

from enum import IntEnum


class Held(IntEnum):
    """The reasons; the numbers are stored data."""

    NUMBER_UP = 1  # another call to the number is up, or may be
    SPACING = 2  # the number was dialed too short a time ago
    DAY_CAP = 3  # it was dialed as often as it may be within 24 hours
    WEEK_CAP = 4  # the same within 7 days
