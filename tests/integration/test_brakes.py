"""What stops a campaign by itself: a breaker for bursts of failures, and caps in euro."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from dialer.dialing import Begun
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.model import Breaker, EuroCap, Redial, UnknownPolicy
from dialer.states import CampaignState
from tests.fakes.engine import Engine, event

MINUTE_MS = 60_000
DAY_MS = 86_400_000
BREAKER = Breaker(failures=3, of=4, wait_ms=MINUTE_MS)


async def _end(engine: Engine, dial: Dial, fact: Fact, price: str | None = None) -> None:
    figures: dict[str, str | int] = {} if price is None else {"price": price}
    await engine.store.apply_event(str(dial.attempt), event("end", fact, figures=figures))


async def _calls(engine: Engine, *facts: Fact, price: str | None = None) -> None:
    """So many calls are placed one after the other, and end so."""
    for fact in facts:
        engine.clock.advance_ms(400)
        dial = await engine.claim_one()
        assert await engine.begin(dial, str(dial.attempt)) is Begun.BEGUN
        await _end(engine, dial, fact, price)


async def _run(engine: Engine, **fields: Any) -> None:
    await engine.run_campaign(calls=60, **fields)


async def test_a_burst_of_failures_opens_the_breaker(engine: Engine) -> None:
    """Three of the last four: nothing goes out for a minute, and what was claimed already goes back."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, Fact.BUSY, Fact.BUSY, Fact.FAILED, Fact.REJECTED)
    engine.clock.advance_ms(400)
    claimed, failing = await engine.claim_one(), await engine.claim_one()
    await engine.begin(failing, "n")
    await _end(engine, failing, Fact.FAILED)
    campaign = await engine.store.campaign("c1")

    assert Begun.BREAKER_OPEN is await engine.begin(claimed)
    assert campaign.tripped
    assert (3, 4) == (campaign.tripped.failures, campaign.tripped.of)
    engine.clock.advance_ms(MINUTE_MS - 1000)
    assert [] == await engine.claim()
    assert CampaignState.RUNNING is campaign.state


async def test_requests_that_the_carrier_finds_malformed_open_the_breaker(engine: Engine) -> None:
    """No webhook tells of them: their end is written down with the carrier's answer."""
    await _run(engine, breaker=BREAKER)
    for _ in range(3):
        engine.clock.advance_ms(400)
        dial = await engine.claim_one()
        assert await engine.begin(dial, str(dial.attempt)) is Begun.BEGUN
        await engine.record(dial, str(dial.attempt), "failed")
    tripped = (await engine.store.campaign("c1")).tripped

    assert tripped
    assert (3, 3) == (tripped.failures, tripped.of)


async def test_probes_close_the_breaker(engine: Engine) -> None:
    """After the wait calls go out one by one; three that go well, and all goes on as before."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    for _ in range(3):
        engine.clock.advance_ms(MINUTE_MS)
        probe = await engine.ring(str(engine.now_ms), uuid=str(engine.now_ms))
        assert [] == await engine.claim(), "a second call beside the probe"
        await _end(engine, probe, Fact.BUSY)
    engine.clock.advance_ms(1000)

    assert None is (await engine.store.campaign("c1")).tripped
    assert 2 <= len(await engine.claim())


async def test_the_next_probe_goes_as_soon_as_one_has_ended(engine: Engine) -> None:
    """The campaign that waits for its one call to end is looked at in that moment, not seconds later."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    engine.clock.advance_ms(MINUTE_MS)
    probe = await engine.ring()
    engine.clock.advance_ms(400)
    assert [] == await engine.claim()
    await _end(engine, probe, Fact.BUSY)

    assert {"c1": engine.now_ms} == (await engine.keyspace())["sleeping"]
    assert 1 == len(await engine.claim())


