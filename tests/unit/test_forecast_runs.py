"""The virtual run: the order of the line, hours, redials and ends, on amounts of people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dialer.dispositions import Disposition
from dialer.forecast import Brake, Lot, Money, look_ahead
from dialer.forecast.line import FRESH
from dialer.forecast.run import run
from dialer.model import Breaker, Redial
from dialer.redialing import Tried
from dialer.window_text import parse_windows
from tests.fakes.forecasts import (
    AMSTERDAM,
    CALL_S,
    EVERYBODY,
    HOUR_S,
    LONDON,
    MIXED,
    NOBODY,
    PRICED,
    START,
    finished_s,
    line,
    plan,
)  # fmt: skip


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


def test_slots_that_nobody_took_are_left() -> None:
    """Thirty slots are busy with a thousand calls, and free again when one comes: fifteen more go as fast as may be."""
    lots = (Lot(START, 1000), Lot(START + 2000, 1), Lot(START + 2001, 15))
    finished = finished_s(replace(plan(line(lots=lots)), slots=30))

    assert 2001 + 15 / 3 + CALL_S == pytest.approx(finished, rel=0.005)


def test_caps_of_a_number_hold_redials_back() -> None:
    """An hour between two tries goes before a wait of a minute; two tries a day put the third on the next day."""
    busy = {"rates": NOBODY, "redial": {Disposition.BUSY: Redial(2, 60_000)}}
    spaced = finished_s(plan(line(3, spacing_s=HOUR_S, **busy)))
    capped = finished_s(plan(line(3, most_a_day=2, **busy)))

    assert 2 * HOUR_S == pytest.approx(spaced, rel=0.01)
    assert 24 * HOUR_S + 62 == pytest.approx(capped, rel=0.01)


@pytest.mark.parametrize(("max_tries", "more"), [(None, 1), (3, 1), (2, 0)])
def test_who_is_up_has_the_tries_that_are_left(max_tries: int | None, more: int) -> None:
    """The second of three at the most, since two seconds: it is busy now, and once more a minute later."""
    second = Tried(tries=2, counts=(1, *FRESH.counts[1:]))
    redialed = line(
        lots=(), up=(Lot(START - 2, 4, tried=second),), rates=NOBODY, redial={Disposition.BUSY: Redial(2, 60_000)},
        max_tries=max_tries,
    )  # fmt: skip
    outcome = run(plan(redialed))

    assert (4 * more, 0, 4) == pytest.approx((outcome.attempts, outcome.first_tries, outcome.ended[Disposition.BUSY]))
    assert more * (60 + 4 / 3 + 2) == pytest.approx(finished_s(plan(redialed)), rel=0.03, abs=0.01)


def test_who_should_be_over_by_now_ends_now() -> None:
    """Not in the past: a call that is up for an hour."""
    assert 0 == finished_s(plan(line(lots=(), up=(Lot(START - HOUR_S, 1),))))


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


@pytest.mark.parametrize(("later_s", "ends"), [(-60, True), (60, False)])
def test_nobody_is_told_of_an_end_more_than_a_year_ahead(later_s: int, ends: bool) -> None:  # noqa: FBT001 - a column
    """It opens a minute before that, or a minute after it."""
    opens = datetime.fromtimestamp(START + 366 * 86_400 + later_s, UTC)
    windows = replace(parse_windows("00:00-24:00"), not_before=opens)

    assert ends == (run(plan(line(3, windows=windows, zones=(AMSTERDAM,)))).finished(0.5) is not None)


def test_a_run_of_too_many_steps_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, and nothing is told that was not seen; what was, is."""
    whole = run(plan(line(300)))
    monkeypatch.setattr("dialer.forecast.run._MOST_STEPS", 10)
    cut = run(plan(line(300)))

    assert (False, True, None) == (whole.is_cut, cut.is_cut, cut.finished(0.5))
    assert 0 < cut.attempts < whole.attempts


def test_who_is_up_is_waited_for() -> None:
    """A call that rings since five seconds ends in its own time, and counts as no new one."""
    up = line(lots=(), up=(Lot(START - 5, 1),))
    assert CALL_S - 5 == pytest.approx(finished_s(plan(up)))
    assert 0 == run(plan(up)).attempts


def test_money_ends_for_good() -> None:
    """Twenty cents a call: with thirty euros 150 of 300 people are called, half a minute behind whom the rest stays."""
    outcome = run(plan(line(300, rates=PRICED, money=Money(total=30.0, reserve=0.2))))

    assert outcome.stopped is not None
    at, reason, left = outcome.stopped
    assert "no_money" == reason
    assert 150 == pytest.approx(outcome.attempts, abs=1)
    assert 50 + CALL_S == pytest.approx(at - START, rel=0.02)
    assert 150 == pytest.approx(left, abs=1) == pytest.approx(outcome.untried["no_money"], abs=1)
    assert outcome.finished(0.5) is None


def test_money_of_a_day_goes_on_after_midnight() -> None:
    """A hundred calls each day: what is left goes on at the next midnight (UTC)."""
    planned = plan(line(250, rates=PRICED, money=Money(day=20.0, reserve=0.2, spent_today=10.0)))
    to_midnight = 86_400 - START % 86_400

    assert to_midnight + 86_400 + 100 / 3 + CALL_S == pytest.approx(finished_s(planned), rel=0.001)


def test_money_is_kept_to_at_a_campaigns_own_pace() -> None:
    """One call a second for more than an hour: the last step is not longer than the money lasts."""
    slow = line(10_000, rates=PRICED, calls_per_second=1.0, money=Money(total=1000.0, reserve=0.2))

    assert 5_000 == pytest.approx(run(plan(slow)).attempts, abs=1)


def test_money_reserved_limits_the_calls_that_are_up() -> None:
    """A euro is reserved for each call that costs twenty cents: with ten euros ten are up at the same time at first."""
    outcome = run(plan(line(300, rates=PRICED, money=Money(total=10.0, reserve=1.0))))

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


def test_what_is_too_little_for_anybody_is_nobodys() -> None:
    """Tokens that three campaigns leave over, more than nobody together and less for each, are not shared for ever."""
    lots = tuple(Lot(START + at, 0.33329) for at in range(3))
    finished = finished_s(plan(line(lots=lots), *(line(lots=lots, id=name) for name in ("c2", "c3"))))
    assert finished == pytest.approx(3 + CALL_S, abs=1)
