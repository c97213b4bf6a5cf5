"""The sign of life of every process that speaks to the carrier, and its share of the requests that are no calls.

The budget of other requests is one for the whole fleet, and each process spaces its own part evenly. So each counts
who else is there, workers and API processes alike, and takes an equal part of what a rolling second may hold. A fixed
part of its own is why a mute button acts at once while workers hang up a whole campaign.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex

from dialer import keys
from dialer.clock import now_ms
from dialer.errors import StoreUnavailable
from dialer.metrics.turns import turned
from dialer.redis.batch import Batch
from dialer.runtime import Runtime
from dialer.schema import marked

EVERY_S = 2.0

_SLACK = 1.05
"""So much further apart than a second allows: 50 ms, in which requests may be late, still make no second too full."""
_NEWCOMER_PER_S = 1.0
"""The first share, until everybody else has heard of the newcomer and made room for it."""

WORKER_LISTS = (keys.SPEAKERS, keys.WORKERS)
API_LISTS = (keys.SPEAKERS, keys.APIS)
MUTE_LISTS = (keys.APIS,)
"""Of an API that has no carrier: nothing of the budget of other requests is for it."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who was heard from within the last seconds: workers, and all processes that speak to the carrier."""

    workers: int
    speakers: int

    def share(self, per_second: float) -> float:
        """What each process may send a second, so that no rolling second holds more than `per_second` of all."""
        processes = max(1, self.speakers)
        # Evenly spaced requests fit into a second as a whole number: seven and a half would be eight now and then.
        return (per_second // processes or per_second / processes) / _SLACK

    def seconds_for(self, requests: int, per_second: float) -> float:
        """How long all workers together take for so many requests."""
        return requests / (self.share(per_second) * max(1, self.workers))


def process_name() -> str:
    """A name for this process that no other has, and by which others know its release."""
    return marked(f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}")


async def read_fleet(batch: Batch) -> Fleet:
    """Count who is there."""
    workers, speakers = await asyncio.gather(
        batch.command("ZCARD", keys.WORKERS), batch.command("ZCARD", keys.SPEAKERS)
    )
    return Fleet(int(workers), int(speakers))


async def keep_alive(name: str, runtime: Runtime, lists: Sequence[str]) -> None:
    """Write the heartbeat every few seconds, for ever; an outage of Redis only skips some."""
    _set_share(runtime, _NEWCOMER_PER_S)
    is_known = False
    while True:
        with suppress(StoreUnavailable):
            is_known = await beat(name, runtime, lists, is_known=is_known)
            turned("heartbeat")
        await asyncio.sleep(EVERY_S)


async def beat(name: str, runtime: Runtime, lists: Sequence[str], *, is_known: bool = True) -> bool:
    """Write one heartbeat, forget the dead, and take this process' share. A newcomer among others waits one beat.

    Returns that it is known now.
    """
    now, batch = now_ms(runtime.clock), runtime.batch
    *_, fleet = await asyncio.gather(
        batch.look(),
        *(batch.command("ZADD", key, now, name, confirmed=False) for key in lists),
        *(
            batch.command("ZREMRANGEBYSCORE", key, "-inf", now - keys.WORKER_ALIVE_MS, confirmed=False)
            for key in keys.PROCESSES
        ),
        read_fleet(batch),
    )
    if is_known or fleet.speakers == 1:
        _set_share(runtime, fleet.share(runtime.settings.other_requests_per_second))
    return True


def _set_share(runtime: Runtime, per_second: float) -> None:
    for provider in runtime.providers.values():
        provider.set_share(per_second)


async def farewell(name: str, runtime: Runtime, lists: Sequence[str]) -> None:
    """Take this process off the lists when it ends in order."""
    with suppress(StoreUnavailable):
        await asyncio.gather(*(runtime.batch.command("ZREM", key, name) for key in lists))