async def test_a_failed_probe_waits_twice_as_long(engine: Engine) -> None:
    """And so on, but never longer than an hour."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    waits = []
    for _ in range(9):
        tripped = (await engine.store.campaign("c1")).tripped
        assert tripped
        waits.append(round(tripped.until.timestamp() * 1000) - engine.now_ms)
        engine.clock.set_us(round(tripped.until.timestamp() * 1_000_000))
        await _calls(engine, Fact.FAILED)
        again = (await engine.store.campaign("c1")).tripped
        assert again
        assert (1, 1) == (again.failures, again.of)

    assert [MINUTE_MS * 2**n for n in range(6)] + [60 * MINUTE_MS] * 3 == waits


@pytest.mark.parametrize(("early_ms", "probes"), [(1, None), (0, "1")])
async def test_only_what_ends_behind_the_wait_is_a_probe(engine: Engine, early_ms: int, probes: str | None) -> None:
    """A call that was up all the while says something about the time after the wait only if it ends then."""
    await _run(engine, breaker=BREAKER)
    dial = await engine.ring()
    await _calls(engine, *[Fact.FAILED] * 3)
    engine.clock.advance_ms(MINUTE_MS - early_ms)
    await _end(engine, dial, Fact.BUSY)

    assert probes == (await engine.keyspace())["campaign:c1"].get("probes")


async def _probe(engine: Engine, *facts: Fact) -> None:
    """One call after the other goes out after a wait, and ends so."""
    for fact in facts:
        engine.clock.advance_ms(60 * MINUTE_MS)
        await _calls(engine, fact)


async def test_a_failed_probe_makes_those_before_it_worth_nothing(engine: Engine) -> None:
    """Three in a row must go well, however many went well before one that failed."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    await _probe(engine, Fact.BUSY, Fact.BUSY, Fact.FAILED)
    tripped = (await engine.store.campaign("c1")).tripped
    assert tripped
    assert (1, 3) == (tripped.failures, tripped.of)
    await _probe(engine, Fact.BUSY, Fact.BUSY)
    assert (await engine.store.campaign("c1")).tripped
    await _probe(engine, Fact.BUSY)

    assert None is (await engine.store.campaign("c1")).tripped


async def test_a_closed_breaker_counts_anew(engine: Engine) -> None:
    """Failures of before it was open are not held against what goes out behind it."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    await _probe(engine, *[Fact.BUSY] * 3)
    await _calls(engine, *[Fact.FAILED] * 2)
    assert None is (await engine.store.campaign("c1")).tripped
    await _calls(engine, Fact.FAILED)
    tripped = (await engine.store.campaign("c1")).tripped

    assert tripped
    assert MINUTE_MS == round(tripped.until.timestamp() * 1000) - engine.now_ms


async def test_a_paused_campaign_is_not_woken_by_its_breaker(engine: Engine) -> None:
    """Whoever is paused stands in no line, in which others would step back for it, when the last probe goes well."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    await _probe(engine, *[Fact.BUSY] * 2)
    engine.clock.advance_ms(MINUTE_MS)
    probe = await engine.ring("probe", uuid="probe")
    await engine.store.step("c1", "pause")
    await _end(engine, probe, Fact.BUSY)

    assert None is (await engine.store.campaign("c1")).tripped
    assert "sleeping" not in await engine.keyspace()


