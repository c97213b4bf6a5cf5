"""The job that renews the carrier's access token ahead of its end, so that no call waits for one."""

from __future__ import annotations

import structlog

from dialer.errors import CarrierError
from jobs.context import ArqContext

log = structlog.get_logger()


async def renew_token(ctx: ArqContext) -> None:
    """Renew the fleet's token if it is near its end; one worker at a time does. Repeatable."""
    try:
        renewed = await ctx["context"].provider.renew_ahead()
    except CarrierError as error:
        # The old one is good for minutes yet and the next run tries again; without any, placing says so itself.
        log.warning("token.not_renewed", reason=str(error))
        return
    if renewed:
        log.info("token.renewed")
