"""The audit log in Redis: in order, chained, trimmed from its oldest end, and never rewritten unseen."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import keys
from dialer.audit import DIALER, FIRST_HASH, Action, Entry, KeptEntry, Outcome, chained
from dialer.clock import moment
from dialer.store import AuditFilter
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, clean_engine, draft

ALL = AuditFilter()


def _entry(action: Action = Action.CAMPAIGN_STARTED, **fields: object) -> Entry:
    told: dict[str, object] = {"actor": "key:0a1b2c3d", "outcome": Outcome.DONE, "campaign_id": "c1"}
    return Entry(action=action, **(told | fields))  # type: ignore[arg-type] # fields of an entry


async def _fill(engine: Engine, count: int) -> None:
    for _ in range(count):
        await engine.store.append_audit(_entry())
        engine.clock.advance_ms(1)


async def test_an_entry_is_kept_as_it_was_told(engine: Engine) -> None:
    """It bears its moment, and the numbers in it are masked."""
    entry = _entry(details={"number": "+31612345678", "calls": 3}, request_id="r1", on_behalf_of="ann")
    chain_hash = await engine.store.append_audit(entry)
    [kept], cursor = await engine.store.audit_page(ALL, cursor=None, limit=10)

    assert (f"{START_MS}-0", chain_hash, None, moment(START_MS)) == (kept.id, kept.hash, cursor, kept.at)
    assert {
        "action": "campaign.started", "outcome": "done", "actor": "key:0a1b2c3d", "on_behalf_of": "ann",
        "request_id": "r1", "campaign_id": "c1", "details": {"number": "+31*******78", "calls": 3},
    } == kept.told()  # fmt: skip


@given(texts=st.lists(st.text(max_size=300), min_size=1, max_size=5))
async def test_the_script_chains_as_python_does(redis_url: str, texts: list[str]) -> None:
    """Whatever stands in entries, both compute the same SHA-256."""
    async with clean_engine(redis_url) as engine:
        for text in texts:
            await engine.store.append_audit(_entry(details={"text": text}))
        verdict = await engine.store.verify_audit()

        assert (len(texts), None) == (verdict.entries, verdict.fault)


@pytest.mark.parametrize("length", [0, 54, 55, 56, 63, 64, 65, 119, 120, 1000])
async def test_the_script_hashes_texts_of_any_length(engine: Engine, length: int) -> None:
    """The padding of SHA-256 is right on both sides of a block's end."""
    text = "x" * length
    entry_id, chain_hash = await engine.batch.run("append_audit", [*keys.AUDITED], [engine.now_ms, text])

    assert chained(FIRST_HASH, entry_id, text) == chain_hash


async def test_a_clock_that_goes_back_does_not_stop_the_log(engine: Engine) -> None:
    """An entry's id is always above that of the one before."""
    await engine.store.append_audit(_entry())
    engine.clock.advance_ms(-5_000)
    await engine.store.append_audit(_entry(), _entry())
    entries, _ = await engine.store.audit_page(ALL, cursor=None, limit=10)

    assert [f"{START_MS}-{number}" for number in (2, 1, 0)] == [entry.id for entry in entries]
    assert None is (await engine.store.verify_audit()).fault


async def test_pages_go_on_where_the_one_before_ended(engine: Engine) -> None:
    """Newest first, each entry once."""
    await _fill(engine, 7)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await engine.store.audit_page(ALL, cursor=cursor, limit=3)
        seen += [entry.id for entry in page]
        if cursor is None:
            break

    assert [f"{START_MS + number}-0" for number in reversed(range(7))] == seen


