"""What windows mean for a call at a moment, in plain Python: whether it may be claimed, and who must look when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dialer.clock import moment, to_ms
from dialer.openings import GUARD_MS, LOOK_AGAIN
from dialer.pacing import HORIZON_US, LATEST_US
from dialer.windows import Windows

HORIZON_MS = HORIZON_US / 1000


@dataclass(slots=True)
class ExpectedHours:
    """The windows of a campaign as they are now; None: always open."""

    windows: Windows | None = None

    def claimable_from(self, zones: Sequence[str], now: float) -> float:
        """From when a call to these zones may be claimed: now or earlier if it may be at once."""
        if self.windows is None:
            return -math.inf
        opens, closes = self._stretch(zones, now)
        if opens > now:
            return opens
        return closes if closes <= now + HORIZON_MS else opens

    def holds_at(self, zones: Sequence[str], at_ms: float) -> bool:
        """Whether a request may be on its way at this moment, and until it leaves at the latest."""
        later = at_ms + LATEST_US / 1000
        return self.windows is None or all(self.windows.is_open(moment(at), zones) for at in (at_ms, later))

    def _stretch(self, zones: Sequence[str], now: float) -> tuple[float, float]:
        assert self.windows is not None
        later = moment(now) + timedelta(milliseconds=GUARD_MS)
        found = self.windows.next_open(later, zones)
        if found is None:
            return now + LOOK_AGAIN / timedelta(milliseconds=1), math.inf
        return to_ms(found[0]), to_ms(found[1]) - GUARD_MS
