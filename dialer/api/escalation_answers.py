"""What a client is told of escalations: which step is on, who has confirmed, and how everybody stands."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from dialer.api.models import Outgoing
from dialer.escalations.duties import Confirmation, PersonState
from dialer.escalations.escalation import Person
from dialer.escalations.ladder import Escalation, EscalationState


class ConfirmationOut(Outgoing):
    """That somebody has confirmed."""

    id: str | None = Field(description="Your own id of this person.")
    name: str | None
    number: str
    at: datetime
    key: str | None = Field(description="What was pressed; null by hand.")
    attempt_id: str | None = Field(description="In which attempt; null by hand.")
    by_hand: bool
    by: str | None = Field(description="Who said so, by hand.")
    late: bool = Field(description="Whether it was over by then.")

    @classmethod
    def of(cls, one: Confirmation) -> Self:
        """The answer for one confirmation."""
        return cls(
            id=one.person.external_id,
            name=one.person.variables.get("name"),
            number=one.person.number,
            at=one.at,
            key=one.key,
            attempt_id=one.attempt_id,
            by_hand=one.by_hand,
            by=one.by,
            late=one.late,
        )


class PersonOut(Outgoing):
    """One of the people."""

    id: str | None = Field(description="Your own id of this person.")
    name: str | None
    number: str
    steps: list[int] = Field(description="In which steps, counted from 1.")
    state: PersonState
    tries: int = Field(description="How often this person was called.")
    call_ids: list[str] = Field(description="The calls so far: one for each step and round.")

    @classmethod
    def of(cls, person: Person, seen: Escalation) -> Self:
        """The answer for one person."""
        duties = seen.duties_of(person.key)
        return cls(
            id=person.external_id,
            name=person.variables.get("name"),
            number=person.number,
            steps=list(seen.plan.steps_of(person.key)),
            state=seen.state_of(person.key),
            tries=sum(duty.call.attempts for duty in duties),
            call_ids=[duty.call.id for duty in duties],
        )


class EscalationOut(Outgoing):
    """An escalation as it is now. It is a campaign, too: `/v1/campaigns/{id}` tells the rest."""

    id: str
    name: str
    state: EscalationState
    reason: str | None = Field(
        description="Why it is over: confirmed, exhausted, expired, ended by hand, taken over late."
    )
    created_at: datetime
    over_at: datetime | None
    expires_at: datetime | None = Field(description="It is over then.")
    call_id: str | None = Field(description="The call that was given up, where a redial policy has begun it.")
    needed: int = Field(description="So many different people must confirm.")
    confirmations: list[ConfirmationOut] = Field(description="Who has, in their order; late ones too.")
    step: int | None = Field(description="Which step is on, or was last, counted from 1.")
    steps: int = Field(description="How many there are.")
    round: int | None = Field(description="Which round, counted from 1.")
    rounds: int = Field(description="How many there are at the most.")
    step_since: datetime | None = Field(description="When that step began.")
    next_at: datetime | None = Field(description="When it is over at the latest.")
    people: list[PersonOut]

    @classmethod
    def of(cls, seen: Escalation) -> Self:
        """The answer for one escalation."""
        campaign, plan = seen.campaign, seen.plan
        turn, step = seen.on or (None, None)
        return cls(
            id=campaign.id,
            name=campaign.name,
            state=seen.state,
            reason=seen.reason,
            created_at=campaign.created_at,
            over_at=seen.over_at,
            expires_at=campaign.expires_at,
            call_id=seen.of,
            needed=plan.needed,
            confirmations=list(map(ConfirmationOut.of, seen.confirmations)),
            step=step,
            steps=len(plan.steps),
            round=turn,
            rounds=plan.repeat,
            step_since=seen.opened[-1] if seen.opened else None,
            next_at=seen.next_at,
            people=[PersonOut.of(person, seen) for person in plan.people.values()],
        )


class EscalationsOut(Outgoing):
    """A page of escalations, newest first."""

    escalations: list[EscalationOut]
    next_cursor: str | None
