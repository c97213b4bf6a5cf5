"""Claiming: who gets the next token, at which moment, and what stands in Redis afterwards."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.dialing import CLAIM_LEASE_MS, Begun
from dialer.dials import Claim, Dial
from dialer.dispositions import Disposition
from dialer.model import AttemptRef, CallRef, NewCall, Own, Priority, Redial, Terms
from dialer.pacing import HORIZON_US, LEAD_US
from tests.fakes.clock import START_MS, START_US
from tests.fakes.engine import Engine, due, make_engine, new_calls, order

INTERVAL_US = 338_333  # a third of a second and 1.5 % of margin
NOW_US, NOW_MS = START_US + 1000, START_MS + 1  # when the engine's first claim looks


async def test_claim_moves_calls_and_gives_tokens(engine: Engine) -> None:
    """Two calls fit the horizon: they are claimed under leases, one interval apart, and the budget remembers."""
    await engine.run_campaign(calls=3)
    before = await engine.keyspace()
    claims = await engine.claim()
    first = NOW_US + LEAD_US
    deadline = NOW_MS + LEAD_US // 1000 + CLAIM_LEASE_MS

    assert [
        Claim("c1", 1, START_MS, first, 1, deadline, INTERVAL_US),
        Claim("c1", 2, START_MS, first + INTERVAL_US, 2, (first + INTERVAL_US) // 1000 + CLAIM_LEASE_MS, INTERVAL_US),
    ] == claims
    assert {
        "campaign:c1:waiting": {"3": due(3)},
        "campaign:c1:claimed": {"1": due(1), "2": due(2)},
        "leases": {"c1-1": deadline, "c1-2": claims[1].deadline_ms},
        "ready:normal": {"c1": 2},
        "trunk:main": {"tat": str(first + 2 * INTERVAL_US), "index": "2", "seen": str(NOW_US)},
    } == await engine.changed_since(before)


async def test_claim_with_nothing_due_leaves_no_trace(engine: Engine) -> None:
    """With no campaign there is nothing to claim and nothing is written; the next look is far away."""
    claimed = await engine.dialing.claim(100)

    assert ([], START_US + 3_600_000_000) == (claimed.claims, claimed.look_again_us)
    assert {} == await engine.keyspace()


async def test_claim_stops_at_the_horizon(engine: Engine) -> None:
    """A token beyond the horizon is not given; the next look is when it comes within."""
    await engine.run_campaign(calls=10)
    claims = await engine.claim()
    before = await engine.keyspace()
    claimed = await engine.dialing.claim(100)

    assert all(claim.place_at_us <= NOW_US + HORIZON_US for claim in claims)
    assert [] == claimed.claims
    assert {} == await engine.changed_since(before)
    assert claims[-1].place_at_us + INTERVAL_US - HORIZON_US == pytest.approx(claimed.look_again_us, abs=1)
    engine.clock.set_us(claimed.look_again_us)
    assert ["c1-3"] == order((await engine.dialing.claim(100)).claims)


async def test_whoever_wakes_before_the_next_token_is_looked_at_then(engine: Engine) -> None:
    """In line at that moment, an urgent call gets the token of one that was claimed before it."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 1_500)})
    await engine.record(await engine.place(), "n1", "busy")
    wakes_ms = engine.now_ms + 1_500
    await engine.run_campaign("c2")
    await engine.set_budget(gate=engine.now_ms + 60_000)
    engine.clock.advance_ms(1)
    claimed = await engine.dialing.claim(100)

    assert ([], wakes_ms * 1000) == (claimed.claims, claimed.look_again_us)


async def test_claim_takes_no_more_than_asked(engine: Engine) -> None:
    """A hopper with room for one call gets one."""
    await engine.run_campaign(calls=3)

    assert ["c1-1"] == order(await engine.claim(1))


async def test_tokens_are_spaced_over_idle_times(engine: Engine) -> None:
    """After an idle minute no tokens have piled up: two calls still go out one interval apart."""
    await engine.run_campaign(calls=4)
    await engine.claim()
    engine.clock.advance_ms(60_000)
    one, other = await engine.claim()

    assert engine.clock.now_us() + LEAD_US == one.place_at_us
    assert INTERVAL_US == pytest.approx(other.place_at_us - one.place_at_us, abs=1)


