"""Recording the carrier's answer: each outcome, beside events that were faster and workers that were too slow."""

from __future__ import annotations

import pytest

from dialer.dispositions import Disposition, Fact
from dialer.model import Redial
from tests.fakes.engine import REASON_MS, RINGING_MS, Engine, due, event, lapsed, order

OUTCOMES = ("live", "unknown", "back", "failed")


async def test_placed_makes_the_call_live(engine: Engine) -> None:
    """The carrier has the call: it is live for as long as a phone may ring, and its id is known."""
    await engine.run_campaign()
    dial = await engine.place()
    before = await engine.keyspace()
    recorded = await engine.record(dial, "n1", "live", uuid="u1")

    assert (True, None, 0) == recorded
    assert {
        "attempt:c1-1-1": {"result": "said live", "uuid": "u1"},
        "campaign:c1": {"malformed": "0"},
        "campaign:c1:placing": None,
        "campaign:c1:live": {"1": engine.now_ms},
        "leases": {"c1-1": engine.now_ms + RINGING_MS},
    } == await engine.changed_since(before)


async def test_no_answer_makes_the_call_unknown(engine: Engine) -> None:
    """The phone may or may not ring: the call is unknown until somebody looks."""
    await engine.run_campaign()
    dial = await engine.place()
    before = await engine.keyspace()

    assert (True, None, 0) == await engine.record(dial, "n1", "unknown")
    assert {
        "attempt:c1-1-1": {"result": "said unknown"},
        "campaign:c1:placing": None,
        "campaign:c1:unknown": {"1": engine.now_ms},
        "leases": {"c1-1": engine.now_ms + REASON_MS},
    } == await engine.changed_since(before)


async def test_refused_gives_the_try_back(engine: Engine) -> None:
    """Surely no phone rang: no try, no attempt, and the call stands at its old place in the line."""
    await engine.run_campaign(calls=3)
    dial = await engine.place()
    before = await engine.keyspace()

    assert (True, None, 0) == await engine.record(dial, "n1", "back")
    assert {
        "attempt:c1-1-1": None,
        "campaign:c1": {"attempts": "0"},
        "campaign:c1:calls:0": {"1t": {"n": 0}},
        "campaign:c1:placing": None,
        engine.dialed(dial): None,
        "campaign:c1:waiting": {"1": due(1), "2": due(2), "3": due(3)},
        "leases": None,
        "sleeping": {"c1": due(1)},
    } == await engine.changed_since(before)
    engine.clock.advance_ms(1000)
    assert ["c1-1", "c1-2"] == order(await engine.claim())


async def test_refused_ten_times_is_still_the_first_try(engine: Engine) -> None:
    """However often the carrier is too busy, the call's next attempt is its first."""
    await engine.run_campaign()
    for number in range(10):
        dial = await engine.place(f"n{number}")
        await engine.record(dial, f"n{number}", "back")
        engine.clock.advance_ms(1000)

    assert "c1-1-1" == str((await engine.claim_one()).attempt)


async def test_a_bad_request_ends_the_call(engine: Engine) -> None:
    """The carrier can't take this call: it has failed, and the campaign counts such refusals in a row."""
    await engine.run_campaign()
    dial = await engine.place()
    before = await engine.keyspace()

    assert (True, Disposition.FAILED, 1) == await engine.record(dial, "n1", "failed")
    assert {
        "attempt:c1-1-1": {"result": "said failed", "disposition": "failed"},
        "campaign:c1": {"malformed": "1"},
        "campaign:c1:calls:0": {"1t": {"failed": 1, "n": 1}},
        "campaign:c1:placing": None,
        "campaign:c1:done:failed": {"1": engine.now_ms},
        "leases": None,
    } == await engine.changed_since(before)


async def test_bad_requests_are_counted_until_one_is_taken(engine: Engine) -> None:
    """Refusals in a row add up over the campaign's calls; an accepted call starts the count again."""
    await engine.run_campaign(calls=5)
    counts = []
    for number, what in enumerate(["failed", "failed", "live", "failed"]):
        dial = await engine.place(f"n{number}")
        counts.append((await engine.record(dial, f"n{number}", what)).malformed)
        engine.clock.advance_ms(1000)

    assert [1, 2, 0, 1] == counts


