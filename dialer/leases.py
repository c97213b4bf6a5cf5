"""Leases that lapsed, and campaigns that may be complete: what the sweeper reads and writes.

Every call in flight stands in one sorted set with the moment at which somebody must look at it. So the sweeper never
scans: it asks for what is overdue.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum

import structlog

from dialer import keys, notification
from dialer.clock import Clock, now_ms
from dialer.counting import count_calls
from dialer.dispositions import Disposition
from dialer.model import AttemptRef, CallRef
from dialer.redis.batch import Batch
from dialer.states import CallState
from dialer.trunks import trunks_of

log = structlog.get_logger()

_COMPLETED, _PAUSED = 1, 3  # the script's answers
_ONE_BY_ONE = -2  # that of expire_campaign
_PAGE = 500
_LOOK_MS = 30_000  # whoever looks at a call has this long before another one may: a request and a margin


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A call whose deadline has passed, with its latest attempt (number 1 even if none was begun)."""

    attempt: AttemptRef
    deadline_ms: int


class Freed(IntEnum):
    """What lapsing a lease did; the numbers are the script's."""

    NOT_LAPSED = 0
    REQUEUED = 1  # claimed, never begun: waiting again
    NOW_UNKNOWN = 2  # begun by a worker that is gone
    LOOK_UNKNOWN = 3
    LOOK_LIVE = 4


