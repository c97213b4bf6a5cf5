"""Who gets the next token: campaigns of one class by turns, a lower class when no higher one has a call due."""

from __future__ import annotations

import pytest

from dialer.simulator.journal import RequestRecord
from tests.acceptance.conftest import NewWorld
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = {"CALLS_PER_SECOND": "30"}
IN_HAND_S = 1.0  # tokens are given ahead by less than this


def _between(world: World, first_s: float, last_s: float) -> list[RequestRecord]:
    return [record for record in world.placings() if first_s <= record.arrived_s <= last_s]


def _count(records: list[RequestRecord], people: list[str]) -> int:
    numbers = {number.removeprefix("+") for number in people}
    return sum(record.number in numbers for record in records)


async def test_campaigns_of_one_class_take_turns(new_world: NewWorld) -> None:
    """Two running campaigns of one class get equal shares, whichever was first."""
    world = await new_world(workers=2, settings=SETTINGS)
    early, late = world.people(150), world.people(60)
    await world.dial(early)
    await world.until_placings(30)
    run = await world.campaign()
    await run.add(late)
    started_s = await run.step("start")
    await world.until_asked(late[49])
    shared = _between(world, started_s + IN_HAND_S, world.placings(late[49])[0].arrived_s)
    assert abs(_count(shared, early) - _count(shared, late)) <= 2


async def test_background_waits_for_normal(new_world: NewWorld) -> None:
    """While a normal campaign has calls due, no background call goes out; afterwards they go on."""
    world = await new_world(workers=2, settings=SETTINGS)
    background, normal = world.people(80), world.people(60)
    waiting = await world.dial(background, priority="background")
    await world.until_placings(10)
    run = await world.campaign()
    await run.add(normal)
    started_s = await run.step("start")
    await run.until_done()
    last_s = world.placings(normal[-1])[0].arrived_s
    assert 0 == _count(_between(world, started_s + IN_HAND_S, last_s), background)
    await waiting.until_done()
