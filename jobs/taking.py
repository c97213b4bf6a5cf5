"""Taking work that is done beside the dialing: whatever goes wrong with it, the worker dials on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from dialer.errors import StoreUnavailable
from dialer.metrics.turns import turned

log = structlog.get_logger()

_One = TypeVar("_One")


async def taken(take: Callable[[], Awaitable[list[_One]]], loop: str, *, again_s: float) -> list[_One]:
    """What `take` brings; nothing, `again_s` later, where that failed.

    Args:
        take: takes what is due under leases.
        loop: whose turn it was, as `dialer/metrics/labels.py` has it.
        again_s: so long nothing is asked for after a failure.
    """
    try:
        found = await take()
    except StoreUnavailable as error:
        log.warning("work.waiting", loop=loop, reason=str(error))
    except Exception:
        log.exception("work.not_taken", loop=loop)
    else:
        turned(loop)
        return found
    await asyncio.sleep(again_s)
    return []
