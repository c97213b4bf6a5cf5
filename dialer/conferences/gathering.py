"""Who is in a conference, how far it is, and what is to be done about it: pure functions of what the store knows.

Nothing of it is kept. A member's state follows from where his call stands and from the facts of his newest attempt,
the conference's from its members, so a worker that dies and webhooks in any order change nothing. A moderator's end
may be told after that of those whom it took along: so nobody counts as dropped before some seconds have passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialer.conferences.conference import ConferenceScript
from dialer.dispositions import ENTERED, Disposition, Fact
from dialer.model import Attempt, Call, Campaign
from dialer.states import UP, CallState, CampaignState

GRACE = timedelta(seconds=5)
"""So long after its end the carrier may take to end everybody's call; who is up then is hung up on."""
BY_HAND = "ended by hand"
_BEGUN = frozenset({CallState.CLAIMED, CallState.PLACING, CallState.UNKNOWN, CallState.LIVE})
_ENDINGS = frozenset({Fact.COMPLETED, Fact.TALKED, Fact.LOST})


class MemberState(StrEnum):
    """How a member stands."""

    WAITING = "waiting"  # to be called, for the first time or again
    RINGING = "ringing"
    DECIDING = "deciding"  # picked up: hears the text, or is asked for the key
    IN = "in"
    LEFT = "left"
    DECLINED = "declined"  # rejected the call, or did not press the key
    VOICEMAIL = "voicemail"
    TOO_LATE = "too_late"  # picked up when it was over
    NOT_REACHED = "not_reached"
    NOT_CALLED = "not_called"  # it ended before his turn came


class ConferenceState(StrEnum):
    """How far a conference is."""

    DRAFT = "draft"  # nobody is called yet
    WAITING = "waiting"  # for the moderator, or for anybody
    RUNNING = "running"
    OVER = "over"  # nobody is called any more; the last calls may be ending yet


@dataclass(frozen=True, slots=True)
class Member:
    """One of the people.

    Attributes:
        attempts: all of them, first to last.
        moderates: whether the conference starts and ends with him.
    """

    call: Call
    attempts: tuple[Attempt, ...]
    moderates: bool

    @property
    def newest(self) -> Attempt | None:
        """The attempt that counts now."""
        return self.attempts[-1] if self.attempts else None

    @property
    def stays(self) -> int:
        """How often he was in, the present time included."""
        return sum(_was_in(attempt.facts) for attempt in self.attempts)

    @property
    def is_begun(self) -> bool:
        """Whether he is being called, or is on the phone."""
        return self.call.state in _BEGUN

    @property
    def state(self) -> MemberState:
        """How he stands."""
        match self.call.state:
            case CallState.WAITING | CallState.CLAIMED:
                return MemberState.WAITING
            case CallState.DONE:
                return self._ended()
        return self._up(self.newest.facts if self.newest else frozenset())

    @property
    def since(self) -> datetime | None:
        """Since when, where that is known."""
        match self.state:
            case MemberState.WAITING:
                return None
            case MemberState.IN:
                return self._told("transfer") or self._told("input")
            case MemberState.DECIDING:
                return self._told("answered") or self._told("human") or self._told("answer_fetched")
        if self.call.state is CallState.DONE:
            return self.call.ended_at
        return self.newest.placed_at if self.newest else None

    @staticmethod
    def _up(facts: frozenset[Fact]) -> MemberState:
        if _was_in(facts):
            return MemberState.LEFT if facts & _ENDINGS else MemberState.IN
        if Fact.MACHINE in facts:
            return MemberState.VOICEMAIL
        return MemberState.DECIDING if facts & {Fact.ANSWERED, Fact.HUMAN} else MemberState.RINGING

    def _ended(self) -> MemberState:
        if self.stays:
            return MemberState.LEFT
        if self.newest and "too_late" in self.newest.figures:
            return MemberState.TOO_LATE
        if not self.attempts:
            return MemberState.NOT_CALLED
        # Who waited to be called again when all was over is what he was the last time.
        last = self.newest.disposition if self.newest else None
        return _ENDED.get(last or self.call.disposition or Disposition.FAILED, MemberState.NOT_REACHED)

    def _told(self, kind: str) -> datetime | None:
        events = self.newest.events if self.newest else ()
        return next((event.received_at for event in events if event.kind == kind), None)


