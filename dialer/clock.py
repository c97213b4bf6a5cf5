"""The fleet's one clock: Redis' time, read from this machine's monotonic clock plus an offset.

Wall clocks of different machines don't agree and jump; a process' monotonic clock does neither. Each process measures
the offset to Redis now and again and keeps the measurement with the shortest round trip, whose error is at most half
of it. After a failover time is that of another machine: what was measured before is forgotten as soon as it cannot be.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

_SAMPLES = 8  # kept for 20 s, in which a quartz off by 20 ppm drifts 0.4 ms
_SYNC_EVERY_S = 2.5
_RETRY_EVERY_S = 0.25  # a fleet must not go on by the clock of a primary that was lost
_DRIFT_US = 10_000  # more than a clock that is being adjusted (500 ppm) drifts while samples are kept


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The moments between which all that is kept lies. The last second of 9999 without its fractions: scripts keep moments
with 14 digits, and would round them up to the year 10,000."""


class Clock(Protocol):
    """Time as the whole fleet sees it."""

    def now_us(self) -> int:
        """Microseconds since 1970 on Redis' clock."""
        ...

    async def sleep_until(self, moment_us: int) -> None:
        """Return at that moment, at once if it has passed."""
        ...


class RedisClock:
    """Redis' clock, kept in step by `keep_in_step`, to be run for as long as the clock is used."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._samples: deque[tuple[int, int]] = deque(maxlen=_SAMPLES)
        self._offset_us = 0

    def now_us(self) -> int:
        """Microseconds since 1970 on Redis' clock."""
        return time.monotonic_ns() // 1000 + self._offset_us

    async def sleep_until(self, moment_us: int) -> None:
        """Return at that moment, at once if it has passed."""
        await asyncio.sleep(max(0, moment_us - self.now_us()) / 1_000_000)

    async def sync(self) -> None:
        """Measure the offset once. Raises redis' errors when it does not answer."""
        before = time.monotonic_ns() // 1000
        seconds, micros = await self._redis.time()
        round_trip = time.monotonic_ns() // 1000 - before
        offset = seconds * 1_000_000 + micros - before - round_trip // 2
        if self._samples and abs(offset - self._offset_us) > (round_trip + min(self._samples)[0]) // 2 + _DRIFT_US:
            self._samples.clear()  # both cannot be true: it is another clock
        self._samples.append((round_trip, offset))
        self._offset_us = min(self._samples)[1]

    async def keep_in_step(self, turned: Callable[[], None] = lambda: None) -> None:
        """Measure again every few seconds, for ever, and tell of each time."""
        wait_s = _SYNC_EVERY_S
        while True:
            await asyncio.sleep(wait_s)
            # An outage only skips a measurement: the offset measured before stays good for minutes.
            wait_s = _RETRY_EVERY_S
            with suppress(RedisError, OSError):
                await self.sync()
                wait_s = _SYNC_EVERY_S
                turned()


def now_ms(clock: Clock) -> int:
    """Milliseconds since 1970 on the fleet's clock."""
    return clock.now_us() // 1000


def moment(milliseconds: float | str) -> datetime:
    """A stored moment in ms as an aware datetime."""
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)


def at_ms(milliseconds: float | str | None) -> datetime | None:
    """A stored moment in ms as an aware datetime, where there is one."""
    return moment(milliseconds) if milliseconds else None


def in_utc(when: datetime) -> datetime | None:
    """An aware moment in UTC; None where it lies beyond what can be kept: a zone may have a year that UTC has not."""
    try:
        told = when.astimezone(UTC)
    except OverflowError:
        return None
    return told if FIRST <= told <= LAST else None


def to_ms(when: datetime) -> int:
    """An aware datetime as ms since 1970. A naive one raises ValueError: it could mean any zone."""
    if when.tzinfo is None:
        raise ValueError("a naive datetime has no place here")
    return (when - _EPOCH) // timedelta(milliseconds=1)  # exact, unlike the float of timestamp()
