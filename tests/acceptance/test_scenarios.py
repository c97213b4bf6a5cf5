"""Every scenario of the carrier over the whole dialer: what its call ends in, after how many requests and rings.

The stand-in plays all of `tests/data/derived/call-scenarios.json` at the same time, each on a phone of its own. Calls
that go silent are settled by the sweeper, once they are older than the campaign's timers and their margin of 30 s
allow: that is what these tests take.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from tests.fakes.campaign import CampaignRun
from tests.fakes.scenarios import ENDS, HUNG_UP, REFUSED, SCENARIOS
from tests.fakes.world import QUICK, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

# The 2.5 carrier seconds in which that call takes no order are half a second; then it waits for one.
_CARRIER = replace(QUICK, time_scale=0.2, talk_s=60)
# The shortest timers, after which a silent call is asked after.
_SETTINGS = {"RINGING_TIMER_S": "1", "LENGTH_TIMER_S": "1"}
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Played:
    """All scenarios, dialed in one campaign.

    Attributes:
        phones: the number that plays each.
    """

    world: World
    run: CampaignRun
    phones: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played() -> AsyncIterator[Played]:
    """The campaign with all of its calls done."""
    async with open_world(_CARRIER, settings=_SETTINGS) as world:
        phones = dict(zip(SCENARIOS, world.people(len(SCENARIOS)), strict=True))
        for name, number in phones.items():
            phone = world.carrier.phone(number).plays_scenario(name)
            if name in REFUSED:
                phone.then().answers(after_s=0)
        run = await world.dial([*phones.values()], script={"text": "Hello.", "machine_detection": "continue"})
        await _hang_up(world, run, phones[HUNG_UP])
        await run.until_done(within_s=90)
        yield Played(world, run, phones)


async def _hang_up(world: World, run: CampaignRun, number: str) -> None:
    """Order it as early as the dialer can be told to."""
    await world.until_rung(number)
    async with asyncio.timeout(20):
        while (call := await run.call_of(number))["state"] != "live":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_POLL_S)
    await world.post(f"/v1/calls/{call['id']}/orders", {"do": "hang_up"})


async def test_every_scenario_ends_in_the_right_disposition(played: Played) -> None:
    """The API tells of each call what a person would say of it; a scenario that is new needs its end in the table."""
    found = {call["number"]: call["disposition"] for call in await played.run.calls()}

    assert ENDS == {name: found[number] for name, number in played.phones.items()}


async def test_no_phone_of_a_scenario_rings_twice(played: Played) -> None:
    """Each phone rings once, and the carrier is asked again only where it refused."""
    await played.run.judge_done()
    world, phones = played.world, played.phones

    assert dict.fromkeys(phones, 1) == {name: world.carrier.rings(number) for name, number in phones.items()}
    assert {name: 1 + (name in REFUSED) for name in phones} == {
        name: len(world.placings(number)) for name, number in phones.items()
    }
    assert {1} == {call["tries"] for call in await played.run.calls()}


async def test_call_that_is_too_young_is_hung_up_all_the_same(played: Played) -> None:
    """What the carrier refuses of a call in its first seconds is asked again until it is done, and done once."""
    carrier = played.world.carrier
    leg = carrier.leg(played.phones[HUNG_UP])
    answers = [record.status for record in carrier.log if record.method == "PUT" and leg.uuid in record.path]

    # A machine that was slow to order it meets no refusal.
    assert (["hangup"], 204, {400}) == (leg.controls, answers[-1], {400, *answers[:-1]})
