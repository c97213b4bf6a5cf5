"""What stops one campaign by itself in a virtual run: its money, and its breaker."""

from __future__ import annotations

from math import inf

from dialer.forecast.breaking import FAILURES
from dialer.forecast.line import Line
from dialer.forecast.outcome import Outcome
from dialer.forecast.purse import Purse
from dialer.forecast.rates import Rates


class Stopping:
    """Money and breaker of one campaign. `reason` says which of them stops it."""

    def __init__(self, line: Line, rates: Rates, starts: float, outcome: Outcome) -> None:
        self._purse = Purse(line.money, starts) if line.money else None
        self._brake, self._outcome, self._lasts_s = line.brake, outcome, rates.mean_s
        self._failing = sum(share for disposition, share in rates.shares.items() if disposition in FAILURES)
        self._open_until, self._left = -inf, inf
        if line.brake:
            self._left = line.brake.attempts(self._failing)
            if line.brake.open_until is not None:
                probing_s = line.brake.probing_s(self._failing, self._lasts_s)
                self._open_until = max(starts, line.brake.open_until) + probing_s

    @property
    def reason(self) -> str:
        """Of a stop for good."""
        return "breaker" if self._open_until == inf else "no_money"

    def opens(self, now: float) -> float:
        """From when on a call may go, by both; infinite for never."""
        money = self._purse.opens(now) if self._purse else now
        return max(money, self._open_until, now)

    def most(self, until: float) -> float:
        """How many calls may go up to a moment."""
        return min(self._left, self._purse.most(until) if self._purse else inf)

    def take(self, ends: float, people: float, euros: float) -> None:
        """So many calls are up until a moment, and cost so much in all."""
        if self._purse:
            self._purse.take(ends, people, euros)

    def count(self, at: float, attempts: float) -> None:
        """So many attempts were made: the breaker opens after some of them."""
        self._left -= attempts
        if self._brake and self._left < 1e-3:  # noqa: PLR2004 - that is none
            self._outcome.opened += 1
            self._open_until = at + self._brake.open_s(self._failing, self._lasts_s)
            self._left = self._brake.attempts(self._failing)
