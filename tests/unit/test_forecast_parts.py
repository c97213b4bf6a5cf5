"""The small parts of a virtual run, each by itself, against what a person works out: shares, slots, caps, ends."""

from __future__ import annotations

from math import inf, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dispositions import Disposition
from dialer.forecast.beginnings import Part
from dialer.forecast.holding import Holding
from dialer.forecast.line import Line, Lot
from dialer.forecast.outcome import Outcome
from dialer.forecast.slots import Slots
from dialer.model import Redial
from dialer.redialing import Tried
from tests.fakes.forecasts import EVERYBODY, HOUR_S, START, line

DAY_S = 24 * HOUR_S
NEXT = {Disposition.NO_ANSWER: Redial(1, 0, next_number=True)}


def test_a_share_gives_calls_apart_from_each_other() -> None:
    """One each two seconds, from its beginning on: at 100, 102, 104 three are gone, and the next is at 106."""
    part = Part(0.5, 100.0)
    assert [False, False, True, True] == [part.is_free(now) for now in (99.0, 99.9999, 99.9999999, 100.0)]
    assert [5, 0] == [part.most(100.0, until) for until in (110.0, 99.0)]
    part.take(100.0, 3)

    assert [False, True] == [part.is_free(now) for now in (105.9, 106.0)]
    assert [0, 2] == [part.most(100.0, until) for until in (106.0, 110.0)]


def test_a_share_saves_nothing_up_but_the_call_of_the_moment() -> None:
    """Nobody took it for twenty seconds: at 120 one call may go, and by 124 three, not twelve."""
    part = Part(0.5, 100.0)
    assert [1, 3] == [part.most(120.0, until) for until in (120.0, 124.0)]
    part.take(120.0, 1)
    assert 120 == part.free_at
    part.take(120.0, 2)
    assert 124 == part.free_at


def test_slots_give_a_call_each_time_one_has_lasted() -> None:
    """Ten slots of twenty seconds are a call each two; half of the slots are ahead of that, and never more."""
    slots = Slots(10, 20.0, 100.0)
    assert 5 + 5 == slots.most(100.0, 110.0)
    slots.take(10)

    assert 0 == slots.most(110.0, 110.0)
    assert 4 == slots.most(110.0, 118.0)
    slots.take(4)
    assert -4 + 0.5 * 3 == slots.most(113.0, 113.0)
    assert 5 == slots.most(1000.0, 1000.0)


def test_calls_that_last_no_time_need_no_slot() -> None:
    """Nothing is divided by nothing."""
    assert 1e6 == pytest.approx(Slots(1, 0.0, 0.0).most(0.0, 1.0), rel=1e-3)


@given(count=st.integers(1, 500), more=st.integers(1, 500), steps=st.lists(st.floats(0, 100), max_size=20))
def test_more_slots_never_give_fewer_calls(count: int, more: int, steps: list[float]) -> None:
    """Whoever takes all there is each time has had more of them at every moment."""
    few, many, had, now = Slots(count, 30.0, 0.0), Slots(count + more, 30.0, 0.0), [0.0, 0.0], 0.0
    for step_s in steps:
        for place, slots in enumerate((few, many)):
            taken = max(0.0, slots.most(now, now + step_s))
            slots.take(taken)
            had[place] += taken
        now += step_s
        assert had[0] <= had[1] + 1e-6
        assert had[0] <= count / 2 + now * count / 30 + 1e-6


def capped(**fields: Any) -> Holding:
    """The caps of a campaign."""
    return Holding(line(**fields))


def test_the_cap_that_holds_longest_holds_a_number() -> None:
    """An hour apart, two a day, three a week; one try, two of them ten hours apart, a third ten hours before."""
    holding = capped(spacing_s=HOUR_S, most_a_day=2, most_a_week=3)
    tries = tuple(START - hours * HOUR_S for hours in (0, 10, 20, 30))

    assert -inf == holding.free_at((), Tried())
    assert START + HOUR_S == holding.free_at(tries[:1], Tried())
    assert tries[1] + DAY_S == holding.free_at(tries[:2], Tried())
    assert tries[2] + 7 * DAY_S == holding.free_at(tries[:3], Tried())
    assert tries[:3] == holding.dialed(tries[0], tries[1:])


@pytest.mark.parametrize(
    ("caps", "kept"), [({}, 0), ({"spacing_s": 60.0}, 1), ({"most_a_day": 2}, 2), ({"most_a_week": 4}, 4)]
)
def test_only_the_tries_that_a_cap_asks_for_are_kept(caps: dict[str, float], kept: int) -> None:
    """No cap, no memory; five numbers of a person in turn, five times as much."""
    before = tuple(START - number for number in range(1, 30))

    assert (START, *before)[:kept] == capped(**caps).dialed(START, before)
    assert (START, *before)[: 5 * kept] == capped(redial=NEXT, **caps).dialed(START, before)


