"""The hopper: gives tokens to due calls and keeps the next half second's worth in the queue.

It runs in every worker, all alike, with no leader: the script decides who takes which call, and `dialer/looks.py` who
looks where. It holds nothing, so a worker that dies here loses nothing but the tokens it took, and its calls are back
in the line when their leases lapse.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import structlog
from redis.exceptions import RedisError

from dialer import keys, metrics, pacing
from dialer.dialing import Claimed
from dialer.dials import Claim
from dialer.errors import StoreUnavailable
from dialer.looks import Looks, Share
from dialer.metrics.turns import turned
from dialer.settings import Settings
from jobs.context import Context

log = structlog.get_logger()

BATCH = 128
GATHER_S = 0.34
"""A look waits this long for tokens to gather, so that calls share its cost: two at 3 a second, sixty at 300."""
IDLE_S = 1
"""How long an idle hopper sleeps if nobody wakes it."""
_DRY_S = 0.05  # whoever comes next finds a token; so those that come one by one share looks too
_AT_ONCE = 32  # calls of several trunks; further trunks are for others, or one process would be behind while they wait
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
        self._shares = {trunk: _share(settings.over(trunk)) for trunk in settings.trunk_names}
        self._looks = Looks(context.runtime.batch, context.runtime.clock, self._shares)

    async def run(self) -> None:
        """Fill the queue until this worker stops. An outage of Redis means no tokens, never an end."""
        while not self._context.stopping.is_set():
            try:
                if self._context.runtime.life.holds:
                    await asyncio.sleep(_AWAY_S)
                else:
                    seconds, may_be_woken = await self.fill()
                    await self._rest(seconds, may_be_woken=may_be_woken)
                turned("hopper")
            except (StoreUnavailable, RedisError, OSError) as error:
                log.warning("hopper.waiting", reason=str(error))
                await asyncio.sleep(_AWAY_S)

    async def fill(self) -> tuple[float, bool]:
        """Claim what may go out soon by the trunks that are due for a look, all at once, and put it into the queue.

        Returns the seconds until the next look, and whether a trunk has nothing to dial until somebody wakes us.
        """
        room = self._context.in_hand.room()
        metrics.IN_HAND.set(self._context.in_hand.count)
        if not room:
            return _FULL_S, False
        turn = await self._looks.take(min(room, _AT_ONCE))
        if not turn.trunks:
            return turn.again_s, turn.has_idle
        claimed = await asyncio.gather(*self._claims(turn.trunks, room))
        waits_s = {trunk: self._wait_s(trunk, one) for trunk, one in zip(turn.trunks, claimed, strict=True)}
        claims = [claim for one in claimed for claim in one.claims]
        await asyncio.gather(self._looks.note(waits_s), self._put_in(claims))
        return min(turn.again_s, *waits_s.values()), turn.has_idle

    def _claims(self, trunks: Sequence[str], room: int) -> Iterator[Awaitable[Claimed]]:
        for trunk in trunks:
            most = min(room, self._shares[trunk].most)
            room -= most
            yield self._context.dialing.claim(most, trunk=trunk)

    def _wait_s(self, trunk: str, claimed: Claimed) -> float:
        """How long nobody need look at a trunk again."""
        gather_s = self._shares[trunk].gather_s
        if claimed.is_dry:
            return min(gather_s, _DRY_S)
        wait_s = (claimed.look_again_us - self._context.runtime.clock.now_us()) / 1_000_000
        return min(max(wait_s, 0) + gather_s, IDLE_S)

    async def _put_in(self, claims: Sequence[Claim]) -> None:
        """One job for each kind among them."""
        by_kind: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            by_kind[await self._kind(claim.campaign_id)].append(claim)
        for kind, of_kind in by_kind.items():
            first = of_kind[0]
            await self._enqueue(kind, f"{kind}:{first.call}:{first.trunk}:{first.token}", of_kind)

    async def _kind(self, campaign_id: str) -> str:
        if campaign_id not in self._kinds:
            if len(self._kinds) >= 1000:  # noqa: PLR2004 - a campaign's kind never changes; this only bounds memory
                self._kinds.clear()
            self._kinds[campaign_id] = await self._context.runtime.batch.command(
                "HGET", keys.campaign(campaign_id), "kind"
            )
        return self._kinds[campaign_id]

    async def _rest(self, seconds: float, *, may_be_woken: bool) -> None:
        if may_be_woken:
            # Whoever enqueues an urgent call or starts a campaign pushes one element, which wakes one hopper.
            seconds = min(max(seconds, _SHORTEST_S), IDLE_S)
            woken: Any = self._context.runtime.redis.blpop([keys.WAKE], timeout=seconds)  # type: ignore[arg-type]  # part of one
            await woken
        else:
            # Urgent calls need not wait for a look: claimed calls step back for them.
            with suppress(TimeoutError):
                async with asyncio.timeout(max(seconds, 0)):
                    await self._context.stopping.wait()


def _share(settings: Settings) -> Share:
    """What to look for at the trunk of these settings: tokens that nobody took gather up to the burst."""
    # Where tokens come fast a batch is full before that, and waiting would only leave budget unused.
    gather_s = min(GATHER_S, BATCH / 2 / settings.calls_per_second)
    ahead = math.ceil(settings.calls_per_second * pacing.HORIZON_US / 1_000_000)
    return Share(gather_s, min(BATCH, ahead + settings.burst))
