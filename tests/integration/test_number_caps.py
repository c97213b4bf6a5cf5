"""One number over all campaigns: one live attempt, caps within a day and a week, the least time in between."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.holding import PLACING_MS, Held, read_held
from dialer.model import Caps, NewCall, Redial
from dialer.states import CallState
from tests.fakes.engine import Engine, event

HOUR_MS = 3_600_000
NUMBER = "+31610000001"
LOOK_MS = 10_000


async def _campaign(engine: Engine, campaign_id: str, **fields: Any) -> None:
    await engine.run_campaign(campaign_id, calls=0, **fields)
    await engine.store.add_calls(campaign_id, [NewCall(number=NUMBER)], import_id="i1")


async def _dial(engine: Engine) -> tuple[Dial, Begun]:
    dial = await engine.claim_one()
    return dial, await engine.begin(dial, str(dial.attempt))


async def _end(engine: Engine, dial: Dial) -> None:
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))


async def _held(engine: Engine, campaign_id: str) -> tuple[float, Held] | None:
    """Until when the campaign's only call is held back, and why."""
    stored = await engine.keyspace()
    noted = stored.get(f"campaign:{campaign_id}:held", {}).get("1")
    if noted is None:
        return None
    why, until = read_held(noted)
    assert until == stored[f"campaign:{campaign_id}:waiting"]["1"]
    return until, why


async def test_a_number_that_is_up_is_not_dialed_by_another_campaign(engine: Engine) -> None:
    """The second call waits while the first one is up in any way, and is dialed once that has ended."""
    for campaign_id in ("c1", "c2"):
        await _campaign(engine, campaign_id)
    first, begun = await _dial(engine)
    second, held = await _dial(engine)
    until = engine.now_ms + LOOK_MS

    assert (Begun.BEGUN, Begun.HELD) == (begun, held)
    assert (until, Held.NUMBER_UP) == await _held(engine, second.claim.campaign_id)
    for follows in ("unknown", "live"):
        await engine.record(first, str(first.attempt), follows)
        engine.clock.advance_ms(LOOK_MS)
        assert Begun.HELD is (await _dial(engine))[1]
    await _end(engine, first)
    engine.clock.advance_ms(LOOK_MS)
    assert Begun.BEGUN is (await _dial(engine))[1]
    assert None is await _held(engine, second.claim.campaign_id)


async def test_a_call_does_not_wait_for_itself(engine: Engine) -> None:
    """The redial of a call is not held back by the call's own attempt."""
    await _campaign(engine, "c1", redial={Disposition.BUSY: Redial(1, 0)})
    first, _ = await _dial(engine)
    await _end(engine, first)

    assert Begun.BEGUN is (await _dial(engine))[1]


@pytest.mark.parametrize(
    ("caps", "waits", "why"),
    [
        (Caps(spacing_ms=90_000), [90_000, 90_000], Held.SPACING),
        (Caps(day=1), [24 * HOUR_MS, 24 * HOUR_MS], Held.DAY_CAP),
        (Caps(week=1), [168 * HOUR_MS, 168 * HOUR_MS], Held.WEEK_CAP),
        (Caps(day=1, week=5, spacing_ms=60_000), [24 * HOUR_MS, 24 * HOUR_MS], Held.DAY_CAP),
        (Caps(day=1, spacing_ms=24 * HOUR_MS), [24 * HOUR_MS, 24 * HOUR_MS], Held.SPACING),
    ],
)
async def test_caps_hold_back_to_the_millisecond(engine: Engine, caps: Caps, waits: list[int], why: Held) -> None:
    """What other campaigns dialed counts; the call is dialed when the rule allows it and no millisecond before."""
    tried: list[int] = []
    for turn, wait in enumerate([0, *waits]):
        campaign_id = f"c{turn + 2}"
        await _campaign(engine, campaign_id, caps=caps)
        if wait:
            assert Begun.HELD is (await _dial(engine))[1]
            assert (tried[-1] + wait, why) == await _held(engine, campaign_id)
            engine.clock.set_us((tried[-1] + wait) * 1000 - 2_000)
            assert [] == await engine.claim()
        dial, begun = await _dial(engine)
        assert (campaign_id, Begun.BEGUN) == (dial.claim.campaign_id, begun)
        assert not tried or engine.now_ms >= tried[-1] + wait
        tried.append(engine.now_ms)
        await _end(engine, dial)


async def test_a_refused_request_counts_for_no_cap(engine: Engine) -> None:
    """No phone rang: the number is as if it had not been dialed."""
    await _campaign(engine, "c1", caps=Caps(day=1))
    dial, _ = await _dial(engine)
    await engine.record(dial, str(dial.attempt), "back")

    assert Begun.BEGUN is (await _dial(engine))[1]


async def test_whoever_waits_for_a_request_that_is_sent_back_does_not_wait_for_days(engine: Engine) -> None:
    """While it is not known whether the phone rings no cap counts that for good: looked at again within the minute."""
    await _campaign(engine, "c1")
    first, _ = await _dial(engine)
    at = engine.now_ms
    await _campaign(engine, "c2", caps=Caps(day=1))
    assert Begun.HELD is (await _dial(engine))[1]
    assert (at + PLACING_MS, Held.NUMBER_UP) == await _held(engine, "c2")
    await engine.record(first, str(first.attempt), "back")
    await engine.store.step("c1", "pause")
    engine.clock.set_us((at + PLACING_MS) * 1000)

    assert Begun.BEGUN is (await _dial(engine))[1]


