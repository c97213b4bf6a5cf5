"""Nobody answers a notification, and somebody else is alarmed: over the whole dialer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialer.simulator import SimulatorConfig
from tests.fakes.campaign import Json
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARRIER = SimulatorConfig(time_scale=0.02, calls_per_second=1000, other_requests_per_second=1000)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for these tests, with two workers."""
    async with open_world(CARRIER, workers=2) as opened:
        yield opened


async def over(world: World) -> Json:
    """The one escalation, once it is over."""
    async with asyncio.timeout(30):
        while True:
            for seen in (await world.get("/v1/escalations"))["escalations"]:
                if seen["state"] == "over":
                    found: Json = seen
                    return found
            await asyncio.sleep(0.1)


async def test_nobody_answers_and_somebody_else_confirms(world: World) -> None:
    """After its redials a notification is given up: the next step of the alarm follows the first, and confirms."""
    silent, reached, first, second = world.people(4)
    world.carrier.phone(silent).does_not_answer()
    world.carrier.phone(reached).answers(after_s=1).presses("1")
    world.carrier.phone(first).rejects()
    world.carrier.phone(second).answers(after_s=1).presses("1")
    run = await world.campaign(
        script={"text": "Hello {{ name }}.", "language": "en-GB", "confirm_key": "1"},
        redial={"no_answer": {"times": 1, "after_s": 0.2, "then": "escalate"}},
        escalation={
            "name": "Not reached",
            "text": "{{ call_name }} does not answer.",
            "language": "en-GB",
            "steps": [{"people": [{"number": first}]}, {"people": [{"number": second, "name": "Lena"}]}],
        },
    )
    await run.add_csv(f"number,name\n{silent},Fenna\n{reached},Bob\n")
    await run.step("start")
    await run.until_done()
    call = await run.call_of(silent)

    seen = await over(world)
    assert (call["escalation_id"], call["id"]) == (seen["id"], seen["call_id"])
    assert ("confirmed", [(second, "Lena")]) == (
        seen["reason"], [(one["number"], one["name"]) for one in seen["confirmations"]],
    )  # fmt: skip
    assert [2, 1, 1, 1] == [world.carrier.rings(number) for number in (silent, reached, first, second)]
    assert "Fenna does not answer." in world.carrier.heard(second)[0]
    assert (await run.call_of(reached))["escalation_id"] is None
    assert 1 == len((await world.get("/v1/escalations"))["escalations"])
