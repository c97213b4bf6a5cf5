"""The API in the tests' own process, as `dialer api` serves it, for as long as a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dialer.api.app import serve
from dialer.processes.ending import ended
from dialer.settings import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """An API that listens.

    Attributes:
        url: where.
        running: what it does, and how it ended.
    """

    url: str
    running: asyncio.Task[None]


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """An API with these settings; raises at once whatever keeps it from listening, and at the end what ended it."""
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(settings, ready=listening.set_result))
    try:
        either: set[asyncio.Future[Any]] = {listening, running}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        yield Served(listening.result(), running)
    finally:
        await ended(running)
    if not running.cancelled():
        running.result()
