"""What is older than the retention is deleted, and nothing else."""

from __future__ import annotations

import functools
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from dialer.dispositions import Fact
from dialer.errors import StoreUnavailable
from dialer.model import NewCall, Priority
from dialer.providers.base import CallEvent
from tests.fakes.engine import Engine, draft


async def _over(engine: Engine, campaign_id: str) -> None:
    """Dial a campaign of one call to its end."""
    await engine.run_campaign(campaign_id)
    dial = await engine.place()
    over = frozenset({Fact.ANSWERED, Fact.COMPLETED})
    await engine.store.apply_event(str(dial.attempt), CallEvent(kind="completed", facts=over))
    await engine.leases.complete_campaigns()


async def test_a_campaign_is_deleted_with_all_its_keys(engine: Engine) -> None:
    """Long after its end nothing of a campaign is left: no call, no attempt, no digest."""
    await _over(engine, "c1")
    deleted = await engine.store.reap(engine.now_ms + 1)

    assert 1 == deleted
    assert {"trunk:main", "wake"} >= set(await engine.keyspace())


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


async def test_drafts_do_not_hide_what_is_over(engine: Engine) -> None:
    """However many old campaigns have not ended, one that has is found behind them."""
    for number in range(210):
        await engine.store.create_campaign(draft(f"d{number}"))
    await _over(engine, "c1")

    assert 1 == await engine.store.reap(engine.now_ms + 1)


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
        await _over(engine, "c1")
        commands = count()
        monkeypatch.setattr(engine.batch, "command", functools.partial(dying, last))
        with suppress(StoreUnavailable):
            await engine.store.reap(engine.now_ms + 1)
        monkeypatch.setattr(engine.batch, "command", command)
        await engine.store.reap(engine.now_ms + 1)
        assert {"trunk:main", "wake"} >= set(await engine.keyspace()), last
