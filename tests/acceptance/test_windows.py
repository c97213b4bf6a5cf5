"""Nobody is called outside of the hours: a campaign that opens in some seconds, closes while it runs, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPENS_IN_S = 2.5
SETTINGS = {"CALLS_PER_SECOND": "20"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world with two workers."""
    async with open_world(workers=2, settings=SETTINGS) as opened:
        yield opened


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def _change(run: CampaignRun, windows: Json) -> Json:
    async with run.world.http.put(f"{run.path}/windows", json={"windows": windows}) as response:
        assert response.ok, await response.text()
        told: Json = await response.json()
        return told


async def test_calls_wait_for_the_opening(world: World) -> None:
    """Nobody is asked for before the opening, everybody is reached soon after it."""
    people = world.people(20)
    opens_s = asyncio.get_running_loop().time() + OPENS_IN_S
    run = await world.dial(people, windows={"not_before": _in(OPENS_IN_S)})
    seen = await run.look()
    await run.until_done()

    assert (False, 20) == (seen["open_now"], seen["counts"]["waiting"])
    assert all(record.arrived_s >= opens_s for number in people for record in world.placings(number))
    await run.judge_done()


async def test_windows_that_close_while_running_hold_at_once(world: World) -> None:
    """From the answer to the change on nobody is asked for but those whose requests were leaving; opened, all are."""
    people = world.people(60)
    run = await world.dial(people)
    await run.until(lambda seen: seen["counts"]["done"] > 0)
    told = await _change(run, {"closed": _these_days()})
    changed_s = asyncio.get_running_loop().time()
    await asyncio.sleep(1)
    late = [r for number in people for r in world.placings(number) if r.arrived_s > changed_s + 0.2]
    assert (False, []) == (told["open_now"], late)
    assert (await run.look())["counts"]["waiting"] > 0

    await _change(run, {})
    await run.until_done()
    await run.judge_done()


async def test_closed_cohort_waits_while_others_are_reached(world: World) -> None:
    """Of one list those are reached for whom it is day; the others wait for theirs."""
    zones = ["Pacific/Honolulu", "Asia/Tokyo", "Europe/London"]
    hours = _hours_open_in("Pacific/Honolulu")
    people = world.people(9)
    run = await world.campaign(windows={"hours": hours})
    rows = "".join(f"{number},{zones[n % 3]}\n" for n, number in enumerate(people))
    await run.add_csv("number,timezone\n" + rows)
    await run.step("start")
    seen = await run.until(lambda seen: seen["counts"]["done"] == 3)

    assert 6 == seen["counts"]["waiting"]
    assert ["Pacific/Honolulu"] == [zone for cohort in seen["cohorts"] if cohort["is_open"] for zone in cohort["zones"]]
    assert [] == [number for n, number in enumerate(people) if n % 3 and world.placings(number)]
    await run.step("cancel")


async def test_call_is_not_dialed_after_its_own_end(world: World) -> None:
    """What is closed until after its own end is reported as expired, without a request."""
    here, late = world.people(2)
    run = await world.campaign(windows={"not_before": _in(5)})
    await run.add_csv(f"number,expires_at\n{here},\n{late},{_in(1)}\n")
    await run.step("start")
    await run.until(lambda seen: seen["dispositions"]["expired"] == 1)
    await run.until_done()

    assert ("answered", "expired") == (await run.disposition_of(here), await run.disposition_of(late))
    assert [] == world.placings(late)


def _these_days() -> list[str]:
    today = datetime.now(UTC).date()
    return [str(today + timedelta(days=days)) for days in (-1, 0, 1, 2)]


def _hours_open_in(zone: str) -> list[Json]:
    """Some hours around now on that zone's clock alone, of the three zones here."""
    now = datetime.now(ZoneInfo(zone))
    return [{"from": f"{now - timedelta(hours=2):%H:%M}", "to": f"{now + timedelta(hours=2):%H:%M}"}]
