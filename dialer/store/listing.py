"""Campaigns of a kind that has a list of its own: a page of them, and those with anything left to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dialer import keys
from dialer.errors import NotFound
from dialer.model import Campaign
from dialer.store.campaigns import CampaignStore


class ListingStore(CampaignStore):
    """Lists of campaigns of one kind."""

    async def _page(self, listed: str, *, offset: int, limit: int) -> list[Campaign]:
        """Newest first."""
        ids = await self._batch.command("ZREVRANGE", listed, offset, offset + limit - 1)
        found = await asyncio.gather(*map(self._campaign_if_there, ids))
        return [campaign for campaign in found if campaign]

    async def _opened(self, listed: str) -> list[str]:
        """The ids of those that have anything left to do, drafts too."""
        every, opened = await asyncio.gather(
            self._batch.command("ZRANGE", listed, 0, -1), self._batch.command("SMEMBERS", keys.OPEN)
        )
        return [campaign_id for campaign_id in every if campaign_id in set(opened)]

    async def _campaign_if_there(self, campaign_id: str) -> Campaign | None:
        # One that is being deleted at this moment is passed over.
        with suppress(NotFound):
            return await self.campaign(campaign_id)
        return None
