"""What a campaign takes beside others, as the carrier sees it: weight, pace and slots of its own."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from dialer.simulator.journal import RequestRecord
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

THIRTY_A_SECOND = {"CALLS_PER_SECOND": "30"}
IN_HAND_S = 1.0  # tokens are given ahead by less than this
PACE = 2
SLOTS = 3
BACKLOG = 100_000
SMALL = 20
URGENT_WITHIN_S = 1.0  # a token is 33 ms; the rest is HTTP of processes that share two cores


def _to(world: World, people: list[str], first_s: float = 0.0, last_s: float = float("inf")) -> list[RequestRecord]:
    """What the carrier was asked, to these people, within a time."""
    numbers = {number.removeprefix("+") for number in people}
    return [r for r in world.placings() if r.number in numbers and first_s <= r.arrived_s <= last_s]


async def _draft(world: World, people: list[str], **wishes: object) -> CampaignRun:
    run = await world.campaign(**wishes)
    await run.add(people)
    return run


async def _change(run: CampaignRun, **body: object) -> float:
    """Change a campaign; the moment of the answer, on the clock of the carrier's log."""
    async with run.world.http.patch(run.path, json=body) as response:
        assert response.ok, await response.text()
    return time.monotonic()


async def test_tokens_are_shared_by_weight_and_a_change_holds_within_a_second(new_world: NewWorld) -> None:
    """Three to one, then the other way round once that is changed while both run."""
    world = await new_world(workers=2, settings=THIRTY_A_SECOND)
    people = world.people(300), world.people(300)
    one, other = await _draft(world, people[0], weight=3), await _draft(world, people[1])
    started_s = [await run.step("start") for run in (one, other)][-1]
    await world.until_placings(120)
    before = [len(_to(world, each, started_s + IN_HAND_S)) for each in people]
    await _change(one, weight=1)
    changed_s = await _change(other, weight=3)
    await world.until_placings(len(world.placings()) + 120)
    after = [len(_to(world, each, changed_s + IN_HAND_S)) for each in people]
    FIGURES.append(f"calls of two campaigns at weights 3 and 1: {before}; changed to 1 and 3: {after}")
    assert 2.5 < before[0] / before[1] < 3.5
    assert 2.5 < after[1] / after[0] < 3.5


async def test_a_campaign_keeps_to_its_own_pace(new_world: NewWorld) -> None:
    """Never more in a second than it may, and all of that, while another one takes the rest of the budget."""
    world = await new_world(workers=2, settings=THIRTY_A_SECOND)
    slow, fast = world.people(60), world.people(300)
    runs = [await _draft(world, slow, calls_per_second=PACE), await _draft(world, fast)]
    for run in runs:
        await run.step("start")
    await world.until_placings(240)
    arrived = [record.arrived_s for record in _to(world, slow)]
    least_s = min(later - first for first, later in zip(arrived, arrived[PACE + 1 :], strict=False))
    rate = (len(arrived) - 1) / (arrived[-1] - arrived[0])
    FIGURES.append(f"a campaign held to {PACE}/s beside another: {rate:.2f}/s, {PACE + 2} within {least_s:.2f} s")
    assert least_s > 1.0
    assert 0.9 * PACE < rate <= 1.05 * PACE


async def test_no_more_calls_are_up_than_slots(new_world: NewWorld) -> None:
    """By the times at which the carrier began and ended them, and never fewer than could be for long."""
    world = await new_world(workers=2, settings=THIRTY_A_SECOND)
    people = world.people(40)
    for number in people:
        world.carrier.phone(number).answers(after_s=2)
    run = await world.dial(people, slots=SLOTS, script={"text": "The water is off. " * 8, "language": "en-GB"})
    await run.until_done()
    legs = [leg for number in people for leg in world.carrier.phone_log(number)]
    steps = sorted([(leg.began_s, 1) for leg in legs] + [(leg.ended_s or 0.0, -1) for leg in legs])
    up, most = 0, 0
    for _, step in steps:
        up += step
        most = max(most, up)
    assert SLOTS == most
    assert len(people) == len(legs)


async def test_a_small_campaign_gets_its_share_beside_100_000_calls(new_world: NewWorld) -> None:
    """Twenty calls of the same class take every other token from the first second on, and an urgent one the next."""
    world = await new_world(workers=2, settings=THIRTY_A_SECOND)
    many, few, (urgent,) = world.people(BACKLOG), world.people(SMALL), world.people(1)
    large, small = await _draft(world, many), await _draft(world, few)
    await large.step("start")
    await world.until_placings(60)
    started_s = await small.step("start")
    await world.until_asked(few[-1])
    mine = _to(world, few)
    shared = world.placings()[world.placings().index(mine[0]) : world.placings().index(mine[-1]) + 1]
    asked_s = time.monotonic()
    await world.call(urgent, priority="urgent")
    await world.until_asked(urgent)
    (went,) = world.placings(urgent)
    between = [record for record in world.placings() if asked_s < record.arrived_s < went.arrived_s]
    FIGURES.append(
        f"{SMALL} calls beside {BACKLOG}: the first after {mine[0].arrived_s - started_s:.2f} s, then "
        f"{len(mine)} of {len(shared)} tokens; "
        f"urgent after {went.arrived_s - asked_s:.2f} s, {len(between)} others before it"
    )
    assert mine[0].arrived_s - started_s < IN_HAND_S
    assert abs(len(shared) - 2 * len(mine)) <= 3
    assert max(later.arrived_s - one.arrived_s for one, later in pairwise(mine)) < IN_HAND_S
    assert went.arrived_s - asked_s < URGENT_WITHIN_S
