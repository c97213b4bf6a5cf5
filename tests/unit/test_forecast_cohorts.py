"""People who open and close together: when somebody of them may be dialed, and why never."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from dialer.forecast.beginnings import Part
from dialer.forecast.cohort import Cohort, Waiting
from dialer.forecast.line import FRESH, Lot
from dialer.window_text import parse_windows
from dialer.windows import Hours, Windows
from tests.fakes.forecasts import AMSTERDAM, HOUR_S, LONDON, START, line

TEN_TO_ELEVEN: dict[str, Any] = {"windows": parse_windows("10:00-11:00"), "zones": (AMSTERDAM,)}
TEN, ELEVEN = START + HOUR_S, START + 2 * HOUR_S
DAY_S = 24 * HOUR_S
NEVER = Windows(hours=(Hours(frozenset(), 600, 660),))


def waiting(due: float = START, number: int = 0, expires: float = inf) -> Waiting:
    """One person in the line."""
    return Waiting(due, number, 1.0, 1.0, FRESH, expires)


def cohort(*people: Waiting, part: Part | None = None, number: int = 0, **fields: Any) -> Cohort:
    """A cohort of a campaign, with who waits of it."""
    made = Cohort(line(**fields), number, part)
    made.line += people
    return made


def test_without_hours_it_is_always_open() -> None:
    """Whoever is due may be dialed, now or ever; nothing turns but the end."""
    always = cohort(waiting(START + 5), expires=START + 60)
    always.look(START)

    assert [False, True, True] == [always.is_due(START + later) for later in (4, 5, 1e9)]
    assert START + 5 == always.coming(START)
    assert [START + 60, inf] == [always.turns(START + later) for later in (0, 60)]
    assert "out_of_time" == always.why_never(always.line[0])


def test_hours_are_kept_without_their_last_second() -> None:
    """From ten to eleven, and again on the next day."""
    kept = cohort(waiting(), **TEN_TO_ELEVEN)
    kept.look(START)
    assert [False, True, True, False] == [kept.is_due(at) for at in (TEN - 1, TEN, ELEVEN - 1.01, ELEVEN - 1)]
    assert (TEN, TEN, ELEVEN - 1) == (kept.coming(START), kept.turns(START), kept.turns(TEN))
    kept.look(ELEVEN - 1)

    assert (TEN + DAY_S, False, True) == (kept.turns(ELEVEN), kept.is_due(ELEVEN), kept.is_due(TEN + DAY_S))


def test_who_is_due_later_is_what_comes_in_open_hours() -> None:
    """Not before it opens, nor before they are due; never in the past."""
    early, late = (cohort(waiting(due), **TEN_TO_ELEVEN) for due in (TEN - 60, TEN + 60))
    for one in (early, late):
        one.look(START)

    assert (TEN, TEN + 60) == (early.coming(START), late.coming(START))
    assert (TEN + 30, TEN + 60) == (early.coming(TEN + 30), late.coming(TEN + 30))


def test_an_end_comes_before_the_opening() -> None:
    """That of the campaign, or of one of its people."""
    ends = cohort(waiting(), expires=START + 600, **TEN_TO_ELEVEN)
    own = cohort(waiting(), lots=(Lot(START, 1, expires=START + 300), Lot(START, 1, cohort=1)), **TEN_TO_ELEVEN)
    other = cohort(waiting(), lots=(Lot(START, 1, cohort=1, expires=START + 300),), **TEN_TO_ELEVEN)
    for one in (ends, own, other):
        one.look(START)

    assert [START + 600, START + 300, TEN] == [one.coming(START) for one in (ends, own, other)]
    assert [START + 600, START + 300, TEN] == [one.turns(START) for one in (ends, own, other)]


def test_the_next_end_is_that_of_who_still_waits() -> None:
    """Once somebody is gone, the next one's; with nobody left, the campaign's."""
    ends = cohort(waiting(expires=START + 300), waiting(expires=START + 200), expires=START + 600)
    ends.count_ends()
    assert START + 200 == ends.next_end
    ends.line.clear()
    ends.count_ends()
    assert START + 600 == ends.next_end


def test_hours_that_never_come_are_looked_for_again() -> None:
    """In a week; until then nobody is dialed."""
    never = cohort(waiting(), windows=NEVER, zones=(AMSTERDAM,))
    never.look(START)

    assert not never.is_due(START)
    assert (START + 7 * DAY_S, START + 7 * DAY_S) == (never.coming(START), never.turns(START))
    assert "no_window" == never.why_never(never.line[0])


def test_it_is_told_why_somebody_was_never_dialed() -> None:
    """Their own end, hours that did not come before the campaign's, or too many before them."""
    kept = cohort(expires=ELEVEN, **TEN_TO_ELEVEN)
    kept.look(START)
    assert ["own_end", "no_window"] == [kept.why_never(waiting(expires=at)) for at in (ELEVEN - 1, ELEVEN)]
    kept.look(TEN - 1)
    assert "no_window" == kept.why_never(waiting(expires=ELEVEN))
    kept.look(TEN)
    assert "out_of_time" == kept.why_never(waiting(expires=ELEVEN))
    kept.look(ELEVEN)
    assert "out_of_time" == kept.why_never(waiting(expires=ELEVEN))


def test_a_share_is_waited_for() -> None:
    """One call each two seconds for numbers that begin so: due, and not ready."""
    shared, free = cohort(waiting(), part=Part(0.5, START + 10)), cohort(waiting())

    assert ([True, True], [False, True]) == (
        [shared.is_due(START), shared.is_due(START + 10)],
        [shared.is_ready(START), shared.is_ready(START + 10)],
    )
    assert (START + 10, START) == (shared.coming(START), free.coming(START))
    assert (5, inf) == (shared.most(START + 10, START + 20), free.most(START, START + 1))
    shared.take(START + 10, 2)
    free.take(START, 2)
    assert [(False, START + 14), (True, START)] == [
        (one.is_ready(START + 10), one.coming(START)) for one in (shared, free)
    ]


def test_nobody_waits_in_an_empty_cohort() -> None:
    """Nobody is due, and nobody is ready."""
    assert (False, False) == (cohort().is_due(START), cohort().is_ready(START))


@pytest.mark.parametrize(("zones", "first"), [((AMSTERDAM,), START - 5), ((AMSTERDAM, LONDON), TEN)])
def test_who_was_parked_is_due_at_the_opening(zones: tuple[tuple[str, ...], ...], first: float) -> None:
    """Where there are several cohorts, as the engine parks none where there is one; those with a share go first."""
    parked = cohort(waiting(START - 5, 7), windows=parse_windows("10:00-11:00"), zones=zones)
    shared = cohort(waiting(START - 5, 7), part=Part(1.0, START), windows=parse_windows("10:00-11:00"), zones=zones)
    for one in (parked, shared):
        one.look(START)

    assert (first, START - 5, True, 7) == parked.first()
    assert shared.first() < parked.first()


def test_each_cohort_has_its_own_zone() -> None:
    """Ten in London is an hour later."""
    hours: dict[str, Any] = {"windows": parse_windows("10:00-11:00"), "zones": (AMSTERDAM, LONDON)}
    there = cohort(waiting(), number=1, **hours)
    there.look(START)
    assert TEN + HOUR_S == there.coming(START)
