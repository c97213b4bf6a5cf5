"""Drafts that nobody started, and paused campaigns that nobody touched: kept no longer than what has ended.

Every campaign that may end stands in `idling` with the moment at which to look at it. So nothing is scanned: a look at
one that was touched lately, or runs, moves that moment on. Whoever has come to its age is cancelled, with the reason,
and deleted as others are, as long after that.
"""

from __future__ import annotations

import asyncio

from dialer import keys
from dialer.errors import IllegalStep
from dialer.states import CampaignState
from dialer.store.campaigns import CampaignStore

_MOST = 200  # campaigns looked at in one run
_LATEST_LOOK_DAYS = 7
"""A retention that is set shorter holds after so many days at the latest."""
_IDLE = frozenset({CampaignState.DRAFT, CampaignState.PAUSED})


class IdlingStore(CampaignStore):
    """The end of what never began, or never went on."""

    async def end_idle(self, retention_days: int) -> list[str]:
        """Cancel drafts and paused campaigns not touched for their retention, or else so many days; returns their ids.

        Repeatable; what is left over comes in the next run.
        """
        now = self._now_ms()
        due = await self._batch.command("ZRANGEBYSCORE", keys.IDLING, "-inf", now, "LIMIT", 0, _MOST)
        ended = await asyncio.gather(*(self._look(campaign_id, retention_days, now) for campaign_id in due))
        return [campaign_id for campaign_id, has_ended in zip(due, ended, strict=True) if has_ended]

    async def _look(self, campaign_id: str, retention_days: int, now: int) -> bool:
        fields = ("state", "touched_at", "created_at", "retention_days")
        state, touched, created, own = await self._batch.command("HMGET", keys.campaign(campaign_id), *fields)
        if state not in _IDLE | {CampaignState.RUNNING}:
            await self._batch.command("ZREM", keys.IDLING, campaign_id)
            return False
        since, days = now if state == CampaignState.RUNNING else int(touched or created), int(own or retention_days)
        look_at = since + days * keys.DAY_MS
        if look_at <= now:
            return await self._end(campaign_id, days, since)
        # XX: it may have been deleted meanwhile.
        latest = now + _LATEST_LOOK_DAYS * keys.DAY_MS
        await self._batch.command("ZADD", keys.IDLING, "XX", min(look_at, latest), campaign_id)
        return False

    async def _end(self, campaign_id: str, days: int, since: int) -> bool:
        """Unless somebody touched it since it was looked at."""
        try:
            await self.step(campaign_id, "cancel", reason=f"nobody touched it for {days} days", untouched_since=since)
        except IllegalStep:
            return False
        await self._batch.command("ZREM", keys.IDLING, campaign_id)
        return True
