"""The engine without its processes: store, dialing and leases on one Redis and one settable clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Begun, Dialing, Follows, Pace, Recorded
from dialer.dials import Claim, Dial
from dialer.dispositions import Fact
from dialer.leases import Freed, Lapsed, Leases
from dialer.model import MAIN, AttemptRef, CallRef, Campaign, NewCall, Priority, UnknownPolicy
from dialer.providers.base import CallEvent
from dialer.redis.batch import Batch
from dialer.states import CampaignState
from dialer.store import AuditFilter, Store
from dialer.store.base import deadlines
from tests.fakes.clock import START_MS, SettableClock
from tests.fakes.keyspace import Keyspace, changes, dump

PLACING_LEASE_MS = 50_000
RINGING_MS, TALKING_MS, REASON_MS = 75_000, 630_000, 5_000
"""Deadlines that follow from a ringing timer of 45 s and a length timer of 600 s."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What one worker and the API work with."""

    redis: Redis
    clock: SettableClock
    batch: Batch
    store: Store
    dialing: Dialing
    leases: Leases

    @property
    def now_ms(self) -> int:
        """The moment that scripts are told."""
        return self.clock.now_us() // 1000

    async def set_budget(self, **fields: int) -> None:
        """Put the trunk's budget into this state."""
        await self.batch.command("HSET", keys.TRUNK, *[part for pair in fields.items() for part in pair])

    async def keyspace(self) -> Keyspace:
        """All that is stored but for its version."""
        return {name: content for name, content in (await dump(self.redis)).items() if name != "schema"}

    async def changed_since(self, before: Keyspace) -> Keyspace:
        """What changed since then, all keys regarded but the audit log."""
        changed = changes(before, await self.keyspace())
        return {name: change for name, change in changed.items() if not name.startswith("audit")}

    async def audited(self) -> list[tuple[str, str]]:
        """What was done to which campaign, oldest first."""
        pages = [page async for page in self.store.all_audit(AuditFilter())]
        told = [entry.told() for page in pages for entry in page]
        return [(entry["action"], entry["campaign_id"]) for entry in told]

    async def names_left(self) -> set[str]:
        """All keys but those that tell for nine days which numbers were dialed."""
        return {name for name in await self.keyspace() if not name.startswith("dialed:")}

    def dialed(self, dial: Dial) -> str:
        """Where it is written that the number was dialed today."""
        return keys.dialed(dial.number, self.now_ms)[0].removeprefix(keys.TAG)

    async def run_campaign(self, campaign_id: str = "c1", *, calls: int = 1, **fields: Any) -> None:
        """A running campaign with calls that are due."""
        await self.store.create_campaign(draft(campaign_id, **fields))
        if calls:
            await self.store.add_calls(campaign_id, new_calls(calls), import_id="i1")
            await self.store.end_import(campaign_id, "i1")
        await self.store.step(campaign_id, "start")

    async def claim(self, most: int = 100, *, trunk: str = MAIN, inherited: Claim | None = None) -> list[Claim]:
        """Claim, a millisecond later: calls added in this one are due then."""
        self.clock.advance_ms(1)
        return (await self.dialing.claim(most, trunk=trunk, inherited=inherited)).claims

    async def claim_one(self) -> Dial:
        """Claim one call and read it."""
        (dial,) = await self.dialing.read(await self.claim(1))
        return dial

    async def begin(self, dial: Dial, nonce: str = "n1", *, late_us: int = 0) -> Begun:
        """Have the last look at the call's own moment, or later."""
        self.clock.set_us(dial.claim.place_at_us + late_us)
        return await self.dialing.begin(dial, nonce, lease_ms=PLACING_LEASE_MS)

    async def place(self, nonce: str = "n1") -> Dial:
        """Claim one call and begin it; its request is on the way now."""
        dial = await self.claim_one()
        assert await self.begin(dial, nonce) is Begun.BEGUN
        return dial

    async def ring(self, nonce: str = "n1", *, uuid: str = "u1") -> Dial:
        """Place one call and record that the carrier has it."""
        dial = await self.place(nonce)
        await self.record(dial, nonce, "live", uuid=uuid)
        return dial

    async def record(self, dial: Dial, nonce: str, what: str, *, uuid: str = "") -> Recorded:
        """Record what follows from the carrier's answer, in the words that the jobs use."""
        wait = {"live": RINGING_MS, "unknown": REASON_MS}.get(what)
        follows = Follows(what, f"said {what}", uuid, self.now_ms + wait if wait else 0)
        return await self.dialing.record(dial, nonce, follows)

    async def cancel_campaign(self, attempt_id: str) -> None:
        """Cancel the campaign of this attempt, the last that is up, and let it end."""
        await self.store.step(ref(attempt_id).call.campaign_id, "cancel")
        await self.store.apply_event(attempt_id, event("completed", Fact.ANSWERED, Fact.COMPLETED))
        await self.leases.complete_campaigns()

    async def lapse_all(self) -> list[Freed]:
        """Let every lapsed lease lapse, as the sweeper does."""
        return [await self.leases.lapse(lapsed) for lapsed in await self.leases.lapsed(100)]


