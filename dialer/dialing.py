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
import math
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

import structlog

from dialer import keys, pacing
from dialer.clock import Clock, now_ms
from dialer.dials import Claim, Dial, read_dials
from dialer.dispositions import Disposition
from dialer.erasures.hashes import suppressed_digest
from dialer.model import MAIN, AttemptRef
from dialer.openings import Openings
from dialer.packed import read_attempt
from dialer.redis.batch import Batch
from dialer.redis.life import Life
from dialer.settings import Settings
from dialer.states import UP, CallState
from dialer.trunk_breaker import count_outcome, policy_of
from dialer.trunks import CampaignTrunks

log = structlog.get_logger()

CLAIM_LEASE_MS = 4_000
"""From place_at on: a call on time begins at place_at, LATEST_US later at the latest; the rest is for a slow Redis."""
_PEEKED = 32  # campaigns looked at for one claim; a round of tokens seldom reaches more
_MOST_ROUNDS = 10  # a claim that has to park calls of closed cohorts goes on with the next thousand, so often


class Pace(NamedTuple):
    """How fast a trunk takes calls, how many at the same time (0 for any number), and the share of some prefixes."""

    calls_per_second: float
    burst: int = 1
    slots: int = 0
    prefix_shares: Mapping[str, float] = MappingProxyType({})
    breaker: str = ""  # as the scripts read it (`trunk_breaker.py`), '' for none


