"""One campaign by the engine's rules, in plain Python: a record of `expected.py`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dialer.dispositions import Disposition
from dialer.holding import Held
from dialer.model import Caps, Priority, Redial
from dialer.pacing import HORIZON_US
from dialer.states import CAMPAIGN_STEPS, UP, CallState, CampaignState
from tests.fakes.expected_brakes import ExpectedBreaker, ExpectedMoney, ExpectedPace
from tests.fakes.expected_call import ExpectedCall
from tests.fakes.expected_hours import ExpectedHours

SLOTS_LOOK_MS = 5_000


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
    pace: ExpectedPace = field(default_factory=ExpectedPace)
    breaker: ExpectedBreaker = field(default_factory=ExpectedBreaker)
    money: ExpectedMoney = field(default_factory=ExpectedMoney)
    escalates: bool = False
    version: int = 1
    lists: Mapping[str, set[str]] = field(default_factory=dict)
    trunks: tuple[str, ...] = ("main",)
    over: bool = False
    most_redials: Counter[Disposition] = field(default_factory=Counter)
    most_tries: float = 0
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
        if target is CampaignState.RUNNING is not self.state:
            self.breaker.close()
        self.state = target
        return True

    def remember_limits(self) -> None:
        """The most redials and tries that ever were allowed."""
        self.most_redials |= Counter({disposition: redial.times for disposition, redial in self.redial.items()})
        self.most_tries = max(self.most_tries, self.max_tries)

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
        return self.taken >= self.slots

    @property
    def taken(self) -> int:
        """How many of its calls are claimed or up."""
        return self.up + sum(call.where is CallState.CLAIMED for call in self.calls.values())

    @property
    def most_up(self) -> float:
        """How many of its calls may be up; after the breaker was open they go out one by one."""
        return self.slots if self.breaker.until is None else 1

    @property
    def waits_for_no_breaker(self) -> bool:
        """Whether it dials by a stopped trunk all the same: urgent, without another one."""
        return self.priority is Priority.URGENT and len(self.trunks) == 1

    def may_claim(self, now: float) -> bool:
        """Whether it may claim a call, but for its own pace."""
        runs = self.state is CampaignState.RUNNING and now < self.expires_at
        is_held = self.breaker.is_open(now) or self.taken >= self.most_up
        return runs and not is_held and self.money.is_within(self.taken + 1, now)

    def looked_at(self, now: float) -> float:
        """By when (ms) somebody must look at its calls in line again, whatever keeps them from being claimed now."""
        looks = [now, self.money.midnight(now)]
        looks += [max(now + 1, (self.pace.next_us - HORIZON_US) / 1000)] if self.pace.calls_per_second else []
        looks += [self.breaker.until] if self.breaker.until else []
        looks += [now + SLOTS_LOOK_MS] if not self.may_claim(now) else []
        return max(looks)

    def is_stopped(self) -> bool:
        """Whether the sweeper pauses it."""
        is_tripped = self.breaker.until is not None and self.breaker.policy and self.breaker.policy.resume == "person"
        return bool(is_tripped) or (self.taken == 0 and self.money.is_spent)

    @property
    def barred(self) -> set[str]:
        """The numbers on the lists that it keeps to."""
        return self.suppressed.union(*self.lists.values())

    @property
    def is_over(self) -> bool:
        """Whether it runs with nothing left to do."""
        ended = all(isinstance(call.where, Disposition) for call in self.calls.values())
        return self.state is CampaignState.RUNNING and (bool(self.calls) or self.swept) and ended
