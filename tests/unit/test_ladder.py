"""What follows from the facts of an escalation, in whatever order they come and whenever somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.escalations.duties import ByHand, Duty, PersonState, pressed_at
from dialer.escalations.escalation import Advance, EscalationScript, Plan
from dialer.escalations.ladder import UNSETTLED, Escalation, Why
from dialer.model import Attempt, Call, Event, NewCall, Priority, UnknownPolicy
from dialer.states import CallState, CampaignState
from tests.fakes.alarm import SCRIPT, WAIT_S, person, plan
from tests.fakes.clock import START_MS
from tests.fakes.engine import draft

START = moment(START_MS)
NAMES = ("ann", "bob", "cas", "dan")
SPOKEN = EscalationScript.from_dict(SCRIPT, default_language="en-GB")
CAMPAIGN = draft(
    kind="escalation",
    script=SCRIPT,
    state=CampaignState.RUNNING,
    priority=Priority.URGENT,
    unknown=UnknownPolicy.HOLD,
    expires_at=START + timedelta(hours=2),
)
steps = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(" ".join), min_size=1, max_size=3
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan of these people."""
    told = draw(steps)
    needed = draw(st.integers(1, len({name for step in told for name in step.split()})))
    return plan(*told, needed=needed, repeat=draw(st.integers(1, 2)), advance=draw(st.sampled_from(list(Advance))))


def attempt(*facts: Fact, number: int = 1, at: datetime = START, disposition: Disposition | None = None) -> Attempt:
    """An attempt of which so much is known."""
    pressed = (Event(kind="input", at=at, received_at=at),) if Fact.CONFIRMED in facts else ()
    return Attempt(
        id=f"c1-1-{number}", number=number, state="", placed_at=at, uuid="u", result="placed", facts=frozenset(facts),
        disposition=disposition, figures={"keys:0": "2 1"} if pressed else {}, events=pressed,
    )  # fmt: skip


def duty(new: NewCall, state: CallState, *attempts: Attempt, disposition: Disposition | None = None) -> Duty:
    """A call that stands so."""
    call = Call(
        id="c1-1", campaign_id="c1", number=new.number, external_id=new.external_id, variables=new.variables,
        state=state, due_at=None, disposition=disposition, ended_at=None, attempts=len(attempts),
    )  # fmt: skip
    return Duty(call, attempts)


def seen(made: Plan, *duties: Duty, opened: int = 1, **campaign: Any) -> Escalation:
    """An escalation whose steps began at once, one after the other."""
    own = replace(CAMPAIGN, **campaign)
    return Escalation(own, SPOKEN, made, (START,) * opened, {}, duties)


@dataclass
class World:
    """A plain account of one escalation, which a test moves, and which is looked at as the watch does."""

    plan: Plan
    now: datetime = START
    opened: list[datetime] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    by_hand: dict[str, ByHand] = field(default_factory=dict)
    over: Why | None = None

    @property
    def seen(self) -> Escalation:
        """As it is now."""
        return Escalation(CAMPAIGN, SPOKEN, self.plan, tuple(self.opened), self.by_hand, tuple(self.duties))

    def look(self) -> None:
        """What the watch does with it, judged."""
        before = self.seen
        self.over = before.why_over(self.now)
        assert (self.over is Why.CONFIRMED) == (len(self.confirmed) >= self.plan.needed)
        if self.over is None:
            self._end(before)
            self._open()
            self._call()

    @property
    def confirmed(self) -> set[str]:
        """Who has, by hand or key."""
        return set(self.by_hand) | {one.key for one in self.duties if one.confirming}

    def _end(self, before: Escalation) -> None:
        for one in before.to_end(self.now):
            outlasted = one.opening != before.on or self.now >= (before.next_at or self.now)
            assert one.waits
            assert one.key in self.confirmed or (one.call.attempts and outlasted)
            self.put(one, CallState.DONE)

    def _open(self) -> None:
        number = self.seen.opens(self.now)
        if number is not None:
            assert len(self.opened) + 1 == number <= self.plan.openings
            self.opened.append(self.now)

    def _call(self) -> None:
        for new in self.seen.to_add(self.now):
            key = new.external_id or new.number
            assert key not in self.confirmed, "who has confirmed is not called again"
            assert not any(one.is_in_flight for one in self.duties if one.key == key), "nobody is called twice at once"
            fresh = duty(new, CallState.WAITING)
            assert fresh.opening == self.seen.on
            assert fresh.opening not in [one.opening for one in self.duties if one.key == key], "once in each step"
            self.duties.append(fresh)

    def put(self, one: Duty, state: CallState, *attempts: Attempt) -> None:
        """Let a call stand so."""
        tried = attempts or one.attempts
        place = next(nth for nth, other in enumerate(self.duties) if other is one)
        call = replace(one.call, state=state, attempts=len(tried))
        self.duties[place] = Duty(call, tried)

    def happen(self, what: str, which: int) -> None:
        """Something happens to one of the calls in flight."""
        flying = [one for one in self.duties if one.is_in_flight]
        if not flying:
            return
        one = flying[which % len(flying)]
        facts, state = _HAPPENINGS[what]
        self.put(one, state, *one.attempts, attempt(*facts, number=len(one.attempts) + 1, at=self.now))


