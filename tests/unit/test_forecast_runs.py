"""The virtual run: the order of the line, hours, redials and ends, on amounts of people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.dispositions import Disposition
from dialer.forecast import Brake, Line, Lot, Money, Plan, Range, Rates, Skip, is_possible, look_ahead, problems_of
from dialer.forecast.remedies import _widened
from dialer.forecast.run import run
from dialer.model import Breaker, Redial
from dialer.window_text import parse_windows
from tests.fakes.clock import START_MS

START = START_MS / 1000  # nine in the morning in Amsterdam
HOUR_S = 3600
AMSTERDAM, LONDON = ("Europe/Amsterdam",), ("Europe/London",)
EVERYBODY = Rates.default(talk_s=20, ringing_timer_s=45).given({Disposition.ANSWERED: 1.0}, ring_s=10)
NOBODY = Rates.default(talk_s=20, ringing_timer_s=45).given({Disposition.BUSY: 1.0})
MIXED = Rates.default(talk_s=20, ringing_timer_s=45)
CALL_S = 30


def line(people: float = 300, **fields: Any) -> Line:
    """A campaign in which everybody answers, but for the fields given."""
    plain: dict[str, Any] = {"id": "c1", "urgency": 2, "rates": EVERYBODY, "lots": (Lot(START, people),)}
    return Line(**(plain | fields))


def plan(asked: Line, *others: Line, calls_per_second: float = 3) -> Plan:
    """A campaign and what runs beside it, without margin."""
    return Plan(line=asked, others=others, starts=START, calls_per_second=calls_per_second)


def finished_s(planned: Plan, *, side: int = 0, chance: float = 0.5) -> float:
    """Seconds until nobody is left."""
    finished = run(planned, side=side).finished(chance)
    assert finished is not None
    return finished - START


@pytest.mark.parametrize("people", [1, 20, 300, 100_000, 1_000_000])
def test_list_takes_its_calls_by_the_budget(people: int) -> None:
    """So many calls at three a second, and the last of them talks to its end."""
    assert people / 3 + CALL_S == pytest.approx(finished_s(plan(line(people))), rel=0.001)


def test_campaigns_of_a_class_share_the_budget() -> None:
    """Beside one as large, and one that is larger, each gets a third."""
    others = (line(300, id="c2"), line(10_000, id="c3"))
    assert 300 + CALL_S == pytest.approx(finished_s(plan(line(300), *others)), rel=0.01)


def test_small_campaign_gets_its_share_beside_a_large_one() -> None:
    """Twenty calls beside a hundred thousand take twice as long as alone, no more."""
    assert 40 / 3 + CALL_S == pytest.approx(finished_s(plan(line(20), line(100_000, id="c2"))), rel=0.02)


def test_weight_is_the_share() -> None:
    """With twice the weight it gets two of three tokens."""
    assert 150 + CALL_S == pytest.approx(finished_s(plan(line(300, weight=2.0), line(10_000, id="c2"))), rel=0.01)


@pytest.mark.parametrize(("urgency", "seconds"), [(1, 300), (2, 200), (3, 100)])
def test_urgent_campaigns_go_first(urgency: int, seconds: float) -> None:
    """All urgent calls go before those of our campaign, the background ones after them."""
    beside = line(600, id="c2", urgency=urgency)
    assert seconds + CALL_S == pytest.approx(finished_s(plan(line(300), beside)), rel=0.01)


def test_connects_take_their_tokens() -> None:
    """A script that makes one call more takes two tokens."""
    assert 200 + CALL_S == pytest.approx(finished_s(plan(line(300, tokens=2))), rel=0.01)


def test_own_limits_are_kept() -> None:
    """One call a second takes three times as long as three; so do thirty slots for half a minute, once all are used."""
    assert 300 + CALL_S == pytest.approx(finished_s(plan(line(300, calls_per_second=1.0))), rel=0.01)
    assert 285 + CALL_S == pytest.approx(finished_s(plan(line(300, slots=30))), rel=0.01)


def test_slots_of_the_trunk_are_shared() -> None:
    """Thirty slots for two campaigns of thirty seconds a call: each gets a call every two seconds."""
    planned = replace(plan(line(300), line(300, id="c2")), slots=30)
    assert 600 - 15 + CALL_S == pytest.approx(finished_s(planned), rel=0.02)


def test_caps_of_a_number_hold_redials_back() -> None:
    """An hour between two tries goes before a wait of a minute; two tries a day put the third on the next day."""
    busy = {"rates": NOBODY, "redial": {Disposition.BUSY: Redial(2, 60_000)}}
    spaced = finished_s(plan(line(3, spacing_s=HOUR_S, **busy)))
    capped = finished_s(plan(line(3, most_a_day=2, **busy)))

    assert 2 * HOUR_S == pytest.approx(spaced, rel=0.01)
    assert 24 * HOUR_S + 62 == pytest.approx(capped, rel=0.01)


def test_closed_hours_are_waited_for() -> None:
    """What does not fit into an hour goes on when it opens again, without the last second of each."""
    hours = line(600, windows=parse_windows("09:00-09:02 11:00-12:00"), zones=(AMSTERDAM,))
    assert 2 * HOUR_S + (600 - 119 * 3) / 3 + CALL_S == pytest.approx(finished_s(plan(hours)), rel=0.001)


def test_cohorts_open_each_on_its_own_clock() -> None:
    """Who is in London is called an hour later than who is in Amsterdam."""
    windows = parse_windows("09:00-10:00")
    lots = (Lot(START, 300, cohort=0), Lot(START, 300, cohort=1))
    both = line(lots=lots, windows=windows, zones=(AMSTERDAM, LONDON))
    outcome = run(plan(both))

    assert HOUR_S + 100 + CALL_S == pytest.approx(finished_s(plan(both)), rel=0.001)
    assert [300, 300] == [pytest.approx(calls, rel=0.01) for calls in outcome.by_hour.values()]


def test_redials_follow_their_waits() -> None:
    """Busy all day: the first try, one after five minutes, one after ten, and then no more."""
    busy = line(30, rates=NOBODY, redial={Disposition.BUSY: Redial(2, 300_000, 200)})
    outcome = run(plan(busy))

    assert 90 == pytest.approx(outcome.attempts)
    assert 30 == pytest.approx(outcome.ended[Disposition.BUSY])
    assert 10 + 2 + 300 + 2 + 600 + 2 == pytest.approx(finished_s(plan(busy)), rel=0.02)


def test_redials_multiply_as_the_shares_have_it() -> None:
    """A tenth is busy: of 1,000 people 100 are called again, 10 twice."""
    rates = EVERYBODY.given({Disposition.ANSWERED: 0.9, Disposition.BUSY: 0.1})
    outcome = run(plan(line(1000, rates=rates, redial={Disposition.BUSY: Redial(2, 60_000)})))

    assert 1110 == pytest.approx(outcome.attempts, rel=1e-3)
    assert 999 == pytest.approx(outcome.ended[Disposition.ANSWERED], rel=1e-3)


def test_end_of_the_campaign_cuts_off() -> None:
    """Whoever had no turn by then was never dialed, and the campaign is over at that moment."""
    outcome = run(plan(line(600, expires=START + 100)))

    assert 300 == pytest.approx(outcome.untried["out_of_time"], abs=1)
    assert START + 100 + CALL_S == outcome.finished(0.5) or START + 100 == pytest.approx(
        outcome.finished(0.5), abs=CALL_S
    )


def test_own_ends_are_told_apart() -> None:
    """Somebody's own end before their turn is nobody's fault; a window that never opens in time is told as such."""
    own = run(plan(line(lots=(Lot(START, 300), Lot(START + 1, 300, expires=START + 50)))))
    never = run(plan(line(windows=parse_windows("12:00-13:00"), zones=(AMSTERDAM,), expires=START + HOUR_S)))

    assert 300 == pytest.approx(own.untried["own_end"])
    assert 0 == own.untried["out_of_time"]
    assert 300 == pytest.approx(never.untried["no_window"])


def test_window_that_never_opens_has_no_end() -> None:
    """Nobody can tell when a campaign ends that never opens; it is told within a moment."""
    closed = replace(parse_windows("09:00-10:00"), not_before=datetime(2030, 1, 1, tzinfo=UTC))
    assert run(plan(line(windows=closed, zones=(AMSTERDAM,)))).finished(0.5) is None
    assert look_ahead(plan(line(windows=closed, zones=(AMSTERDAM,)))).finishes is None


def test_who_is_up_is_waited_for() -> None:
    """A call that rings since five seconds ends in its own time, and counts as no new one."""
    up = line(lots=(), up=(Lot(START - 5, 1),))
    assert CALL_S - 5 == pytest.approx(finished_s(plan(up)))
    assert 0 == run(plan(up)).attempts


def test_range_holds_what_is_likely() -> None:
    """The earliest end lies before the expected one, that before the latest, and the less was seen the wider."""
    wide = look_ahead(plan(line(1000, rates=MIXED, redial={Disposition.BUSY: Redial(2, 60_000)}))).finishes
    seen = replace(MIXED, evidence=10_000)
    narrow = look_ahead(plan(line(1000, rates=seen, redial={Disposition.BUSY: Redial(2, 60_000)}))).finishes
    assert wide is not None
    assert narrow is not None

    assert wide.low < wide.expected < wide.high
    assert wide.low < narrow.low < narrow.high < wide.high


def test_all_is_told_of_a_list_that_goes_through() -> None:
    """Twenty seconds at sixty cents a minute each; suppressed people are counted, and not called."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    told = look_ahead(plan(line(300, rates=priced)), suppressed=7)
    hour = datetime.fromtimestamp(START // HOUR_S * HOUR_S, UTC)

    assert (307, (Skip("suppressed", 7),), {Disposition.ANSWERED: 300}) == (told.people, told.skipped, told.ended)
    assert Range(300, 300, 300) == told.dialed == told.attempts
    assert (Range(60.0, 60.0, 60.0), ((hour, Range(300, 300, 300)),)) == (told.cost, told.by_hour)
    assert (priced, None, 0) == (told.rates, told.stops, told.breaker_opens)
    assert told.finishes is not None
    assert START + 100 + CALL_S == pytest.approx(told.finishes.expected.timestamp(), abs=2)


def test_cost_is_as_sure_as_who_picks_up() -> None:
    """Of each the part that talks, with the breadth of a binomial draw; no price, no cost."""
    told = look_ahead(plan(line(1000, rates=replace(MIXED, price_per_minute=0.6, evidence=inf))))

    assert told.cost is not None
    assert 1000 * 0.6 * 20 / 60 * 0.6 == pytest.approx(told.cost.expected, rel=0.001)
    deviation = 1.645 * (0.6 * 0.4 / 1000) ** 0.5 / 0.6
    assert (1 - deviation, 1 + deviation) == (
        pytest.approx(told.cost.low / told.cost.expected, rel=0.001),
        pytest.approx(told.cost.high / told.cost.expected, rel=0.001),
    )
    assert look_ahead(plan(line(10))).cost is None


def test_a_stop_is_told_with_who_is_left() -> None:
    """It has no end then."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    told = look_ahead(plan(line(300, rates=priced, money=Money(total=30.0, reserve=0.2))))

    assert told.stops is not None
    assert ("no_money", 150, None) == (told.stops.reason, told.stops.people, told.finishes)
    assert 50 + CALL_S == pytest.approx(told.stops.at.expected.timestamp() - START, rel=0.02)
    assert told.stops.at.low <= told.stops.at.expected <= told.stops.at.high
    assert (Skip("no_money", 150),) == told.skipped


def test_empty_campaign_is_done() -> None:
    """Nobody left: done now, and possible."""
    outlook = look_ahead(plan(line(lots=())))
    assert outlook.finishes is not None
    assert (START, 0, ()) == (outlook.finishes.expected.timestamp(), outlook.attempts.expected, outlook.skipped)


REDIALS = st.dictionaries(
    st.sampled_from([Disposition.BUSY, Disposition.NO_ANSWER, Disposition.REJECTED]),
    st.builds(Redial, st.integers(1, 3), st.integers(1_000, 7_200_000), st.integers(100, 300)),
    max_size=3,
)
EXPIRES = st.one_of(st.just(inf), st.floats(START + 60, START + 30 * HOUR_S))
WINDOWS = st.sampled_from([None, "09:00-10:00", "mo-fr=09:30-17:00", "10:00-10:05 15:00-16:00", "22:00-02:00"])


@st.composite
def lines(draw: st.DrawFn, name: str = "c1") -> Line:
    """Any campaign."""
    told = draw(WINDOWS)
    windows = parse_windows(told) if told else None
    zones = (AMSTERDAM, LONDON) if windows else ((),)
    lots = tuple(
        Lot(START, draw(st.integers(1, 3_000)), cohort=draw(st.integers(0, len(zones) - 1)))
        for _ in range(draw(st.integers(1, 3)))
    )
    return line(
        id=name, lots=lots, urgency=draw(st.integers(1, 3)), rates=MIXED, redial=draw(REDIALS), expires=draw(EXPIRES),
        max_tries=draw(st.one_of(st.none(), st.integers(1, 4))), windows=windows, zones=zones,
        tokens=draw(st.integers(1, 2)), weight=draw(st.sampled_from([0.5, 1.0, 3.0])),
    )  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(asked=lines(), beside=lines("c2"))
def test_everybody_is_accounted_for(asked: Line, beside: Line) -> None:
    """Whoever was dialed and whoever never was add up to all, and so do the ways in which calls end."""
    outcome = run(plan(asked, beside))
    untried = sum(outcome.untried.values())

    assert asked.people == pytest.approx(outcome.first_tries + untried, rel=1e-3, abs=0.1)
    assert asked.people == pytest.approx(sum(outcome.ended.values()) + untried, rel=1e-3, abs=0.1)
    assert outcome.attempts == pytest.approx(sum(outcome.by_hour.values()))
    assert outcome.attempts >= outcome.first_tries - 1e-6


@settings(max_examples=60, deadline=None, derandomize=True)
@given(asked=lines(), beside=lines("c2"), times=st.floats(1.05, 20))
def test_more_budget_never_ends_later(asked: Line, beside: Line, times: float) -> None:
    """With more calls a second nobody waits longer, and nobody who was dialed in time is not."""
    slow, fast = (run(plan(asked, beside, calls_per_second=rate)) for rate in (3, 3 * times))
    if not (asked.redial and (asked.windows or beside.windows)):
        # Whoever is dialed earlier may be busy earlier, and his redial may then come when it is closed.
        _never_later(slow.finished(0.5), fast.finished(0.5), asked.expires)

    assert sum(fast.untried.values()) <= sum(slow.untried.values()) + 0.01 * asked.people + 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(asked=lines(), minutes=st.integers(1, 600))
def test_wider_windows_never_end_later(asked: Line, minutes: int) -> None:
    """With longer hours nobody waits longer, and nobody who was dialed in time is not."""
    if asked.windows is None:
        return
    narrow = run(plan(asked))
    wide = run(plan(replace(asked, windows=_widened(asked.windows, minutes))))
    if not asked.redial:  # as above
        _never_later(narrow.finished(0.5), wide.finished(0.5), asked.expires)

    assert sum(wide.untried.values()) <= sum(narrow.untried.values()) + 0.01 * asked.people + 1


def _never_later(before: float | None, after: float | None, expires: float) -> None:
    """But for a step of the virtual clock, and for those who got a turn just before the end and talk beyond it."""
    if before is None:
        return
    assert after is not None
    assert after <= before + 0.02 * (before - START) + 2 or after <= expires + 60


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    people=st.integers(300, 20_000), hours=st.sampled_from([None, "09:00-10:00", "10:00-10:20"]),
    life_h=st.floats(0.01, 30),
)  # fmt: skip
def test_remedies_are_the_least_that_mend(people: int, hours: str | None, life_h: float) -> None:
    """Each change makes the plan possible; a step less of it does not."""
    windows = parse_windows(hours) if hours else None
    asked = line(people, windows=windows, zones=(AMSTERDAM,) if hours else ((),), expires=START + life_h * HOUR_S)
    for problem in problems_of(plan(asked)):
        for change in problem.changes:
            assert is_possible(changed(asked, change.field, change.value))
            assert not is_possible(changed(asked, change.field, change.value, less=True))


def changed(asked: Line, name: str, value: str | float, *, less: bool = False) -> Plan:
    """The plan with a change, or with a step less of it."""
    if name == "expires_at":
        ends = datetime.fromisoformat(str(value)).timestamp()
        return plan(replace(asked, expires=ends - 60 * less))
    if name == "windows":
        assert asked.windows is not None
        return plan(replace(asked, windows=_widened(asked.windows, int(value) - less)))
    return plan(asked, calls_per_second=float(value) - 0.1 * less)


def test_money_ends_for_good() -> None:
    """Twenty cents a call: with thirty euros 150 of 300 people are called, half a minute behind whom the rest stays."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    outcome = run(plan(line(300, rates=priced, money=Money(total=30.0, reserve=0.2))))

    assert outcome.stopped is not None
    at, reason, left = outcome.stopped
    assert "no_money" == reason
    assert 150 == pytest.approx(outcome.attempts, abs=1)
    assert 50 + CALL_S == pytest.approx(at - START, rel=0.02)
    assert 150 == pytest.approx(left, abs=1) == pytest.approx(outcome.untried["no_money"], abs=1)
    assert outcome.finished(0.5) is None


def test_money_of_a_day_goes_on_after_midnight() -> None:
    """A hundred calls each day: what is left goes on at the next midnight (UTC)."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    planned = plan(line(250, rates=priced, money=Money(day=20.0, reserve=0.2, spent_today=10.0)))
    to_midnight = 86_400 - START % 86_400

    assert to_midnight + 86_400 + 100 / 3 + CALL_S == pytest.approx(finished_s(planned), rel=0.001)


def test_money_is_kept_to_at_a_campaigns_own_pace() -> None:
    """One call a second for more than an hour: the last step is not longer than the money lasts."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    slow = line(10_000, rates=priced, calls_per_second=1.0, money=Money(total=1000.0, reserve=0.2))

    assert 5_000 == pytest.approx(run(plan(slow)).attempts, abs=1)


def test_money_reserved_limits_the_calls_that_are_up() -> None:
    """A euro is reserved for each call that costs twenty cents: with ten euros ten are up at the same time at first."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    outcome = run(plan(line(300, rates=priced, money=Money(total=10.0, reserve=1.0))))

    assert outcome.stopped is not None
    assert 46 == pytest.approx(outcome.attempts, abs=2)
    assert outcome.stopped[0] - START > 46 / 10 * CALL_S


def test_failures_open_the_breaker_now_and_then() -> None:
    """Half of the attempts fail: five of ten opens it again and again; without failures it never does."""
    failing = MIXED.given({Disposition.FAILED: 0.5, Disposition.ANSWERED: 0.5})
    breaker = Breaker(failures=5, of=10, wait_ms=60_000)
    opened = run(plan(line(300, rates=failing, brake=Brake(breaker))))
    by_hand = run(plan(line(300, rates=failing, brake=Brake(replace(breaker, resume="person")))))
    never = run(plan(line(300, brake=Brake(breaker))))

    assert opened.opened > 10
    assert 0 == never.opened
    assert by_hand.stopped is not None
    assert "breaker" == by_hand.stopped[1]
    assert 290 == pytest.approx(by_hand.stopped[2], abs=5)


def test_open_breaker_is_waited_for() -> None:
    """It is open for a minute more, and after that three probes go out, one by one."""
    brake = Brake(Breaker(failures=5, of=10, wait_ms=60_000), START + 60)
    assert 60 + 3 * CALL_S + 100 + CALL_S == pytest.approx(finished_s(plan(line(300, brake=brake))), rel=0.01)


def test_numbers_that_begin_alike_get_their_share() -> None:
    """A tenth of the budget for a third of the people; the others are not held up, and urgent calls wait for nobody."""
    lots = (Lot(START, 200), Lot(START, 100, beginning="+4475"))
    shared = replace(plan(line(lots=lots)), shares={"+4475": 0.1})
    urgent = replace(plan(line(lots=lots, urgency=1)), shares={"+4475": 0.1})

    assert 100 / 0.3 + CALL_S == pytest.approx(finished_s(shared), rel=0.01)
    assert 100 + CALL_S == pytest.approx(finished_s(urgent), rel=0.01)


def test_redials_go_to_another_hour() -> None:
    """Nine in the morning (08 UTC): the next try is not before eleven UTC, the one after that not before fourteen."""
    busy = line(3, rates=NOBODY, redial={Disposition.BUSY: Redial(2, 60_000, other_hour=True)})
    assert 6 * HOUR_S == pytest.approx(finished_s(plan(busy)), rel=0.01)


def test_tries_of_other_campaigns_count() -> None:
    """Dialed an hour ago, with one try a day: in 23 hours. Twice in the week: when that is seven days ago."""
    lots = (Lot(START, 3, dialed=(START - HOUR_S,)),)
    week = (Lot(START, 3, dialed=(START - HOUR_S, START - 100 * HOUR_S)),)

    assert 23 * HOUR_S == pytest.approx(finished_s(plan(line(lots=lots, most_a_day=1))), rel=0.01)
    assert 68 * HOUR_S == pytest.approx(finished_s(plan(line(lots=week, most_a_week=2))), rel=0.01)


def test_least_euros_are_told() -> None:
    """Thirty euros for three hundred calls of twenty cents: 60 would do; who only guesses the price refuses nobody."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    short = plan(line(300, rates=priced, money=Money(total=30.0, reserve=0.2)))
    [problem] = problems_of(short)
    guessed = replace(short, line=replace(short.line, money=Money(total=30.0, reserve=0.2, is_known=False)))

    assert "no_money" == problem.code
    assert 150 == pytest.approx(problem.people, abs=1)
    assert {"euro_cap.total": 60} == {change.field: pytest.approx(change.value, abs=1) for change in problem.changes}
    assert is_possible(guessed)


def test_a_plan_out_of_time_is_told_with_what_would_do() -> None:
    """Half of them in a hundred seconds at three a second: a minute and a half later, or twice as fast."""
    [problem] = problems_of(plan(line(600, expires=START + 100)))
    ends, rate = problem.changes

    assert "out_of_time" == problem.code
    assert 300 == pytest.approx(problem.people, abs=2)
    assert problem.detail.startswith(f"{problem.people} of 600 people")
    assert ("expires_at", START + 240) == (ends.field, datetime.fromisoformat(str(ends.value)).timestamp())
    assert "calls_per_second" == rate.field
    assert 6 == pytest.approx(rate.value, abs=0.1)
    assert f"{ends.words}, or {rate.words}" == problem.remedy
    assert () == problems_of(plan(line(600)))


def test_a_window_that_comes_too_late_is_told_with_what_would_do() -> None:
    """The end is before the hours: later, or wider hours; a faster dialer would not help."""
    asked = line(300, windows=parse_windows("12:00-13:00"), zones=(AMSTERDAM,), expires=START + HOUR_S)
    [problem] = problems_of(plan(asked))

    assert ("no_window", 300) == (problem.code, problem.people)
    assert ["expires_at", "windows"] == [change.field for change in problem.changes]


def test_least_euros_of_a_day_are_told() -> None:
    """Ten euros a day are fifty calls: with an end on the same day sixty are needed for three hundred."""
    priced = EVERYBODY.given({}, price_per_minute=0.6)
    asked = line(300, rates=priced, expires=START + HOUR_S, money=Money(day=10.0, reserve=0.2))
    [problem] = problems_of(plan(asked))

    assert "euro_cap.day" == problem.changes[-1].field
    assert 60 == pytest.approx(problem.changes[-1].value, abs=1)


def test_calls_of_each_hour_are_told_with_their_range() -> None:
    """More redials at the one edge than at the other; the sums are the attempts."""
    lots = line(30_000, rates=MIXED, redial={Disposition.NO_ANSWER: Redial(2, 600_000)})
    told = look_ahead(plan(lots))

    assert all(calls.low <= calls.expected <= calls.high for _, calls in told.by_hour)
    assert told.by_hour[-1][1].high > told.by_hour[-1][1].low
    assert told.attempts.expected == pytest.approx(sum(calls.expected for _, calls in told.by_hour), abs=10)


def test_what_is_too_little_for_anybody_is_nobodys() -> None:
    """Tokens that three campaigns leave over, more than nobody together and less for each, are not shared for ever."""
    lots = tuple(Lot(START + at, 0.33329) for at in range(3))
    finished = finished_s(plan(line(lots=lots), *(line(lots=lots, id=name) for name in ("c2", "c3"))))
    assert finished == pytest.approx(3 + CALL_S, abs=1)