async def test_tokens_are_spaced_by_the_margin_that_was_learnt(engine: Engine) -> None:
    """Refused for its pace, the fleet keeps calls further apart than it would to begin with."""
    await engine.run_campaign(calls=4)
    await engine.set_budget(margin=200_000)
    one, other = await engine.claim()

    assert (400_000, 400_000) == pytest.approx((other.place_at_us - one.place_at_us, one.interval_us), abs=1)


async def test_a_burst_starts_together_and_then_keeps_the_pace(redis: Redis) -> None:
    """With a burst of three, three calls start at one moment after a pause; the fourth one interval later."""
    engine = make_engine(redis, burst=3)
    await engine.run_campaign(calls=6)
    starts = [claim.place_at_us - NOW_US - LEAD_US for claim in await engine.claim()]

    assert [0, 0, 0, INTERVAL_US] == pytest.approx(starts, abs=2)


async def test_calls_go_out_by_due_time(engine: Engine) -> None:
    """A redial that came due earlier than the rest of the list goes before it."""
    await engine.run_campaign(calls=1, redial={Disposition.BUSY: Redial(1, 100)})
    await engine.record(await engine.place(), "n1", "busy")
    engine.clock.advance_ms(5000)
    await engine.store.add_calls("c1", _calls(2), import_id="i2")

    assert ["c1-1", "c1-2"] == order(await engine.claim())


def _calls(count: int) -> list[NewCall]:
    return new_calls(count, first=100)


async def test_urgent_goes_before_normal_before_background(engine: Engine) -> None:
    """While an urgent call is due it gets the token, whatever has waited longer."""
    for priority in reversed(Priority):
        await engine.run_campaign(f"c-{priority}", calls=2, priority=priority)
        engine.clock.advance_ms(10_000)
    claimed = [order(await _next(engine))[0] for _ in range(6)]

    assert [
        "c-urgent-1",
        "c-urgent-2",
        "c-normal-1",
        "c-normal-2",
        "c-background-1",
        "c-background-2",
    ] == claimed


async def _next(engine: Engine) -> list[Claim]:
    engine.clock.advance_ms(400)
    return await engine.claim(1)


async def test_campaigns_of_a_class_take_turns(engine: Engine) -> None:
    """Five calls beside a thousand don't wait for the thousand: the two campaigns take turns."""
    await engine.run_campaign("big", calls=1000)
    await engine.run_campaign("small", calls=5)
    claimed = [order(await _next(engine))[0].split("-")[0] for _ in range(12)]

    assert ["big", "small"] * 5 + ["big", "big"] == claimed


async def test_whoever_is_in_line_keeps_its_place(engine: Engine) -> None:
    """A list that comes in by many small parts goes before nobody for that."""
    await engine.run_campaign("one", calls=10)
    await engine.run_campaign("many", calls=10)
    claimed = []
    for part in range(12):
        await engine.store.add_calls("many", new_calls(1, first=1000 + part), import_id=f"i{part}")
        claimed.append(order(await _next(engine))[0].split("-")[0])

    assert (6, 6) == (claimed.count("one"), claimed.count("many"))


async def test_who_comes_later_catches_up_on_nothing(engine: Engine) -> None:
    """A campaign that starts after another was served ten times shares from then on, no more."""
    await engine.run_campaign("old", calls=50)
    for _ in range(10):
        await _next(engine)
    await engine.run_campaign("new", calls=50)
    claimed = [order(await _next(engine))[0].split("-")[0] for _ in range(6)]

    assert (3, 3) == (claimed.count("old"), claimed.count("new"))


async def test_who_slept_catches_up_on_nothing(engine: Engine) -> None:
    """A campaign whose calls come due later wakes level with those served meanwhile."""
    await engine.run_campaign("nap", calls=3, redial={Disposition.BUSY: Redial(1, 9_000)})
    for nonce in ("n1", "n2", "n3"):
        await engine.record(await engine.place(nonce), nonce, "busy")
    await engine.claim()
    await engine.run_campaign("day", calls=50)
    for _ in range(15):
        await _next(engine)
    engine.clock.advance_ms(9_000)
    claimed = [order(await _next(engine))[0].split("-")[0] for _ in range(6)]

    assert (3, 3) == (claimed.count("nap"), claimed.count("day"))