_HAPPENINGS = {
    "rejects": ((Fact.REJECTED,), CallState.DONE),
    "is busy": ((Fact.BUSY,), CallState.WAITING),
    "rings": ((Fact.RINGING,), CallState.LIVE),
    "listens": ((Fact.ANSWERED,), CallState.LIVE),
    "confirms": ((Fact.ANSWERED, Fact.CONFIRMED), CallState.LIVE),
    "hangs up": ((Fact.ANSWERED, Fact.TALKED), CallState.DONE),
}
moves = st.lists(
    st.tuples(st.sampled_from([*_HAPPENINGS, "by hand", ""]), st.integers(0, 9), st.integers(0, 200)), max_size=25
)


@given(made=plans(), told=moves)
def test_every_run_keeps_the_rules_and_ends(made: Plan, told: list[tuple[str, int, int]]) -> None:
    """Nobody is called twice at once or after his key, every step comes in its turn, and some end comes."""
    world = World(made)
    for what, which, seconds in told:
        world.look()
        if what == "by hand":
            world.by_hand.setdefault(
                NAMES[which % len(NAMES)] if which else next(iter(made.people)), ByHand(world.now, None)
            )
            world.by_hand = {key: said for key, said in world.by_hand.items() if key in made.people}
        elif what:
            world.happen(what, which)
        world.now += timedelta(seconds=seconds)
    while world.over is None:
        # From here on everybody rejects the call.
        for one in [one for one in world.duties if one.is_in_flight]:
            world.put(one, CallState.DONE, *one.attempts, attempt(Fact.REJECTED, at=world.now))
        world.look()
        world.now += timedelta(seconds=60)
        assert world.now < START + timedelta(hours=4)
    ended = world.seen
    reached = {one.person.key for one in ended.confirmations}
    assert (world.confirmed, len(reached)) == (reached, len(ended.confirmations))
    if world.over is Why.EXHAUSTED:
        called = {(one.opening, one.key) for one in world.duties}
        skipped = [key for key in made.people if key not in reached and key not in {key for _, key in called}]
        assert (made.openings, []) == (len(world.opened), skipped), "everybody had a chance"


@given(told=st.permutations(NAMES), late=st.sets(st.sampled_from(NAMES)))
def test_order_of_the_calls_changes_nothing(told: list[str], late: set[str]) -> None:
    """Who has confirmed, and in which order, follows from when, not from where the calls stand."""
    made = plan(" ".join(NAMES), needed=2)
    at = {name: START + timedelta(seconds=NAMES.index(name) + (60 if name in late else 0)) for name in NAMES}
    duties = [duty(person(n).call(1, 1), CallState.LIVE, attempt(Fact.CONFIRMED, at=at[n])) for n in told]
    confirmed = [one.person.key for one in seen(made, *duties).confirmations]
    assert sorted(NAMES, key=lambda name: at[name]) == confirmed


