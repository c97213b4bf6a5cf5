"""Beginning: the last look before the request leaves, and everything that can speak against it."""

from __future__ import annotations

import asyncio

import pytest

from dialer.dialing import Begun, Dial
from dialer.dispositions import Disposition, Fact
from dialer.model import Priority, Redial
from dialer.pacing import LATEST_US
from dialer.providers.base import CallEvent
from tests.fakes.engine import PLACING_LEASE_MS, Engine, due, lapsed, order, ref

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
        "attempt:c1-1-1": {"nonce": "n1", "at": str(now), "due": f"{due(1):.4f}"},
        "campaign:c1": {"attempts": "1"},
        "campaign:c1:calls:0": {"1t": {"n": 1}},
        "campaign:c1:claimed": None,
        "campaign:c1:placing": {"1": now},
        "leases": {"c1-1": now + PLACING_LEASE_MS},
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

    assert {"tat": str(dial.claim.place_at_us + late_us + INTERVAL_US), "index": "1"} == (await engine.keyspace())[
        "trunk:main"
    ]


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
