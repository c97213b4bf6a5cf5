"""The telephone exchange: takes an order, lets a phone ring and sees each call through to its end.

A ring is counted in the same step in which the call is accepted, before anything can be lost: so a phone that was
made to ring twice shows, whatever became of replies and webhooks.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from dialer.simulator import events
from dialer.simulator.applications import Applications
from dialer.simulator.conferences import Conferences
from dialer.simulator.config import SimulatorConfig
from dialer.simulator.faults import Faults
from dialer.simulator.journal import Journal, Summary
from dialer.simulator.legs import Book, Joint, Leg, Sense
from dialer.simulator.orders import Order
from dialer.simulator.passes import PassDesk
from dialer.simulator.phones import Phone, Turn, chance_turn, digits
from dialer.simulator.rates import CallGate
from dialer.simulator.recordings import Archive
from dialer.simulator.story import Story
from dialer.simulator.webhooks import Webhooks


class Exchange:
    """All calls and phones of the imitated world."""

    def __init__(self, config: SimulatorConfig, faults: Faults) -> None:
        self.config = config
        self.faults = faults
        self.journal = Journal(keep=config.keep_log)
        self.webhooks = Webhooks(config, faults, self._settle)
        self.book = Book(config.calls_kept)
        self.phones: dict[str, Phone] = {}
        self.applications = Applications(config)
        self.passes = PassDesk(config)
        self.archive = Archive(config, faults, self.passes)
        self.conferences = Conferences(self)
        self._gate = CallGate(config.calls_per_second, spike_arrest=config.spike_arrest)
        self._stories: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def live(self) -> int:
        """Calls that are up."""
        return len(self._stories)

    def phone(self, number: str) -> Phone:
        """The phone of a number, to be told what to do."""
        return self.phones.setdefault(digits(number), Phone(digits(number)))

    def let_in(self) -> bool:
        """Whether the limit on new calls takes one more now; counts it either way."""
        now_s = time.monotonic()
        admitted = self._gate.admit(now_s)
        self.journal.let_in(now_s, admitted=admitted)
        return admitted

    def turn(self, number: str) -> Turn:
        """What the phone of this number will do with the call that comes now."""
        phone = self.phones.get(number)
        return phone.turn() if phone else chance_turn(self.config, number, self.journal.rings[number] + 1)

    def place(
        self,
        order: Order,
        turn: Turn,
        *,
        application_id: str = "",
        told: asyncio.Future[None] | None = None,
        joint: Joint | None = None,
    ) -> Leg:
        """Let a phone ring. `told` is set once `started` is delivered, or at once if it is not sent now.

        With a `joint`, it is called for somebody else: in their conversation, and for their application.
        """
        self.journal.rings[order.to] += 1
        partner = None if joint is None else joint.partner
        leg = Leg(
            uuid=str(uuid.uuid4()),
            conversation_uuid=f"CON-{uuid.uuid4()}" if partner is None else partner.conversation_uuid,
            order=order,
            turn=turn,
            nth=self.journal.rings[order.to],
            application_id=application_id if partner is None else partner.application_id,
            joint=joint,
        )
        self.book.add(leg)
        begun = turn.events is None and self.webhooks.tell(leg, events.status(leg, "started"), done=told)
        if told is not None and not begun:
            told.set_result(None)
        self._begin(leg)
        return leg

    def note(self, leg: Leg, sense: Sense, what: str) -> None:
        """Keep what reached somebody, or came from them, as long as a log is kept."""
        if self.journal.keeps:
            leg.note(sense, what)
            if sense is Sense.HEARD:
                self.journal.speak(leg.order.to, what)

    def legs_of(self, number: str) -> list[Leg]:
        """All calls to a number or URI that are remembered, oldest first."""
        wanted = digits(number)
        return [leg for leg in self.book if leg.order.to == wanted]

    def hang_up(self, number: str) -> None:
        """End the calls of a number as its owner would."""
        for leg in self.legs_of(number):
            leg.end("user")

    async def quiet(self) -> None:
        """Wait until no call is up and no webhook under way."""
        await self._quiet.wait()

    async def close(self) -> None:
        """End everything where it stands."""
        for story in tuple(self._stories):
            story.cancel()
        await asyncio.gather(*self._stories, return_exceptions=True)
        await self.webhooks.close()

    def summary(self) -> Summary:
        """The account of the run so far."""
        journal = self.journal
        return Summary(
            requests=journal.requests,
            placings=journal.placings,
            accepted=len(journal.arrivals),
            refused=journal.refused,
            rings=journal.rings.total(),
            max_rings=max(journal.rings.values(), default=0),
            peak=journal.arrivals.peak,
            live=self.live,
            webhooks=self.webhooks.sent,
            webhook_failures=self.webhooks.failures,
            webhooks_outstanding=self.webhooks.outstanding,
            others=len(journal.others),
            others_refused=journal.others_refused,
            others_peak=journal.others.peak,
        )

    def _begin(self, leg: Leg) -> None:
        self._quiet.clear()
        task = asyncio.get_running_loop().create_task(Story(leg, self).run())
        self._stories.add(task)
        task.add_done_callback(self._end)

    def _end(self, story: asyncio.Task[Any]) -> None:
        self._stories.discard(story)
        self._settle()
        if not story.cancelled():
            story.result()  # a mistake in the stand-in must not pass in silence

    def _settle(self) -> None:
        if not self._stories and not self.webhooks.outstanding:
            self._quiet.set()