async def test_failures_far_apart_open_nothing(engine: Engine) -> None:
    """Half of all calls may fail for ever; and whoever has no breaker is not stopped at all."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED, Fact.BUSY] * 10)
    await engine.run_campaign("c2", calls=0)

    assert None is (await engine.store.campaign("c1")).tripped


async def test_a_breaker_may_wait_for_a_person(engine: Engine) -> None:
    """The sweeper pauses the campaign and says why; whoever resumes it has closed the breaker."""
    await _run(engine, breaker=replace(BREAKER, resume="person"))
    await engine.leases.complete_campaigns()
    assert "closing" not in await engine.keyspace(), "the sweeper has looked at it before"
    await _calls(engine, *[Fact.REJECTED] * 3)
    with capture_logs() as lines:
        assert [] == await engine.leases.complete_campaigns()
    assert [("campaign.stopped", "c1")] == [(line["event"], line["campaign_id"]) for line in lines]
    paused = await engine.store.campaign("c1")
    resumed = await engine.store.step("c1", "resume")
    engine.clock.advance_ms(400)

    assert CampaignState.PAUSED is paused.state
    assert "3 of its last 3 attempts failed" in (paused.reason or "")
    assert ("campaign.paused", "c1") in await engine.audited()
    assert None is resumed.tripped
    assert 1 <= len(await engine.claim())


async def test_a_label_that_comes_late_is_not_counted_again(engine: Engine) -> None:
    """An attempt is one outcome, whatever is told of it later."""
    await _run(engine, breaker=BREAKER)
    dial = await engine.ring()
    for fact in (Fact.FAILED, Fact.BUSY, Fact.REJECTED):
        await engine.store.apply_event(str(dial.attempt), event(fact, fact))

    assert None is (await engine.store.campaign("c1")).tripped


async def test_prices_add_up_once(engine: Engine) -> None:
    """Repeated, corrected and late prices: what a campaign has cost is the sum of what its attempts cost."""
    await _run(engine)
    dial = await engine.ring()
    for kind, price in (("one", "0.10000000"), ("one", "0.10000000"), ("two", "0.12500001")):
        await engine.store.apply_event(str(dial.attempt), event(kind, Fact.BUSY, figures={"price": price}))
    await _calls(engine, Fact.ANSWERED, price="0.00000001")
    campaign = await engine.store.campaign("c1")
    engine.clock.advance_ms(DAY_MS)

    assert (Decimal("0.12500002"),) * 2 == (campaign.spent, campaign.spent_today)
    assert 0 == (await engine.store.campaign("c1")).spent_today


async def test_calls_that_are_up_are_reserved_for(engine: Engine) -> None:
    """Two calls at ten cents fit into 25; the third goes once one has cost less."""
    await _run(engine, euro_cap=EuroCap(total=Decimal("0.25"), per_call=Decimal("0.10")))
    dials = [await engine.ring(f"n{n}", uuid=f"u{n}") for n in range(2)]
    engine.clock.advance_ms(1000)

    assert [] == await engine.claim()
    await _end(engine, dials[0], Fact.TALKED, "0.03000000")
    assert 1 == len(await engine.claim())


@pytest.mark.parametrize("of", ["total", "day"])
@pytest.mark.parametrize("spent", [0, 1])
async def test_a_call_that_fits_to_the_last_digit_goes(engine: Engine, of: str, spent: int) -> None:
    """Twenty cents are two calls at ten, whether the first of them is up yet or has cost as much."""
    cap = EuroCap(per_call=Decimal("0.10"), **{of: Decimal("0.20")})
    await _run(engine, euro_cap=cap)
    await _calls(engine, *[Fact.TALKED] * spent, price="0.10")
    engine.clock.advance_ms(1000)

    assert 2 - spent == len(await engine.claim())


async def test_the_last_look_asks_for_the_cap_again(engine: Engine) -> None:
    """A cap that is lowered holds for calls already claimed."""
    await _run(engine)
    await engine.ring()
    dial, before = await engine.claim_one(), await engine.store.campaign("c1")
    cap = EuroCap(total=Decimal("0.15"), per_call=Decimal("0.10"))
    await engine.store.change_campaign(before, replace(before, euro_cap=cap))

    assert Begun.OVER_CAP is await engine.begin(dial)


async def test_a_campaign_that_has_spent_all_is_paused(engine: Engine) -> None:
    """It says what it has cost, and goes on once the cap is raised and somebody resumes it."""
    await _run(engine, euro_cap=EuroCap(total=Decimal("0.25"), per_call=Decimal("0.10")))
    await _calls(engine, Fact.TALKED, Fact.TALKED, price="0.09000000")
    await engine.leases.complete_campaigns()
    paused = await engine.store.campaign("c1")

    assert CampaignState.PAUSED is paused.state
    assert "0.18 of 0.25 euros" in (paused.reason or "")
    raised = replace(paused, euro_cap=EuroCap(total=Decimal(1), per_call=Decimal("0.10")))
    await engine.store.change_campaign(paused, raised)
    await engine.store.step("c1", "resume")
    engine.clock.advance_ms(1000)
    assert 2 == len(await engine.claim())


async def test_a_days_cap_ends_with_the_day(engine: Engine) -> None:
    """What is spent today is spent; tomorrow it goes on by itself."""
    await _run(engine, euro_cap=EuroCap(day=Decimal("0.25"), per_call=Decimal("0.10")))
    await _calls(engine, Fact.TALKED, Fact.TALKED, price="0.10000000")
    await engine.leases.complete_campaigns()
    engine.clock.advance_ms(1000)
    midnight = (engine.now_ms // DAY_MS + 1) * DAY_MS

    assert [] == await engine.claim()
    assert {"c1": midnight} == (await engine.keyspace())["sleeping"]
    assert CampaignState.RUNNING is (await engine.store.campaign("c1")).state
    engine.clock.set_us((midnight - 2) * 1000)
    assert [] == await engine.claim()
    engine.clock.set_us((midnight + 1) * 1000)
    assert 1 <= len(await engine.claim())


async def test_the_dearest_call_is_reserved_for(engine: Engine) -> None:
    """Whoever estimates too low learns it from the first call."""
    await _run(engine, euro_cap=EuroCap(total=Decimal(1), per_call=Decimal("0.01")))
    await _calls(engine, Fact.TALKED, price="0.60000000")
    engine.clock.advance_ms(1000)

    assert [] == await engine.claim()


@pytest.mark.parametrize("price", ["-0.10", "0"])
async def test_a_price_that_is_none_stops_nobody(engine: Engine, price: str) -> None:
    """Credits and free calls count as what they are."""
    await _run(engine, euro_cap=EuroCap(total=Decimal("0.25"), per_call=Decimal("0.10")))
    await _calls(engine, *[Fact.TALKED] * 4, price=price)

    assert Decimal(price) * 4 == (await engine.store.campaign("c1")).spent


async def test_a_price_that_is_corrected_leaves_more_for_the_next_call(engine: Engine) -> None:
    """The campaign does not sleep to the end of the day for a price that was told too high."""
    await _run(engine, euro_cap=EuroCap(day=Decimal("0.25"), per_call=Decimal("0.10")))
    dial = await engine.ring()
    await _end(engine, dial, Fact.TALKED, "0.20000000")
    engine.clock.advance_ms(1000)
    asleep = await engine.claim()
    corrected = event("priced", Fact.COMPLETED, figures={"price": "0.02000000"})
    await engine.store.apply_event(str(dial.attempt), corrected)

    assert [] == asleep
    (held,) = [engine.now_ms >= at for at in (await engine.keyspace())["sleeping"].values()]
    assert held, "nobody looks at it before midnight"
    await engine.store.step("c1", "pause")
    again = event("priced again", Fact.COMPLETED, figures={"price": "0.01000000"})
    await engine.store.apply_event(str(dial.attempt), again)
    assert "sleeping" not in await engine.keyspace(), "whoever is paused is in no line"


async def test_redials_count_as_attempts(engine: Engine) -> None:
    """The breaker looks at attempts, not at calls."""
    await engine.run_campaign(calls=1, breaker=BREAKER, redial={Disposition.FAILED: Redial(5, 0)})
    await _calls(engine, *[Fact.FAILED] * 3)

    assert (await engine.store.campaign("c1")).tripped


async def test_a_breaker_that_is_taken_away_stops_nothing(engine: Engine) -> None:
    """Open as it was, it is gone with its policy: no wait is left, and no calls one by one for ever."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    before = await engine.store.campaign("c1")
    after = await engine.store.change_campaign(before, replace(before, breaker=None))
    engine.clock.advance_ms(1000)

    assert None is after.tripped
    assert 2 <= len(await engine.claim())


