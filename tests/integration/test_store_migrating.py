"""The data's version in Redis, and a migration that is ended, repeated, run by several and disturbed."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep, OtherData, StoreUnavailable
from dialer.migrations import FIRST_MS, LAST_MS, MIGRATIONS, Change, Migration
from dialer.model import Redial
from dialer.redis.batch import Batch
from dialer.schema import NEEDS, WRITES, Stamp
from dialer.states import CampaignState
from dialer.store import Migrated, Store
from dialer.store.base import deadlines
from tests.fakes.engine import Engine, draft, event, make_engine, new_calls
from tests.fakes.mortal import Mortal

CALLS = 2_345
SMALL = 3
RENAMED = 3
TEXTS = CALLS + 2 * SMALL + 3  # each call, and each campaign


def _marked(*, campaigns: bool) -> Change:
    """Gives every name, or every record of a call, a space at its end, once."""

    def change(fields: dict[str, str]) -> dict[str, str]:
        wanted = (name for name in fields if (name == "name" if campaigns else name.isdecimal()))
        return {name: f"{fields[name]} " for name in wanted if not fields[name].endswith(" ")}

    return change  # type: ignore[return-value]  # of a mapping that is a dict


STEP = Migration(2, 1, "a space behind each text", _marked(campaigns=True), _marked(campaigns=False))
CONTRACT = Migration(2, 2, "the same, for newer programs alone", _marked(campaigns=True), _marked(campaigns=False))


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """One whose Redis has no version yet."""
    return make_engine(redis)


@pytest.fixture
async def old(engine: Engine) -> Engine:
    """A Redis that an earlier release left: one long campaign between two short ones, all made at one moment."""
    for campaign_id, calls in (("c1", SMALL), ("c2", CALLS), ("c3", SMALL)):
        await engine.store.create_campaign(draft(campaign_id))
        for first in range(1, calls + 1, 1_000):
            batch = new_calls(min(1_000, calls + 1 - first), first=first)
            await engine.store.add_calls(campaign_id, batch, import_id="i1")
    assert Stamp(1, 1) == await engine.store.stamp()
    return engine


async def _done(store: Store, migration: Migration = STEP) -> Migrated:
    return [Migrated(), *[told async for told in store.migrate(migration)]][-1]


async def _texts(redis: Redis) -> list[str]:
    """All that the step may write, as it is stored."""
    names = [
        await Batch(redis).command("HGET", keys.campaign(campaign_id), "name") for campaign_id in ("c1", "c2", "c3")
    ]
    buckets = [await Batch(redis).command("HGETALL", key) async for key in redis.scan_iter("*:calls:*", count=1_000)]
    return names + [text for bucket in buckets for name, text in bucket.items() if name.isdecimal()]


def _spaced_once(texts: list[str]) -> bool:
    return all(text.endswith(" ") and not text.endswith("  ") for text in texts)


async def test_an_empty_redis_is_of_the_newest_version(engine: Engine) -> None:
    """It is stamped once; whoever comes later reads that."""
    first = await asyncio.gather(*(engine.store.check_schema() for _ in range(5)))

    assert {Stamp(WRITES, NEEDS)} == {*first}
    assert {} == await engine.keyspace()


async def test_data_without_a_stamp_is_of_the_first_version(old: Engine) -> None:
    """As every release before the stamp left it; any program may read it."""
    assert Stamp(1, 1) == await old.store.check_schema() == await old.store.stamp()


async def test_data_for_newer_programs_alone_is_refused(engine: Engine, redis: Redis) -> None:
    """And nothing of it is touched."""
    await Batch(redis).command("HSET", keys.SCHEMA, "version", WRITES + 1, "needs", WRITES + 1)
    before = await engine.keyspace()

    with pytest.raises(OtherData, match="newer release"):
        await engine.store.check_schema()
    assert before == await engine.keyspace()


async def test_every_text_is_written_once(old: Engine) -> None:
    """Page by page, of all campaigns; then the data is of the new version and no cursor is left."""
    told = await _done(old.store)

    assert Migrated(campaigns=3, calls=CALLS + 2 * SMALL, changed=TEXTS) == told
    texts = await _texts(old.redis)
    assert TEXTS == len(texts)
    assert _spaced_once(texts)
    assert Stamp(2, 1) == await old.store.stamp()
    assert "migration" not in await old.keyspace()
    assert Migrated() == await _done(old.store)


async def test_a_rehearsal_tells_the_same_and_writes_nothing(old: Engine) -> None:
    """Whatever it would change."""
    before = await old.keyspace()
    *_, told = [told async for told in old.store.rehearse(STEP)]

    assert Migrated(campaigns=3, calls=CALLS + 2 * SMALL, changed=TEXTS) == told
    assert before == await old.keyspace()


async def test_whoever_dies_is_followed_by_one_who_goes_on(old: Engine) -> None:
    """After any number of steps: each text is written once, and the sums are those of one run."""
    told = Migrated()
    for steps in count(1):
        mortal = Store(Mortal(old.batch, steps), old.clock, deadlines(45, 600))
        try:
            told = await _done(mortal)
            break
        except StoreUnavailable:
            assert not any(text.endswith("  ") for text in await _texts(old.redis))

    assert steps > 5
    assert Migrated(campaigns=3, calls=CALLS + 2 * SMALL, changed=TEXTS) == told
    assert _spaced_once(await _texts(old.redis))


async def test_several_at_once_share_the_work(old: Engine) -> None:
    """None writes what another wrote, and all of them end."""
    stores = [Store(Batch(old.redis), old.clock, deadlines(45, 600)) for _ in range(4)]
    await asyncio.gather(*map(_done, stores))

    assert _spaced_once(await _texts(old.redis))
    assert Stamp(2, 1) == await old.store.stamp()


async def test_what_changes_meanwhile_is_not_overwritten(old: Engine, redis: Redis) -> None:
    """A campaign that is renamed between the look and the step keeps its new name, and gets its space."""

    class Renaming(Batch):
        times = 0

        async def run(self, name: str, names: Any, args: Any) -> Any:
            if name == "migrate_page" and self.times < RENAMED:
                self.times += 1
                await self.command("HSET", keys.campaign("c1"), "name", f"Quay {self.times}")
            return await super().run(name, names, args)

    batch = Renaming(redis)
    told = await _done(Store(batch, old.clock, deadlines(45, 600)))

    assert f"Quay {RENAMED} " == await Batch(redis).command("HGET", keys.campaign("c1"), "name")
    assert (RENAMED, TEXTS) == (batch.times, told.changed)


async def test_what_older_programs_cannot_read_waits_for_their_end(old: Engine, redis: Redis) -> None:
    """A process of an earlier release is named; without it, older programs are refused from the first page on."""
    await redis.zadd(keys.WORKERS, {"host:1:0a": old.now_ms, f"host:2:0b:v{WRITES}": old.now_ms})
    await redis.zadd(keys.SPEAKERS, {"host:3:0c": old.now_ms - keys.WORKER_ALIVE_MS - 1})
    with pytest.raises(IllegalStep, match=r"1 processes .*\(host:1:0a\)"):
        await _done(old.store, CONTRACT)
    await redis.zrem(keys.WORKERS, "host:1:0a")
    await redis.zadd(keys.APIS, {"host:4:0d": old.now_ms})  # one without a carrier is in no other list
    with pytest.raises(IllegalStep, match=r"1 processes .*\(host:4:0d\)"):
        await _done(old.store, CONTRACT)
    await redis.zrem(keys.APIS, "host:4:0d")
    begun = old.store.migrate(CONTRACT)
    await anext(begun)

    assert Stamp(1, 2) == await old.store.stamp()
    await _done(old.store, CONTRACT)
    assert Stamp(2, 2) == await old.store.stamp()


async def test_campaigns_that_no_list_could_show_are_mended(engine: Engine, redis: Redis) -> None:
    """The real step: what an earlier release took breaks the page of campaigns, and does not afterwards."""
    for campaign_id, field, text in (
        ("c1", "expires_at", str(LAST_MS + 18_000_000)),
        ("c2", "windows", json.dumps({"not_before": FIRST_MS - 3_600_000})),
        ("c3", "name", "Well"),
    ):
        await engine.store.create_campaign(draft(campaign_id))
        await Batch(redis).command("HSET", keys.campaign(campaign_id), field, text)
    await engine.store.add_calls("c3", new_calls(2), import_id="i1")
    await Batch(redis).command("HSET", keys.bucket("c3", 1), "1t", json.dumps({"n": 0, "x": LAST_MS + 18_000_000}))
    await engine.store.stamp()
    with pytest.raises(ValueError, match="out of range"):
        await engine.store.campaign("c1")

    told = await _done(engine.store, MIGRATIONS[0])
    campaigns = [await engine.store.campaign(campaign_id) for campaign_id in ("c1", "c2", "c3")]
    call = await engine.store.call("c3-1")

    assert Migrated(campaigns=3, calls=2, changed=3) == told
    assert (9999, 1) == (campaigns[0].expires_at.year, campaigns[1].windows.not_before.year)  # type: ignore[union-attr]
    assert call.expires_at is not None
    assert 9999 == call.expires_at.year


async def test_fields_of_a_newer_release_are_left_alone(engine: Engine, redis: Redis) -> None:
    """While its campaign is dialed, redialed and over: those of the campaign, of an attempt, and beside the tries."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(times=1, after_ms=1)})
    dial = await engine.ring()
    await Batch(redis).command("HSET", keys.campaign("c1"), "newer", "1")
    await Batch(redis).command("HSET", keys.attempt(dial.attempt), "newer", "1")
    await Batch(redis).command("HSET", keys.bucket("c1", 1), "1t", json.dumps({"n": 1, "newer": "1"}))
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    again = await engine.ring("n2", uuid="u2")
    await engine.store.apply_event(str(again.attempt), event("completed", Fact.ANSWERED, Fact.COMPLETED))
    await engine.leases.complete_campaigns()
    seen = await engine.store.campaign("c1")

    assert CampaignState.COMPLETED == seen.state
    assert "1" == await Batch(redis).command("HGET", keys.campaign("c1"), "newer")
    assert "1" == await Batch(redis).command("HGET", keys.attempt(dial.attempt), "newer")
    tries = json.loads(await Batch(redis).command("HGET", keys.bucket("c1", 1), "1t"))
    assert ("1", 2) == (tries["newer"], tries["n"])
