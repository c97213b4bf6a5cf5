"""Leases that lapse: what becomes of calls whose worker is gone, or of which nothing was heard."""

from __future__ import annotations

import asyncio

import pytest

from dialer import keys
from dialer.clock import moment
from dialer.dialing import CLAIM_LEASE_MS
from dialer.dispositions import Fact
from dialer.leases import Freed, Lapsed
from dialer.model import CallRef, NewCall, Share
from tests.fakes.engine import PLACING_LEASE_MS, REASON_MS, RINGING_MS, Engine, due, event, order, ref

LOOK_MS = 30_000


async def test_nothing_lapses_before_its_deadline(engine: Engine) -> None:
    """A claim is left alone until the very millisecond of its deadline."""
    await engine.run_campaign()
    (claim,) = await engine.claim()
    engine.clock.set_us(claim.deadline_ms * 1000 - 1)
    early = await engine.leases.lapsed(100)
    engine.clock.set_us(claim.deadline_ms * 1000)

    assert [] == early
    assert [Lapsed(ref("c1-1-1"), claim.deadline_ms)] == await engine.leases.lapsed(100)


async def test_a_claimed_call_is_back_in_line(engine: Engine) -> None:
    """A claim whose worker died returns the call to its place, as if it had never been taken."""
    await engine.run_campaign(calls=2)
    await engine.claim(1)
    engine.clock.advance_ms(CLAIM_LEASE_MS + 60)
    before = await engine.keyspace()

    assert [Freed.REQUEUED] == await engine.lapse_all()
    assert {
        "campaign:c1:claimed": None,
        "campaign:c1:waiting": {"1": due(1), "2": due(2)},
        "leases": None,
        "sleeping": {"c1": due(1)},
    } == await engine.changed_since(before)
    assert ["c1-1", "c1-2"] == order(await engine.claim())


async def test_a_claimed_call_of_a_paused_campaign_waits_for_its_resume(engine: Engine) -> None:
    """Freed while paused, a call is neither ready nor sleeping, and goes out after the resume."""
    await engine.run_campaign()
    await engine.claim()
    await engine.store.step("c1", "pause")
    engine.clock.advance_ms(CLAIM_LEASE_MS + 60)
    await engine.lapse_all()
    paused = await engine.claim()
    await engine.store.step("c1", "resume")

    assert [] == paused
    assert ["c1-1"] == order(await engine.claim())


async def test_a_placing_call_is_unknown(engine: Engine) -> None:
    """A worker died between the intent and the answer: the phone may ring, so the call is unknown, not in line."""
    await engine.run_campaign()
    await engine.place()
    engine.clock.advance_ms(PLACING_LEASE_MS)
    before = await engine.keyspace()
    now = engine.clock.now_us() // 1000

    assert [Freed.NOW_UNKNOWN] == await engine.lapse_all()
    assert {
        "attempt:c1-1-1": {"result": "unknown: worker_lost"},
        "campaign:c1:placing": None,
        "campaign:c1:unknown": {"1": now},
        "leases": {"c1-1": now + LOOK_MS},
    } == await engine.changed_since(before)


@pytest.mark.parametrize(
    ("what", "silent_ms", "freed"),
    [("unknown", REASON_MS, Freed.LOOK_UNKNOWN), ("live", RINGING_MS, Freed.LOOK_LIVE)],
)
async def test_a_silent_call_is_looked_at(engine: Engine, what: str, silent_ms: int, freed: Freed) -> None:
    """Whoever lets an unknown or live call lapse has a minute to look; the call stays as it is."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", what)
    engine.clock.advance_ms(silent_ms)
    before = await engine.keyspace()

    assert [freed] == await engine.lapse_all()
    assert {"leases": {"c1-1": engine.clock.now_us() // 1000 + LOOK_MS}} == await engine.changed_since(before)


@pytest.mark.parametrize("what", ["claimed", "placing", "unknown", "live"])
async def test_two_sweepers_free_a_call_once(engine: Engine, what: str) -> None:
    """Sweepers that saw the same deadline lapse: one acts, the others find that it has not lapsed any more."""
    await engine.run_campaign()
    await _put_into(engine, what)
    engine.clock.advance_ms(RINGING_MS)
    (seen,) = await engine.leases.lapsed(100)
    freed = await asyncio.gather(*(engine.leases.lapse(seen) for _ in range(5)))

    assert 4 == freed.count(Freed.NOT_LAPSED)


async def _put_into(engine: Engine, what: str) -> None:
    if what == "claimed":
        await engine.claim()
        return
    dial = await engine.place()
    if what != "placing":
        await engine.record(dial, "n1", what)


async def test_a_holder_that_goes_on_keeps_its_call(engine: Engine) -> None:
    """The claim began between the sweeper's look and its lapse: the call is left alone."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    seen = Lapsed(dial.attempt, dial.claim.deadline_ms)
    await engine.begin(dial)
    before = await engine.keyspace()

    assert Freed.NOT_LAPSED is await engine.leases.lapse(seen)
    assert {} == await engine.changed_since(before)


