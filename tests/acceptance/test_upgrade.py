"""This release goes on with what an earlier one left when all of it was killed at once.

The data is that of the earlier release itself (`tests/fakes/frozen_campaigns.py`), with campaigns and calls in every
state. It was dialed at another carrier, so that whoever rings here rings because of us.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.redis.batch import Batch
from dialer.schema import UNSTAMPED, WRITES
from dialer.states import CallState
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun
from tests.fakes.frozen import thaw
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

DATA = Path(__file__).parents[1] / "data" / "schema"
KILLED_AGO_S = 85  # all leases have lapsed; whoever was busy is due in five seconds
SETTINGS = {"UNKNOWN_HOLD_S": "5", "RINGING_TIMER_S": "30", "LENGTH_TIMER_S": "60"}
TO_BE_DIALED = (CallState.WAITING, CallState.CLAIMED)


class Left(NamedTuple):
    """A campaign as it was left: its id, and the numbers of its calls by whether they are still to be dialed."""

    id: str
    waiting: set[str]
    others: set[str]


async def _left(redis: Redis) -> dict[str, Left]:
    """All campaigns, by name."""
    found = {}
    for campaign_id in await redis.zrange(keys.CAMPAIGNS, 0, -1):
        name, total = await Batch(redis).command("HMGET", keys.campaign(campaign_id), "name", "total")
        sets = [await redis.zrange(keys.calls_in(campaign_id, state), 0, -1) for state in TO_BE_DIALED]
        waiting = {seq for members in sets for seq in members}
        numbers = {seq: await _number(redis, campaign_id, seq) for seq in range(1, int(total) + 1)}
        due = {number for seq, number in numbers.items() if str(seq) in waiting}
        found[name] = Left(campaign_id, due, {*numbers.values()} - due)
    return found


async def _forms(world: World, campaign_id: str) -> tuple[bool, bool]:
    """Whether attempts of a campaign stand as hashes of their own, and packed."""
    async with Redis.from_url(world.redis.url, decode_responses=True) as redis:
        hashes = [name async for name in redis.scan_iter(f"*attempt:{campaign_id}-*", count=10_000)]
        packed = [name async for name in redis.scan_iter(f"*campaign:{campaign_id}:attempts:*", count=10_000)]
    return bool(hashes), bool(packed)


async def _number(redis: Redis, campaign_id: str, seq: int) -> str:
    record: str = await redis.hget(keys.bucket(campaign_id, seq), str(seq))  # type: ignore[misc]  # async
    return record.split('"')[1]


@pytest.mark.parametrize("version", range(UNSTAMPED, WRITES))
async def test_this_release_goes_on_where_an_earlier_one_was_killed(new_world: NewWorld, version: int) -> None:
    """Unmigrated and while it is migrated: each call is dialed that was to be, nobody's phone rings a second time.

    Attempts are told whether they ended before it or after, and those that ended after it are packed.
    """
    seen: dict[str, Left] = {}
    text = (DATA / f"{version}.jsonl").read_text("utf-8")

    async def stored(url: str) -> None:
        async with Redis.from_url(url, decode_responses=True) as redis:
            await thaw(text, redis, ago_s=KILLED_AGO_S)
            seen.update(await _left(redis))

    world: World = await new_world(workers=0, settings=SETTINGS, stored=stored)
    await world.start_workers(2)
    runs = {name: CampaignRun(world, left.id) for name, left in seen.items()}
    async with world.http.get("/v1/campaigns") as found:
        # The end that the first version took, and no list can show.
        assert (HTTPStatus.INTERNAL_SERVER_ERROR if version == UNSTAMPED else HTTPStatus.OK) == found.status
    told = await world.run("migrate")
    listed = await world.get("/v1/campaigns")
    for name, verb in (("draft", "start"), ("ending", "start"), ("paused", "resume")):
        await runs[name].step(verb)
    for name in ("running", "draft", "ending", "paused"):
        await runs[name].until_done(within_s=40)

    assert f"The data is of version {WRITES} now." in told
    assert {*seen} <= {campaign["name"] for campaign in listed["campaigns"]}
    assert {"cancelled", "completed", "draft", "ending", "paused", "running"} == {*seen}
    for name, (are_hashes, are_packed) in {"completed": (True, False), "draft": (False, True)}.items():
        told_of = (await world.get(f"/v1/calls/{seen[name].id}-1"))["attempts"]
        assert told_of
        assert {True} == {attempt["disposition"] is not None for attempt in told_of}
        assert (are_hashes, are_packed) == await _forms(world, seen[name].id)
    for name, left in seen.items():
        rings = {number: world.carrier.rings(number) for number in left.waiting | left.others}
        assert dict.fromkeys(left.waiting, 1) | dict.fromkeys(left.others, 0) == rings, name
        await runs[name].judge_done()
