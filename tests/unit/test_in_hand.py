"""How many calls a worker takes in hand: as many as leave on time."""

from __future__ import annotations

from jobs.in_hand import MOST, InHand

ON_TIME_US, BEHIND_US = 100_000, 100_001


def taken(count: int) -> InHand:
    """A worker that has just claimed so many calls."""
    in_hand = InHand()
    for _ in range(count):
        in_hand.take()
    return in_hand


def full(in_hand: InHand) -> int:
    """How many it holds once it has claimed all that it may."""
    while room := in_hand.room():
        for _ in range(room):
            in_hand.take()
    return in_hand.count


def test_an_idle_worker_takes_as_many_as_there_may_be() -> None:
    """Nothing in hand, nothing late."""
    assert MOST == InHand().room()


def test_none_are_claimed_for_a_few_places() -> None:
    """A claim has costs of its own: it waits until it is worth them."""
    least = MOST // 4
    assert [least, 0] == [taken(MOST - least).room(), taken(MOST - least + 1).room()]


def test_whoever_may_hold_few_claims_in_smaller_parts() -> None:
    """A quarter of all that a fast one holds would be most of it, and leave nothing in hand meanwhile."""
    in_hand = taken(MOST)
    for _ in range(4):
        in_hand.leave(BEHIND_US)
        in_hand.room()
        in_hand.leave(ON_TIME_US)
        in_hand.room()
    while in_hand.count > 40:
        in_hand.leave(ON_TIME_US)

    assert 32 <= in_hand.room() < MOST // 4


def test_whoever_is_behind_claims_nothing_until_it_has_caught_up() -> None:
    """While the last one left more than 100 ms late, those in hand go first."""
    in_hand = taken(40)
    in_hand.leave(BEHIND_US)
    behind = in_hand.room()
    in_hand.leave(ON_TIME_US)

    assert behind == 0
    assert in_hand.room() > 0


def test_nothing_in_hand_is_late_for_nobody() -> None:
    """How late the last one was says nothing about the next where none waits."""
    in_hand = taken(1)
    in_hand.leave(BEHIND_US)

    assert in_hand.room() > 0


def test_it_takes_half_as_many_once_it_was_behind_and_more_again_with_time() -> None:
    """Once for each time that it falls behind, never below what keeps it busy; back to all step by step."""
    in_hand, held = taken(MOST), []
    for _ in range(4):
        in_hand.leave(BEHIND_US)
        in_hand.room()
        in_hand.room()
        while in_hand.count:
            in_hand.leave(ON_TIME_US)
        held.append(full(in_hand))
    while in_hand.count:
        in_hand.leave(ON_TIME_US)
    for _ in range(MOST):
        in_hand.room()

    assert MOST > held[0] > held[1] > held[3] >= 64
    assert MOST == full(in_hand)
