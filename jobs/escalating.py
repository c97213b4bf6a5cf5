"""The job that begins the escalations of calls that were given up. Any worker goes on where another died."""

from __future__ import annotations

import structlog

from dialer import metrics
from dialer.escalations.climbing import climb
from jobs.context import ArqContext, Context
from jobs.watching import look_at_all

log = structlog.get_logger()

_MOST = 20  # escalations begun in one run


async def escalate(ctx: ArqContext) -> None:
    """One run. Repeatable: a call has one escalation."""
    context = ctx["context"]
    taken = await context.runtime.store.take_escalating(_MOST)
    await look_at_all(taken, _begin, context, broken="escalation.not_begun", called="call_id")


async def _begin(call_id: str, context: Context) -> None:
    store = context.runtime.store
    begun = await store.begin_escalation(call_id)
    if begun is None:
        return
    metrics.CALLS_ESCALATED.inc()
    log.warning("call.escalated", call_id=call_id, campaign_id=begun.id, override_windows=begun.override_windows)
    # The watch would do so as well, some seconds later.
    await climb(begun.id, store, context.runtime.clock)
