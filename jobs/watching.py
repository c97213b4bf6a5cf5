"""Watches: a look at each of several campaigns or calls, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from jobs.context import Context

log = structlog.get_logger()

Look = Callable[[str, Context], Awaitable[None]]


async def look_at_all(
    ids: Sequence[str], look: Look, context: Context, *, broken: str, called: str = "campaign_id"
) -> None:
    """Look at each; what goes wrong with one is logged as `broken` with its id, and keeps nobody from the others.

    Raises the first of it once all were looked at: so the job counts as failed, which is alarmed about.
    """
    looks = await asyncio.gather(*(look(one, context) for one in ids), return_exceptions=True)
    wrong = [(one, end) for one, end in zip(ids, looks, strict=True) if isinstance(end, Exception)]
    for one, error in wrong:
        log.error(broken, **{called: one}, exc_info=error)
    if wrong:
        raise wrong[0][1]
