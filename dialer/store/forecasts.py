"""Who is left of a campaign, for forecasts, read without going through a million calls each time.

Calls are read in slices of the line, in which they stand by when they are due: SAMPLE of them, evenly spread, stand for
all, unless all are asked for. Nothing is changed, and what moves meanwhile is off by as many calls.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from math import inf
from typing import NamedTuple

from dialer import keys
from dialer.call_record import CallRecord
from dialer.cohorts import zones_for
from dialer.forecast.line import Lot
from dialer.model import Campaign, Caps
from dialer.redialing import Tried
from dialer.states import UP, CallState, CampaignState
from dialer.store.campaigns import CampaignStore
from dialer.windows import Zones

SAMPLE = 1_000
"""So many waiting calls stand for all: a part of 10 % is known to within 2 %."""
MOST_OTHERS = 50
"""So many other running campaigns are regarded, those begun last."""
_MOST_HISTORIES = 20_000  # of a long list so many numbers are looked up in the days before
_SLICE = 10  # few, so that many places of the line are looked at
_CHUNK = 250  # calls read in one go where all are: 2 ms of this process
_ONE_NUMBER = re.compile(r'\["([^"\\]+)"')
_FURTHER_NUMBERS = ',["'
_FINE = 200
"""Moments ahead are told apart to one part in so many of how far ahead they lie."""


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
        looked = _Looked(
            campaign.id, _Cohorts.of(campaign, cohorts, region), lists, self._now_ms() / 1000, beginnings,
            _days_back(campaign.caps), math.ceil(size / _MOST_HISTORIES) if whole else 1,
        )  # fmt: skip
        slices = await (self._all(looked, size) if whole else self._sampled(looked, size, sample))
        waiting = sum((stands for stands, _ in slices), Counter[_Stand]())
        suppressed = sum(barred for _, barred in slices)
        claimed, *up = await asyncio.gather(
            *(self._looked_at(looked, state, 0, sample) for state in (CallState.CLAIMED, *UP))
        )
        scale = 1 if whole else size / max(1, waiting.total() + suppressed)
        return People(
            lots=(*_lots(waiting, scale), *_lots(claimed[0], 1)),
            up=tuple(chain.from_iterable(_lots(stands, 1) for stands, _ in up)),
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

    async def _all(self, looked: _Looked, size: int) -> list[tuple[Counter[_Stand], int]]:
        # One after the other: a million calls at once would fill the memory, and keep Redis from others.
        return [await self._looked_at(looked, CallState.WAITING, start, _CHUNK) for start in range(0, size, _CHUNK)]

    async def _sampled(self, looked: _Looked, size: int, sample: int) -> list[tuple[Counter[_Stand], int]]:
        starts = range(0, size, size * _SLICE // sample)
        return list(
            await asyncio.gather(*(self._looked_at(looked, CallState.WAITING, start, _SLICE) for start in starts))
        )

    async def _looked_at(
        self, looked: _Looked, state: CallState, start: int, length: int
    ) -> tuple[Counter[_Stand], int]:
        """So many calls of a set, counted by how they stand, and how many more are suppressed."""
        key = keys.calls_in(looked.campaign_id, state)
        found = await self._batch.command("ZRANGE", key, start, start + length - 1, "WITHSCORES")
        numbers = [int(number) for number in found[::2]]
        if not numbers:
            return Counter(), 0
        cohorts, calls = await asyncio.gather(self._cohorts_of(looked, numbers), self._records(looked, numbers))
        addresses = [numbers for numbers, _ in calls]
        barred, dialed = await asyncio.gather(self._barred(looked, addresses), self._dialed(looked, calls))
        stands: Counter[_Stand] = Counter()
        first = float(found[1]) / 1000
        for due, cohort, call, is_barred, at in zip(found[1::2], cohorts, calls, barred, dialed, strict=True):
            if not is_barred:
                stands[looked.stand(float(due) / 1000, first, cohort, call, at)] += 1
        return stands, sum(barred)

    async def _dialed(self, looked: _Looked, calls: Sequence[_Stored]) -> list[tuple[float, ...]]:
        """When the number of each call that is dialed next was dialed, by any campaign.

        Of a long list every so manieth is looked at, and stands for those behind it.
        """
        if not looked.days_back:
            return [()] * len(calls)
        now_ms, found = round(looked.now * 1000), []
        for address in (_next_address(call) for call in calls[:: looked.each]):
            hashes = keys.dialed(address, now_ms, days=looked.days_back)
            found.append(asyncio.gather(*(self._batch.command("HGET", key, address) for key in hashes)))
        moments = [looked.moments(by_day) for by_day in await asyncio.gather(*found)]
        return [moments[place // looked.each] for place in range(len(calls))]

    async def _records(self, looked: _Looked, numbers: Sequence[int]) -> list[_Stored]:
        """The addresses of these calls, and their tries as they are stored."""
        by_bucket: dict[str, list[int]] = {}
        for number in numbers:
            by_bucket.setdefault(keys.bucket(looked.campaign_id, number), []).append(number)
        read: dict[str, str] = {}
        for fields in await asyncio.gather(*(self._stored(key, inside) for key, inside in by_bucket.items())):
            read |= fields
        return [(_addresses(read.get(str(number), "")), read.get(f"{number}t")) for number in numbers]

    async def _stored(self, bucket: str, numbers: Sequence[int]) -> dict[str, str]:
        """What is stored of these calls of a bucket; of all of them where most are wanted, which is sooner said."""
        if 2 * len(numbers) > keys.CALLS_PER_BUCKET:
            return await self._fields(bucket)
        names = [name for number in numbers for name in (str(number), f"{number}t")]
        found = await self._batch.command("HMGET", bucket, *names)
        return {name: text for name, text in zip(names, found, strict=True) if text is not None}

    async def _cohorts_of(self, looked: _Looked, numbers: Sequence[int]) -> list[int]:
        if len(looked.cohorts.by_number) == 1:
            return [0] * len(numbers)
        asked = [part for number in numbers for part in ("GET", "u16", f"#{number}")]
        found = await self._batch.command("BITFIELD_RO", keys.cohorts(looked.campaign_id), *asked)
        return [looked.cohorts.by_number[before + 1] for before in found]

    async def _barred(self, looked: _Looked, addresses: Sequence[Sequence[str]]) -> list[bool]:
        """Whether all numbers of each person are suppressed."""
        numbers = [*chain.from_iterable(addresses)]
        on_lists = await asyncio.gather(*(self._batch.command("ZMSCORE", key, *numbers) for key in looked.lists))
        barred = iter(any(since is not None for since in found) for found in zip(*on_lists, strict=True))
        return [all([*islice(barred, len(inside))]) for inside in addresses]


_Stored = tuple[list[str], str | None]
"""A call's addresses, and its tries as they are stored."""


