"""A cap of numbers that is loosened: whom it held back is looked at again at once, however many there are."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dialer import keys
from dialer.dialing import Begun
from dialer.dispositions import Fact
from dialer.explaining.reasons import Code
from dialer.holding import SPAN, Held
from dialer.model import Caps, NewCall
from dialer.states import CallState
from tests.fakes.engine import Engine, event, new_calls
from tests.fakes.explaining import explainer_of, let_a_worker_live

HOUR_MS = 3_600_000
NUMBER = "+31610000001"
MANY = 2_500  # more than are released in one step
CAPS = Caps(day=1, week=2, spacing_ms=60_000)


async def _change(engine: Engine, campaign_id: str, caps: Caps) -> None:
    before = await engine.store.campaign(campaign_id)
    await engine.store.change_campaign(before, replace(before, caps=caps))


async def _held_campaign(engine: Engine, caps: Caps) -> None:
    """A number that was dialed a moment ago, and a call to it that is held back."""
    for campaign_id, own in (("c1", Caps()), ("c2", caps)):
        await engine.run_campaign(campaign_id, calls=0, caps=own)
        await engine.store.add_calls(campaign_id, [NewCall(number=NUMBER)], import_id="i1")
        dial = await engine.claim_one()
        begun = await engine.begin(dial)
        if campaign_id == "c1":
            await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    assert Begun.HELD is begun


async def _many_held(engine: Engine, count: int = MANY, reason: Held = Held.DAY_CAP) -> None:
    """A campaign of which so many calls are held back for hours, as their last looks leave it."""
    await engine.run_campaign("c1", calls=0, caps=CAPS)
    await engine.store.add_calls("c1", new_calls(count), import_id="i1")
    until = {str(seq): engine.now_ms + HOUR_MS + seq for seq in range(1, count + 1)}
    await engine.redis.zadd(keys.calls_in("c1", CallState.WAITING), until)
    await engine.redis.zadd(keys.held("c1"), {seq: reason * SPAN + at for seq, at in until.items()})


async def _counts(engine: Engine) -> tuple[int, int]:
    """How many are held back, and how many are due."""
    waiting = keys.calls_in("c1", CallState.WAITING)
    return await engine.redis.zcard(keys.held("c1")), await engine.redis.zcount(waiting, "-inf", engine.now_ms)


@pytest.mark.parametrize(
    ("caps", "after"),
    [
        (Caps(day=1), Caps(day=2)),
        (Caps(day=1), Caps()),
        (Caps(week=1), Caps(week=3, spacing_ms=1)),
        (Caps(spacing_ms=HOUR_MS), Caps(spacing_ms=1)),
        (Caps(day=1, spacing_ms=HOUR_MS), Caps(spacing_ms=1)),
    ],
)
async def test_a_loosened_cap_sets_its_calls_free_at_once(engine: Engine, caps: Caps, after: Caps) -> None:
    """The call is dialed with the next token, and what is told of it follows from the change on."""
    await _held_campaign(engine, caps)
    explainer = explainer_of(engine)
    await let_a_worker_live(engine)
    assert (await explainer.call("c2-1")).explained.reason.code in {Code.DAY_CAP, Code.WEEK_CAP, Code.SPACING}
    engine.clock.advance_ms(10)
    await _change(engine, "c2", after)

    assert Code.IN_LINE is (await explainer.call("c2-1")).explained.reason.code
    assert 0 == await engine.redis.exists(keys.held("c2"))
    assert Begun.BEGUN is await engine.begin(await engine.claim_one())


@pytest.mark.parametrize("after", [CAPS, Caps(day=1, week=2), Caps(day=1, week=1, spacing_ms=1), Caps(day=1)])
async def test_what_holds_yet_goes_on_to_hold(engine: Engine, after: Caps) -> None:
    """Another cap of the same campaign that is loosened moves nobody."""
    await _many_held(engine, 3)
    await _change(engine, "c1", after)

    assert (3, 0) == await _counts(engine)
    assert [] == await engine.claim()


async def test_whom_a_tighter_rule_holds_is_held_back_anew(engine: Engine) -> None:
    """Loosened from a call a day to two, the spacing is left, and it is told."""
    await _held_campaign(engine, Caps(day=1, spacing_ms=HOUR_MS))
    await _change(engine, "c2", Caps(day=2, spacing_ms=HOUR_MS))
    assert Begun.HELD is await engine.begin(await engine.claim_one())

    await let_a_worker_live(engine)
    assert Code.SPACING is (await explainer_of(engine).call("c2-1")).explained.reason.code


async def test_who_is_due_already_keeps_the_place_in_line(engine: Engine) -> None:
    """Whoever the cap held back until a moment ago is not set back behind others."""
    await _many_held(engine, 3)
    engine.clock.advance_ms(HOUR_MS + 2)
    waiting = keys.calls_in("c1", CallState.WAITING)
    before = dict(await engine.redis.zrange(waiting, 0, -1, withscores=True))
    await _change(engine, "c1", Caps())

    after = dict(await engine.redis.zrange(waiting, 0, -1, withscores=True))
    assert {"1": before["1"], "2": before["2"], "3": engine.now_ms} == after


async def test_many_are_set_free_in_pages(engine: Engine) -> None:
    """No step moves more than a thousand; all are told to be due meanwhile, and whoever looks next goes on."""
    await _many_held(engine)
    await _change(engine, "c1", Caps())
    explainer = explainer_of(engine)
    await let_a_worker_live(engine)

    assert (MANY - 1_000, 1_000) == await _counts(engine)
    told = await explainer.campaign("c1")
    assert [(Code.IN_LINE, MANY)] == [(group.reason.code, group.calls) for group in told.groups]
    assert Code.IN_LINE is (await explainer.call(f"c1-{MANY}")).explained.reason.code
    assert await engine.claim(1)
    assert (0, MANY - 1) == await _counts(engine)
    assert "release" not in (await engine.keyspace())["campaign:c1"]


async def test_a_paused_campaign_releases_the_rest_once_it_goes_on(engine: Engine) -> None:
    """Also where whoever asked for it died right after: what is left stands in the campaign."""
    await _many_held(engine)
    await engine.store.step("c1", "pause")
    await _change(engine, "c1", Caps())
    assert [] == await engine.claim(1)
    assert (MANY - 1_000, 1_000) == await _counts(engine)
    await engine.store.step("c1", "resume")

    assert await engine.claim(1)
    assert (0, MANY - 1) == await _counts(engine)


async def test_whoever_does_not_wait_is_not_put_in_line(engine: Engine) -> None:
    """A note that stands beside a call which is up, as no script leaves it, does not have its phone ring twice."""
    await engine.run_campaign("c1", caps=CAPS)
    await engine.ring()
    await engine.redis.zadd(keys.held("c1"), {"1": Held.DAY_CAP * SPAN + engine.now_ms + HOUR_MS})
    await _change(engine, "c1", Caps())

    assert (0, 0) == await _counts(engine)
    assert CallState.LIVE is (await engine.store.call("c1-1")).state


async def test_two_changes_at_once_and_the_same_twice(engine: Engine) -> None:
    """Each step moves a page of what is left; a repeat moves on, and nobody is moved twice."""
    await _many_held(engine)
    before = await engine.store.campaign("c1")
    changes: list[Any] = [engine.store.change_campaign(before, replace(before, caps=Caps())) for _ in range(2)]
    await asyncio.gather(*changes, engine.claim(1))

    assert (0, MANY) == tuple(map(sum, zip(await _counts(engine), (0, 1), strict=True)))
    assert {str(seq) for seq in range(1, MANY + 1)} == {
        *await engine.redis.zrange(keys.calls_in("c1", CallState.WAITING), 0, -1),
        *await engine.redis.zrange(keys.calls_in("c1", CallState.CLAIMED), 0, -1),
    }


async def test_loosened_twice_both_are_released(engine: Engine) -> None:
    """A second change does not forget what the first one has left."""
    await _many_held(engine)
    await engine.store.step("c1", "pause")
    await _change(engine, "c1", replace(CAPS, day=3))
    await _change(engine, "c1", replace(CAPS, day=3, spacing_ms=1))

    assert (MANY - 2_000, 2_000) == await _counts(engine)
    assert "3" in (await engine.keyspace())["campaign:c1"]["release"].split()
