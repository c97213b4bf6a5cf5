"""What every process needs, opened from the settings and closed in reverse: Redis, clock, store, carrier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import aiohttp
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dialer import metrics
from dialer.causes import cause
from dialer.clock import RedisClock
from dialer.erasures.hashes import erasure_secret
from dialer.errors import CarrierError, NotReplicated, StoreUnavailable
from dialer.metrics.table import begin_at_zero
from dialer.metrics.turns import turned
from dialer.model import MAIN
from dialer.openings import Openings
from dialer.planning import Planning
from dialer.processes.ending import ended
from dialer.providers.base import Provider
from dialer.providers.kpn import KpnVoice, kpn_from_settings
from dialer.recordings.storage import Storage
from dialer.redis.batch import Batch
from dialer.redis.connection import open_redis
from dialer.redis.life import LOOK_S, Life
from dialer.redis.seen import Seen
from dialer.schema import Stamp, is_older
from dialer.settings import CARRIER_FIELDS, Settings
from dialer.store import Store
from dialer.store.base import Deadlines, deadlines
from dialer.tracing import OFF, Tracing, tracing_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open parts of one process.

    Attributes:
        life: what this process has seen of the data's past.
        limits: how long a live call may be silent.
        recordings: where the sound of recordings lies.
        providers: the carrier's account of each trunk; of `main` none where its settings are not all there (the API
            needs none to serve).
        tracing: makes the traces of this process.
    """

    settings: Settings
    redis: Redis
    batch: Batch
    clock: RedisClock
    store: Store
    life: Life
    openings: Openings
    planning: Planning
    limits: Deadlines
    recordings: Storage
    providers: Mapping[str, Provider]
    tracing: Tracing = OFF

    @property
    def provider(self) -> Provider | None:
        """The carrier's account of the trunk `main`."""
        return self.providers.get(MAIN)

    def over(self, trunk: str) -> Settings:
        """The settings for calls over a trunk; those of `main` where it is set up no more and calls may be up."""
        return self.settings.over(trunk if trunk in self.settings.trunks else MAIN)

    def carrier(self, trunk: str) -> Provider:
        """The carrier's account of a trunk. Raises CarrierError where it is not set up in this process."""
        try:
            return self.providers[trunk]
        except KeyError:
            names = "DIALER_CARRIER_* and DIALER_FROM_NUMBER" if trunk == MAIN else "DIALER_TRUNKS"
            raise CarrierError(
                f"the trunk {trunk} is not set up in this process: see {names}", retryable=True
            ) from None


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Open all parts.

    Raises:
        InvalidInput: there is no Redis URL, another erasure secret than that of the hashes in Redis, or traces are to
            be made and OpenTelemetry is not installed.
        OtherData: what is in Redis is of a release that this one cannot work with.
        StoreUnavailable: Redis does not answer.
    """
    settings.require("redis_url")
    begin_at_zero(settings.trunk_names)
    async with AsyncExitStack() as stack:
        redis = open_redis(settings)
        stack.push_async_callback(redis.aclose)
        clock = RedisClock(redis)
        await _reached(clock)
        in_step = asyncio.create_task(clock.keep_in_step(partial(turned, "clock")))
        stack.push_async_callback(ended, in_step)
        tracing = await stack.enter_async_context(tracing_of(settings, clock))
        batch = Batch(redis, replicas=settings.replicas_acknowledged)
        limits = deadlines(settings.ringing_timer_s, settings.length_timer_s)
        store = Store(batch, clock, limits, erasure_secret(settings))
        await _check_data(store)
        life = Life(batch, clock, Seen(settings.data_dir))
        with suppress(NotReplicated):  # until it could be looked at, this process dials nothing
            await life.look()
        stack.push_async_callback(life.keep)
        providers = await _carriers(settings, stack, redis, tracing)
        openings = Openings(batch, clock, settings.default_region)
        recordings = Storage(settings.recordings_place)
        planning = Planning(store, batch, clock, settings)
        yield Runtime(
            settings, redis, batch, clock, store, life, openings, planning, limits, recordings, providers, tracing
        )


async def keep_to_data(runtime: Runtime) -> None:
    """End with InvalidInput or OtherData once this process could not go on working on what is in Redis.

    The first hash of an erased number may come while it runs: under another secret it could not tell all whom nobody
    may call. So may a newer release change the data into what only it can read. That it is older than it was ends no
    process: it is looked at, and told to whoever dials.
    """
    told = False
    while True:
        with suppress(StoreUnavailable):
            stamp, _ = await asyncio.gather(_check_data(runtime.store), runtime.life.look())
            turned("data")
            if is_older(stamp) and not told:
                advice = "run `dialer migrate` once every process is of this release"
                log.warning("data.older", version=stamp.version, advice=advice)
                told = True
        await runtime.life.rest(LOOK_S)


async def _check_data(store: Store) -> Stamp:
    await store.check_erasure_secret()
    return await store.check_schema()


async def _carriers(settings: Settings, stack: AsyncExitStack, redis: Redis, tracing: Tracing) -> dict[str, KpnVoice]:
    """The account of every trunk that has all its settings."""
    providers: dict[str, KpnVoice] = {}
    for trunk in settings.trunk_names:
        metrics.BUDGET.labels(trunk).set(settings.over(trunk).calls_per_second)
        if all(getattr(settings.over(trunk), name) is not None for name in CARRIER_FIELDS):
            # No limit of connections: a call that waited for one would miss its moment.
            connector = aiohttp.TCPConnector(limit=0)
            session = aiohttp.ClientSession(connector=connector, trace_configs=tracing.client_traces())
            await stack.enter_async_context(session)
            provider = providers[trunk] = kpn_from_settings(settings, session, redis, trunk=trunk)
            provider.tokens.on_renewal = lambda result: metrics.TOKEN_RENEWALS.labels(result).inc()
            stack.push_async_callback(provider.aclose)
    metrics.TOKEN_LIFETIME_SECONDS.set_function(
        lambda: min((one.tokens.lifetime_left_s() for one in providers.values()), default=0)
    )
    return providers


async def _reached(clock: RedisClock) -> None:
    try:
        for _ in range(5):
            await clock.sync()
    except (RedisError, OSError) as error:
        raise StoreUnavailable(
            f"Redis does not answer ({cause(error)}); is DIALER_REDIS_URL right and the server up?"
        ) from error