def _was_in(facts: frozenset[Fact]) -> bool:
    # A machine that slipped in before it was recognised was nobody; one that pressed the key was none.
    return bool(facts & ENTERED) and (Fact.MACHINE not in facts or Fact.CONFIRMED in facts)


_ENDED = {
    Disposition.ANSWERED: MemberState.DECLINED,
    Disposition.OPTED_OUT: MemberState.DECLINED,
    Disposition.REJECTED: MemberState.DECLINED,
    Disposition.MACHINE: MemberState.VOICEMAIL,
    Disposition.SUPPRESSED: MemberState.NOT_CALLED,
}


@dataclass(frozen=True, slots=True)
class Conference:
    """A conference as it is at one moment."""

    campaign: Campaign
    script: ConferenceScript
    members: tuple[Member, ...]

    @property
    def moderator(self) -> Member | None:
        """Who starts and ends it; None where nobody does, or where he is not among the people."""
        return next((member for member in self.members if member.moderates), None)

    @property
    def is_over(self) -> bool:
        """Whether nobody is called any more, and nobody may come in."""
        ended = self.campaign.state in {CampaignState.COMPLETED, CampaignState.CANCELLED}
        return self.campaign.over_at is not None or (ended and not any(m.is_begun for m in self.members))

    @property
    def is_going_on(self) -> bool:
        """Whether people hear each other, or one waits for others."""
        return bool(self.holders)

    @property
    def holders(self) -> tuple[Member, ...]:
        """Who keeps it going by being in: the moderator, or without one everybody."""
        return tuple(
            m for m in self.members if m.state is MemberState.IN and (m.moderates or self.script.moderator is None)
        )

    @property
    def state(self) -> ConferenceState:
        """How far it is."""
        if self.is_over:
            return ConferenceState.OVER
        if self.campaign.state is CampaignState.DRAFT:
            return ConferenceState.DRAFT
        return ConferenceState.RUNNING if self.is_going_on else ConferenceState.WAITING

    @property
    def reason(self) -> str | None:
        """Why it is over; None while it is not."""
        if not self.is_over:
            return None
        # Where its last call ended before anybody looked, the campaign completed by itself.
        return self.campaign.over_reason or self._why(past=True) or "nobody was left to call"

    def why_over(self, now: datetime) -> str | None:
        """Why it is over now, where that was not said yet."""
        if self.is_over or self.campaign.state is CampaignState.DRAFT:
            return None
        return self._why(past=self._past(now))

    def dropped(self, now: datetime) -> list[Member]:
        """Who was in, dropped a while ago and is to be called again, since it goes on without him."""
        if self.is_over or self.campaign.state is not CampaignState.RUNNING or self._past(now) or not self.is_going_on:
            return []
        left_before = now - timedelta(seconds=self.script.recall_after_s)
        return [m for m in self.members if self._may_return(m) and m.call.ended_at and m.call.ended_at <= left_before]

    def to_hang_up(self, now: datetime) -> list[Member]:
        """Whose call is to be ended, because it is over: the moderator alone at first, since his end is everybody's."""
        over_at = self.campaign.over_at
        if over_at is None:
            return []
        up = [m for m in self.members if m.call.state in UP and m.newest and m.newest.uuid]
        if now - over_at >= GRACE:
            return up
        if self.campaign.over_reason != BY_HAND:
            return []
        return [m for m in up if m.moderates and m.state is MemberState.IN] or up

    def _why(self, *, past: bool) -> str | None:
        if self.script.moderator is None:
            return "everybody left" if self._has_emptied else None
        chair = self.moderator
        if chair and chair.state is MemberState.LEFT:
            return "the moderator left"
        if chair and (chair.is_begun or chair.state is MemberState.WAITING):
            return None
        # He was not reached. A person may call him again, until the deadline; those who wait for him do so until then.
        if self._has_emptied or past:
            return "the moderator was not reached"
        return None

    @property
    def _has_emptied(self) -> bool:
        """Whether somebody was in, nobody is on the phone any more, and everybody has been called."""
        begun = any(m.is_begun for m in self.members)
        return not begun and any(m.stays for m in self.members) and all(m.attempts for m in self.members)

    def _past(self, now: datetime) -> bool:
        return self.campaign.expires_at is not None and self.campaign.expires_at <= now

    def _may_return(self, member: Member) -> bool:
        newest = member.newest
        if member.call.state is not CallState.DONE or newest is None or not _was_in(newest.facts):
            return False
        return Fact.HUNG_UP not in newest.facts and member.stays <= self.script.recalls