def _next_address(call: _Stored) -> str:
    """The one that is dialed next."""
    addresses, tries = call
    return addresses[_tried(tries, len(addresses))[0].place - 1]


def _days_back(caps: Caps) -> int:
    """How many days' hashes tell all that these caps ask for."""
    if caps.week:
        return keys.DIALED_DAYS
    return 1 + math.ceil(max(keys.DAY_MS if caps.day else 0, caps.spacing_ms) / keys.DAY_MS) if caps != Caps() else 0


def _addresses(record: str) -> list[str]:
    """All numbers of a person. Most have one, with which a record begins: the rest of it is not read then."""
    one = None if _FURTHER_NUMBERS in record else _ONE_NUMBER.match(record)
    if one:
        return [one[1]]
    return [*CallRecord.read(record or '[""]').numbers]


@lru_cache(maxsize=4096)
def _tried(stored: str | None, numbers: int) -> tuple[Tried, int | None]:
    """A call's past, and its own end (ms); many calls have the same."""
    told = json.loads(stored) if stored else {}
    return Tried.from_dict(told, numbers), told.get("x")


class _Stand(NamedTuple):
    """How a call stands: whoever stands alike is one lot."""

    due: float
    cohort: int
    tried: Tried
    expires: float
    beginning: str
    dialed: tuple[float, ...]


class _Cohorts(NamedTuple):
    """The zones that matter: each once, and which are those of a cohort, by its number in the campaign."""

    zones: tuple[Zones, ...]
    by_number: Mapping[int, int]

    @classmethod
    def of(cls, campaign: Campaign, stored: Mapping[str, str], region: str) -> _Cohorts:
        windows = campaign.windows
        if windows is None or campaign.override_windows:
            return cls(((),), {1: 0})
        named = {int(number): zones_for(cohort, windows, region) for cohort, number in stored.items()}
        named = named or {1: zones_for("", windows, region)}
        zones = tuple(dict.fromkeys(named.values()))
        return cls(zones, {number: zones.index(found) for number, found in named.items()})


class _Looked(NamedTuple):
    """What all slices of a campaign's calls are read with."""

    campaign_id: str
    cohorts: _Cohorts
    lists: tuple[str, ...]  # keys of those that it keeps to
    now: float
    beginnings: frozenset[str] = frozenset()
    days_back: int = 0  # so many hashes tell when a number was dialed, as far as the campaign's caps look back
    each: int = 1  # of so many calls in a row one is looked at for that

    def stand(self, due: float, first: float, cohort: int, call: _Stored, dialed: tuple[float, ...]) -> _Stand:
        """How a call stands; those of a slice that are due already stand together."""
        tried, ends_ms = _tried(call[1], len(call[0]))
        expires = inf if ends_ms is None else self._rough(ends_ms / 1000)
        beginning = self.beginning(call) if self.beginnings else ""
        return _Stand(first if due <= self.now else self._rough(due), cohort, tried, expires, beginning, dialed)

    def beginning(self, call: _Stored) -> str:
        """The longest beginning of the number that has but a share of the budget."""
        address = _next_address(call)
        return max((one for one in self.beginnings if address.startswith(one)), key=len, default="")

    def moments(self, by_day: Sequence[str | None]) -> tuple[float, ...]:
        """What is stored of a number, today first: its moments, newest first, to a minute or a part of how long ago."""
        today = self.now * 1000 // keys.DAY_MS
        told = (
            (today - back) * keys.DAY_MS + int(offset)
            for back, stored in enumerate(by_day)
            for offset in (stored or "").split()[1:]
        )
        return tuple(sorted((self._rough_past(at / 1000) for at in told), reverse=True))

    def _rough_past(self, at: float) -> float:
        grain = max(60.0, (self.now - at) / _FINE)
        grain = 2.0 ** int(grain).bit_length() / 2
        return at // grain * grain

    def _rough(self, at: float) -> float:
        grain = max(1.0, (at - self.now) / _FINE)
        grain = 2.0 ** int(grain).bit_length() / 2
        return at // grain * grain


def _lots(stands: Mapping[_Stand, int], scale: float) -> Iterator[Lot]:
    for stand, count in stands.items():
        yield Lot(stand.due, count * scale, *stand[1:])
