"""What every process needs, opened from the settings and closed in reverse: Redis, clock, store, carrier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dialer import metrics
from dialer.batch import Batch
from dialer.clock import RedisClock
from dialer.ending import ended
from dialer.erasing import erasure_secret
from dialer.errors import StoreUnavailable
from dialer.openings import Openings
from dialer.planning import Planning
from dialer.providers.base import Provider
from dialer.providers.kpn import KpnVoice, kpn_from_settings
from dialer.recordings.storage import Storage
from dialer.settings import CARRIER_FIELDS, Settings
from dialer.store import Store
from dialer.store.base import Deadlines, deadlines

_SOCKET_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open parts of one process.

    Attributes:
        limits: how long a live call may be silent.
        recordings: where the sound of recordings lies.
        provider: None where the carrier's settings are not all there (the API needs none to serve).
    """

    settings: Settings
    redis: Redis
    batch: Batch
    clock: RedisClock
    store: Store
    openings: Openings
    planning: Planning
    limits: Deadlines
    recordings: Storage
    provider: Provider | None


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Open all parts.

    Raises:
        InvalidInput: there is no Redis URL, or another erasure secret than that of the hashes in Redis.
        StoreUnavailable: Redis does not answer.
    """
    settings.require("redis_url")
    async with AsyncExitStack() as stack:
        redis = open_redis(str(settings.redis_url))
        stack.push_async_callback(redis.aclose)
        clock = RedisClock(redis)
        await _reached(clock)
        in_step = asyncio.create_task(clock.keep_in_step())
        stack.push_async_callback(ended, in_step)
        batch = Batch(redis)
        metrics.BUDGET.labels(metrics.TRUNK).set(settings.calls_per_second)
        limits = deadlines(settings.ringing_timer_s, settings.length_timer_s)
        store = Store(batch, clock, limits, erasure_secret(settings))
        await store.check_erasure_secret()
        provider: KpnVoice | None = None
        if all(getattr(settings, name) is not None for name in CARRIER_FIELDS):
            # No limit of connections: a call that waited for one would miss its moment.
            connector = aiohttp.TCPConnector(limit=0)
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            provider = _carrier(settings, session, redis)
            stack.push_async_callback(provider.aclose)
        openings = Openings(batch, clock, settings.default_region)
        recordings = Storage(settings.recordings_place)
        planning = Planning(store, batch, clock, settings)
        yield Runtime(settings, redis, batch, clock, store, openings, planning, limits, recordings, provider)


def open_redis(url: str) -> Redis:
    """A client of that server, with our time limits; nothing is asked yet."""
    redis: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
    )
    return redis


def _carrier(settings: Settings, session: aiohttp.ClientSession, redis: Redis) -> KpnVoice:
    provider = kpn_from_settings(settings, session, redis)
    provider.tokens.on_renewal = lambda result: metrics.TOKEN_RENEWALS.labels(result).inc()
    metrics.TOKEN_LIFETIME_SECONDS.set_function(lambda: provider.tokens.lifetime_left_s() or 0)
    return provider


async def _reached(clock: RedisClock) -> None:
    try:
        for _ in range(5):
            await clock.sync()
    except (RedisError, OSError) as error:
        raise StoreUnavailable(
            f"Redis does not answer ({type(error).__name__}); is DIALER_REDIS_URL right and the server up?"
        ) from error
