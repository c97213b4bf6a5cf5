"""What a restored Redis lacks, by the carrier's list of calls: whoever was called since is settled, not called again.

Each call in the list is one of three. It is that of an attempt which is stored: what the list tells is applied to it.
Or a call waits for its number: then an attempt at it was lost, which is written down as of then and settled by what
the list tells, so that redials and results are as they would have been. Or nobody here waits for it. Where several
calls wait for a number, nobody knows which of them was dialed, and all are left to a person (`undetermined`); but where
a campaign would rather ring twice than never, its calls wait on.

Everything may be done again: by then the attempts are stored. Whoever dies in between left calls in doubt, which the
sweeper settles by the same list.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from dialer import keys
from dialer.clock import Clock, moment, now_ms, to_ms
from dialer.dispositions import Disposition, Fact
from dialer.model import MAIN, Attempt, AttemptRef, Call, CallRef, UnknownPolicy
from dialer.providers.base import LISTED_WITHIN, CallEvent, CarrierCall, Provider
from dialer.redis.batch import Batch
from dialer.states import CallState, CampaignState
from dialer.store import Store

LEASE_MS = 30_000
"""So soon the sweeper looks at an attempt whose writer died before he had told more of it."""
_WAITS = {CallState.WAITING, CallState.CLAIMED}


class Found(StrEnum):
    """What a call in the carrier's list is here."""

    STORED = "stored"
    SETTLED = "settled"
    IN_DOUBT = "in_doubt"
    STRANGE = "strange"


async def adopt(  # noqa: PLR0913 - all keyword but the first three
    batch: Batch, clock: Clock, attempt: AttemptRef, *, number: str, place: int, at: datetime, uuid: str, trunk: str
) -> bool:
    """Write a lost attempt of a call down; False where the call does not wait for it any more.

    Raises StoreUnavailable.
    """
    dialed_ms = to_ms(at)
    names = keys.call_step(attempt, *keys.dialed(number, dialed_ms, days=1))
    step = (attempt.call.campaign_id, attempt.call.seq, attempt.number, dialed_ms)
    of_trunk = "" if trunk == MAIN else trunk
    args: list[str | int] = [*step, now_ms(clock) + LEASE_MS, uuid, of_trunk, number, place]
    adopted: int = await batch.run("adopt_attempt", names, args)
    return adopted == 1


