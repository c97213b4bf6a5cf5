"""What is looked at: the settings, and open ways to Redis, to the carrier, to our own API and to its public address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dialer.causes import cause
from dialer.providers.base import Provider
from dialer.providers.kpn import kpn_without_fleet
from dialer.providers.kpn.account import CREDENTIALS
from dialer.redis.connection import open_redis
from dialer.settings import Settings

PATIENCE_S = 10.0  # more than any part of this may take on a live day


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One dialer, running or about to.

    Attributes:
        api_url: where its API is reached from this machine.
        environment: the variables, for those that are no setting.
        redis: None where it is not set or does not answer, for which `redis_trouble` has the words.
        carrier: None where its credentials are not set; with an access token of its own, not the fleet's.
        further: the same of each trunk besides `main`.
        http: without the API key.
    """

    settings: Settings
    api_url: str
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    redis: Redis | None
    redis_trouble: str
    carrier: Provider | None
    further: Mapping[str, Provider] = field(default_factory=dict)
    http: aiohttp.ClientSession

    @property
    def store(self) -> Redis:
        """Redis, where an earlier step has found that it answers."""
        if self.redis is None:
            raise AssertionError("looked at Redis though it does not answer")
        return self.redis

    @property
    def provider(self) -> Provider:
        """The carrier, where an earlier step has found that it knows us."""
        if self.carrier is None:
            raise AssertionError("asked the carrier without credentials")
        return self.carrier


@asynccontextmanager
async def open_patient(settings: Settings, api_url: str) -> AsyncIterator[Patient]:
    """Open whatever can be opened; closed at the end."""
    async with AsyncExitStack() as stack:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout, trust_env=False))
        redis, trouble = await _reached(settings, stack)
        carrier = None
        if all(getattr(settings, name) is not None for name in CREDENTIALS):
            carrier = kpn_without_fleet(settings, http)
            stack.push_async_callback(carrier.aclose)
        further = {trunk: kpn_without_fleet(settings.over(trunk), http) for trunk in settings.trunks}
        for one in further.values():
            stack.push_async_callback(one.aclose)
        yield Patient(
            settings=settings,
            api_url=api_url,
            redis=redis,
            redis_trouble=trouble,
            carrier=carrier,
            further=further,
            http=http,
        )


async def _reached(settings: Settings, stack: AsyncExitStack) -> tuple[Redis | None, str]:
    if settings.redis_url is None:
        return None, "DIALER_REDIS_URL is not set, and no `dialer up` with a Redis of its own runs here"
    redis = open_redis(settings)
    stack.push_async_callback(redis.aclose)
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        # Its words may hold the address with a password in it.
        return None, f"Redis does not answer ({cause(error)})"
    return redis, ""
