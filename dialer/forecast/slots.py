"""How many calls may be placed where only so many are up at once, on the virtual clock."""

from __future__ import annotations


class Slots:
    """So many calls at once, each of which lasts so long.

    In the long run that is Little's law: a slot gives a call each time one has lasted. Whoever begins with all slots
    free is ahead of that by all of them at first, and by none just before the first call ends: by half of them.
    """

    def __init__(self, count: int, lasts_s: float, starts: float) -> None:
        self._ahead = self._free = count / 2
        self._calls_per_second = count / max(lasts_s, 1e-6)
        self._at = starts

    def most(self, now: float, until: float) -> float:
        """How many calls may be placed between two moments."""
        self._free = min(self._ahead, self._free + (now - self._at) * self._calls_per_second)
        self._at = now
        return self._free + (until - now) * self._calls_per_second

    def take(self, calls: float) -> None:
        """So many are placed."""
        self._free -= calls
