"""What a release leaves in Redis when all of it is killed at once, written down so that later releases are tried on it.

`python -m tests.fakes.frozen_campaigns tests/data/schema/N.jsonl` runs a dialer, brings campaigns and calls into every
state, kills API and worker, and keeps what Redis holds then (`frozen.py`). To be run once, on the last commit of each
version of the data; the file is never written anew.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from redis.asyncio import Redis

from dialer import keys
from dialer.simulator import SimulatorConfig
from tests.fakes.campaign import CampaignRun
from tests.fakes.frozen import freeze
from tests.fakes.world import World, open_world

_SETTINGS = {
    "CALLS_PER_SECOND": "5",
    "CARRIER_TIMEOUT_S": "5",
    "RINGING_TIMER_S": "30",
    "LENGTH_TIMER_S": "60",
    "UNKNOWN_HOLD_S": "60",
}
# A request is 0.3 s on its way, so that one is whenever all is killed.
_CARRIER = SimulatorConfig(time_scale=0.02, calls_per_second=100, latency_ms=300, latency_where="before", calls_kept=0)


async def _fill(world: World) -> CampaignRun:
    """Campaigns in every state, calls in every state, and what else an operator leaves; the one that runs."""
    await _completed(world)
    await (await world.campaign(name="draft")).add(world.people(4))
    await (await world.dial(world.people(3), name="cancelled", windows={"not_before": _in_days(2)})).step("cancel")
    paused = await world.dial(world.people(8), name="paused")
    await paused.until(lambda seen: seen["counts"]["done"] >= 2)
    await paused.step("pause")
    await paused.until(lambda seen: bool(seen["counts"]["waiting"] + seen["counts"]["done"] == seen["total"]))
    ending = await world.campaign(name="ending", expires_at=_in_days(3))
    await ending.add_csv(f"number,expires_at\n{world.people(1)[0]},{_in_days(1)}\n")
    await world.post("/v1/suppressions/add", {"number": world.people(1)[0]})
    return await _running(world)


async def _completed(world: World) -> None:
    """One that is over, with a redial and people by name."""
    busy, plain = world.people(2)
    world.carrier.phone(busy).is_busy().then().answers()
    redial = {"busy": {"times": 1, "after_s": 1}}
    run = await world.campaign(name="completed", script={"text": "Hello {{ who }}."}, redial=redial)
    await run.add_csv(f"number,id,who\n{busy},k-7,Ann\n{plain},k-8,Bob\n")
    await run.step("start")
    await run.until(lambda seen: bool(seen["state"] == "completed"))


async def _running(world: World) -> CampaignRun:
    """One in the middle of it, with calls of which nobody hears how they end, and one that may be up or not."""
    busy, others = world.people(2), world.people(40)
    for number in busy:
        world.carrier.phone(number).is_busy()
    world.carrier.faults.next_webhook("lost", status="completed", count=5)
    run = await world.dial([*busy, *others], name="running", redial={"busy": {"times": 1, "after_s": 90}})
    await run.until(lambda seen: seen["dispositions"]["answered"] >= 8)
    world.carrier.faults.next_place("504")
    await run.until(lambda seen: seen["counts"]["unknown"] and seen["counts"]["placing"])
    return run


def _in_days(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86_400))


async def _make() -> tuple[str, str]:
    """What Redis holds, and how many calls of the one that runs are in each state."""
    async with open_world(_CARRIER, settings=_SETTINGS) as world:
        redis = Redis.from_url(world.redis.url, decode_responses=True)
        run = await _fill(world)
        await asyncio.gather(world.workers[0].kill(), world.api.kill())
        text = await freeze(redis)
        sizes = [f"{state} {await redis.zcard(keys.calls_in(run.id, state))}" for state in keys.IN_FLIGHT]
        await redis.aclose()
        return text, ", ".join(sizes)


if __name__ == "__main__":
    held, states = asyncio.run(_make())
    Path(sys.argv[1]).write_text(held, "utf-8")
    print(states)  # noqa: T201 - whether every state is there
