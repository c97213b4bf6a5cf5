"""Watches: a look at each of several campaigns, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from jobs.context import Context

log = structlog.get_logger()

Look = Callable[[str, Context], Awaitable[None]]


async def look_at_all(campaign_ids: Sequence[str], look: Look, context: Context, *, broken: str) -> None:
    """Look at each; what goes wrong with one is logged under the name `broken` and keeps nobody from the others."""
    looks = await asyncio.gather(*(look(campaign_id, context) for campaign_id in campaign_ids), return_exceptions=True)
    for campaign_id, end in zip(campaign_ids, looks, strict=True):
        if isinstance(end, Exception):
            log.error(broken, campaign_id=campaign_id, exc_info=end)
