"""Beginning: the last look before the request leaves, and everything that can speak against it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep
from dialer.model import AttemptRef, Priority, Redial, Terms
from dialer.pacing import LATEST_US
from dialer.providers.base import CallEvent
from dialer.states import CallState
from tests.fakes.engine import PLACING_LEASE_MS, Engine, draft, due, lapsed, new_calls, order, ref

INTERVAL_US = 338_333


async def test_begin_stores_the_intent(engine: Engine) -> None:
    """Begun, the call is placing under a longer lease, its try is counted and the attempt has its nonce."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    before = await engine.keyspace()
    begun = await engine.begin(dial)
    now = engine.clock.now_us() // 1000

    assert Begun.BEGUN is begun
    assert {
        "attempt:c1-1-1": {"nonce": "n1", "at": str(now), "due": f"{due(1):.4f}", "allowed": "- - - 1 0"},
        "campaign:c1": {"attempts": "1"},
        "campaign:c1:calls:0": {"1t": {"n": 1}},
        "campaign:c1:claimed": None,
        "campaign:c1:placing": {"1": now},
        "leases": {"c1-1": now + PLACING_LEASE_MS},
        engine.dialed(dial): {dial.number: f"c1-1 {now % keys.DAY_MS}"},
    } == await engine.changed_since(before)


async def test_begin_again_under_the_same_nonce_changes_nothing(engine: Engine) -> None:
    """A run that asks again, because the answer was lost, is told that it has begun."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.begin(dial)
    before = await engine.keyspace()

    assert Begun.BEGUN is await engine.begin(dial)
    assert {} == await engine.changed_since(before)


async def test_begin_under_another_nonce_is_refused(engine: Engine) -> None:
    """A job that is delivered twice begins once."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.begin(dial)
    before = await engine.keyspace()

    assert Begun.GONE is await engine.begin(dial, "n2")
    assert {} == await engine.changed_since(before)


async def test_many_at_once_begin_once(engine: Engine) -> None:
    """Twenty runs of one job at the same moment: exactly one begins."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    begun = await asyncio.gather(*(engine.begin(dial, f"n{number}") for number in range(20)))

    assert (1, 19) == (begun.count(Begun.BEGUN), begun.count(Begun.GONE))


@pytest.mark.parametrize("what", ["live", "unknown", "back", "failed", "busy"])
async def test_no_answer_lets_an_old_job_begin_again(engine: Engine, what: str) -> None:
    """Whatever became of an attempt, a late second delivery of its job begins nothing."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0)})
    dial = await engine.place()
    await engine.record(dial, "n1", what)
    before = await engine.keyspace()

    assert Begun.GONE is await engine.begin(dial, "n2")
    assert {} == await engine.changed_since(before)


async def test_begin_after_the_lease_lapsed_is_refused(engine: Engine) -> None:
    """A worker that wakes after its claim was taken from it places nothing."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.leases.lapse(lapsed("c1-1-1", dial.claim.deadline_ms))
    before = await engine.keyspace()

    assert Begun.GONE is await engine.begin(dial)
    assert {} == await engine.changed_since(before)


async def test_begin_of_a_call_claimed_by_somebody_else_is_refused(engine: Engine) -> None:
    """After a lapse and a new claim only the new holder may begin."""
    await engine.run_campaign()
    old = await engine.claim_one()
    await engine.leases.lapse(lapsed("c1-1-1", old.claim.deadline_ms))
    engine.clock.advance_ms(1000)
    new = await engine.claim_one()

    assert Begun.GONE is await engine.begin(old, "old")
    assert Begun.BEGUN is await engine.begin(new, "new")


@pytest.mark.parametrize("what", ["not claimed", "another try"])
async def test_begin_asks_for_more_than_the_lease(engine: Engine, what: str) -> None:
    """A call that is not claimed, or whose next try is another one, is not placed although the lease is there."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    if what == "not claimed":
        await engine.redis.zrem(keys.calls_in("c1", CallState.CLAIMED), "1")
    else:
        dial = replace(dial, attempt=AttemptRef(dial.claim.call, 2))
    before = await engine.keyspace()

    assert Begun.GONE is await engine.begin(dial)
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("late_us", [-25_000, 0, LATEST_US])
async def test_begin_within_the_tolerance(engine: Engine, late_us: int) -> None:
    """A little early, on time, or as late as allowed: the attempt begins."""
    await engine.run_campaign()

    assert Begun.BEGUN is await engine.begin(await engine.claim_one(), late_us=late_us)