def make_engine(  # noqa: PLR0913 - all keyword but the first
    redis: Redis,
    *,
    calls_per_second: float = 3,
    burst: int = 1,
    further: Mapping[str, Pace] | None = None,
    erasure_secret: str = "",
    prefix_shares: Mapping[str, float] | None = None,
) -> Engine:
    """An engine on this Redis, its clock at the start. `further` are more trunks, and what `main` has beside a pace."""
    clock, batch = SettableClock(), Batch(redis)
    store = Store(batch, clock, deadlines(45, 600), erasure_secret)
    pace = Pace(calls_per_second, burst, prefix_shares=prefix_shares or {})
    dialing = Dialing(batch, clock, pace, further=further, erasure_secret=erasure_secret)
    return Engine(redis, clock, batch, store, dialing, Leases(batch, clock))


@asynccontextmanager
async def clean_engine(
    url: str, *, calls_per_second: float = 3, further: Mapping[str, Pace] | None = None
) -> AsyncIterator[Engine]:
    """An engine on this server, emptied, with a connection of its own: for one example of a property test."""
    async with Redis.from_url(url, decode_responses=True) as redis:
        await redis.flushall()
        made = make_engine(redis, calls_per_second=calls_per_second, further=further)
        await made.store.stamp()
        yield made


def draft(campaign_id: str = "c1", **fields: Any) -> Campaign:
    """A new campaign, plain but for the fields given."""
    plain: dict[str, Any] = {
        "name": "Harbour",
        "kind": "notification",
        "script": {"text": "Hello"},
        "priority": Priority.NORMAL,
        "redial": {},
        "unknown": UnknownPolicy.HOLD,
        "state": CampaignState.DRAFT,
        "created_at": moment(START_MS),
    }
    return Campaign(id=campaign_id, **(plain | fields))


def new_calls(count: int, *, first: int = 1) -> list[NewCall]:
    """Calls to numbers that differ, in order."""
    return [NewCall(number=f"+3161{number:07d}") for number in range(first, first + count)]


def event(kind: str, *facts: Fact, at_s: float | None = 1, **fields: Any) -> CallEvent:
    """A carrier's event, by its clock so many seconds after the start; None for an unreadable time."""
    at = None if at_s is None else moment(START_MS) + timedelta(seconds=at_s)
    return CallEvent(kind=kind, facts=frozenset(facts), at=at, **fields)


def due(position: int, *, added_ms: int = START_MS) -> float:
    """When the call at a position of a list is due: half a microsecond after the one before."""
    return added_ms + position * 0.0005


def lapsed(attempt_id: str, deadline_ms: int) -> Lapsed:
    """A lease as a sweeper saw it lapse."""
    return Lapsed(ref(attempt_id), deadline_ms)


def ref(attempt_id: str) -> AttemptRef:
    """An attempt by its id."""
    campaign_id, seq, number = attempt_id.split("-")
    return AttemptRef(CallRef(campaign_id, int(seq)), int(number))


def order(claims: Sequence[Claim]) -> list[str]:
    """The claimed calls, in order."""
    return [str(claim.call) for claim in claims]
