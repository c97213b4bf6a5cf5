"""Every scenario of the carrier over the whole dialer: what its call ends in, after how many requests and rings.

The stand-in plays all of `tests/data/derived/call-scenarios.json` at the same time, each on a phone of its own. Calls
that go silent are settled by the sweeper, once they are older than the campaign's timers and their margin of 30 s
allow: that is what these tests take.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio

from dialer.dispositions import Disposition
from tests.fakes.campaign import CampaignRun
from tests.fakes.world import QUICK, World, open_world

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

_TABLE = Path(__file__).parents[1] / "data/derived/call-scenarios.json"
SCENARIOS: list[str] = [scenario["id"] for scenario in json.loads(_TABLE.read_text("utf-8"))["scenarios"]]
ENDS = {
    "answered_completed": Disposition.ANSWERED,
    "busy_then_completed": Disposition.BUSY,
    "busy_only": Disposition.BUSY,
    "completed_before_busy": Disposition.BUSY,  # the reason counts, whichever came first
    "ring_timeout": Disposition.NO_ANSWER,
    "ring_timeout_as_cancelled": Disposition.NO_ANSWER,
    "unanswered_unavailable": Disposition.NO_ANSWER,
    "rejected_invalid_number": Disposition.INVALID_NUMBER,
    "rejected_declined": Disposition.REJECTED,
    "failed_cannot_route": Disposition.FAILED,
    "machine_hangup": Disposition.MACHINE,
    "machine_continue": Disposition.MACHINE,
    "human_detected": Disposition.ANSWERED,
    "swapped_started_ringing": Disposition.ANSWERED,
    "event_before_201": Disposition.ANSWERED,
    "webhook_duplicate_after_slow_ack": Disposition.ANSWERED,
    "completed_lost": Disposition.ANSWERED,  # the carrier, asked after it, tells the end
    "all_webhooks_lost": Disposition.NO_ANSWER,  # likewise; it knows of no conversation
    "http_504_but_call_made": Disposition.ANSWERED,  # unknown until its webhooks tell
    "connection_reset_but_call_made": Disposition.ANSWERED,  # likewise
    "answer_url_bad_ncco": Disposition.FAILED,  # somebody picked up and heard nothing
    "rate_limited_429": Disposition.ANSWERED,  # surely no call: dialed again, and then somebody answers
    "token_expired_401": Disposition.ANSWERED,  # likewise, with a new token
    "length_timer_no_completed": Disposition.ANSWERED,  # as with completed_lost
    "put_too_early_400": Disposition.CANCELLED,  # hung up by us before anybody answered
}
REFUSED = {"rate_limited_429", "token_expired_401"}
HUNG_UP = "put_too_early_400"

# The 2.5 carrier seconds in which that call takes no order are half a second; then it waits for one.
_CARRIER = replace(QUICK, time_scale=0.2, talk_s=60)
# The shortest timers, after which a silent call is asked after.
_SETTINGS = {"RINGING_TIMER_S": "1", "LENGTH_TIMER_S": "1"}


@dataclass(frozen=True, slots=True)
class Played:
    """All scenarios, dialed in one campaign.

    Attributes:
        phones: the number that plays each.
    """

    world: World
    run: CampaignRun
    phones: dict[str, str] = field(default_factory=dict)


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
    call_id = (await run.call_of(number))["id"]
    await run.until(lambda seen: seen["counts"]["waiting"] + seen["counts"]["claimed"] + seen["counts"]["placing"] == 0)
    await world.post(f"/v1/calls/{call_id}/orders", {"do": "hang_up"})


async def test_every_scenario_has_its_end_here() -> None:
    """A scenario that is new in the table has an end written beside it."""
    assert ENDS.keys() == set(SCENARIOS)


async def test_every_scenario_ends_in_the_right_disposition(played: Played) -> None:
    """The API tells of each call what a person would say of it."""
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
    """An order that the carrier takes from a call's third second on is waited with, and carried out."""
    number = played.phones[HUNG_UP]

    assert ["hangup"] == played.world.carrier.leg(number).controls
    assert {"hung_up", "started"} & set((await played.run.call_of(number))["attempts"][0]["facts"])
