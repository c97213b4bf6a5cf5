"""Stop means stop, and urgent means now, measured from the API's answer to the carrier's log of arrivals."""

from __future__ import annotations

import asyncio
import random
import statistics
import time

import pytest

from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUNDS = 20
STOPPED_WITHIN_S = 1.0
BACKLOG = 100_000
URGENT_WITHIN_S = 2.0
SILENCE_S = 1.5  # longer than any token is given ahead: absence cannot be waited for otherwise
THIRTY_A_SECOND = {"CALLS_PER_SECOND": "30"}


def _in_hand(seen: Json) -> int:
    counts: dict[str, int] = seen["counts"]
    return counts["claimed"] + counts["placing"]


def _last_after(world: World, moment_s: float) -> float:
    """How long after a moment the last request to place a call arrived; 0 if none did."""
    return max(0.0, world.placings()[-1].arrived_s - moment_s)


async def _stop(run: CampaignRun, verb: str) -> float:
    """Stop a campaign under way; seconds from the API's answer to the last request."""
    world = run.world
    await world.until_placings(world.carrier.summary().placings + 5)
    stopped_s = await run.step(verb)
    # What had been claimed is put back or placed by then, so nothing can leave any more.
    await run.until(lambda seen: _in_hand(seen) == 0)
    return _last_after(world, stopped_s)


def _note(what: str, seconds: list[float]) -> None:
    ranked = sorted(seconds)
    p99 = ranked[min(len(ranked) - 1, round(0.99 * len(ranked)))]
    FIGURES.append(f"{what}: median {statistics.median(ranked):.3f} s, p99 {p99:.3f} s, most {ranked[-1]:.3f} s")


async def test_paused_campaign_stops_within_a_second(new_world: NewWorld) -> None:
    """From the answer to a pause, the last request leaves in under a second, every time."""
    world = await new_world(workers=2, settings=THIRTY_A_SECOND)
    run = await world.dial(world.people(1000))
    delays = [await _stop(run, "pause")]
    for _ in range(ROUNDS - 1):
        await run.step("resume")
        delays.append(await _stop(run, "pause"))
    _note("pause to last request", delays)
    assert max(delays) < STOPPED_WITHIN_S
    placed = world.carrier.summary().placings
    await asyncio.sleep(SILENCE_S)
    assert placed == world.carrier.summary().placings
    await run.judge()


async def test_cancelled_campaign_stops_within_a_second(new_world: NewWorld) -> None:
    """From the answer to a cancel, the last request leaves in under a second, and who was not called is cancelled."""
    world = await new_world(workers=2, settings=THIRTY_A_SECOND)
    delays = []
    for _ in range(5):
        run = await world.dial(world.people(100))
        delays.append(await _stop(run, "cancel"))
        seen = await run.until_done()
        assert 100 == seen["dispositions"]["answered"] + seen["dispositions"]["cancelled"]
        called = [c for c in await run.judge_done() if c["disposition"] == "cancelled" and world.placings(c["number"])]
        assert not called
    _note("cancel to last request", delays)
    assert max(delays) < STOPPED_WITHIN_S


async def test_urgent_call_overtakes_100_000_waiting_ones(new_world: NewWorld) -> None:
    """At three calls a second, an urgent call behind 100,000 others leaves within two seconds, every time."""
    world = await new_world(settings={"CALLS_PER_SECOND": "3"})
    run = await world.campaign()
    begun_s = time.monotonic()
    assert BACKLOG == (await run.add(world.people(BACKLOG)))["accepted"]
    FIGURES.append(f"import of {BACKLOG} rows: {time.monotonic() - begun_s:.1f} s")
    await run.step("start")
    await world.until_placings(3)
    chance = random.Random(1)  # noqa: S311 - moments of asking, no secret
    delays = [await _urgent(world, chance.uniform(0, 0.4)) for _ in range(12)]
    _note("urgent call to its request", delays)
    assert max(delays) < URGENT_WITHIN_S
    await run.look()


async def _urgent(world: World, pause_s: float) -> float:
    """Ask for an urgent call, at any moment between two tokens; seconds to its request."""
    (number,) = world.people(1)
    await asyncio.sleep(pause_s)
    asked_s = time.monotonic()
    await world.call(number, priority="urgent")
    await world.until_rung(number)
    return world.placings(number)[0].arrived_s - asked_s