def test_each_number_of_a_person_has_its_tries() -> None:
    """Two numbers dialed in turn: the one that is next had the last try but one. No turns, and the last try counts."""
    dialed = (START, START - 60)
    two = Tried(numbers=2)

    assert START - 60 + HOUR_S == capped(spacing_s=HOUR_S, redial=NEXT).free_at(dialed, two)
    assert -inf == capped(spacing_s=HOUR_S, redial=NEXT).free_at(dialed[:1], two)
    assert -inf == capped(most_a_day=2, redial=NEXT).free_at(dialed, two)
    assert START + HOUR_S == capped(spacing_s=HOUR_S).free_at(dialed, two)


def test_a_run_begins_with_nothing_done() -> None:
    """Nobody was dialed, nobody ended, and nothing stopped it."""
    begun = Outcome()
    assert (0, 0, 0) == (begun.attempts, begun.first_tries, begun.last_first)
    assert (0, 0, 0) == (begun.by_hour[0], begun.ended[Disposition.BUSY], begun.untried["no_window"])
    assert (False, 0, None) == (begun.is_cut, begun.opened, begun.stopped)


def test_nobody_is_left_at_the_moment_that_is_as_likely() -> None:
    """One in ten of ten people goes on to 200: all are through at 100 in 0.9^10 = 34.9 % of all runs."""
    outcome = Outcome()
    outcome.end(100.0, 9.0, 10.0)
    outcome.end(200.0, 1.0, 10.0)

    assert [100, 100, 200, 200] == [outcome.finished(chance) for chance in (0.05, 0.348, 0.349, 0.95)]


def test_ends_of_several_parts_add_up() -> None:
    """Half of one at 300 and half of another at 200: nobody is left at 100 in a quarter of all runs, at 200 in half."""
    outcome = Outcome()
    for at, people, out_of in ((100.0, 1.0, 1.0), (200.0, 0.5, 1.0), (300.0, 0.5, 1.0)):
        outcome.end(at, people, out_of)

    assert [100, 200, 200, 300] == [outcome.finished(chance) for chance in (0.24, 0.26, 0.49, 0.51)]


def test_a_run_without_an_end_has_no_moment() -> None:
    """Nobody ended, it was cut off, or it was stopped; somebody who is hardly there ends all the same."""
    unlikely = Outcome()
    unlikely.end(200.0, 0.01, 1.0)
    unlikely.end(100.0, 0.01, 1.0)
    cut, stopped = Outcome(is_cut=True), Outcome(stopped=(50.0, "no_money", 3.0))
    for outcome in (cut, stopped):
        outcome.end(100.0, 1.0, 1.0)

    assert 100 == unlikely.finished(0.05)
    assert (None, None, None) == (Outcome().finished(0.5), cut.finished(0.5), stopped.finished(0.5))


@given(
    ends=st.lists(st.tuples(st.floats(0, 1e6), st.floats(0.01, 1)), min_size=1, max_size=8),
    chance=st.floats(0.01, 0.99),
)
def test_the_moment_told_is_the_first_that_is_likely_enough(ends: list[tuple[float, float]], chance: float) -> None:
    """The chance that nobody ends after it is at least the one asked for."""
    outcome = Outcome()
    for at, part in ends:
        outcome.end(at, part, 1.0)
    told = outcome.finished(chance)

    assert told is not None
    assert sum(log(max(1 - part, 1e-12)) for at, part in ends if at > told) >= log(chance) - 1e-6


def test_a_campaign_without_limits_has_none() -> None:
    """What is not said of a campaign, or of its people, holds nothing back."""
    bare = Line(id="c1", urgency=2, rates=EVERYBODY, lots=(Lot(START, 3), Lot(START, 4)), up=(Lot(START, 2),))

    assert 9 == bare.people
    assert (inf, 1, 1.0, 0.0) == (bare.expires, bare.tokens, bare.weight, bare.spacing_s)
    assert (inf, 0, Tried(), "", ()) == (
        bare.lots[0].expires,
        bare.lots[0].cohort,
        bare.lots[0].tried,
        bare.lots[0].beginning,
        bare.lots[0].dialed,
    )
    assert ((),) == bare.zones


def test_only_what_is_dialed_again_is_redialed() -> None:
    """A policy without a redial only says what follows."""
    policy = {Disposition.BUSY: Redial(1, 0), Disposition.REJECTED: Redial(0, 0, then="suppress")}
    assert {Disposition.BUSY} == line(redial=policy).redialed