async def test_what_is_not_wanted_is_left_out(engine: Engine) -> None:
    """Filters by campaign, action and moment; the end is not within."""
    await _fill(engine, 3)
    await engine.store.append_audit(_entry(campaign_id="c2"), _entry(Action.CAMPAIGN_PAUSED))
    start = moment(START_MS)
    counts = {
        AuditFilter(campaign_id="c2"): 1,
        AuditFilter(action=Action.CAMPAIGN_PAUSED, campaign_id="c1"): 1,
        AuditFilter(action=Action.CAMPAIGN_PAUSED, campaign_id="c2"): 0,
        AuditFilter(since=start + timedelta(milliseconds=1), before=start + timedelta(milliseconds=3)): 2,
        AuditFilter(before=start): 0,
    }

    assert counts == {
        wanted: len((await engine.store.audit_page(wanted, cursor=None, limit=9))[0]) for wanted in counts
    }
    assert counts == {wanted: sum([len(page) async for page in engine.store.all_audit(wanted)]) for wanted in counts}


@pytest.mark.parametrize("position", [0, 3, 6])
async def test_a_removed_entry_is_found_out(engine: Engine, position: int) -> None:
    """The oldest, one in the middle, or the newest."""
    await _fill(engine, 7)
    await engine.redis.xdel(keys.AUDIT, f"{START_MS + position}-0")
    verdict = await engine.store.verify_audit()

    assert verdict.fault is not None
    assert (position, None if position == 6 else f"{START_MS + position + 1}-0") == (verdict.entries, verdict.broken_at)


async def test_a_changed_entry_is_found_out(engine: Engine) -> None:
    """Its text belongs to its hash."""
    await engine.store.append_audit(_entry())
    [(entry_id, fields)] = await engine.redis.xrange(keys.AUDIT)
    await engine.redis.delete(keys.AUDIT)
    await engine.redis.xadd(keys.AUDIT, fields | {"entry": fields["entry"].replace("started", "paused")}, id=entry_id)

    assert entry_id == (await engine.store.verify_audit()).broken_at


async def test_a_log_that_is_gone_is_found_out(engine: Engine) -> None:
    """The whole stream deleted leaves the chain's head, which belongs to no entry any more."""
    await _fill(engine, 2)
    await engine.redis.delete(keys.AUDIT)

    assert "the newest entries are missing" == (await engine.store.verify_audit()).fault


@pytest.mark.parametrize("kept", [0, 1, 4])
async def test_trimming_keeps_the_chain(engine: Engine, kept: int) -> None:
    """Old entries go, the others can be checked all the same, and new ones are chained to them."""
    await _fill(engine, 1_204)

    assert 1_204 - kept == await engine.store.trim_audit(engine.now_ms - kept)
    await engine.store.append_audit(_entry())
    verdict = await engine.store.verify_audit()
    assert (kept + 1, 1_204 - kept, None) == (verdict.entries, verdict.trimmed, verdict.fault)


async def test_nothing_written_is_in_order(engine: Engine) -> None:
    """An empty log has no fault."""
    verdict = await engine.store.verify_audit()

    assert (0, 0, FIRST_HASH, None) == (verdict.entries, verdict.trimmed, verdict.head, verdict.fault)


async def test_what_the_dialer_does_by_itself_is_written_in_the_same_step(engine: Engine) -> None:
    """Paused with a reason, expired, completed: each stands there with who it was; what was asked for does not."""
    await engine.run_campaign("c1", calls=0)
    await engine.store.step("c1", "pause", reason="the carrier refused +31612345678")
    await engine.store.step("c1", "pause", reason="again")
    await engine.store.step("c1", "resume")
    await engine.store.create_campaign(draft("c2", expires_at=moment(START_MS + 10)))
    await engine.store.step("c2", "start")
    engine.clock.advance_ms(10)
    await engine.leases.expire_campaigns()
    await engine.leases.complete_campaigns()
    entries = [entry async for page in engine.store.all_audit(ALL) for entry in page]

    assert [
        ("campaign.paused", "c1", {"reason": "the carrier refused +31*******78"}),
        ("campaign.expired", "c2", {"calls": 0}),
        ("campaign.completed", "c2", {"calls": 0}),
    ] == [(told["action"], told["campaign_id"], told["details"]) for told in map(_told, entries)]
    assert {DIALER} == {_told(entry)["actor"] for entry in entries}
    assert None is (await engine.store.verify_audit()).fault


def _told(entry: KeptEntry) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(entry.text)
    return told