def test_key_and_moment_are_those_of_the_last_answer() -> None:
    """Of all keys that were pressed the last one confirmed; a second confirmation of one person counts for nothing."""
    later = START + timedelta(seconds=9)
    first = duty(person("ann").call(1, 1), CallState.DONE, attempt(Fact.CONFIRMED, at=later))
    again = duty(person("ann").call(1, 2), CallState.LIVE, attempt(Fact.CONFIRMED))
    (one,) = seen(plan("ann", repeat=2), first, again).confirmations
    assert (START, "1", False) == (one.at, one.key, one.by_hand)


@pytest.mark.parametrize(
    ("state", "attempts", "disposition", "expected"),
    [
        (CallState.WAITING, (), None, PersonState.WAITING),
        (CallState.CLAIMED, (), None, PersonState.WAITING),
        (CallState.WAITING, (attempt(Fact.BUSY),), None, PersonState.WAITING),
        (CallState.PLACING, (attempt(),), None, PersonState.RINGING),
        (CallState.PLACING, (), None, PersonState.RINGING),  # begun since its attempts were read
        (CallState.LIVE, (attempt(Fact.RINGING),), None, PersonState.RINGING),
        (CallState.LIVE, (attempt(Fact.ANSWERED),), None, PersonState.LISTENING),
        (CallState.LIVE, (attempt(Fact.MACHINE, Fact.ANSWERED),), None, PersonState.VOICEMAIL),
        (CallState.LIVE, (attempt(Fact.CONFIRMED),), None, PersonState.CONFIRMED),
        (CallState.DONE, (attempt(Fact.CONFIRMED, Fact.TALKED),), Disposition.CONFIRMED, PersonState.CONFIRMED),
        (
            CallState.DONE,
            (attempt(Fact.TALKED, disposition=Disposition.ANSWERED),),
            Disposition.ANSWERED,
            PersonState.DECLINED,
        ),
        (
            CallState.DONE,
            (attempt(Fact.BUSY, disposition=Disposition.BUSY),),
            Disposition.CANCELLED,
            PersonState.NOT_REACHED,
        ),
        (CallState.DONE, (), Disposition.CANCELLED, PersonState.NOT_CALLED),
        (CallState.DONE, (), Disposition.SUPPRESSED, PersonState.NOT_CALLED),
    ],
)
def test_how_a_person_stands(
    state: CallState, attempts: tuple[Attempt, ...], disposition: Disposition | None, expected: PersonState
) -> None:
    """It follows from where the calls stand and what is known of their attempts."""
    one = duty(person("ann").call(1, 1), state, *attempts, disposition=disposition)
    assert expected is seen(plan("ann"), one).state_of("ann")


def test_how_a_person_stands_is_told_in_these_words() -> None:
    """In the API, on the command line and in the page."""
    assert [
        *("waiting", "ringing", "listening", "confirmed", "declined", "voicemail", "not_reached", "not_called")
    ] == list(PersonState)


def test_the_key_was_pressed_when_the_last_was_asked_for() -> None:
    """Of the answers to questions the latest, in whatever order they came; nobody knows where none did."""
    pressed = attempt(Fact.CONFIRMED)
    events = [
        Event(kind=kind, at=None, received_at=START + timedelta(seconds=at))
        for kind, at in (("input", 5), ("answer_fetched", 7), ("input", 3), ("completed", 9))
    ]

    assert START + timedelta(seconds=7) == pressed_at(replace(pressed, events=tuple(events)))
    assert None is pressed_at(replace(pressed, events=tuple(events[3:])))


def test_person_of_a_step_to_come_waits_until_it_is_over() -> None:
    """Whose turn has not come waits; when it is over he was not called."""
    made = plan("ann", "bob")
    assert PersonState.WAITING is seen(made).state_of("bob")
    assert PersonState.NOT_CALLED is seen(made, over_at=START, over_reason="confirmed").state_of("bob")


def test_who_made_it_enough_is_not_late() -> None:
    """Whatever two processes' clocks say: the confirmations that ended it came in time, those after them did not."""
    at = START + timedelta(seconds=1)
    duties = [duty(person(n).call(1, 1), CallState.LIVE, attempt(Fact.CONFIRMED, at=at)) for n in ("ann", "bob")]
    ended = seen(plan("ann bob"), *duties, over_at=START, over_reason="confirmed")
    assert [False, True] == [one.late for one in ended.confirmations]
    expired = seen(plan("ann bob"), *duties, over_at=START, over_reason="expired")
    assert [True, True] == [one.late for one in expired.confirmations]


