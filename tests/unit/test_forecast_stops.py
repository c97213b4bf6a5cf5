"""What stops a campaign in a virtual run, its money and its breaker, against what a person works out."""

from __future__ import annotations

from itertools import accumulate
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dispositions import Disposition
from dialer.forecast.breaking import FAILURES, Brake, _attempts
from dialer.forecast.outcome import Outcome
from dialer.forecast.purse import DAY_S, Money, Purse
from dialer.forecast.stopping import Stopping
from dialer.model import Breaker
from tests.fakes.forecasts import EVERYBODY, MIXED, line

NOON = 20_000 * DAY_S + DAY_S / 2
MIDNIGHT = NOON + DAY_S / 2
FIVE_OF_TEN = Breaker(failures=5, of=10, wait_ms=60_000)


def test_so_many_calls_are_up_as_the_rest_of_the_money_may_cost() -> None:
    """Eight euros left in all, five of this day, one reserved for each: five; with three of them up, two."""
    purse = Purse(Money(total=10.0, day=6.0, reserve=1.0, spent=2.0, spent_today=1.0), NOON)
    assert 5 == purse.most(NOON)
    purse.take(NOON + 30, 3, 0.6)

    assert [2, 2, 4] == [purse.most(NOON + later) for later in (0, 29, 30)]
    assert [6, 6] == [purse.most(moment) for moment in (MIDNIGHT, MIDNIGHT + DAY_S)]


def test_a_call_costs_on_the_day_on_which_it_ends() -> None:
    """Begun before midnight, ended after it: the new day has paid for it, and only that."""
    purse = Purse(Money(total=10.0, day=6.0, reserve=1.0, spent_today=5.0), MIDNIGHT - 10)
    purse.take(MIDNIGHT + 20, 1, 2.0)

    assert [0, 5, 4] == [purse.most(MIDNIGHT + later) for later in (-1, 0, 20)]
    assert 6 == purse.most(MIDNIGHT + DAY_S)

    late = Purse(Money(total=10.0, day=6.0, reserve=1.0, spent_today=5.0), MIDNIGHT - 10)
    late.take(MIDNIGHT + 20, 1, 2.0)
    assert 4 == late.most(MIDNIGHT + 30), "nobody has looked between midnight and its end"


def test_each_call_is_free_again_when_it_ends() -> None:
    """They end in their own order, whatever that in which they began."""
    purse = Purse(Money(total=10.0, reserve=1.0), NOON)
    for ends, people in ((30, 1), (10, 2), (20, 3)):
        purse.take(NOON + ends, people, 0.0)

    assert [4, 6, 9, 10] == [purse.most(NOON + later) for later in (9, 10, 20, 30)]


@pytest.mark.parametrize(
    ("money", "calls"),
    [
        (Money(), inf),
        (Money(reserve=1.0), inf),
        (Money(total=0.3, reserve=0.1), 3),  # 0.3 / 0.1 is a little less than that
        (Money(total=2.99, reserve=1.0), 2),
        (Money(day=4.0, reserve=1.0, spent=100.0), 4),
        (Money(total=4.0, reserve=1.0, spent_today=3.0), 4),
        (Money(total=1.0, reserve=1.0, spent=2.0), 0),
        (Money(total=1.0), inf),
        (Money(total=1.0, spent=1.0), 0),
        (Money(total=1.0, spent=2.0), 0),
    ],
)
def test_money_is_enough_for_whole_calls(money: Money, calls: float) -> None:
    """What is left of it; calls that cost nothing go on until it is spent."""
    assert calls == Purse(money, NOON).most(NOON)


