"""The replicas whose word a change needs: all that follow, and at least as many as are set.

One of several would not do. While sentinels hand over, the old primary still takes changes, and a replica that is not
the chosen one still confirms them: for a second or two, until both are told, and all of that is lost. The chosen one
has left by then. So whoever followed a moment ago must confirm as well, and what comes in between counts as not done.
Only a replica that has been away for longer than any handing over takes is no longer waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HOLD_S = 10.0
"""Twice the time after which sentinels miss a primary (`down-after-milliseconds`): it may have slept just so long."""


class Witnesses:
    """How many must confirm, as one process has seen them. Nobody, where none is set."""

    def __init__(self, least: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._least = least
        self._clock = clock
        self._seen_s: dict[int, float] = {}

    @property
    def wanted(self) -> int:
        """So many must confirm now."""
        if not self._least:
            return 0
        now = self._clock()
        self._seen_s = {count: at for count, at in self._seen_s.items() if now - at < HOLD_S}
        return max(self._least, *self._seen_s, 0)

    @property
    def known(self) -> bool:
        """Whether it was seen a moment ago who follows."""
        return self.wanted == 0 or bool(self._seen_s)

    def saw(self, role: Any) -> None:
        """Take note of what a primary answers to `ROLE`: the replicas that follow stand in its third part."""
        if isinstance(role, list) and role[0] in {"master", b"master"}:
            self._seen_s[len(role[2])] = self._clock()
