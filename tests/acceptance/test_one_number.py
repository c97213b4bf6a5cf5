"""One number in five campaigns: it rings once at a time, and once its owner opted out it never rings again.

Judged by the carrier's own log: what was asked of it, and from when until when each phone was up.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from itertools import pairwise

import pytest

from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAMPAIGNS = 5
OPT_OUT = {"text": "The water is off.", "language": "en-GB", "opt_out_key": "9"}
LONG_TEXT = {"text": "The water is off. " * 20, "language": "en-GB"}
EFFECTIVE_WITHIN_S = 1.0


async def _in_five(world: World, people: list[str], **wishes: object) -> list[CampaignRun]:
    """Five campaigns over the same people, each in an order of its own, all started at once."""
    runs = [await world.campaign(**wishes) for _ in range(CAMPAIGNS)]
    for turn, run in enumerate(runs):
        first = turn * len(people) // CAMPAIGNS
        await run.add([*people[first:], *people[:first]])
    await asyncio.gather(*(run.step("start") for run in runs))
    return runs


async def test_opting_out_by_key_ends_the_calls_of_five_campaigns(new_world: NewWorld) -> None:
    """Whoever presses the key while the same number waits in four other campaigns is called by none of them."""
    world = await new_world(workers=2)
    people = world.people(20)
    for number in people:
        world.carrier.phone(number).answers().presses("9")
    runs = await _in_five(world, people, script=OPT_OUT)
    await asyncio.gather(*(run.until_done(within_s=60) for run in runs))
    calls = [call for run in runs for call in await run.calls()]
    latest = [
        await _from_key_to_last_request(world, number, [call for call in calls if call["number"] == number])
        for number in people
    ]
    FIGURES.append(f"opt-out by key to the last request to the number: {max(latest):.3f} s, {len(people)} numbers")
    assert max(latest) < EFFECTIVE_WITHIN_S
    assert [1] * len(people) == [len(world.placings(number)) for number in people]
    for run in runs:
        await run.judge_done()


async def _from_key_to_last_request(world: World, number: str, calls: list[Json]) -> float:
    """From the event with the key, by its arrival, to the last request to call the number; 0 if none came after it."""
    ended = {call["disposition"]: call["id"] for call in calls}
    assert ["opted_out", *["suppressed"] * (CAMPAIGNS - 1)] == sorted(call["disposition"] for call in calls)
    opted_out = await world.get(f"/v1/calls/{ended['opted_out']}")
    pressed = next(event for event in opted_out["attempts"][0]["events"] if event["kind"] == "input")
    pressed_s = datetime.fromisoformat(pressed["received_at"]).timestamp() - time.time() + time.monotonic()
    return max(0.0, world.placings(number)[-1].arrived_s - pressed_s)


async def test_a_list_imported_while_five_campaigns_run_holds_at_once(new_world: NewWorld) -> None:
    """From the answer to an import, no request to any of its numbers leaves any more, the claimed ones included."""
    world = await new_world(workers=2, settings={"CALLS_PER_SECOND": "50"})
    people = world.people(400)
    runs = await _in_five(world, people)
    await world.until_placings(60)
    rows, headers = "\n".join(people), {"Content-Type": "text/plain"}
    async with world.http.post("/v1/suppressions/import", data=rows, headers=headers) as response:
        told = await response.json()
    answered_s = time.monotonic()
    await asyncio.gather(*(run.until_done(within_s=60) for run in runs))
    late = max(0.0, world.placings()[-1].arrived_s - answered_s)
    FIGURES.append(f"import of suppressed numbers to the last request to one of them: {late:.3f} s")

    assert 400 == told["accepted"]
    assert late < EFFECTIVE_WITHIN_S
    suppressed = [(await run.look())["dispositions"]["suppressed"] for run in runs]
    assert 400 * CAMPAIGNS == sum(suppressed) + len(world.placings())


async def test_one_number_never_rings_twice_at_the_same_time(new_world: NewWorld) -> None:
    """Five campaigns call the same people, some of whom talk for long or are busy first: one call at a time each."""
    world = await new_world(workers=3)
    people = world.people(15)
    for number in people[::3]:
        world.carrier.phone(number).is_busy().then().answers()
    redial = {"busy": {"times": 1, "after_s": 0}}
    runs = await _in_five(world, people, script=LONG_TEXT, redial=redial)
    await asyncio.gather(*(run.until_done(within_s=120) for run in runs))
    legs = {number: world.carrier.phone_log(number) for number in people}
    met = [
        (number, one.ended_s, other.began_s)
        for number, calls in legs.items()
        for one, other in pairwise(sorted(calls, key=lambda leg: leg.began_s))
        if one.ended_s is None or one.ended_s > other.began_s
    ]

    assert [] == met
    tries = [call["tries"] for run in runs for call in await run.calls()]
    assert sum(tries) == sum(map(len, legs.values())) == CAMPAIGNS * len(people) + len(people[::3])
