"""A campaign's money on the virtual clock: `spent_until` of `lua/parts/spending.lua`, with people in amounts.

For each call that is up so much is reserved as one may cost; what it cost is known, and added up, when it ends.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from math import floor, inf

DAY_S = 86_400.0
_ROUNDING = 1e-9
_NOBODY = 1e-4  # as in queue.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a campaign may cost, in euro.

    Attributes:
        total, day: in all, and on one day (UTC); infinite for any amount.
        reserve: for each call that is up.
        spent, spent_today: so far.
        is_known: whether what a call costs was seen or given; else it is taken to be what is reserved.
    """

    total: float = inf
    day: float = inf
    reserve: float = 0.0
    spent: float = 0.0
    spent_today: float = 0.0
    is_known: bool = True


class Purse:
    """What is left of it, from moment to moment."""

    def __init__(self, money: Money, starts: float) -> None:
        self._money, self._spent, self._of_day = money, money.spent, money.spent_today
        self._day = starts // DAY_S
        self._coming: list[tuple[float, float, float]] = []
        self._up = 0.0

    def most(self, until: float) -> float:
        """How many calls may be up besides those that are, at a moment."""
        self._settle(until)
        money = self._money
        left = min(money.total - self._spent, money.day - self._of_day)
        return inf if left == inf else max(0.0, self._calls(left) - self._up)

    def take(self, ends: float, people: float, euros: float) -> None:
        """So many people's calls, which cost so much in all, are up until a moment."""
        heapq.heappush(self._coming, (ends, people, euros))
        self._up += people

    def opens(self, now: float) -> float:
        """When one more may be called, that moment if one may; infinite where that is over for good."""
        if self.most(now) > _NOBODY:
            return now
        if self._calls(self._money.total - self._spent) < 1:
            return inf
        if self._calls(self._money.day - self._of_day) < 1:
            return (self._day + 1) * DAY_S
        return self._coming[0][0]

    def _calls(self, euros: float) -> float:
        if euros == inf:
            return inf
        return floor(euros / self._money.reserve + _ROUNDING) if self._money.reserve else inf if euros > 0 else 0

    def _settle(self, now: float) -> None:
        while self._coming and self._coming[0][0] <= now:
            ended, people, euros = heapq.heappop(self._coming)
            self._begin_day(ended)
            self._up = max(0.0, self._up - people)
            self._spent += euros
            self._of_day += euros
        self._begin_day(now)
        if not self._coming:
            self._up = 0.0

    def _begin_day(self, now: float) -> None:
        if now // DAY_S > self._day:
            self._day, self._of_day = now // DAY_S, 0.0
