"""The reaper: deletes what is older than the retention, once an hour."""

from __future__ import annotations

import structlog

from dialer.clock import now_ms
from jobs.context import ArqContext

log = structlog.get_logger()

_DAY_MS = 86_400_000


async def reap(ctx: ArqContext) -> None:
    """One run; what it leaves over comes in the next. Repeatable."""
    context = ctx["context"]
    before_ms = now_ms(context.runtime.clock) - context.settings.retention_days * _DAY_MS
    deleted = await context.runtime.store.reap(before_ms)
    if deleted:
        log.info("campaign.deleted", count=deleted, older_than_days=context.settings.retention_days)
