"""Redis fails over under Sentinel amid a campaign: nobody rings twice, nobody is lost, no second is too full.

Everything is a real process: three servers and three sentinels as deploy/redis/ sets them up, the API, two workers. A
primary is killed, not ended; API and workers go on by themselves on whichever server is chosen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from dialer.simulator import SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.redis_group import RedisGroup, open_group
from tests.fakes.stream import Stream, listening
from tests.fakes.waiting import FIGURES, until
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = 300
PER_SECOND = 30
BACK_WITHIN_S = 20.0
"""Five seconds until the sentinels miss the primary, two for them to agree, and slack for a busy machine."""
IN_FLIGHT_S = 0.5
"""What had left before the cut has arrived by then."""
CUT_OFF_S = 1.5
CARRIER = SimulatorConfig(
    time_scale=0.2,
    calls_per_second=PER_SECOND,
    ring_s=0.8,
    ring_jitter_s=0.6,
    latency_ms=50,
    latency_jitter_ms=10,
    latency_where="after",
)
SETTINGS = {
    "CALLS_PER_SECOND": str(PER_SECOND),
    "CARRIER_TIMEOUT_S": "1",
    "UNKNOWN_HOLD_S": "5",
    # Whatever is said of a call while there is no primary is lost, so they are asked after: soon.
    "RINGING_TIMER_S": "2",
    "LENGTH_TIMER_S": "2",
}


@asynccontextmanager
async def _dialing(new_world: NewWorld) -> AsyncIterator[tuple[RedisGroup, World, CampaignRun]]:
    """A campaign in its middle, on three servers."""
    async with open_group(replicas=2, sentinels=3) as group:
        world = await new_world(CARRIER, workers=2, settings=SETTINGS | {"REDIS_URL": group.url})
        run = await world.dial(world.people(CALLS))
        await world.until_placings(CALLS // 4)
        yield group, world, run
        await world.close()


@dataclass(slots=True)
class Outage:
    """How long it took from the kill until each part went on, in seconds."""

    carrier: float = 0
    api: float = 0
    stream: float = 0

    def __str__(self) -> str:
        return f"calls again after {self.carrier:.1f} s, API {self.api:.1f} s, live stream {self.stream:.1f} s"


async def _measured(world: World, run: CampaignRun, stream: Stream) -> Outage:
    """Wait until calls are placed, the API answers and changes are heard again."""
    began, placed = time.monotonic(), world.carrier.journal.placings
    outage = Outage()

    async def placing() -> None:
        await asyncio.sleep(2)  # what was on its way has left
        placed = world.carrier.journal.placings
        await until(lambda: world.carrier.journal.placings > placed, within_s=BACK_WITHIN_S)
        outage.carrier = time.monotonic() - began

    async def answering() -> None:
        await asyncio.sleep(1)
        await run.until(lambda _: True, within_s=BACK_WITHIN_S)
        outage.api = time.monotonic() - began

    async def hearing() -> None:
        await asyncio.sleep(1)
        async with asyncio.timeout(BACK_WITHIN_S):
            while (event := await stream.event()) is None or event.name != "call":
                pass
        outage.stream = time.monotonic() - began

    await asyncio.gather(placing(), answering(), hearing())
    assert world.carrier.journal.placings > placed
    return outage


async def _judge(run: CampaignRun, seen: Json) -> None:
    """One ring at most, one disposition each; undetermined is only who was never rung; no second was too full."""
    calls = await run.judge_done()
    rang = [c for c in calls if c["disposition"] == "undetermined" and run.world.carrier.rings(c["number"])]
    summary = run.world.carrier.summary()
    assert not rang
    assert CALLS == seen["dispositions"]["answered"] + seen["dispositions"]["undetermined"]
    assert summary.peak <= PER_SECOND
    assert all(program.runs for program in [run.world.api, *run.world.workers])


def _ended(seen: Json) -> str:
    return str({name: count for name, count in seen["dispositions"].items() if count})


async def test_failovers_ring_nobody_twice_and_lose_nobody(new_world: NewWorld) -> None:
    """Calls go on seconds after a primary is killed; what no replica has placed no call, also when that is killed."""
    async with _dialing(new_world) as (group, world, run), listening(world.http, run.id) as stream:
        first, second, third = group.servers
        await first.kill()
        outage = await _measured(world, run, stream)
        FIGURES.append(f"primary killed: {outage}")
        second, third = (second, third) if await group.primary() is second else (third, second)
        third.freeze()
        await asyncio.sleep(IN_FLIGHT_S)
        placed = world.carrier.journal.placings
        await asyncio.sleep(CUT_OFF_S)
        assert placed == world.carrier.journal.placings, "a call was placed that no replica knew of"
        await second.kill()
        await third.restart()
        await group.until_primary(third)
        await asyncio.gather(first.start(), second.start())
        # Where the second failover comes while a silent call is asked after, it is again a minute later at the most.
        seen = await run.until_done(within_s=150)
        await group.until_followed(third, 2)
        await _judge(run, seen)
        FIGURES.append(f"two failovers: of {seen['total']} calls ended {_ended(seen)}, most in a second {_peak(world)}")


def _peak(world: World) -> int:
    return world.carrier.summary().peak
