"""The job that fills campaigns made from others' calls. Any worker goes on where another stopped or died."""

from __future__ import annotations

import time

import structlog

from dialer.store import Store
from jobs.context import ArqContext

log = structlog.get_logger()

_MOST = 4  # campaigns in one run
_RUN_S = 10.0
"""Then the rest is for the next run, on any worker: a worker dials besides."""


async def again(ctx: ArqContext) -> None:
    """One run. Repeatable: nobody is added twice."""
    store, end = ctx["context"].runtime.store, time.monotonic() + _RUN_S
    for campaign_id in await store.take_copying(_MOST):
        while await store.copy_some(campaign_id):
            if time.monotonic() > end or ctx["context"].stopping.is_set():
                await store.pass_copying_on(campaign_id)
                return
        await _tell(store, campaign_id)


async def _tell(store: Store, campaign_id: str) -> None:
    copying = await store.copying(campaign_id)
    if copying is not None:
        log.info(
            "campaign.copied", campaign_id=campaign_id, of=copying.of, left_out=copying.left_out, reason=copying.reason
        )
