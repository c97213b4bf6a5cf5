"""Sharing the budget: weights inside a class, slots, a pace of its own, and changes while campaigns run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from dialer.dialing import Begun, Dialing, Pace
from dialer.dispositions import Fact
from dialer.errors import IllegalStep, NotFound
from dialer.model import Caps, Priority, Share
from dialer.pacing import LATEST_US
from tests.fakes.engine import Engine, draft, event, new_calls

SECOND_US = 1_000_000


async def _campaign(engine: Engine, campaign_id: str, first: int, **fields: object) -> None:
    await engine.run_campaign(campaign_id, calls=0, **fields)
    await engine.store.add_calls(campaign_id, new_calls(200, first=first), import_id="i1")


async def _served(engine: Engine, tokens: int) -> list[str]:
    """To which campaigns the next tokens go, one by one."""
    served = []
    for _ in range(tokens):
        engine.clock.advance_ms(400)
        (claim,) = await engine.claim(1)
        served.append(claim.campaign_id)
    return served


async def test_tokens_are_shared_by_weight(engine: Engine) -> None:
    """Three to one means three of four tokens, from the first second on."""
    await _campaign(engine, "heavy", 1000, share=Share(weight=3))
    await _campaign(engine, "light", 2000)
    served = await _served(engine, 40)

    assert {"heavy": 30, "light": 10} == Counter(served)
    assert {"heavy", "light"} == set(served[:4])


async def test_another_weight_holds_from_the_next_token_on(engine: Engine) -> None:
    """What was served before is not made up for."""
    await _campaign(engine, "one", 1000)
    await _campaign(engine, "other", 2000)
    await _served(engine, 20)
    before = await engine.store.campaign("one")
    await engine.store.change_campaign(before, replace(before, share=Share(weight=4)))

    assert {"one": 16, "other": 4} == Counter(await _served(engine, 20))


async def test_no_more_calls_are_up_than_slots(engine: Engine) -> None:
    """Claimed calls count as well; a call that ends lets the next one go at once."""
    await _campaign(engine, "c1", 1000, share=Share(slots=2))
    dials = [await engine.ring(f"n{number}") for number in range(2)]
    engine.clock.advance_ms(1000)

    assert [] == await engine.claim()
    await engine.store.apply_event(str(dials[0].attempt), event("end", Fact.BUSY))
    assert 1 == len(await engine.claim())
    assert [] == await engine.claim()


async def test_a_slot_that_gets_free_wakes_nobody_who_is_paused(engine: Engine) -> None:
    """Whoever is paused stands in no line, in which others would step back for it."""
    await _campaign(engine, "c1", 1000, share=Share(slots=1))
    dial = await engine.ring()
    engine.clock.advance_ms(1000)
    assert [] == await engine.claim()
    await engine.store.step("c1", "pause")
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))

    assert "sleeping" not in await engine.keyspace()


async def test_fewer_slots_hold_for_calls_already_claimed(engine: Engine) -> None:
    """The last look counts again: what was claimed for a slot that is none any more goes back."""
    await _campaign(engine, "c1", 1000, share=Share(slots=2))
    await engine.ring()
    dial = await engine.claim_one()
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, share=Share(slots=1)))

    assert Begun.NO_SLOT is await engine.begin(dial)
    assert [] == await engine.claim()
    await engine.store.change_campaign(before, replace(before, share=Share()))
    engine.clock.advance_ms(1000)
    assert 2 <= len(await engine.claim())


async def test_the_trunks_slots_hold_for_all_campaigns(engine: Engine, redis: Redis) -> None:
    """However many campaigns there are, so many calls are up and no more."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(100, slots=3))
    for number in range(3):
        await _campaign(engine, f"c{number}", 1000 * (number + 1))
    engine.clock.advance_ms(10)
    claimed = await dialing.claim(100)

    assert 3 == len(claimed.claims)
    assert [] == (await dialing.claim(100)).claims
    assert claimed.look_again_us > engine.clock.now_us()


async def test_a_campaign_keeps_to_its_own_pace(engine: Engine) -> None:
    """Once a second beside one without a pace, and the other takes what it leaves."""
    await _campaign(engine, "slow", 1000, share=Share(calls_per_second=1))
    await _campaign(engine, "fast", 2000)
    at: dict[str, list[int]] = {"slow": [], "fast": []}
    for _ in range(100):
        engine.clock.advance_ms(100)
        for claim in await engine.claim():
            at[claim.campaign_id].append(claim.place_at_us)
    spans = [at["slow"][i + 3] - at["slow"][i] for i in range(len(at["slow"]) - 3)]

    assert all(span > 2 * SECOND_US for span in spans), "four in two seconds are more than once a second and one"
    assert 10 <= len(at["slow"]) <= 11
    assert len(at["slow"]) + len(at["fast"]) >= 29


async def test_a_pace_of_its_own_does_not_put_a_campaign_behind_a_lower_class(engine: Engine) -> None:
    """Where a token comes before its pace allows one, a lower class has that token, and no further one before it."""
    await engine.run_campaign("slow", calls=0, share=Share(calls_per_second=4))
    await engine.store.add_calls("slow", new_calls(5), import_id="i1")
    await engine.run_campaign("low", calls=0, priority=Priority.BACKGROUND)
    await engine.store.add_calls("low", new_calls(20, first=100), import_id="i1")
    dialing = Dialing(engine.batch, engine.clock, Pace(10))
    engine.clock.advance_ms(1)
    claims = (await dialing.claim(100)).claims

    assert ["slow", "low"] * 3 == [claim.campaign_id for claim in claims]


