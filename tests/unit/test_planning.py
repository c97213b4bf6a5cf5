"""From a campaign as it is stored to the line that a forecast runs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from math import inf
from typing import Any

import pytest

from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.forecast import Brake, Line, Money, Rates
from dialer.forecast.line import Lot
from dialer.model import Breaker, Campaign, Caps, EuroCap, Priority, Redial, Share, Terms, Tripped
from dialer.planning import Assumed, Planning, _given, _line, _priced, can_be_impossible
from dialer.settings import Settings
from dialer.store.forecasts import People
from dialer.window_text import parse_windows
from tests.fakes.engine import draft

RATES = Rates.default(talk_s=20, ringing_timer_s=40)
LOTS, UP = (Lot(due=0, people=3),), (Lot(due=0, people=1),)
PEOPLE = People(lots=LOTS, up=UP, suppressed=0, zones=(("Europe/Amsterdam",),), whole=True)
WINDOWS = parse_windows("09:00-17:00")
END = datetime(2027, 1, 4, 9, tzinfo=UTC)
SOON: dict[str, Any] = {"expires_at": END}


def _of(**fields: Any) -> Line:
    return _line(draft(**fields), PEOPLE, RATES)


def test_a_plain_campaign_is_bound_by_nothing() -> None:
    """Its people wait in one line, for one token each."""
    plain = Line(
        id="c1",
        urgency=2,
        rates=RATES,
        lots=LOTS,
        up=UP,
        zones=PEOPLE.zones,
        expires=inf,
        tokens=1,
        weight=1,
        spacing_s=0,
    )

    assert plain == _of()


def test_a_campaign_is_bound_by_all_of_its_limits() -> None:
    """Hours, end, redials, share, caps, money and breaker, each in the forecast's own units."""
    redial = {Disposition.BUSY: Redial(2, 60_000)}
    line = _of(
        windows=WINDOWS,
        redial=redial,
        max_tries=4,
        expires_at=END,
        terms=Terms(connects=2),
        share=Share(weight=3, slots=5, calls_per_second=0.5),
        caps=Caps(day=2, week=6, spacing_ms=90_000),
    )

    assert (WINDOWS, redial, 4, END.timestamp()) == (line.windows, line.redial, line.max_tries, line.expires)
    assert (3, 3, 5, 0.5) == (line.tokens, line.weight, line.slots, line.calls_per_second)
    assert (90.0, 2, 6) == (line.spacing_s, line.most_a_day, line.most_a_week)
    assert None is _of(windows=WINDOWS, override_windows=True).windows


def test_classes_are_told_apart() -> None:
    """The most urgent comes first."""
    assert [1, 2, 3] == [_of(priority=priority).urgency for priority in Priority]


def test_money_is_what_the_cap_leaves_and_reserves() -> None:
    """A call may cost as much as the cap says, or as the dearest did; without a cap it may cost anything."""
    spent = {"spent": Decimal("1.5"), "spent_today": Decimal("0.5")}
    day = _of(euro_cap=EuroCap(day=Decimal(10), per_call=Decimal("0.2")), dearest=Decimal("0.3"), **spent).money
    total = _of(euro_cap=EuroCap(total=Decimal(100), per_call=Decimal("0.4")), dearest=Decimal("0.3")).money

    assert None is _of(**spent).money
    assert Money(total=inf, day=10, reserve=0.3, spent=1.5, spent_today=0.5, is_known=False) == day
    assert Money(total=100, day=inf, reserve=0.4, spent=0, spent_today=0, is_known=False) == total


@pytest.mark.parametrize("until_s", [None, 1_800_000_000])
def test_a_breaker_that_is_open_is_so_until_then(until_s: int | None) -> None:
    """A campaign that has none is braked by nothing."""
    breaker = Breaker(failures=3, of=4, wait_ms=60_000)
    tripped = Tripped(until=moment(until_s * 1000), failures=3, of=4) if until_s else None

    assert Brake(breaker, until_s) == _of(breaker=breaker, tripped=tripped).brake
    assert None is _of().brake


def test_a_call_is_taken_to_cost_what_is_reserved_for_it() -> None:
    """Only where nobody knows its price, and there is a cap."""
    capped = draft(euro_cap=EuroCap(total=Decimal(9), per_call=Decimal("0.5")))
    known = RATES.given({}, price_per_minute=0.1)
    priced = _priced(capped, RATES)

    assert 0.5 / RATES.talk_s * 60 == pytest.approx(priced.price_per_minute)
    assert "what the euro cap reserves for a call" == priced.sources["price_per_minute"]
    assert RATES.sources.items() <= priced.sources.items()
    assert (known, RATES) == (_priced(capped, known), _priced(draft(), RATES))


def test_what_a_request_says_goes_before_what_is_known() -> None:
    """Each figure by itself."""
    assumed = Assumed(shares={Disposition.BUSY: 1.0}, ring_s=7, talk_s=8, price_per_minute=0.9)
    given = _given(_of(), assumed).rates

    assert (7, 8, 0.9) == (given.ring_s, given.talk_s, given.price_per_minute)
    assert 1.0 == given.shares[Disposition.BUSY]
    assert RATES == _given(_of(), Assumed()).rates


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, False),
        (SOON, True),
        ({"windows": WINDOWS}, True),
        ({"windows": WINDOWS, "override_windows": True}, False),
        (SOON | {"windows": WINDOWS, "override_windows": True}, True),
        (SOON | {"priority": Priority.URGENT}, False),
        (SOON | {"priority": Priority.BACKGROUND}, True),
        (SOON | {"kind": "conference"}, False),
        (SOON | {"kind": "escalation"}, False),
    ],
)
def test_only_a_list_that_is_bound_may_be_impossible(fields: dict[str, Any], *, may: bool) -> None:
    """No alarm is ever refused for want of time."""
    campaign: Campaign = draft(**fields)

    assert may is can_be_impossible(campaign)


SOUTH = {
    "carrier_client_id": "tests",
    "carrier_client_secret": "tests",
    "carrier_application_id": "tests",
    "from_number": "+31207654321",
    "calls_per_second": 1,
    "slots": 4,
}


def _planning(**settings: Any) -> Planning:
    nothing: Any = None
    return Planning(nothing, nothing, nothing, Settings(trunks={"south": SOUTH}, **settings))


@pytest.mark.parametrize(("of_main", "together"), [(0, None), (3, 7)])
def test_as_many_calls_are_up_as_all_trunks_take(of_main: int, together: int | None) -> None:
    """Any number, where one of them takes any number."""
    planning = _planning(slots=of_main)

    assert (together, 4) == (planning._slots(["main", "south"]), planning._slots(["south"]))
