"""Replicas must confirm: what a primary alone has counts as not done, whoever asked and however it went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer.errors import NotReplicated, StoreUnavailable
from dialer.lua import READS, script
from dialer.redis.batch import Batch
from dialer.redis.connection import open_redis
from dialer.redis.pipeline import Part
from dialer.settings import load_settings
from tests.fakes.redis_group import RedisGroup, open_group

CREATE = ("create_campaign", ["{dialer}:a", "{dialer}:b", "{dialer}:c", "{dialer}:d", "{dialer}:e"])
ARGS: list[Part] = ["c1", 1, "", "", "state", "draft"]


@pytest.fixture
async def group() -> AsyncIterator[RedisGroup]:
    """A primary and its replica."""
    async with open_group(replicas=1, min_replicas_to_write="0") as opened:
        yield opened


@pytest.fixture
async def redis(group: RedisGroup) -> AsyncIterator[Redis]:
    """The primary, as the dialer connects to it."""
    async with open_redis(load_settings(redis_url=group.url)) as client:
        yield client


async def test_a_confirmed_change_is_on_the_replica(group: RedisGroup, redis: Redis) -> None:
    """Whoever is answered finds the change on the replica at once, after commands and scripts, each time."""
    batch, replica = Batch(redis, replicas=1), group.servers[1].client
    for number in range(200):
        await batch.command("SET", "number", number)
        assert str(number) == await replica.get("number")
    await batch.run(*CREATE, ARGS)

    assert {"number"} < {*await replica.keys()} == {*await redis.keys()}


async def test_an_unconfirmed_change_counts_as_not_done(group: RedisGroup, redis: Redis) -> None:
    """While the replica hangs, changes raise and reading goes on at once; afterwards all is well again."""
    batch = Batch(redis, replicas=1)
    await batch.command("SET", "a", 0)
    group.servers[1].freeze()
    changing = [asyncio.ensure_future(batch.command("SET", "a", 1)), asyncio.ensure_future(batch.run(*CREATE, ARGS))]
    await asyncio.sleep(0.05)
    assert "1" == await batch.command("GET", "a")
    assert [0, 0] == await batch.run("count_calls", ["{dialer}:x", "{dialer}:y"], [])
    assert await batch.command("SET", "b", 1, confirmed=False)
    assert not any(one.done() for one in changing)
    found = await asyncio.gather(*changing, return_exceptions=True)
    assert [NotReplicated, NotReplicated] == [type(one) for one in found]
    assert "DIALER_REDIS_REPLICAS_ACKNOWLEDGED" in str(found[0])
    group.servers[1].thaw()
    assert await batch.command("SET", "a", 2)


async def test_who_repeats_waits_for_what_the_first_one_wrote(group: RedisGroup, redis: Redis) -> None:
    """A repetition that changes nothing more is confirmed only when the first change is."""
    batch = Batch(redis, replicas=1)
    group.servers[1].freeze()
    for _ in range(2):
        with pytest.raises(NotReplicated):
            await batch.command("HSETNX", "{dialer}:h", "once", 1)
    group.servers[1].thaw()

    assert not await batch.command("HSETNX", "{dialer}:h", "once", 1)
    replica: Any = group.servers[1].client
    assert "1" == await replica.hget("{dialer}:h", "once")


async def test_a_refused_command_is_told_as_such(group: RedisGroup, redis: Redis) -> None:
    """Beside unconfirmed changes a command's own mistake stays its caller's, and reads have their answers."""
    batch = Batch(redis, replicas=1)
    group.servers[1].freeze()
    found = await asyncio.gather(
        batch.command("ECHO", "a"),
        batch.command("SET", "a", 1),
        batch.command("LPUSH", "a", 1),
        return_exceptions=True,
    )

    assert ["a", "NotReplicated", "ResponseError"] == [
        one if isinstance(one, str) else type(one).__name__ for one in found
    ]


async def test_without_any_replica_nothing_is_confirmed(group: RedisGroup, redis: Redis) -> None:
    """A dead replica, and one that never was, confirm nothing."""
    await group.servers[1].kill()
    with pytest.raises(NotReplicated):
        await Batch(redis, replicas=1).command("SET", "a", 1)
    with pytest.raises(NotReplicated, match="2 replicas"):
        await Batch(redis, replicas=2).command("SET", "a", 1)


async def test_a_server_that_lost_its_replicas_is_unavailable(group: RedisGroup, redis: Redis) -> None:
    """`min-replicas-to-write` refuses: nobody's mistake, whether asked by a command or by a script."""
    await group.servers[0].client.config_set("min-replicas-to-write", "2")
    batch = Batch(redis)
    with pytest.raises(StoreUnavailable):
        await batch.command("SET", "a", 1)


