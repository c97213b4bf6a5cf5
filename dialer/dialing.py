"""What a worker does to dial: claim due calls with their tokens, begin an attempt, record how it was answered.

Each function here is the only caller of its script and says in Python what the script's answer means. The order of
events in one placing, and what a crash leaves at each point:

1. `claim`: call is claimed under a lease; a crash, and it is waiting again when the lease lapses.
2. `begin`: intent stored; a crash from here to 4 and the attempt becomes unknown, never dialed again blindly.
3. the request goes out, once.
4. `record`: the carrier's answer is stored. An event may have told more by then and wins.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from dialer import keys, pacing
from dialer.batch import Batch
from dialer.clock import Clock, now_ms
from dialer.dispositions import Disposition
from dialer.model import AttemptRef, CallRef, Terms
from dialer.states import CallState

CLAIM_LEASE_MS = 4_000
"""From place_at on: a call on time begins at place_at, LATEST_US later at the latest; the rest is for a slow Redis."""
_PEEKED = 32  # campaigns looked at for one claim; a round of tokens seldom reaches more


class Claim(NamedTuple):
    """A call taken out of the line with a token of the budget. Travels through the queue as a JSON list."""

    campaign_id: str
    seq: int
    due_ms: int
    place_at_us: int
    token: int  # its number, counted since the trunk exists
    deadline_ms: int  # of the lease: who holds another one holds nothing
    interval_us: int  # between tokens when this one was given, margin included

    @classmethod
    def of(cls, stored: Sequence[str | int], interval_us: int) -> Claim:
        """From the script's answer; a due time has a fraction there, which keeps calls in the order of their list."""
        campaign_id, seq, due, place_at, token, deadline = stored
        return cls(str(campaign_id), int(seq), int(float(due)), int(place_at), int(token), int(deadline), interval_us)

    @property
    def call(self) -> CallRef:
        """Which call."""
        return CallRef(self.campaign_id, self.seq)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one look into the line brought.

    Attributes:
        look_again_us: when the next look may bring more.
    """

    claims: list[Claim]
    look_again_us: int


@dataclass(frozen=True, slots=True)
class Dial:
    """A claimed call, read from the store: whom to call, as which attempt, on which terms.

    Attributes:
        number: the address, as it is stored: that of the person's numbers whose turn it is.
        urgency: 1 urgent, 2 normal, 3 background.
        endpoint: what the address needs besides itself.
    """

    claim: Claim
    attempt: AttemptRef
    number: str
    urgency: int
    terms: Terms
    endpoint: Mapping[str, Any]


class Begun(IntEnum):
    """The answer of the last look; the numbers are the script's."""

    GONE = 0  # the claim is not ours any more
    BEGUN = 1
    NOT_RUNNING = 2
    GATE_CLOSED = 3
    PREEMPTED = 4  # an urgent call wants the token
    TOO_LATE = 5
    SUPPRESSED = 6
    EXPIRED = 7
    NEXT_NUMBER = 8  # this one is suppressed, but its person has another

    @property
    def ends_call(self) -> Disposition | None:
        """The disposition that the look itself gave the call, if it did."""
        return {Begun.SUPPRESSED: Disposition.SUPPRESSED, Begun.EXPIRED: Disposition.EXPIRED}.get(self)


class Follows(NamedTuple):
    """What follows from the carrier's answer: `live`, `back`, `unknown` or a disposition; until when."""

    what: str
    result: str
    uuid: str = ""
    deadline_ms: int = 0


class Recorded(NamedTuple):
    """What a record changed: whether it was ours to make, the call's disposition, malformed requests in a row."""

    taken: bool
    call: Disposition | None
    malformed: int