async def put_back(engine: Engine, dial: Dial, *, late_us: int = 0) -> Begun:
    """Begin in vain: the call is back at its place in the line, no try counted, nothing of the attempt left."""
    before = await engine.keyspace()
    begun = await engine.begin(dial, late_us=late_us)
    changed = await engine.changed_since(before)
    sleeping = changed.pop("sleeping", None)

    assert {
        "campaign:c1:waiting": {"1": due(1), **before.get("campaign:c1:waiting", {})},
        "campaign:c1:claimed": None,
        "leases": None,
    } == changed
    assert {"c1": due(1)} == (sleeping or {"c1": due(1)})
    return begun


async def test_begin_too_late_gives_the_token_back(engine: Engine) -> None:
    """Later than allowed by a microsecond, the call returns to its place in the line."""
    await engine.run_campaign(calls=2)

    assert Begun.TOO_LATE is await put_back(engine, await engine.claim_one(), late_us=LATEST_US + 1)
    assert ["c1-1", "c1-2"] == order(await engine.claim())


async def test_begin_for_a_paused_campaign_puts_back(engine: Engine) -> None:
    """After the pause nothing goes out; resumed, the call goes first."""
    await engine.run_campaign(calls=2)
    dial = await engine.claim_one()
    await engine.store.step("c1", "pause")
    begun = await put_back(engine, dial)
    await engine.store.step("c1", "resume")

    assert Begun.NOT_RUNNING is begun
    assert ["c1-1"] == order(await engine.claim(1))


async def test_begin_behind_a_closed_gate_puts_back(engine: Engine) -> None:
    """A refusal met after the claim holds the call too; it is due again at once, for when the gate opens."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.set_budget(gate=dial.claim.place_at_us // 1000 + 1)

    assert Begun.GATE_CLOSED is await put_back(engine, dial)


async def test_begin_when_the_gate_opens(engine: Engine) -> None:
    """At the moment until which the gate was closed, the attempt begins."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.set_budget(gate=dial.claim.place_at_us // 1000)

    assert Begun.BEGUN is await engine.begin(dial)


async def test_begin_steps_back_for_an_urgent_call(engine: Engine) -> None:
    """An urgent call in line takes the token of a normal one."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.run_campaign("fire", priority=Priority.URGENT)

    assert Begun.PREEMPTED is await put_back(engine, dial)


async def test_an_urgent_call_does_not_step_back(engine: Engine) -> None:
    """Urgent calls don't push each other out."""
    await engine.run_campaign(calls=2, priority=Priority.URGENT)

    assert Begun.BEGUN is await engine.begin(await engine.claim_one())


async def test_an_urgent_campaign_without_due_calls_stops_nobody(engine: Engine) -> None:
    """With its last urgent call claimed, a normal call begins on time."""
    await engine.run_campaign("fire", priority=Priority.URGENT)
    await engine.run_campaign(calls=2)
    claims = await engine.claim()
    dials = await engine.dialing.read(claims)

    assert ["fire-1", "c1-1"] == order(claims)
    assert Begun.BEGUN is await engine.begin(dials[1])


@pytest.mark.parametrize("late_us", [0, 1, 100_000, LATEST_US])
async def test_a_late_call_moves_the_tokens_not_given_yet(engine: Engine, late_us: int) -> None:
    """The next token comes one interval after a call that left late; a call on time moves nothing."""
    await engine.run_campaign(calls=3)
    dial = await engine.claim_one()
    await engine.begin(dial, late_us=late_us)

    budget = (await engine.keyspace())["trunk:main"]
    assert (str(dial.claim.place_at_us + late_us + INTERVAL_US), "1") == (budget["tat"], budget["index"])


async def test_a_late_call_leaves_room_for_tokens_given_meanwhile(engine: Engine) -> None:
    """With another token given already, the next free one comes two intervals after the late call."""
    await engine.run_campaign(calls=3)
    claims = await engine.claim(2)
    late, _ = await engine.dialing.read(claims)
    await engine.begin(late, late_us=200_000)

    assert str(late.claim.place_at_us + 200_000 + 2 * INTERVAL_US) == (await engine.keyspace())["trunk:main"]["tat"]