@pytest.mark.parametrize(
    ("campaign", "reason"),
    [
        ({"state": CampaignState.CANCELLED}, Why.BY_HAND),
        ({"state": CampaignState.COMPLETED}, Why.EXPIRED),
        ({"over_at": START, "over_reason": "exhausted"}, Why.EXHAUSTED),
    ],
)
def test_reason_where_nobody_said_it(campaign: dict[str, Any], reason: Why) -> None:
    """One that ended as the campaign that it is has a reason, too."""
    assert reason is seen(plan("ann"), **campaign).reason


ANN_RINGS = duty(person("ann").call(1, 1), CallState.LIVE, attempt(Fact.RINGING))
ANN_BUSY = duty(person("ann").call(1, 1), CallState.WAITING, attempt(Fact.BUSY))
ANN_REJECTED = duty(person("ann").call(1, 1), CallState.DONE, attempt(Fact.REJECTED))
ANN_CONFIRMED = duty(person("ann").call(1, 1), CallState.LIVE, attempt(Fact.CONFIRMED))
BOB_IN_LINE = duty(person("bob").call(1, 1), CallState.WAITING)
AWAY = START + timedelta(seconds=WAIT_S)
JUST_BEFORE = AWAY - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("made", "duties", "now", "expected"),
    [
        (plan("ann", "bob"), [], START, None),
        (plan("ann", "bob"), [ANN_RINGS], JUST_BEFORE, None),
        (plan("ann", "bob"), [ANN_RINGS], AWAY, 2),
        (plan("ann", "bob"), [ANN_REJECTED], START, 2),
        (plan("ann cas", "bob"), [ANN_REJECTED], START, None),
        (plan("ann", "bob", advance=Advance.AFTER_WAIT), [ANN_REJECTED], JUST_BEFORE, None),
        (plan("ann", "bob", advance=Advance.AFTER_WAIT), [ANN_REJECTED], AWAY, 2),
        (plan("ann", "bob", needed=2), [ANN_CONFIRMED], START, 2),
        (plan("ann", "bob"), [ANN_CONFIRMED], AWAY, None),
        (plan("ann"), [ANN_REJECTED], AWAY, None),
        (plan("ann", repeat=2), [ANN_REJECTED], AWAY, 2),
    ],
)
def test_the_next_step_begins(made: Plan, duties: list[Duty], now: datetime, expected: int | None) -> None:
    """After its wait, or as soon as nobody of it can confirm; not once enough have, and not after the last."""
    assert expected == seen(made, *duties).opens(now)


def test_the_first_step_begins_at_once() -> None:
    """While the campaign runs, and its end has not come."""
    made = plan("ann")

    assert 1 == seen(made, opened=0).opens(START)
    assert (None, None) == (seen(made, opened=0).on, seen(made, opened=0).next_at)
    assert AWAY == seen(made).next_at
    for campaign in (
        {"state": CampaignState.PAUSED}, {"state": CampaignState.DRAFT}, {"expires_at": START}, {"over_at": START},
    ):  # fmt: skip
        assert None is seen(made, opened=0, **campaign).opens(START)
        assert [] == seen(made, **campaign).to_add(START)


@pytest.mark.parametrize(
    ("duties", "now", "opened", "expected"),
    [
        ([], START, 1, Why.EXPIRED),
        ([ANN_RINGS], START, 1, None),
        ([ANN_CONFIRMED], START, 1, Why.CONFIRMED),
        ([ANN_REJECTED], START, 1, Why.EXHAUSTED),
        ([ANN_RINGS], AWAY, 1, None),
        ([ANN_REJECTED], START, 0, None),
    ],
)
def test_why_it_is_over(duties: list[Duty], now: datetime, opened: int, expected: Why | None) -> None:
    """Enough have confirmed, its end has come, or all were called in vain and nobody is on the phone."""
    ends = now if expected is Why.EXPIRED else AWAY + timedelta(seconds=1)
    one = seen(plan("ann"), *duties, opened=opened, expires_at=ends)

    assert expected is one.why_over(now)
    assert None is seen(plan("ann"), *duties, over_at=START).why_over(now)
    assert None is seen(plan("ann"), *duties, state=CampaignState.DRAFT).why_over(now)


