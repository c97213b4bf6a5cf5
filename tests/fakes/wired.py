"""A dialer with a cable between each two of its programs, and between them and the carrier.

Both workers share a cable to Redis and one to the carrier; the API has its own to Redis, and the carrier's webhooks
come by a fourth. Redis itself listens on a unix socket, so that nothing passes by the cables but the tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from dialer.simulator import SimulatorConfig
from dialer.simulator.routes import BASE
from tests.fakes.cable import Cable
from tests.fakes.world import World, open_world

CALLS_PER_SECOND = 30
SETTINGS = {
    "CALLS_PER_SECOND": str(CALLS_PER_SECOND),
    "CARRIER_TIMEOUT_S": "1",
    "UNKNOWN_HOLD_S": "5",
    # Whatever is said of a call while nobody can write it down is lost, so they are asked after: soon.
    "RINGING_TIMER_S": "2",
    "LENGTH_TIMER_S": "2",
}
CARRIER = SimulatorConfig(time_scale=0.1, calls_per_second=1000, ring_s=0.8, ring_jitter_s=0.6, latency_ms=20)


@dataclass(frozen=True, slots=True)
class Wired:
    """The world and its cables.

    Attributes:
        workers_redis: from the workers to Redis.
        api_redis: from the API to Redis.
        carrier: from the workers to the carrier.
        webhooks: from the carrier to the API.
    """

    world: World
    workers_redis: Cable
    api_redis: Cable
    carrier: Cable
    webhooks: Cable


@asynccontextmanager
async def open_wired(*, settings: Mapping[str, str] | None = None, workers: int = 2) -> AsyncIterator[Wired]:
    """Such a world, with all its cables whole; `settings` go before those above."""
    async with AsyncExitStack() as stack:
        cables = [await stack.enter_async_context(Cable()) for _ in range(4)]
        workers_redis, api_redis, carrier, webhooks = cables

        async def lead_to_redis(url: str) -> None:
            await workers_redis.mend(url)
            await api_redis.mend(url)

        own = {
            "worker": {"REDIS_URL": f"redis://127.0.0.1:{workers_redis.port}/0"},
            "api": {"REDIS_URL": f"redis://127.0.0.1:{api_redis.port}/0"},
        }
        addresses = {"CARRIER_URL": f"{carrier.origin}{BASE}", "PUBLIC_URL": webhooks.origin}
        world = await stack.enter_async_context(
            open_world(
                CARRIER,
                workers=workers,
                settings={**SETTINGS, **addresses, **(settings or {})},
                own=own,
                stored=lead_to_redis,
            )
        )
        await carrier.mend(world.carrier.origin)
        await webhooks.mend(f"http://127.0.0.1:{world.settings['PORT']}")
        yield Wired(world, workers_redis, api_redis, carrier, webhooks)
