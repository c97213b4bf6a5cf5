"""What a campaign may say about dialing somebody again, and when that is to be at another hour of the day."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.dispositions import Disposition
from dialer.errors import InvalidInput
from dialer.model import Redial
from dialer.redialing import HOUR_MS, Tried, after, asks_another_hour, at_another_hour, check_policy, wait_ms

BUSY, ANSWERED = Disposition.BUSY, Disposition.ANSWERED
REDIAL = Redial(times=2, after_ms=60_000, growth_pct=200, most_after_ms=600_000)


@pytest.mark.parametrize(
    ("due", "tried_at", "before", "expected"),
    [
        (9.5, 9.2, (), 12),
        (13.5, 9.2, (), 13.5),
        (10, 9.2, (12,), 15),
        (23, 21.1, (), 24),
        (10, 9, tuple(range(24)), 10),
    ],
)
def test_next_try_is_three_hours_from_all_before(
    due: float, tried_at: float, before: tuple[int, ...], expected: float
) -> None:
    """It waits for the next such hour, and not at all where none is left; the try that ended counts."""
    hours = sum(1 << hour for hour in before)
    for day in (0, 20_781 * 24):
        found, with_it = at_another_hour((day + due) * HOUR_MS, (day + tried_at) * HOUR_MS, hours)

        assert day + expected == found / HOUR_MS
        assert with_it == hours | 1 << int(tried_at)


@pytest.mark.parametrize(
    ("disposition", "redial", "field", "message"),
    [
        (BUSY, replace(REDIAL, then="escalate"), "redial.busy.then", "there is nothing to begin"),
        (Disposition.MACHINE, REDIAL, "redial.machine", "machine counts as success here, and whoever"),
        (Disposition.INVALID_NUMBER, REDIAL, "redial.invalid_number.times", "a number that does not exist"),
        (ANSWERED, replace(REDIAL, then="suppress"), "redial.answered.then", "at their own wish only"),
        (BUSY, replace(REDIAL, most_after_ms=59_999), "redial.busy.most_after_s", "must not be shorter than after_s"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(
    disposition: Disposition, redial: Redial, field: str, message: str
) -> None:
    """The error names the field and says why, whatever sensible stands beside it."""
    policy = {Disposition.NO_ANSWER: REDIAL, disposition: redial}

    with pytest.raises(InvalidInput) as refused:
        check_policy(policy, {Disposition.MACHINE})

    assert field == refused.value.field
    assert message in str(refused.value)


def test_whoever_answered_is_dialed_again_for_a_confirmation_only() -> None:
    """Where an answer is success, the error says what to ask for instead."""
    with pytest.raises(InvalidInput, match=r"answered counts as success here, .*; ask for a confirmation"):
        check_policy({ANSWERED: REDIAL}, {ANSWERED})
    with pytest.raises(InvalidInput) as refused:
        check_policy({Disposition.MACHINE: REDIAL}, {Disposition.MACHINE})

    assert "confirmation" not in str(refused.value)


@pytest.mark.parametrize(
    ("disposition", "redial"),
    [
        (BUSY, replace(REDIAL, then="escalate")),
        (BUSY, replace(REDIAL, then="suppress")),
        (BUSY, replace(REDIAL, most_after_ms=60_000)),
        (ANSWERED, REDIAL),
        (Disposition.INVALID_NUMBER, replace(REDIAL, times=0)),
    ],
)
def test_a_policy_that_makes_sense_is_taken(disposition: Disposition, redial: Redial) -> None:
    """Up to the very edge of what is refused."""
    check_policy({disposition: redial}, {Disposition.CONFIRMED}, escalates=True)


def test_waits_grow_up_to_the_longest() -> None:
    """Each is the one before, grown, in whole milliseconds."""
    redial = Redial(times=9, after_ms=1_001, growth_pct=150, most_after_ms=3_000)

    assert [1_001, 1_501, 2_251, 3_000, 3_000] == [wait_ms(redial, number) for number in range(1, 6)]


def test_tries_are_read_as_they_are_stored() -> None:
    """What is not written down did not happen; the first number is dialed first."""
    assert Tried() == Tried.from_dict({})
    told = {"n": 4, "busy": 2, "answered": 1, "place": 2, "spent": 5, "hours": 6}
    assert Tried(4, (2, 0, 0, 0, 0, 1, 0), 3, 2, 5, 6) == Tried.from_dict(told, 3)


def test_another_hour_is_asked_for_while_redials_are_left() -> None:
    """Of that disposition, and where its policy says so."""
    asking = {BUSY: replace(REDIAL, other_hour=True), ANSWERED: REDIAL}
    tried = Tried(counts=(1, 0, 0, 0, 0, 0, 0))

    assert asks_another_hour(tried, BUSY, asking)
    assert not asks_another_hour(tried._replace(counts=(2, 0, 0, 0, 0, 0, 0)), BUSY, asking)
    assert not asks_another_hour(tried, ANSWERED, asking)
    assert not asks_another_hour(tried, Disposition.NO_ANSWER, asking)


def test_what_is_no_matter_of_redials_ends_a_call() -> None:
    """Whoever confirmed is not dialed again, and nothing is counted."""
    assert (Tried(tries=1), None) == after(Tried(tries=1), Disposition.CONFIRMED, {BUSY: REDIAL})
