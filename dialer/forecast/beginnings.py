"""Numbers that begin alike on the virtual clock: they get no more than their share (`begin_attempt.lua`)."""

from __future__ import annotations

_SOON_S = 1e-6  # as in queue.py


class Part:
    """What one beginning may take of the tokens, of all campaigns that are not urgent."""

    def __init__(self, calls_per_second: float, starts: float) -> None:
        self._apart_s, self.free_at = 1 / calls_per_second, starts

    def is_free(self, now: float) -> bool:
        """Whether the next one may go."""
        return self.free_at <= now + _SOON_S

    def most(self, now: float, until: float) -> float:
        """How many calls may be placed between two moments. Nothing is saved up, but the call of this moment."""
        begins = max(self.free_at, now - self._apart_s)
        return max(0.0, (until - begins) / self._apart_s)

    def take(self, now: float, calls: float) -> None:
        """So many are placed from then on."""
        self.free_at = max(self.free_at, now - self._apart_s) + calls * self._apart_s