async def test_a_failed_call_is_redialed_by_policy(engine: Engine) -> None:
    """A call that failed is due again after the policy's time, as its second attempt."""
    await engine.run_campaign(redial={Disposition.FAILED: Redial(1, 30_000)})
    dial = await engine.place()
    before = await engine.keyspace()
    recorded = await engine.record(dial, "n1", "failed")
    again = engine.now_ms + 30_000

    assert (True, None, 1) == recorded
    assert {
        "attempt:c1-1-1": {"result": "said failed", "disposition": "failed"},
        "campaign:c1": {"malformed": "1"},
        "campaign:c1:calls:0": {"1t": {"failed": 1, "n": 1}},
        "campaign:c1:placing": None,
        "campaign:c1:waiting": {"1": again},
        "leases": None,
        "sleeping": {"c1": again},
    } == await engine.changed_since(before)


@pytest.mark.parametrize("what", OUTCOMES)
async def test_an_answer_recorded_twice_counts_once(engine: Engine, what: str) -> None:
    """A record that is repeated because its answer was lost changes nothing more but the result's words."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.record(dial, "n1", what, uuid="u1")
    before = await engine.keyspace()
    recorded = await engine.record(dial, "n1", what, uuid="u1")

    assert (None, {}) == (recorded.call, await engine.changed_since(before))


@pytest.mark.parametrize("what", OUTCOMES)
async def test_an_answer_to_a_run_that_never_began_is_not_ours(engine: Engine, what: str) -> None:
    """Under another nonce, or before any run began, nothing is recorded."""
    await engine.run_campaign(calls=2)
    dial = await engine.place()
    other = await engine.claim_one()
    before = await engine.keyspace()

    assert (False, None, 0) == await engine.record(dial, "n2", what)
    assert (False, None, 0) == await engine.record(other, "n1", what)
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("what", OUTCOMES)
async def test_an_event_that_was_faster_wins(engine: Engine, what: str) -> None:
    """The phone rings before the carrier's answer is recorded: the call is live, whatever the answer says."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.store.apply_event("c1-1-1", event("ringing", Fact.RINGING))
    before = await engine.keyspace()
    recorded = await engine.record(dial, "n1", what, uuid="u1")
    changed = await engine.changed_since(before)
    changed.pop("campaign:c1", None)

    assert (False, None, 0) == recorded
    assert {"attempt:c1-1-1": {"result": f"said {what}", "uuid": "u1"}} == changed


async def test_an_event_that_ended_the_call_wins(engine: Engine) -> None:
    """The call is over before the carrier's answer is recorded: it stays done."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.store.apply_event("c1-1-1", event("busy", Fact.BUSY))

    assert (False, None, 0) == await engine.record(dial, "n1", "live", uuid="u1")
    assert Disposition.BUSY is (await engine.store.call("c1-1")).disposition


async def test_an_answer_after_the_lease_lapsed_still_counts(engine: Engine) -> None:
    """A slow worker's answer settles the call that was unknown meanwhile."""
    await engine.run_campaign()
    dial = await engine.place()
    engine.clock.advance_ms(50_000)
    await engine.lapse_all()

    assert (True, None, 0) == await engine.record(dial, "n1", "live", uuid="u1")
    assert "live" == (await engine.store.call("c1-1")).state


async def test_refused_after_the_lease_lapsed_puts_back(engine: Engine) -> None:
    """A slow worker that learns there was surely no call gives the try back."""
    await engine.run_campaign()
    dial = await engine.place()
    engine.clock.advance_ms(50_000)
    await engine.lapse_all()
    await engine.record(dial, "n1", "back")

    assert ("waiting", 0) == ((call := await engine.store.call("c1-1")).state, call.attempts)


async def test_refusal_of_a_paused_campaign_waits(engine: Engine) -> None:
    """A call refused while its campaign is paused waits, and is dialed first when it is resumed."""
    await engine.run_campaign(calls=2)
    dial = await engine.place()
    await engine.store.step("c1", "pause")
    await engine.record(dial, "n1", "back")
    engine.clock.advance_ms(1000)
    paused = await engine.claim()
    await engine.store.step("c1", "resume")

    assert [] == paused
    assert ["c1-1", "c1-2"] == order(await engine.claim())


async def test_lapsing_does_not_count_as_an_answer(engine: Engine) -> None:
    """A claim that lapsed has no attempt to record an answer for."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.leases.lapse(lapsed("c1-1-1", dial.claim.deadline_ms))

    assert (False, None, 0) == await engine.record(dial, "n1", "live")
