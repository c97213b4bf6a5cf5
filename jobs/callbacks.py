"""Callbacks: sends what customers' own systems are to be told, beside the hopper and never in its way.

It runs in every worker, all alike. A worker holds a receiver for one round: some messages, a few at once, those of one
call one after the other. Then it lets go, so that all receivers have their turn. What fails waits longer each time,
for about a day, then a person must look (`dialer callback list`). A crash at any point repeats what was sent.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import aiohttp
import structlog

from dialer import metrics
from dialer.callbacks.messages import body
from dialer.callbacks.outbox import LEASE_MS, Due, Held, Outbox, is_swept
from dialer.callbacks.sending import Failure, Sender
from dialer.errors import StoreUnavailable
from jobs.context import Context
from jobs.taking import taken

log = structlog.get_logger()

LOOK_S = 0.5
ROUND = 32
"""Messages sent to one receiver before others have their turn."""
AT_ONCE = 8
"""Requests to one receiver, by the whole fleet."""
RECEIVERS = 32
"""Held by one worker at once: 256 requests at the most, which wait and cost next to nothing."""
_ROUND_S = LEASE_MS / 1000 - 10


class CallbackRounds:
    """Works off the outbox."""

    def __init__(self, context: Context, sender: Sender | None = None) -> None:
        settings = context.settings
        secret = settings.callback_secret.get_secret_value() if settings.callback_secret else None
        self._context = context
        self._numbers = settings.callback_numbers
        self._outbox = Outbox(context.runtime.batch, context.runtime.clock)
        self._sender = sender or (Sender(secret, settings.callback_origins) if secret else None)

    async def run(self) -> None:
        """Send until this worker stops; what is in hand is left to its lease then."""
        if self._sender is None:
            # Whoever asks for callbacks is refused without a secret; another worker may have one.
            await self._context.stopping.wait()
            return
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not self._context.stopping.is_set():
                under_way |= {asyncio.create_task(self.serve(held)) for held in await self._taken(len(under_way))}
                if under_way:
                    _, under_way = await asyncio.wait(under_way, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(LOOK_S)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _taken(self, under_way: int) -> list[Held]:
        async def take() -> list[Held]:
            await self._outbox.sort()
            return await self._outbox.take(RECEIVERS - under_way) if under_way < RECEIVERS else []

        return await taken(take, "callbacks", again_s=LOOK_S)

    async def serve(self, held: Held) -> None:
        """One round with a receiver. Never raises but when cancelled."""
        try:
            due = await self._outbox.due(held.receiver, ROUND)
            async with asyncio.timeout(_ROUND_S):
                await self._send_all(due)
            await self._outbox.release(held)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("callback.left_to_lapse", receiver=held.receiver, reason=type(error).__name__)
        except Exception:
            # One receiver's trouble must not end the others'; its lease brings it back.
            log.exception("callback.round_broke", receiver=held.receiver)

    async def _send_all(self, due: Sequence[Due]) -> None:
        groups: defaultdict[str, list[Due]] = defaultdict(list)
        for one in due:
            if one.url is None:
                await self._outbox.done(one.message)
            elif is_swept(one.message):
                await self._outbox.open(one.message)
            else:
                groups[one.message.group].append(one)
        urls = [one.url for group in groups.values() for one in group if one.url]
        if not urls or self._sender is None:
            return
        places = asyncio.Semaphore(AT_ONCE)
        async with self._sender.session(urls[0]) as session:
            sent = (self._send_in_order(session, group, places) for group in groups.values())
            ends = await asyncio.gather(*sent, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _send_in_order(
        self, session: aiohttp.ClientSession, group: Sequence[Due], places: asyncio.Semaphore
    ) -> None:
        """Those of one call: where one fails, the later ones wait as long as it does."""
        async with places:
            until: int | None = None
            for one in group:
                if until is None:
                    until = await self._send(session, one)
                else:
                    await self._outbox.again(one.message, until + 1)

    async def _send(self, session: aiohttp.ClientSession, one: Due) -> int | None:
        """Send one and write what became of it; returns until when it waits, None where it does not."""
        message = one.message
        text = body(message, number=one.number if self._numbers else None, external_id=one.external_id)
        failure = await self._sender.send(session, one.url or "", message.id, text) if self._sender else None
        bound = log.bind(callback_id=message.id, event_kind=message.event)
        if failure is None:
            metrics.CUSTOMER_CALLBACKS.labels("delivered").inc()
            await self._outbox.done(message)
            return None
        tried = message.failed(failure.error)
        until = self._until(failure, tried.next_wait_ms)
        if until is None:
            metrics.CUSTOMER_CALLBACKS.labels("dead").inc()
            bound.error("callback.given_up", tries=tried.tries, reason=failure.error)
            await self._outbox.give_up(tried)
        else:
            metrics.CUSTOMER_CALLBACKS.labels("failed").inc()
            bound.warning("callback.failed", tries=tried.tries, reason=failure.error)
            await self._outbox.again(tried, until)
        return until

    def _until(self, failure: Failure, wait_ms: int | None) -> int | None:
        if failure.final or wait_ms is None:
            return None
        return self._outbox.now_ms() + max(wait_ms, failure.wait_ms)
