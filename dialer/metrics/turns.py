"""When the duties of this process last came through: by that an alert sees a loop that hangs, or fails for ever."""

from __future__ import annotations

from dialer import metrics


def turned(duty: str) -> None:
    """Note that a duty, one of the label `duty` in `metrics/labels.py`, came through a turn just now."""
    metrics.LAST_TURN.labels(duty).set_to_current_time()
