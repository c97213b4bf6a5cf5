"""How a member stands, from where the call stands and what is known of its attempts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dialer.clock import moment
from dialer.conferences.conference import ConferenceScript
from dialer.conferences.gathering import BY_HAND, Conference, ConferenceState, Member, MemberState
from dialer.dispositions import Disposition, Fact, disposition_of
from dialer.model import Attempt, Call, Campaign, Event, Priority, UnknownPolicy
from dialer.states import CallState, CampaignState

NOW = moment(1_800_000_000_000)
UP = (Fact.STARTED, Fact.RINGING, Fact.ANSWERED)
OVER = (Fact.COMPLETED, Fact.TALKED)


def attempt(*facts: Fact, number: int = 1, **fields: object) -> Attempt:
    """An attempt of which these facts are known."""
    known = frozenset(facts)
    plain = {
        "id": f"c1-1-{number}",
        "number": number,
        "state": "placed",
        "placed_at": NOW,
        "uuid": f"u{number}",
        "result": "placed",
        "facts": known,
        "disposition": disposition_of(known),
        "figures": {},
    }
    return Attempt(**(plain | fields))  # type: ignore[arg-type]  # plain values


def member(
    state: CallState, *attempts: Attempt, moderates: bool = False, disposition: Disposition | None = None
) -> Member:
    """A member whose call stands so."""
    last = attempts[-1].disposition if attempts else None
    done = state is CallState.DONE
    call = Call(
        id="c1-1",
        campaign_id="c1",
        number="+31612345678",
        external_id=None,
        variables={},
        state=state,
        due_at=NOW if state is CallState.WAITING else None,
        disposition=(disposition or last) if done else None,
        ended_at=NOW if done else None,
        attempts=len(attempts),
    )
    return Member(call, attempts, moderates)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (member(CallState.WAITING), MemberState.WAITING),
        (member(CallState.CLAIMED), MemberState.WAITING),
        (member(CallState.WAITING, attempt(Fact.BUSY)), MemberState.WAITING),
        (member(CallState.PLACING, attempt()), MemberState.RINGING),
        (member(CallState.UNKNOWN, attempt()), MemberState.RINGING),
        (member(CallState.LIVE, attempt(Fact.STARTED, Fact.RINGING)), MemberState.RINGING),
        (member(CallState.LIVE, attempt(*UP)), MemberState.DECIDING),
        (member(CallState.LIVE, attempt(*UP, Fact.JOINED)), MemberState.IN),
        (member(CallState.LIVE, attempt(*UP, Fact.CONFIRMED)), MemberState.IN),
        (member(CallState.LIVE, attempt(Fact.JOINED)), MemberState.IN),
        (member(CallState.LIVE, attempt(*UP, Fact.MACHINE)), MemberState.VOICEMAIL),
        (member(CallState.LIVE, attempt(*UP, Fact.JOINED, Fact.MACHINE)), MemberState.VOICEMAIL),
        (member(CallState.LIVE, attempt(*UP, Fact.CONFIRMED, Fact.MACHINE)), MemberState.IN),
        (member(CallState.LIVE, attempt(Fact.JOINED, Fact.COMPLETED)), MemberState.LEFT),
        (member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER)), MemberState.LEFT),
        (member(CallState.DONE, attempt(*UP, Fact.CONFIRMED, *OVER)), MemberState.LEFT),
        (member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER), attempt(Fact.BUSY, number=2)), MemberState.LEFT),
        (member(CallState.DONE, attempt(*UP, *OVER)), MemberState.DECLINED),
        (member(CallState.DONE, attempt(Fact.REJECTED)), MemberState.DECLINED),
        (member(CallState.DONE, attempt(*UP, Fact.MACHINE, *OVER)), MemberState.VOICEMAIL),
        (member(CallState.DONE, attempt(*UP, Fact.JOINED, Fact.MACHINE, *OVER)), MemberState.VOICEMAIL),
        (member(CallState.DONE, attempt(*UP, *OVER, figures={"too_late": "1"})), MemberState.TOO_LATE),
        (member(CallState.DONE, attempt(Fact.BUSY)), MemberState.NOT_REACHED),
        (member(CallState.DONE, attempt(Fact.TIMEOUT)), MemberState.NOT_REACHED),
        (member(CallState.DONE, attempt(Fact.LOST)), MemberState.NOT_REACHED),
        (member(CallState.DONE, attempt(Fact.BUSY), disposition=Disposition.EXPIRED), MemberState.NOT_REACHED),
        (
            member(CallState.DONE, attempt(*UP, Fact.MACHINE, *OVER), disposition=Disposition.EXPIRED),
            MemberState.VOICEMAIL,
        ),
        (member(CallState.DONE, disposition=Disposition.EXPIRED), MemberState.NOT_CALLED),
        (member(CallState.DONE, disposition=Disposition.SUPPRESSED), MemberState.NOT_CALLED),
    ],
)
def test_how_a_member_stands(one: Member, state: MemberState) -> None:
    """Each state follows from the call's set and the facts of its attempts, and from nothing else."""
    assert state is one.state