async def test_an_event_of_a_call_given_up_takes_it_from_its_next_claim(engine: Engine) -> None:
    """Claimed again after its attempt was given up, a call that proves to ring is not begun a second time."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    await engine.dialing.redial(ref("c1-1-1"))
    again = await engine.claim_one()
    await engine.store.apply_event("c1-1-1", CallEvent(kind="ringing", facts=frozenset({Fact.RINGING})))

    assert "c1-1-2" == str(again.attempt)
    assert Begun.GONE is await engine.begin(again, "n2")


async def test_nobody_suppressed_is_begun(engine: Engine) -> None:
    """A number that opted out meanwhile ends as suppressed in the very last look; no try is used, no attempt made."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.batch.command("ZADD", keys.SUPPRESSED, 1, dial.number)
    before = await engine.keyspace()
    begun = await engine.begin(dial)

    assert (Begun.SUPPRESSED, Disposition.SUPPRESSED) == (begun, begun.ends_call)
    assert {
        "campaign:c1:claimed": None,
        "campaign:c1:done:suppressed": {"1": engine.clock.now_us() // 1000},
        "leases": None,
    } == await engine.changed_since(before)


async def test_opting_out_reaches_the_same_number_everywhere(engine: Engine) -> None:
    """One fact on one attempt, and no campaign begins a call to this number any more, claimed before or after."""
    await engine.run_campaign("c1")
    await engine.run_campaign("c2")
    first = await engine.ring()
    claimed = await engine.claim_one()
    opted_out = CallEvent(kind="input", facts=frozenset({Fact.OPTED_OUT}))
    await engine.store.apply_event(str(first.attempt), opted_out)
    await engine.run_campaign("c3")

    assert Begun.SUPPRESSED is await engine.begin(claimed)
    assert Begun.SUPPRESSED is await engine.begin(await engine.claim_one())


async def test_nothing_is_begun_after_its_campaign_expired(engine: Engine) -> None:
    """Claimed before the end and at its moment after it: expired, never dialed late."""
    expires_at = moment(engine.now_ms + 40)
    await engine.run_campaign(expires_at=expires_at)
    dial = await engine.claim_one()
    begun = await engine.begin(dial)
    call = await engine.store.call("c1-1")

    assert (Begun.EXPIRED, Disposition.EXPIRED) == (begun, call.disposition)
    assert (0, []) == (call.attempts, await engine.store.attempts("c1-1"))


async def test_what_waits_when_a_campaign_expires_has_expired(engine: Engine) -> None:
    """All in one stroke, at the moment of the end; a redial that would come later keeps how it last ended."""
    expires_at = moment(engine.now_ms + 60_000)
    await engine.run_campaign(calls=4, expires_at=expires_at, redial={Disposition.BUSY: Redial(1, 120_000)})
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), CallEvent(kind="busy", facts=frozenset({Fact.BUSY})))
    early = await engine.leases.expire_campaigns()
    engine.clock.advance_ms(60_000)
    expired = await engine.leases.expire_campaigns()
    again = await engine.leases.expire_campaigns()
    calls, _ = await engine.store.calls("c1")

    assert ({}, {"c1": 3}, {}) == (early, expired, again)
    assert ["busy", "expired", "expired", "expired"] == [call.disposition for call in calls]
    assert {expires_at} == {call.ended_at for call in calls[1:]}
    assert ["c1"] == await engine.leases.complete_campaigns()


async def test_a_campaign_takes_no_more_calls_than_it_may(engine: Engine) -> None:
    """A list that would make it too many is refused whole, with the reason; known contacts take no room."""
    await engine.store.create_campaign(draft(most=3))
    await engine.store.add_calls("c1", new_calls(2), import_id="i1")
    before = await engine.keyspace()
    with pytest.raises(IllegalStep, match="at most 3 calls"):
        await engine.store.add_calls("c1", new_calls(2, first=3), import_id="i2")

    assert {} == await engine.changed_since(before)
    added = await engine.store.add_calls("c1", new_calls(3), import_id="i3")
    assert [True, True, False] == [call.duplicate for call in added]


async def test_a_call_that_makes_others_takes_their_tokens_with_its_own(engine: Engine) -> None:
    """The next token lies so many intervals later, and has a number so much higher."""
    await engine.run_campaign(calls=2, terms=Terms(connects=3))
    dial = await engine.claim_one()
    before = (await engine.keyspace())["trunk:main"]
    await engine.begin(dial)
    after = (await engine.keyspace())["trunk:main"]

    assert int(before["index"]) + 3 == int(after["index"])
    assert int(before["tat"]) + 3 * dial.claim.interval_us == int(after["tat"])
