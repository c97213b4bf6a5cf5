"""The shared state in sum, as a scrape of the metrics reads it: what is counted, and what it costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.dispositions import Fact
from dialer.holding import SPAN, Held
from dialer.metrics.gauging import show
from dialer.metrics.labels import PRIORITY
from dialer.metrics.shared import CALLS_IN_STATE
from dialer.model import Priority
from dialer.redis.batch import Batch
from dialer.states import CallState, CampaignState
from dialer.store import Store
from dialer.store.server import Server, read_server
from tests.fakes.engine import Engine, event
from tests.fakes.redis_server import redis_server

DAY_MS = 86_400_000


class CountedBatch(Batch):
    """Counts what it sends: one number for each round trip, that of its commands."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.trips: list[int] = []

    async def _pipeline(self, commands, **options):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN003, ANN202
        self.trips.append(len(commands))
        return await super()._pipeline(commands, **options)


async def give_up(engine: Engine, **fields: Any) -> None:
    """A call is placed, and nobody ever learns what became of it."""
    await engine.run_campaign(calls=1, **fields)
    await engine.ring()
    await engine.store.apply_event("c1-1-1", event("given_up", Fact.LOST))


async def test_scrape_costs_the_same_whatever_there_is(engine: Engine, redis: Redis) -> None:
    """A hundred campaigns of a thousand calls cost as many round trips as none, and one command for each fifty."""
    batch = CountedBatch(redis)
    store = Store(batch, engine.clock, engine.store._limits)
    await store.overview()  # teaches the server its scripts
    batch.trips.clear()
    await store.overview()
    without = list(batch.trips)
    for number in range(100):
        await engine.run_campaign(f"c{number}", calls=1000 if number == 0 else 1)
    await store.overview()
    batch.trips.clear()
    seen = await store.overview()

    assert 1099 == sum(seen.calls.values())
    assert len(without) + 1 == len(batch.trips) <= 3
    assert sum(without) + 2 == sum(batch.trips)


async def test_overview_tells_kinds_apart(engine: Engine) -> None:
    """Calls and campaigns are counted by the kind of their campaign, each in one place."""
    await engine.run_campaign(calls=2)
    await engine.run_campaign("c2", calls=3, kind="script", priority=Priority.URGENT)
    seen = await engine.store.overview()
    show(seen, {"main": 0})

    assert {(CampaignState.RUNNING, "notification"): 1, (CampaignState.RUNNING, "script"): 1} == seen.campaigns
    assert 3 == seen.calls[CallState.WAITING, Priority.URGENT, "script"]
    assert 5 == seen.in_state(CallState.WAITING)
    told = [CALLS_IN_STATE.labels("waiting", priority, "script")._value.get() for priority in PRIORITY.values]
    assert [3, 0, 0] == told


async def test_attempt_in_doubt_is_told_with_its_age(engine: Engine) -> None:
    """How many attempts are unknown, and for how long the first of them has been."""
    await engine.run_campaign(calls=2)
    for nonce in ("n1", "n2"):
        await engine.record(await engine.place(nonce), nonce, "unknown")
        engine.clock.advance_ms(5_000)
    seen = await engine.store.overview()

    assert 2 == seen.in_state(CallState.UNKNOWN)
    assert seen.oldest_unknown_ms >= 10_000


async def test_undetermined_call_waits_for_a_person_for_a_day(engine: Engine) -> None:
    """It is told for a day, though its campaign is over, and then forgotten."""
    await give_up(engine)
    assert {"c1-1": engine.now_ms} == (await engine.keyspace())["undetermined"]
    await engine.leases.complete_campaigns()
    assert 1 == (await engine.store.overview()).undetermined

    engine.clock.advance_ms(DAY_MS)
    assert 0 == (await engine.store.overview()).undetermined
    await engine.leases.forget_doubts()
    assert not await engine.redis.exists(keys.UNDETERMINED)


async def test_undetermined_call_of_which_more_is_told_waits_no_more(engine: Engine) -> None:
    """The carrier tells how it ended after all: nobody has to look. Twice changes nothing."""
    await give_up(engine)
    for _ in range(2):
        await engine.store.apply_event("c1-1-1", event("busy", Fact.BUSY, at_s=2))

    assert 0 == (await engine.store.overview()).undetermined


async def test_undetermined_member_who_is_called_again_waits_no_more(engine: Engine) -> None:
    """A person has looked, and has a conference call its member once more."""
    await give_up(engine, kind="conference")
    await engine.store.recall(await engine.store.call("c1-1"))

    assert "undetermined" not in await engine.keyspace()


