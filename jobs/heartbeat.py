"""Each worker's sign of life, and from their number its share of the requests to the carrier that are no calls."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dialer import keys
from dialer.clock import now_ms
from dialer.errors import StoreUnavailable
from jobs.context import Context

EVERY_S = 5.0


async def keep_alive(worker_id: str, context: Context) -> None:
    """Write the heartbeat every few seconds, for ever; an outage of Redis only skips some."""
    while True:
        with suppress(StoreUnavailable):
            await beat(worker_id, context)
        await asyncio.sleep(EVERY_S)


async def beat(worker_id: str, context: Context) -> None:
    """Write one heartbeat, forget the dead, and take this process' share of the other requests."""
    now = now_ms(context.runtime.clock)
    batch = context.runtime.batch
    _, _, workers = await asyncio.gather(
        batch.command("ZADD", keys.WORKERS, now, worker_id),
        batch.command("ZREMRANGEBYSCORE", keys.WORKERS, "-inf", now - keys.WORKER_ALIVE_MS),
        batch.command("ZCARD", keys.WORKERS),
    )
    context.provider.set_share(context.settings.other_requests_per_second / max(1, workers))


async def farewell(worker_id: str, context: Context) -> None:
    """Take this worker off the list when it ends in order."""
    with suppress(StoreUnavailable):
        await context.runtime.batch.command("ZREM", keys.WORKERS, worker_id)
