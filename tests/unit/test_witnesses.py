"""Who must confirm a change: all that follow or followed a moment ago, and at least as many as are set."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialer.redis.witnesses import HOLD_S, Witnesses


class Moment:
    """A clock that the test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now_s


@pytest.fixture
def moment() -> Moment:
    """A clock at its beginning."""
    return Moment()


def _master(replicas: int) -> list[object]:
    return ["master", 77, [["10.0.0.1", "6379", "77"]] * replicas]


def test_all_that_follow_must_confirm(moment: Moment) -> None:
    """Before anything is seen as many as are set; then whoever is there."""
    witnesses = Witnesses(1, moment)
    assert 1 == witnesses.wanted
    witnesses.saw(_master(3))

    assert 3 == witnesses.wanted


def test_one_that_left_must_confirm_for_a_while(moment: Moment) -> None:
    """It may be the next primary; who has been away for longer is not waited for."""
    witnesses = Witnesses(1, moment)
    witnesses.saw(_master(2))
    moment.now_s = HOLD_S - 0.1
    witnesses.saw(_master(1))
    assert 2 == witnesses.wanted
    moment.now_s = HOLD_S

    assert 1 == witnesses.wanted


def test_never_fewer_than_are_set(moment: Moment) -> None:
    """However few follow; and nobody where nobody is set, whoever follows."""
    witnesses, nobody = Witnesses(2, moment), Witnesses(0, moment)
    for one in (witnesses, nobody):
        one.saw(_master(1))
        one.saw(["slave", "10.0.0.1", 6379, "connected", 77])
        one.saw(ValueError("no answer"))

    assert (2, 0) == (witnesses.wanted, nobody.wanted)


def test_one_that_is_set_is_enough_where_nobody_follows(moment: Moment) -> None:
    """Seen or not; and what was seen twice counts from the last time."""
    witnesses = Witnesses(1, moment)
    witnesses.saw(_master(0))
    assert 1 == witnesses.wanted
    witnesses.saw(_master(2))
    moment.now_s = HOLD_S - 1
    witnesses.saw(_master(2))
    moment.now_s = HOLD_S

    assert 2 == witnesses.wanted


def test_who_follows_is_known_for_a_while(moment: Moment) -> None:
    """Not before anybody was seen, and not once that is too long ago; where nobody is set there is nothing to know."""
    witnesses = Witnesses(1, moment)
    assert not witnesses.known
    witnesses.saw([b"master", 77, []])
    assert witnesses.known
    moment.now_s = HOLD_S

    assert not witnesses.known
    assert Witnesses(0, moment).known


def test_time_is_that_of_the_machine() -> None:
    """Without a clock of the test's own, what was seen just now is known."""
    witnesses = Witnesses(1)
    witnesses.saw(_master(2))

    assert (True, 2) == (witnesses.known, witnesses.wanted)


def test_who_left_is_waited_for_twice_as_long_as_sentinels_wait() -> None:
    """As they are set up in `deploy/redis`: they may have missed the primary for just so long already."""
    sentinel = (Path(__file__).parents[2] / "deploy" / "redis" / "sentinel.conf").read_text()

    assert f"down-after-milliseconds dialer {HOLD_S * 500:.0f}\n" in sentinel
