"""One campaign on its way through a virtual run: who is taken out of the line, and what becomes of each attempt."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from math import inf
from operator import mul
from typing import NamedTuple

from dialer.dispositions import Disposition
from dialer.forecast.beginnings import Part
from dialer.forecast.cohort import Cohort, Waiting
from dialer.forecast.holding import Holding
from dialer.forecast.line import Line, Lot
from dialer.forecast.outcome import Outcome
from dialer.forecast.rates import Rates
from dialer.forecast.slots import Slots
from dialer.forecast.stopping import Stopping
from dialer.redialing import Tried, after, asks_another_hour, at_another_hour

NOBODY = 1e-4
"""Fewer people than this are nobody."""
SOON = 1e-6
"""Seconds: the least step of time."""


class Branch(NamedTuple):
    """One way in which an attempt may end: how likely, when, and what follows (no wait: nothing)."""

    disposition: Disposition
    share: float
    lasts_s: float
    following: Tried
    wait_s: float | None
    other_hour: bool
    euros: float


class Queue:
    """One campaign on its way: its people in the line, by cohort."""

    def __init__(self, line: Line, starts: float, side: int, parts: Mapping[str, Part]) -> None:
        self.line = line
        self.outcome = Outcome()
        self.is_held = False
        self._rates: Rates = line.rates.leaning(side, line.redialed, line.people)
        self._holding, self._stopping = Holding(line), Stopping(line, self._rates, starts, self.outcome)
        self._by_kind: dict[tuple[int, str], Cohort] = {}
        self._parts = parts if line.urgency > 1 else {}
        self._branches: dict[Tried, tuple[Branch, ...]] = {}
        self._taken: list[tuple[Cohort, Waiting]] = []
        self._numbers = itertools.count()
        self._slots = None if line.slots is None else Slots(line.slots, self._rates.mean_s, starts)
        self.left = self.untried = 0.0
        for lot in line.lots:
            self._add(self._cohort(lot), lot.people, self._waiting(lot))
        self._take_up(starts)

    def _cohort(self, lot: Lot) -> Cohort:
        kind = (lot.cohort, lot.beginning)
        if kind not in self._by_kind:
            self._by_kind[kind] = Cohort(self.line, lot.cohort, self._parts.get(lot.beginning))
        return self._by_kind[kind]

    @property
    def _cohorts(self) -> Collection[Cohort]:
        return self._by_kind.values()

    def _waiting(self, lot: Lot) -> Waiting:
        due, expires = max(lot.due, self._holding.free_at(lot.dialed, lot.tried)), min(lot.expires, self.line.expires)
        return Waiting(due, next(self._numbers), lot.people, lot.people, lot.tried, expires, lot.dialed)

    def _take_up(self, starts: float) -> None:
        """Those who are being called now."""
        for lot in self.line.up:
            begun = lot.tried._replace(tries=max(0, lot.tried.tries - 1))
            up = self._waiting(lot)._replace(tried=begun)
            self._settle(self._cohort(lot), up, lot.due, least=starts)

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
        return self._stopping.opens(now) <= now and any(cohort.is_ready(now) for cohort in self._cohorts)

    def coming(self, now: float) -> float:
        """When somebody may be dialed next, or is too late."""
        lines = [cohort for cohort in self._cohorts if cohort.line]
        if not lines:
            return inf
        due = max(self._stopping.opens(now), min(cohort.coming(now) for cohort in lines))
        return max(now, min(due, *(cohort.next_end for cohort in lines)))

    def stopped(self, now: float) -> str | None:
        """Why nobody is dialed any more, ever."""
        return self._stopping.reason if self._stopping.opens(now) == inf else None

    def stop(self, at: float, reason: str) -> None:
        """It is paused: whoever is in the line stays there."""
        self.outcome.stopped = (at, reason, self.left)
        if self.untried >= NOBODY:
            self.outcome.untried[reason] += self.untried

    def turns(self, now: float) -> float:
        """When a cohort opens or closes, or people are too late."""
        return min((cohort.turns(now) for cohort in self._cohorts if cohort.line), default=inf)

    @property
    def lasts_s(self) -> float:
        """How long one of its calls is up, on average."""
        return self._rates.mean_s

    def most(self, now: float, until: float) -> float:
        """How many tokens it may take between two moments, by its own limits."""
        line, calls = self.line, self._stopping.most(until)
        if line.calls_per_second is not None:
            calls = min(calls, line.calls_per_second * (until - now))
        if self._slots is not None:
            calls = min(calls, self._slots.most(now, until))
        return max(0.0, calls) * line.tokens

    def take(self, now: float, until: float, tokens: float) -> float:
        """Take people out of the line for so many tokens, whoever is due longest first; returns the tokens used."""
        left = tokens / self.line.tokens
        while left > NOBODY:
            due = [cohort for cohort in self._cohorts if cohort.is_due(now)]
            free = [cohort for cohort in due if cohort.most(now, until) > NOBODY]
            self.is_held = len(free) < len(due)
            if not free:
                break
            cohort = min(free, key=Cohort.first)
            waiting = heapq.heappop(cohort.line)
            part = min(1.0, min(left, cohort.most(now, until)) / waiting.people)
            cohort.take(now, waiting.people * part)
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
        alike: defaultdict[tuple[Cohort, Tried, float, int], list[Waiting]] = defaultdict(list)
        for cohort, waiting in taken:
            self._count(waiting, -1)
            alike[cohort, waiting.tried, waiting.expires, len(waiting.dialed)].append(waiting)
        for (cohort, *_), lots in alike.items():
            called = _together(lots)
            self.outcome.attempts += called.people
            self.outcome.by_hour[int(at // 3600)] += called.people
            if called.tried.tries == 0:
                self.outcome.first_tries += called.people
                self.outcome.last_first = at
            self._stopping.count(at, called.people)
            self._settle(cohort, called._replace(dialed=self._holding.dialed(at, called.dialed)), at)

    def _settle(self, cohort: Cohort, called: Waiting, at: float, *, least: float = 0.0) -> None:
        """Let attempts end in each of the ways in which they may."""
        for branch in self._branches_of(called.tried):
            people, ends = called.people * branch.share, max(at + branch.lasts_s, least)
            self._stopping.take(ends, people, people * branch.euros)
            following, due = self._due(branch, at, ends, called.dialed)
            if due >= called.expires or people < NOBODY:
                self.outcome.end(ends, people, called.out_of)
                self.outcome.ended[branch.disposition] += people
            else:
                more = (called.out_of, following, called.expires, called.dialed)
                self._add(cohort, people, Waiting(due, next(self._numbers), people, *more))

    def _due(self, branch: Branch, at: float, ends: float, dialed: tuple[float, ...]) -> tuple[Tried, float]:
        """When a redial is due, and with what past."""
        following = branch.following
        if branch.wait_s is None:
            return following, inf
        due = ends + branch.wait_s
        if branch.other_hour:
            due_ms, hours = at_another_hour(due * 1000, at * 1000, following.hours)
            following, due = following._replace(hours=hours), due_ms / 1000
        return following, max(due, self._holding.free_at(dialed, following))

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
                yield Branch(
                    disposition,
                    share,
                    lasts_s,
                    following,
                    None if wait is None else wait / 1000,
                    asks_another_hour(begun, disposition, self.line.redial),
                    self._rates.euros(disposition),
                )


def _together(lots: list[Waiting]) -> Waiting:
    """People who stand alike but for when they were dialed before: of that the mean."""
    people = sum(waiting.people for waiting in lots)
    moments = zip(*(waiting.dialed for waiting in lots), strict=True)
    weights = [waiting.people / people for waiting in lots]
    return lots[0]._replace(
        people=people,
        out_of=sum(waiting.out_of for waiting in lots),
        dialed=tuple(sum(map(mul, weights, at)) for at in moments),
    )


def _part(waiting: Waiting, part: float) -> Waiting:
    return waiting._replace(people=waiting.people * part, out_of=waiting.out_of * part)
