"""The reaper: deletes what is older than its retention, once an hour. Files of recordings follow within seconds."""

from __future__ import annotations

import structlog

from dialer.callbacks.dead_letters import DeadLetters
from dialer.clock import now_ms
from jobs.context import ArqContext, Context

log = structlog.get_logger()

_DAY_MS = 86_400_000


async def reap(ctx: ArqContext) -> None:
    """One run; what it leaves over comes in the next. Repeatable."""
    context, settings = ctx["context"], ctx["context"].settings
    store = context.runtime.store
    recordings = await store.delete_recordings_before(_days_ago(settings.recording_retention_days, context))
    if recordings:
        log.info("recording.deleted", count=recordings, older_than_days=settings.recording_retention_days)
    dropped = await DeadLetters(context.runtime.batch, context.runtime.clock).forget_old()
    if dropped:
        log.warning("callback.dropped", count=dropped)
    trimmed = await store.trim_audit(_days_ago(settings.audit_retention_days, context))
    if trimmed:
        log.info("audit.trimmed", count=trimmed, older_than_days=settings.audit_retention_days)
    idle = await store.end_idle(settings.retention_days)
    if idle:
        log.info("campaign.idle_cancelled", count=len(idle))
    deleted = await store.reap(_days_ago(settings.retention_days, context))
    if deleted:
        log.info("campaign.deleted", count=deleted)


def _days_ago(days: int, context: Context) -> int:
    return now_ms(context.runtime.clock) - days * _DAY_MS
