"""Drafts and paused campaigns that nobody touched for their retention: cancelled once, and deleted as others are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from dialer import keys
from dialer.dispositions import Disposition
from dialer.errors import IllegalStep
from dialer.model import Caps, Priority
from dialer.states import CampaignState
from dialer.windows import Windows
from tests.fakes.engine import Engine, draft, new_calls

DAY_MS = keys.DAY_MS
DAYS = 90


async def _later(engine: Engine, days: float) -> list[str]:
    """Who is cancelled so many days later; the reaper looks every day until then."""
    ended: list[str] = []
    for _ in range(int(days)):
        engine.clock.advance_ms(DAY_MS)
        ended += await engine.store.end_idle(DAYS)
    engine.clock.advance_ms(int(days % 1 * DAY_MS))
    return ended + await engine.store.end_idle(DAYS)


async def _state(engine: Engine, campaign_id: str = "c1") -> CampaignState:
    return (await engine.store.campaign(campaign_id)).state


async def test_a_draft_that_nobody_started_ends_and_is_deleted(engine: Engine) -> None:
    """Its calls are cancelled, the audit log has the reason, and so long after that nothing is left of it."""
    await engine.store.create_campaign(draft())
    await engine.store.add_calls("c1", new_calls(3), import_id="i1")
    assert [] == await _later(engine, DAYS - 0.5)
    assert ["c1"] == await _later(engine, 0.5)

    campaign = await engine.store.campaign("c1")
    assert (CampaignState.CANCELLED, "nobody touched it for 90 days") == (campaign.state, campaign.reason)
    assert 3 == (await engine.store.progress(["c1"]))[0].dispositions[Disposition.CANCELLED]
    assert [("campaign.cancelled", "c1")] == await engine.audited()
    await engine.leases.complete_campaigns()
    assert [] == await _later(engine, DAYS)
    assert 1 == await engine.store.reap(engine.now_ms - DAYS * DAY_MS + 1)
    assert {"audit", "audit:chain", "changes"} >= await engine.names_left()


async def test_a_paused_campaign_goes_by_its_own_retention_since_it_was_paused(engine: Engine) -> None:
    """Days of its own count, shorter or longer than those of all; while it ran it had no age."""
    await engine.run_campaign("c1", retention_days=2)
    await engine.run_campaign("c2", retention_days=200)
    assert [] == await _later(engine, 30)
    for campaign_id in ("c1", "c2"):
        await engine.store.step(campaign_id, "pause")

    assert [] == await _later(engine, 1)
    assert ["c1"] == await _later(engine, 1)
    assert [] == await _later(engine, 197.5)
    assert ["c2"] == await _later(engine, 0.5)


async def _paused_and_resumed(engine: Engine) -> None:
    await engine.store.step("c1", "resume")
    await engine.store.step("c1", "pause")


async def _added(engine: Engine) -> None:
    await engine.store.add_calls("c1", new_calls(1, first=9), import_id="i2")


async def _changed(engine: Engine) -> None:
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, caps=Caps(day=3)))


async def _opened(engine: Engine) -> None:
    await engine.store.change_windows("c1", Windows())


@pytest.mark.parametrize("touch", [_paused_and_resumed, _added, _changed, _opened])
async def test_whoever_touches_it_gives_it_its_days_again(
    engine: Engine, touch: Callable[[Engine], Awaitable[None]]
) -> None:
    """Any step, change or list counts from its moment."""
    await engine.run_campaign("c1")
    await engine.store.step("c1", "pause")
    await _later(engine, DAYS - 1)
    await touch(engine)

    assert [] == await _later(engine, DAYS - 1)
    assert ["c1"] == await _later(engine, 1)


async def test_what_runs_has_no_age(engine: Engine) -> None:
    """A running campaign, and those of single calls even where they are paused, are left alone."""
    await engine.run_campaign("c1")
    single = await engine.store.built_in(Priority.NORMAL)
    await engine.store.step(single, "pause")

    assert [] == await _later(engine, 2 * DAYS)
    assert (CampaignState.RUNNING, CampaignState.PAUSED) == (await _state(engine), await _state(engine, single))


async def test_whoever_starts_it_at_that_moment_wins(engine: Engine) -> None:
    """Touched between the look and the step it goes on: the step is for what nobody touched since."""
    await engine.store.create_campaign(draft())
    seen_ms = engine.now_ms
    engine.clock.advance_ms(DAY_MS)
    await engine.store.step("c1", "start")

    with pytest.raises(IllegalStep):
        await engine.store.step("c1", "cancel", reason="nobody touched it", untouched_since=seen_ms)
    assert CampaignState.RUNNING is await _state(engine)
    assert [] == await engine.audited()


async def test_two_reapers_at_once_and_one_that_died(engine: Engine) -> None:
    """It ends once; whoever died between the step and the line is followed by one who takes it out."""
    await engine.store.create_campaign(draft())
    engine.clock.advance_ms(DAYS * DAY_MS)
    looked_at = await engine.redis.zscore(keys.IDLING, "c1")
    await asyncio.gather(engine.store.end_idle(DAYS), engine.store.end_idle(DAYS))
    assert [("campaign.cancelled", "c1")] == await engine.audited()
    assert looked_at is not None
    await engine.redis.zadd(keys.IDLING, {"c1": looked_at})

    assert [] == await engine.store.end_idle(DAYS)
    assert 0 == await engine.redis.exists(keys.IDLING)
    assert [("campaign.cancelled", "c1")] == await engine.audited()


async def test_a_look_costs_nothing_where_nothing_is_due(engine: Engine) -> None:
    """What was looked at is not looked at again before a week, or its day; a shorter setting holds after a week."""
    await engine.store.create_campaign(draft())
    await engine.store.end_idle(DAYS)
    before = await engine.keyspace()
    engine.clock.advance_ms(7 * DAY_MS - 1)

    assert [] == await engine.store.end_idle(3)
    assert {} == await engine.changed_since(before)
    engine.clock.advance_ms(1)
    assert ["c1"] == await engine.store.end_idle(3)
