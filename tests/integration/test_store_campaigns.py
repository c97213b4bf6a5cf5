"""Campaigns: created once, read, listed newest first, and closed when nothing is left to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.errors import ChangedMeanwhile, IllegalStep, InvalidInput, NotFound
from dialer.model import Caps, Priority, Redial, UnknownPolicy
from dialer.providers.base import CallEvent
from dialer.states import CallState, CampaignState
from dialer.store import listing
from dialer.store.campaigns import SingleCallRules
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, new_calls

HOSTILE = ("", "c1:waiting", "c1:calls:0", "*", "c1\n", "c" * 5000, "\ud800", "{dialer}:open", "../c1")


async def test_create_stores_the_campaign_and_nothing_else(engine: Engine) -> None:
    """A new campaign is one hash, and stands among all and among the open ones."""
    redial = {Disposition.BUSY: Redial(2, 300_000)}
    assert await engine.store.create_campaign(draft(redial=redial))

    assert {
        "campaign:c1": {
            "name": "Harbour",
            "kind": "notification",
            "script": {"text": "Hello"},
            "priority": "normal",
            "class": "2",
            "built_in": "0",
            "created_at": str(START_MS),
            "redial": {"busy": [2, 300_000]},
            "unknown": "hold",
            "state": "draft",
            "total": "0",
            "success": [],
        },
        "campaigns": {"c1": START_MS},
        "open": {"c1"},
        "idling": {"c1": START_MS},
    } == await engine.keyspace()


async def test_create_leaves_a_campaign_that_exists(engine: Engine) -> None:
    """An id that is there already is not taken again, and nothing changes."""
    await engine.store.create_campaign(draft())
    before = await engine.keyspace()

    assert not await engine.store.create_campaign(draft(name="Other", created_at=moment(START_MS + 5)))
    assert {} == await engine.changed_since(before)


async def test_read_gives_what_was_created(engine: Engine) -> None:
    """A campaign is read as it was stored, whatever its fields."""
    campaign = draft(
        name="Hafen früh",
        script={"text": "Grüße {{ name }}", "language": "de-DE", "style": 3},
        priority=Priority.URGENT,
        redial={Disposition.NO_ANSWER: Redial(3, 60_000), Disposition.BUSY: Redial(1, 0)},
        unknown=UnknownPolicy.REDIAL,
    )
    await engine.store.create_campaign(campaign)

    assert campaign == await engine.store.campaign("c1")


async def test_campaigns_are_listed_newest_first(engine: Engine) -> None:
    """Pages go from the newest to the oldest, each campaign once."""
    for number in range(5):
        await engine.store.create_campaign(draft(f"c{number}", created_at=moment(START_MS + number)))

    assert [["c4", "c3"], ["c2", "c1"], ["c0"]] == await pages(engine, 2)
    assert [["c4", "c3", "c2", "c1", "c0"]] == await pages(engine, 5)


async def pages(engine: Engine, limit: int, **wanted: Any) -> list[list[str]]:
    """The ids on every page."""
    found, cursor = await engine.store.campaigns(limit=limit, **wanted)
    told = [[campaign.id for campaign in found]]
    while cursor:
        found, cursor = await engine.store.campaigns(limit=limit, cursor=cursor, **wanted)
        told.append([campaign.id for campaign in found])
    return told


async def test_pages_go_on_where_they_were(engine: Engine) -> None:
    """Nobody is met twice because others were created, and nobody is missed because the last one was deleted."""
    for number in range(4):
        await engine.store.create_campaign(draft(f"c{number}", created_at=moment(START_MS + number)))
    _, cursor = await engine.store.campaigns(limit=2)
    await engine.store.create_campaign(draft("c9", created_at=moment(START_MS + 9)))
    behind, _ = await engine.store.campaigns(limit=2, cursor=cursor)
    await engine.store.step("c2", "cancel")
    await engine.leases.complete_campaigns()
    await engine.store.reap(engine.now_ms + 1)
    after, _ = await engine.store.campaigns(limit=2, cursor=cursor)

    assert ["c1", "c0"] == [one.id for one in behind] == [one.id for one in after]
    with pytest.raises(InvalidInput, match="not a cursor"):
        await engine.store.campaigns(limit=2, cursor="2")


async def test_campaigns_are_listed_by_state_and_kind(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that match, each once, however few of those looked at for one page do."""
    monkeypatch.setattr(listing, "_LOOKED_AT", 3)
    for number in range(8):
        kind = "script" if number % 4 == 0 else "notification"
        await engine.store.create_campaign(draft(f"c{number}", kind=kind, created_at=moment(START_MS + number)))
    await engine.store.step("c1", "start")
    await engine.store.step("c6", "start")

    assert [["c6"], [], ["c1"]] == await pages(engine, 2, state=CampaignState.RUNNING)
    assert [[], ["c4"], [], ["c0"]] == await pages(engine, 1, kind="script")
    assert [["c7", "c6"], ["c5", "c3"], ["c2", "c1"], []] == await pages(engine, 2, kind="notification")


