"""What was said beforehand, against what the carrier then saw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio

from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE, BUSY = 200, 40
SHARES = {"answered": PEOPLE / (PEOPLE + BUSY), "busy": BUSY / (PEOPLE + BUSY)}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """A world that dials ten calls a second."""
    async with open_world(settings={"CALLS_PER_SECOND": "10"}) as opened:
        yield opened


async def test_forecast_is_within_a_tenth_of_the_run(world: World) -> None:
    """Two hundred people, forty of whom are busy at first: the end and the requests that the carrier gets."""
    people = world.people(PEOPLE)
    for number in people[:: PEOPLE // BUSY]:
        world.carrier.phone(number).is_busy().then().answers()
    run = await world.campaign(redial={"busy": {"times": 3, "after_s": 1}})
    await run.add(people)
    assume = {"shares": SHARES, "ring_s": 0.2, "talk_s": 0.1}
    said = await world.post(f"/v1/campaigns/{run.id}/forecast", {"assume": assume})
    await run.step("start")
    came = await run.until(lambda seen: seen["state"] == "completed", within_s=50)
    lasted_s = (datetime.fromisoformat(came["ended_at"]) - datetime.fromisoformat(came["started_at"])).total_seconds()

    assert lasted_s == pytest.approx(said["left_s"], rel=0.1)
    assert PEOPLE + BUSY == came["attempts"] == pytest.approx(said["attempts"]["expected"], rel=0.1)
    assert PEOPLE + BUSY == sum(map(world.carrier.rings, people))
