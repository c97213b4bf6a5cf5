"""One call, one attempt and one campaign by the engine's rules, in plain Python: the records of `expected.py`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dialer.dispositions import Disposition, Fact
from dialer.holding import Held
from dialer.model import Caps, Priority, Redial
from dialer.redialing import moves_on, wait_ms
from dialer.states import CALL_STEPS, CAMPAIGN_STEPS, UP, CallState, CampaignState
from tests.fakes.expected_hours import ExpectedHours
from tests.fakes.expected_redials import ExpectedPerson

HOUR_MS = 3_600_000

Where = CallState | Disposition
"""A call stands in the set of its state, or, when it is done, in that of its disposition."""


@dataclass(slots=True)
class ExpectedAttempt:
    """What is known of an attempt that was begun."""

    nonce: str
    due: float
    number: str
    facts: frozenset[Fact] = frozenset()
    disposition: Disposition | None = None
    given_up: bool = False
    at: int = 0
    events: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ExpectedCall:
    """One call, where it stands and what was tried."""

    campaign: ExpectedCampaign
    due: float
    person: ExpectedPerson = field(default_factory=ExpectedPerson)
    zones: tuple[str, ...] = ()
    expires_at: float = math.inf
    look_at: float | None = None
    where: Where = CallState.WAITING
    lease: int | None = None
    tries: int = 0
    ended: Counter[Disposition] = field(default_factory=Counter)
    is_recalled: bool = False
    held: Held | None = None
    hours: set[int] = field(default_factory=set)
    attempts: dict[int, ExpectedAttempt] = field(default_factory=dict)

    def stand(self, where: Where, *, lease: int | None = None) -> None:
        """Be in this set alone, under this lease or none; the table of states must allow the step."""
        before, after = _state(self.where), _state(where)
        assert after is before or after in CALL_STEPS[before], f"no step leads from {before} to {after}"
        self.where, self.lease, self.held = where, lease, None

    def wait(self, due: float, now: float, last: Disposition = Disposition.EXPIRED) -> Disposition | None:
        """Back in line, unless the campaign is cancelled or would have expired by then."""
        if self.campaign.state is CampaignState.CANCELLED:
            return self.finish(Disposition.CANCELLED)
        if max(due, now) >= self.too_late_at:
            return self.finish(last)
        self.due = due
        self.stand(CallState.WAITING)
        return None

    @property
    def too_late_at(self) -> float:
        """Its own end or that of its campaign."""
        return min(self.expires_at, self.campaign.expires_at)

    def claimable_from(self, now: float) -> float:
        """From when it may be claimed while it waits."""
        return max(self.due, self.campaign.hours.claimable_from(self.zones, max(now, self.due)))

    def finish(self, disposition: Disposition) -> Disposition:
        """Be done."""
        self.stand(disposition)
        return disposition

    def settle(self, disposition: Disposition, now: int, facts: frozenset[Fact] = frozenset()) -> Disposition | None:
        """Redial by policy, but never whoever we hung up on; else be done."""
        self.ended[disposition] += 1
        wait_ms = None if Fact.HUNG_UP in facts else self.redial_ms(disposition, now)
        if wait_ms is None or self.tries >= self.campaign.max_tries:
            return self.finish(disposition)
        return self.wait(now + wait_ms, now, disposition)

    def redial_ms(self, disposition: Disposition, now: int) -> int | None:
        """How long to wait for the next try, None if there is none; turns to the number that it dials."""
        policy, number = self.campaign.redial.get(disposition), self.attempts[self.tries].number
        used_up = self.is_used_up(disposition)
        follows, self.person.number = not used_up, number
        if moves_on(policy, disposition) and len(self.person.numbers) > 1:
            follows = self.person.turn(number, self.campaign.suppressed, is_spent=used_up) or follows
        if not follows:
            return None
        if policy is None or used_up:
            return 0
        waits = wait_ms(policy, self.ended[disposition])
        return self.another_hour(now, waits) if policy.other_hour else waits

    def another_hour(self, now: int, waits: int) -> int:
        """How long to wait until an hour that is three or more from those of all tries before."""
        self.hours.add(self.attempts[self.tries].at // HOUR_MS % 24)
        taken = {(hour + away) % 24 for hour in self.hours for away in range(-2, 3)}
        first = (now + waits) // HOUR_MS
        free = next((hour for hour in range(first, first + 24) if hour % 24 not in taken), first)
        return waits if free == first else free * HOUR_MS - now

    def is_used_up(self, disposition: Disposition) -> bool:
        """Whether no redial is left; suppresses the number where the policy says so."""
        policy = self.campaign.redial.get(disposition)
        if policy and self.ended[disposition] <= policy.times:
            return False
        if policy and policy.then == "suppress":
            self.campaign.suppressed.add(self.attempts[self.tries].number)
        return True

    def unsettle(self, disposition: Disposition) -> None:
        """The attempt ended otherwise than it seemed."""
        self.ended[disposition] = self.ended.get(disposition, 1) - 1
        self.person.spent.discard(self.attempts[self.tries].number)


@dataclass(slots=True)
class ExpectedCampaign:
    """A campaign and its calls by running number."""

    priority: Priority
    redial: Mapping[Disposition, Redial]
    state: CampaignState = CampaignState.DRAFT
    expires_at: float = math.inf
    max_tries: float = math.inf
    suppressed: set[str] = field(default_factory=set)
    swept: bool = False
    hours: ExpectedHours = field(default_factory=ExpectedHours)
    kind: str = "notification"
    caps: Caps = field(default_factory=Caps)
    slots: float = math.inf
    lists: tuple[set[str], ...] = ()
    trunks: tuple[str, ...] = ("main",)
    over: bool = False
    calls: dict[int, ExpectedCall] = field(default_factory=dict)

    def step(self, verb: str) -> bool:
        """Take a step; returns whether it is allowed."""
        sources, target = CAMPAIGN_STEPS[verb]
        if self.state not in sources | {target}:
            return False
        if target is CampaignState.CANCELLED:
            for call in self.calls.values():
                if call.where in {CallState.WAITING, CallState.CLAIMED}:
                    call.finish(Disposition.CANCELLED)
        self.state = target
        return True

    def change_caps(self, caps: Caps, now: int) -> None:
        """Whom a cap holds back that is loosened is looked at again."""
        before, self.caps = self.caps, caps
        loosened = {
            Held.SPACING: caps.spacing_ms < before.spacing_ms,
            Held.DAY_CAP: (caps.day or math.inf) > (before.day or math.inf),
            Held.WEEK_CAP: (caps.week or math.inf) > (before.week or math.inf),
        }
        for call in self.calls.values():
            if call.held is not None and loosened.get(call.held) and call.due > now:
                call.held, call.due = None, now

    @property
    def up(self) -> int:
        """How many of its calls are up, or may be."""
        return sum(call.where in UP for call in self.calls.values())

    @property
    def is_full(self) -> bool:
        """Whether no further call may be claimed, for as many are up or will be."""
        claimed = sum(call.where is CallState.CLAIMED for call in self.calls.values())
        return self.up + claimed >= self.slots

    @property
    def barred(self) -> set[str]:
        """The numbers on the lists that it keeps to."""
        return self.suppressed.union(*self.lists)

    @property
    def is_over(self) -> bool:
        """Whether it runs with nothing left to do."""
        ended = all(isinstance(call.where, Disposition) for call in self.calls.values())
        return self.state is CampaignState.RUNNING and (bool(self.calls) or self.swept) and ended


def _state(where: Where) -> CallState:
    return CallState.DONE if isinstance(where, Disposition) else where
