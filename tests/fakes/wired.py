"""A dialer with a cable between each two of its programs, and between them and the carrier.

Both workers share a cable to Redis and one to the carrier; the API has its own to Redis, and the carrier's webhooks
come by a fourth. Redis itself listens on a unix socket, so that nothing passes by the cables but the tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from dialer.simulator import SimulatorConfig
from dialer.simulator.routes import BASE
from tests.fakes.beneath import CARRIER as CARRIER_NAME
from tests.fakes.beneath import REDIS as REDIS_NAME
from tests.fakes.beneath import Beneath
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
        beneath: what lies beneath the programs, where it is not the machine's own.
    """

    world: World
    workers_redis: Cable
    api_redis: Cable
    carrier: Cable
    webhooks: Cable
    beneath: Beneath | None = None


@asynccontextmanager
async def open_wired(beneath: Beneath | None = None) -> AsyncIterator[Wired]:
    """Such a world, with all its cables whole; on its own ground all is said over TLS, to names."""
    tls = beneath.tls() if beneath else None
    async with AsyncExitStack() as stack:
        cables = [await stack.enter_async_context(Cable()) for _ in range(4)]
        workers_redis, api_redis, carrier, webhooks = cables

        async def lead_to_redis(url: str) -> None:
            await workers_redis.mend(url, tls=tls)
            await api_redis.mend(url, tls=tls)

        world = await stack.enter_async_context(
            open_world(
                CARRIER,
                workers=2,
                settings=SETTINGS | _addresses(carrier, webhooks, beneath),
                own={
                    "worker": {"REDIS_URL": _redis_url(workers_redis, beneath)},
                    "api": {"REDIS_URL": _redis_url(api_redis, beneath)},
                    "doctor": {"REDIS_URL": _redis_url(api_redis, beneath)},
                },
                around=beneath.around if beneath else None,
                stored=lead_to_redis,
            )
        )
        await carrier.mend(world.carrier.origin, tls=tls)
        await webhooks.mend(f"http://127.0.0.1:{world.settings['PORT']}", tls=tls)
        yield Wired(world, workers_redis, api_redis, carrier, webhooks, beneath)


def _redis_url(cable: Cable, beneath: Beneath | None) -> str:
    return f"rediss://{REDIS_NAME}:{cable.port}/0" if beneath else f"redis://127.0.0.1:{cable.port}/0"


def _addresses(carrier: Cable, webhooks: Cable, beneath: Beneath | None) -> dict[str, str]:
    if beneath is None:
        return {"CARRIER_URL": f"{carrier.origin}{BASE}", "PUBLIC_URL": webhooks.origin}
    return {
        "CARRIER_URL": f"https://{CARRIER_NAME}:{carrier.port}{BASE}",
        "PUBLIC_URL": f"https://localhost:{webhooks.port}",
        "REDIS_CA_FILE": str(beneath.certificates.authority),
    }
