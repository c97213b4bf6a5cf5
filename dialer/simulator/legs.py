"""One call as the carrier knows it, and the book of all of them.

A leg waits in `pause`, and only there: ringing, speaking and listening all end at once when somebody hangs up or
sends the call elsewhere.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dialer.simulator.orders import Order
from dialer.simulator.phones import Turn


@dataclass(slots=True, eq=False, kw_only=True)
class Leg:
    """A call from its placing on.

    Attributes:
        nth: how-manieth ringing of this number it is.
        created_at: Unix seconds.
        created_s: the same moment on the monotonic clock.
        ended_by: platform (the flow ran out, the timer, a hang-up by request) or user; None while it is up.
        redirect: where a transfer sent it, until the player takes it up: an NCCO or the URL of one.
        held: an event kept back to be told after the next one (fault `swapped`).
    """

    uuid: str
    conversation_uuid: str
    order: Order
    turn: Turn
    nth: int
    created_at: float = field(default_factory=time.time)
    created_s: float = field(default_factory=time.monotonic)
    status: str = "started"
    answered_at: float | None = None
    ended_by: str | None = None
    duration_s: int = 0
    finished: bool = False
    redirect: list[Any] | str | None = None
    held: dict[str, Any] | None = None
    _answered_s: float = 0.0
    _ended_s: float = 0.0
    _waker: asyncio.Future[None] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, though its last event may still be to be told."""
        return self.ended_by is not None

    def answer(self) -> None:
        """Somebody picked up."""
        self.status = "answered"
        self.answered_at = time.time()
        self._answered_s = time.monotonic()

    def end(self, by: str) -> None:
        """Somebody hung up; the first one counts."""
        if self.ended_by is None:
            self.ended_by = by
            self._ended_s = time.monotonic()
            self._wake()

    def send_elsewhere(self, flow: list[Any] | str) -> None:
        """Replace what it is playing."""
        self.redirect = flow
        self._wake()

    def finish(self, time_scale: float) -> None:
        """Fix the figures: carrier seconds talked, whole and rounded up, as the captured webhooks have it."""
        self.finished = True
        if self.answered_at is not None:
            talked_s = (self._ended_s - self._answered_s) / time_scale if time_scale else 1.0
            self.duration_s = max(1, math.ceil(talked_s))

    def price_eur(self, rate_eur: str) -> str:
        """Rate times seconds, as text with eight decimals."""
        return f"{Decimal(rate_eur) * self.duration_s / 60:.8f}"

    async def pause(self, seconds: float) -> None:
        """Wait so many of our seconds, less if the leg ends or is sent elsewhere."""
        if self.over or self.redirect is not None:
            return
        loop = asyncio.get_running_loop()
        self._waker = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        try:
            await self._waker
        finally:
            timer.cancel()

    def _wake(self) -> None:
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)


class Book:
    """All legs by id, in the order of their placing; finished ones are forgotten when there are too many."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._legs: dict[str, Leg] = {}

    def __len__(self) -> int:
        return len(self._legs)

    def __iter__(self) -> Iterator[Leg]:
        return iter(self._legs.values())

    def add(self, leg: Leg) -> None:
        """Enter one; what is live is never forgotten."""
        self._legs[leg.uuid] = leg
        oldest = next(iter(self._legs.values()))
        if len(self._legs) > self._kept and oldest.finished:
            del self._legs[oldest.uuid]

    def find(self, uuid: str) -> Leg | None:
        """The leg of this id."""
        return self._legs.get(uuid)