async def test_an_open_breaker_that_asks_for_a_person_from_now_on_pauses(engine: Engine) -> None:
    """What is changed while it is open holds at once."""
    await _run(engine, breaker=BREAKER)
    await _calls(engine, *[Fact.FAILED] * 3)
    await engine.leases.complete_campaigns()
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, breaker=replace(BREAKER, resume="person")))
    await engine.leases.complete_campaigns()

    assert CampaignState.PAUSED is (await engine.store.campaign("c1")).state


async def test_attempts_dialed_again_as_unknown_open_the_breaker(engine: Engine) -> None:
    """A carrier that answers nobody is a burst of failures too; what is told of them later counts no second time."""
    await _run(engine, breaker=BREAKER, unknown=UnknownPolicy.REDIAL)
    lost = [await _lose(engine) for _ in range(2)]
    for dial in lost:
        await _end(engine, dial, Fact.FAILED)

    assert None is (await engine.store.campaign("c1")).tripped
    await _lose(engine)
    assert (await engine.store.campaign("c1")).tripped


async def _lose(engine: Engine) -> Dial:
    """Place a call of which nobody hears, and give its attempt up."""
    engine.clock.advance_ms(400)
    dial = await engine.place()
    await engine.record(dial, "n1", "unknown")
    assert await engine.dialing.redial(dial.attempt)
    return dial


async def test_all_is_spent_whatever_call_ends_last(engine: Engine) -> None:
    """Also where the one that spent it ended before others that cost nothing."""
    await _run(engine, euro_cap=EuroCap(total=Decimal("0.25"), per_call=Decimal("0.10")))
    dials = [await engine.ring(f"n{n}", uuid=f"u{n}") for n in range(2)]
    await _end(engine, dials[0], Fact.TALKED, "0.20000000")
    await engine.leases.complete_campaigns()
    still_up = await engine.store.campaign("c1")
    await _end(engine, dials[1], Fact.BUSY)
    await engine.leases.complete_campaigns()

    assert CampaignState.RUNNING is still_up.state
    assert CampaignState.PAUSED is (await engine.store.campaign("c1")).state


async def test_a_cap_lowered_below_what_was_spent_pauses(engine: Engine) -> None:
    """It does not wait for a next price, which never comes."""
    await _run(engine)
    await _calls(engine, Fact.TALKED, Fact.TALKED, price="0.20000000")
    await engine.leases.complete_campaigns()
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, euro_cap=EuroCap(total=Decimal("0.25"))))
    await engine.leases.complete_campaigns()

    assert CampaignState.PAUSED is (await engine.store.campaign("c1")).state


@pytest.mark.parametrize("price", ["999999999999", "-999999999999"])
async def test_a_price_that_cannot_be_ends_its_call_all_the_same(engine: Engine, price: str) -> None:
    """It counts as a million; what else the event tells is not lost by it."""
    await _run(engine)
    dial = await engine.ring()
    await _end(engine, dial, Fact.BUSY, price)
    await engine.store.apply_event(str(dial.attempt), event("other", Fact.BUSY, figures={"price": "0.10"}))

    assert Decimal("0.10") == (await engine.store.campaign("c1")).spent
    assert Disposition.BUSY is (await engine.store.call("c1-1")).disposition