class Dialing:
    """The line of due calls, as one worker sees it. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock, *, calls_per_second: float, burst: int) -> None:
        self._batch = batch
        self._clock = clock
        self._interval_us = pacing.interval_us(calls_per_second)
        self._burst = burst

    async def claim(self, most: int, *, inherited: Claim | None = None) -> Claimed:
        """Take up to `most` due calls, each with its token. An inherited token is used for one call instead.

        Repeating it takes further calls; what a lost answer took comes back when its lease lapses.
        """
        campaign_ids, wakes_ms = await self._peek()
        if not campaign_ids:
            return Claimed([], wakes_ms * 1000)
        handed: tuple[int, int] = (inherited.place_at_us, inherited.token) if inherited else (0, 0)
        pace = (self._clock.now_us(), self._interval_us, self._burst, pacing.LEAD_US, pacing.HORIZON_US)
        next_us, interval, found = await self._batch.run(
            "claim_due_calls",
            [keys.TRUNK, keys.LEASES, keys.SLEEPING, *keys.READY, *_campaign_keys(campaign_ids)],
            [*pace, CLAIM_LEASE_MS, 1 if inherited else most, *handed, pacing.MARGIN_PPM, *campaign_ids],
        )
        claims = [Claim.of(call, int(interval)) for call in found]
        earliest_us = int(next_us) - pacing.HORIZON_US
        return Claimed(claims, earliest_us if claims else min(earliest_us, wakes_ms * 1000))

    async def _peek(self) -> tuple[list[str], int]:
        """Campaigns that may have a due call, most urgent first, and when the next one wakes (ms)."""
        now = now_ms(self._clock)
        *ready, awake, next_up = await asyncio.gather(
            *(self._batch.command("ZRANGE", key, 0, _PEEKED - 1) for key in keys.READY),
            self._batch.command("ZRANGEBYSCORE", keys.SLEEPING, "-inf", now, "LIMIT", 0, _PEEKED),
            self._batch.command("ZRANGEBYSCORE", keys.SLEEPING, f"({now}", "+inf", "WITHSCORES", "LIMIT", 0, 1),
        )
        campaign_ids = list(dict.fromkeys([i for ids in (*ready, awake) for i in ids]))
        return campaign_ids, math.ceil(float(next_up[1])) if next_up else now + 3_600_000

    async def read(self, claims: Sequence[Claim]) -> list[Dial]:
        """What claimed calls need, in one round trip; calls whose campaign is gone are left out."""
        campaign_ids = list({claim.campaign_id for claim in claims})
        found = await asyncio.gather(
            *(self._batch.command("HMGET", keys.campaign(i), "class", "terms") for i in campaign_ids),
            *(self._batch.command("HMGET", keys.bucket(*claim.call), claim.seq, f"{claim.seq}t") for claim in claims),
        )
        campaigns = dict(zip(campaign_ids, found, strict=False))
        calls = found[len(campaign_ids) :]
        return [
            _dial(claim, *campaigns[claim.campaign_id], *call)
            for claim, call in zip(claims, calls, strict=True)
            if call[0] and campaigns[claim.campaign_id][0]
        ]

    async def begin(self, dial: Dial, nonce: str, *, lease_ms: int) -> Begun:
        """Store the intent to place, if nothing speaks against it any more. Repeatable under the same nonce."""
        claim, now_us = dial.claim, self._clock.now_us()
        last: tuple[Any, ...] = (claim.deadline_ms, nonce, claim.place_at_us, claim.token, now_us, pacing.LATEST_US)
        args: list[Any] = [
            *_step(dial.attempt, now_us // 1000),
            *last,
            now_us // 1000 + lease_ms,
            dial.urgency,
            claim.interval_us,
            dial.number,
            dial.terms.connects,
        ]
        return Begun(await self._batch.run("begin_attempt", keys.call_step(dial.attempt), args))

    async def delay_tokens(self, late: Claim) -> None:
        """Tell the budget that this claim's request leaves only now. Repeatable."""
        await self._batch.run("delay_tokens", [keys.TRUNK], [self._clock.now_us(), late.token, late.interval_us])

    async def record(self, attempt: AttemptRef, nonce: str, follows: Follows) -> Recorded:
        """Write down the carrier's answer to a placing. Repeatable: the second time it is not ours any more."""
        args: list[Any] = [*_step(attempt, now_ms(self._clock)), nonce, *follows]
        taken, call, malformed = await self._batch.run("record_placement", keys.call_step(attempt), args)
        return Recorded(bool(taken), Disposition(call) if call else None, malformed)

    async def redial(self, attempt: AttemptRef) -> bool:
        """Give an unknown attempt up for surely not placed: its call is back in the line, under a next attempt.

        Returns whether it was still unknown. An event that tells otherwise takes the call out of the line again.
        """
        result = await self._batch.run("redial_unknown", keys.call_step(attempt), _step(attempt, now_ms(self._clock)))
        return bool(result)


def _dial(claim: Claim, urgency: str, terms: str | None, record: str, tries: str | None) -> Dial:
    tried = json.loads(tries) if tries else {"n": 0}
    address, _, _, own, *_ = stored = [*json.loads(record), None, None, None, None]
    if "place" in tried:
        address = [address, *stored[4]][tried["place"] - 1]
    on = own["terms"] if own else json.loads(terms or "{}")
    endpoint = own["endpoint"] if own else {}
    return Dial(claim, AttemptRef(claim.call, tried["n"] + 1), address, int(urgency), Terms.from_dict(on), endpoint)


def _campaign_keys(campaign_ids: Sequence[str]) -> list[str]:
    return [
        key
        for campaign_id in campaign_ids
        for key in (
            keys.campaign(campaign_id),
            keys.calls_in(campaign_id, CallState.WAITING),
            keys.calls_in(campaign_id, CallState.CLAIMED),
        )
    ]


def _step(attempt: AttemptRef, now: int) -> tuple[Any, ...]:
    """ARGV 1 to 4 of every script that moves one call."""
    return (attempt.call.campaign_id, attempt.call.seq, attempt.number, now)
