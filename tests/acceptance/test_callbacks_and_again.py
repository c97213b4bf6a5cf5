"""From a campaign to the customer's own system, and to a second round with those who were not reached."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun
from tests.fakes.receiver import SECRET, receiver
from tests.fakes.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = ["call.ended", "campaign.ended"]


async def test_a_campaign_is_told_and_its_unreached_are_dialed_again(new_world: NewWorld) -> None:
    """Each end is told once, by two workers; who was busy is dialed in a second campaign, and nobody else."""
    async with receiver() as crm:
        crm.statuses = [503]
        settings = {"CALLBACK_SECRET": SECRET, "CALLBACK_ORIGINS": crm.origin, "CALLS_PER_SECOND": "20"}
        world = await new_world(workers=2, settings=settings)
        people = world.people(6)
        world.carrier.phone(people[0]).is_busy().then().answers()
        first = await world.dial(people, callback_url=crm.url, callback_events=EVENTS)
        await first.until_done()
        told = {f"{first.id}-{number}-ended" for number in range(1, 7)} | {f"{first.id}-ended"}
        await until(lambda: set(crm.ids) >= told, within_s=20)
        answer = await world.post(f"{first.path}/again", {"name": "second", "dispositions": ["busy"]})
        second = CampaignRun(world, answer["id"])
        await second.until(lambda seen: seen["total"] == 1, within_s=15)
        await second.step("start")
        await second.until_done()

        # The one that was refused came again; all others came once.
        assert len(told) + 1 == len([i for i in crm.ids if i in told])
        assert 2 == len(world.placings(people[0]))
        assert 7 == len(world.placings())
