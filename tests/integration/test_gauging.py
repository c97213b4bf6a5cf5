"""Campaigns that are ready are shown as such while nothing but a token is missing: an alert asks for them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from redis.asyncio import Redis

from dialer import pacing
from dialer.dialing import Pace
from dialer.metrics import gauging, shared
from dialer.model import Priority, Share
from dialer.providers.base import Refusal, Refused
from tests.fakes.engine import Engine, make_engine

ANY_NUMBER = {"main": 0}


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """One call a second, so that a look gives one token at the most."""
    return make_engine(redis, calls_per_second=1)


async def _ready(engine: Engine, slots: Mapping[str, int] = ANY_NUMBER, *, trunk: str = "main") -> float:
    """How many campaigns a scrape shows as ready by a trunk, over all priorities."""
    await gauging.look(engine.store, slots)
    gauges = (shared.CAMPAIGNS_READY.labels(trunk, priority) for priority in Priority)
    return float(sum(gauge._value.get() for gauge in gauges))


async def test_a_campaign_that_waits_for_a_token_is_ready(engine: Engine) -> None:
    """It is from its start until its last due call is claimed and somebody has looked again."""
    await engine.run_campaign(calls=2)
    assert 1 == await _ready(engine)
    await engine.claim()
    assert 1 == await _ready(engine)
    engine.clock.advance_ms(2000)
    await engine.claim()

    assert 0 == await _ready(engine)


async def test_a_closed_gate_leaves_a_campaign_ready(engine: Engine) -> None:
    """The carrier's gate is no limit of the campaign: its own metric tells of it."""
    await engine.run_campaign(calls=2)
    refused = Refused(Refusal.QUOTA, "used up", 60_000)
    await pacing.tune(engine.batch, engine.clock, refused, first_wait_ms=100)
    await engine.claim()

    assert 1 == await _ready(engine)


async def test_a_campaign_at_its_own_limit_is_not_ready(engine: Engine) -> None:
    """Whose calls per second or slots are used up waits for itself."""
    await engine.run_campaign(calls=9, share=Share(calls_per_second=0.1))
    await engine.claim()
    engine.clock.advance_ms(2000)
    await engine.claim()

    assert 0 == await _ready(engine)


async def test_a_paused_campaign_is_not_ready(engine: Engine) -> None:
    """It waits for a person."""
    await engine.run_campaign(calls=9)
    await engine.store.step("c1", "pause")

    assert 0 == await _ready(engine)


async def test_no_campaign_is_ready_where_a_trunk_has_no_slot(redis: Redis) -> None:
    """The trunk is full: a token would help nobody."""
    engine = make_engine(redis, calls_per_second=100, further={"south": Pace(100, slots=1)})
    await engine.run_campaign(calls=9, trunks=("south",))
    dials = await engine.dialing.read(await engine.claim(1, trunk="south"))
    await engine.begin(dials[0])
    engine.clock.advance_ms(1000)

    assert [] == await engine.claim(trunk="south")
    assert 0 == await _ready(engine, {"south": 1}, trunk="south")
    assert 1 == await _ready(engine, {"south": 2}, trunk="south")
