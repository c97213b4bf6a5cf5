"""Who is dialed again and who is not: by the campaign's policy, after refusals, and when the carrier is gone."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import pytest_asyncio

from dialer.simulator.routes import BASE
from tests.acceptance.conftest import NewWorld
from tests.fakes.cable import Cable
from tests.fakes.campaign import Json
from tests.fakes.waiting import until
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATE_S = 1.2
"""A due call gets its token and goes out: an idle hopper looks once a second."""
MOST_MALFORMED = 5
IN_ORDER = {"CALLS_PER_SECOND": "10"}
# A host name with an underscore is no host name to the carrier, so it finds every request malformed.
MALFORMED = {"PUBLIC_URL": "http://no_host", "CALLS_PER_SECOND": "10"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for most of these tests."""
    async with open_world() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def malformed() -> AsyncIterator[World]:
    """A world whose carrier finds every request malformed."""
    async with open_world(settings=MALFORMED) as opened:
        yield opened


async def test_busy_person_is_dialed_again_by_the_policy(world: World) -> None:
    """Somebody busy is dialed again after the policy's delay, and reached."""
    (number,) = world.people(1)
    world.carrier.phone(number).is_busy().then().answers()
    run = await world.dial([number], redial={"busy": {"times": 2, "after_s": 1}})
    await run.until_done()
    first, second = world.placings(number)
    assert second.arrived_s - first.arrived_s >= 1
    call = await run.call_of(number)
    assert ["busy", "answered"] == [attempt["disposition"] for attempt in call["attempts"]]


async def test_policy_that_is_used_up_ends_the_call(world: World) -> None:
    """Somebody always busy ends busy, after one request more than the policy's redials."""
    (number,) = world.people(1)
    world.carrier.phone(number).is_busy()
    run = await world.dial([number], redial={"busy": {"times": 2, "after_s": 0.2}})
    await run.until_done()
    assert ("busy", 3) == (await run.disposition_of(number), world.carrier.rings(number))


async def test_disposition_outside_the_policy_is_final(world: World) -> None:
    """Somebody who declines is not dialed again for a policy that speaks of busy."""
    (number,) = world.people(1)
    world.carrier.phone(number).rejects()
    run = await world.dial([number], redial={"busy": {"times": 2, "after_s": 0.2}})
    await run.until_done()
    assert ("rejected", 1) == (await run.disposition_of(number), world.carrier.rings(number))


async def test_redials_wait_longer_each_time(world: World) -> None:
    """Busy three times is dialed again after one, two and two seconds: doubled, up to the longest wait."""
    (number,) = world.people(1)
    world.carrier.phone(number).is_busy().then().is_busy().then().is_busy().then().answers()
    redial = {"busy": {"times": 3, "after_s": 1, "growth": 2, "most_after_s": 2}}
    run = await world.dial([number], redial=redial)
    await run.until_done()
    assert "answered" == await run.disposition_of(number)
    times_s = [record.arrived_s for record in world.placings(number)]
    waited_s = [later - earlier for earlier, later in pairwise(times_s)]
    assert 3 == len(waited_s)
    for wanted_s, seen_s in zip((1, 2, 2), waited_s, strict=True):
        assert wanted_s <= seen_s <= wanted_s + LATE_S


async def test_next_number_of_the_same_person_is_dialed(world: World) -> None:
    """Whose first number does not exist is reached at the second, and the results tell at which."""
    first, second, third = world.people(3)
    world.carrier.phone(first).is_invalid()
    run = await world.campaign()
    await run.add_csv(f"number,number2\n{first};{second},{third}\n")
    await run.step("start")
    await run.until_done()
    call = await run.call_of(first)
    assert ("answered", [second, third], 2) == (call["disposition"], call["others"], call["tries"])
    assert [(first, "invalid_number"), (second, "answered")] == [
        (attempt["dialed"], attempt["disposition"]) for attempt in call["attempts"]
    ]
    assert [first, second] == [f"+{r.number}" for r in world.placings() if f"+{r.number}" in {first, second, third}]
    async with world.http.get(f"{run.path}/results") as response:
        (row,) = csv.DictReader(io.StringIO(await response.text()))
    assert (first, second) == (row["number"], row["dialed"])


