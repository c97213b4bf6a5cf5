"""An escalation whose people a test moves: they are called by the real engine, and the carrier does what it is told.

The watch, the store and all scripts are real; time stands until the test lets it pass.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from dialer.clock import moment
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.escalations.climbing import climb
from dialer.escalations.duties import PersonState
from dialer.escalations.escalation import Advance, Person, Plan, Step
from dialer.escalations.ladder import Escalation
from dialer.hang_ups import HangUps
from dialer.model import Redial
from dialer.tracing import OFF
from jobs.context import ArqContext, Context
from jobs.escalation import watch_escalations
from jobs.hang_up import HangUpRounds
from tests.fakes.engine import Engine, draft, event
from tests.fakes.gathering import HeldCalls

SCRIPT = {"text": "Pump three has stopped.", "language": "en-GB", "confirm_key": "1"}
MINUTE = 60_000
REDIAL = {Disposition.BUSY: Redial(100, MINUTE), Disposition.NO_ANSWER: Redial(100, MINUTE)}
WAIT_S = 300


def person(name: str) -> Person:
    """Somebody whose number tells the name apart."""
    return Person(number=f"+3161{int.from_bytes(name.encode()) % 10**7:07d}", external_id=name)


def plan(*steps: str, needed: int = 1, repeat: int = 1, advance: Advance = Advance.WHEN_DONE) -> Plan:
    """Each step is names, separated by blanks."""
    made = (Step(people=tuple(map(person, names.split())), wait_s=WAIT_S, advance=advance) for names in steps)
    return Plan(steps=tuple(made), needed=needed, repeat=repeat)


class _Parts:
    """As much of a process as the watch and the hanging up ask for."""

    def __init__(self, engine: Engine) -> None:
        self.store, self.clock, self.batch, self.tracing = engine.store, engine.clock, engine.batch, OFF


@dataclass(slots=True)
class Alarm:
    """One escalation, `c1`."""

    engine: Engine
    carrier: HeldCalls = field(default_factory=HeldCalls)

    @classmethod
    async def of(cls, engine: Engine, *steps: str, **wishes: Any) -> Alarm:
        """One of these steps, begun; nobody has looked yet. Wishes are those of `plan`, or fields of its campaign."""
        own = {name: wishes.pop(name) for name in ("needed", "repeat", "advance") if name in wishes}
        made = plan(*steps, **own)
        until = moment(engine.now_ms) + timedelta(seconds=made.longest_s + 3600)
        campaign = draft(
            "c1", **{"kind": "escalation", "script": SCRIPT, "redial": REDIAL, "expires_at": until} | wishes
        )
        await engine.store.create_campaign(campaign)
        await engine.store.store_plan("c1", made, until=campaign.expires_at or until)
        await engine.store.step("c1", "start")
        return cls(engine)

    @classmethod
    async def in_second_step(cls, engine: Engine, *, needed: int = 1) -> Alarm:
        """Ann has rejected the call and Bob listens, when the second step begins: Cas, Dan and Eve are to be called."""
        alarm = await cls.of(engine, "ann bob", "cas dan eve", "fay", needed=needed)
        await alarm.watch()
        await alarm.ring(2)
        await alarm.picks_up("bob")
        await alarm.tell("ann", "rejected", Fact.REJECTED)
        alarm.wait_s(WAIT_S)
        await alarm.watch()
        return alarm

    @property
    def context(self) -> Context:
        """A worker."""
        parts = cast("Any", _Parts(self.engine))
        return Context(parts, self.engine.dialing, self.engine.leases, cast("Any", self.carrier))

    async def watch(self, workers: int = 1) -> None:
        """The watch runs, on so many workers at once."""
        await asyncio.gather(*(watch_escalations(ArqContext(context=self.context)) for _ in range(workers)))

    async def hang_up(self) -> None:
        """One round of hanging up, all that can be taken."""
        rounds = HangUpRounds(self.context)
        for one in await HangUps(self.engine.batch, self.engine.clock).take(100):
            await rounds.end(one)

    async def ring(self, count: int = 1) -> list[Dial]:
        """Place so many calls, those that are due first, and have the carrier take them."""
        return [await self._ring() for _ in range(count)]

    async def _ring(self) -> Dial:
        dial = await self.engine.place()
        await self.engine.record(dial, "n1", "live", uuid=f"u-{dial.attempt}")
        return dial

    async def tell(self, name: str, kind: str, *facts: Fact) -> None:
        """The carrier tells of somebody's newest attempt."""
        duty = (await self.look()).duties_of(name)[-1]
        now_s = self.engine.now_ms / 1000
        told = event(kind, *facts, at_s=now_s, about="0", figures={"keys:0": "1"} if Fact.CONFIRMED in facts else {})
        await self.engine.store.apply_event(f"{duty.call.id}-{duty.call.attempts}", told)

    async def busy(self, *names: str) -> None:
        """These are busy."""
        for name in names:
            await self.tell(name, "busy", Fact.BUSY)

    async def picks_up(self, name: str) -> None:
        """Somebody listens."""
        await self.tell(name, "answered", Fact.ANSWERED)

    async def presses(self, name: str) -> None:
        """Somebody picks up and presses the key; the API has not looked yet what follows from it."""
        await self.picks_up(name)
        await self.tell(name, "input", Fact.CONFIRMED)

    async def ends(self, *names: str) -> None:
        """The calls of these, who have picked up, end."""
        for name in names:
            await self.tell(name, "completed", Fact.COMPLETED, Fact.TALKED)

    async def confirms(self, name: str) -> None:
        """Somebody presses the key, and the API sees what follows."""
        await self.presses(name)
        await self.stand_down()

    async def stand_down(self) -> None:
        """What the API does after each confirmation."""
        await climb("c1", self.engine.store, self.engine.clock)

    def wait_s(self, seconds: float) -> None:
        """Time passes."""
        self.engine.clock.advance_ms(seconds * 1000)

    async def look(self) -> Escalation:
        """The escalation as it is now."""
        return await self.engine.store.escalation("c1")

    async def states(self) -> dict[str, PersonState]:
        """How everybody stands."""
        seen = await self.look()
        return {key: seen.state_of(key) for key in seen.plan.people}

    async def called(self) -> list[str]:
        """Whom the calls so far are to, in their order, each with its round and step."""
        return [f"{duty.key} {duty.opening[0]}.{duty.opening[1]}" for duty in (await self.look()).duties]

    async def confirmed_by(self) -> list[str]:
        """Who has confirmed, in their order."""
        return [one.person.key for one in (await self.look()).confirmations]