async def test_who_is_not_dialed_takes_nothing_of_the_pace(engine: Engine) -> None:
    """Thirty who opted out do not cost a list of one call a minute half an hour."""
    await engine.run_campaign(calls=32, share=Share(calls_per_second=1 / 60))
    await engine.store.suppress(*(call.number for call in new_calls(30)))
    first = token = await engine.claim_one()
    while await engine.begin(token, str(token.attempt)) is not Begun.BEGUN:
        (token,) = await engine.dialing.read(await engine.claim(inherited=token.claim))

    assert ("c1-31", first.claim.place_at_us) == (str(token.claim.call), token.claim.place_at_us)
    engine.clock.advance_ms(58_000)
    assert [] == await engine.claim()
    engine.clock.advance_ms(2_000)
    assert ["c1-32"] == [str(claim.call) for claim in await engine.claim()]


async def test_the_pace_gets_back_what_was_taken_of_it_and_no_more(engine: Engine) -> None:
    """To the microsecond, from a call that was put back; from one that went out nothing, however it ends."""
    await engine.run_campaign(calls=3, share=Share(calls_per_second=1))
    late = await engine.claim_one()
    taken = await _pace_at(engine)
    assert Begun.TOO_LATE is await engine.begin(late, late_us=LATEST_US + 1)
    assert taken - SECOND_US == await _pace_at(engine)
    dial = await engine.ring()
    taken = await _pace_at(engine)
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))

    assert taken == await _pace_at(engine)


async def _pace_at(engine: Engine) -> int:
    return int((await engine.keyspace())["campaign:c1"]["pace_at"])


async def test_a_change_leaves_alone_what_others_changed(engine: Engine) -> None:
    """Two who change different things of what both have seen undo nothing of each other."""
    await engine.store.create_campaign(draft())
    await engine.store.suppress(on="vip")
    seen = await engine.store.campaign("c1")
    await engine.store.change_campaign(seen, replace(seen, share=Share(weight=2)))
    after = await engine.store.change_campaign(seen, replace(seen, caps=Caps(day=3), lists=("vip",), max_tries=4))

    assert (Share(weight=2), Caps(day=3), ("vip",), 4) == (after.share, after.caps, after.lists, after.max_tries)


async def test_a_pace_of_its_own_goes_on_where_the_clock_goes_back(engine: Engine) -> None:
    """An hour back, and the next call is not an hour away."""
    await engine.run_campaign(calls=3, share=Share(calls_per_second=1))
    await engine.ring()
    engine.clock.advance_ms(-3_600_000)
    await engine.run_campaign("c2", calls=1)
    await engine.claim()
    before = await engine.store.campaign("c1")
    await engine.store.add_calls("c1", new_calls(1, first=9), import_id="i2")
    engine.clock.advance_ms(2_500)
    await engine.store.change_campaign(before, replace(before, share=replace(before.share, weight=2)))

    assert "c1" in {claim.campaign_id for claim in await engine.claim()}


async def test_each_text_has_a_version_and_calls_keep_theirs(engine: Engine) -> None:
    """Whoever was called with a text hears that text to the end, whatever is changed meanwhile."""
    await engine.run_campaign(calls=2)
    first = await engine.ring()
    before = await engine.store.campaign("c1")
    after = await engine.store.change_campaign(before, replace(before, script={"text": "Goodbye"}))
    engine.clock.advance_ms(400)
    second = await engine.ring("n2", uuid="u2")
    spoken = [await engine.store.spoken(str(dial.attempt)) for dial in (first, second)]
    attempts = [await engine.store.attempt(dial.attempt) for dial in (first, second)]

    assert (1, 2) == (before.script_version, after.script_version)
    assert ['{"text": "Hello"}', '{"text": "Goodbye"}'] == [one.script for one in spoken if one]
    assert [1, 2] == [one.decision.script_version for one in attempts if one and one.decision]


async def test_no_call_goes_out_on_the_terms_of_another_text(engine: Engine) -> None:
    """What was claimed before the text was changed is read again: a machine is to be told by the new one."""
    await engine.run_campaign()
    dial, before = await engine.claim_one(), await engine.store.campaign("c1")
    terms = replace(before.terms, connects=1)
    await engine.store.change_campaign(before, replace(before, script={"text": "Goodbye"}, terms=terms))

    assert Begun.CHANGED is await engine.begin(dial)
    assert 1 == (await engine.place()).terms.connects


@pytest.mark.parametrize(("campaign_id", "error"), [("c1", IllegalStep), ("none", NotFound)])
async def test_what_is_over_or_not_there_is_not_changed(
    engine: Engine, campaign_id: str, error: type[Exception]
) -> None:
    """Nothing is written."""
    await engine.run_campaign()
    await engine.store.step("c1", "cancel")
    seen = draft(campaign_id)
    keyspace = await engine.keyspace()

    with pytest.raises(error):
        await engine.store.change_campaign(seen, replace(seen, share=Share(weight=2)))
    assert keyspace == await engine.keyspace()
