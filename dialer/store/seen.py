"""How attempts ended, for forecasts: from a sample of a campaign's own, or of others of its kind where it has few."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dialer import keys
from dialer.built_in import BUILT_IN
from dialer.dispositions import Disposition
from dialer.forecast.rates import Seen
from dialer.model import AttemptRef, CallRef, Campaign
from dialer.packed import read_attempts
from dialer.store.listing import ListingStore

SEEN = 300
"""So many calls are looked at."""
ENOUGH = 50
"""With fewer attempts of its own that ended, a campaign is taken to be like others of its kind."""
_ALIKE = 3  # other campaigns that are looked at
_NEWEST = 100  # among which they are looked for
_MOST_TRIES = 20  # of one call: what follows says nothing new
_OVER = frozenset({"completed", "busy", "timeout", "cancelled", "unanswered", "rejected", "failed"})
"""Events with which a call is over. An operator's hang-up and the like say nothing of how calls go."""
_NOT_COUNTED = frozenset({Disposition.CANCELLED, Disposition.SUPPRESSED, Disposition.EXPIRED})


class SeenStore(ListingStore):
    """What was seen of attempts."""

    async def seen(self, campaign: Campaign) -> Seen:
        """How this campaign's attempts ended, or those of campaigns like it where it has too few."""
        own = await self.seen_alone(campaign)
        if own.attempts >= ENOUGH:
            return own
        alike = await self._alike(campaign)
        if not alike:
            return own
        return await self._summed([campaign, *alike], f"campaign {', '.join(one.id for one in alike)}")

    async def seen_alone(self, campaign: Campaign, *, calls: int = SEEN) -> Seen:
        """The same from its own attempts alone, of so many calls."""
        return await self._summed([campaign], "this campaign", calls)

    async def _alike(self, campaign: Campaign) -> list[Campaign]:
        """Others of the kind with the same success, newest first."""
        found, _ = await self.campaigns(limit=_NEWEST)
        return [
            one
            for one in found
            if one.kind == campaign.kind
            and one.success == campaign.success
            and one.attempts
            and one.id != campaign.id
            and one.id not in BUILT_IN.values()
        ][:_ALIKE]

    async def _summed(self, campaigns: Sequence[Campaign], source: str, calls: int = SEEN) -> Seen:
        refs = [ref for one in campaigns for ref in await self._tried(one, calls // len(campaigns))]
        return summed(await read_attempts(self._batch, refs), source)

    async def _tried(self, campaign: Campaign, most: int) -> list[AttemptRef]:
        """The attempts of calls evenly spread over those that may have been tried."""
        # Lists are dialed in their order: further than its attempts go, nobody was tried, but in other time zones.
        reach = min(campaign.total, 2 * campaign.attempts)
        numbers = sorted({1 + place * reach // most for place in range(most) if reach} & {*range(1, reach + 1)})
        stored = await asyncio.gather(
            *(self._batch.command("HGET", keys.bucket(campaign.id, number), f"{number}t") for number in numbers)
        )
        return [
            AttemptRef(CallRef(campaign.id, number), attempt)
            for number, tries in zip(numbers, stored, strict=True)
            for attempt in range(1, min(json.loads(tries)["n"], _MOST_TRIES) + 1 if tries else 1)
        ]


def summed(attempts: Iterable[Mapping[str, str]], source: str) -> Seen:
    """The sums over attempts as they are stored; those that did not end yet are left out."""
    counts: Counter[Disposition] = Counter()
    timed: Counter[Disposition] = Counter()
    lasted: defaultdict[Disposition, float] = defaultdict(float)
    talks: list[int] = []
    prices: list[tuple[float, int]] = []
    for fields in attempts:
        disposition = fields.get("disposition")
        if not disposition or disposition in _NOT_COUNTED:
            continue
        ended = Disposition(disposition)
        over_at = _over_at(fields)
        counts[ended] += 1
        if over_at is not None:
            timed[ended] += 1
            lasted[ended] += max(0.0, (over_at - int(fields["at"])) / 1000)
        duration = int(fields.get("f:duration_s", 0))
        if duration:
            talks.append(duration)
        if duration and "f:price" in fields:
            prices.append((float(fields["f:price"]), duration))
    return Seen(
        counts=counts,
        lasted_s=lasted,
        timed=timed,
        talked_s=sum(talks),
        talks=len(talks),
        price=sum(price for price, _ in prices),
        priced_s=sum(duration for _, duration in prices),
        source=source,
    )


def _over_at(fields: Mapping[str, str]) -> int | None:
    """When an attempt was over, by our clock (ms)."""
    heard = [
        int(json.loads(value)[0])
        for name, value in fields.items()
        if name.startswith("e:") and name.split(":", 2)[1] in _OVER
    ]
    return min(heard, default=None)
