"""A backup of Redis in memory, and putting it back: as a copy of its file would be, in a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis


class Backups:
    """Takes backups of one Redis; `raw` is a connection that leaves bytes as they are."""

    def __init__(self, raw: Redis) -> None:
        self.raw = raw

    async def take(self) -> dict[str, bytes]:
        """All that stands in Redis."""
        return {key: await self.raw.dump(key) for key in await self.raw.keys()}

    async def put_back(self, backup: dict[str, bytes]) -> None:
        """Redis as it was, but for what expires."""
        await self.raw.flushall()
        for key, content in backup.items():
            await self.raw.restore(key, 0, content)


@asynccontextmanager
async def open_backups(url: str) -> AsyncIterator[Backups]:
    """Of the Redis at this address."""
    async with Redis.from_url(url) as raw:
        yield Backups(raw)
