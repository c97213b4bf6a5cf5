"""Who is left of a campaign, for forecasts, read without going through a million calls each time.

Calls are read in slices of the line, in which they stand by when they are due: SAMPLE of them, evenly spread, stand for
all, unless all are asked for. Nothing is changed, and what moves meanwhile is off by as many calls.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from dialer import keys
from dialer.forecast.line import Lot
from dialer.model import Campaign
from dialer.states import UP, CallState, CampaignState
from dialer.store.campaigns import CampaignStore
from dialer.store.standing import Cohorts, Looked, Stand, Stored, addresses_of, days_back, lots, next_address
from dialer.windows import Zones

SAMPLE = 1_000
"""So many waiting calls stand for all: a part of 10 % is known to within 2 %."""
MOST_OTHERS = 50
"""So many other running campaigns are regarded, those begun last."""
_MOST_HISTORIES = 4_000  # of a long list so many numbers are looked up in the days before
_SLICE = 10  # few, so that many places of the line are looked at
_CHUNK = 500  # calls read in one go where all are: 3 ms of this process


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who is left of a campaign.

    Attributes:
        lots: who waits and may be called; a lot of a sample stands for more than were read.
        up: who is being called.
        suppressed: how many of those waiting have no number that is not suppressed.
        zones: those of each cohort of the lots.
        whole: whether everybody was read, not a sample.
    """

    lots: tuple[Lot, ...]
    up: tuple[Lot, ...]
    suppressed: int
    zones: tuple[Zones, ...]
    whole: bool


