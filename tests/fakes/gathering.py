"""A conference whose people a test moves: they are called by the real engine, and the carrier does what it is told.

The watch, the store and all scripts are real; time stands until the test lets it pass.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from dialer.clock import moment
from dialer.conferences.gathering import Conference, MemberState
from dialer.dispositions import Fact
from dialer.errors import CarrierError
from dialer.model import AttemptRef, CallRef, NewCall
from dialer.providers.base import CallOver, CarrierCall
from dialer.providers.steering import Order
from dialer.tracing import OFF
from jobs.conference import watch_conferences
from jobs.context import ArqContext, Context
from tests.fakes.engine import Engine, event

CHAIR, ANN, BOB = "chair", "ann", "bob"
SCRIPT = {"text": "Hello.", "language": "en-GB"}
GOES_ON = frozenset({Fact.STARTED, Fact.RINGING, Fact.ANSWERED})


@dataclass(slots=True)
class HeldCalls:
    """What the carrier knows of calls that are up, and what it was ordered.

    Attributes:
        over: the ids of calls that have ended.
        away: whether it answers nothing.
    """

    over: set[str] = field(default_factory=set)
    away: bool = False
    asked: list[str] = field(default_factory=list)
    orders: list[tuple[str, Order]] = field(default_factory=list)

    async def get_call(self, uuid: str) -> CarrierCall:
        """How a call stands."""
        self.asked.append(uuid)
        if self.away:
            raise CarrierError("no answer", retryable=True)
        facts = frozenset({Fact.COMPLETED, Fact.TALKED}) if uuid in self.over else GOES_ON
        return CarrierCall(uuid=uuid, to="31612345678", from_="31201234567", facts=facts)

    async def steer(self, uuid: str, order: Order) -> None:
        """Take an order."""
        self.orders.append((uuid, order))
        if self.away:
            raise CarrierError("no answer", retryable=True)
        if uuid in self.over:
            raise CallOver


class _Parts:
    """As much of a process as the watch asks for."""

    def __init__(self, engine: Engine) -> None:
        self.store, self.clock, self.tracing = engine.store, engine.clock, OFF


@dataclass(slots=True)
class Gathering:
    """One conference, `c1`."""

    engine: Engine
    carrier: HeldCalls
    people: list[str]

    @classmethod
    async def of(cls, engine: Engine, *people: str, script: dict[str, Any] | None = None, **fields: Any) -> Gathering:
        """A running conference of these people, whom nobody has called yet."""
        moderator = {"moderator": CHAIR} if CHAIR in people else {}
        told = {"kind": "conference", "script": SCRIPT | moderator | (script or {})} | fields
        await engine.run_campaign(calls=0, **told)
        gathering = cls(engine, HeldCalls(), [])
        await gathering.add(*people)
        return gathering

    async def add(self, *people: str) -> None:
        """Add these people to the list."""
        first = len(self.people) + 1
        calls = [NewCall(number=f"+3161{n:07d}", external_id=name) for n, name in enumerate(people, first)]
        await self.engine.store.add_calls("c1", calls, import_id="i1")
        await self.engine.store.end_import("c1", "i1")
        self.people += people

    async def ring(self, count: int | None = None) -> None:
        """Place so many calls, those that are due first; all of the list without a number."""
        for _ in range(len(self.people) if count is None else count):
            dial = await self.engine.place()
            await self.engine.record(dial, "n1", "live", uuid=f"u-{dial.attempt}")

    async def tell(self, name: str, kind: str, *facts: Fact) -> None:
        """The carrier tells of somebody's newest attempt."""
        call = await self.engine.store.call(self.call_id(name))
        now_s = self.engine.now_ms / 1000
        await self.engine.store.apply_event(f"{call.id}-{call.attempts}", event(kind, *facts, at_s=now_s))

    async def enters(self, *names: str) -> None:
        """These pick up and join."""
        for name in names:
            await self.tell(name, "answered", Fact.ANSWERED)
            await self.tell(name, "transfer", Fact.JOINED)

    async def leaves(self, *names: str) -> None:
        """The calls of these end."""
        for name in names:
            await self.tell(name, "completed", Fact.COMPLETED, Fact.TALKED)

    def wait_s(self, seconds: float) -> None:
        """Time passes."""
        self.engine.clock.advance_ms(seconds * 1000)

    async def watch(self, workers: int = 1) -> None:
        """The watch runs, on so many workers at once."""
        context = Context(
            cast("Any", _Parts(self.engine)), self.engine.dialing, self.engine.leases, cast("Any", self.carrier)
        )
        await asyncio.gather(*(watch_conferences(ArqContext(context=context)) for _ in range(workers)))

    async def look(self) -> Conference:
        """The conference as it is now."""
        return await self.engine.store.conference("c1")

    async def states(self) -> dict[str, MemberState]:
        """How everybody stands."""
        return {str(m.call.external_id): m.state for m in (await self.look()).members}

    async def why_over(self) -> str | None:
        """Why it would be over now."""
        return (await self.look()).why_over(moment(self.engine.now_ms))

    def call_id(self, name: str) -> str:
        """Somebody's call."""
        return f"c1-{self.people.index(name) + 1}"

    def attempt(self, name: str, number: int = 1) -> AttemptRef:
        """One attempt at somebody."""
        return AttemptRef(CallRef("c1", self.people.index(name) + 1), number)

    def uuid(self, name: str, number: int = 1) -> str:
        """The carrier's id of it."""
        return f"u-{self.attempt(name, number)}"
