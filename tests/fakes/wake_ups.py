"""How late this machine wakes whoever sleeps while a test runs: what no program of ours can do better."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.floors.wakeups import lateness_ms
from tests.fakes.waiting import until


@asynccontextmanager
async def wake_ups(per_second: float = 10) -> AsyncIterator[list[float]]:
    """A list that fills with the lateness of wake-ups in ms, so many a second, until the end; at least a second's."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            late.extend(await asyncio.to_thread(lateness_ms, per_second, 1))

    watching = asyncio.create_task(watch())
    try:
        yield late
        await until(lambda: bool(late))
    finally:
        watching.cancel()
