"""Lists of campaigns, newest first, page by page: all of them, and those of a kind that has a list of its own.

A cursor names the last one that was read, so that nobody is met twice because others were created meanwhile.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from dialer import keys
from dialer.clock import to_ms
from dialer.errors import InvalidInput, NotFound
from dialer.forms import CAMPAIGN_CURSOR
from dialer.model import Campaign
from dialer.states import CampaignState
from dialer.store.campaigns import CampaignStore

_LOOKED_AT = 200  # campaigns looked at for one page of a filter that matches few of them


class Page(NamedTuple):
    """Some campaigns, and where the next page begins; None behind the last one."""

    campaigns: list[Campaign]
    cursor: str | None


class ListingStore(CampaignStore):
    """Lists of campaigns."""

    async def campaigns(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        state: CampaignState | None = None,
        kind: str | None = None,
    ) -> Page:
        """A page of campaigns, newest first. With a filter it may hold fewer than the limit. Raises InvalidInput."""

        def is_wanted(campaign: Campaign) -> bool:
            return state in {None, campaign.state} and kind in {None, campaign.kind}

        most = limit if state is None and kind is None else max(limit, _LOOKED_AT)
        return await self._page(keys.CAMPAIGNS, cursor, limit=limit, most=most, is_wanted=is_wanted)

    async def _page(
        self,
        listed: str,
        cursor: str | None,
        *,
        limit: int,
        most: int | None = None,
        is_wanted: Callable[[Campaign], bool] = lambda _: True,
    ) -> Page:
        """Up to so many of a list, found among the next ones; one that is being deleted is passed over."""
        most = most or limit
        # One more than asked for tells whether there is a next page.
        ids = await self._batch.run("page_list", [listed], [most + 1, *_last_read(cursor)])
        looked_at = await asyncio.gather(*map(self._campaign_if_there, ids[:most]))
        found: list[Campaign] = []
        for position, (campaign_id, campaign) in enumerate(zip(ids, looked_at, strict=False), 1):
            if campaign and is_wanted(campaign):
                found.append(campaign)
            if position == most or len(found) == limit:
                created = to_ms(campaign.created_at) if campaign else 0
                return Page(found, f"{created}-{campaign_id}" if position < len(ids) else None)
        return Page(found, None)

    async def _opened(self, listed: str) -> list[str]:
        """The ids of those that have anything left to do, drafts too."""
        every, opened = await asyncio.gather(
            self._batch.command("ZRANGE", listed, 0, -1), self._batch.command("SMEMBERS", keys.OPEN)
        )
        return [campaign_id for campaign_id in every if campaign_id in set(opened)]

    async def _campaign_if_there(self, campaign_id: str) -> Campaign | None:
        with suppress(NotFound):
            return await self.campaign(campaign_id)
        return None


def _last_read(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    if not re.fullmatch(CAMPAIGN_CURSOR, cursor, re.ASCII):
        raise InvalidInput("not a cursor of this list; take `next_cursor` of the page before", field="cursor")
    created, _, campaign_id = cursor.partition("-")
    return campaign_id, created
