"""Numbers that are called by no campaign: whoever pressed an opt-out key, and whom somebody put there by hand.

They are one sorted set, read by `begin_attempt` in the very step that lets an attempt go. So what is written here holds
at once, in every campaign, for calls already claimed too; nothing else has to be done about it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from dialer import keys
from dialer.clock import moment
from dialer.store.base import StorePart


class Suppressed(NamedTuple):
    """A number that is not called, and since when."""

    number: str
    since: datetime


class SuppressionStore(StorePart):
    """The suppressed numbers. Addresses are as they are stored with calls: E.164, or a URI."""

    async def suppress(self, number: str) -> bool:
        """From now on nobody calls it; False where that was so already, since then. Repeatable."""
        return bool(await self._batch.command("ZADD", keys.SUPPRESSED, "NX", self._now_ms(), number))

    async def unsuppress(self, number: str) -> bool:
        """It may be called again; False where it was not suppressed. Calls that ended so stay ended. Repeatable."""
        return bool(await self._batch.command("ZREM", keys.SUPPRESSED, number))

    async def suppressed_since(self, number: str) -> datetime | None:
        """Since when it is not called; None where it may be."""
        since = await self._batch.command("ZSCORE", keys.SUPPRESSED, number)
        return None if since is None else moment(since)

    async def suppressed(self, *, offset: int, limit: int) -> list[Suppressed]:
        """A page of them, longest ago first."""
        found = await self._batch.command("ZRANGE", keys.SUPPRESSED, offset, offset + limit - 1, "WITHSCORES")
        return [Suppressed(number, moment(since)) for number, since in zip(found[::2], found[1::2], strict=True)]
