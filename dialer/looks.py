"""Whose turn it is to look at a trunk for calls to claim: one look for the whole fleet, not one for each worker.

The lines and budgets decide who dials what (`claim_due_calls`); this only spares looks that would find nothing. So it
is a hint: where it is lost all trunks are due, two that look at once are no harm, and the look of a worker that died
lapses after half as long again as tokens gather.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from dialer import keys
from dialer.clock import Clock, now_ms
from dialer.redis.batch import Batch
from dialer.redis.pipeline import Part

_AHEAD_MS = 3_000  # nobody notes a look so far ahead but by a clock that went back since, as after a failover


class Turn(NamedTuple):
    """The trunks to look at now, longest due first.

    Attributes:
        again_s: seconds until it is worth asking again, unless somebody wakes this one.
        has_idle: whether a trunk has nothing to dial.
    """

    trunks: list[str]
    again_s: float
    has_idle: bool


class Share(NamedTuple):
    """What a look at a trunk brings: the calls at most, and how long tokens gather for one."""

    gather_s: float
    most: int


class Looks:
    """The looks of a worker at its trunks. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock, shares: Mapping[str, Share]) -> None:
        """At these trunks."""
        self._batch = batch
        self._clock = clock
        self._keys = [keys.LOOKS, keys.SLEEPING, *keys.lines([*shares])]
        self._args: list[Part] = []
        for trunk, share in shares.items():
            self._args += [trunk, round(share.gather_s * 1000), share.most]

    async def take(self, room: int) -> Turn:
        """Take the looks that are due and bring no more calls than there is room for, the last of them perhaps in part.

        Repeatable: what a lost answer took lapses.
        """
        now = now_ms(self._clock)
        ask_at, has_idle, *trunks = await self._batch.run("take_looks", self._keys, [now, _AHEAD_MS, room, *self._args])
        return Turn(trunks, (int(ask_at) - now) / 1000 if ask_at else math.inf, bool(has_idle))

    async def note(self, waits_s: Mapping[str, float]) -> None:
        """Say in how many seconds looks at these trunks may bring more. Lost, they lapse as they were taken."""
        now = now_ms(self._clock)
        pairs = (part for trunk, wait_s in waits_s.items() for part in (now + round(wait_s * 1000), trunk))
        await self._batch.command("ZADD", keys.LOOKS, *pairs, confirmed=False)