async def test_what_only_reads_is_known(redis: Redis) -> None:
    """Redis itself calls each of these commands a reading one (or one that touches no key)."""
    asked: Any = redis
    told = await asked.execute_command("COMMAND", "INFO", *READS)
    flags = {name: set(one["flags"]) for name, one in told.items()}

    assert {name.lower() for name in READS} == flags.keys()
    assert not [name for name, of in flags.items() if "write" in of]
    assert (True, True, False, False) == tuple(
        script(name).changes for name in ("begin_attempt", "apply_event", "explain_call", "count_calls")
    )


async def test_another_process_is_not_told_of_a_change_that_only_the_primary_has(
    group: RedisGroup, redis: Redis
) -> None:
    """Who finds a thing done by somebody else, and so changes nothing, waits until the replicas have that, too."""
    await Batch(redis, replicas=1).command("SET", "a", 0)
    group.servers[1].freeze()
    with pytest.raises(NotReplicated):
        await Batch(redis, replicas=1).command("HSETNX", "opted-out", "somebody", 1)
    async with open_redis(load_settings(redis_url=group.url)) as other:
        with pytest.raises(NotReplicated):
            await Batch(other, replicas=1).command("HSETNX", "opted-out", "somebody", 1)
    group.servers[1].thaw()


async def test_whoever_looks_knows_who_follows(redis: Redis) -> None:
    """A process that changes nothing for a while still knows how many must confirm when it does."""
    batch, careless = Batch(redis, replicas=1), Batch(redis)
    await asyncio.gather(batch.look(), careless.look())
    assert ((True, 1), (True, 0)) == tuple((one._witnesses.known, one._witnesses.wanted) for one in (batch, careless))
    assert batch._witnesses._seen_s
    assert not careless._witnesses._seen_s


async def test_who_looks_while_redis_is_away_is_told_so(group: RedisGroup, redis: Redis) -> None:
    """The heartbeat looks, and lives on through every outage that it is told of as one."""
    batch = Batch(redis, replicas=1)
    await group.servers[0].kill()
    with pytest.raises(StoreUnavailable):
        await batch.look()


async def test_what_somebody_on_the_phone_waits_for_is_not_held_up_by_changes_of_its_turn(
    group: RedisGroup, redis: Redis
) -> None:
    """Both are asked in one turn of the loop, the change first; the read is answered while the replica hangs."""
    batch = Batch(redis, replicas=1)
    await batch.command("SET", "a", 0)
    group.servers[1].freeze()
    changing = asyncio.ensure_future(batch.command("SET", "a", 1))
    reading = asyncio.ensure_future(batch.read("EXISTS", "a"))
    assert 1 == await reading
    assert not changing.done()
    with pytest.raises(NotReplicated):
        await changing
    group.servers[1].thaw()


async def test_without_a_write_of_its_own_a_wait_proves_nothing(redis: Redis) -> None:
    """Where the server takes no write any more, a script that changes nothing is not told yes for what others did."""
    batch = Batch(redis, replicas=1)
    await batch.command("SET", "a", 0)
    await redis.config_set("min-replicas-to-write", 5)
    with pytest.raises(NotReplicated):
        await batch.run("release_lock", ["{dialer}:nobody's"], ["me"])
    await redis.config_set("min-replicas-to-write", 0)
    assert 0 == await batch.run("release_lock", ["{dialer}:nobody's"], ["me"])
