"""One call and its attempts by the engine's rules, in plain Python: records of `expected.py`."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from dialer.dispositions import Disposition, Fact
from dialer.holding import Held
from dialer.redialing import moves_on, wait_ms
from dialer.states import CALL_STEPS, UP, CallState, CampaignState
from dialer.store.erasing_calls import SETTLE_MS
from tests.fakes.expected_redials import ExpectedPerson

if TYPE_CHECKING:
    from tests.fakes.expected_campaign import ExpectedCampaign

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
    price: Decimal = Decimal(0)
    trunk: str = "main"
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
    recalled_after: int | None = None
    held: Held | None = None
    hours: set[int] = field(default_factory=set)
    trunk: str | None = None
    moment_us: int | None = None
    is_escalated: bool = False
    last: Disposition | None = None
    is_silent: bool = False
    is_erased: bool = False
    attempts: dict[int, ExpectedAttempt] = field(default_factory=dict)

    def stand(self, where: Where, *, lease: int | None = None) -> None:
        """Be in this set alone, under this lease or none; the table of states must allow the step."""
        before, after = _state(self.where), _state(where)
        assert after is before or after in CALL_STEPS[before], f"no step leads from {before} to {after}"
        if before is CallState.CLAIMED and lease is None:
            self.campaign.pace.give_back()
        if lease is None:
            self.trunk = None
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
        return -math.inf if self.campaign.swept else min(self.expires_at, self.campaign.expires_at)

    def claimable_from(self, now: float) -> float:
        """From when it may be claimed while it waits."""
        return max(self.due, self.campaign.hours.claimable_from(self.zones, max(now, self.due)))

    def finish(self, disposition: Disposition) -> Disposition:
        """Be done; who waited for a redial when it was too late is given up as he was the last time."""
        self.stand(disposition)
        if disposition is Disposition.EXPIRED and self.last:
            self.escalate(self.last)
        return disposition

    def erase(self, now: int, ended_ms: float, *, is_doubtful: bool) -> str | None:
        """Be forgotten; what keeps it from that, None if it is so already.

        `ended_ms`: when it ended, where it has; its last webhooks may be on their way.
        """
        if self.is_erased:
            return None
        if self.where in UP:
            # Not dialed again, and nobody is alarmed about it.
            self.expires_at, self.is_silent = min(self.expires_at, now), self.is_silent or self.campaign.escalates
            return "up"
        if not isinstance(self.where, Disposition):
            self.finish(Disposition.CANCELLED)
            ended_ms = now
        if is_doubtful or (self.tries and ended_ms > now - SETTLE_MS):
            return "settling"
        self.is_erased, self.is_escalated, self.look_at = True, False, None
        for attempt in self.attempts.values():
            attempt.nonce = ""
        return "erased"

    def settle(self, disposition: Disposition, now: int, facts: frozenset[Fact] = frozenset()) -> Disposition | None:
        """Redial by policy, but never whoever we hung up on; else be done."""
        self.ended[disposition] += 1
        wait_ms = None if Fact.HUNG_UP in facts else self.redial_ms(disposition, now)
        if wait_ms is None or self.tries >= self.campaign.max_tries:
            ended: Disposition | None = self.finish(disposition)
        else:
            ended = self.wait(now + wait_ms, now, disposition)
        if ended is disposition and Fact.HUNG_UP not in facts:
            self.escalate(disposition)
        return ended

    def escalate(self, disposition: Disposition) -> None:
        """The call was given up: somebody else is alarmed, where the policy says so. Once, whatever is told later."""
        policy = self.campaign.redial.get(disposition)
        if policy and policy.then == "escalate" and self.campaign.escalates and not self.is_silent:
            self.is_escalated |= self.campaign.state is not CampaignState.CANCELLED

    def redial_ms(self, disposition: Disposition, now: int) -> int | None:
        """How long to wait for the next try, None if there is none; turns to the number that it dials."""
        policy, number = self.campaign.redial.get(disposition), self.attempts[self.tries].number
        self.last = disposition if policy and policy.then == "escalate" else None
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
        self.ended[disposition], self.last = self.ended.get(disposition, 1) - 1, None
        self.person.spent.discard(self.attempts[self.tries].number)


def _state(where: Where) -> CallState:
    return CallState.DONE if isinstance(where, Disposition) else where