async def test_number_rejected_too_often_is_called_by_nobody_again(world: World) -> None:
    """Once its redials are used up the number is suppressed, in every campaign."""
    (number,) = world.people(1)
    world.carrier.phone(number).rejects()
    run = await world.dial([number], redial={"rejected": {"times": 1, "after_s": 0.2, "then": "suppress"}})
    await run.until_done()
    later = await world.dial([number])
    await later.until_done()
    ends = (await run.disposition_of(number), await later.disposition_of(number), world.carrier.rings(number))
    assert ("rejected", "suppressed", 2) == ends


async def test_refusal_for_the_rate_costs_no_try(world: World) -> None:
    """A call refused three times with 429 is placed by the fourth request, as its first try."""
    (number,) = world.people(1)
    world.carrier.faults.next_place("429", count=3)
    run = await world.dial([number])
    await run.until_done()
    call = await run.call_of(number)
    assert ("answered", 1) == (call["disposition"], call["tries"])
    assert [429, 429, 429, 201] == [record.status for record in world.placings(number)]


@pytest.mark.parametrize("status", ["403", "404"])
async def test_refusal_of_the_account_pauses_the_campaign(world: World, status: str) -> None:
    """A 403 or 404 pauses the campaign and says why; its call lost nothing and is reached after a resume."""
    (number,) = world.people(1)
    world.carrier.faults.next_place(status)
    run = await world.dial([number])
    seen = await run.until(lambda seen: seen["state"] == "paused")
    assert status in seen["reason"]
    assert (0, "waiting") == ((call := await run.call_of(number))["tries"], call["state"])
    await run.step("resume")
    await run.until_done()
    assert ("answered", 1) == (await run.disposition_of(number), world.carrier.rings(number))


async def test_malformed_request_fails_its_call(malformed: World) -> None:
    """A call whose request the carrier finds malformed fails, without a second request."""
    (number,) = malformed.people(1)
    run = await malformed.dial([number])
    await run.until_done()
    assert ("failed", 1) == (await run.disposition_of(number), len(malformed.placings(number)))


async def test_malformed_requests_in_a_row_pause_the_campaign(malformed: World) -> None:
    """When five requests in a row are malformed, it is not the numbers' fault: the campaign pauses and says why."""
    run = await malformed.dial(malformed.people(30))
    seen = await run.until(lambda seen: seen["state"] == "paused")
    assert "400" in seen["reason"]
    seen = await run.until(lambda seen: seen["counts"]["claimed"] + seen["counts"]["placing"] == 0)
    assert MOST_MALFORMED <= seen["dispositions"]["failed"] < MOST_MALFORMED + 5
    assert 30 == seen["counts"]["waiting"] + seen["dispositions"]["failed"]


async def test_people_are_dialed_in_the_order_of_their_list(new_world: NewWorld) -> None:
    """Requests leave in the order of the list."""
    world = await new_world(settings=IN_ORDER)
    people = world.people(25)[::-1]
    run = await world.dial(people)
    await run.until_done()
    assert people == [f"+{record.number}" for record in world.placings()]


async def test_campaign_outlives_a_carrier_that_is_gone(new_world: NewWorld) -> None:
    """While nobody listens at the carrier's address, all calls wait; when it is back, each rings once."""
    async with Cable() as cable:
        world = await new_world(settings={"CALLS_PER_SECOND": "30", "CARRIER_URL": f"{cable.origin}{BASE}"})
        await cable.mend(world.carrier.origin)
        run = await world.dial(world.people(60))
        await world.until_placings(20)
        await cable.cut()
        await run.until(_nothing_under_way)
        await until(lambda: "not_sent" in world.workers[0].tail())
        await cable.mend(world.carrier.origin)
        seen = await run.until_done()
    assert 60 == seen["dispositions"]["answered"] + seen["dispositions"]["undetermined"]
    calls = await run.judge_done()
    assert {1} == {call["tries"] for call in calls}


def _nothing_under_way(seen: Json) -> bool:
    return not any(seen["counts"][state] for state in ("claimed", "placing", "unknown", "live"))
