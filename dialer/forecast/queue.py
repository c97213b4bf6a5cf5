"""One campaign on its way through a virtual run: who is taken out of the line, and what becomes of each attempt."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from dialer.dispositions import Disposition
from dialer.forecast.cohort import Cohort, Waiting
from dialer.forecast.line import Line, Lot
from dialer.forecast.outcome import Outcome
from dialer.forecast.rates import Rates
from dialer.forecast.slots import Slots
from dialer.redialing import Tried, after

NOBODY = 1e-4
"""Fewer people than this are nobody."""
_DAY_S = 86_400.0
SOON = 1e-6
"""Seconds: the least step of time."""


class Branch(NamedTuple):
    """One way in which an attempt may end: how likely, when, and what follows (no wait: nothing)."""

    disposition: Disposition
    share: float
    lasts_s: float
    following: Tried
    wait_s: float | None


class Queue:
    """One campaign on its way: its people in the line, by cohort."""

    def __init__(self, line: Line, starts: float, side: int) -> None:
        self.line = line
        self.outcome = Outcome()
        self._rates: Rates = line.rates.leaning(side, line.redialed, line.people)
        self._cohorts = [Cohort(line, number) for number in range(len(line.zones))]
        self._branches: dict[Tried, tuple[Branch, ...]] = {}
        self._taken: list[tuple[Cohort, Waiting]] = []
        self._numbers = itertools.count()
        self._slots = None if line.slots is None else Slots(line.slots, self._rates.mean_s, starts)
        self.left = self.untried = 0.0
        for lot in line.lots:
            self._add(self._cohorts[lot.cohort], lot.people, _waiting(lot, line, next(self._numbers)))
        self._take_up(starts)

    def _take_up(self, starts: float) -> None:
        """Those who are being called now."""
        for lot in self.line.up:
            begun = lot.tried._replace(tries=max(0, lot.tried.tries - 1))
            up = _waiting(lot, self.line, next(self._numbers))._replace(tried=begun)
            self._settle(self._cohorts[lot.cohort], up, lot.due, least=starts)

    def _add(self, cohort: Cohort, people: float, waiting: Waiting) -> None:
        if people >= NOBODY:
            heapq.heappush(cohort.line, waiting)
            self._count(waiting, 1)

    def _count(self, waiting: Waiting, sign: int) -> None:
        self.left += sign * waiting.people
        if waiting.tried.tries == 0:
            self.untried += sign * waiting.people

    def look(self, now: float) -> None:
        """Learn the hours that follow, and let whoever is too late go."""
        for cohort in self._cohorts:
            if not cohort.line:
                continue
            cohort.look(now)
            if now >= cohort.next_end:
                self._expire(cohort, now)

    def _expire(self, cohort: Cohort, now: float) -> None:
        late = [waiting for waiting in cohort.line if waiting.expires <= now]
        cohort.line = [waiting for waiting in cohort.line if waiting.expires > now]
        heapq.heapify(cohort.line)
        cohort.count_ends()
        for waiting in late:
            self._count(waiting, -1)
            self.outcome.end(waiting.expires, waiting.people, waiting.out_of)
            if waiting.tried.tries == 0:
                self.outcome.untried[cohort.why_never(waiting)] += waiting.people
            else:
                self.outcome.ended[Disposition.EXPIRED] += waiting.people

    def is_ready(self, now: float) -> bool:
        """Whether somebody may be dialed."""
        return any(cohort.is_ready(now) for cohort in self._cohorts)

    def coming(self, now: float) -> float:
        """When somebody may be dialed next, or is too late."""
        return min((cohort.coming(now) for cohort in self._cohorts if cohort.line), default=inf)

    def turns(self, now: float) -> float:
        """When a cohort opens or closes, or people are too late."""
        return min((cohort.turns(now) for cohort in self._cohorts if cohort.line), default=inf)

    @property
    def lasts_s(self) -> float:
        """How long one of its calls is up, on average."""
        return self._rates.mean_s

    def most(self, now: float, until: float) -> float:
        """How many tokens it may take between two moments, by its own limits."""
        line, calls = self.line, inf
        if line.calls_per_second is not None:
            calls = line.calls_per_second * (until - now)
        if self._slots is not None:
            calls = min(calls, self._slots.most(now, until))
        return max(0.0, calls) * line.tokens

    def take(self, now: float, tokens: float) -> float:
        """Take people out of the line for so many tokens, whoever is due longest first; returns the tokens used."""
        left = tokens / self.line.tokens
        while left > NOBODY:
            ready = [cohort for cohort in self._cohorts if cohort.is_ready(now)]
            if not ready:
                break
            cohort = min(ready, key=Cohort.first)
            waiting = heapq.heappop(cohort.line)
            part = min(1.0, left / waiting.people)
            if part < 1:
                heapq.heappush(cohort.line, _part(waiting, 1 - part))
            self._taken.append((cohort, _part(waiting, part)))
            left -= waiting.people * part
        calls = tokens / self.line.tokens - left
        if self._slots is not None:
            self._slots.take(calls)
        return calls * self.line.tokens

    def place(self, at: float) -> None:
        """Those who were taken are called, all at this moment."""
        taken, self._taken = self._taken, []
        merged: defaultdict[tuple[Cohort, Tried, float], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for cohort, waiting in taken:
            self._count(waiting, -1)
            amounts = merged[cohort, waiting.tried, waiting.expires]
            amounts[0] += waiting.people
            amounts[1] += waiting.out_of
        for (cohort, tried, expires), (people, out_of) in merged.items():
            self.outcome.attempts += people
            self.outcome.by_hour[int(at // 3600)] += people
            if tried.tries == 0:
                self.outcome.first_tries += people
                self.outcome.last_first = at
            self._settle(cohort, Waiting(at, 0, people, out_of, tried, expires), at)

    def _settle(self, cohort: Cohort, called: Waiting, at: float, *, least: float = 0.0) -> None:
        """Let attempts end in each of the ways in which they may."""
        for branch in self._branches_of(called.tried):
            people, ends = called.people * branch.share, max(at + branch.lasts_s, least)
            due = inf if branch.wait_s is None else ends + branch.wait_s
            if due >= called.expires or people < NOBODY:
                self.outcome.end(ends, people, called.out_of)
                self.outcome.ended[branch.disposition] += people
            else:
                again = Waiting(due, next(self._numbers), people, called.out_of, branch.following, called.expires)
                self._add(cohort, people, again)

    def _branches_of(self, tried: Tried) -> tuple[Branch, ...]:
        found = self._branches.get(tried)
        if found is None:
            found = self._branches[tried] = tuple(self._ways(tried.begun()))
        return found

    def _ways(self, begun: Tried) -> Iterator[Branch]:
        for disposition, share in self._rates.shares.items():
            if share > 0:
                following, wait = after(begun, disposition, self.line.redial, self.line.max_tries)
                lasts_s = self._rates.lasts_s[disposition]
                wait_s = None if wait is None else max(wait / 1000, self._held_s(following) - lasts_s)
                yield Branch(disposition, share, lasts_s, following, wait_s)

    def _held_s(self, tried: Tried) -> float:
        """How long a number is left alone after a try: over the cap of a day, until that day is over."""
        most = self.line.most_a_day
        is_full = most is not None and tried.tries % most == 0
        return max(self.line.spacing_s, _DAY_S if is_full else 0.0)


def _waiting(lot: Lot, line: Line, number: int) -> Waiting:
    return Waiting(lot.due, number, lot.people, lot.people, lot.tried, min(lot.expires, line.expires))


def _part(waiting: Waiting, part: float) -> Waiting:
    return waiting._replace(people=waiting.people * part, out_of=waiting.out_of * part)
