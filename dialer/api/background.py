"""Work that a request starts but does not wait for; the process waits for it before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import structlog

from dialer.errors import StoreUnavailable

DRAIN_TIMEOUT_S = 5  # one Redis round trip each: what takes longer will not come back

log = structlog.get_logger(__name__)


class Background:
    """The work under way. The event loop itself would hold it only weakly."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Let it run beside the requests; its failure is logged, never raised."""
        running = asyncio.create_task(_told(work))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def drain(self) -> None:
        """Wait for all of it, then give up what is left."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=DRAIN_TIMEOUT_S)
        for running in late:
            running.cancel()


async def _told(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except StoreUnavailable:
        log.warning("background.dropped", reason="store_unavailable")
    except Exception:
        log.exception("background.failed")