async def test_a_campaign_with_nothing_due_goes_to_sleep(engine: Engine) -> None:
    """When the next call of a campaign is due later, it leaves its class and sleeps until then."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 30_000)})
    await engine.record(await engine.place(), "n1", "busy")
    wakes = engine.clock.now_us() // 1000 + 30_000
    before = await engine.keyspace()

    assert [] == await engine.claim()
    seen = {"seen": str(engine.clock.now_us())}
    assert {"ready:normal": None, "trunk:main": seen} == await engine.changed_since(before)
    assert {"c1": wakes} == before["sleeping"]
    assert wakes * 1000 == (await engine.dialing.claim(1)).look_again_us


async def test_a_sleeping_campaign_wakes_when_its_call_is_due(engine: Engine) -> None:
    """Not a millisecond before it is due, and then at once."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 30_000)})
    await engine.record(await engine.place(), "n1", "busy")
    engine.clock.advance_ms(29_998)
    early = await engine.claim()

    assert [] == early
    assert ["c1-1"] == order(await engine.claim())
    assert "sleeping" not in await engine.keyspace()


async def test_a_campaign_with_no_call_left_leaves_its_class(engine: Engine) -> None:
    """With its last call claimed, a campaign is dropped from the line at the next look."""
    await engine.run_campaign()
    await engine.claim(1)
    before = await engine.keyspace()

    assert [] == await engine.claim()
    seen = {"seen": str(engine.clock.now_us())}
    assert {"ready:normal": None, "trunk:main": seen} == await engine.changed_since(before)


async def test_a_closed_gate_moves_tokens_behind_it(engine: Engine) -> None:
    """A gate closed for 200 ms puts the first token at its opening."""
    await engine.run_campaign(calls=2)
    await engine.set_budget(gate=START_MS + 200)

    assert START_US + 200_000 == (await engine.claim(1))[0].place_at_us


async def test_a_gate_closed_for_long_gives_no_token(engine: Engine) -> None:
    """Behind a gate beyond the horizon nothing is claimed, and the next look is just before it opens, not at once."""
    await engine.run_campaign(calls=2)
    await engine.set_budget(gate=START_MS + 60_000)
    claimed = await engine.dialing.claim(100)

    assert ([], START_US + 60_000_000 - HORIZON_US) == (claimed.claims, claimed.look_again_us)


async def test_an_inherited_token_is_used_as_it_is(engine: Engine) -> None:
    """A token handed over goes to one due call at its own moment, and the budget gives none for it."""
    await engine.run_campaign(calls=3)
    (token,) = await engine.claim(1)
    before = await engine.keyspace()
    (claim,) = await engine.claim(5, inherited=token)

    assert ("c1-2", token.place_at_us, token.token, token.deadline_ms) == (
        str(claim.call),
        claim.place_at_us,
        claim.token,
        claim.deadline_ms,
    )
    assert {
        "campaign:c1:waiting": {"3": due(3)},
        "campaign:c1:claimed": {"1": due(1), "2": due(2)},
        "leases": {"c1-1": token.deadline_ms, "c1-2": token.deadline_ms},
        "ready:normal": {"c1": 2},
        "trunk:main": {"seen": str(engine.clock.now_us())},
    } == await engine.changed_since(before)


async def test_an_urgent_call_gets_the_token_of_one_that_stepped_back(engine: Engine) -> None:
    """A normal call that finds an urgent one in line steps back and keeps its place; the urgent one goes instead."""
    await engine.run_campaign(calls=2)
    dial = await engine.claim_one()
    await engine.run_campaign("fire", priority=Priority.URGENT)
    begun = await engine.begin(dial)
    (claim,) = await engine.claim(1, inherited=dial.claim)

    assert (Begun.PREEMPTED, "fire-1", dial.claim.place_at_us) == (begun, str(claim.call), claim.place_at_us)
    assert {"1": due(1), "2": due(2)} == (await engine.keyspace())["campaign:c1:waiting"]


