"""The calls that a worker has claimed and not yet sent: so many as leave on time.

A process that is starved of processor time sends fewer than it could claim, and what waits too long gives its token
back (`pacing.LATEST_US`): its claim and its last look were for nothing, and made the next ones later. So whoever is
found behind takes half as many from then on, and more again step by step while requests leave in time.
"""

from __future__ import annotations

MOST = 384
"""So many leave within a quarter of a second, of the pacing.LATEST_US that they have, where one process sends 1,500 a
second or more; on a slower machine it is soon fewer."""
_LEAST = 64
_FEWEST = 32  # claimed at once: each claim has costs of its own, which many share
_SHARE = 4  # at least so many-th of all it may hold at once; at a budget's pace tokens are fewer than the room
_STEP = 8
_BEHIND_US = 100_000  # well before a call would be too late for its token


class InHand:
    """The calls in hand of one worker."""

    def __init__(self) -> None:
        self.count = 0
        self._most = MOST
        self._late_us = 0
        self._is_behind = False

    def take(self) -> None:
        """One more was claimed."""
        self.count += 1

    def leave(self, late_us: int) -> None:
        """One is out of hand, so late for its moment: its request leaves now, or it was put back."""
        self.count -= 1
        self._late_us = late_us

    def room(self) -> int:
        """How many may be claimed now; 0 for none yet."""
        if self.count and self._late_us > _BEHIND_US:
            if not self._is_behind:
                self._most = max(_LEAST, self._most // 2)
            self._is_behind = True
            return 0
        self._is_behind = False
        self._most = min(MOST, self._most + _STEP)
        room = self._most - self.count
        return room if room >= max(_FEWEST, self._most // _SHARE) else 0
