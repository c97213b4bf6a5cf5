"""The last step of an erasure: the index is asked again, and all campaigns that had calls of the person are read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from dialer import keys
from dialer.call_record import attempts_in
from dialer.erasures.erasure import Erasure, Plan
from dialer.erasures.traces import left_in, spellings
from dialer.packed import read_attempts
from dialer.store.erasing_calls import ErasedCalls

_PAGE = 10  # buckets of calls read together


class ErasureCheck(ErasedCalls):
    """What still holds a number after it was erased."""

    async def _forget_calls(self, erasure: Erasure) -> None:
        """Take the person out of what others are told in escalations; the check reads those, too."""
        for one in erasure.escalations:
            if await self._batch.command("EXISTS", keys.campaign(one)):
                await self.forget_call(one)
                await self._batch.command("HSET", keys.erasure(erasure.id), f"c:{one}", 1)

    async def _check(self, erasure: Erasure, plan: Plan) -> None:
        """A page of the check: of one campaign, its next calls."""
        if await self.calls_of(plan.number):
            # Added meanwhile by an import.
            await self._tell(erasure, step="calls", at=0)
            return
        first, words, left = erasure.at, spellings(plan.number), list(erasure.left)
        if not erasure.campaigns:
            await self._end_check(erasure)
            return
        campaign_id, *rest = erasure.campaigns
        total = int(await self._batch.command("HGET", keys.campaign(campaign_id), "total") or 0)
        span = _PAGE * keys.CALLS_PER_BUCKET
        if first == 0:
            told = [keys.campaign(campaign_id), keys.texts(campaign_id), keys.escalation(campaign_id)]
            left += await self._still_in(words, told)
        buckets = [keys.bucket(campaign_id, seq) for seq in range(first, first + span, keys.CALLS_PER_BUCKET)]
        left += await self._still_in(words, buckets)
        left += await self._still_in_attempts(words, campaign_id, buckets)
        await self._tell(erasure, left=json.dumps(sorted(set(left))), at=first + span if first + span <= total else 0)
        if first + span > total:
            await self._batch.command("HINCRBY", keys.erasure(erasure.id), "n:calls_looked_at", total)
            await self._batch.command("HSET", keys.erasure(erasure.id), f"c:{campaign_id}", 2)
            if not rest:
                await self._end_check(erasure)

    async def _end_check(self, erasure: Erasure) -> None:
        # Once more: a look at an escalation may have added a call of what it had read before.
        await asyncio.gather(*map(self.forget_call, erasure.escalations))
        await self._tell(erasure, step="checked")

    async def _still_in_attempts(self, words: Sequence[str], campaign_id: str, buckets: Sequence[str]) -> list[str]:
        found = await asyncio.gather(*(self._fields(bucket) for bucket in buckets))
        refs = [ref for fields in found for ref in attempts_in(campaign_id, fields)]
        return left_in(words, zip(map(keys.attempt, refs), await read_attempts(self._batch, refs), strict=True))

    async def _still_in(self, words: Sequence[str], names: Sequence[str]) -> list[str]:
        found = await asyncio.gather(*(self._fields(name) for name in names))
        return left_in(words, zip(names, found, strict=True))
