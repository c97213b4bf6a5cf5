"""Time: moments as they are stored, and a clock that follows Redis' through slow answers and outages."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NoConnection

from dialer.clock import RedisClock, at_ms, in_utc, moment, now_ms, to_ms
from tests.fakes.clock import START_MS, START_US, SettableClock


class Machine:
    """This machine's monotonic clock and a Redis elsewhere, whose clock is ahead of it."""

    def __init__(self, ahead_us: int) -> None:
        self.monotonic_us = 7_000_000
        self.ahead_us = ahead_us
        self.way_there_us = self.way_back_us = 100
        self.is_away = False

    async def time(self) -> tuple[int, int]:
        """Redis' TIME, after the way there; the answer takes the way back."""
        if self.is_away:
            raise NoConnection("away")
        self.monotonic_us += self.way_there_us
        now = self.monotonic_us + self.ahead_us
        self.monotonic_us += self.way_back_us
        return divmod(now, 1_000_000)

    @property
    def redis_us(self) -> int:
        """What Redis' clock shows now."""
        return self.monotonic_us + self.ahead_us


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose monotonic clock the test moves."""
    machine = Machine(ahead_us=START_US)
    monkeypatch.setattr("dialer.clock.time.monotonic_ns", lambda: machine.monotonic_us * 1000)
    return machine


@pytest.fixture
def clock(machine: Machine) -> RedisClock:
    """The fleet's clock on that machine."""
    return RedisClock(cast("Redis", machine))


async def test_the_clock_shows_redis_time(machine: Machine, clock: RedisClock) -> None:
    """With ways there and back alike the clock is exact, also as time passes."""
    await clock.sync()
    machine.monotonic_us += 5_000_000

    assert machine.redis_us == clock.now_us()


@pytest.mark.parametrize(("there_us", "back_us"), [(0, 900), (900, 0), (300, 600), (10_000, 0)])
async def test_the_error_is_half_a_round_trip_at_most(
    machine: Machine, clock: RedisClock, there_us: int, back_us: int
) -> None:
    """However uneven the ways, the clock is off by no more than half of both."""
    machine.way_there_us, machine.way_back_us = there_us, back_us
    await clock.sync()

    assert abs(clock.now_us() - machine.redis_us) <= (there_us + back_us) // 2


@pytest.mark.parametrize(("there_us", "back_us"), [(100, 50_000), (100, 200_000), (200_000, 100)])
async def test_the_quickest_measurement_counts(
    machine: Machine, clock: RedisClock, there_us: int, back_us: int
) -> None:
    """A slow answer after a quick one does not make the clock worse, however slow, and on whichever way."""
    await clock.sync()
    machine.way_there_us, machine.way_back_us = there_us, back_us
    await clock.sync()

    assert machine.redis_us == clock.now_us()


async def test_old_measurements_are_forgotten(machine: Machine, clock: RedisClock) -> None:
    """After eight further measurements the clock follows a Redis whose time has changed, as after a failover."""
    await clock.sync()
    machine.ahead_us += 3_000_000
    machine.way_there_us = machine.way_back_us = 200
    for _ in range(8):
        await clock.sync()

    assert machine.redis_us == clock.now_us()


async def test_the_clock_is_measured_again_sooner_while_redis_is_away(
    machine: Machine, clock: RedisClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each measurement is told; a primary that was lost is not followed for long."""
    waits: list[float] = []
    told: list[int] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        machine.is_away = len(waits) in {2, 3}
        if len(waits) == 6:
            raise asyncio.CancelledError

    monkeypatch.setattr("dialer.clock.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await clock.keep_in_step(lambda: told.append(len(waits)))

    assert ([2.5, 2.5, 0.25, 0.25, 2.5, 2.5], [1, 4, 5]) == (waits, told)
    assert machine.redis_us == clock.now_us()


async def test_a_moment_to_come_is_waited_for(clock: RedisClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the microsecond, as far as the machine can."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("dialer.clock.asyncio.sleep", sleep)
    await clock.sync()
    await clock.sleep_until(clock.now_us() + 1_500_001)

    assert [1.500001] == waits


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), True),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), False),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(9999, 12, 31, 23, 59, 59, 1, tzinfo=UTC), False),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-1))), False),
        (datetime(2027, 1, 4, 9, tzinfo=timezone(timedelta(hours=1))), True),
    ],
)
def test_only_years_that_can_be_told_are_kept(when: datetime, *, kept: bool) -> None:
    """In UTC: from the year 1 to 9999."""
    found = in_utc(when)

    assert (when if kept else None) == found
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("ahead_us", [-5_000_000, 0])
async def test_a_moment_that_has_passed_is_not_waited_for(clock: RedisClock, ahead_us: int) -> None:
    """Sleeping until now, or until some time ago, returns."""
    await clock.sync()

    assert None is await clock.sleep_until(clock.now_us() + ahead_us)  # type: ignore[func-returns-value]


def test_milliseconds_are_whole() -> None:
    """A moment within a millisecond counts as its beginning."""
    assert START_MS == now_ms(SettableClock(START_US + 999))


@given(milliseconds=st.integers(0, 4_102_444_800_000))
def test_moments_read_back(milliseconds: int) -> None:
    """Each millisecond of this century, stored and read, is the same."""
    assert milliseconds == to_ms(moment(milliseconds)) == to_ms(moment(str(milliseconds)))


def test_a_moment_is_aware() -> None:
    """Stored times are UTC, and times of other zones are stored as the moment they are."""
    amsterdam = timezone(timedelta(hours=1))

    assert UTC is moment(START_MS).tzinfo
    assert START_MS == to_ms(moment(START_MS).astimezone(amsterdam))


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_moment_is_none(nothing: str | None) -> None:
    """What was not stored is no moment; what was is the one that it was."""
    assert None is at_ms(nothing)
    assert moment(START_MS) == at_ms(str(START_MS)) == at_ms(START_MS)


def test_a_naive_time_is_refused() -> None:
    """A time without a zone could mean any: it is a bug."""
    with pytest.raises(ValueError, match="naive"):
        to_ms(datetime(2027, 1, 1))  # noqa: DTZ001 - just that


@pytest.mark.parametrize("ahead_us", [-3_000_000, -50_000, 50_000, 3_000_000])
async def test_another_primary_is_another_clock(machine: Machine, clock: RedisClock, ahead_us: int) -> None:
    """After a failover the clock shows the new primary's time from the first measurement on, however quick the old."""
    for _ in range(8):
        await clock.sync()
    machine.ahead_us += ahead_us
    machine.way_there_us = machine.way_back_us = 400
    await clock.sync()

    assert machine.redis_us == clock.now_us()
