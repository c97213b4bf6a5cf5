"""How a member stands, from where the call stands and what is known of its attempts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dialer.clock import moment
from dialer.conferences.conference import ConferenceScript
from dialer.conferences.gathering import BY_HAND, GRACE, Conference, ConferenceState, Member, MemberState
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


def test_words_that_are_told() -> None:
    """They stand in replies, and in programs of others."""
    assert [
        "waiting", "ringing", "deciding", "in", "left", "declined", "voicemail", "too_late", "not_reached",
        "not_called",
    ] == [state.value for state in MemberState]  # fmt: skip
    assert ["draft", "waiting", "running", "over"] == [state.value for state in ConferenceState]
    assert ("ended by hand", timedelta(seconds=5)) == (BY_HAND, GRACE)


@pytest.mark.parametrize("kind", ["answered", "human", "answer_fetched"])
def test_who_picked_up_decides_since_then(kind: str) -> None:
    """Whichever word told it."""
    told = (Event(kind=kind, at=None, received_at=NOW + timedelta(seconds=3)),)

    assert NOW + timedelta(seconds=3) == member(CallState.LIVE, attempt(*UP, events=told)).since


def test_who_pressed_the_key_is_in_since_then() -> None:
    """Where the word of joining got lost; who is up and of whom nothing is told yet, since nobody knows when."""
    told = (Event(kind="input", at=None, received_at=NOW),)

    assert NOW == member(CallState.LIVE, attempt(*UP, Fact.CONFIRMED, events=told)).since
    assert None is member(CallState.LIVE, attempt(*UP, Fact.CONFIRMED)).since
    assert (MemberState.RINGING, None) == (member(CallState.LIVE).state, member(CallState.LIVE).since)


GUEST_LEFT = member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER))
CHAIR_LEFT = member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER), moderates=True)
CHAIR_MISSED = member(CallState.DONE, attempt(Fact.BUSY), moderates=True)
NOT_YET = member(CallState.WAITING)
NEVER_CALLED = member(CallState.DONE)
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (conference(CHAIR_IN, GUEST_IN), None),
        (conference(CHAIR_LEFT, GUEST_IN), "the moderator left"),
        (conference(CHAIR_LEFT, GUEST_IN, state=CampaignState.DRAFT), None),
        (conference(CHAIR_LEFT, GUEST_IN, over_at=NOW), None),
        (conference(CHAIR_BUSY, GUEST_LEFT), None),
        (conference(CHAIR_BUSY, GUEST_LEFT, expires_at=NOW), None),
        (conference(member(CallState.LIVE, attempt(Fact.RINGING), moderates=True), GUEST_LEFT, expires_at=NOW), None),
        (conference(CHAIR_MISSED, GUEST_IN), None),
        (conference(CHAIR_MISSED, GUEST_IN, expires_at=LATER), None),
        (conference(CHAIR_MISSED, GUEST_IN, expires_at=NOW), "the moderator was not reached"),
        (conference(CHAIR_MISSED, GUEST_LEFT), "the moderator was not reached"),
        (conference(GUEST_LEFT), "the moderator was not reached"),
        (conference(GUEST_LEFT, NOT_YET), None),
        (conference(GUEST_LEFT, NEVER_CALLED), None),
        (conference(CHAIR_MISSED, member(CallState.DONE, attempt(Fact.BUSY))), None),
        (conference(GUEST_LEFT, moderator=None), "everybody left"),
        (conference(GUEST_LEFT, GUEST_IN, moderator=None), None),
        (conference(GUEST_LEFT, NOT_YET, moderator=None), None),
        (conference(GUEST_LEFT, moderator=None, expires_at=NOW), "everybody left"),
    ],
)
def test_why_it_is_over(one: Conference, why: str | None) -> None:
    """With its moderator's end, or everybody's, once all were called; or at its deadline, if he was not reached."""
    assert why == one.why_over(NOW)


def test_whoever_dropped_is_called_again_while_it_goes_on() -> None:
    """Some seconds after that, as often as is set, and not where one of ours ended the call."""
    soon, due = NOW + timedelta(seconds=9.9), NOW + timedelta(seconds=10)
    twice = member(
        CallState.DONE, attempt(*UP, Fact.JOINED, *OVER), attempt(*UP, Fact.JOINED, *OVER, number=2), moderates=False
    )
    hung_up = member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER, Fact.HUNG_UP))
    busy_since = member(CallState.DONE, attempt(*UP, Fact.JOINED, *OVER), attempt(Fact.BUSY, number=2))
    members = (CHAIR_IN, GUEST_LEFT, twice, hung_up, busy_since, NEVER_CALLED, NOT_YET)

    assert [] == conference(*members).dropped(soon)
    assert [GUEST_LEFT] == conference(*members).dropped(due)
    assert [GUEST_LEFT] == conference(*members, expires_at=due + timedelta(seconds=1)).dropped(due)
    for one in (
        conference(*members, expires_at=due),
        conference(*members, over_at=NOW),
        conference(*members, state=CampaignState.PAUSED),
        conference(CHAIR_BUSY, GUEST_LEFT),
    ):
        assert [] == one.dropped(due)


def test_everybody_is_hung_up_on_where_the_moderator_is_not_in() -> None:
    """At once by hand; whose request got no answer yet cannot be."""
    asked = member(CallState.PLACING, attempt(uuid=None))
    ringing = member(CallState.LIVE, attempt(Fact.RINGING), moderates=True)
    ended = conference(ringing, GUEST_IN, GUEST_LEFT, asked, over_at=NOW, over_reason=BY_HAND)

    assert [ringing, GUEST_IN] == ended.to_hang_up(NOW)


def test_a_cancelled_conference_is_over_once_nobody_is_up() -> None:
    """Whoever was paused is not."""
    assert conference(GUEST_LEFT, state=CampaignState.CANCELLED).is_over
    assert not conference(GUEST_LEFT, state=CampaignState.PAUSED).is_over
    assert "the moderator was not reached" == conference(CHAIR_MISSED, state=CampaignState.COMPLETED).reason
