"""The job that renews the carrier's access token ahead of its end, so that no call waits for one."""

from __future__ import annotations

import asyncio

import structlog

from dialer.errors import CarrierError
from jobs.context import ArqContext, Context

log = structlog.get_logger()


async def renew_token(ctx: ArqContext) -> None:
    """Renew the fleet's token of each trunk if it is near its end; one worker at a time does. Repeatable."""
    await asyncio.gather(*(_renew(trunk, ctx["context"]) for trunk in ctx["context"].settings.trunk_names))


async def _renew(trunk: str, context: Context) -> None:
    try:
        renewed = await context.carrier(trunk).renew_ahead()
    except CarrierError as error:
        # The old one is good for minutes yet and the next run tries again; without any, placing says so itself.
        log.warning("token.not_renewed", trunk=trunk, reason=str(error))
        return
    if renewed:
        log.info("token.renewed", trunk=trunk)
