"""Work that outlives its request."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from dialer.api.background import Background
from dialer.errors import StoreUnavailable


async def test_drain_waits_for_what_was_started() -> None:
    """The process ends after its work, not before."""
    done, gate, background = [], asyncio.Event(), Background()

    async def work() -> None:
        await gate.wait()
        done.append(1)

    background.start(work())
    gate.set()
    await background.drain()

    assert [1] == done


async def test_failure_is_logged_and_stays_inside() -> None:
    """Neither an outage nor a bug reaches the request that has been answered."""
    background = Background()

    async def away() -> None:
        raise StoreUnavailable("away")

    async def broken() -> None:
        raise KeyError("x")

    with capture_logs() as logs:
        background.start(away())
        background.start(broken())
        await background.drain()

    assert ["background.dropped", "background.failed"] == sorted(line["event"] for line in logs)


async def test_drain_without_work_returns() -> None:
    """There may be nothing to wait for."""
    await Background().drain()