def test_a_call_is_added_for_whoever_lacks_one() -> None:
    """Of the step that is on, while it is: not to who has confirmed or is called anyway, and once only."""
    made = plan("ann bob cas", "dan", needed=3)
    duties = (ANN_CONFIRMED, duty(person("bob").call(1, 1), CallState.DONE, attempt(Fact.REJECTED)))

    assert [person("cas").call(1, 1)] == seen(made, *duties).to_add(START)
    assert [] == seen(made, *duties).to_add(AWAY)
    assert [person("dan").call(2, 1)] == seen(made, *duties, opened=2).to_add(START)
    assert [] == seen(made, *duties, opened=0).to_add(START)


def test_calls_in_line_that_are_needless() -> None:
    """Redials of a step that is over, and any to who has confirmed; whom nobody called yet is called all the same."""
    made = plan("ann bob", "ann", needed=2)
    bob_confirmed = duty(person("bob").call(1, 1), CallState.LIVE, attempt(Fact.CONFIRMED))
    bob_again = duty(person("bob").call(1, 2), CallState.WAITING)

    assert [] == seen(made, ANN_BUSY, BOB_IN_LINE).to_end(JUST_BEFORE)
    assert [ANN_BUSY] == seen(made, ANN_BUSY, BOB_IN_LINE).to_end(AWAY)
    assert [ANN_BUSY] == seen(made, ANN_BUSY, BOB_IN_LINE, opened=2).to_end(START)
    assert [bob_again] == seen(made, bob_confirmed, bob_again).to_end(START)
    assert [] == seen(made, ANN_BUSY, over_at=START).to_end(AWAY)


def test_how_far_it_is() -> None:
    """Paused and drafted as the campaign is; over since it was said, or since the campaign ended."""
    made, later = plan("ann"), START + timedelta(seconds=7)

    assert ["draft", "running", "paused", "over", "over", "over"] == [
        seen(made, **campaign).state
        for campaign in (
            {"state": CampaignState.DRAFT}, {}, {"state": CampaignState.PAUSED}, {"over_at": START},
            {"state": CampaignState.COMPLETED}, {"state": CampaignState.CANCELLED},
        )
    ]  # fmt: skip
    assert later == seen(made, state=CampaignState.COMPLETED, ended_at=later).over_at
    assert START == seen(made, state=CampaignState.COMPLETED, ended_at=later, over_at=START).over_at
    assert (None, None) == (seen(made, ended_at=later).over_at, seen(made).reason)
    assert {Why.EXHAUSTED, Why.EXPIRED} == UNSETTLED


def test_whoever_confirms_after_the_end_is_late() -> None:
    """At the desk or by key; nobody of no plan counts."""
    late = START + timedelta(seconds=1)
    ended = replace(
        seen(plan("ann bob"), ANN_CONFIRMED, over_at=START),
        by_hand={"bob": ByHand(late, None), "x": ByHand(late, None)},
    )

    assert [("ann", False), ("bob", True)] == [(one.person.key, one.late) for one in ended.confirmations]
    assert [False, False] == [one.late for one in replace(ended, campaign=CAMPAIGN).confirmations]


def test_person_of_a_later_round_is_still_to_come() -> None:
    """Whoever rejected the call waits for the next round; not once there is none."""
    assert PersonState.WAITING is seen(plan("ann", "bob", repeat=2), ANN_REJECTED).state_of("ann")
    assert PersonState.WAITING is not seen(plan("ann", "bob"), ANN_REJECTED).state_of("ann")
    assert PersonState.WAITING is seen(plan("ann bob"), ANN_REJECTED).state_of("bob")
    assert PersonState.WAITING is not seen(plan("ann", "bob"), ANN_REJECTED, over_at=START).state_of("bob")
