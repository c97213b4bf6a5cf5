"""Callbacks that were given up: listed, told once more, or dropped. They hold ids alone, and end after 30 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dialer import keys
from dialer.callbacks.messages import Message
from dialer.clock import Clock, moment, now_ms
from dialer.redis.batch import Batch

KEPT_MS = 30 * 86_400_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that nobody took."""

    message: Message
    dead_since: datetime


class DeadLetters:
    """What was given up. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock) -> None:
        self._batch = batch
        self._clock = clock

    async def page(self, *, offset: int, limit: int) -> list[DeadLetter]:
        """Some of them, those given up longest ago first."""
        flat = await self._batch.command("ZRANGE", keys.CALLBACKS_DEAD, offset, offset + limit - 1, "WITHSCORES")
        ids, since = flat[::2], flat[1::2]
        stored = await self._batch.command("HMGET", keys.CALLBACKS, *ids) if ids else []
        return [DeadLetter(Message.load(text), moment(at)) for text, at in zip(stored, since, strict=True) if text]

    async def retry(self, callback_id: str) -> bool:
        """Send it again, with all its tries; False where it is not among them."""
        stored = await self._batch.command("HGET", keys.CALLBACKS, callback_id)
        return bool(stored) and await self._revive(callback_id, Message.load(stored).line)

    async def drop(self, callback_id: str) -> bool:
        """Forget it; False where it is not among them."""
        return await self._revive(callback_id, "")

    async def forget_old(self) -> int:
        """Drop those that nobody looked at for 30 days; returns how many. Repeatable."""
        before, dropped = now_ms(self._clock) - KEPT_MS, 0
        while ids := await self._batch.command(
            "ZRANGEBYSCORE", keys.CALLBACKS_DEAD, "-inf", before, "LIMIT", 0, _AT_ONCE
        ):
            dropped += sum([await self.drop(callback_id) for callback_id in ids])
        return dropped

    async def _revive(self, callback_id: str, line: str) -> bool:
        names = [keys.CALLBACKS_DEAD, keys.CALLBACKS, keys.CALLBACKS_TOLD]
        return bool(await self._batch.run("revive_callback", names, [callback_id, line]))
