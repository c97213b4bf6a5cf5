"""What is older than the retention is deleted, and nothing else."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from dialer import keys
from dialer.dispositions import Fact
from dialer.errors import StoreUnavailable
from dialer.model import NewCall, Priority
from dialer.providers.base import CallEvent
from tests.fakes.engine import Engine, draft

DAY_MS = 86_400_000
LEFT = {"trunk:main", "wake", "audit", "audit:chain"}
"""What belongs to no campaign."""


async def _over(engine: Engine, campaign_id: str, **fields: Any) -> None:
    """Dial a campaign of one call to its end."""
    await engine.run_campaign(campaign_id, **fields)
    dial = await engine.place()
    over = frozenset({Fact.ANSWERED, Fact.COMPLETED})
    await engine.store.apply_event(str(dial.attempt), CallEvent(kind="completed", facts=over))
    await engine.leases.complete_campaigns()


async def test_a_campaign_is_deleted_with_all_its_keys(engine: Engine) -> None:
    """Long after its end nothing of a campaign is left: no call, no attempt, no digest."""
    await _over(engine, "c1")
    deleted = await engine.store.reap(engine.now_ms + 1)

    assert 1 == deleted
    assert LEFT >= await engine.names_left()
    assert [("campaign.completed", "c1"), ("campaign.deleted", "c1")] == await engine.audited()


async def test_no_kind_of_key_outlives_its_campaign(engine: Engine) -> None:
    """Whatever the key module names by a campaign alone is deleted with it."""
    await _over(engine, "c1")
    named = [make for make in vars(keys).values() if inspect.isfunction(make) and _takes_a_campaign(make)]
    for name in {make("c1") for make in named} - {keys.recordings_of("c1")}:
        if not await engine.redis.exists(name):
            await engine.redis.zadd(name, {"left": 1})
    await engine.store.reap(engine.now_ms + 1)

    assert len(named) > 10
    assert LEFT >= await engine.names_left()


def _takes_a_campaign(make: Callable[..., object]) -> bool:
    told = inspect.signature(make)
    return [*told.parameters] == ["campaign_id"] and told.return_annotation == "str"


async def test_a_campaign_that_ended_lately_is_kept(engine: Engine) -> None:
    """Nothing is deleted before its time."""
    await _over(engine, "c1")
    before = await engine.keyspace()

    assert 0 == await engine.store.reap(engine.now_ms - 1)
    assert {} == await engine.changed_since(before)


async def test_a_running_campaign_is_kept_however_old(engine: Engine) -> None:
    """What has not ended has no age."""
    await engine.run_campaign("c1")
    before = await engine.keyspace()

    assert 0 == await engine.store.reap(engine.now_ms + 1_000_000)
    assert {} == await engine.changed_since(before)


async def test_single_calls_go_one_by_one(engine: Engine) -> None:
    """Of the built-in campaign, which never ends, only the calls that ended long ago are deleted."""
    for number in ("+31612345678", "+31612345679"):
        await engine.store.enqueue_call(Priority.NORMAL, NewCall(number=number), key=None)
    dial = await engine.place()
    over = frozenset({Fact.ANSWERED, Fact.COMPLETED})
    await engine.store.apply_event(str(dial.attempt), CallEvent(kind="completed", facts=over))

    assert 1 == await engine.store.reap(engine.now_ms + 1)
    kept = await engine.keyspace()
    assert {"campaign:direct:waiting": 1} == {
        key: len(value) for key, value in kept.items() if key.startswith(("campaign:direct:waiting", "attempt:"))
    }
    assert ["2"] == list(kept["campaign:direct:calls:0"])


async def test_a_campaign_goes_by_its_own_retention(engine: Engine) -> None:
    """Its own days count from its end, whatever holds for the others: shorter or longer."""
    await _over(engine, "c3")
    await _over(engine, "c2", retention_days=200)
    await _over(engine, "c1", retention_days=2)
    engine.clock.advance_ms(2 * DAY_MS - 1)

    assert 0 == await engine.store.reap(0)
    engine.clock.advance_ms(1)
    assert 1 == await engine.store.reap(0)
    assert 1 == await engine.store.reap(engine.now_ms)
    assert ["c2"] == [campaign.id for campaign in (await engine.store.campaigns(limit=9)).campaigns]
    engine.clock.advance_ms(198 * DAY_MS)
    assert 1 == await engine.store.reap(0)
    assert LEFT >= await engine.names_left()


async def test_a_cancelled_campaign_is_kept_while_calls_of_it_are_up(engine: Engine) -> None:
    """It is as old as its cancelling, and is deleted only once its last call has ended."""
    await engine.run_campaign("c1", retention_days=1)
    dial = await engine.ring()
    await engine.store.step("c1", "cancel")
    engine.clock.advance_ms(3 * DAY_MS)
    await engine.leases.complete_campaigns()

    assert 0 == await engine.store.reap(engine.now_ms)
    over = frozenset({Fact.ANSWERED, Fact.COMPLETED})
    await engine.store.apply_event(str(dial.attempt), CallEvent(kind="completed", facts=over))
    await engine.leases.complete_campaigns()
    assert 1 == await engine.store.reap(engine.now_ms)
    assert {*LEFT, "carrier-uuid:u1"} >= await engine.names_left()


@pytest.mark.parametrize("days", [None, 2])
async def test_what_ended_before_there_were_lines_is_deleted_too(engine: Engine, days: int | None) -> None:
    """A campaign that stands in no line is put into the one it belongs to, once; an unfinished one is not."""
    await _over(engine, "c1", retention_days=days)
    await engine.run_campaign("c2")
    await engine.redis.delete(keys.REAPING, keys.ENDED)
    ended = engine.now_ms

    assert 0 == await engine.store.reap(ended - 1)
    line, score = (keys.REAPING, ended + 2 * DAY_MS) if days else (keys.ENDED, ended)
    assert [("c1", score)] == await engine.redis.zrange(line, 0, -1, withscores=True)
    engine.clock.advance_ms(2 * DAY_MS)
    assert 1 == await engine.store.reap(engine.now_ms)
    assert ["c2"] == [campaign.id for campaign in (await engine.store.campaigns(limit=9)).campaigns]


async def test_a_run_with_nothing_to_delete_reads_no_campaign(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many campaigns there are, a reaper looks only at those that are due."""
    await _over(engine, "c1", retention_days=5)
    await _over(engine, "c2")
    await engine.run_campaign("c3")
    asked: list[Any] = []
    command = engine.batch.command

    async def noting(*parts: Any) -> Any:
        asked.append(parts)
        return await command(*parts)

    monkeypatch.setattr(engine.batch, "command", noting)
    await engine.store.reap(engine.now_ms - 1)

    assert [] == [parts for parts in asked if parts[0] == "HMGET" or parts[:2] == ("ZRANGE", keys.CAMPAIGNS)]


