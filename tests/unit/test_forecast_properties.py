"""What holds for the forecast of any campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.dispositions import Disposition
from dialer.forecast import Line, Lot, Money, Plan, is_possible, problems_of
from dialer.forecast.remedies import _widened
from dialer.forecast.run import run
from dialer.model import Redial
from dialer.window_text import parse_windows
from tests.fakes.forecasts import AMSTERDAM, HOUR_S, LONDON, MIXED, START, line, plan

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


@settings(max_examples=60, derandomize=True)
@given(asked=lines(), beside=lines("c2"))
def test_everybody_is_accounted_for(asked: Line, beside: Line) -> None:
    """Whoever was dialed and whoever never was add up to all, and so do the ways in which calls end."""
    outcome = run(plan(asked, beside))
    untried = sum(outcome.untried.values())

    assert asked.people == pytest.approx(outcome.first_tries + untried, rel=1e-3, abs=0.1)
    assert asked.people == pytest.approx(sum(outcome.ended.values()) + untried, rel=1e-3, abs=0.1)
    assert outcome.attempts == pytest.approx(sum(outcome.by_hour.values()))
    assert outcome.attempts >= outcome.first_tries - 1e-6


@settings(max_examples=60, derandomize=True)
@given(asked=lines(), beside=lines("c2"), times=st.floats(1.05, 20))
def test_more_budget_never_ends_later(asked: Line, beside: Line, times: float) -> None:
    """With more calls a second nobody waits longer, and nobody who was dialed in time is not."""
    slow, fast = (run(plan(asked, beside, calls_per_second=rate)) for rate in (3, 3 * times))
    if not (asked.redial and (asked.windows or beside.windows)):
        # Whoever is dialed earlier may be busy earlier, and his redial may then come when it is closed.
        _never_later(slow.finished(0.5), fast.finished(0.5), asked.expires)

    assert sum(fast.untried.values()) <= sum(slow.untried.values()) + 0.01 * asked.people + 1


@settings(max_examples=60, derandomize=True)
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


@settings(max_examples=40, derandomize=True)
@given(asked=lines(), slots=st.integers(1, 60), more=st.integers(1, 60))
def test_more_slots_never_end_later(asked: Line, slots: int, more: int) -> None:
    """Its own, or those of the trunk: nobody waits longer for them."""
    for own in (True, False):
        few, many = (
            run(plan(replace(asked, slots=count)) if own else replace(plan(asked), slots=count))
            for count in (slots, slots + more)
        )
        if not (asked.redial and asked.windows):  # as above
            _never_later(few.finished(0.5), many.finished(0.5), asked.expires)
        assert sum(many.untried.values()) <= sum(few.untried.values()) + 0.01 * asked.people + 1


@settings(max_examples=40, derandomize=True)
@given(asked=lines(), euros=st.floats(1, 500), less=st.floats(0, 500), reserve=st.floats(0.05, 2))
def test_less_money_never_ends_with_more_calls(asked: Line, euros: float, less: float, reserve: float) -> None:
    """And it is spent for those that were placed, and no more than there is."""
    priced = replace(asked, rates=replace(asked.rates, price_per_minute=reserve * 3))
    rich, poor = (
        run(plan(replace(priced, money=Money(total=total, reserve=reserve)))) for total in (euros + less, euros)
    )

    assert poor.attempts <= rich.attempts * 1.01 + 1
    assert poor.attempts * priced.rates.picked_up * reserve <= euros + reserve + 0.01 * euros


def _never_later(before: float | None, after: float | None, expires: float) -> None:
    """But for a step of the virtual clock, and for those who got a turn just before the end and talk beyond it."""
    if before is None:
        return
    assert after is not None
    assert after <= before + 0.02 * (before - START) + 2 or after <= expires + 60


@settings(max_examples=25, derandomize=True)
@given(
    people=st.integers(300, 20_000), hours=st.sampled_from([None, "09:00-10:00", "10:00-10:20"]),
    life_h=st.floats(0.01, 30),
)  # fmt: skip
def test_remedies_are_the_least_that_mend(people: int, hours: str | None, life_h: float) -> None:
    """Each change makes the plan possible; a step less does not, two of an end, which leaves a minute to follow."""
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
        return plan(replace(asked, expires=ends - 120 * less))
    if name == "windows":
        assert asked.windows is not None
        return plan(replace(asked, windows=_widened(asked.windows, int(value) - less)))
    return plan(asked, calls_per_second=float(value) - 0.1 * less)
