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
from enum import StrEnum
from typing import Any, NamedTuple

from dialer.simulator.orders import Order
from dialer.simulator.phones import Turn


class Sense(StrEnum):
    """What is kept of what reached somebody, or came from them."""

    HEARD = "heard"  # a text was spoken to them
    CUT = "cut"  # a text they cut short, or did not let begin, by pressing a key
    STREAM = "stream"  # audio, by its URL
    MUSIC = "music"  # on hold, by its URL
    RINGBACK = "ringback"  # while somebody else was called for them, by its URL
    BEEP = "beep"  # of a recording that began
    RECEIVED = "received"  # keys sent to them
    PRESSED = "pressed"  # keys they pressed
    SAID = "said"
    CONNECTED = "connected"  # with whom
    CONTROL = "control"  # what was done to the call by request


class Note(NamedTuple):
    """One thing that reached somebody, or came from them."""

    sense: Sense
    what: str


@dataclass(slots=True, eq=False, kw_only=True)
class Joint:
    """What ties a leg that `connect` placed to the one it was placed for.

    Attributes:
        partner: the other one.
        on_answer: URL of what it hears before it is joined.
        synchronous: whether the reply to the event of a failure replaces the partner's flow, as `reply`.
        left: it was sent elsewhere, and the partner goes on alone.
    """

    partner: Leg
    on_answer: str | None = None
    synchronous: bool = False
    reply: list[Any] | None = None
    left: bool = False


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
        joint: the tie to the leg it was placed for, where `connect` did it.
        steerable: what a scenario says about it; None goes by its age.
        room: name of the conference it is in.
        sounds: what plays into it by request, and until when on the monotonic clock, by `talk` and `stream`.
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
    application_id: str = ""
    joint: Joint | None = None
    muted: bool = False
    earmuffed: bool = False
    steerable: bool | None = None
    room: str | None = None
    sounds: dict[str, tuple[str, float]] | None = None
    _notes: list[Note] | None = None
    _answered_s: float = 0.0
    _ended_s: float = 0.0
    _waker: asyncio.Future[None] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, though its last event may still be to be told."""
        return self.ended_by is not None

    @property
    def ended_s(self) -> float | None:
        """When it ended, on the monotonic clock; None while it is up."""
        return self._ended_s if self.over else None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What reached whoever is there, and came from them, in order."""
        return tuple(self._notes or ())

    def note(self, sense: Sense, what: str) -> None:
        """Keep one of them."""
        if self._notes is None:  # most legs of a long run have none
            self._notes = []
        self._notes.append(Note(sense, what))

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
            self.wake()
            if self.joint is not None:
                self.joint.partner.wake()

    def send_elsewhere(self, flow: list[Any] | str) -> None:
        """Replace what it is playing."""
        self.redirect = flow
        self.wake()

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
        """Wait so many of our seconds, less if the leg ends, is sent elsewhere or is woken."""
        if self.over or self.redirect is not None:
            return
        loop = asyncio.get_running_loop()
        self._waker = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._waker
        finally:
            timer.cancel()

    def wake(self) -> None:
        """End its pause; it looks around and may pause again."""
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
