"""Hanging up everything, with real processes: as fast as was said, inside the budget, and nobody is called again."""

from __future__ import annotations

import asyncio
import time

import pytest

from dialer.simulator import SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun
from tests.fakes.waiting import FIGURES, until
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = 60
OTHERS_PER_SECOND = 15
# Answered after a moment, and then on the phone for longer than any of these tests.
TALKATIVE = SimulatorConfig(ring_s=1, ring_jitter_s=0, calls_per_second=1000)
SCRIPT = {"text": "The water is off. " * 80, "language": "en-GB"}
TEXT_S = 80 * 18 / 15
REDIAL = {"no_answer": {"times": 3, "after_s": 0}, "busy": {"times": 3, "after_s": 0}}


async def _all_live(world: World, people: list[str]) -> CampaignRun:
    run = await world.dial(people, script=SCRIPT, redial=REDIAL)
    await run.until(lambda seen: seen["counts"]["live"] == len(people))
    # Old enough for the carrier to take orders, and for every process to have its share.
    await asyncio.sleep(2.5)
    return run


async def test_campaign_is_hung_up_in_the_time_that_was_told(new_world: NewWorld) -> None:
    """60 live calls end within the seconds told, at no moment more requests go out than the carrier allows."""
    world = await new_world(TALKATIVE, workers=2)
    people = world.people(PEOPLE)
    for number in people[:20]:
        world.carrier.phone(number).does_not_answer()
    run = await _all_live(world, people)
    begun_s = time.monotonic()
    told = await world.post(f"{run.path}/hang-up")
    status = asyncio.create_task(_ask_after_calls(world, run))
    await until(lambda: world.carrier.live == 0, within_s=30)
    took_s = time.monotonic() - begun_s
    status.cancel()
    await run.until_done()
    seen = await run.until(lambda seen: seen["hanging_up"] is None)
    summary = world.carrier.summary()

    FIGURES.append(f"hang-up of {PEOPLE} calls: {took_s:.1f} s of {told['seconds']} s, peak {summary.others_peak}/s")
    assert (PEOPLE, True) == (told["calls"], took_s <= told["seconds"]), (told, took_s)
    assert (0, True) == (summary.others_refused, summary.others_peak <= OTHERS_PER_SECOND), summary
    assert ("paused", None, 20) == (seen["state"], seen["hanging_up"], seen["dispositions"]["cancelled"])
    await run.step("resume")
    await run.judge_done()


async def _ask_after_calls(world: World, run: CampaignRun) -> None:
    """Mute somebody now and then meanwhile, which goes out beside the hanging up."""
    for number in range(1, 6):
        async with world.http.post(f"/v1/calls/{run.id}-{PEOPLE - number}/orders", json={"do": "mute"}) as response:
            await response.read()


async def test_killed_worker_leaves_nobody_on_the_phone(new_world: NewWorld) -> None:
    """A worker that dies in the middle, and a second asking, change nothing but the time it takes."""
    world = await new_world(TALKATIVE, workers=2, settings={"OTHER_REQUESTS_PER_SECOND": "6"})
    run = await _all_live(world, world.people(20))
    begun_s = time.monotonic()
    await world.post(f"{run.path}/hang-up")
    await until(lambda: world.carrier.live <= 15, within_s=20)
    await world.post(f"{run.path}/hang-up")
    await world.workers[0].kill()
    await until(lambda: world.carrier.live == 0, within_s=60)
    # Nobody hung up by themselves: their text is longer.
    assert time.monotonic() - begun_s < TEXT_S - 10
    await run.until_done()
    await run.judge_done()


async def test_calls_placed_in_that_moment_are_hung_up_too(new_world: NewWorld) -> None:
    """Asked in the middle of dialing: what was placed ends, nothing more is placed, each call is on one side."""
    world = await new_world(TALKATIVE, workers=2)
    people = world.people(300)
    run = await world.dial(people, script=SCRIPT, redial=REDIAL)
    await world.until_placings(20)
    told = await world.post(f"{run.path}/hang-up")
    await until(lambda: world.carrier.live == 0, within_s=40)
    seen = await run.until(lambda seen: seen["hanging_up"] is None, within_s=10)
    await run.until(lambda seen: seen["counts"]["live"] + seen["counts"]["claimed"] == 0)
    placed = len(world.placings())

    assert told["calls"] == placed, (told, placed)
    assert ("paused", 300 - placed) == (seen["state"], (await run.look())["counts"]["waiting"])
    await run.judge()
