"""The hopper: gives tokens to due calls and keeps the next half second's worth in the queue.

It runs in every worker, all alike, with no leader: the script decides who takes which call. It holds nothing, so a
worker that dies here loses nothing but the tokens it took, and its calls are back in the line when their leases lapse.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from redis.exceptions import RedisError

from dialer import keys, metrics
from dialer.dials import Claim
from dialer.errors import StoreUnavailable
from dialer.metrics.turns import turned
from dialer.model import MAIN
from jobs.context import Context

log = structlog.get_logger()

BATCH = 128
GATHER_S = 0.34
"""A look waits this long for tokens to gather, so that calls share its cost: two at 3 a second, sixty at 300."""
IDLE_S = 1
"""How long an idle hopper sleeps if nobody wakes it."""
_AWAY_S = 0.5
_FULL_S = 0.005
_SHORTEST_S = 0.01  # to Redis, none at all means for ever

Enqueue = Callable[[str, str, Sequence[Claim]], Awaitable[None]]
"""Takes the kind of job, its id and the claims."""


class Hopper:
    """Feeds the queue from the lines of due calls, those of each trunk."""

    def __init__(self, context: Context, enqueue: Enqueue) -> None:
        self._context = context
        self._enqueue = enqueue
        self._kinds: dict[str, str] = {}
        settings = context.settings
        # Where tokens come fast a batch is full before that, and waiting would only leave budget unused.
        self._gather_s = {
            trunk: min(GATHER_S, BATCH / 2 / settings.over(trunk).calls_per_second) for trunk in settings.trunk_names
        }
        self._look_at_s = dict.fromkeys(settings.trunk_names, 0.0)

    async def run(self) -> None:
        """Fill the queue until this worker stops. An outage of Redis means no tokens, never an end."""
        while not self._context.stopping.is_set():
            try:
                if self._context.runtime.life.holds:
                    await asyncio.sleep(_AWAY_S)
                else:
                    await self._rest(await self.fill_all())
                turned("hopper")
            except (StoreUnavailable, RedisError, OSError) as error:
                log.warning("hopper.waiting", reason=str(error))
                await asyncio.sleep(_AWAY_S)

    async def fill_all(self) -> float:
        """Fill the queue by each trunk whose next look has come; returns the seconds until one has.

        A trunk that has nothing to do for long is looked at with the busy ones, and whenever somebody wakes this one.
        """
        now = time.monotonic()
        for trunk, at in self._look_at_s.items():
            if at <= now:
                seconds = await self.fill(trunk)
                is_idle = seconds > IDLE_S
                self._look_at_s[trunk] = 0.0 if is_idle else time.monotonic() + max(seconds, 0) + self._gather_s[trunk]
        looks = [at for at in self._look_at_s.values() if at]
        return min(looks) - time.monotonic() if looks else math.inf

    async def fill(self, trunk: str = MAIN) -> float:
        """Claim what may go out soon by a trunk and put it into the queue; returns the seconds until the next look."""
        room = self._context.in_hand.room()
        metrics.IN_HAND.set(self._context.in_hand.count)
        if not room:
            return _FULL_S
        claimed = await self._context.dialing.claim(min(room, BATCH), trunk=trunk)
        by_kind: dict[str, list[Claim]] = defaultdict(list)
        for claim in claimed.claims:
            by_kind[await self._kind(claim.campaign_id)].append(claim)
        for kind, claims in by_kind.items():
            await self._enqueue(kind, f"{kind}:{claims[0].call}:{trunk}:{claims[0].token}", claims)
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
        if not all(self._look_at_s.values()):
            # Idle: whoever enqueues an urgent call or starts a campaign pushes one element, which wakes one hopper.
            seconds = min(max(seconds, _SHORTEST_S), IDLE_S)
            woken: Any = self._context.runtime.redis.blpop([keys.WAKE], timeout=seconds)  # type: ignore[arg-type]  # part of one
            await woken
        else:
            # Urgent calls need not wait for a look: claimed calls step back for them.
            with suppress(TimeoutError):
                async with asyncio.timeout(max(seconds, 0)):
                    await self._context.stopping.wait()