async def test_whoever_waits_for_one_that_rings_waits_by_the_cap(engine: Engine) -> None:
    """Once no request of it can be under way, the cap counts it, although it is up yet."""
    await _campaign(engine, "c1")
    first, _ = await _dial(engine)
    at = engine.now_ms
    await engine.record(first, str(first.attempt), "live")
    await _campaign(engine, "c2", caps=Caps(day=1))
    for until, why in ((at + PLACING_MS, Held.NUMBER_UP), (at + 24 * HOUR_MS, Held.DAY_CAP)):
        assert Begun.HELD is (await _dial(engine))[1]
        assert (until, why) == await _held(engine, "c2")
        engine.clock.set_us(until * 1000)


async def test_a_call_given_back_over_midnight_is_given_back(engine: Engine) -> None:
    """Also where Redis' clock went back over it meanwhile, and calls have ended in any way before."""
    await _campaign(engine, "c1")
    dial, _ = await _dial(engine)
    for disposition in Disposition:
        await engine.redis.zadd(keys.calls_done("c1", disposition), {"99": 1})
    engine.clock.advance_ms(-24 * HOUR_MS)

    assert (await engine.record(dial, str(dial.attempt), "back")).taken


async def test_a_call_given_back_behind_midnight_was_not_dialed_the_day_before(engine: Engine) -> None:
    """The moment is taken back where it was noted, also where that was yesterday."""
    await _campaign(engine, "c1")
    engine.clock.set_us((engine.now_ms // (24 * HOUR_MS) + 1) * 24 * HOUR_MS * 1000 - 1_000_000)
    dial, _ = await _dial(engine)
    engine.clock.advance_ms(2_000)
    await engine.record(dial, str(dial.attempt), "back")

    assert not [name for name in await engine.keyspace() if name.startswith("dialed:")]


async def test_who_turns_out_to_be_up_is_held_back_no_more(engine: Engine) -> None:
    """An attempt that was given up and to be dialed again rings after all, while its call waits for the spacing."""
    await _campaign(engine, "c1", caps=Caps(spacing_ms=HOUR_MS))
    first, _ = await _dial(engine)
    await engine.record(first, str(first.attempt), "unknown")
    assert await engine.dialing.redial(first.attempt)
    assert Begun.HELD is (await _dial(engine))[1]
    assert await _held(engine, "c1")
    await engine.store.apply_event(str(first.attempt), event("ringing", Fact.RINGING))

    assert CallState.LIVE is (await engine.store.call("c1-1")).state
    assert "campaign:c1:held" not in await engine.keyspace()


async def test_held_back_beyond_its_end_a_call_expires(engine: Engine) -> None:
    """Rather not at all than late: a call whose number is free only after its campaign's end has expired."""
    await _campaign(engine, "c1")
    await _end(engine, (await _dial(engine))[0])
    await _campaign(engine, "c2", caps=Caps(day=1), expires_at=moment(engine.now_ms + HOUR_MS))

    assert Begun.EXPIRED is (await _dial(engine))[1]
    assert Disposition.EXPIRED is (await engine.store.call("c2-1")).disposition


@pytest.mark.parametrize("ends", ["is cancelled", "expires", "expires by itself"])
async def test_nothing_is_left_of_why_a_call_was_held_back(engine: Engine, ends: str) -> None:
    """A call that was held back and ends takes the note with it."""
    await _campaign(engine, "c1")
    await _dial(engine)
    soon = moment(engine.now_ms + 30_000)
    if ends == "expires by itself":
        await engine.run_campaign("c2", calls=0)
        await engine.store.add_calls("c2", [NewCall(number=NUMBER, expires_at=soon)], import_id="i1")
    else:
        await _campaign(engine, "c2", expires_at=soon)
    await _dial(engine)
    assert await _held(engine, "c2")
    if ends == "is cancelled":
        await engine.store.step("c2", "cancel")
    else:
        engine.clock.advance_ms(30_000)
        await engine.leases.expire_calls(10)
        await engine.leases.expire_campaigns()

    assert "campaign:c2:held" not in await engine.keyspace()
    assert CallState.DONE is (await engine.store.call("c2-1")).state


async def test_what_was_dialed_is_forgotten_after_nine_days(engine: Engine) -> None:
    """The hashes that tell it end by themselves, once no rule can ask for them any more."""
    await _campaign(engine, "c1")
    dial, _ = await _dial(engine)
    name = keys.dialed(dial.number, engine.now_ms)[0]
    left = (engine.now_ms // keys.DAY_MS + 9) * keys.DAY_MS - int(time.time() * 1000)
    assert left == pytest.approx(await engine.batch.command("PTTL", name), abs=60_000)


async def test_a_refused_call_holds_its_number_no_longer(engine: Engine) -> None:
    """Whoever was sent back and is claimed again has no phone that rings: another call to the number may go."""
    await _campaign(engine, "c1")
    ended, _ = await _dial(engine)
    at = engine.now_ms % keys.DAY_MS
    await _end(engine, ended)
    await _campaign(engine, "c2")
    refused, _ = await _dial(engine)
    await engine.record(refused, str(refused.attempt), "back")
    assert {NUMBER: f"- {at}"} == (await engine.keyspace())[engine.dialed(refused)]
    engine.clock.advance_ms(400)
    await engine.claim_one()
    await _campaign(engine, "c3")

    assert Begun.BEGUN is (await _dial(engine))[1]