async def test_a_second_attempt_lapses_as_such(engine: Engine) -> None:
    """Of a call at its second attempt, that one is found lapsed and becomes unknown."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    await engine.dialing.redial(ref("c1-1-1"))
    engine.clock.advance_ms(1000)
    await engine.place("n2")
    engine.clock.advance_ms(PLACING_LEASE_MS)

    assert ["c1-1-2"] == [str(one.attempt) for one in await engine.leases.lapsed(100)]
    assert [Freed.NOW_UNKNOWN] == await engine.lapse_all()
    assert "unknown: worker_lost" == (await engine.store.attempts("c1-1"))[1].result


async def test_the_longest_lapsed_come_first_and_no_more_than_asked(engine: Engine) -> None:
    """A sweep takes the calls that were overdue longest."""
    await engine.run_campaign(calls=5)
    for _ in range(5):
        await engine.claim(1)
        engine.clock.advance_ms(400)
    engine.clock.advance_ms(30_000)

    assert ["c1-1-1", "c1-2-1"] == [str(one.attempt) for one in await engine.leases.lapsed(2)]


async def test_a_lease_of_no_call_in_flight_is_dropped(engine: Engine) -> None:
    """A lease whose call is not in flight, as no script leaves it, goes away instead of coming back for ever."""
    await engine.run_campaign()
    before = await engine.keyspace()
    await engine.redis.zadd("{dialer}:leases", {"c1-1": 5})

    assert [Freed.NOT_LAPSED] == await engine.lapse_all()
    assert {} == await engine.changed_since(before)


async def test_an_end_of_no_campaign_is_dropped(engine: Engine) -> None:
    """So does the end of a campaign that is not there, as no script leaves it."""
    await engine.redis.zadd(keys.EXPIRING, {"gone": 5})

    assert {"gone": 0} == await engine.leases.expire_campaigns()
    assert "expiring" not in await engine.keyspace()


async def test_an_end_that_was_moved_is_waited_for(engine: Engine) -> None:
    """Looked at too early, a campaign goes on, and is looked at again at its end."""
    end_ms = engine.now_ms + 60_000
    await engine.run_campaign(expires_at=moment(end_ms))
    before = await engine.keyspace()
    await engine.redis.zadd(keys.EXPIRING, {"c1": engine.now_ms})

    assert {} == await engine.leases.expire_campaigns()
    assert {} == await engine.changed_since(before)


async def test_look_again_sets_the_next_look(engine: Engine) -> None:
    """Whoever has looked says when the next look is due."""
    await engine.run_campaign()
    await engine.ring()
    await engine.leases.look_again(CallRef("c1", 1), 7_000)

    assert {"c1-1": engine.clock.now_us() // 1000 + 7_000} == (await engine.keyspace())["leases"]


async def test_look_again_gives_no_lease_to_a_call_that_is_done(engine: Engine) -> None:
    """A call that ended meanwhile is not looked at again."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "failed")
    before = await engine.keyspace()
    await engine.leases.look_again(CallRef("c1", 1), 7_000)

    assert {} == await engine.changed_since(before)


async def test_a_completed_campaign_wakes_up_no_more(engine: Engine) -> None:
    """Where slots kept it asleep it does not come back into the lines, in which others would step back for it."""
    await engine.run_campaign(share=Share(slots=1))
    soon = NewCall(number="+31699999999", expires_at=moment(engine.now_ms + 1000))
    await engine.store.add_calls("c1", [soon], import_id="i1")
    await engine.store.end_import("c1", "i1")
    dial = await engine.place()
    assert [] == await engine.claim()
    engine.clock.advance_ms(1000)
    await engine.leases.expire_calls(1)
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))

    assert ["c1"] == await engine.leases.complete_campaigns()
    assert "sleeping" not in await engine.keyspace()


async def test_a_campaign_that_expires_without_calls_is_complete(engine: Engine) -> None:
    """It takes no call any more, so nothing is left to do; before that it waits for calls."""
    await engine.run_campaign(calls=0, expires_at=moment(engine.now_ms + 60_000))
    early = await engine.leases.complete_campaigns()
    engine.clock.advance_ms(60_000)
    await engine.leases.expire_campaigns()

    assert ([], ["c1"]) == (early, await engine.leases.complete_campaigns())