async def test_two_hoppers_take_different_calls_and_tokens(engine: Engine) -> None:
    """Hoppers that claim at the same time never get the same call or the same token."""
    await engine.run_campaign(calls=50)
    engine.clock.advance_ms(1)
    found = await asyncio.gather(*(engine.dialing.claim(1) for _ in range(8)))
    claims = [claim for claimed in found for claim in claimed.claims]

    assert len(claims) == len(set(order(claims))) == len({claim.token for claim in claims}) == 2


async def test_many_campaigns_get_their_turn(engine: Engine) -> None:
    """More campaigns than one look regards: each of 100 is served once before any is served twice."""
    for number in range(100):
        await engine.run_campaign(f"c{number}", calls=2)
    claimed = [order(await _next(engine))[0].split("-")[0] for _ in range(100)]

    assert 100 == len(set(claimed))


async def test_a_paused_campaign_is_not_claimed(engine: Engine) -> None:
    """Paused, a campaign gives no calls; resumed, it gives them in order."""
    await engine.run_campaign(calls=2)
    await engine.store.step("c1", "pause")
    paused = await engine.claim()
    await engine.store.step("c1", "resume")

    assert [] == paused
    assert ["c1-1", "c1-2"] == order(await engine.claim())


async def test_read_gives_what_a_request_needs(engine: Engine) -> None:
    """A claimed call is read with its number, its next attempt and its urgency; one whose campaign is gone is not."""
    await engine.run_campaign(priority=Priority.BACKGROUND)
    (claim,) = await engine.claim(1)
    first = AttemptRef(CallRef("c1", 1), 1)
    expected = Dial(
        claim, first, "+31610000001", 3, Terms(), {}, ("+31610000001",), kind="notification", origins=(None, None)
    )

    assert [expected] == await engine.dialing.read([claim, claim._replace(campaign_id="gone")])
    assert [] == await engine.dialing.read([])


async def test_read_gives_a_single_call_what_is_its_own(engine: Engine) -> None:
    """Its terms and what its address needs do not come from the campaign of all single calls."""
    own = Own(kind="notification", script={}, terms=Terms(ringing_timer_s=20), endpoint={"dtmf_answer": "1"})
    await engine.store.enqueue_call(Priority.URGENT, NewCall(number="+31612345678", own=own), key=None)
    dial = await engine.claim_one()

    assert (1, own.terms, own.endpoint) == (dial.urgency, dial.terms, dial.endpoint)


async def test_read_gives_the_next_attempt_with_the_campaigns_terms(engine: Engine) -> None:
    """After a try that came to nothing it is the second one, on the same terms."""
    terms = Terms(caller_ids=("+31201234567",), connects=2)
    await engine.run_campaign(terms=terms, redial={Disposition.BUSY: Redial(1, 0)})
    await engine.record(await engine.place(), "n1", "busy")
    engine.clock.advance_ms(2000)
    dial = await engine.claim_one()

    assert ("c1-1-2", terms, {}) == (str(dial.attempt), dial.terms, dial.endpoint)


async def test_a_clock_that_went_back_does_not_stop_the_dialing(engine: Engine) -> None:
    """A token time hours ahead, left by a server whose clock was ahead, is not waited for; a whole interval is."""
    await engine.run_campaign()
    hour_ahead_us = engine.clock.now_us() + 3_600_000_000
    await engine.set_budget(tat=hour_ahead_us, seen=hour_ahead_us - 100_000)

    claims = await engine.claim(1)

    assert [("c1-1", NOW_US + INTERVAL_US)] == [(str(claim.call), round(claim.place_at_us)) for claim in claims]


@pytest.mark.parametrize("ahead_ms", [-5_000, 300])
async def test_a_gate_goes_back_with_the_clock(engine: Engine, ahead_ms: int) -> None:
    """One that was open is open; one that was closed is so for as long as it was to be."""
    await engine.run_campaign()
    then_ms = engine.now_ms + 3_600_000
    await engine.set_budget(seen=then_ms * 1000, gate=then_ms + ahead_ms)

    claims = await engine.claim(1)
    gate = await engine.batch.command("HGET", keys.TRUNK, "gate")

    assert max(0, ahead_ms) == int(gate) - engine.now_ms
    assert ["c1-1"] == [str(claim.call) for claim in claims]
    assert claims[0].place_at_us >= int(gate) * 1000
