"""Nobody's phone rings twice and nobody is lost, whatever ends, stops or starts again while a campaign runs.

Each test disturbs one campaign at random moments while it is looked at all the time: the sums must hold at every look.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from dialer.simulator import SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = 200
TIMES = 10
SETTINGS = {
    "CALLS_PER_SECOND": "30",
    "CARRIER_TIMEOUT_S": "1",
    "UNKNOWN_HOLD_S": "5",
    # Whatever is said of a call in the moment in which Redis is away is lost, so they are asked after: soon.
    "RINGING_TIMER_S": "2",
    "LENGTH_TIMER_S": "2",
}
FAST = SETTINGS | {"CALLS_PER_SECOND": "200"}
# Requests are 100 ms on their way, so that some always are when something ends.
CARRIER = SimulatorConfig(
    time_scale=0.2,
    calls_per_second=30,
    ring_s=0.8,
    ring_jitter_s=0.6,
    latency_ms=50,
    latency_jitter_ms=10,
    latency_where="after",
)

Disturb = Callable[[World, int], Awaitable[None]]


async def _dial_disturbed(world: World, disturb: Disturb, *, times: int = TIMES) -> Json:
    """Dial a campaign to its end, looking at it all the time, and disturb it so often, spread over its length."""
    run = await world.dial(world.people(CALLS))
    chance = random.Random(4)  # noqa: S311 - moments of disturbance, no secret
    async with asyncio.TaskGroup() as group:
        # Whoever is killed while it looks after a doubtful call delays the next look by a minute.
        looking = group.create_task(run.until_done(within_s=150))
        for n in range(times):
            await world.until_placings(CALLS * (n + 1) // (times + 1), within_s=60)
            await asyncio.sleep(chance.uniform(0, 0.15))
            await disturb(world, n)
    await _judge(run)
    return looking.result()


async def _judge(run: CampaignRun) -> None:
    """One ring at most, one disposition each; undetermined is only who was never rung."""
    calls = await run.judge_done()
    rang = [c for c in calls if c["disposition"] == "undetermined" and run.world.carrier.rings(c["number"])]
    assert not rang


def _ended(seen: Json) -> str:
    ended = {name: count for name, count in seen["dispositions"].items() if count}
    return f"of {seen['total']} calls ended {ended}"


async def _kill_worker(world: World, n: int) -> None:
    worker = world.workers[n % len(world.workers)]
    await worker.until_logged("worker.started")
    await worker.kill()
    await worker.start()


async def _kill_redis(world: World, _: int) -> None:
    world.redis.kill()
    await world.redis.wait_for_exit()
    await world.redis.start()


async def _restart_worker(world: World, n: int) -> None:
    worker = world.workers[n % len(world.workers)]
    await worker.until_logged("worker.started")
    assert 0 == await worker.end()
    assert "worker.stopped" in worker.tail()
    await worker.start()


async def test_killed_workers_ring_nobody_twice_and_lose_nobody(new_world: NewWorld) -> None:
    """Workers killed ten times at random moments leave every call with one disposition and at most one ring."""
    world = await new_world(CARRIER, workers=3, settings=SETTINGS)
    seen = await _dial_disturbed(world, _kill_worker)
    FIGURES.append(f"workers killed {TIMES} times: {_ended(seen)}")
    assert CALLS == seen["dispositions"]["answered"] + seen["dispositions"]["undetermined"]


async def test_killed_redis_loses_nothing_that_was_acknowledged(new_world: NewWorld) -> None:
    """Redis killed ten times and started from its file: API and workers go on, nobody rings twice, nobody is lost."""
    world = await new_world(CARRIER, workers=2, settings=SETTINGS)
    seen = await _dial_disturbed(world, _kill_redis)
    FIGURES.append(f"Redis killed {TIMES} times: {_ended(seen)}")
    assert CALLS == seen["dispositions"]["answered"] + seen["dispositions"]["undetermined"]
    assert all(program.runs for program in [world.api, *world.workers])


async def test_worker_frozen_beyond_its_leases_places_nothing_late(new_world: NewWorld) -> None:
    """A worker that sleeps until others took over its calls rings none of them when it wakes."""
    # So fast that some calls are sure to stand between the last look and their request.
    world = await new_world(replace(CARRIER, calls_per_second=1000), settings=FAST)
    (sleeper,) = world.workers
    run = await world.dial(world.people(CALLS))
    await world.until_placings(CALLS // 2)
    sleeper.freeze()
    await world.start_workers(1)
    await run.until(lambda seen: seen["counts"]["claimed"] + seen["counts"]["placing"] == 0)
    sleeper.thaw()
    await run.until_done()
    await _judge(run)
    # Once it has dialed others, it is through with whatever it held.
    await world.workers[1].kill()
    await (await world.dial(world.people(10))).until_done()
    await _judge(run)


async def test_rolling_restart_leaves_no_call_in_doubt(new_world: NewWorld) -> None:
    """Workers told to end place what they hold and finish the requests under way: every attempt was surely placed."""
    # On a busy machine an answer takes more than a second now and then, which is a doubt of its own.
    world = await new_world(CARRIER, workers=2, settings=SETTINGS | {"CARRIER_TIMEOUT_S": "10"})
    seen = await _dial_disturbed(world, _restart_worker, times=4)
    assert CALLS == seen["dispositions"]["answered"]
    calls = await CampaignRun(world, seen["id"]).calls()
    calls = await asyncio.gather(*(world.get(f"/v1/calls/{call['id']}") for call in calls))
    assert {"placed"} == {attempt["result"] for call in calls for attempt in call["attempts"]}
