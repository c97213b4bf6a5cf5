"""The hopper: gives tokens to due calls and keeps the next half second's worth in the queue.

It runs in every worker, all alike, with no leader: the script decides who takes which call. It holds nothing, so a
worker that dies here loses nothing but the tokens it took, and its calls are back in the line when their leases lapse.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from redis.exceptions import RedisError

from dialer import keys, metrics
from dialer.dialing import Claim
from dialer.errors import StoreUnavailable
from jobs.context import Context

log = structlog.get_logger()

MOST_UNSENT = 256
"""Calls one worker may hold before their requests leave: more could not go out on time."""
BATCH = 128
GATHER_S = 0.34
"""A look waits this long for tokens to gather, so that calls share its cost: two at 3 a second, sixty at 300."""
IDLE_S = 1
"""How long an idle hopper sleeps if nobody wakes it."""
_AWAY_S = 0.5
_FULL_S = 0.005
_BEHIND_US = 100_000  # well before a call would be too late for its token

Enqueue = Callable[[str, str, Sequence[Claim]], Awaitable[None]]
"""Takes the kind of job, its id and the claims."""


class Hopper:
    """Feeds the queue from the line of due calls."""

    def __init__(self, context: Context, enqueue: Enqueue) -> None:
        self._context = context
        self._enqueue = enqueue
        self._kinds: dict[str, str] = {}
        # Where tokens come fast a batch is full before that, and waiting would only leave budget unused.
        self._gather_s = min(GATHER_S, BATCH / 2 / context.settings.calls_per_second)

    async def run(self) -> None:
        """Fill the queue until this worker stops. An outage of Redis means no tokens, never an end."""
        while not self._context.stopping.is_set():
            try:
                await self._rest(await self.fill())
            except (StoreUnavailable, RedisError, OSError) as error:
                log.warning("hopper.waiting", reason=str(error))
                await asyncio.sleep(_AWAY_S)

    async def fill(self) -> float:
        """Claim what may go out soon and put it into the queue; returns the seconds until the next look."""
        room = MOST_UNSENT - self._context.unsent
        metrics.IN_HAND.set(self._context.unsent)
        if room <= 0 or (self._context.late_us > _BEHIND_US and self._context.unsent):
            return _FULL_S
        claimed = await self._context.dialing.claim(min(room, BATCH))
        by_kind: dict[str, list[Claim]] = defaultdict(list)
        for claim in claimed.claims:
            by_kind[await self._kind(claim.campaign_id)].append(claim)
        for kind, claims in by_kind.items():
            await self._enqueue(kind, f"{kind}:{claims[0].call}:{claims[0].token}", claims)
        return (claimed.look_again_us - self._context.runtime.clock.now_us()) / 1_000_000

    async def _kind(self, campaign_id: str) -> str:
        if campaign_id not in self._kinds:
            if len(self._kinds) >= 1000:  # noqa: PLR2004 - a campaign's kind never changes; this only bounds memory
                self._kinds.clear()
            self._kinds[campaign_id] = await self._context.runtime.batch.command(
                "HGET", keys.campaign(campaign_id), "kind"
            )
        return self._kinds[campaign_id]

    async def _rest(self, seconds: float) -> None:
        if seconds > IDLE_S:
            # Idle: whoever enqueues an urgent call or starts a campaign pushes one element, which wakes one hopper.
            woken: Any = self._context.runtime.redis.blpop([keys.WAKE], timeout=IDLE_S)
            await woken
        else:
            # Urgent calls need not wait for a look: claimed calls step back for them.
            await asyncio.sleep(max(seconds, 0) + self._gather_s)
