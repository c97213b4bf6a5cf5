"""What is told of a plan, and how sure that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest

from dialer.dispositions import Disposition
from dialer.forecast import Brake, Line, Lot, Money, Range, Skip, look_ahead
from dialer.forecast.run import run
from dialer.model import Breaker, Redial
from dialer.window_text import parse_windows
from tests.fakes.forecasts import AMSTERDAM, CALL_S, EVERYBODY, HOUR_S, MIXED, PRICED, START, line, plan

LATER = parse_windows("12:00-13:00")
FAILING = MIXED.given({Disposition.FAILED: 1.0})


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
    told = look_ahead(plan(line(300, rates=PRICED)), suppressed=7)
    hour = datetime.fromtimestamp(START // HOUR_S * HOUR_S, UTC)

    assert (307, (Skip("suppressed", 7),), {Disposition.ANSWERED: 300}) == (told.people, told.skipped, told.ended)
    assert Range(300, 300, 300) == told.dialed == told.attempts
    assert (Range(60.0, 60.0, 60.0), ((hour, Range(300, 300, 300)),)) == (told.cost, told.by_hour)
    assert (PRICED, None, 0) == (told.rates, told.stops, told.breaker_opens)
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
    told = look_ahead(plan(line(300, rates=PRICED, money=Money(total=30.0, reserve=0.2))))

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


def test_calls_of_each_hour_are_told_with_their_range() -> None:
    """More redials at the one edge than at the other; the sums are the attempts."""
    lots = line(30_000, rates=MIXED, redial={Disposition.NO_ANSWER: Redial(2, 600_000)})
    told = look_ahead(plan(lots))

    assert all(calls.low <= calls.expected <= calls.high for _, calls in told.by_hour)
    assert told.by_hour[-1][1].high > told.by_hour[-1][1].low
    assert told.attempts.expected == pytest.approx(sum(calls.expected for _, calls in told.by_hour), abs=10)


@pytest.mark.parametrize(
    ("asked", "skip"),
    [
        (line(lots=(Lot(START, 300), Lot(START + 100, 7, expires=START + 50))), Skip("own_end", 7)),
        (line(300, windows=LATER, zones=(AMSTERDAM,), expires=START + HOUR_S), Skip("no_window", 300)),
        (line(600, expires=START + 100), Skip("out_of_time", 300)),
        (line(300, rates=PRICED, money=Money(total=30.0, reserve=0.2)), Skip("no_money", 150)),
        (
            line(300, rates=FAILING, brake=Brake(Breaker(failures=5, of=10, wait_ms=60_000, resume="person"))),
            Skip("breaker", 295),
        ),
    ],
)
def test_who_is_never_dialed_is_told_with_the_reason(asked: Line, skip: Skip) -> None:
    """Each of them, after those who are suppressed."""
    told = look_ahead(plan(asked), suppressed=3)

    assert ["suppressed", skip.reason] == [one.reason for one in told.skipped]
    assert skip.people == pytest.approx(told.skipped[1].people, abs=1)
    assert 3 + round(asked.people) == told.people


def test_edges_are_few_redials_and_many() -> None:
    """A tenth is busy, as far as ten attempts tell: none at best, and at worst 1.645 deviations more."""
    told = look_ahead(plan(line(1000, rates=MIXED, redial={Disposition.BUSY: Redial(1, 60_000)})))
    worst = 0.1 + 1.645 * (0.1 * 0.9 * (1 / 1000 + 1 / 10)) ** 0.5

    assert Range(1000, 1100, round(1000 * (1 + worst))) == told.attempts
    assert Range(1000, 1000, 1000) == told.dialed
    assert (660, 10) == (told.ended[Disposition.ANSWERED], told.ended[Disposition.BUSY])
    assert 1000 == sum(told.ended.values())


def test_ways_to_end_of_nobody_are_not_told() -> None:
    """Two in a hundred of ten people fail: a fifth of one."""
    assert Disposition.FAILED not in look_ahead(plan(line(10, rates=MIXED))).ended


def test_margin_may_shrink_at_best() -> None:
    """Half as slow again as expected, and at worst; with no margin what fits into the hour goes before its end."""
    told = look_ahead(replace(plan(line(10_000)), margin=0.5))
    first, second = told.by_hour
    assert told.finishes is not None

    assert START == first[0].timestamp() == second[0].timestamp() - HOUR_S
    assert (10_000, 0) == (first[1].high, second[1].low)
    assert [7200, 7200, 2800, 2800] == [
        pytest.approx(calls, abs=20) for calls in (first[1].low, first[1].expected, second[1].expected, second[1].high)
    ]
    assert [10_000 / 3 + CALL_S, 5000 + CALL_S, 5000 + CALL_S] == [
        pytest.approx(at.timestamp() - START, abs=2)
        for at in (told.finishes.low, told.finishes.expected, told.finishes.high)
    ]


def test_a_stop_is_told_from_the_first_run_that_stops_to_the_last() -> None:
    """With and without the margin."""
    stopping = line(300, rates=PRICED, money=Money(total=30.0, reserve=0.2))
    stops = look_ahead(replace(plan(stopping), margin=0.5)).stops
    assert stops is not None

    assert [50 + CALL_S, 75 + CALL_S, 75 + CALL_S] == [
        pytest.approx(at.timestamp() - START, abs=1) for at in (stops.at.low, stops.at.expected, stops.at.high)
    ]


def test_a_run_that_stops_only_at_worst_is_told_with_that_moment() -> None:
    """The money is enough for the redials that are expected, and not for as many as there may be: it has an end."""
    rates = MIXED.given({}, price_per_minute=60.0)
    asked = plan(line(100, rates=rates, redial={Disposition.BUSY: Redial(1, 60_000)}, money=Money(total=1250.0)))
    worst, told = run(asked, side=1).stopped, look_ahead(asked)
    assert worst is not None
    assert told.finishes is not None

    assert told.stops is None
    assert worst[0] == pytest.approx(told.finishes.low.timestamp(), abs=0.001)
    assert told.finishes.low < told.finishes.expected == told.finishes.high


def test_breaker_is_told_as_often_as_it_opens() -> None:
    """Half of all attempts fail."""
    failing = line(300, rates=MIXED.given({Disposition.FAILED: 0.5, Disposition.ANSWERED: 0.5}))
    brake = Brake(Breaker(failures=5, of=10, wait_ms=60_000))
    told = look_ahead(plan(replace(failing, brake=brake)))

    assert 300 / brake.attempts(0.5) == pytest.approx(told.breaker_opens, abs=1)


def test_cost_is_told_in_cents_and_is_never_less_than_nothing() -> None:
    """A third of a tenth of a euro; and of one in twenty ten attempts do not tell whether anybody picks up."""
    one = look_ahead(plan(line(1, rates=EVERYBODY.given({}, price_per_minute=0.1)))).cost
    few = MIXED.given({Disposition.ANSWERED: 0.05, Disposition.BUSY: 0.95}, price_per_minute=0.6)
    rare = look_ahead(plan(line(1000, rates=replace(few, evidence=10)))).cost
    edge = 0.05 + 1.645 * (0.05 * 0.95 * (1 / 1000 + 1 / 10)) ** 0.5

    assert Range(0.03, 0.03, 0.03) == one
    assert Range(0.0, 10.0, round(1000 * edge * 0.2, 2)) == rare


def test_low_edge_is_as_far_from_what_is_expected_as_the_high_one() -> None:
    """With rates that are known for sure, of a thousand people: 1.645 deviations to each side of a tenth."""
    sure = replace(MIXED, evidence=inf)
    told = look_ahead(plan(line(1000, rates=sure, redial={Disposition.BUSY: Redial(1, 60_000)})))
    edge = 1000 * 1.645 * (0.1 * 0.9 / 1000) ** 0.5

    assert Range(round(1100 - edge), 1100, round(1100 + edge)) == told.attempts


def test_low_end_is_that_of_the_luckiest_twentieth() -> None:
    """One in a hundred of three hundred is busy: at best nobody, and as expected somebody is called an hour later."""
    rare = replace(MIXED.given({Disposition.ANSWERED: 0.99, Disposition.BUSY: 0.01}, ring_s=10), evidence=inf)
    told = look_ahead(plan(line(300, rates=rare, redial={Disposition.BUSY: Redial(1, HOUR_S * 1000)}))).finishes
    assert told is not None

    assert 100 + CALL_S == pytest.approx(told.low.timestamp() - START, abs=3)
    assert told.expected.timestamp() - START > HOUR_S


def test_cost_is_as_unsure_as_the_attempts_that_are_expected() -> None:
    """Ten people, eleven attempts as expected; at worst a quarter is busy, and more of all attempts are picked up."""
    sure = replace(MIXED, evidence=inf, price_per_minute=0.6)
    cost = look_ahead(plan(line(10, rates=sure, redial={Disposition.BUSY: Redial(1, 60_000)}))).cost
    most = 10 * (1.1 + 1.645 * (0.1 * 0.9 / 10) ** 0.5)
    assert cost is not None

    assert most * (0.6 + 1.645 * (0.6 * 0.4 / 11) ** 0.5) * 0.2 == pytest.approx(cost.high, abs=0.011)


def test_high_end_leaves_out_the_unluckiest_twentieth() -> None:
    """Of a hundred people a tenth is busy, and hardly ever is somebody so for five hours on end."""
    sure = replace(MIXED, evidence=inf)
    told = look_ahead(plan(line(100, rates=sure, redial={Disposition.BUSY: Redial(6, HOUR_S * 1000)}))).finishes
    assert told is not None

    assert 3 * HOUR_S < told.high.timestamp() - START < 4.5 * HOUR_S