def paces_of(settings: Settings) -> dict[str, Pace]:
    """How fast each trunk takes calls."""
    over = {trunk: settings.over(trunk) for trunk in settings.trunk_names}
    return {
        trunk: Pace(one.calls_per_second, one.burst, one.slots, one.shares, policy_of(one.trunk_breaker))
        for trunk, one in over.items()
    }


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one look into the line brought.

    Attributes:
        look_again_us: when the next look may bring more.
        is_dry: whether a token is left for which nobody stood in line.
    """

    claims: list[Claim]
    look_again_us: int
    is_dry: bool


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
    OUT_OF_HOURS = 9
    HELD = 10  # its number is up already, or was dialed too often or too lately
    NO_SLOT = 11  # as many calls of the campaign are up as may be
    CHANGED = 12  # the campaign keeps to other suppression lists, or has another text, than those that were read
    OVER_CAP = 13  # another call could cost more than the campaign may
    BREAKER_OPEN = 14  # too many of the campaign's last attempts failed
    TRUNK_STOPPED = 15  # too many of all last attempts by the trunk failed
    OLD_DATA = 16  # the data is older than what was seen of it, or was emptied

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
    """The line of due calls, as one worker sees it. Every method raises StoreUnavailable when Redis is away.

    Attributes:
        lead: how far ahead it takes tokens; learns from whoever places the claims.
    """

    def __init__(  # noqa: PLR0913 - all keyword but the first three
        self,
        batch: Batch,
        clock: Clock,
        pace: Pace,
        *,
        further: Mapping[str, Pace] | None = None,
        region: str = "NL",
        erasure_secret: str = "",
        traced: bool = False,
        life: Life | None = None,
    ) -> None:
        """Dial by the trunk `main` at its pace, and by further trunks at theirs; look up where calls came from.

        `life` is what this process knows of the data's past.
        """
        self._batch = batch
        self._clock = clock
        self._openings = Openings(batch, clock, region)
        self._paces = {MAIN: pace, **(further or {})}
        self._trunks_of = CampaignTrunks(batch)
        self._erasure_secret = erasure_secret
        self._traced = traced
        self._life = life or Life(batch, clock)
        self.lead = pacing.Lead()

    async def claim(self, most: int, *, trunk: str = MAIN, inherited: Claim | None = None) -> Claimed:
        """Take up to `most` due calls, each with its token of a trunk. An inherited token is used for one call instead.

        Repeating it takes further calls; what a lost answer took comes back when its lease lapses.
        """
        claims: list[Claim] = []
        most = 1 if inherited else most
        for _ in range(_MOST_ROUNDS):
            claimed, again = await self._claim(most - len(claims), trunk, inherited)
            claims += claimed.claims
            if not again or len(claims) >= most:
                break
        return Claimed(claims, self._clock.now_us() if again else claimed.look_again_us, claimed.is_dry and not again)

    async def _claim(self, most: int, trunk: str, inherited: Claim | None) -> tuple[Claimed, bool]:
        """One round; another may bring more where hours were looked up, or calls of closed cohorts parked."""
        trunk = inherited.trunk if inherited else trunk
        campaign_ids, wakes_ms = await self._peek(trunk)
        if not campaign_ids:
            return Claimed([], wakes_ms * 1000, is_dry=True), False
        trunks_of = await self._trunks_of.of(campaign_ids)
        trunks = list(dict.fromkeys([trunk, *chain.from_iterable(trunks_of.values())]))
        handed: tuple[int, int] = (inherited.place_at_us, inherited.token) if inherited else (0, 0)
        pace = self._paces[trunk]
        interval_us = pacing.interval_us(pace.calls_per_second)
        now: tuple[int, ...] = (self._clock.now_us(), interval_us, pace.burst, self.lead.us, pacing.HORIZON_US)
        next_us, interval, found, unknown, cut_short = await self._batch.run(
            "claim_due_calls",
            [
                keys.trunk(trunk),
                keys.LEASES,
                keys.SLEEPING,
                *_trunk_keys(trunks),
                *_campaign_keys(campaign_ids),
                keys.CHANGES,
            ],
            [
                *now,
                CLAIM_LEASE_MS,
                most,
                *handed,
                pacing.MARGIN_PPM,
                pace.slots,
                len(trunks),
                pace.breaker,
                trunk,
                *(part for i in campaign_ids for part in (i, " ".join(str(trunks.index(one)) for one in trunks_of[i]))),
            ],
        )
        await asyncio.gather(*map(self._openings.turn, unknown))
        claims = [Claim.of(call, int(interval), trunk) for call in found]
        earliest_us = int(next_us) - pacing.HORIZON_US
        look_again_us = earliest_us if claims else min(earliest_us, wakes_ms * 1000)
        is_dry = len(claims) < most and earliest_us <= now[0]
        return Claimed(claims, look_again_us, is_dry), bool(unknown or cut_short)

    async def _peek(self, trunk: str) -> tuple[list[str], int]:
        """Campaigns that may have a due call, most urgent first, and when the next one wakes (ms), of any trunk."""
        now = now_ms(self._clock)
        *ready, awake, next_up = await asyncio.gather(
            *(self._batch.command("ZRANGE", key, 0, _PEEKED - 1) for key in keys.lines([trunk])),
            self._batch.command("ZRANGEBYSCORE", keys.SLEEPING, "-inf", now, "LIMIT", 0, _PEEKED),
            self._batch.command("ZRANGEBYSCORE", keys.SLEEPING, f"({now}", "+inf", "WITHSCORES", "LIMIT", 0, 1),
        )
        campaign_ids = list(dict.fromkeys([i for ids in (*ready, awake) for i in ids]))
        return campaign_ids, math.ceil(float(next_up[1])) if next_up else now + 3_600_000

    async def read(self, claims: Sequence[Claim]) -> list[Dial]:
        """What claimed calls need, in one round trip; those without a campaign, or with an odd record, are left out."""
        return await read_dials(self._batch, claims, traced=self._traced)

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
            claim.cohort,
            self._digests(dial),
            " ".join(dial.lists),
            self._share_of(dial),
            dial.script_version,
            "" if claim.trunk == MAIN else claim.trunk,
            " ".join(others := [number for number in dial.numbers if number != dial.number]),
            life := self._life.id,
            self._life.begun,
        ]
        own = [*keys.dialed(dial.number, now_us // 1000), *map(keys.suppressed_on, dial.lists)]
        own += [key for number in others for key in keys.dialed(number, now_us // 1000, days=2)]
        names = keys.call_step(dial.attempt, *own, keys.LIFE, over=claim.trunk)
        answer = await self._batch.run("begin_attempt", names, args)
        if isinstance(answer, list):
            self._life.saw(life, answer[1])
            return Begun.BEGUN
        if answer == Begun.OLD_DATA:
            self._life.doubt()
        return Begun(answer)

    def _share_of(self, dial: Dial) -> str:
        """The longest beginning of the number that has but a share of the budget, and what lies between two of it."""
        shares = self._paces[dial.claim.trunk].prefix_shares
        found = max((one for one in shares if dial.number.startswith(one)), key=len, default="")
        return f"{found} {round(dial.claim.interval_us / shares[found])}" if found else ""

    def _digests(self, dial: Dial) -> str:
        """Each number of the person and what it is suppressed as once it was erased; '' without a secret."""
        secret = self._erasure_secret
        return " ".join(f"{number} {suppressed_digest(number, secret)}" for number in dial.numbers) if secret else ""

    def delay_tokens(self, late: Sequence[Claim]) -> Awaitable[Any]:
        """Tell a trunk's budget that these claims' requests leave only now. Repeatable."""
        args = [self._clock.now_us(), *(part for claim in late for part in (claim.token, claim.interval_us))]
        return self._batch.run("delay_tokens", [keys.trunk(late[0].trunk)], args)

    async def record(self, dial: Dial, nonce: str, follows: Follows) -> Recorded:
        """Write down the carrier's answer to a placing. Repeatable: the second time it is not ours any more."""
        now = now_ms(self._clock)
        names = keys.call_step(dial.attempt, *keys.dialed(dial.number, now, days=2))
        args: list[Any] = [*_step(dial.attempt, now), nonce, *follows, dial.number]
        taken, call, malformed = await self._batch.run("record_placement", names, args)
        return Recorded(taken == 1, Disposition(call) if call else None, malformed)

    async def redial(self, attempt: AttemptRef) -> bool:
        """Give an unknown attempt up for surely not placed: its call is back in the line, under a next attempt.

        Returns whether it was still unknown. An event that tells otherwise takes the call out of the line again.
        """
        now = now_ms(self._clock)
        given_up: bool = await self._batch.run("redial_unknown", keys.call_step(attempt), _step(attempt, now)) == 1
        if given_up:
            trunk = (await read_attempt(self._batch, attempt)).get("trunk", MAIN)
            await count_outcome(self._batch, trunk, Disposition.UNDETERMINED, now)
        return given_up


def _trunk_keys(trunks: Sequence[str]) -> list[str]:
    return [key for name in trunks for key in (keys.trunk_up(name), *keys.lines([name]))]


def _campaign_keys(campaign_ids: Sequence[str]) -> list[str]:
    return [
        key
        for campaign_id in campaign_ids
        for key in (
            keys.campaign(campaign_id),
            keys.calls_in(campaign_id, CallState.WAITING),
            keys.calls_in(campaign_id, CallState.CLAIMED),
            keys.cohorts(campaign_id),
            keys.held(campaign_id),
            *(keys.calls_in(campaign_id, state) for state in UP),
        )
    ]


def _step(attempt: AttemptRef, now: int) -> tuple[Any, ...]:
    """ARGV 1 to 4 of every script that moves one call."""
    return (attempt.call.campaign_id, attempt.call.seq, attempt.number, now)
