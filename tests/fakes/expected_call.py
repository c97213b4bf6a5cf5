"""One call, one attempt and one campaign by the engine's rules, in plain Python: the records of `expected.py`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dialer.dispositions import Disposition, Fact
from dialer.model import Priority, Redial
from dialer.states import CALL_STEPS, CAMPAIGN_STEPS, CallState, CampaignState
from tests.fakes.expected_hours import ExpectedHours

Where = CallState | Disposition
"""A call stands in the set of its state, or, when it is done, in that of its disposition."""


@dataclass(slots=True)
class ExpectedAttempt:
    """What is known of an attempt that was begun."""

    nonce: str
    due: float
    facts: frozenset[Fact] = frozenset()
    disposition: Disposition | None = None
    given_up: bool = False
    events: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ExpectedCall:
    """One call, where it stands and what was tried."""

    campaign: ExpectedCampaign
    due: float
    number: str = ""
    zones: tuple[str, ...] = ()
    expires_at: float = math.inf
    look_at: float | None = None
    where: Where = CallState.WAITING
    lease: int | None = None
    tries: int = 0
    ended: Counter[Disposition] = field(default_factory=Counter)
    attempts: dict[int, ExpectedAttempt] = field(default_factory=dict)

    def stand(self, where: Where, *, lease: int | None = None) -> None:
        """Be in this set alone, under this lease or none; the table of states must allow the step."""
        before, after = _state(self.where), _state(where)
        assert after is before or after in CALL_STEPS[before], f"no step leads from {before} to {after}"
        self.where, self.lease = where, lease

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
        policy = self.campaign.redial.get(disposition)
        if Fact.HUNG_UP not in facts and policy and self.ended[disposition] <= policy.times:
            return self.wait(now + policy.after_ms, now, disposition)
        return self.finish(disposition)


@dataclass(slots=True)
class ExpectedCampaign:
    """A campaign and its calls by running number."""

    priority: Priority
    redial: Mapping[Disposition, Redial]
    state: CampaignState = CampaignState.DRAFT
    expires_at: float = math.inf
    swept: bool = False
    hours: ExpectedHours = field(default_factory=ExpectedHours)
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

    @property
    def is_over(self) -> bool:
        """Whether it runs with nothing left to do."""
        ended = all(isinstance(call.where, Disposition) for call in self.calls.values())
        return self.state is CampaignState.RUNNING and bool(self.calls) and ended


def _state(where: Where) -> CallState:
    return CallState.DONE if isinstance(where, Disposition) else where