class Leases:
    """The leases of all calls in flight. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock) -> None:
        self._batch = batch
        self._clock = clock

    async def lapsed(self, most: int) -> list[Lapsed]:
        """Calls whose deadline has passed, longest ago first."""
        now = now_ms(self._clock)
        found = await self._batch.command("ZRANGEBYSCORE", keys.LEASES, "-inf", now, "WITHSCORES", "LIMIT", 0, most)
        pairs = [(CallRef.parse(i), int(float(score))) for i, score in zip(found[::2], found[1::2], strict=True)]
        return list(await asyncio.gather(*(self._lapsed(call, deadline) for call, deadline in pairs if call)))

    async def _lapsed(self, call: CallRef, deadline_ms: int) -> Lapsed:
        tries = await self._batch.command("HGET", keys.bucket(*call), f"{call.seq}t")
        number = int(json.loads(tries)["n"]) if tries else 0
        return Lapsed(AttemptRef(call, max(number, 1)), deadline_ms)

    async def lapse(self, lapsed: Lapsed) -> Freed:
        """Free the call, or take it for half a minute to look at it. Repeatable: the second time it has not lapsed."""
        call, number = lapsed.attempt
        now = now_ms(self._clock)
        args: list[str | int] = [call.campaign_id, call.seq, number, now, lapsed.deadline_ms, now + _LOOK_MS]
        return Freed(await self._batch.run("lapse_lease", keys.call_step(lapsed.attempt), args))

    async def look_again(self, call: CallRef, in_ms: int) -> None:
        """Look at this call again then, if it is still in flight."""
        await self._batch.command("ZADD", keys.LEASES, "XX", now_ms(self._clock) + in_ms, str(call))

    async def forget_doubts(self) -> None:
        """Calls that were given up are over by now, whatever became of them: their numbers are free.

        What waits for a person has been shown for long enough: calls of which nobody knows how they ended, and alarms
        that nobody took over.
        """
        now = now_ms(self._clock)
        await asyncio.gather(
            self._batch.command("ZREMRANGEBYSCORE", keys.DOUBTFUL, "-inf", now),
            self._batch.command("ZREMRANGEBYSCORE", keys.UNDETERMINED, "-inf", now - keys.SHOWN_MS),
            self._batch.command("ZREMRANGEBYSCORE", keys.UNCONFIRMED, "-inf", now - keys.SHOWN_MS),
        )

    async def expire_campaigns(self) -> dict[str, int]:
        """End what campaigns past their end have not dialed; returns how many calls that were, by campaign."""
        now = now_ms(self._clock)
        over: list[str] = list(await self._batch.command("ZRANGEBYSCORE", keys.EXPIRING, "-inf", now))
        expired = await asyncio.gather(*(self._expire(campaign_id, now) for campaign_id in over))
        return {campaign_id: calls for campaign_id, calls in zip(over, expired, strict=True) if calls >= 0}

    async def _expire(self, campaign_id: str, now: int) -> int:
        swept = await self._sweep(campaign_id, now)
        if swept != _ONE_BY_ONE:
            return swept
        waiting = keys.calls_in(campaign_id, CallState.WAITING)
        # From the end on: so whoever ends meanwhile moves nobody past us, and nobody comes in any more.
        first, expired = int(await self._batch.command("ZCARD", waiting)), 0
        while first > 0:
            last, first = first - 1, max(first - _PAGE, 0)
            page = await self._batch.command("ZRANGE", waiting, first, last)
            expired += await self._expire_redials(campaign_id, list(map(int, page)), now)
        return expired + await self._sweep(campaign_id, now, one_by_one=True)

    async def _sweep(self, campaign_id: str, now: int, *, one_by_one: bool = False) -> int:
        """End all that waits in one stroke; returns how many calls, less than 0 if not yet."""
        waiting = keys.calls_in(campaign_id, CallState.WAITING)
        expired = keys.calls_done(campaign_id, Disposition.EXPIRED)
        names = [keys.campaign(campaign_id), waiting, expired, keys.EXPIRING, keys.SLEEPING, keys.CLOSING]
        names += [keys.CALLBACKS_TOLD, *keys.AUDITED, keys.held(campaign_id), keys.CHANGES]
        trunks, kind = await asyncio.gather(trunks_of(self._batch, campaign_id), self._kind(campaign_id))
        args: list[str | int] = [campaign_id, now, "1" if one_by_one else ""]
        calls = int(await self._batch.run("expire_campaign", [*names, *keys.lines(trunks)], args))
        count_calls(Disposition.EXPIRED, kind, max(calls, 0))
        return calls

    async def _expire_redials(self, campaign_id: str, seqs: list[int], now: int) -> int:
        """End those that wait for a redial, each by itself: an alarm may follow. Returns how many did."""
        found = await asyncio.gather(
            *(self._batch.command("HGET", keys.bucket(campaign_id, seq), f"{seq}t") for seq in seqs)
        )
        steps = [
            (AttemptRef(CallRef(campaign_id, seq), tries["n"]), [campaign_id, seq, tries["n"], now])
            for seq, text in zip(seqs, found, strict=True)
            if text and "last" in (tries := json.loads(text))
        ]
        if not steps:
            return 0
        ended = await asyncio.gather(
            *(self._batch.run("expire_call", keys.call_step(ref), args) for ref, args in steps)
        )
        count_calls(Disposition.EXPIRED, await self._kind(campaign_id), sum(ended))
        return sum(ended)

    async def expire_calls(self, most: int) -> int:
        """End up to so many calls that have an end of their own and were not dialed by it; returns how many did."""
        now = now_ms(self._clock)
        over = await self._batch.command("ZRANGEBYSCORE", keys.EXPIRING_CALLS, "-inf", now, "LIMIT", 0, most)
        by_campaign: dict[str, list[int]] = defaultdict(list)
        for call in map(CallRef.parse, over):
            if call:
                by_campaign[call.campaign_id].append(call.seq)
        expired = await asyncio.gather(*(self._expire_calls(i, seqs, now) for i, seqs in by_campaign.items()))
        return sum(expired)

    async def _expire_calls(self, campaign_id: str, seqs: list[int], now: int) -> int:
        names = [keys.EXPIRING_CALLS, keys.calls_done(campaign_id, Disposition.EXPIRED), keys.CLOSING]
        names += [keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT]
        names += [keys.campaign(campaign_id), keys.CALLBACKS_TOLD, keys.held(campaign_id), keys.CHANGES]
        names += [keys.bucket(campaign_id, seq) for seq in seqs]
        redials = await self._expire_redials(campaign_id, seqs, now)
        expired, kind = await asyncio.gather(
            self._batch.run("expire_calls", names, [campaign_id, now, now + _LOOK_MS, *seqs]), self._kind(campaign_id)
        )
        count_calls(Disposition.EXPIRED, kind, int(expired))
        return redials + int(expired)

    async def _kind(self, campaign_id: str) -> str:
        kind: str | None = await self._batch.command("HGET", keys.campaign(campaign_id), "kind")
        return kind or notification.KIND  # deleted at this moment: nothing expires of it

    async def complete_campaigns(self) -> list[str]:
        """Complete the running campaigns that have nothing left to do; returns their ids.

        Those that are stopped by a breaker, for a person to look, or by a cap in euro are paused in the same look.
        """
        candidates: list[str] = list(await self._batch.command("SMEMBERS", keys.CLOSING))
        done = await asyncio.gather(*(self._complete(campaign_id) for campaign_id in candidates))
        for campaign_id, what in zip(candidates, done, strict=True):
            if what == _PAUSED:
                log.warning("campaign.stopped", campaign_id=campaign_id)
        return [campaign_id for campaign_id, what in zip(candidates, done, strict=True) if what == _COMPLETED]

    async def _complete(self, campaign_id: str) -> int:
        names = [keys.campaign(campaign_id), keys.imports(campaign_id), keys.CLOSING, keys.OPEN]
        names += [keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT]
        args: list[str | int] = [campaign_id, now_ms(self._clock)]
        names += [keys.CALLBACKS_TOLD, keys.REAPING, keys.ENDED, *keys.AUDITED, keys.SLEEPING, keys.CHANGES]
        names += keys.lines(await trunks_of(self._batch, campaign_id))
        return int(await self._batch.run("complete_campaign", names, args))
