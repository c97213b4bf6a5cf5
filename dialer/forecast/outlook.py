"""What is told of a plan: the virtual run three times, as expected and at both edges of what is likely.

The edges are those of nine runs out of ten: rates as `Rates.leaning` moves them, and the moment by which nobody is left
with a chance of 5, 50 and 95 % (`Outcome.finished`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.forecast.line import Plan
from dialer.forecast.outcome import Outcome
from dialer.forecast.rates import Rates, spread
from dialer.forecast.run import run

CHANCES = (0.05, 0.5, 0.95)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Range(Generic[Value]):
    """What is likely: nine runs of ten lie between `low` and `high`, half of them below `expected`."""

    low: Value
    expected: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Skip:
    """People who will not be dialed, and why.

    Attributes:
        reason: `suppressed`, `own_end`, `no_window`, `out_of_time`, `no_money` or `breaker`.
    """

    reason: str
    people: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A campaign pauses by itself.

    Attributes:
        reason: `no_money` or `breaker`.
        at: the moment, of those runs that do stop.
        people: who is left then, as expected.
    """

    reason: str
    at: Range[datetime]
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A forecast.

    Attributes:
        people: who is left to be called, those who are skipped included.
        finishes: the moment at which nobody is left; None where that lies more than a year ahead.
        dialed: people who are dialed at all.
        by_hour: calls placed, by the hour's beginning; which hour they fall into is as sure as the end is.
        ended: people by how their call ends, as expected.
        cost: euro; None where no price is known.
        rates: what was assumed.
        stops: where it pauses by itself, as expected; it has no end then.
        breaker_opens: how often its breaker does, as expected.
    """

    people: int
    skipped: tuple[Skip, ...]
    finishes: Range[datetime] | None
    dialed: Range[int]
    attempts: Range[int]
    by_hour: tuple[tuple[datetime, Range[int]], ...]
    ended: Mapping[Disposition, int]
    cost: Range[float] | None
    rates: Rates
    stops: Stop | None
    breaker_opens: int


REASONS = ("own_end", "no_window", "out_of_time", "no_money", "breaker")


def look_ahead(plan: Plan, *, suppressed: int = 0) -> Outlook:
    """The forecast of a plan; so many of its people are suppressed and stand in no lot of it."""
    outcomes = [run(plan, side=side) for side in (-1, 0, 1)]
    expected = outcomes[1]
    skipped = [Skip(reason, round(expected.untried[reason])) for reason in REASONS]
    return Outlook(
        people=suppressed + round(plan.line.people),
        skipped=tuple(skip for skip in (Skip("suppressed", suppressed), *skipped) if skip.people),
        finishes=_finishes(plan, outcomes),
        dialed=_counts([outcome.first_tries for outcome in outcomes]),
        attempts=_counts([outcome.attempts for outcome in outcomes]),
        by_hour=_by_hour(outcomes),
        ended={d: round(people) for d, people in expected.ended.items() if round(people)},
        cost=_cost(plan.line.rates, [outcome.attempts for outcome in outcomes]),
        rates=plan.line.rates,
        stops=_stops(outcomes),
        breaker_opens=expected.opened,
    )


def _stops(outcomes: list[Outcome]) -> Stop | None:
    """As expected, and at the edges as far as they stop, too."""
    if outcomes[1].stopped is None:
        return None
    at, reason, left = outcomes[1].stopped
    ends = [at, *(one.stopped[0] for one in outcomes if one.stopped)]
    return Stop(reason, Range(*(moment(round(end * 1000)) for end in (min(ends), at, max(ends)))), round(left))


def _by_hour(outcomes: list[Outcome]) -> tuple[tuple[datetime, Range[int]], ...]:
    hours = sorted({hour for outcome in outcomes for hour in outcome.by_hour})
    counted = ((hour, [outcome.by_hour.get(hour, 0.0) for outcome in outcomes]) for hour in hours)
    return tuple((moment(hour * 3_600_000), _counts(calls)) for hour, calls in counted)


def _finishes(plan: Plan, outcomes: list[Outcome]) -> Range[datetime] | None:
    if plan.line.people <= 0:
        return Range(*[moment(plan.starts * 1000)] * 3)
    if outcomes[1].stopped:
        return None
    ends = [
        outcome.stopped[0] if outcome.stopped else outcome.finished(chance)
        for outcome, chance in zip(outcomes, CHANCES, strict=True)
    ]
    known = [moment(round(end * 1000)) for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    return Range(min(known), known[1], max(known))


def _counts(amounts: list[float]) -> Range[int]:
    return Range(round(min(amounts)), round(amounts[1]), round(max(amounts)))


def _cost(rates: Rates, attempts: list[float]) -> Range[float] | None:
    """Minutes talked, by the carrier's price; how many pick up is binomial as well."""
    price = rates.price_per_minute
    if price is None:
        return None
    edge = spread(rates.picked_up, attempts[1], rates.evidence)
    parts = [max(0.0, rates.picked_up + side * edge) for side in (-1, 0, 1)]
    placed = (min(attempts), attempts[1], max(attempts))
    euros = [count * part * rates.talk_s / 60 * price for count, part in zip(placed, parts, strict=True)]
    return Range(*(round(euro, 2) for euro in euros))
