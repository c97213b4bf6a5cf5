"""Trunks: the carrier accounts that one fleet dials through, each with its own credentials, budget and slots.

There is always `main`; DIALER_TRUNKS names further ones. A campaign names the trunks that its calls may leave by, once
and for all, and stands in line at each of them. So each trunk is shared for itself: urgent before normal there, fair
between the campaigns there; and a campaign of several trunks has its share of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dialer import keys
from dialer.model import MAIN
from dialer.redis.batch import Batch

_MOST_KEPT = 4096


def read_trunks(stored: str | None) -> tuple[str, ...]:
    """From a campaign's field: names separated by spaces, nothing for `main` alone."""
    return tuple(stored.split()) if stored else (MAIN,)


def write_trunks(names: tuple[str, ...]) -> str | None:
    """As a campaign's field."""
    return None if names == (MAIN,) else " ".join(names)


async def trunks_of(batch: Batch, campaign_id: str) -> tuple[str, ...]:
    """The trunks of one campaign, in order of their names; `main` where there is no such campaign (any more)."""
    return read_trunks(await batch.command("HGET", keys.campaign(campaign_id), "trunks"))


class CampaignTrunks:
    """The trunks of campaigns, asked once for each: they never change."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._kept: dict[str, tuple[str, ...]] = {}

    async def of(self, campaign_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The trunks of each of these campaigns."""
        wanted = list(campaign_ids)
        missing = [campaign_id for campaign_id in wanted if campaign_id not in self._kept]
        if not missing:
            return {campaign_id: self._kept[campaign_id] for campaign_id in wanted}
        ask = (self._batch.command("HMGET", keys.campaign(i), "state", "trunks") for i in missing)
        found = dict(zip(missing, await asyncio.gather(*ask), strict=True))
        read = {campaign_id: read_trunks(trunks) for campaign_id, (_, trunks) in found.items()}
        told = {i: self._kept.get(i) or read[i] for i in wanted}
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        # Not of one that is no campaign (yet).
        self._kept |= {campaign_id: read[campaign_id] for campaign_id, (state, _) in found.items() if state}
        return told
