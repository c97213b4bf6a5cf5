"""Whether a plan is possible, and the least change that makes it so, found by trying changes in the virtual run.

A plan is impossible where somebody would never be dialed even if all goes well: with as few redials as is likely, and a
carrier that takes every call. People who have an end of their own are not counted: no plan could be blamed for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf

from dialer.clock import moment
from dialer.forecast.line import Plan
from dialer.forecast.run import PRECISION, run
from dialer.windows import MIDNIGHT, Hours, Windows

_SOMEBODY = 0.5
_MINUTE_S = 60
_TO_FOLLOW_S = 60  # whoever follows the advice starts a while after it was worked out
_MORE_MINUTES = 5
_PARTS = PRECISION / 2
"""A deadline is tried so much later than it seems, in minutes and in parts of its time: the clock steps otherwise."""
_MOST_TIMES_FASTER = 1_000
_TENTHS = 10  # of a call a second: finer is not told


@dataclass(frozen=True, slots=True)
class Change:
    """One change that makes a plan possible.

    Attributes:
        field: `expires_at`, `windows`, `calls_per_second`, `euro_cap.total` or `euro_cap.day`.
        value: the least that will do, as JSON: a moment, minutes more a day, calls a second, euros.
        words: the same in words.
    """

    field: str
    value: str | int | float
    words: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a plan is impossible.

    Attributes:
        code: `no_window`, `out_of_time` or `no_money`.
        people: how many are never dialed, even if all goes well.
        changes: any of them mends all problems of the plan; none where nothing of that kind does.
    """

    code: str
    people: int
    detail: str
    changes: tuple[Change, ...]

    @property
    def remedy(self) -> str:
        """The changes in one sentence."""
        return ", or ".join(change.words for change in self.changes)


_DETAILS = {
    "no_window": "{people:,} of {all:,} people are never within their hours before the campaign ends",
    "out_of_time": "{people:,} of {all:,} people cannot be dialed even once before the campaign ends, if all goes well",
    "no_money": "the money ends before {people:,} of {all:,} people were dialed once, even if all goes well",
}


def problems_of(plan: Plan) -> tuple[Problem, ...]:
    """What makes a plan impossible; nothing where it is possible."""
    plan = _paid(plan)
    missed = _missed(plan)
    if not missed:
        return ()
    changes, everyone = tuple(_changes(plan)), round(plan.line.people)
    return tuple(
        Problem(code, people, _DETAILS[code].format(people=people, all=everyone), changes)
        for code, people in missed.items()
    )


def is_possible(plan: Plan) -> bool:
    """Whether everybody can be dialed at least once."""
    return not _missed(_paid(plan))


def _missed(plan: Plan) -> dict[str, int]:
    untried = run(plan, side=-1, first_tries=True).untried
    return {code: math.ceil(untried[code] - _SOMEBODY) for code in _DETAILS if untried[code] > _SOMEBODY}


def _changes(plan: Plan) -> Iterator[Change]:
    """Those that help, the mildest first."""
    if plan.line.expires < inf and (ends := _least_end(plan)) is not None:
        told = moment(ends * 1000).isoformat().replace("+00:00", "Z")
        yield Change("expires_at", told, f"expires_at must be {told} at the earliest")
    if (minutes := _least_minutes(plan)) is not None:
        yield Change("windows", minutes, f"the windows must be open {minutes} minutes more each day")
    if (rate := _least_rate(plan)) is not None:
        yield Change("calls_per_second", rate, f"the dialer must have {rate:g} calls a second")
    for name in ("total", "day"):
        if (euros := _least_euros(plan, name)) is not None:
            yield Change(f"euro_cap.{name}", euros, f"euro_cap.{name} must be {euros:.2f}")


def _paid(plan: Plan) -> Plan:
    """Without caps in euro as long as nobody knows what a call costs: who guesses refuses nobody."""
    money = plan.line.money
    return plan if money is None or money.is_known else replace(plan, line=replace(plan.line, money=None))


def _least_euros(plan: Plan, name: str) -> float | None:
    """So many euros in all, or a day, in whole ones."""
    money = plan.line.money
    if money is None or getattr(money, name) == inf:
        return None
    now = math.floor(getattr(money, name))

    def changed(more: int) -> Plan:
        euros = float(now + more)
        raised = replace(money, total=euros) if name == "total" else replace(money, day=euros)
        return replace(plan, line=replace(plan.line, money=raised))

    found = _least(changed, max(1, now) * _MOST_TIMES_FASTER)
    return None if found is None else float(now + found)


def _least_end(plan: Plan) -> int | None:
    """The least whole minute by which everybody can have been dialed once, and a minute later yet (s since 1970)."""
    endless = run(_ending(plan, inf), side=-1, first_tries=True)
    if endless.is_cut or any(endless.untried[code] > _SOMEBODY for code in _DETAILS):
        return None
    before = int(endless.last_first + _TO_FOLLOW_S) // _MINUTE_S * _MINUTE_S
    most = _MORE_MINUTES + int((endless.last_first - plan.starts) / _PARTS) // _MINUTE_S
    found = _least(lambda minutes: _ending(plan, before + minutes * _MINUTE_S), most)
    return None if found is None else before + found * _MINUTE_S


def _ending(plan: Plan, expires: float) -> Plan:
    return replace(plan, line=replace(plan.line, expires=expires))


def _least_minutes(plan: Plan) -> int | None:
    """So many minutes more on each day that has hours."""
    windows = plan.line.windows
    if windows is None or not windows.hours:
        return None
    return _least(lambda minutes: replace(plan, line=replace(plan.line, windows=_widened(windows, minutes))), MIDNIGHT)


def _least_rate(plan: Plan) -> float | None:
    """So many calls a second, in tenths."""
    now = math.floor(plan.calls_per_second * _TENTHS)
    most = now * _MOST_TIMES_FASTER
    found = _least(lambda tenths: replace(plan, calls_per_second=(now + tenths) / _TENTHS), most)
    return None if found is None else (now + found) / _TENTHS


def _least(changed: Callable[[int], Plan], most: int) -> int | None:
    """The least from 1 to `most` with which the changed plan is possible, by doubling and then halving."""
    high = 1
    while not is_possible(changed(high)):
        if high == most:
            return None
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_possible(changed(middle)) else (middle, high)
    return high


def _widened(windows: Windows, minutes: int) -> Windows:
    return replace(windows, hours=tuple(_longer(hours, minutes) for hours in windows.hours))


def _longer(hours: Hours, minutes: int) -> Hours:
    """Later in the evening up to midnight, then earlier in the morning; those over midnight up to a whole day."""
    if hours.end <= hours.start:
        return replace(hours, end=min(hours.end + minutes, hours.start))
    end = min(hours.end + minutes, MIDNIGHT)
    return replace(hours, end=end, start=max(0, hours.start - (minutes - (end - hours.end))))