@pytest.mark.parametrize("campaign_id", HOSTILE)
async def test_ids_that_are_none_are_not_found(engine: Engine, campaign_id: str) -> None:
    """No text, however odd, is taken for a campaign or for another key of one."""
    await engine.run_campaign()
    before = await engine.keyspace()
    with pytest.raises(NotFound):
        await engine.store.campaign(campaign_id)
    with pytest.raises(NotFound):
        await engine.store.step(campaign_id, "start")
    with pytest.raises(NotFound):
        await engine.store.add_calls(campaign_id, new_calls(1), import_id="i1")
    with pytest.raises(NotFound):
        await engine.store.calls(campaign_id)

    assert {} == await engine.changed_since(before)


async def test_progress_counts_each_call_once(engine: Engine) -> None:
    """Counts by state add up to the size, and dispositions to what is done."""
    await engine.run_campaign(calls=5)
    done = await engine.ring()
    await engine.record(await engine.place("n2"), "n2", "busy")
    await engine.place("n3")
    await engine.claim(1)
    (progress,) = await engine.store.progress(["c1"])

    assert done.claim.seq == 1
    assert {"waiting": 1, "claimed": 1, "placing": 1, "unknown": 0, "live": 1, "done": 1} == progress.counts
    assert dict.fromkeys(Disposition, 0) | {Disposition.BUSY: 1} == progress.dispositions


async def test_built_in_campaigns_are_made_at_their_first_use(engine: Engine) -> None:
    """Each priority has one campaign for single calls, running from the start and made once."""
    ids = [await engine.store.built_in(priority) for priority in Priority]
    before = await engine.keyspace()
    again = [await engine.store.built_in(priority) for priority in Priority]

    assert ["direct-urgent", "direct", "direct-background"] == ids == again
    assert {} == await engine.changed_since(before)
    assert CampaignState.RUNNING is (await engine.store.campaign("direct")).state


@pytest.mark.parametrize("priority", Priority)
async def test_built_in_campaigns_cannot_be_cancelled(engine: Engine, priority: Priority) -> None:
    """Single calls always have where to go, so that cancelling their campaign is refused and changes nothing."""
    campaign_id = await engine.store.built_in(priority)
    before = await engine.keyspace()
    with pytest.raises(IllegalStep, match="pause it instead"):
        await engine.store.step(campaign_id, "cancel")

    assert {} == await engine.changed_since(before)


async def test_overview_sums_the_open_campaigns(engine: Engine) -> None:
    """The overview counts calls by state, priority and kind, and knows how long the oldest has been due."""
    await engine.run_campaign(calls=2)
    await engine.run_campaign("c2", calls=1, priority=Priority.URGENT)
    await engine.claim(1)
    engine.clock.advance_ms(999)
    seen = await engine.store.overview()

    assert (2, 1) == (
        seen.calls[CallState.WAITING, Priority.NORMAL, "notification"],
        seen.calls[CallState.CLAIMED, Priority.URGENT, "notification"],
    )
    assert {(CampaignState.RUNNING, "notification"): 2} == seen.campaigns
    assert {Priority.URGENT: 0, Priority.NORMAL: 1000, Priority.BACKGROUND: 0} == seen.oldest_due_ms


