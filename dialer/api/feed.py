"""What this process hears of the fleet, once for all its listeners, while there are any.

Four times a second it reads what changed, once a second it looks how campaigns and trunks are. What it tells is made
once: the newest event of each campaign, the newest of the budget, and the last few thousand changes. A listener keeps
nothing but how far it got, so a slow one costs no memory; one that falls behind the changes kept begins anew.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import dropwhile
from time import monotonic
from typing import NamedTuple

import structlog

from dialer import metrics
from dialer.api.event_answers import (
    BudgetEvent,
    CallEvent,
    CallsEvent,
    CampaignEvent,
    GoneEvent,
    TrunkEvent,
    framed,
    id_of,
)
from dialer.changes import Change, Place, Sample, What
from dialer.clock import moment, now_ms
from dialer.errors import StoreUnavailable
from dialer.processes.ending import ended
from dialer.runtime import Runtime
from dialer.states import CallState

READ_EVERY_S = 0.25
LOOK_EVERY_S = 1.0
MOST_LOOKED_AT = 200
"""Campaigns in one look: what is more takes turns, so that a look costs Redis some 5 ms of a second at the most."""
KEPT = 5_000
"""Changes kept for listeners: the newest 2 MB."""
_OVER_FOR_S = 60  # so long a campaign that is over is told to listeners that have not heard of it yet
_MOST_PAGES = 10

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Known:
    """A campaign as it was told last; versions count what is told of campaigns."""

    sample: Sample
    event: bytes
    version: int
    over_since: float | None = None


class Told(NamedTuple):
    """A change as it is sent; None for one that says nothing by itself."""

    change: Change
    event: bytes | None


class Feed:
    """What is heard, while somebody listens."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._store = runtime.store
        self._asked: Counter[str] = Counter()
        self._by_key: Counter[str] = Counter()
        self._running: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._turned = asyncio.Event()
        self._offset = 0
        self._sending: set[asyncio.Transport] = set()
        self._forget()
        self.listeners = 0
        self.is_closed = False

    def _forget(self) -> None:
        self.campaigns: dict[str, Known] = {}
        self.changes: deque[Told] = deque()
        self.place = self.floor = Place(0, 0)
        self.turn = self.version = self.lost = 0
        self.budget: BudgetEvent | None = None

    def listeners_of(self, key: str) -> int:
        """How many listen with this key (its id)."""
        return self._by_key[key]

    @asynccontextmanager
    async def listening(self, asked: Iterable[str], key: str) -> AsyncIterator[None]:
        """Hear, and look at the campaigns that are asked for whether or not they are over. Raises StoreUnavailable."""
        asked = list(asked)
        self._by_key.update([key])
        self.listeners += 1
        metrics.LISTENERS.inc()
        self._asked.update(asked)
        try:
            async with self._starting:
                await self._start()
            for campaign_id in asked:
                await self.look_at(campaign_id)
            yield
        finally:
            self.listeners -= 1
            metrics.LISTENERS.dec()
            self._asked -= Counter(asked)
            self._by_key -= Counter([key])
            if not self.listeners:
                await self._stop()

    async def _start(self) -> None:
        if self._running is None:
            self._forget()
            # From here on changes are written; whatever is looked at after that is at least as new.
            self.place = self.floor = (await self._store.changes(None)).place
            await self._look()
            self._running = asyncio.create_task(self._run())

    async def _stop(self) -> None:
        if self._running:
            running, self._running = self._running, None
            await ended(running)

    async def close(self) -> None:
        """End what all listeners hear, at once; whoever keeps us waiting is cut off."""
        self.is_closed = True
        self._wake()
        for transport in self._sending:
            transport.abort()
        await self._stop()

    @contextmanager
    def sending(self, transport: asyncio.Transport | None) -> Iterator[None]:
        """Around sending something to a listener."""
        if transport is None:  # gone: sending will tell
            yield
            return
        self._sending.add(transport)
        try:
            yield
        finally:
            self._sending.discard(transport)

    async def turned(self, since: int, within_s: float) -> bool:
        """Wait for a turn behind that one; False where there is none for so long."""
        if self.turn > since or self.is_closed:
            return True
        try:
            async with asyncio.timeout(within_s):
                await self._turned.wait()
        except TimeoutError:
            return False
        return True

    def since(self, place: Place) -> Iterable[Told]:
        """The changes after a place that is not below the floor."""
        return dropwhile(lambda told: told.change.place <= place, self.changes)

    async def look_at(self, campaign_id: str) -> Sample | None:
        """Look at one campaign now; who listens to it hears what is new."""
        sample = await self._store.sample(campaign_id)
        known = self.campaigns.get(campaign_id)
        if sample is None:
            self.campaigns.pop(campaign_id, None)
        elif known is None or known.sample != sample:
            over_since = known.over_since if known else None
            event = framed("campaign", CampaignEvent.of(sample))
            self.version += 1
            self.campaigns[campaign_id] = Known(sample, event, self.version, over_since)
        return sample

    async def look_at_end(self, campaign_id: str) -> None:
        """The same of one that is over: it is told to those who may not have heard of it, not to those who begin."""
        await self.look_at(campaign_id)
        known = self.campaigns.get(campaign_id)
        if known and known.over_since is None:
            known.over_since = monotonic()

    async def _run(self) -> None:
        looked_at, is_away = monotonic(), False
        while True:
            await asyncio.sleep(READ_EVERY_S)
            try:
                await self._read()
                if monotonic() - looked_at >= LOOK_EVERY_S:
                    looked_at = monotonic()
                    await self._look()
                is_away = False
            except StoreUnavailable as error:
                if not is_away:
                    log.warning("events.interrupted", reason=str(error))
                is_away = True
                continue
            self._wake()

    def _wake(self) -> None:
        self.turn += 1
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def _read(self) -> None:
        for _ in range(_MOST_PAGES):
            heard = await self._store.changes(self.place)
            if not heard.is_whole:
                self.lost += 1
                self.changes.clear()
                self.place = self.floor = heard.place
                return
            self.place = heard.place
            self.changes.extend(told_of(change) for change in heard.changes)
            while len(self.changes) > KEPT:
                self.floor = self.changes.popleft().change.place
            for change in heard.changes:
                await self._hear(change)
            if not heard.changes:
                return

    async def _hear(self, change: Change) -> None:
        if change.what is What.GONE:
            self.campaigns.pop(change.subject, None)
        elif change.what is What.OVER:
            await self.look_at_end(change.subject)

    async def _look(self) -> None:
        opened = await self._store.open_campaigns()
        await asyncio.gather(*map(self.look_at, self._whose_turn(opened)), self._look_at_budget())
        self._leave(set(opened) | self._asked.keys())

    def _whose_turn(self, opened: list[str]) -> list[str]:
        """Those that are asked for and some of the open ones, one after the other."""
        first = self._offset if self._offset < len(opened) else 0
        self._offset = first + MOST_LOOKED_AT
        left_open = [known for known in self.campaigns if self.campaigns[known].over_since is None]
        closed = set(left_open) - set(opened)
        return [*dict.fromkeys([*self._asked, *closed, *opened[first : self._offset]])]

    def _leave(self, still: set[str]) -> None:
        """Forget campaigns that are over and were told as such."""
        now = monotonic()
        for campaign_id, known in list(self.campaigns.items()):
            if campaign_id in still:
                known.over_since = None
            elif known.over_since is None:
                known.over_since = now
            elif now - known.over_since > _OVER_FOR_S:
                del self.campaigns[campaign_id]

    async def _look_at_budget(self) -> None:
        settings = self._runtime.settings
        trunks, workers = await asyncio.gather(self._store.trunks(settings.trunk_names), self._store.workers_alive())
        samples = [known.sample for known in self.campaigns.values()]
        self.budget = BudgetEvent(
            at=moment(now_ms(self._runtime.clock)),
            trunks=[TrunkEvent.of(name, settings.over(name), now) for name, now in trunks.items()],
            live=sum(sample.counts[CallState.LIVE] for sample in samples),
            due=sum(sample.due for sample in samples),
            workers=workers,
            data_old=self._runtime.life.is_old,
        )


def told_of(change: Change) -> Told:
    """A change as it is sent."""
    match change.what:
        case What.CALL:
            return Told(change, id_of(change.place) + framed("call", CallEvent.of(change)))
        case What.CALLS:
            return Told(change, id_of(change.place) + framed("calls", CallsEvent.of(change)))
        case What.GONE:
            return Told(change, id_of(change.place) + framed("gone", GoneEvent(id=change.subject)))
        case What.OVER:
            return Told(change, None)