def test_since_when() -> None:
    """In since the word of joining, ringing since the request, done since the end; nothing where nobody knows."""
    told = tuple(
        Event(kind=kind, at=None, received_at=NOW + timedelta(seconds=s))
        for s, kind in ((1, "answered"), (2, "transfer"))
    )
    assert NOW + timedelta(seconds=2) == member(CallState.LIVE, attempt(*UP, Fact.JOINED, events=told)).since
    assert NOW + timedelta(seconds=1) == member(CallState.LIVE, attempt(*UP, events=told)).since
    assert NOW == member(CallState.LIVE, attempt(Fact.RINGING)).since
    assert NOW == member(CallState.DONE, attempt(Fact.BUSY)).since
    assert None is member(CallState.WAITING).since


def conference(*members: Member, moderator: str | None = "chair", **fields: object) -> Conference:
    """A running conference of these members."""
    plain: dict[str, object] = {
        "id": "c1",
        "name": "Board",
        "kind": "conference",
        "script": {},
        "priority": Priority.URGENT,
        "redial": {},
        "unknown": UnknownPolicy.HOLD,
        "state": CampaignState.RUNNING,
        "created_at": NOW,
    }
    script = ConferenceScript.from_dict({"text": "x", "language": "en-GB", "moderator": moderator}, default_language="")
    return Conference(Campaign(**(plain | fields)), script, members)  # type: ignore[arg-type]  # plain values


GUEST_IN = member(CallState.LIVE, attempt(*UP, Fact.JOINED))
CHAIR_IN = member(CallState.LIVE, attempt(*UP, Fact.JOINED), moderates=True)
CHAIR_BUSY = member(CallState.WAITING, attempt(Fact.BUSY), moderates=True)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (conference(GUEST_IN, CHAIR_BUSY, state=CampaignState.DRAFT), ConferenceState.DRAFT),
        (conference(GUEST_IN, CHAIR_BUSY), ConferenceState.WAITING),
        (conference(GUEST_IN, CHAIR_IN), ConferenceState.RUNNING),
        (conference(GUEST_IN, CHAIR_IN, state=CampaignState.PAUSED), ConferenceState.RUNNING),
        (conference(GUEST_IN, CHAIR_IN, state=CampaignState.CANCELLED), ConferenceState.RUNNING),
        (conference(GUEST_IN, CHAIR_IN, over_at=NOW), ConferenceState.OVER),
        (conference(GUEST_IN, moderator=None), ConferenceState.RUNNING),
        (conference(member(CallState.WAITING), moderator=None), ConferenceState.WAITING),
        (conference(member(CallState.DONE, attempt(Fact.BUSY)), state=CampaignState.COMPLETED), ConferenceState.OVER),
    ],
)
def test_how_far_a_conference_is(one: Conference, state: ConferenceState) -> None:
    """It waits for its moderator, or for anybody; who is in a cancelled one talks on."""
    assert state is one.state


def test_nobody_is_hung_up_on_while_it_goes_on() -> None:
    """Not before it is over; by hand at once, else after the seconds that the carrier needs."""
    assert [] == conference(CHAIR_IN, GUEST_IN).to_hang_up(NOW)
    ended = conference(CHAIR_IN, GUEST_IN, over_at=NOW, over_reason=BY_HAND)
    assert [CHAIR_IN] == ended.to_hang_up(NOW)
    assert [CHAIR_IN, GUEST_IN] == ended.to_hang_up(NOW + timedelta(seconds=5))
    assert [] == conference(GUEST_IN, over_at=NOW, over_reason="the moderator left").to_hang_up(NOW)


def test_why_it_was_over_is_told_where_nobody_said_so() -> None:
    """Where the last call ended before anybody looked, the reason follows from the members."""
    left = member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER), moderates=True)
    assert "the moderator left" == conference(left, state=CampaignState.COMPLETED).reason
    assert None is conference(CHAIR_IN).reason
    nobody = member(CallState.DONE, attempt(Fact.BUSY))
    assert "nobody was left to call" == conference(nobody, moderator=None, state=CampaignState.COMPLETED).reason
