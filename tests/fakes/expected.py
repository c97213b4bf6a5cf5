"""The engine's rules once more, in plain Python: what the scripts must answer and where each call must stand.

Written from the states and rules, not from the scripts, and without their concern for keys and round trips. The random
walk takes each step here and there and compares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from dialer.dialing import Begun, Follows
from dialer.dials import Claim, Dial
from dialer.dispositions import ENDINGS, Disposition, Fact, disposition_of
from dialer.holding import Held
from dialer.leases import Freed, Lapsed
from dialer.model import AttemptRef, CallRef, Priority
from dialer.pacing import LATEST_US
from dialer.providers.base import CallEvent
from dialer.states import CallState, CampaignState
from dialer.store import Applied, EventResult
from tests.fakes.engine import REASON_MS, RINGING_MS, TALKING_MS
from tests.fakes.expected_brakes import ExpectedTrunk
from tests.fakes.expected_call import ExpectedAttempt, ExpectedCall
from tests.fakes.expected_campaign import ExpectedCampaign
from tests.fakes.expected_numbers import ExpectedNumbers
from tests.fakes.expected_shares import MOST_AHEAD_US, ExpectedShares

LOOK_MS = 30_000
PROBE_LOOK_MS = 1_000
PROBE_MS = 30_000
LAST_LOOK_MS, NEXT_LOOK_MS = 2_000, 1_000


class Look(NamedTuple):
    """What the last look sees beside the call itself: the moment, the gate, an urgent campaign in line, its hours.

    `held` is how many calls of its campaign are held back, also those that may go by now. The hours are those that
    stand in the store, from and to (ms): none where windows were changed since; None: always.
    """

    now_us: int
    lease: int
    gate: int
    urgent: bool
    hours: tuple[int, int] | None = None
    held: int = 0


class Expected:
    """All campaigns."""

    def __init__(self, shares: Mapping[str, ExpectedShares] | None = None) -> None:
        self.shares = shares or {}
        self.trunks: dict[str, ExpectedTrunk] = defaultdict(ExpectedTrunk)
        self.campaigns: dict[str, ExpectedCampaign] = {}
        self.suppressed: set[str] = set()
        self.numbers = ExpectedNumbers()
        self.doubts: dict[str, int] = {}

    def calls(self) -> Iterator[tuple[str, ExpectedCall]]:
        """All calls with their ids."""
        for campaign_id, campaign in self.campaigns.items():
            for seq, call in campaign.calls.items():
                yield str(CallRef(campaign_id, seq)), call

    def call(self, ref: CallRef) -> ExpectedCall:
        """One call."""
        return self.campaigns[ref.campaign_id].calls[ref.seq]

    def due(self, now: float, trunk: str) -> dict[str, ExpectedCall]:
        """Calls that could be claimed now by a trunk, but for the pace of their campaigns."""
        return {
            call_id: call
            for call_id, call in self.calls()
            if trunk in call.campaign.trunks
            and call.where is CallState.WAITING
            and call.claimable_from(now) <= now
            and call.campaign.may_claim(now)
            and not self.is_kept_from(call, trunk, now)
        }

    def claim(self, claims: Iterable[Claim]) -> None:
        """These calls were claimed, in this order."""
        for claim in claims:
            call = self.call(claim.call)
            assert call.campaign.pace.next_us <= claim.place_at_us + 1, "faster than its campaign may"
            call.campaign.pace.take(claim.place_at_us, claim.interval_us)
            call.stand(CallState.CLAIMED, lease=claim.deadline_ms)
            call.trunk = claim.trunk
            if self.trunks[claim.trunk].breaker.until is not None:
                self.trunks[claim.trunk].probe = str(claim.call)
                self.trunks[claim.trunk].probe_at = claim.place_at_us // 1000

    def is_kept_from(self, call: ExpectedCall, trunk: str, now: float) -> bool:
        """Whether no call of its campaign leaves by a trunk now, or none beside the one that shows whether it may."""
        seen = self.trunks[trunk]
        if seen.breaker.until is None or call.campaign.waits_for_no_breaker:
            return False
        is_young = seen.probe is not None and now < seen.probe_at + PROBE_MS
        return seen.breaker.is_open(now) or (is_young and self._has_lease(seen.probe or ""))

    def trunk_looked_at(self, trunk: str, now: float) -> float:
        """By when (ms) campaigns that the trunk keeps back look again."""
        until = self.trunks[trunk].breaker.until
        return now if until is None else max(until, now + PROBE_LOOK_MS)

    def _is_stopped(self, claim: Claim, call: ExpectedCall, now: float) -> bool:
        seen = self.trunks[claim.trunk]
        if seen.breaker.until is None or call.campaign.waits_for_no_breaker:
            return False
        return seen.breaker.is_open(now) or seen.probe != str(claim.call)

    def _has_lease(self, call_id: str) -> bool:
        ref = CallRef.parse(call_id)
        return ref is not None and self.call(ref).lease is not None

    def _note(self, call: ExpectedCall, attempt: ExpectedAttempt, disposition: Disposition, now: int) -> None:
        """An attempt ended, for its campaign and its trunk."""
        call.campaign.breaker.note(disposition, now)
        self.trunks[attempt.trunk].breaker.note(disposition, now)

    def begin(self, dial: Dial, nonce: str, look: Look) -> Begun:
        """The last look."""
        claim, call = dial.claim, self.call(dial.claim.call)
        attempt = call.attempts.get(dial.attempt.number)
        if attempt and attempt.nonce == nonce:
            return Begun.BEGUN
        if (call.where, call.lease, call.tries + 1) != (CallState.CLAIMED, claim.deadline_ms, dial.attempt.number):
            return Begun.GONE
        refused = self._refuse(dial, look) or self._hold(dial, look.now_us // 1000) or self._share(dial, look)
        return refused or self._begin(dial, nonce, look)

    def _refuse(self, dial: Dial, look: Look) -> Begun | None:
        """Back in line or ended, whatever its number; None: nothing speaks against it."""
        claim, call = dial.claim, self.call(dial.claim.call)
        now, campaign = look.now_us // 1000, call.campaign
        leaves = max(now, claim.place_at_us / 1000)
        if (dial.script_version, dial.lists) != (campaign.version, tuple(campaign.lists)):
            return self._back(call, now, Begun.CHANGED)
        assert call.person.number == dial.number
        is_suppressed = dial.number in call.campaign.barred
        if is_suppressed and not call.person.turn(dial.number, call.campaign.barred, is_spent=False):
            call.finish(Disposition.SUPPRESSED)
            return Begun.SUPPRESSED
        reasons = {
            Begun.NEXT_NUMBER: is_suppressed,
            Begun.NOT_RUNNING: call.campaign.state is not CampaignState.RUNNING,
            Begun.GATE_CLOSED: look.gate > now,
            Begun.PREEMPTED: look.urgent and call.campaign.priority is not Priority.URGENT,
            Begun.TOO_LATE: look.now_us > claim.place_at_us + LATEST_US,
            Begun.OUT_OF_HOURS: look.hours is not None and not look.hours[0] <= leaves < look.hours[1],
            Begun.TRUNK_STOPPED: self._is_stopped(claim, call, now),
            Begun.BREAKER_OPEN: campaign.breaker.is_open(now),
            Begun.NO_SLOT: campaign.up >= campaign.most_up,
            Begun.OVER_CAP: not campaign.money.is_within(campaign.up + 1, now),
        }
        for begun, speaks_against in reasons.items():
            if speaks_against:
                return self._back(call, now, begun)
        if now >= call.too_late_at:
            call.finish(Disposition.EXPIRED)
            return Begun.EXPIRED
        return None

    @staticmethod
    def _back(call: ExpectedCall, now: int, begun: Begun) -> Begun:
        return Begun.EXPIRED if call.wait(call.due, now) is Disposition.EXPIRED else begun

    def _hold(self, dial: Dial, now: int) -> Begun | None:
        """Held back because of what else was dialed at its number; None: it is not."""
        call = self.call(dial.claim.call)
        call_id, caps = str(dial.claim.call), call.campaign.caps
        held = self.numbers.held(dial.number, call_id, caps, now, lambda other: self._is_up(other, now))
        if held is None:
            return None
        until, why = held
        last_look = max(call.too_late_at - LAST_LOOK_MS, now + NEXT_LOOK_MS)
        return self._held(call, now, min(until, last_look) if why is Held.NUMBER_UP else until, why)

    @staticmethod
    def _held(call: ExpectedCall, now: int, until: float, why: Held) -> Begun:
        if call.wait(until, now) is Disposition.EXPIRED:
            return Begun.EXPIRED
        call.held = why
        return Begun.HELD

    def _share(self, dial: Dial, look: Look) -> Begun | None:
        """Held back until the number's beginning has a token; None: it is not. An urgent call waits for nobody."""
        claim, call, now = dial.claim, self.call(dial.claim.call), look.now_us // 1000
        shares = self.shares[claim.trunk]
        prefix = shares.prefix_of(dial.number)
        is_served = prefix and shares.is_served(prefix, call.moment_us, claim.place_at_us, claim.interval_us)
        if prefix is None or is_served or call.campaign.priority is Priority.URGENT:
            call.moment_us = None
            return None
        free = shares.free_us.get(prefix, 0)
        if free > claim.place_at_us + MOST_AHEAD_US:
            again_us = shares.look_again_us(prefix, look.held, claim.interval_us)
            return self._held(call, now, int(now + again_us / 1000 + 0.5), Held.PREFIX_SHARE)
        if free <= claim.place_at_us or free / 1000 < call.too_late_at:
            shares.take(prefix, claim.place_at_us, claim.interval_us)
        call.moment_us = free if free > claim.place_at_us else None
        return self._held(call, now, -(-free // 1000), Held.PREFIX_SHARE) if call.moment_us else None

    def _begin(self, dial: Dial, nonce: str, look: Look) -> Begun:
        claim, call, now = dial.claim, self.call(dial.claim.call), look.now_us // 1000
        call.stand(CallState.PLACING, lease=look.lease)
        call.tries = dial.attempt.number
        call.attempts[call.tries] = ExpectedAttempt(nonce, call.due, dial.number, at=now, trunk=claim.trunk)
        others = set(call.person.numbers) - {dial.number}
        doubtful = self.doubts.get(str(claim.call), 0) > now
        self.numbers.note(dial.number, str(claim.call), now, () if doubtful else others)
        return Begun.BEGUN

    def adopt(self, ref: AttemptRef, lease: int, trunk: str, now: int) -> bool:
        """An attempt at a call that waits is in doubt from then on; whether the call waits, and has so many tries."""
        call = self.call(ref.call)
        if call.where not in {CallState.WAITING, CallState.CLAIMED} or call.tries + 1 != ref.number:
            return False
        call.stand(CallState.UNKNOWN, lease=lease)
        call.tries, call.moment_us = ref.number, None
        call.attempts[ref.number] = ExpectedAttempt("adopted", call.due, call.person.number, at=now, trunk=trunk)
        self.numbers.note(call.person.number, str(ref.call), now, ())
        return True

    def _is_up(self, call_id: str, now: int) -> bool:
        ref = CallRef.parse(call_id)
        return ref is not None and (self.call(ref).lease is not None or self.doubts.get(call_id, 0) > now)

    def forget_doubts(self, now: int) -> None:
        """Calls that were given up are over by now."""
        self.doubts = {call_id: until for call_id, until in self.doubts.items() if until > now}

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
            is_doubtful = self.doubts.get(str(ref.call), 0) > now
            self.numbers.forget(attempt.number, str(ref.call), attempt.at, is_doubtful=is_doubtful)
            call.tries -= 1
            return True, call.wait(attempt.due, now)
        if follows.what in set(CallState):
            call.stand(CallState(follows.what), lease=follows.deadline_ms)
            return True, None
        attempt.disposition = Disposition(follows.what)
        call.campaign.breaker.note(attempt.disposition, now)
        return True, call.settle(attempt.disposition, now)

    def event(self, ref: AttemptRef, event: CallEvent, now: int, up_until: int = 0) -> EventResult:
        """What the carrier tells, or that nobody waits for it any more, though it may be up until then."""
        campaign = self.campaigns.get(ref.call.campaign_id)
        call = campaign.calls.get(ref.call.seq) if campaign else None
        attempt = call.attempts.get(ref.number) if call else None
        if not call or not attempt:
            return EventResult(Applied.UNKNOWN_ATTEMPT)
        new = not event.facts <= attempt.facts
        if (call.is_erased or event.kind in attempt.events) and not new:
            return EventResult(Applied.REPEATED)
        attempt.events.add(event.kind)
        if "price" in event.figures and not call.is_erased:
            before, attempt.price = attempt.price, Decimal(str(event.figures["price"]))
            call.campaign.money.note(attempt.price, before, now)
        if not new:
            return EventResult(Applied.NOTHING_NEW if event.facts else Applied.NO_FACT)
        attempt.facts |= event.facts
        is_over = bool(attempt.facts & ENDINGS)
        if not is_over and up_until > now:
            self.doubts[str(ref.call)] = max(up_until, self.doubts.get(str(ref.call), 0))
        elif is_over and Fact.LOST in attempt.facts and call.tries == ref.number:
            self.doubts.pop(str(ref.call), None)
        if Fact.OPTED_OUT in event.facts and not call.is_erased:
            self.suppressed.add(attempt.number)
        ended = disposition_of(attempt.facts)
        if ended and not attempt.disposition and not attempt.given_up:
            self._note(call, attempt, ended, now)
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
                if Fact.HUNG_UP not in attempt.facts and not call.is_erased:
                    call.is_used_up(after)
                    call.escalate(after)
            return EventResult(Applied.APPLIED, None if before else after)
        if after:
            if before:
                call.unsettle(before)
            if before and call.recalled_after == call.tries and Fact.OPTED_OUT not in attempt.facts:
                call.ended[after] += 1
                return EventResult(Applied.APPLIED, after)
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

    def expire_calls(self, now: int) -> int:
        """What has an end of its own, and is past it in line, has ended; what is under way is looked at again."""
        expired = 0
        for _, call in self.calls():
            if call.look_at is not None and call.look_at <= now:
                under_way = call.where in CallState and call.where is not CallState.WAITING
                call.look_at = now + LOOK_MS if under_way else None
                if call.where is CallState.WAITING:
                    call.finish(Disposition.EXPIRED)
                    expired += 1
        return expired

    def recall(self, ref: CallRef, tries: int, now: int, *, dropped: bool) -> bool:
        """Call a member again, who was seen after so many tries; returns whether it is so."""
        call, campaign = self.call(ref), self.call(ref).campaign
        ended = campaign.over or campaign.swept or campaign.expires_at <= now
        if campaign.kind != "conference" or ended or campaign.state is not CampaignState.RUNNING or call.tries != tries:
            return False
        if call.is_erased:
            return False
        facts = call.attempts[tries].facts if tries else frozenset()
        is_done = isinstance(call.where, Disposition)
        if dropped and not (is_done and facts & {Fact.JOINED, Fact.CONFIRMED} and Fact.HUNG_UP not in facts):
            return False
        if not is_done and call.where is not CallState.WAITING:
            return False
        call.wait(now, now)
        call.is_recalled, call.recalled_after = True, None if dropped else tries
        return True

    def end(self, campaign_id: str, now: int) -> bool:
        """A conference is over; returns whether it is so only now."""
        campaign = self.campaigns[campaign_id]
        if campaign.over or campaign.state is CampaignState.COMPLETED:
            return False
        campaign.over, campaign.expires_at = True, min(campaign.expires_at, now)
        return True

    def erase(self, ref: CallRef, now: int, ended_ms: float) -> str | None:
        """A call's person is to be forgotten."""
        return self.call(ref).erase(now, ended_ms, is_doubtful=self.doubts.get(str(ref), 0) > now)

    def give_up(self, ref: CallRef, tries: int) -> Disposition | None:
        """A call that was seen to wait after so many tries is not dialed any more; how it has ended, if it has."""
        call = self.call(ref)
        if call.where is not CallState.WAITING or call.tries != tries:
            return None
        last = call.attempts[tries].disposition if tries else None
        return call.finish(last or Disposition.CANCELLED)

    def redial(self, ref: AttemptRef, now: int) -> bool:
        """Give an unknown attempt up."""
        call = self.call(ref.call)
        if call.where is not CallState.UNKNOWN or call.tries != ref.number:
            return False
        if Fact.HUNG_UP in call.attempts[ref.number].facts:
            call.attempts[ref.number].disposition = Disposition.CANCELLED
            call.settle(Disposition.CANCELLED, 0, call.attempts[ref.number].facts)
            return False
        attempt = call.attempts[ref.number]
        self._note(call, attempt, Disposition.UNDETERMINED, now)
        if call.tries >= call.campaign.max_tries:
            attempt.disposition, attempt.facts = Disposition.UNDETERMINED, attempt.facts | {Fact.LOST}
            call.settle(Disposition.UNDETERMINED, now)
            return True
        ended = call.wait(attempt.due, now, Disposition.UNDETERMINED)
        if ended:
            attempt.disposition, attempt.facts = ended, attempt.facts | {Fact.LOST}
        else:
            attempt.given_up = True
        return True


def _silence_ms(facts: frozenset[Fact]) -> int:
    if Fact.COMPLETED in facts:
        return REASON_MS
    return TALKING_MS if facts & _REACHED else RINGING_MS


_REACHED = {Fact.ANSWERED, Fact.HUMAN, Fact.MACHINE, Fact.CONFIRMED, Fact.OPTED_OUT, Fact.JOINED}
