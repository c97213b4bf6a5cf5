"""What makes a plan impossible, and the least that would do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from dialer.dispositions import Disposition
from dialer.forecast import Line, Lot, Money, is_possible, problems_of
from dialer.forecast.remedies import _widened
from dialer.model import Redial
from dialer.window_text import parse_windows
from tests.fakes.forecasts import AMSTERDAM, CALL_S, HOUR_S, LONDON, NOBODY, PRICED, START, line, plan


def test_least_euros_are_told() -> None:
    """Thirty euros for three hundred calls of twenty cents: 60 would do; who only guesses the price refuses nobody."""
    short = plan(line(300, rates=PRICED, money=Money(total=30.0, reserve=0.2)))
    [problem] = problems_of(short)
    guessed = replace(short, line=replace(short.line, money=Money(total=30.0, reserve=0.2, is_known=False)))

    assert "no_money" == problem.code
    assert 150 == pytest.approx(problem.people, abs=1)
    assert {"euro_cap.total": 60} == {change.field: pytest.approx(change.value, abs=1) for change in problem.changes}
    assert is_possible(guessed)


def test_a_plan_out_of_time_is_told_with_what_would_do() -> None:
    """Half of them in a hundred seconds at three a second: a while later, or twice as fast."""
    [problem] = problems_of(plan(line(600, expires=START + 100)))
    ends, rate = problem.changes

    assert "out_of_time" == problem.code
    assert 300 == pytest.approx(problem.people, abs=2)
    assert problem.detail.startswith(f"{problem.people} of 600 people")
    assert ("expires_at", START + 300) == (ends.field, datetime.fromisoformat(str(ends.value)).timestamp())
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
    asked = line(300, rates=PRICED, expires=START + HOUR_S, money=Money(day=10.0, reserve=0.2))
    [problem] = problems_of(plan(asked))

    assert "euro_cap.day" == problem.changes[-1].field
    assert 60 == pytest.approx(problem.changes[-1].value, abs=1)


def told(asked: Line, *, calls_per_second: float = 3) -> dict[str, tuple[str | float, str]]:
    """The changes of the only problem: field to value and words."""
    [problem] = problems_of(plan(asked, calls_per_second=calls_per_second))
    return {change.field: (change.value, change.words) for change in problem.changes}


@pytest.mark.parametrize(
    ("people", "minutes", "rate", "ends"),
    [
        (500, 1, 4.2, "2027-01-16T08:02:00Z"),
        (600, 2, 5.1, "2027-01-16T08:03:00Z"),
        (1240, 5, 10.5, "2027-01-18T08:02:00Z"),
    ],
)
def test_least_minutes_are_told(people: int, minutes: int, rate: float, ends: str) -> None:
    """Two minutes without their last second take 357 of them at three a second, each minute more 180, each day 357."""
    windows = parse_windows("09:00-09:02")
    changes = told(line(people, windows=windows, zones=(AMSTERDAM,), expires=START + HOUR_S))

    assert (minutes, f"the windows must be open {minutes} minutes more each day") == changes["windows"]
    assert (rate, f"the dialer must have {rate:g} calls a second") == changes["calls_per_second"]
    assert (ends, f"expires_at must be {ends} at the earliest") == changes["expires_at"]


def test_least_end_is_told_in_whole_minutes() -> None:
    """Two hundred seconds from eight (UTC) on, and a minute in which to follow; a second less fits into one less."""
    assert ("2027-01-15T08:05:00Z", "expires_at must be 2027-01-15T08:05:00Z at the earliest") == told(
        line(600, expires=START + 100)
    )["expires_at"]
    assert "2027-01-15T08:04:00Z" == told(line(537, expires=START + 100))["expires_at"][0]


@pytest.mark.parametrize(("people", "slots"), [(60_000, 5), (100_000, 3)])
def test_end_of_a_campaign_of_days_is_told_too(people: int, slots: int) -> None:
    """Thirty seconds a call in few slots: what the steps of the clock leave open does not hide what would do."""
    asked = line(people, slots=slots, expires=START + 100)
    ends = datetime.fromisoformat(str(told(asked)["expires_at"][0])).timestamp()

    assert people * CALL_S / slots == pytest.approx(ends - START, rel=0.005)
    assert is_possible(plan(replace(asked, expires=ends)))


def test_least_end_is_that_of_the_least_margin() -> None:
    """Half as slow again may shrink to no margin: two hundred seconds, and a minute in which to follow."""
    [problem] = problems_of(replace(plan(line(600, expires=START + 100)), margin=0.5))

    assert "2027-01-15T08:05:00Z" == problem.changes[0].value


@pytest.mark.parametrize("people", [537, 600, 1000])
def test_who_follows_the_advice_within_a_minute_is_not_refused_again(people: int) -> None:
    """The end that is told still is enough, though less of the time is left."""
    ends = datetime.fromisoformat(str(told(line(people, expires=START + 100))["expires_at"][0])).timestamp()

    assert is_possible(replace(plan(line(people, expires=ends)), starts=START + 59))


def test_redials_of_years_do_not_hide_the_end_that_would_do() -> None:
    """Everybody is busy, fifteen times a month apart: only the first tries count."""
    monthly = {Disposition.BUSY: Redial(15, 30 * 86_400_000)}
    asked = line(600, rates=NOBODY, redial=monthly, expires=START + 100)

    assert "2027-01-15T08:05:00Z" == told(asked)["expires_at"][0]


def test_least_rate_is_told_in_tenths() -> None:
    """Whatever the budget is now; a hundred times as fast, too, for nobody asks whether the trunk can."""
    assert [6.0, 6.0, 600.0] == [
        told(line(people, expires=START + 100), calls_per_second=rate)["calls_per_second"][0]
        for people, rate in ((600, 3), (600, 3.25), (60_000, 3))
    ]


def test_what_would_not_do_is_not_told() -> None:
    """With an own pace no faster dialer helps; neither does one beyond a thousand times as fast."""
    slow = line(600, calls_per_second=3.0, expires=START + 100)
    many = line(1_000_000, expires=START + 100)

    assert ["expires_at"] == [*told(slow)]
    assert ["expires_at"] == [*told(many)]


@pytest.mark.parametrize(
    ("money", "field", "euros"),
    [
        (Money(total=30.0, reserve=0.2), "euro_cap.total", 60.0),
        (Money(total=30.5, reserve=0.2), "euro_cap.total", 60.0),
        (Money(total=0.5, reserve=0.2), "euro_cap.total", 60.0),
        (Money(total=59.0, reserve=0.2), "euro_cap.total", 60.0),
        (Money(total=30.0, day=1000.0, reserve=0.2), "euro_cap.total", 60.0),
        (Money(total=70.0, reserve=0.2, spent=20.0), "euro_cap.total", 80.0),
    ],
)
def test_least_euros_are_told_in_whole_ones(money: Money, field: str, euros: float) -> None:
    """Three hundred calls of twenty cents, besides what is spent."""
    assert (euros, f"{field} must be {euros:.2f}") == told(line(300, rates=PRICED, money=money))[field]


def test_a_day_of_money_may_be_made_up_for_by_more_days() -> None:
    """Fifty calls today, and fifty at each midnight (UTC): 16.7 seconds into the fifth day after this all have gone."""
    asked = line(300, rates=PRICED, expires=START + HOUR_S, money=Money(day=10.0, reserve=0.2))
    [problem] = problems_of(plan(asked))

    assert ("out_of_time", 250) == (problem.code, problem.people)
    assert {"expires_at": "2027-01-20T00:02:00Z", "euro_cap.day": 60.0} == {
        change.field: change.value for change in problem.changes
    }


def test_two_caps_in_euro_may_both_be_too_low() -> None:
    """Then neither is enough by itself, and neither is told."""
    asked = line(300, rates=PRICED, expires=START + HOUR_S, money=Money(total=30.0, day=20.0, reserve=0.2))
    problems = problems_of(plan(asked))

    assert [()] == [problem.changes for problem in problems]
    assert [""] == [problem.remedy for problem in problems]


def test_a_price_that_is_guessed_hides_no_other_problem() -> None:
    """What makes a plan impossible besides the money is told, and money is no remedy."""
    guessed = Money(total=30.0, reserve=0.2, is_known=False)
    asked = line(600, rates=PRICED, expires=START + 100, money=guessed)
    [problem] = problems_of(plan(asked))

    assert ("out_of_time", 300) == (problem.code, problem.people)
    assert ["expires_at", "calls_per_second"] == [change.field for change in problem.changes]


def test_a_plan_is_possible_if_all_goes_well() -> None:
    """With the least margin, and nobody who is busy before the others were dialed once."""
    tight = replace(plan(line(300, expires=START + 101)), margin=0.5)
    loose = replace(tight, least_margin=0.5)

    assert (True, False) == (is_possible(tight), is_possible(loose))


def test_people_with_an_end_of_their_own_are_no_problem() -> None:
    """No plan could be blamed for them, nor for half a person."""
    asked = line(lots=(Lot(START, 300), Lot(START + 100, 7, expires=START + 50)))
    assert is_possible(plan(asked))
    assert () == problems_of(plan(line(300.4, expires=START + 100)))
    assert 1 == problems_of(plan(line(301, expires=START + 100)))[0].people


def test_several_problems_are_each_told() -> None:
    """A hundred people of a zone that opens too late, and too many in the other; what mends both is told with each."""
    lots = (Lot(START, 600), Lot(START, 100, cohort=1))
    asked = line(lots=lots, windows=parse_windows("09:00-10:00"), zones=(AMSTERDAM, LONDON), expires=START + 100)
    late, slow = problems_of(plan(asked))

    assert ("no_window", 100) == (late.code, late.people)
    assert ("out_of_time", 300) == (slow.code, slow.people)
    assert late.changes == slow.changes
    assert "100 of 700 people are never within their hours before the campaign ends" == late.detail


@pytest.mark.parametrize(
    ("hours", "minutes", "wider"),
    [
        ("09:00-10:00", 1, "09:00-10:01"),
        ("09:00-10:00", 14 * 60, "09:00-24:00"),
        ("22:00-23:30", 60, "21:30-24:00"),
        ("22:00-23:30", 30, "22:00-24:00"),
        ("00:30-24:00", 20, "00:10-24:00"),
        ("00:10-23:50", 60, "00:00-24:00"),
        ("22:00-02:00", 60, "22:00-03:00"),
        ("22:00-02:00", 1300, "22:00-22:00"),
    ],
)
def test_hours_grow_in_the_evening_first(hours: str, minutes: int, wider: str) -> None:
    """Up to midnight, then in the morning; those over midnight up to a whole day."""
    assert parse_windows(wider) == _widened(parse_windows(hours), minutes)