class Restoring:
    """Goes through the lists of all trunks.

    Attributes:
        found: how many calls of the lists were what.
    """

    def __init__(self, store: Store, batch: Batch, clock: Clock, longest: timedelta) -> None:
        """`longest` is how long a call may last, ringing and all."""
        self._store = store
        self._batch = batch
        self._clock = clock
        self._longest = longest
        self.found: Counter[Found] = Counter()

    async def settle(self, since: datetime, carriers: Mapping[str, Provider]) -> AsyncIterator[Counter[Found]]:
        """Settle whoever was called since then; tells after each call how far it is. Repeatable.

        Raises CarrierError, StoreUnavailable: what was settled stays so.
        """
        until = moment(now_ms(self._clock)) + LISTED_WITHIN
        for trunk, carrier in carriers.items():
            # Those that were up at the backup began before it: their attempts are stored, and may be redialed since.
            async for one in carrier.list_calls(since - self._longest, since):
                self.found[await self._look(one) or Found.STRANGE] += 1
                yield self.found
            latest = since
            async for one in carrier.list_calls(since, until):
                # In the carrier's order; the moment is that of the answer, and many have none.
                latest = max(latest, one.started_at or latest)
                self.found[await self._look(one) or await self._settle(one, trunk, latest)] += 1
                yield self.found

    async def _look(self, one: CarrierCall) -> Found | None:
        """Tell the stored attempt whose call it is what the list says; None where there is none."""
        stored = await self._stored(one)
        for attempt in (open_one for open_one in stored if open_one.disposition is None):
            # Of several it is not known whose it is (`_settle`).
            await (self._tell(attempt.id, one) if len(stored) == 1 else self._give_up(attempt.id))
        return Found.STORED if stored else None

    async def _settle(self, one: CarrierCall, trunk: str, at: datetime) -> Found:
        """Write a lost attempt down at the call that waits for it; where several wait, at each, and leave them open."""
        waiting = await self._waiting(one)
        if not waiting:
            return Found.STRANGE
        if len(waiting) == 1:
            attempt_id = await self._adopt(waiting[0], one, trunk, at)
            if attempt_id is None:
                return Found.STRANGE  # somebody dialed or ended it meanwhile
            await self._tell(attempt_id, one)
            return Found.SETTLED
        policies = [(await self._store.campaign(call.campaign_id)).unknown for call in waiting]
        held = [call for call, policy in zip(waiting, policies, strict=True) if policy is not UnknownPolicy.REDIAL]
        # In one exchange: whoever dies here leaves all of them open, or none, and they are told by the id they share.
        attempts = await asyncio.gather(*(self._adopt(call, one, trunk, at) for call in held))
        await asyncio.gather(*(self._give_up(attempt_id) for attempt_id in attempts if attempt_id))
        return Found.IN_DOUBT

    async def _calls(self, one: CarrierCall) -> list[Call]:
        return await self._store.calls_of(_number(one)) if one.to.isdecimal() else []

    async def _stored(self, one: CarrierCall) -> list[Attempt]:
        """The attempt whose call it is, by its id, or where that was lost by when the number was dialed.

        Several where nobody knows whose it is.
        """
        attempts = [
            attempt
            for call in await self._calls(one)
            for attempt in (await self._store.attempts(call.id) if call.attempts else [])
            if _number(one) == (call.number, *call.others)[attempt.place - 1]
        ]
        same = [attempt for attempt in attempts if attempt.uuid == one.uuid]
        return same or [attempt for attempt in attempts if _may_be(one, attempt)][:1]

    async def _waiting(self, one: CarrierCall) -> list[Call]:
        """Those that wait for the number; those of drafts only where no others do, for a draft is not dialed."""
        waiting = [call for call in await self._calls(one) if call.state in _WAITS]
        states = [(await self._store.campaign(call.campaign_id)).state for call in waiting]
        begun = [call for call, state in zip(waiting, states, strict=True) if state is not CampaignState.DRAFT]
        return begun or waiting

    async def _tell(self, attempt_id: str, one: CarrierCall) -> None:
        await self._store.apply_event(attempt_id, one.event("listed", moment(now_ms(self._clock))))

    async def _give_up(self, attempt_id: str) -> None:
        """A person must look; the number is kept from others as long as its call may be up."""
        given_up = CallEvent(kind="given_up", facts=frozenset({Fact.LOST}))
        up_until_ms = to_ms(moment(now_ms(self._clock)) + self._longest)
        await self._store.apply_event(attempt_id, given_up, up_until_ms=up_until_ms)

    async def _adopt(self, call: Call, one: CarrierCall, trunk: str, at: datetime) -> str | None:
        ref, number = CallRef.parse(call.id), _number(one)
        if ref is None:
            return None
        attempt, place = AttemptRef(ref, call.attempts + 1), (call.number, *call.others).index(number) + 1
        is_ours = await adopt(
            self._batch, self._clock, attempt, number=number, place=place, at=at, uuid=one.uuid, trunk=trunk
        )
        return str(attempt) if is_ours else None


def _number(one: CarrierCall) -> str:
    return f"+{one.to}"


def _may_be(one: CarrierCall, attempt: Attempt) -> bool:
    """Whether it may be that of an attempt without an id, which did not end as one that reached no phone."""
    if attempt.uuid is not None or attempt.placed_at is None:
        return False
    if one.started_at is None:
        return attempt.disposition is None
    is_open = attempt.disposition in {None, Disposition.UNDETERMINED}
    return is_open and attempt.placed_at - LISTED_WITHIN <= one.started_at <= attempt.placed_at + 2 * LISTED_WITHIN