async def test_a_campaign_whose_calls_are_done_is_completed(engine: Engine) -> None:
    """The last call done, the next look completes the campaign and forgets it among ready and open ones."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "failed")
    before = await engine.keyspace()

    assert ["c1"] == await engine.leases.complete_campaigns()
    assert {
        "campaign:c1": {"state": "completed", "ended_at": str(START_MS + 61)},
        "closing": None,
        "open": None,
        "ended": {"c1": START_MS + 61},
        "ready:normal": None,
    } == await engine.changed_since(before)


async def test_a_campaign_with_a_call_left_goes_on(engine: Engine) -> None:
    """A call in flight keeps its campaign open; it is looked at again only when a call ends."""
    await engine.run_campaign()
    await engine.ring()
    before = await engine.keyspace()

    assert [] == await engine.leases.complete_campaigns()
    assert {"closing": None} == await engine.changed_since(before)
    await engine.store.apply_event("c1-1-1", CallEvent(kind="busy", facts=frozenset({Fact.BUSY})))
    assert ["c1"] == await engine.leases.complete_campaigns()


async def test_an_import_keeps_its_campaign_open(engine: Engine) -> None:
    """While rows may come the campaign is not completed; the end of the import, or a minute of silence, ends that."""
    await engine.run_campaign()
    await engine.store.add_calls("c1", new_calls(1), import_id="slow")
    await engine.record(await engine.place(), "n1", "failed")
    before = await engine.keyspace()

    assert [] == await engine.leases.complete_campaigns()
    assert {} == await engine.changed_since(before)
    engine.clock.advance_ms(60_000)
    assert ["c1"] == await engine.leases.complete_campaigns()


async def test_a_campaign_without_calls_stays_running(engine: Engine) -> None:
    """Started before its list came, a campaign waits for it instead of completing."""
    await engine.run_campaign(calls=0)

    assert [] == await engine.leases.complete_campaigns()
    assert CampaignState.RUNNING is (await engine.store.campaign("c1")).state


async def test_single_calls_never_complete_their_campaign(engine: Engine) -> None:
    """A built-in campaign stays running with all its calls done."""
    await engine.store.enqueue_call(Priority.NORMAL, new_calls(1)[0], key=None)
    await engine.record(await engine.place(), "n1", "failed")

    assert [] == await engine.leases.complete_campaigns()
    assert CampaignState.RUNNING is (await engine.store.campaign("direct")).state


async def test_a_paused_campaign_completes_after_it_is_resumed(engine: Engine) -> None:
    """Pausing keeps a campaign whose calls are done open until somebody resumes it."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.store.step("c1", "pause")
    await engine.record(dial, "n1", "failed")

    assert [] == await engine.leases.complete_campaigns()
    await engine.store.step("c1", "resume")
    assert ["c1"] == await engine.leases.complete_campaigns()


async def test_a_cancelled_campaign_is_closed_when_its_last_call_ends(engine: Engine) -> None:
    """Cancelled, a campaign stays among the open ones while a phone rings, and leaves them after."""
    await engine.run_campaign(calls=2)
    dial = await engine.place()
    await engine.store.step("c1", "cancel")
    cancelled_ms = engine.now_ms
    await engine.leases.complete_campaigns()
    opened = (await engine.keyspace())["open"]
    await engine.record(dial, "n1", "failed")
    before = await engine.keyspace()

    assert {"c1"} == opened
    assert [] == await engine.leases.complete_campaigns()
    assert {"closing": None, "open": None, "ended": {"c1": cancelled_ms}} == await engine.changed_since(before)


async def test_single_calls_go_by_the_rules_of_their_first(engine: Engine) -> None:
    """Caps for numbers hold for them as well; they are changed by hand later on."""
    campaign_id = await engine.store.built_in(Priority.NORMAL, SingleCallRules(caps=Caps(day=2)))
    await engine.store.built_in(Priority.NORMAL, SingleCallRules(caps=Caps(day=9)))

    assert Caps(day=2) == (await engine.store.campaign(campaign_id)).caps


async def test_change_between_reading_and_changing_is_seen_in_the_step(engine: Engine) -> None:
    """Whoever names the version that he has read changes no other one."""
    await engine.store.create_campaign(draft())
    read = await engine.store.campaign("c1")
    await engine.store.change_windows("c1", None, version=1)
    before = await engine.keyspace()
    for late in (
        engine.store.change_campaign(read, replace(read, max_tries=3), version=read.version),
        engine.store.change_windows("c1", None, version=read.version),
    ):
        with pytest.raises(ChangedMeanwhile, match="read it again"):
            await late

    assert {} == await engine.changed_since(before)
    assert 2 == (await engine.store.campaign("c1")).version
