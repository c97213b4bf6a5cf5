"""Giving an unknown attempt up: the call is dialed again, and whoever knows better in time prevents it."""

from __future__ import annotations

import asyncio

import pytest

from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.model import Redial, UnknownPolicy
from tests.fakes.engine import Engine, due, event, ref


async def _facts(engine: Engine) -> frozenset[Fact]:
    spoken = await engine.store.spoken("c1-1-1")
    assert spoken
    return spoken.facts


async def test_redial_of_an_unknown_attempt(engine: Engine) -> None:
    """Given up for not placed, the call is back at its place in the line for a next attempt; the old one is kept."""
    await engine.run_campaign(calls=2)
    await engine.record(await engine.place(), "n1", "unknown")
    before = await engine.keyspace()

    assert await engine.dialing.redial(ref("c1-1-1"))
    assert {
        "attempt:c1-1-1": {"redialed": "1"},
        "campaign:c1:unknown": None,
        "campaign:c1:waiting": {"1": due(1), "2": due(2)},
        "leases": None,
        "sleeping": {"c1": due(1)},
    } == await engine.changed_since(before)
    engine.clock.advance_ms(1000)
    assert "c1-1-2" == str((await engine.claim_one()).attempt)


async def test_redial_twice_is_one_redial(engine: Engine) -> None:
    """Two sweepers that give up one attempt put the call back once; nor is a later attempt given up with it."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    done = await asyncio.gather(*(engine.dialing.redial(ref("c1-1-1")) for _ in range(5)))
    engine.clock.advance_ms(1000)
    await engine.record(await engine.place("n2"), "n2", "unknown")
    before = await engine.keyspace()

    assert 1 == done.count(True)
    assert not await engine.dialing.redial(ref("c1-1-1"))
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("what", ["live", "back", "failed"])
async def test_redial_of_an_attempt_that_is_settled_does_nothing(engine: Engine, what: str) -> None:
    """Only what is unknown is given up."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", what)
    before = await engine.keyspace()

    assert not await engine.dialing.redial(ref("c1-1-1"))
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_late_yes_takes_a_redialed_call_out_of_the_line(engine: Engine, *, claimed: bool) -> None:
    """A frozen worker wakes with the carrier's yes after the attempt was given up: the phone is not rung again."""
    await engine.run_campaign()
    dial = await engine.place()
    engine.clock.advance_ms(50_000)
    await engine.lapse_all()
    await engine.dialing.redial(dial.attempt)
    again = await engine.claim_one() if claimed else None

    assert (True, None, 0) == await engine.record(dial, "n1", "live", uuid="u1")
    assert "live" == (await engine.store.call("c1-1")).state
    assert again is None or Begun.GONE is await engine.begin(again, "n2")


@pytest.mark.parametrize("what", ["unknown", "failed"])
async def test_another_late_answer_leaves_a_redialed_call_in_line(engine: Engine, what: str) -> None:
    """Only a yes says that a phone rings: whoever was told otherwise too late takes nobody out of the line."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.record(dial, "n1", "unknown")
    await engine.dialing.redial(dial.attempt)
    before = await engine.keyspace()

    assert (False, None, 0) == await engine.record(dial, "n1", what)
    assert {"attempt:c1-1-1"} >= set(await engine.changed_since(before))


async def test_a_late_yes_leaves_a_policy_redial(engine: Engine) -> None:
    """A call that waits because it was busy goes on waiting when the carrier's yes is recorded after that."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 1000)})
    dial = await engine.place()
    await engine.store.apply_event("c1-1-1", event("busy", Fact.BUSY))

    assert (False, None, 0) == await engine.record(dial, "n1", "live", uuid="u1")
    assert "waiting" == (await engine.store.call("c1-1")).state


async def test_an_old_attempt_cannot_touch_the_next(engine: Engine) -> None:
    """An answer to the first attempt, recorded while the second is under way, moves nothing."""
    await engine.run_campaign()
    old = await engine.place()
    engine.clock.advance_ms(50_000)
    await engine.lapse_all()
    await engine.dialing.redial(old.attempt)
    engine.clock.advance_ms(1000)
    await engine.place("n2")
    before = await engine.keyspace()

    assert (False, None, 0) == await engine.record(old, "n1", "back")
    assert {"attempt:c1-1-1": {"result": "said back"}} == await engine.changed_since(before)


@pytest.mark.parametrize("ends", ["expires", "is cancelled"])
async def test_a_late_event_corrects_a_call_that_was_not_dialed_again_after_all(engine: Engine, ends: str) -> None:
    """Its campaign was over when the attempt was given up; what is told of that attempt later is what the call is."""
    expires_at = moment(engine.now_ms + 60_000) if ends == "expires" else None
    await engine.run_campaign(unknown=UnknownPolicy.REDIAL, expires_at=expires_at)
    await engine.record(await engine.place(), "n1", "unknown")
    if ends == "is cancelled":
        await engine.store.step("c1", "cancel")
    engine.clock.advance_ms(60_000)
    await engine.dialing.redial(ref("c1-1-1"))
    given_up, known = await engine.store.call("c1-1"), await _facts(engine)
    await engine.store.apply_event("c1-1-1", event("answered", Fact.ANSWERED))
    call, (attempt,) = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")

    assert ("undetermined" if expires_at else "cancelled") == given_up.disposition
    assert {Fact.LOST} == known
    assert ("answered", "answered") == (attempt.disposition, call.disposition)


async def test_whoever_was_hung_up_on_meanwhile_is_not_dialed_again(engine: Engine) -> None:
    """Somebody had the attempt ended while it was in doubt: it is given up as cancelled, and told as ended."""
    await engine.run_campaign(unknown=UnknownPolicy.REDIAL)
    await engine.record(await engine.place(), "n1", "unknown")
    await engine.store.apply_event("c1-1-1", event("hung_up", Fact.HUNG_UP))

    assert not await engine.dialing.redial(ref("c1-1-1"))
    call, (attempt,) = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")
    assert ("done", "cancelled", "cancelled") == (call.state, call.disposition, attempt.disposition)


async def test_a_call_that_was_tried_as_often_as_it_may_be_is_given_up(engine: Engine) -> None:
    """The attempt in doubt was the last one; what is told of it late is what the call is."""
    await engine.run_campaign(unknown=UnknownPolicy.REDIAL, max_tries=1)
    await engine.record(await engine.place(), "n1", "unknown")

    assert await engine.dialing.redial(ref("c1-1-1"))
    call, (attempt,) = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")
    known = await _facts(engine)
    assert ("done", "undetermined", "undetermined") == (call.state, call.disposition, attempt.disposition)
    assert {Fact.LOST} == known
    await engine.store.apply_event("c1-1-1", event("answered", Fact.ANSWERED))
    call, (attempt,) = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")
    assert ("answered", "answered") == (attempt.disposition, call.disposition)
