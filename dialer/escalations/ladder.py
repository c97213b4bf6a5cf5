"""How far an escalation is, who has confirmed, and what is to be done about it: pure functions of what the store knows.

All that is kept besides the calls is when each step began and who was confirmed by hand. Which step is on, whom it
calls, and when it is over follows from that and from the facts of the attempts; so a worker that dies, two that look at
once, and webhooks in any order change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from dialer.escalations.duties import ByHand, Confirmation, Duty, PersonState, pressed_at, state_of
from dialer.escalations.escalation import Advance, EscalationScript, Person, Plan, Step
from dialer.model import Attempt, Campaign, NewCall
from dialer.states import CampaignState


class Why(StrEnum):
    """Why an escalation is over."""

    CONFIRMED = "confirmed"  # as many as were needed
    EXHAUSTED = "exhausted"  # everybody was called in every round
    EXPIRED = "expired"  # its end came first
    BY_HAND = "ended by hand"
    TAKEN_OVER = "taken over late"  # it ended in vain, and somebody has confirmed since


UNSETTLED = frozenset({Why.EXHAUSTED, Why.EXPIRED})
"""Over, but nobody has taken it over: whoever is on the phone yet may confirm as before."""


class EscalationState(StrEnum):
    """How far an escalation is."""

    DRAFT = "draft"  # nobody is called yet
    RUNNING = "running"
    PAUSED = "paused"  # nobody is called, and no step begins
    OVER = "over"  # nobody is called any more; the last calls may be ending yet


@dataclass(frozen=True)
class Escalation:
    """An escalation as it is at one moment.

    Attributes:
        opened: when each step began, in order, those of all rounds.
        by_hand: who was confirmed at the desk.
        duties: all calls so far, in the order in which they were added.
        of: the id of the call that was given up, where a redial policy has begun it.
    """

    campaign: Campaign
    script: EscalationScript
    plan: Plan
    opened: tuple[datetime, ...]
    by_hand: Mapping[str, ByHand]
    duties: tuple[Duty, ...]
    of: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody is called any more."""
        ended = self.campaign.state in {CampaignState.COMPLETED, CampaignState.CANCELLED}
        return self.campaign.over_at is not None or ended

    @property
    def over_at(self) -> datetime | None:
        """Since when."""
        return self.campaign.over_at or (self.campaign.ended_at if self.is_over else None)

    @property
    def state(self) -> EscalationState:
        """How far it is."""
        if self.is_over:
            return EscalationState.OVER
        return _STATES[self.campaign.state]

    @property
    def reason(self) -> Why | None:
        """Why it is over; None while it is not."""
        if not self.is_over:
            return None
        if self.campaign.over_reason:
            return Why(self.campaign.over_reason)
        # Ended as the campaign that it is, before anybody looked.
        if self.campaign.state is CampaignState.CANCELLED:
            return Why.BY_HAND
        return Why.CONFIRMED if self.has_enough else Why.EXPIRED

    @property
    def on(self) -> tuple[int, int] | None:
        """The round and the step that are on, or were last."""
        return self.plan.opening(len(self.opened)) if self.opened else None

    @property
    def next_at(self) -> datetime | None:
        """When the step that is on is over at the latest; None where none is."""
        if self.is_over or not self.opened:
            return None
        _, step = self.plan.opening(len(self.opened))
        return self.opened[-1] + timedelta(seconds=self.plan.steps[step - 1].wait_s)

    @cached_property
    def confirmations(self) -> tuple[Confirmation, ...]:
        """Everybody who has confirmed, once, in the order in which they did."""
        first: dict[str, Confirmation] = {}
        for one in sorted([*self._by_key(), *self._at_the_desk()], key=lambda one: one.at):
            first.setdefault(one.person.key, one)
        return tuple(replace(one, late=self._is_late(place, one)) for place, one in enumerate(first.values(), 1))

    @property
    def has_enough(self) -> bool:
        """Whether as many have confirmed as are needed."""
        return len(self.confirmations) >= self.plan.needed

    @property
    def is_taken_over(self) -> bool:
        """Whether somebody looks after it: as many as were needed, or whoever confirmed when it had ended in vain."""
        return self.has_enough or any(one.late for one in self.confirmations)

    def duties_of(self, key: str) -> list[Duty]:
        """The calls to a person, in order."""
        return self._duties.get(key, [])

    def state_of(self, key: str) -> PersonState:
        """How a person stands."""
        if self.has_confirmed(key):
            return PersonState.CONFIRMED
        duties = self.duties_of(key)
        comes = any(duty.is_in_flight for duty in duties) or self._is_still_to_come(key)
        return state_of(duties, comes=comes and not self.is_over)

    def has_confirmed(self, key: str) -> bool:
        """Whether this person has."""
        return any(one.person.key == key for one in self.confirmations)

    def why_over(self, now: datetime) -> Why | None:
        """Why it is over now, where that was not said yet."""
        if self.is_over or self.campaign.state is CampaignState.DRAFT:
            return None
        if self.has_enough:
            return Why.CONFIRMED
        if self._past(now):
            return Why.EXPIRED
        gone_through = len(self.opened) == self.plan.openings and self._is_step_over(now)
        return Why.EXHAUSTED if gone_through and not any(duty.is_in_flight for duty in self.duties) else None

    def opens(self, now: datetime) -> int | None:
        """The number of the opening that is due, counted from 1; None for none."""
        if not self._goes_on(now) or len(self.opened) == self.plan.openings:
            return None
        return len(self.opened) + 1 if not self.opened or self._is_step_over(now) else None

    def to_add(self, now: datetime) -> list[NewCall]:
        """The calls that the step that is on lacks: to whoever has not confirmed, and is not being called anyway."""
        if not self._goes_on(now) or self.on is None or self._is_step_over(now):
            return []
        turn, step = self.on
        wanted = self.plan.steps[step - 1].people
        return [person.call(step, turn) for person in wanted if self._lacks_call(person.key)]

    def to_end(self, now: datetime) -> list[Duty]:
        """Calls in line that are not to be dialed: redials of a step that is over, and any to who has confirmed."""
        if self.is_over:
            return []
        past = self._is_step_over(now)
        return [duty for duty in self.duties if duty.waits and self._is_needless(duty, past=past)]

    @cached_property
    def _duties(self) -> dict[str, list[Duty]]:
        found: dict[str, list[Duty]] = {}
        for duty in self.duties:
            found.setdefault(duty.key, []).append(duty)
        return found

    def _goes_on(self, now: datetime) -> bool:
        running = self.campaign.state is CampaignState.RUNNING
        return running and not self.is_over and not self._past(now) and not self.has_enough

    def _is_step_over(self, now: datetime) -> bool:
        if self.on is None or self.next_at is None:
            return False  # none is on
        step = self.plan.steps[self.on[1] - 1]
        if now >= self.next_at:
            return not self._has_called_nobody(step)
        return step.advance is Advance.WHEN_DONE and all(map(self._has_no_chance, (p.key for p in step.people)))

    def _has_called_nobody(self, step: Step) -> bool:
        """Whether the step that is on was begun by somebody who died, or was stopped, before he called its people."""
        was_begun = any(duty.opening == self.on for duty in self.duties)
        return not was_begun and any(self._lacks_call(person.key) for person in step.people)

    def _has_no_chance(self, key: str) -> bool:
        """Whether a person of the step that is on has confirmed, or was called in it and cannot confirm any more."""
        if self.has_confirmed(key):
            return True
        duties = self.duties_of(key)
        was_called = any(duty.opening == self.on for duty in duties)
        return was_called and not any(duty.is_in_flight for duty in duties)

    def _lacks_call(self, key: str) -> bool:
        duties = self.duties_of(key)
        taken = any(duty.opening == self.on or duty.is_in_flight for duty in duties)
        return not taken and not self.has_confirmed(key)

    def _is_needless(self, duty: Duty, *, past: bool) -> bool:
        # Whom nobody could call while his step lasted is called after it: he was not asked yet.
        is_redial = duty.call.attempts > 0
        return self.has_confirmed(duty.key) or (is_redial and (past or duty.opening != self.on))

    def _is_still_to_come(self, key: str) -> bool:
        """Whether a later step has this person, or the one that is on and has not called him yet."""
        done = len(self.opened)
        later = {self.plan.opening(number)[1] for number in range(done + 1, self.plan.openings + 1)}
        own = set(self.plan.steps_of(key))
        return bool(own & later) or (self.on is not None and self.on[1] in own and self._lacks_call(key))

    def _past(self, now: datetime) -> bool:
        return self.campaign.expires_at is not None and self.campaign.expires_at <= now

    def _by_key(self) -> list[Confirmation]:
        people = self.plan.people
        return [
            self._confirmed(people[duty.key], attempt)
            for duty in self.duties
            if duty.key in people and (attempt := duty.confirming)
        ]

    def _confirmed(self, person: Person, attempt: Attempt) -> Confirmation:
        at = pressed_at(attempt) or attempt.placed_at or self.campaign.created_at
        keys = attempt.keys.split()
        return Confirmation(person=person, at=at, key=keys[-1] if keys else None, attempt_id=attempt.id)

    def _at_the_desk(self) -> list[Confirmation]:
        people = self.plan.people
        return [
            Confirmation(person=people[key], at=said.at, by=said.by)
            for key, said in self.by_hand.items()
            if key in people
        ]

    def _is_late(self, place: int, one: Confirmation) -> bool:
        # Those that ended it were none, whatever the difference of two processes' clocks makes of it.
        ended_it = self.campaign.over_reason == Why.CONFIRMED and place <= self.plan.needed
        return self.over_at is not None and one.at > self.over_at and not ended_it


_STATES = {
    CampaignState.DRAFT: EscalationState.DRAFT,
    CampaignState.RUNNING: EscalationState.RUNNING,
    CampaignState.PAUSED: EscalationState.PAUSED,
}
