"""How fast a campaign goes and how long it will take, from looking at its counts now and then."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from dialer.api.answers import CampaignOut
from dialer.states import CallState

_WINDOW_S = 10.0  # long enough to be steady at 3 calls a second, short enough to show a pause
_LEAST_S = 1.0
_UNSTARTED = (CallState.WAITING, CallState.CLAIMED)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at a campaign.

    Attributes:
        elapsed_s: since the first look.
        rate: calls placed per second of late; None while it is too early to say.
        budget: calls per second that may be placed.
        left_s: until the last call is placed, at this rate; None where nobody can tell.
    """

    view: CampaignOut
    elapsed_s: float
    rate: float | None
    budget: float
    left_s: float | None

    @property
    def done(self) -> int:
        """How many calls have their disposition."""
        return self.view.counts[CallState.DONE]


class Pace:
    """Takes looks at one campaign and tells the pace of the last seconds."""

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._first_at: float | None = None
        self._looks: deque[tuple[float, int]] = deque()

    def look(self, at_s: float, view: CampaignOut) -> Snapshot:
        """Add a look taken at this moment of a monotonic clock."""
        if self._first_at is None:
            self._first_at = at_s
        self._looks.append((at_s, _started(view)))
        while at_s - self._looks[0][0] > _WINDOW_S:
            self._looks.popleft()
        rate = self._rate()
        return Snapshot(view, at_s - self._first_at, rate, self._budget, _left_s(view, rate))

    def _rate(self) -> float | None:
        (first_at, first), (last_at, last) = self._looks[0], self._looks[-1]
        if last_at - first_at < _LEAST_S:
            return None
        # A redial takes a call back among the waiting, so a difference may fall below zero for a moment.
        return max(0.0, (last - first) / (last_at - first_at))


def _started(view: CampaignOut) -> int:
    # Tries are counted by the API: a redial hides among the states, whose sum stays the same.
    return view.attempts


def _left_s(view: CampaignOut, rate: float | None) -> float | None:
    unstarted = sum(view.counts[state] for state in _UNSTARTED)
    return unstarted / rate if unstarted and rate else None