async def test_drafts_do_not_hide_what_is_over(engine: Engine) -> None:
    """However many old campaigns have not ended, one that has is found behind them."""
    for number in range(210):
        await engine.store.create_campaign(draft(f"d{number}"))
    await _over(engine, "c1")

    assert 1 == await engine.store.reap(engine.now_ms + 1)


@pytest.mark.parametrize("last", [30, 40, 55, 60, 75, 80])
async def test_a_reaper_that_dies_between_pages_is_followed_by_one_that_does_the_rest(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """A large campaign goes in pages; whichever was the last, nothing of it stays."""
    await engine.run_campaign("c1", calls=2_500, retention_days=1)
    await engine.store.step("c1", "cancel")
    await engine.leases.complete_campaigns()
    engine.clock.advance_ms(DAY_MS)
    command, commands = engine.batch.command, count()

    async def dying(*parts: Any) -> Any:
        if next(commands) >= last:
            raise StoreUnavailable("killed")
        return await command(*parts)

    with monkeypatch.context() as killed, suppress(StoreUnavailable):
        killed.setattr(engine.batch, "command", dying)
        await engine.store.reap(0)
    assert keys.campaign("c1") in [name async for name in engine.redis.scan_iter()]
    assert 1 == await engine.store.reap(0)
    assert LEFT >= await engine.names_left()


async def test_what_a_dying_reaper_leaves_of_a_campaign_is_deleted_by_the_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the first one ends, the second leaves nothing of the campaign."""
    command, commands = engine.batch.command, count()

    async def dying(last: int, *parts: Any) -> Any:
        if next(commands) == last:
            raise StoreUnavailable("killed")
        return await command(*parts)

    for last in range(200):
        await engine.redis.flushall()
        await _over(engine, "c1", retention_days=1 if last % 2 else None)
        engine.clock.advance_ms(DAY_MS)
        commands = count()
        monkeypatch.setattr(engine.batch, "command", functools.partial(dying, last))
        with suppress(StoreUnavailable):
            await engine.store.reap(engine.now_ms + 1)
        monkeypatch.setattr(engine.batch, "command", command)
        await engine.store.reap(engine.now_ms + 1)
        assert LEFT >= await engine.names_left(), last
        assert 1 == (await engine.audited()).count(("campaign.deleted", "c1")), last
