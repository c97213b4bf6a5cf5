"""Two carriers, each with a strict rolling second of its own, behind one fleet."""

from __future__ import annotations

import time

import pytest

from dialer.simulator import Simulator, SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIN_PER_S, SOUTH_PER_S = 3, 6
CALLS = 90
SETTLED_AFTER_S = 3.0
TRUNKS, OF_EACH = 12, 20
GOES_ON_S = 3.0  # the tokens that the dead worker took are lost, and a look of its may have to lapse
ON_THE_WAY_S = 0.05
LEAST_USED = 0.8  # a busy machine gives late tokens back; an idle one uses 97 % and more


def _carrier(per_second: int, secret: str) -> SimulatorConfig:
    return SimulatorConfig(
        time_scale=0.02, calls_per_second=per_second, latency_ms=20, latency_jitter_ms=10, client_secret=secret
    )


async def test_a_campaign_of_two_trunks_uses_both_budgets_and_never_more(new_world: NewWorld) -> None:
    """Two workers dial nine a second: three by one account and six by the other, each its own; every call once."""
    async with Simulator(_carrier(SOUTH_PER_S, "south's")) as south:
        account = {
            "CARRIER_URL": south.url,
            "CARRIER_TOKEN_URL": south.token_url,
            "CARRIER_CLIENT_ID": "south",
            "CARRIER_CLIENT_SECRET": "south's",
            "CARRIER_APPLICATION_ID": "south",
            "FROM_NUMBER": "+31207654321",
            "CALLS_PER_SECOND": str(SOUTH_PER_S),
        }
        settings = {"CALLS_PER_SECOND": str(MAIN_PER_S), "TRUNKS": "south"}
        settings |= {f"TRUNK_SOUTH_{name}": value for name, value in account.items()}
        world = await new_world(_carrier(MAIN_PER_S, "acceptance"), workers=2, settings=settings)
        run = await world.dial(world.people(CALLS), trunks=["main", "south"])
        await run.until_done(within_s=60)

        mains, souths = world.placings(), [record for record in south.log if record.number]
        numbers = [record.number for record in (*mains, *souths) if record.rang]
        arrived = sorted(record.arrived_s for record in (*mains, *souths) if record.accepted)
        settled = [moment for moment in arrived if moment >= arrived[0] + SETTLED_AFTER_S]
        used = (len(settled) - 1) / (settled[-1] - settled[0]) / (MAIN_PER_S + SOUTH_PER_S)
        peaks = (world.carrier.summary().peak, south.summary().peak)
        FIGURES.append(f"two trunks, 2 workers: {used:.1%} of {MAIN_PER_S} + {SOUTH_PER_S}/s used, peaks {peaks}")

        assert len(numbers) == len(set(numbers)) == CALLS
        assert peaks[0] <= MAIN_PER_S
        assert peaks[1] <= SOUTH_PER_S
        assert used >= LEAST_USED
        told = (await world.get("/v1/trunks"))["trunks"]
        rung = [sum(record.rang for record in records) for records in (mains, souths)]
        assert rung == [trunk["accepted"] for trunk in told]


async def test_many_trunks_are_all_dialed_at_their_pace_though_a_worker_dies(new_world: NewWorld) -> None:
    """One of three workers is killed amid twelve trunks: each goes on at its pace, and everybody is called once."""
    names = [f"t{number}" for number in range(1, TRUNKS)]
    account = {
        "CARRIER_CLIENT_ID": "acceptance",
        "CARRIER_CLIENT_SECRET": "acceptance",
        "CARRIER_APPLICATION_ID": "acceptance",
        "FROM_NUMBER": "+31207654321",
        "CALLS_PER_SECOND": str(MAIN_PER_S),
    }
    settings = {"CALLS_PER_SECOND": str(MAIN_PER_S), "TRUNKS": ",".join(names)}
    settings |= {f"TRUNK_{one.upper()}_{field}": value for one in names for field, value in account.items()}
    world = await new_world(_carrier(MAIN_PER_S * TRUNKS * 2, "acceptance"), workers=3, settings=settings)
    of = {trunk: world.people(OF_EACH) for trunk in ("main", *names)}
    runs = [await world.dial(people, trunks=[trunk]) for trunk, people in of.items()]
    await world.until_placings(TRUNKS * OF_EACH // 2, within_s=60)
    await world.workers[0].kill()
    killed_s = time.monotonic()
    for run in runs:
        await run.until_done(within_s=60)
        await run.judge_done()

    # Of what the dead worker was placing nobody rang, or one phone did.
    arrived = [sorted(at for number in people for at in _rang_s(world, number)) for people in of.values()]
    fullest = max(sum(at <= one < at + 1 - ON_THE_WAY_S for one in moments) for moments in arrived for at in moments)
    before = [[at for at in moments if at < killed_s] for moments in arrived]
    used = min((len(moments) - 1) / (moments[-1] - moments[0]) / MAIN_PER_S for moments in before)
    waited_s = max(min(at for at in moments if at >= killed_s) - killed_s for moments in arrived)
    FIGURES.append(
        f"{TRUNKS} trunks, 3 workers: at least {used:.1%} used of each, {waited_s:.1f} s without one at most"
    )

    assert fullest <= MAIN_PER_S
    assert used >= LEAST_USED
    assert waited_s < GOES_ON_S


def _rang_s(world: World, number: str) -> list[float]:
    return [record.arrived_s for record in world.placings(number) if record.rang]
