"""The faults between and of the programs: what goes wrong, what is seen of it, what is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus

from redis.asyncio import Redis

from tests.fakes.cable import NONE, Cable, Trouble
from tests.fakes.faults import Fault, Strike
from tests.fakes.wired import Wired

AWAY = HTTPStatus.SERVICE_UNAVAILABLE
WAITS = '.waiting"'
"""The hopper's line; or the queue's, where the hopper looks at no Redis while it is late with the calls in hand."""
ASKED_LATER = "events that the carrier told twice in vain: it is asked after those calls half a minute later"


def _cut(name: str) -> Strike:
    @asynccontextmanager
    async def struck(wired: Wired) -> AsyncIterator[None]:
        cable: Cable = getattr(wired, name)
        await cable.cut()
        try:
            yield
        finally:
            await cable.mend()

    return struck


def _troubled(name: str, trouble: Trouble) -> Strike:
    @asynccontextmanager
    async def struck(wired: Wired) -> AsyncIterator[None]:
        cable: Cable = getattr(wired, name)
        cable.trouble = trouble
        try:
            yield
        finally:
            cable.trouble = NONE

    return struck


def _stopped(name: str) -> Strike:
    """SIGSTOP to the first worker, the API or Redis."""

    @asynccontextmanager
    async def struck(wired: Wired) -> AsyncIterator[None]:
        world = wired.world
        pid = {"worker": world.workers[0].process.pid, "api": world.api.process.pid, "redis": world.redis.pid}[name]
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return struck


@asynccontextmanager
async def _out_of_memory(wired: Wired) -> AsyncIterator[None]:
    async with Redis.from_url(wired.world.redis.url) as redis:
        await redis.config_set("maxmemory", "1")
        try:
            yield
        finally:
            await redis.config_set("maxmemory", "0")


@asynccontextmanager
async def _redis_killed(wired: Wired) -> AsyncIterator[None]:
    """Killed, and for a while nobody starts it again."""
    wired.world.redis.kill()
    await wired.world.redis.wait_for_exit()
    try:
        yield
    finally:
        await wired.world.redis.start()


_WORKERS_WITHOUT_REDIS = Fault(
    strike=_cut("workers_redis"),
    seen="`hopper.waiting` in the workers' logs, the API as ever",
    alert="DialerNoWorker",
    lost="nothing; requests that were under way are written down when Redis is back",
    logged=WAITS,
)
_API_WITHOUT_REDIS = Fault(
    strike=_cut("api_redis"),
    seen="503 `/problems/unavailable` from the API; calls go on",
    alert="DialerRedisDown",
    lost=ASKED_LATER,
    reads=AWAY,
    writes=AWAY,
    stops=False,
)
_NO_WEBHOOKS = Fault(
    strike=_cut("webhooks"),
    seen="calls stay `live`",
    alert="DialerWebhooksSilent",
    lost=ASKED_LATER,
    stops=False,
)
_DOUBTFUL = "requests under way: `unknown`, until a webhook or the carrier's list settles them"

OF_REDIS: Mapping[str, Fault] = {
    "workers cut off from Redis": _WORKERS_WITHOUT_REDIS,
    "way from workers to Redis a black hole": replace(
        _WORKERS_WITHOUT_REDIS, strike=_troubled("workers_redis", Trouble(hangs=True)), lasts_s=12
    ),
    "Redis' replies to workers cut in the middle": replace(
        _WORKERS_WITHOUT_REDIS, strike=_troubled("workers_redis", Trouble(reply_bytes=20))
    ),
    "workers' way to Redis slow (0.2 s)": Fault(
        strike=_troubled("workers_redis", Trouble(delay_s=0.1)),
        seen="a lower pace",
        alert="DialerBudgetUnused",
        stops=False,
    ),
    "Redis killed, back after 2.5 s": Fault(
        strike=_redis_killed,
        seen="503 `/problems/unavailable`, `hopper.waiting`",
        alert="DialerRedisDown",
        lost=ASKED_LATER,
        logged=WAITS,
        reads=AWAY,
        writes=AWAY,
    ),
    "Redis stopped for 2 s (SIGSTOP)": Fault(
        strike=_stopped("redis"), lasts_s=2, seen="no answer until it goes on", reads=None, writes=None
    ),
    "Redis stopped for 12 s": Fault(
        strike=_stopped("redis"),
        lasts_s=12,
        seen="no answer for up to ten seconds, then 503 `/problems/unavailable`, `hopper.waiting`",
        alert="DialerRedisDown",
        lost=ASKED_LATER,
        logged=WAITS,
        reads=AWAY,
        writes=AWAY,
    ),
    "Redis out of memory (noeviction)": Fault(
        strike=_out_of_memory,
        seen="503 `/problems/unavailable` for what changes anything, answers as ever for who looks; `hopper.waiting`",
        alert="DialerRedisMemoryFull",
        lost=ASKED_LATER,
        logged=WAITS,
        writes=AWAY,
    ),
}

OF_OTHERS: Mapping[str, Fault] = {
    "carrier refuses connections": Fault(
        strike=_cut("carrier"),
        seen="`refused: not_sent`; the gate closes, longer each time",
        alert="DialerCarrierRefuses",
        lost="nothing, no try used; what was under way is `unknown` until its webhook tells",
        logged="refused: not_sent",
    ),
    "carrier a black hole": Fault(
        strike=_troubled("carrier", Trouble(hangs=True)),
        seen="`unknown: timed_out`; the gate closes, longer each time",
        alert="DialerCarrierRefuses",
        lost=_DOUBTFUL,
        echoes=True,
        logged="unknown: timed_out",
    ),
    "carrier's replies cut in the middle": Fault(
        strike=_troubled("carrier", Trouble(reply_bytes=30)),
        seen="`unknown: connection_lost`; the gate closes, longer each time",
        alert="DialerCarrierRefuses",
        lost=_DOUBTFUL,
        logged="unknown: connection_lost",
        stops=False,
    ),
    "carrier slow (0.6 s)": Fault(
        strike=_troubled("carrier", Trouble(delay_s=0.3)), seen="`dialer_placement_seconds`", stops=False
    ),
    "carrier's line thin (2 KB/s)": Fault(
        strike=_troubled("carrier", Trouble(bytes_per_s=2000)),
        seen="`dialer_placement_seconds`",
        alert="DialerPlacementSlow",
        stops=False,
    ),
    "worker stopped for 2 s (SIGSTOP)": Fault(
        strike=_stopped("worker"), lasts_s=2, seen="the other does its share", stops=False
    ),
    "worker stopped for 6 s, longer than its claims": Fault(
        strike=_stopped("worker"),
        lasts_s=6,
        seen="the other does its share, and takes over what it had claimed",
        alert="DialerLeasesLapsing",
        stops=False,
    ),
    "API stopped for 2.5 s (SIGSTOP)": Fault(
        strike=_stopped("api"), seen="no answer; calls go on", alert="DialerNoApi", reads=None, writes=None, stops=False
    ),
    "webhooks delayed by 1 s": Fault(
        strike=_troubled("webhooks", Trouble(delay_s=1)),
        seen="`dialer_callback_lag_seconds`",
        alert="DialerCallbackLag",
        stops=False,
    ),
    "webhooks refused": _NO_WEBHOOKS,
    "webhooks into a black hole": replace(_NO_WEBHOOKS, strike=_troubled("webhooks", Trouble(hangs=True))),
    "API's answers to webhooks cut in the middle": Fault(
        strike=_troubled("webhooks", Trouble(reply_bytes=20)),
        seen="the carrier tells each event twice",
        alert="DialerCallbacksRepeated",
        stops=False,
    ),
    "API cut off from Redis": _API_WITHOUT_REDIS,
    "API's way to Redis a black hole": replace(
        _API_WITHOUT_REDIS, strike=_troubled("api_redis", Trouble(hangs=True)), lasts_s=12
    ),
    "Redis' replies to the API cut in the middle": replace(
        _API_WITHOUT_REDIS, strike=_troubled("api_redis", Trouble(reply_bytes=20))
    ),
}
"""Those that lose webhooks come last: the calls that must be asked after end while nothing else is wrong."""