def test_money_says_when_the_next_call_may_go() -> None:
    """Now; when one of those that are up ends; after midnight, each day anew; never."""
    purse = Purse(Money(total=10.0, day=2.0, reserve=1.0), NOON)
    assert NOON == purse.opens(NOON)
    purse.take(NOON + 30, 1, 0.5)
    purse.take(NOON + 20, 1, 1.5)
    assert NOON + 20 == purse.opens(NOON)
    assert [MIDNIGHT, MIDNIGHT] == [purse.opens(NOON + later) for later in (20, 30)]
    assert MIDNIGHT + 60 == purse.opens(MIDNIGHT + 60)
    purse.take(MIDNIGHT + 3600, 2, 2.0)
    assert MIDNIGHT + DAY_S == purse.opens(MIDNIGHT + 7200)
    purse.take(MIDNIGHT + DAY_S, 5, 5.5)
    assert inf == purse.opens(MIDNIGHT + 2 * DAY_S)


def test_one_more_call_may_still_be_paid_for() -> None:
    """One euro is left, in all or of the day, and reserved by the call that is up: it opens when that ends."""
    for money in (Money(total=1.0, reserve=1.0), Money(day=1.0, reserve=1.0)):
        purse = Purse(money, NOON)
        purse.take(NOON + 30, 1, 0.0)
        assert NOON + 30 == purse.opens(NOON) == purse.opens(NOON + 30)


@given(
    total=st.floats(0, 50), less=st.floats(0, 50), reserve=st.floats(0.01, 5), cost=st.floats(0, 1),
    steps=st.lists(st.integers(0, 40), max_size=20),
)  # fmt: skip
def test_less_money_never_lets_more_calls_go(
    total: float, less: float, reserve: float, cost: float, steps: list[int]
) -> None:
    """And it is never spent: each call costs at most what is reserved for it."""
    purses, made = [Purse(Money(total=euros, reserve=reserve), NOON) for euros in (total + less, total)], [0.0, 0.0]
    for now in accumulate(steps, initial=NOON):
        for place, purse in enumerate(purses):
            calls = purse.most(now)
            purse.take(now + 30, calls, calls * reserve * cost)
            made[place] += calls

    assert made[1] <= made[0]
    assert made[1] * reserve * cost <= total + 1e-6


def test_the_breaker_opens_after_so_many_attempts() -> None:
    """All fail: after five of them. None does: never. The more fail, the sooner."""
    brake = Brake(FIVE_OF_TEN)

    assert (5, inf) == (brake.attempts(1.0), brake.attempts(0.0))
    before = brake.attempts(0.5)
    _attempts.cache_clear()
    assert before == brake.attempts(0.5), "dice that fall the same each time"
    assert 5 < brake.attempts(0.7) < brake.attempts(0.5) < brake.attempts(0.3) < brake.attempts(0.2) < inf


def test_only_the_last_attempts_count_for_the_breaker() -> None:
    """Each attempt by itself: one of two fails, so it opens each second time; two in a row, each sixth."""
    once, twice = (Brake(Breaker(failures=tries, of=tries, wait_ms=60_000)).attempts(0.5) for tries in (1, 2))

    assert 2 == pytest.approx(once, rel=0.25)
    assert 6 == pytest.approx(twice, rel=0.25)


@pytest.mark.parametrize(
    ("wait_s", "seconds"),
    [
        (3600, 17.5 + 7 * (3600 + 17.5)),  # seven rounds fail, as one in eight goes well: 1 / 0.5^3
        (2400, 17.5 + 7 * (3600 + 17.5)),  # twice as long is an hour at the most
        (1200, 17.5 + 7 / 8 * (2400 + 17.5 + 7 * (3600 + 17.5))),
        (600, 17.5 + 7 / 8 * (1200 + 17.5 + 7 / 8 * (2400 + 17.5 + 7 * (3600 + 17.5)))),
        (7200, 17.5 + 7 * (7200 + 17.5)),  # a wait of its own that is longer stays as it is
    ],
)
def test_probes_are_waited_for_until_three_have_gone_well(wait_s: int, seconds: float) -> None:
    """Half of them fail, ten seconds each: 10 + 5 + 2.5 for a round, and a wait twice as long after each that fails."""
    brake = Brake(Breaker(failures=5, of=10, wait_ms=wait_s * 1000))

    assert seconds == pytest.approx(brake.probing_s(0.5, 10.0))
    assert wait_s + seconds == pytest.approx(brake.open_s(0.5, 10.0))


