"""Where callbacks wait: lines as scripts wrote them, then one queue for each receiver (the origin of its address).

A receiver is held by one worker at a time, under a lease, so nobody sends the same at once and a slow receiver fills no
queue but its own. Nothing leaves a queue before it was delivered or given up; a worker that dies leaves all as it was.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import structlog
from yarl import URL

from dialer import keys
from dialer.call_record import CallRecord
from dialer.callbacks.events import CallbackEvent
from dialer.callbacks.messages import SWEPT, Message
from dialer.clock import Clock, now_ms
from dialer.dispositions import Disposition
from dialer.model import ERASED
from dialer.redis.batch import Batch

log = structlog.get_logger()

LEASE_MS = 60_000
"""Longer than a round (`jobs/callbacks.py`), with a margin for a slow Redis."""
_LINES = 200
_OPENED_AT_ONCE = 500  # calls; a look into each bucket


@dataclass(frozen=True, slots=True)
class Held:
    """A receiver in the hands of a worker, until the deadline (ms)."""

    receiver: str
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send now.

    Attributes:
        url: where to; None once its campaign is deleted.
        number, external_id: of the call it is about; None where it is about none, or it is deleted or erased.
    """

    message: Message
    url: str | None
    number: str | None
    external_id: str | None


class Outbox:
    """All that waits to be sent. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock) -> None:
        self._batch = batch
        self._clock = clock

    def now_ms(self) -> int:
        """Milliseconds since 1970 on the fleet's clock."""
        return now_ms(self._clock)

    async def sort(self) -> int:
        """Put lines into the queues of their receivers; returns how many. Repeatable."""
        lines: list[str] = list(await self._batch.command("LRANGE", keys.CALLBACKS_TOLD, 0, _LINES - 1))
        if not lines:
            return 0
        parts = await asyncio.gather(*map(self._sorted, lines))
        shared = [keys.CALLBACKS_TOLD, keys.CALLBACKS, keys.CALLBACKS_DUE, keys.CALLBACKS_PENDING]
        names = [*shared, *(keys.callbacks_to(receiver) for *_, receiver in parts)]
        args = [self.now_ms(), *(part for line in parts for part in line)]
        return int(await self._batch.run("sort_callbacks", names, args))

    async def _sorted(self, line: str) -> tuple[str, str, str, int, str]:
        """What the script is told of a line; without a receiver it is dropped."""
        try:
            message = Message.read(line)
            message_id = message.id
        except ValueError:
            log.exception("callback.unreadable", line=line)
            return line, "", "", 0, ""
        url = await self._batch.command("HGET", keys.campaign(message.campaign_id), "callback_url")
        message = replace(message, receiver=receiver_of(url) if url else "")
        return line, message_id, message.dump(), message.at_ms, message.receiver

    async def take(self, most: int) -> list[Held]:
        """Hold receivers that have something due, which nobody else holds."""
        now = self.now_ms()
        found = await self._batch.run("take_due", [keys.CALLBACKS_DUE], [now, now + LEASE_MS, most])
        return [Held(receiver, now + LEASE_MS) for receiver in found]

    async def release(self, held: Held) -> None:
        """Let go of a receiver. Not done, its lease lapses."""
        names = [keys.CALLBACKS_DUE, keys.callbacks_to(held.receiver)]
        await self._batch.run("release_receiver", names, [held.receiver, held.deadline_ms])

    async def due(self, receiver: str, most: int) -> list[Due]:
        """What is to be sent to a receiver now, in order."""
        queue, limit = keys.callbacks_to(receiver), ("LIMIT", 0, most)
        ids = list(await self._batch.command("ZRANGEBYSCORE", queue, "-inf", self.now_ms(), *limit))
        stored = await self._batch.command("HMGET", keys.CALLBACKS, *ids) if ids else []
        return list(await asyncio.gather(*(self._due(Message.load(text)) for text in stored if text)))

    async def _due(self, message: Message) -> Due:
        call = message.call
        url, record = await asyncio.gather(
            self._batch.command("HGET", keys.campaign(message.campaign_id), "callback_url"),
            self._batch.command("HGET", keys.bucket(*call), call.seq) if call else _nothing(),
        )
        if record is None:
            return Due(message, url, None, None)
        told = CallRecord.read(record)
        return Due(message, url, None if told.number == ERASED else told.number, told.external_id)

    async def done(self, message: Message) -> None:
        """It was delivered, or there is nobody left to deliver it to."""
        await self._settle(message, "done", 0)

    async def again(self, message: Message, at_ms: int) -> None:
        """Send it again then."""
        await self._settle(message, "again", at_ms)

    async def give_up(self, message: Message) -> None:
        """Put it among those that a person must look at."""
        await self._settle(message, "dead", self.now_ms())

    async def _settle(self, message: Message, follows: str, at_ms: int) -> None:
        names = [keys.callbacks_to(message.receiver), keys.CALLBACKS, keys.CALLBACKS_PENDING, keys.CALLBACKS_DEAD]
        await self._batch.run("settle_callback", names, [message.id, follows, at_ms, message.dump()])

    async def open(self, swept: Message) -> None:
        """Tell the next calls of those that ended in one stroke with their campaign, each by a line of its own."""
        total = int(await self._batch.command("HGET", keys.campaign(swept.subject), "total") or 0)
        last = min(swept.opened + _OPENED_AT_ONCE, total)
        lines = [
            replace(swept, event=CallbackEvent.CALL_ENDED, subject=f"{swept.subject}-{number}", turn=turn)
            for number, turn in await self._untold(swept, list(range(swept.opened + 1, last + 1)))
        ]
        after = replace(swept, opened=last).dump() if last < total else ""
        names = [keys.callbacks_to(swept.receiver), keys.CALLBACKS, keys.CALLBACKS_PENDING, keys.CALLBACKS_TOLD]
        args = [swept.id, swept.dump(), after, *(message.line for message in lines)]
        await self._batch.run("open_callback", names, args)

    async def _untold(self, swept: Message, numbers: list[int]) -> list[tuple[int, int]]:
        """Those of these calls that ended so, and by no line of their own, each with the turn of this end."""
        if not numbers:
            return []
        done = keys.calls_done(swept.subject, Disposition(swept.word))
        where, *tries = await asyncio.gather(
            self._batch.run("find_calls", [done], numbers),
            *(self._batch.command("HGET", keys.bucket(swept.subject, n), f"{n}t") for n in numbers),
        )
        counted = [json.loads(text) if text else {} for text in tries]
        stands: Sequence[Any] = where[::2]
        return [
            (number, known.get("ends", 0) + 1)
            for number, stand, known in zip(numbers, stands, counted, strict=True)
            if int(stand) and "told" not in known
        ]


def receiver_of(url: str) -> str:
    """The name of an address' origin: whoever answers there is one receiver."""
    return sha256(str(URL(url).origin()).encode()).hexdigest()[:16]


def is_swept(message: Message) -> bool:
    """Whether it is to be opened, not sent."""
    return message.event == SWEPT


async def _nothing() -> None:
    return None
