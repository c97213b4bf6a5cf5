"""A campaign dialed to its end by the real engine, on a clock that jumps from one event to the next."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dialer.dialing import Begun
from dialer.dials import Claim, Dial
from dialer.dispositions import Disposition, Fact
from dialer.providers.base import CallEvent
from dialer.states import CampaignState
from jobs.place import LEAVES_TOKEN
from tests.fakes.engine import Engine

FACTS = {
    Disposition.ANSWERED: Fact.TALKED,
    Disposition.BUSY: Fact.BUSY,
    Disposition.NO_ANSWER: Fact.TIMEOUT,
    Disposition.REJECTED: Fact.REJECTED,
    Disposition.INVALID_NUMBER: Fact.INVALID_NUMBER,
    Disposition.FAILED: Fact.FAILED,
}
"""The fact that ends an attempt so."""
_KINDS = {Disposition.ANSWERED: "completed", Disposition.NO_ANSWER: "timeout", Disposition.INVALID_NUMBER: "failed"}
_MOST_CLAIMED = 20

People = Callable[[Dial], tuple[Disposition, float]]
"""How a call ends, and how many seconds after it was placed."""


def people(shares: Mapping[Disposition, float], lasts_s: Mapping[Disposition, float], *, seed: int = 1) -> People:
    """People who behave by chance, everybody alike."""
    dice, endings = random.Random(seed), [*shares]  # noqa: S311 - people, no secret

    def answer(_: Dial) -> tuple[Disposition, float]:
        (ending,) = dice.choices(endings, [shares[one] for one in endings])
        return ending, lasts_s[ending]

    return answer


@dataclass(slots=True)
class Ran:
    """What came of a campaign: calls placed, and when the last call got its disposition (s since 1970)."""

    attempts: int = 0
    done: int = 0
    finished: float = 0.0
    ended: dict[Disposition, int] = field(default_factory=dict)


class VirtualRun:
    """Dials whatever is due until every call is done."""

    def __init__(self, engine: Engine, answer: People) -> None:
        self._engine, self._answer = engine, answer
        self._coming: list[tuple[int, int, Dial, Disposition | None]] = []
        self._numbers: Iterator[int] = itertools.count()
        self.ran: dict[str, Ran] = {}

    async def until_done(self, totals: Mapping[str, int], *, most_attempts: int | None = None) -> dict[str, Ran]:
        """Go on until so many calls of each campaign are done, or so many attempts were made in all."""
        self.ran = {campaign_id: self.ran.get(campaign_id, Ran()) for campaign_id in totals}
        look_us = self._engine.clock.now_us()
        while any(self.ran[one].done < total for one, total in totals.items()):
            if most_attempts and sum(ran.attempts for ran in self.ran.values()) >= most_attempts:
                break
            if self._coming and self._coming[0][0] <= look_us:
                look_us = min(look_us, await self._happen())
                continue
            self._be_at(look_us)
            look_us = max(await self._claim(), self._engine.clock.now_us() + 1_000)
            if not self._coming and await self._is_paused():
                break
        return self.ran

    async def _is_paused(self) -> bool:
        """Whether the sweeper has paused one of the campaigns, nobody being up."""
        await self._engine.leases.complete_campaigns()
        states = [(await self._engine.store.campaign(campaign_id)).state for campaign_id in self.ran]
        return CampaignState.PAUSED in states

    def _be_at(self, moment_us: int) -> None:
        self._engine.clock.set_us(max(moment_us, self._engine.clock.now_us()))

    async def _claim(self, inherited: Claim | None = None) -> int:
        most = 1 if inherited else _MOST_CLAIMED
        claimed = await self._engine.dialing.claim(most, inherited=inherited)
        for dial in await self._engine.dialing.read(claimed.claims):
            heapq.heappush(self._coming, (dial.claim.place_at_us, next(self._numbers), dial, None))
        return claimed.look_again_us

    async def _happen(self) -> int:
        """The next thing happens; returns when to look into the line at the latest."""
        at_us, _, dial, ending = heapq.heappop(self._coming)
        self._be_at(at_us)
        if ending is None:
            return await self._place(dial)
        event = CallEvent(
            kind=_KINDS.get(ending, ending), facts=frozenset({FACTS[ending]}), at=None, figures=_figures(ending)
        )
        result = await self._engine.store.apply_event(str(dial.attempt), event)
        ran = self.ran[dial.claim.campaign_id]
        if result.call:
            ran.done += 1
            ran.finished = at_us / 1_000_000
            ran.ended[result.call] = ran.ended.get(result.call, 0) + 1
        return self._engine.clock.now_us() + 1_000

    async def _place(self, dial: Dial) -> int:
        begun = await self._engine.begin(dial, str(dial.attempt))
        if begun in LEAVES_TOKEN:
            await self._claim(dial.claim)
        elif begun is Begun.BEGUN:
            await self._engine.record(dial, str(dial.attempt), "live", uuid=f"u-{dial.attempt}")
            self.ran[dial.claim.campaign_id].attempts += 1
            ending, lasts_s = self._answer(dial)
            ends_us = self._engine.clock.now_us() + round(lasts_s * 1_000_000)
            heapq.heappush(self._coming, (ends_us, next(self._numbers), dial, ending))
        return self._engine.clock.now_us() + 1_000_000


def _figures(ending: Disposition) -> dict[str, str | int]:
    return {"duration_s": 20, "price": "0.00333333", "rate": "0.01000000"} if ending is Disposition.ANSWERED else {}
