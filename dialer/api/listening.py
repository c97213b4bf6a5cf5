"""One listener of the live stream: what it is told, from which place on, until when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from dialer.api.event_answers import BudgetEvent, ResetEvent, framed, id_of
from dialer.api.feed import Feed, Told, told_of
from dialer.changes import Place, What
from dialer.store import Store

KEEP_ALIVE_S = 10
"""So long nothing is told only where Redis is away: the comment keeps proxies from ending the connection."""
RETRY = b"retry: 2000\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a listener wants to hear.

    Attributes:
        campaigns: of these alone; of all where there are none.
        calls: changes of calls, too.
        after: the place up to which it has heard everything; None for one that begins.
    """

    campaigns: frozenset[str]
    calls: bool
    after: Place | None

    def has(self, campaign_id: str) -> bool:
        """Whether it is about this campaign."""
        return not self.campaigns or campaign_id in self.campaigns

    def wants(self, told: Told) -> bool:
        """Whether it is told of this change."""
        what = told.change.what
        return (self.calls or what is What.GONE) and told.event is not None and self.has(told.change.campaign_id)


class Listener:
    """Tells what it wishes to hear, in pieces; keeps nothing but how far it got."""

    def __init__(self, feed: Feed, store: Store, wish: Wish) -> None:
        self._feed = feed
        self._store = store
        self._wish = wish
        self._place = feed.place
        self._turn = self._version = 0
        self._lost = feed.lost
        self._budget: BudgetEvent | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """What is to be sent, until the feed is closed. Raises StoreUnavailable at its beginning only."""
        yield RETRY
        async for piece in self._missed():
            yield piece
        yield self._all()
        while not self._feed.is_closed:
            if not await self._feed.turned(self._turn, KEEP_ALIVE_S):
                yield KEEP_ALIVE
            elif piece := self._news():
                yield piece

    async def _missed(self) -> AsyncIterator[bytes]:
        """What changed since it was here, or that this is not known any more."""
        if self._wish.after is None:
            return
        place = self._wish.after
        while True:
            heard = await self._store.changes(place)
            if not heard.is_whole:
                yield self._reset("too_old")
                return
            place = self._place = heard.place
            if not heard.changes:
                return
            for change in heard.changes:
                if change.what is What.OVER and self._wish.has(change.subject):
                    await self._feed.look_at_end(change.subject)
            yield self._chosen(map(told_of, heard.changes)) or KEEP_ALIVE

    def _news(self) -> bytes:
        feed = self._feed
        if self._lost != feed.lost:
            return self._reset("lost") + self._all()
        if self._place < feed.floor:
            return self._reset("too_slow") + self._all()
        changes = self._chosen(feed.since(self._place))
        self._place = max(self._place, feed.place)
        changed = [
            known.event
            for campaign_id, known in feed.campaigns.items()
            if known.version > self._version and self._wish.has(campaign_id)
        ]
        self._turn, self._version = feed.turn, feed.version
        return changes + self._with_id([*changed, *self._new_budget()])

    def _all(self) -> bytes:
        """Every campaign that is not over, or those that are asked for."""
        self._turn, self._version = self._feed.turn, self._feed.version
        found = [
            known.event
            for campaign_id, known in self._feed.campaigns.items()
            if self._wish.has(campaign_id) and (self._wish.campaigns or not known.over_since or self._wish.after)
        ]
        return self._with_id([*found, *self._new_budget()])

    def _reset(self, reason: str) -> bytes:
        self._lost, self._place = self._feed.lost, self._feed.place
        return self._with_id([framed("reset", ResetEvent.model_validate({"reason": reason}))])

    def _new_budget(self) -> list[bytes]:
        told, self._budget = self._budget, self._feed.budget
        return [framed("budget", self._budget)] if self._budget and self._budget is not told else []

    def _chosen(self, changes: Iterable[Told]) -> bytes:
        return b"".join(told.event for told in changes if self._wish.wants(told) and told.event)

    def _with_id(self, events: Iterable[bytes]) -> bytes:
        line = id_of(self._place)
        return b"".join(line + event for event in events)
