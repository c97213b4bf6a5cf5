"""The carrier's limits, enforced as strictly as it says: a rolling second, at the edge, without a queue.

Only what was accepted counts: a refused request takes nothing from the next one. Each question costs the same,
whatever the rate.
"""

from __future__ import annotations

from array import array
from collections import deque


class RollingWindow:
    """At most so many in any rolling second. Below one per second: one in that longer time."""

    def __init__(self, per_second: float) -> None:
        self._window_s = 1.0 if per_second >= 1 else 1 / per_second
        # Holds exactly as many as fit, so its first entry alone decides.
        self._accepted: deque[float] = deque(maxlen=max(1, int(per_second)))

    def has_room(self, now_s: float) -> bool:
        """Whether one more at this moment keeps the limit."""
        accepted = self._accepted
        return len(accepted) < (accepted.maxlen or 1) or now_s - accepted[0] >= self._window_s

    def take(self, now_s: float) -> None:
        """Count one in."""
        self._accepted.append(now_s)

    def admit(self, now_s: float) -> bool:
        """Count one in if there is room."""
        if not self.has_room(now_s):
            return False
        self.take(now_s)
        return True


class CallGate:
    """The limit on new calls: the rolling window and, if asked for, Apigee's smoothing on top."""

    def __init__(self, per_second: float, *, spike_arrest: bool) -> None:
        self._window = RollingWindow(per_second)
        self._interval_s = 1 / per_second if spike_arrest else 0.0
        self._last_s = float("-inf")

    def admit(self, now_s: float) -> bool:
        """Let one call in, or refuse it and count nothing."""
        if now_s - self._last_s < self._interval_s or not self._window.admit(now_s):
            return False
        self._last_s = now_s
        return True


class Arrivals:
    """The moments of everything let in, eight bytes each, and the most in any rolling second so far."""

    def __init__(self) -> None:
        self._at_s = array("d")
        self._first = 0
        self.peak = 0

    def __len__(self) -> int:
        return len(self._at_s)

    def add(self, now_s: float) -> None:
        """Note one; moments come in order."""
        self._at_s.append(now_s)
        while now_s - self._at_s[self._first] >= 1.0:
            self._first += 1
        self.peak = max(self.peak, len(self._at_s) - self._first)

    def peak_in(self, window_s: float) -> int:
        """The most in any half-open stretch of this length."""
        first = peak = 0
        for index, now_s in enumerate(self._at_s):
            while now_s - self._at_s[first] >= window_s:
                first += 1
            peak = max(peak, index - first + 1)
        return peak
