"""The breaker of a trunk: a burst of failed attempts over all campaigns stops the carrier account, and it alone.

It works as that of a campaign (`lua/parts/breaker.lua`). Its policy comes with each claim, an outcome is counted right
after the step that ends an attempt: a process that dies in between leaves one outcome uncounted, and harms nothing.
"""

from __future__ import annotations

import structlog

from dialer import keys
from dialer.dispositions import Disposition
from dialer.errors import StoreUnavailable
from dialer.redis.batch import Batch

log = structlog.get_logger()

WAIT_MS = 60_000
"""For so long nothing goes out; twice as long after each probe that fails, up to an hour."""
SHUT_MS = 600_000
"""A campaign tries a trunk that would refuse all of its calls again after ten minutes: somebody may have mended it."""
_OFF = "off"


def policy_of(text: str) -> str:
    """`40/50` as the scripts read it; '' for `off`."""
    return "" if text == _OFF else f"{text.replace('/', ' ')} {WAIT_MS} probe"


async def count_outcome(batch: Batch, trunk: str, disposition: Disposition, now_ms: int) -> None:
    """Count how an attempt ended that left by a trunk. Not repeatable: each time counts."""
    try:
        turned = await batch.run("count_outcome", [keys.trunk(trunk)], [disposition, now_ms])
    except StoreUnavailable:
        return
    if turned:
        log.warning("trunk.breaker_turned", trunk=trunk, breaker=turned)
