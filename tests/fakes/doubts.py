"""Calls whose requests meet a fault at the carrier, so that nobody knows whether a phone rings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from dialer.simulator import Often
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.world import QUICK, World, open_world

PLACED = (
    "lost_reply",
    "cut_reply",
    "slow_reply",
    "500_placed",
    "502_placed",
    "503_placed",
    "504_placed",
    "html_placed",
)
LISTED = ("lost_reply", "cut_reply", "slow_reply", "503_placed", "504_placed")
NOT_PLACED = ("reset", "500", "502", "504", "html")

HOLD_S = 5.0
SETTLE_S = 2.0
LONGEST_CALL_S = 2.0
_SETTINGS = {
    "CARRIER_TIMEOUT_S": "1",
    "UNKNOWN_HOLD_S": str(HOLD_S),
    "UNAVAILABLE_SETTLE_S": str(SETTLE_S),
    # A campaign that redials doubtful calls waits for as long as a call can last.
    "RINGING_TIMER_S": "1",
    "LENGTH_TIMER_S": "1",
}
_CARRIER = replace(QUICK, slow_reply_s=3.0, ring_s=0.3, ring_jitter_s=0.2)


@dataclass(frozen=True, slots=True)
class Doubts:
    """Calls whose requests met a fault, by its name."""

    world: World
    runs: dict[str, CampaignRun] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    async def dial(self, fault: str, *, unknown: str = "hold") -> None:
        """Dial somebody with this fault, and then somebody without one, so that the carrier counts as well again."""
        self.world.carrier.faults.next_place(fault)
        await self._dial(fault, unknown)
        await self._dial(f"after {fault}", unknown)

    async def dial_all(self, faults: Iterable[str]) -> None:
        """Dial one call after the other."""
        for fault in faults:
            await self.dial(fault)

    async def _dial(self, name: str, unknown: str) -> None:
        (number,) = self.world.people(1)
        self.numbers[name] = number
        self.runs[name] = await self.world.dial([number], unknown=unknown)
        await self.world.until_asked(number)

    async def outcome(self, name: str) -> tuple[str | None, int, int]:
        """How the call ends, after how many requests, and how often it rang."""
        await self.runs[name].until_done(within_s=45)
        number = self.numbers[name]
        disposition = await self.runs[name].disposition_of(number)
        return disposition, len(self.world.placings(number)), self.world.carrier.rings(number)

    async def call(self, name: str) -> Json:
        """The call with its attempts."""
        return await self.runs[name].call_of(self.numbers[name])


@asynccontextmanager
async def open_doubts(*, calls_kept: int = 200_000) -> AsyncIterator[Doubts]:
    """A world for such calls; with no calls kept, the carrier's list is empty."""
    async with open_world(replace(_CARRIER, calls_kept=calls_kept), settings=_SETTINGS) as world:
        yield Doubts(world)


@dataclass(frozen=True, slots=True)
class Told:
    """Doubtful calls at three carriers: one tells by webhook, one only in its list, one in neither way."""

    by_webhook: Doubts
    by_list: Doubts
    not_at_all: Doubts

    async def dial(self) -> None:
        """Dial all of them; they settle at the same time."""
        for doubts in (self.by_list, self.not_at_all):
            doubts.world.carrier.faults.set_webhook("lost", Often(share=1.0))
        await self.not_at_all.dial("504_placed", unknown="redial")
        await asyncio.gather(
            self.by_webhook.dial_all((*PLACED, *NOT_PLACED, "503")),
            self.by_list.dial_all(LISTED),
            self.not_at_all.dial("lost_reply"),
        )

    @property
    def worlds(self) -> list[World]:
        """The three of them."""
        return [doubts.world for doubts in (self.by_webhook, self.by_list, self.not_at_all)]
