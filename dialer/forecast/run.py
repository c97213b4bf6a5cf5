"""The virtual run: who is dialed when, by the rules of the engine, with people in amounts instead of one by one.

As in `claim_due_calls.lua` urgent campaigns go before normal ones, those before background ones; inside a class each
campaign gets its weight's share of the tokens; inside a campaign whoever is due longest goes first, and whoever's
cohort is closed waits for its opening. As in `settle` an attempt that ended is followed by another where the policy has
it so. Time goes in steps that grow with the time spent (PRECISION): short campaigns are followed call by call, long
ones by the minute, both to half a percent.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import inf

from dialer.forecast.beginnings import Part
from dialer.forecast.line import Plan
from dialer.forecast.outcome import Outcome
from dialer.forecast.queue import NOBODY, SOON, Queue
from dialer.forecast.slots import Slots

PRECISION = 200
"""A step takes so small a part of the time spent dialing."""
HORIZON_S = 366 * 86_400
"""Nobody is told of an end that lies further ahead."""
_MOST_STEPS = 20_000
_DONE = 5e-3
"""A campaign with fewer people left than this is done: its end is told for one of twenty runs at the most."""


def run(plan: Plan, *, side: int = 0, first_tries: bool = False) -> Outcome:
    """Let the plan happen, with rates as expected (0), or at the edge of few redials (-1) or many (1).

    With `first_tries` no longer than until everybody was dialed once, or is too late.
    """
    margin = min(plan.margin, plan.least_margin) if side < 0 else plan.margin
    rate = plan.calls_per_second / (1 + margin)
    parts = {beginning: Part(rate * share, plan.starts) for beginning, share in plan.shares.items()}
    queues = [Queue(line, plan.starts, side, parts) for line in (plan.line, *plan.others)]
    return _Run(queues, plan, rate).until_done(first_tries=first_tries)


class _Run:
    def __init__(self, queues: Sequence[Queue], plan: Plan, rate: float) -> None:
        self._queues, self._now, self._rate = queues, plan.starts, rate
        self._starts, self._latest, self._spent_s = plan.starts, plan.starts + HORIZON_S, 0.0
        self._slots = None if plan.slots is None else Slots(plan.slots, queues[0].lasts_s, plan.starts)

    def until_done(self, *, first_tries: bool) -> Outcome:
        """Go on until nobody of the first campaign is left."""
        asked = self._queues[0]
        for _ in range(_MOST_STEPS):
            if (asked.untried if first_tries else asked.left) < _DONE:
                break
            if (reason := asked.stopped(self._now)) is not None:
                asked.stop(self._now, reason)
                break
            if self._now >= self._latest:
                asked.outcome.is_cut = True
                break
            self._step()
        else:
            asked.outcome.is_cut = True
        return asked.outcome

    def _step(self) -> None:
        for queue in self._queues:
            queue.look(self._now)
        ready = [queue for queue in self._queues if queue.is_ready(self._now)]
        if not ready:
            self._wait()
            return
        slice_s = max(1 / self._rate, self._spent_s / PRECISION)
        until = min(self._now + slice_s, *(queue.turns(self._now) for queue in self._queues))
        until = max(until, self._now + SOON)
        used = self._share(ready, until)
        took = until - self._now if used is None else used / self._rate
        placed_at = self._now + took
        for queue in ready:
            queue.place(placed_at)
        self._spent_s += took
        self._now = max(placed_at, self._now + SOON)

    def _wait(self) -> None:
        """Go on to when somebody is due. Redials trickle in one by one: they are gathered for a step's time."""
        coming = min(queue.coming(self._now) for queue in self._queues)
        turn = min(queue.turns(self._now) for queue in self._queues)
        gathered = min(max(coming, self._now + (self._now - self._starts) / PRECISION), max(coming, turn))
        self._now = max(min(gathered, self._latest), self._now + SOON)

    def _share(self, ready: Sequence[Queue], until: float) -> float | None:
        """Give tokens, urgent first, then by weight. Returns how many were used; None where the time passes anyway."""
        tokens = (until - self._now) * self._rate
        if self._slots is not None:
            tokens = max(0.0, min(tokens, self._slots.most(self._now, until)))
        left, is_held = tokens, False
        for _, same in itertools.groupby(sorted(ready, key=_urgency), key=_urgency):
            takers = [(queue, queue.most(self._now, until)) for queue in same]
            before = inf
            while takers and NOBODY < left < before:  # what is too little for each of them stays
                before = left
                each = left / sum(queue.line.weight for queue, _ in takers)
                still: list[tuple[Queue, float]] = []
                for queue, most in takers:
                    wanted = each * queue.line.weight
                    allowed = min(wanted, most)
                    taken = queue.take(self._now, until, allowed)
                    left -= taken
                    is_held = is_held or queue.is_held or (allowed < wanted and taken >= allowed - NOBODY)
                    if taken >= wanted - NOBODY:
                        still.append((queue, most - taken))
                takers = still
        if self._slots is not None:
            self._slots.take(tokens - left)
        return None if is_held or left <= NOBODY else tokens - left


def _urgency(queue: Queue) -> int:
    return queue.line.urgency
