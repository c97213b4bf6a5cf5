"""One budget for the whole fleet, against a carrier that counts a strict rolling second.

The full run over 200 calls and its percentage are the benchmark's; here is what must hold on any machine.
"""

from __future__ import annotations

import pytest

from dialer.simulator import SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.bench.pacing import best_use
from tests.fakes.waiting import FIGURES
from tests.fakes.wake_ups import wake_ups
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PER_SECOND = 3
CALLS = 63
SETTLED_AFTER_S = 10.0
JITTER_MS = 10
LEAST_USED = 0.85  # of what the machine's own wake-ups allow; an idle one uses 97 % and more
MOST_REFUSED = 3
SLACK_MS = 10  # of the smallest margin: whoever is later may come too close to the next
CARRIER = SimulatorConfig(time_scale=0.02, calls_per_second=PER_SECOND, latency_ms=20, latency_jitter_ms=JITTER_MS)


@pytest.mark.parametrize("workers", [1, 4])
async def test_fleet_uses_its_budget_and_never_more(new_world: NewWorld, workers: int) -> None:
    """Any number of workers together keep within three calls in any rolling second, and use most of that."""
    world = await new_world(CARRIER, workers=workers, settings={"CALLS_PER_SECOND": str(PER_SECOND)})
    async with wake_ups() as late:
        run = await world.dial(world.people(CALLS))
        await run.until_done(within_s=100)
    summary, used, allowed = world.carrier.summary(), _used(world), best_use(late, JITTER_MS)
    too_late = sum(each > SLACK_MS for each in late)
    FIGURES.append(
        f"{workers} workers at {PER_SECOND}/s: {used:.1%} of the budget used after {SETTLED_AFTER_S:.0f} s, of "
        f"{allowed:.1%} that the wake-ups allow, most in a second {summary.peak}, refused {summary.refused}, "
        f"{too_late} of {len(late)} wake-ups late"
    )
    assert summary.peak <= PER_SECOND
    assert summary.refused <= MOST_REFUSED + too_late
    assert used >= LEAST_USED * allowed
    await run.judge_done()


def _used(world: World) -> float:
    """The share of the budget that was used from ten seconds after the first call to the last."""
    arrived = [record.arrived_s for record in world.placings() if record.accepted]
    settled = [moment for moment in arrived if moment >= arrived[0] + SETTLED_AFTER_S]
    return (len(settled) - 1) / (PER_SECOND * (settled[-1] - settled[0]))
