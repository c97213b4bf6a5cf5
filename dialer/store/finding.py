"""Finding the calls of a number, in all campaigns, by the index that stands beside what contacts are known by.

It costs one read a campaign, sent together, and the reading of the calls found. Nothing goes through calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dialer import keys
from dialer.known import digest_of, slot_of
from dialer.model import Call
from dialer.store.calls import CallStore

_CAMPAIGNS = 1_000  # looked into together
_CALLS = 500  # read together


class FindStore(CallStore):
    """Who is called where."""

    async def calls_of(self, number: str) -> list[Call]:
        """Every call in which this is one of the person's numbers, of the newest campaign first, its latest first."""
        ids: Sequence[str] = await self._batch.command("ZREVRANGE", keys.CAMPAIGNS, 0, -1)
        found: list[Call] = []
        for first in range(0, len(ids), _CAMPAIGNS):
            parts = await asyncio.gather(*(self._calls_of(one, number) for one in ids[first : first + _CAMPAIGNS]))
            found += [call for part in parts for call in part]
        return found

    async def _calls_of(self, campaign_id: str, number: str) -> list[Call]:
        numbers = await self._candidates(campaign_id, number)
        found: list[Call] = []
        for first in range(0, len(numbers), _CALLS):
            found += await self._calls(campaign_id, numbers[first : first + _CALLS])
        # Several numbers share a slot.
        return [call for call in found if number in (call.number, *call.others)]

    async def _candidates(self, campaign_id: str, number: str) -> list[int]:
        """Running numbers of the calls that may have it, the latest first."""
        key, letter = slot_of(campaign_id, number)
        known, latest, moved = await self._batch.command("HMGET", key, digest_of(None, number), letter, f"{letter}#")
        fields = [f"{letter}{place}" for place in range(1, int(moved or 0) + 1)]
        values = [known, latest, *(await self._batch.command("HMGET", key, *fields) if fields else ())]
        return sorted({int(seq) for value in values if value for seq in value.split(",")}, reverse=True)