async def test_campaigns_stopped_by_a_protection_are_told(engine: Engine) -> None:
    """An open breaker, and a pause that nobody asked for; not one that somebody did."""
    for campaign_id in ("c1", "c2", "c3"):
        await engine.run_campaign(campaign_id)
    await engine.batch.command("HSET", keys.campaign("c1"), "tripped_until", engine.now_ms + 60_000)
    await engine.store.step("c2", "pause", reason="the carrier refused: no product")
    await engine.store.step("c3", "pause")
    seen = await engine.store.overview()

    assert (1, 1) == (seen.tripped, seen.stopped)


async def test_calls_held_back_are_told_by_reason(engine: Engine) -> None:
    """Those whose moment has come are held back no more."""
    await engine.run_campaign(calls=3)
    until = {"1": (Held.SPACING, 1), "2": (Held.DAY_CAP, 1), "3": (Held.SPACING, -1)}
    scores = {seq: reason * SPAN + engine.now_ms + ahead_ms for seq, (reason, ahead_ms) in until.items()}
    await engine.redis.zadd(keys.held("c1"), scores)
    held = (await engine.store.overview()).held

    assert {Held.SPACING: 1, Held.DAY_CAP: 1} == {reason: calls for reason, calls in held.items() if calls}


async def test_silent_processes_are_not_counted(engine: Engine) -> None:
    """Whoever was not heard from for fifteen seconds is gone, though nobody has swept the list yet."""
    for key in (keys.WORKERS, keys.APIS):
        await engine.redis.zadd(key, {"here": engine.now_ms - 14_999, "gone": engine.now_ms - 15_000})
    seen = await engine.store.overview()

    assert (1, 1) == (seen.workers, seen.apis)


async def test_server_tells_of_memory_and_durability(redis: Redis) -> None:
    """The server of these tests keeps no file and has no limit: that of its machine counts."""
    seen = await read_server(Batch(redis))

    assert (False, False, 0, True, 0, False) == (
        seen.aof_enabled, seen.aof_always, seen.aof_size_bytes, seen.last_write_ok, seen.replicas, seen.evicts,
    )  # fmt: skip
    assert 0 < (seen.memory_bytes or 0) < (seen.memory_limit_bytes or 0)


@pytest.mark.parametrize(
    ("options", "always"),
    [
        (("--appendfsync", "always"), True),
        (("--appendfsync", "always", "--no-appendfsync-on-rewrite", "yes"), False),
        (("--appendfsync", "everysec"), False),
    ],
    ids=["always", "not while rewritten", "each second"],
)
async def test_server_that_keeps_a_file_tells_how_well(options: tuple[str, ...], *, always: bool) -> None:
    """Nothing acknowledged is lost only where each write is on disk, at any time."""
    with redis_server("--appendonly", "yes", *options) as url:
        async with Redis.from_url(url, decode_responses=True) as redis:
            await redis.set("a", "b")
            seen = await read_server(Batch(redis))

    assert (True, always, True) == (seen.aof_enabled, seen.aof_always, seen.last_write_ok)
    assert seen.aof_size_bytes


@pytest.fixture
async def limited(redis: Redis) -> AsyncIterator[Redis]:
    """A server with a limit at which it throws keys away."""
    before = await redis.config_get("maxmemory*")
    await redis.config_set("maxmemory", 1_000_000_000)
    await redis.config_set("maxmemory-policy", "volatile-lru")
    yield redis
    for name in ("maxmemory", "maxmemory-policy"):
        await redis.config_set(name, before[name])


async def test_server_that_evicts_is_found_out(limited: Redis) -> None:
    """Its limit is told as it is set, and that keys go at it."""
    seen = await read_server(Batch(limited))

    assert (True, 1_000_000_000) == (seen.evicts, seen.memory_limit_bytes)


async def _asked_as(redis: Redis, redis_url: str, *rules: str) -> Server:
    await Batch(redis).command("ACL", "SETUSER", "narrow", "on", ">word", "~*", "+@all", *rules)
    async with Redis.from_url(redis_url, decode_responses=True, username="narrow", password="word") as narrow:
        try:
            return await read_server(Batch(narrow))
        finally:
            await Batch(redis).command("ACL", "DELUSER", "narrow")


async def test_managed_server_that_forbids_config_tells_the_rest(redis: Redis, redis_url: str) -> None:
    """Whether its file is synced always is left out; all else is known."""
    seen = await _asked_as(redis, redis_url, "-config")

    assert seen.aof_always is None
    assert seen.aof_enabled is False
    assert seen.memory_bytes


async def test_server_that_tells_nothing_answers_all_the_same(redis: Redis, redis_url: str) -> None:
    """Neither INFO nor CONFIG: nothing is known of the server, and nothing else fails."""
    assert Server() == await _asked_as(redis, redis_url, "-config", "-info")
