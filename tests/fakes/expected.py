"""The engine's rules once more, in plain Python: what the scripts must answer and where each call must stand.

Written from the states and rules, not from the scripts, and without their concern for keys and round trips. The random
walk takes each step here and there and compares.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dialer.dialing import Begun, Claim, Dial, Follows
from dialer.dispositions import Disposition, Fact, disposition_of
from dialer.leases import Freed, Lapsed
from dialer.model import AttemptRef, CallRef, Priority, Redial
from dialer.pacing import LATEST_US
from dialer.providers.base import CallEvent
from dialer.states import CALL_STEPS, CAMPAIGN_STEPS, CallState, CampaignState
from dialer.store import Applied, EventResult
from tests.fakes.engine import REASON_MS, RINGING_MS, TALKING_MS
from tests.fakes.expected_redials import ExpectedPerson, moves_on, wait_ms

LOOK_MS = 30_000
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
    events: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ExpectedCall:
    """One call, where it stands and what was tried."""

    campaign: ExpectedCampaign
    due: float
    person: ExpectedPerson = field(default_factory=ExpectedPerson)
    where: Where = CallState.WAITING
    lease: int | None = None
    tries: int = 0
    ended: Counter[Disposition] = field(default_factory=Counter)
    is_recalled: bool = False
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
        if max(due, now) >= self.campaign.expires_at:
            return self.finish(last)
        self.due = due
        self.stand(CallState.WAITING)
        return None

    def finish(self, disposition: Disposition) -> Disposition:
        """Be done."""
        self.stand(disposition)
        return disposition

    def settle(self, disposition: Disposition, now: int, facts: frozenset[Fact] = frozenset()) -> Disposition | None:
        """Redial by policy, but never whoever we hung up on; else be done."""
        self.ended[disposition] += 1
        wait_ms = None if Fact.HUNG_UP in facts else self.redial_ms(disposition)
        if wait_ms is None or self.tries >= self.campaign.max_tries:
            return self.finish(disposition)
        return self.wait(now + wait_ms, now, disposition)

    def redial_ms(self, disposition: Disposition) -> int | None:
        """How long to wait for the next try, None if there is none; turns to the number that it dials."""
        policy, number = self.campaign.redial.get(disposition), self.attempts[self.tries].number
        used_up = self.is_used_up(disposition)
        follows, self.person.number = not used_up, number
        if moves_on(policy, disposition) and len(self.person.numbers) > 1:
            follows = self.person.turn(number, self.campaign.suppressed, is_spent=used_up) or follows
        if not follows:
            return None
        return wait_ms(policy, self.ended[disposition]) if policy and not used_up else 0

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
    kind: str = "notification"
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

    @property
    def is_over(self) -> bool:
        """Whether it runs with nothing left to do."""
        ended = all(isinstance(call.where, Disposition) for call in self.calls.values())
        return self.state is CampaignState.RUNNING and bool(self.calls) and ended


class Look(NamedTuple):
    """What the last look sees beside the call itself: the moment, the gate, an urgent campaign in line."""

    now_us: int
    lease: int
    gate: int
    urgent: bool


class Expected:
    """All campaigns."""

    def __init__(self) -> None:
        self.campaigns: dict[str, ExpectedCampaign] = {}
        self.suppressed: set[str] = set()

    def calls(self) -> Iterator[tuple[str, ExpectedCall]]:
        """All calls with their ids."""
        for campaign_id, campaign in self.campaigns.items():
            for seq, call in campaign.calls.items():
                yield str(CallRef(campaign_id, seq)), call

    def call(self, ref: CallRef) -> ExpectedCall:
        """One call."""
        return self.campaigns[ref.campaign_id].calls[ref.seq]

    def due(self, now: float) -> set[tuple[Priority, str]]:
        """Calls that could be claimed now, with their class."""
        return {
            (call.campaign.priority, call_id)
            for call_id, call in self.calls()
            if call.campaign.state is CampaignState.RUNNING and call.where is CallState.WAITING and call.due <= now
        }

    def claim(self, claims: Iterable[Claim]) -> None:
        """These calls were claimed."""
        for claim in claims:
            self.call(claim.call).stand(CallState.CLAIMED, lease=claim.deadline_ms)

    def begin(self, dial: Dial, nonce: str, look: Look) -> Begun:
        """The last look."""
        claim, call = dial.claim, self.call(dial.claim.call)
        attempt = call.attempts.get(dial.attempt.number)
        if attempt and attempt.nonce == nonce:
            return Begun.BEGUN
        if (call.where, call.lease, call.tries + 1) != (CallState.CLAIMED, claim.deadline_ms, dial.attempt.number):
            return Begun.GONE
        now = look.now_us // 1000
        assert call.person.number == dial.number
        if dial.number in self.suppressed and not call.person.turn(dial.number, self.suppressed, is_spent=False):
            call.finish(Disposition.SUPPRESSED)
            return Begun.SUPPRESSED
        reasons = {
            Begun.NEXT_NUMBER: dial.number in self.suppressed,
            Begun.NOT_RUNNING: call.campaign.state is not CampaignState.RUNNING,
            Begun.GATE_CLOSED: look.gate > now,
            Begun.PREEMPTED: look.urgent and call.campaign.priority is not Priority.URGENT,
            Begun.TOO_LATE: look.now_us > claim.place_at_us + LATEST_US,
        }
        for begun, speaks_against in reasons.items():
            if speaks_against:
                return Begun.EXPIRED if call.wait(call.due, now) is Disposition.EXPIRED else begun
        if now >= call.campaign.expires_at:
            call.finish(Disposition.EXPIRED)
            return Begun.EXPIRED
        call.stand(CallState.PLACING, lease=look.lease)
        call.tries = dial.attempt.number
        call.attempts[call.tries] = ExpectedAttempt(nonce, call.due, dial.number)
        return Begun.BEGUN

    def record(self, ref: AttemptRef, nonce: str, follows: Follows, now: int) -> tuple[bool, Disposition | None]:
        """The carrier's answer."""
        call = self.call(ref.call)
        attempt = call.attempts.get(ref.number)
        if not attempt or attempt.nonce != nonce or call.tries != ref.number:
            return False, None
        doubtful = call.where in {CallState.PLACING, CallState.UNKNOWN}
        in_line_again = call.where in {CallState.WAITING, CallState.CLAIMED} and attempt.disposition is None
        if not doubtful and not (in_line_again and follows.what == CallState.LIVE):
            return False, None
        if follows.what == "back":
            del call.attempts[ref.number]
            call.tries -= 1
            return True, call.wait(attempt.due, now)
        if follows.what in set(CallState):
            call.stand(CallState(follows.what), lease=follows.deadline_ms)
            return True, None
        attempt.disposition = Disposition(follows.what)
        return True, call.settle(attempt.disposition, now)

    def event(self, ref: AttemptRef, event: CallEvent, now: int) -> EventResult:
        """What the carrier tells."""
        campaign = self.campaigns.get(ref.call.campaign_id)
        call = campaign.calls.get(ref.call.seq) if campaign else None
        attempt = call.attempts.get(ref.number) if call else None
        if not call or not attempt:
            return EventResult(Applied.UNKNOWN_ATTEMPT)
        new = not event.facts <= attempt.facts
        if event.kind in attempt.events and not new:
            return EventResult(Applied.REPEATED)
        attempt.events.add(event.kind)
        if not new:
            return EventResult(Applied.NOTHING_NEW if event.facts else Applied.NO_FACT)
        attempt.facts |= event.facts
        if Fact.OPTED_OUT in event.facts:
            self.suppressed.add(attempt.number)
        if call.tries != ref.number:
            return self._label(attempt)
        return self._follow(call, attempt, now, event.facts)

    def _label(self, attempt: ExpectedAttempt) -> EventResult:
        before, after = attempt.disposition, disposition_of(attempt.facts)
        if before and after in {None, before}:
            return EventResult(Applied.APPLIED)
        attempt.disposition = after
        return EventResult(Applied.APPLIED, after)

    def _follow(self, call: ExpectedCall, attempt: ExpectedAttempt, now: int, told: frozenset[Fact]) -> EventResult:
        before, after = attempt.disposition, disposition_of(attempt.facts)
        if before and after in {None, before}:
            return EventResult(Applied.APPLIED)
        attempt.disposition = after
        if isinstance(call.where, Disposition):
            if before and call.where is before and after:
                call.stand(after)
                call.unsettle(before)
                call.ended[after] += 1
                if Fact.HUNG_UP not in attempt.facts:
                    call.is_used_up(after)
            return EventResult(Applied.APPLIED, None if before else after)
        if after:
            if before:
                call.unsettle(before)
            return EventResult(Applied.APPLIED, after, call.settle(after, now, attempt.facts))
        if told == {Fact.HUNG_UP}:
            return EventResult(Applied.APPLIED)
        call.stand(CallState.LIVE, lease=now + _silence_ms(attempt.facts))
        return EventResult(Applied.APPLIED)

    def lapse(self, lapsed: Lapsed, now: int) -> Freed:
        """A deadline has passed."""
        call = self.call(lapsed.attempt.call)
        if call.lease != lapsed.deadline_ms:
            return Freed.NOT_LAPSED
        if call.where is CallState.CLAIMED:
            call.wait(call.due, now)
            return Freed.REQUEUED
        freed = {
            CallState.PLACING: Freed.NOW_UNKNOWN,
            CallState.UNKNOWN: Freed.LOOK_UNKNOWN,
            CallState.LIVE: Freed.LOOK_LIVE,
        }[CallState(call.where)]
        call.stand(CallState.UNKNOWN if freed is Freed.NOW_UNKNOWN else call.where, lease=now + LOOK_MS)
        return freed

    def expire(self, now: int) -> dict[str, int]:
        """What campaigns past their end have in line has ended."""
        expired: dict[str, int] = {}
        for campaign_id, campaign in self.campaigns.items():
            if campaign.expires_at <= now and not campaign.swept:
                campaign.swept = True
                waiting = [call for call in campaign.calls.values() if call.where is CallState.WAITING]
                expired[campaign_id] = len(waiting)
                for call in waiting:
                    call.finish(Disposition.EXPIRED)
        return expired

    def recall(self, ref: CallRef, tries: int, now: int, *, dropped: bool) -> bool:
        """Call a member again, who was seen after so many tries; returns whether it is so."""
        call, campaign = self.call(ref), self.call(ref).campaign
        ended = campaign.over or campaign.expires_at <= now
        if campaign.kind != "conference" or ended or campaign.state is not CampaignState.RUNNING or call.tries != tries:
            return False
        facts = call.attempts[tries].facts if tries else frozenset()
        is_done = isinstance(call.where, Disposition)
        if dropped and not (is_done and facts & {Fact.JOINED, Fact.CONFIRMED} and Fact.HUNG_UP not in facts):
            return False
        if not is_done and call.where is not CallState.WAITING:
            return False
        call.wait(now, now)
        call.is_recalled = True
        return True

    def end(self, campaign_id: str, now: int) -> bool:
        """A conference is over; returns whether it is so only now."""
        campaign = self.campaigns[campaign_id]
        if campaign.over or campaign.state is CampaignState.COMPLETED:
            return False
        campaign.over, campaign.expires_at = True, min(campaign.expires_at, now)
        return True

    def redial(self, ref: AttemptRef, now: int) -> bool:
        """Give an unknown attempt up."""
        call = self.call(ref.call)
        if call.where is not CallState.UNKNOWN or call.tries != ref.number:
            return False
        if Fact.HUNG_UP in call.attempts[ref.number].facts:
            call.attempts[ref.number].disposition = Disposition.CANCELLED
            call.settle(Disposition.CANCELLED, 0, call.attempts[ref.number].facts)
            return False
        if call.tries >= call.campaign.max_tries:
            call.attempts[ref.number].disposition = Disposition.UNDETERMINED
            call.settle(Disposition.UNDETERMINED, now)
            return True
        call.attempts[ref.number].given_up = True
        call.wait(call.attempts[ref.number].due, now, Disposition.UNDETERMINED)
        return True


def _state(where: Where) -> CallState:
    return CallState.DONE if isinstance(where, Disposition) else where


def _silence_ms(facts: frozenset[Fact]) -> int:
    if Fact.COMPLETED in facts:
        return REASON_MS
    return TALKING_MS if facts & _REACHED else RINGING_MS


_REACHED = {Fact.ANSWERED, Fact.HUMAN, Fact.MACHINE, Fact.CONFIRMED, Fact.OPTED_OUT, Fact.JOINED}