def test_an_open_breaker_may_be_for_good() -> None:
    """All probes fail, or as good as all; a person must look. Where none does, three of them are enough."""
    brake = Brake(FIVE_OF_TEN)

    assert (inf, inf, 90) == (brake.probing_s(1.0, 30), brake.probing_s(0.995, 30), brake.probing_s(0.0, 30))
    assert brake.probing_s(0.98, 30) < inf
    assert (inf, 60 + 90) == (
        Brake(Breaker(failures=5, of=10, wait_ms=60_000, resume="person")).open_s(0.0, 30),
        brake.open_s(0.0, 30),
    )


def stopping(rates: Any = EVERYBODY, starts: float = NOON, **fields: Any) -> tuple[Stopping, Outcome]:
    """What stops such a campaign, and where that is told."""
    outcome = Outcome()
    return Stopping(line(rates=rates, **fields), rates, starts, outcome), outcome


def test_nothing_stops_a_campaign_without_caps() -> None:
    """Neither money nor a breaker."""
    free, outcome = stopping()
    free.take(NOON + 30, 5, 1.0)
    free.count(NOON, 1000)

    assert (NOON, inf, 0) == (free.opens(NOON), free.most(NOON), outcome.opened)


@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_breaker_opens_when_its_attempts_are_used_up(failure: Disposition) -> None:
    """All fail: after five it is open for ever, as no probe goes well."""
    brake = Brake(FIVE_OF_TEN)
    stops, outcome = stopping(MIXED.given({failure: 1.0}), brake=brake)
    assert (5, NOON) == (stops.most(NOON), stops.opens(NOON))
    stops.count(NOON, 4.9)
    assert (0.1, 0, NOON) == pytest.approx((stops.most(NOON), outcome.opened, stops.opens(NOON)))
    stops.count(NOON, 0.0995)

    assert (5, 1, inf, "breaker") == (stops.most(NOON), outcome.opened, stops.opens(NOON), stops.reason)


def test_breaker_is_open_for_its_wait_and_the_probes() -> None:
    """A part of what fails counts, whichever way; after that it opens anew."""
    rates = MIXED.given({Disposition.FAILED: 0.25, Disposition.REJECTED: 0.25, Disposition.ANSWERED: 0.5})
    brake = Brake(FIVE_OF_TEN)
    stops, outcome = stopping(rates, brake=brake)
    after = brake.attempts(0.5)
    assert after == stops.most(NOON)
    stops.count(NOON + 7, after)

    assert NOON + 7 + brake.open_s(0.5, rates.mean_s) == pytest.approx(stops.opens(NOON))
    assert (1, after) == (outcome.opened, stops.most(NOON))
    stops.count(NOON + 7, after)
    assert 2 == outcome.opened


def test_a_breaker_that_is_open_is_waited_for_with_its_probes() -> None:
    """Until then, or from now on where that has passed; ninety seconds for three calls that go well."""
    soon, _ = stopping(brake=Brake(FIVE_OF_TEN, NOON + 60))
    past, _ = stopping(brake=Brake(FIVE_OF_TEN, NOON - 60))

    assert [NOON + 150, NOON + 90] == [stops.opens(NOON) for stops in (soon, past)]
    assert NOON + 200 == soon.opens(NOON + 200)


def test_money_and_breaker_are_both_waited_for() -> None:
    """Whichever is later, and as few calls as either allows."""
    money = Money(day=2.0, reserve=1.0)
    stops, _ = stopping(money=money, brake=Brake(FIVE_OF_TEN, NOON + 60))
    assert (2, NOON + 150) == (stops.most(NOON), stops.opens(NOON))
    stops.take(NOON + 30, 2, 2.0)

    assert (0, MIDNIGHT) == (stops.most(NOON), stops.opens(NOON + 30))
    assert "no_money" == stops.reason
