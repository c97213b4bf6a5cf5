"""One call of an escalation to a person, in one step of one round: how it stands, and whether it confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dialer.dispositions import Disposition, Fact
from dialer.escalations.escalation import ROUND, STEP, Person
from dialer.model import Attempt, Call
from dialer.states import UP, CallState


class PersonState(StrEnum):
    """How a person stands."""

    WAITING = "waiting"  # to be called, for the first time, again, or in a step to come
    RINGING = "ringing"
    LISTENING = "listening"
    CONFIRMED = "confirmed"
    DECLINED = "declined"  # rejected the call, or did not press the key
    VOICEMAIL = "voicemail"
    NOT_REACHED = "not_reached"
    NOT_CALLED = "not_called"  # it was over before


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person at a desk said of another.

    Attributes:
        by: who said so; None where that was not told.
    """

    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """That somebody confirmed, when, and how.

    Attributes:
        key: what was pressed; None by hand.
        attempt_id: in which attempt; None by hand.
        by: who said so at the desk.
        late: whether it was over by then.
    """

    person: Person
    at: datetime
    key: str | None = None
    attempt_id: str | None = None
    by: str | None = None
    late: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether somebody at a desk said so."""
        return self.attempt_id is None


@dataclass(frozen=True, slots=True)
class Duty:
    """One call to a person, in one step of one round.

    Attributes:
        attempts: all of them, first to last.
    """

    call: Call
    attempts: tuple[Attempt, ...]

    @property
    def key(self) -> str:
        """Whom it calls."""
        return self.call.external_id or self.call.number

    @property
    def opening(self) -> tuple[int, int]:
        """The round and the step in which it was added."""
        told = self.call.variables
        return int(told.get(ROUND, 0)), int(told.get(STEP, 0))

    @property
    def is_in_flight(self) -> bool:
        """Whether it may still reach somebody."""
        return self.call.state is not CallState.DONE

    @property
    def waits(self) -> bool:
        """Whether it is to be dialed, for the first time or again."""
        return self.call.state is CallState.WAITING

    @property
    def confirming(self) -> Attempt | None:
        """The attempt in which the key was pressed."""
        return next((attempt for attempt in self.attempts if Fact.CONFIRMED in attempt.facts), None)


def state_of(duties: Sequence[Duty], *, comes: bool) -> PersonState:
    """How a person stands who has not confirmed; `comes`: it goes on, and he may be called in a step to come."""
    up = next((duty for duty in duties if duty.call.state in UP), None)
    if up is not None:
        return _up(up.attempts[-1].facts if up.attempts else frozenset())
    if comes:
        return PersonState.WAITING
    # Who waited to be called again when all was over is what he was the last time.
    last = next((duty.attempts[-1] for duty in reversed(duties) if duty.attempts), None)
    ended = duties[-1].call.disposition if duties else None
    if last is None:
        return PersonState.NOT_CALLED if ended in _UNCALLED else PersonState.NOT_REACHED
    return _ENDED.get(last.disposition or Disposition.FAILED, PersonState.NOT_REACHED)


_UNCALLED = frozenset({None, Disposition.CANCELLED, Disposition.EXPIRED, Disposition.SUPPRESSED})
_ENDED = {
    Disposition.ANSWERED: PersonState.DECLINED,
    Disposition.OPTED_OUT: PersonState.DECLINED,
    Disposition.REJECTED: PersonState.DECLINED,
    Disposition.MACHINE: PersonState.VOICEMAIL,
}


def _up(facts: frozenset[Fact]) -> PersonState:
    if Fact.MACHINE in facts:
        return PersonState.VOICEMAIL
    return PersonState.LISTENING if facts & {Fact.ANSWERED, Fact.HUMAN} else PersonState.RINGING


def pressed_at(attempt: Attempt) -> datetime | None:
    """When the key was pressed: what comes after it asks nothing more, so it is the last answer to a question."""
    told = [event.received_at for event in attempt.events if event.kind in {"input", "answer_fetched"}]
    return max(told, default=None)