class ForecastStore(CampaignStore):
    """Reading for forecasts."""

    async def people_left(
        self,
        campaign: Campaign,
        *,
        region: str,
        whole: bool = False,
        sample: int = SAMPLE,
        beginnings: frozenset[str] = frozenset(),
    ) -> People:
        """Who is left of a campaign: from a sample, or counted one by one.

        Of numbers with one of these beginnings it is told, and, where the campaign has caps, when they were dialed.
        """
        size, cohorts = await asyncio.gather(
            self._batch.command("ZCARD", keys.calls_in(campaign.id, CallState.WAITING)),
            self._fields(keys.zones(campaign.id)),
        )
        lists = (keys.SUPPRESSED, *map(keys.suppressed_on, campaign.lists))
        whole = whole or size <= sample
        looked = Looked(
            campaign.id, Cohorts.of(campaign, cohorts, region), lists, self._now_ms() / 1000, beginnings,
            days_back(campaign.caps), math.ceil(size / _MOST_HISTORIES) if whole else 1,
        )  # fmt: skip
        slices = await (self._all(looked, size) if whole else self._sampled(looked, size, sample))
        waiting = sum((stands for stands, _ in slices), Counter[Stand]())
        suppressed = sum(barred for _, barred in slices)
        claimed, *up = await asyncio.gather(
            *(self._looked_at(looked, state, 0, sample) for state in (CallState.CLAIMED, *UP))
        )
        scale = 1 if whole else size / max(1, waiting.total() + suppressed)
        return People(
            lots=(*lots(waiting, scale), *lots(claimed[0], 1)),
            up=tuple(chain.from_iterable(lots(stands, 1) for stands, _ in up)),
            suppressed=round(suppressed * scale),
            zones=looked.cohorts.zones,
            whole=whole,
        )

    async def others_running(self, campaign_id: str) -> list[Campaign]:
        """Other campaigns that take tokens, those begun last first."""
        ids = [one for one in await self._batch.command("SMEMBERS", keys.OPEN) if one != campaign_id]
        states = await asyncio.gather(
            *(self._batch.command("HMGET", keys.campaign(one), "state", "started_at") for one in ids)
        )
        running = [
            (int(started or 0), one)
            for one, (state, started) in zip(ids, states, strict=True)
            if state == CampaignState.RUNNING
        ]
        newest = [one for _, one in sorted(running, reverse=True)[:MOST_OTHERS]]
        return list(await asyncio.gather(*map(self.campaign, newest)))

    async def _all(self, looked: Looked, size: int) -> list[tuple[Counter[Stand], int]]:
        # One after the other: a million calls at once would fill the memory, and keep Redis from others.
        # Two: what Redis tells of the one is parsed while it looks up the other.
        found: list[tuple[Counter[Stand], int]] = []
        for start in range(0, size, 2 * _CHUNK):
            starts = (start, start + _CHUNK)
            found += await asyncio.gather(
                *(self._looked_at(looked, CallState.WAITING, first, _CHUNK) for first in starts)
            )
        return found

    async def _sampled(self, looked: Looked, size: int, sample: int) -> list[tuple[Counter[Stand], int]]:
        starts = range(0, size, size * _SLICE // sample)
        return list(
            await asyncio.gather(*(self._looked_at(looked, CallState.WAITING, start, _SLICE) for start in starts))
        )

    async def _looked_at(self, looked: Looked, state: CallState, start: int, length: int) -> tuple[Counter[Stand], int]:
        """So many calls of a set, counted by how they stand, and how many more are suppressed."""
        key = keys.calls_in(looked.campaign_id, state)
        found = await self._batch.command("ZRANGE", key, start, start + length - 1, "WITHSCORES")
        numbers = [int(number) for number in found[::2]]
        if not numbers:
            return Counter(), 0
        cohorts, calls = await asyncio.gather(self._cohorts_of(looked, numbers), self._records(looked, numbers))
        return await self.count_stands(looked, [float(due) / 1000 for due in found[1::2]], cohorts, calls)

    async def count_stands(
        self, looked: Looked, dues: Sequence[float], cohorts: Sequence[int], calls: Sequence[Stored]
    ) -> tuple[Counter[Stand], int]:
        """How many of these calls stand how, and how many more are suppressed."""
        addresses = [numbers for numbers, _ in calls]
        barred, dialed = await asyncio.gather(self._barred(looked, addresses), self._dialed(looked, calls))
        # Most are alike: they are counted as they were read, and those that differ are looked at once.
        alike: Counter[Any] = Counter()
        moments = [None] * len(dues) if max(dues) <= looked.now else [*map(looked.rough_due, dues)]
        looks = zip(moments, cohorts, map(looked.kind, calls), dialed, barred, strict=True)
        alike.update(look[:4] for look in looks if not look[4])
        stands: Counter[Stand] = Counter()
        for (due, cohort, kind, at), count in alike.items():
            stands[looked.stand(dues[0] if due is None else due, cohort, kind, at)] += count
        return stands, sum(barred)

    async def _dialed(self, looked: Looked, calls: Sequence[Stored]) -> list[tuple[float, ...]]:
        """When the number of each call that is dialed next was dialed, by any campaign.

        Of a long list every so manieth is looked at, and stands for those behind it.
        """
        if not looked.days_back:
            return [()] * len(calls)
        now_ms, found = round(looked.now * 1000), []
        for address in (next_address(call) for call in calls[:: looked.each]):
            hashes = keys.dialed(address, now_ms, days=looked.days_back)
            found.append(asyncio.gather(*(self._batch.command("HGET", key, address) for key in hashes)))
        moments = [looked.moments(by_day) for by_day in await asyncio.gather(*found)]
        return [moments[place // looked.each] for place in range(len(calls))]

    async def _records(self, looked: Looked, numbers: Sequence[int]) -> list[Stored]:
        """The addresses of these calls, and their tries as they are stored."""
        by_bucket: dict[str, list[int]] = {}
        for number in numbers:
            by_bucket.setdefault(keys.bucket(looked.campaign_id, number), []).append(number)
        read: dict[str, str] = {}
        for fields in await asyncio.gather(*(self._stored(key, inside) for key, inside in by_bucket.items())):
            read |= fields
        return [(addresses_of(read.get(str(number), "")), read.get(f"{number}t")) for number in numbers]

    async def _stored(self, bucket: str, numbers: Sequence[int]) -> dict[str, str]:
        """What is stored of these calls of a bucket; of all of them where most are wanted, which is sooner said."""
        if 2 * len(numbers) > keys.CALLS_PER_BUCKET:
            return await self._fields(bucket)
        names = [name for number in numbers for name in (str(number), f"{number}t")]
        found = await self._batch.command("HMGET", bucket, *names)
        return {name: text for name, text in zip(names, found, strict=True) if text is not None}

    async def _cohorts_of(self, looked: Looked, numbers: Sequence[int]) -> list[int]:
        if len(looked.cohorts.by_number) == 1:
            return [0] * len(numbers)
        asked = [part for number in numbers for part in ("GET", "u16", f"#{number}")]
        found = await self._batch.command("BITFIELD_RO", keys.cohorts(looked.campaign_id), *asked)
        return [looked.cohorts.by_number[before + 1] for before in found]

    async def _barred(self, looked: Looked, addresses: Sequence[Sequence[str]]) -> list[bool]:
        """Whether all numbers of each person are suppressed."""
        numbers = [*chain.from_iterable(addresses)]
        on_lists = await asyncio.gather(*(self._batch.command("ZMSCORE", key, *numbers) for key in looked.lists))
        if all(found.count(None) == len(numbers) for found in on_lists):
            return [False] * len(addresses)
        barred = iter(any(since is not None for since in found) for found in zip(*on_lists, strict=True))
        return [all([*islice(barred, len(inside))]) for inside in addresses]
