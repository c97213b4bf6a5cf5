"""What a client is told of conferences: who is in, who is not, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from dialer.api.models import Outgoing
from dialer.conferences.gathering import Conference, ConferenceState, Member, MemberState
from dialer.dispositions import Disposition


class MemberOut(Outgoing):
    """One of the people."""

    call_id: str = Field(description="What orders about this member name.")
    number: str
    id: str | None = Field(description="Your own id of this person.")
    name: str | None
    moderator: bool
    state: MemberState
    since: datetime | None = Field(description="Since when.")
    due_at: datetime | None = Field(description="When this member is called, where that is still to be.")
    tries: int = Field(description="How often this member was called.")
    stays: int = Field(description="How often this member was in, the present time included.")
    muted: bool
    disposition: Disposition | None

    @classmethod
    def of(cls, member: Member) -> Self:
        """The answer for one member."""
        call = member.call
        return cls(
            call_id=call.id,
            number=call.number,
            id=call.external_id,
            name=call.variables.get("name"),
            moderator=member.moderates,
            state=member.state,
            since=member.since,
            due_at=call.due_at,
            tries=call.attempts,
            stays=member.stays,
            muted=member.state is MemberState.IN and member.newest is not None and member.newest.muted,
            disposition=call.disposition,
        )


class ConferenceOut(Outgoing):
    """A conference as it is now. It is a campaign, too: `/v1/campaigns/{id}` tells the rest."""

    id: str
    name: str
    state: ConferenceState
    reason: str | None = Field(description="Why it is over.")
    created_at: datetime
    over_at: datetime | None
    expires_at: datetime | None = Field(description="Nobody is called after it.")
    join_key: str | None
    record: bool
    counts: dict[MemberState, int] = Field(description="Members by state.")
    members: list[MemberOut]

    @classmethod
    def of(cls, conference: Conference) -> Self:
        """The answer for one conference."""
        campaign, members = conference.campaign, [MemberOut.of(member) for member in conference.members]
        return cls(
            id=campaign.id,
            name=campaign.name,
            state=conference.state,
            reason=conference.reason,
            created_at=campaign.created_at,
            over_at=campaign.over_at or (campaign.ended_at if conference.state is ConferenceState.OVER else None),
            expires_at=campaign.expires_at,
            join_key=conference.script.join_key,
            record=conference.script.record,
            counts={state: sum(member.state is state for member in members) for state in MemberState},
            members=members,
        )


class ConferencesOut(Outgoing):
    """A page of conferences, newest first."""

    conferences: list[ConferenceOut]
    next_cursor: str | None
