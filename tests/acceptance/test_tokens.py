"""Access tokens end, are revoked and cannot be had: no call is lost for that and no try used up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from dialer.simulator.journal import RequestRecord
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun
from tests.fakes.waiting import until
from tests.fakes.world import QUICK, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = 60
SETTINGS = {"CALLS_PER_SECOND": "15"}
LATENCY_S = 0.1
# Each request lasts this long from its arrival on, so two renewals at once show as two arrivals within that time.
CARRIER = replace(QUICK, latency_ms=LATENCY_S * 1000, latency_where="after")


def _renewals(world: World) -> list[RequestRecord]:
    return [record for record in world.carrier.log if record.path.endswith("/accesstoken")]


def _unauthorized(world: World) -> list[RequestRecord]:
    return [record for record in world.carrier.log if record.status == 401]


async def _judge(run: CampaignRun) -> None:
    """Everybody was reached by the first try, with one ring, and never two renewals ran at once."""
    await run.until_done(within_s=40)
    calls = await run.judge_done()
    assert {("answered", 1)} == {(call["disposition"], call["tries"]) for call in calls}
    moments = [record.arrived_s for record in _renewals(run.world)]
    assert all(later - earlier >= LATENCY_S for earlier, later in pairwise(moments))


async def test_fleet_asks_for_one_token(new_world: NewWorld) -> None:
    """Three workers and a campaign need one token between them."""
    world = await new_world(CARRIER, workers=3, settings=SETTINGS)
    await _judge(await world.dial(world.people(CALLS)))
    assert 1 == len(_renewals(world))


async def test_token_that_ends_is_renewed_ahead(new_world: NewWorld) -> None:
    """A token that ends in the midst of a campaign is renewed before: no request meets a refusal."""
    world = await new_world(replace(CARRIER, token_lifetime_s=3), workers=2, settings=SETTINGS)
    await _judge(await world.dial(world.people(CALLS)))
    assert len(_renewals(world)) >= 2
    assert not _unauthorized(world)


async def test_revoked_token_is_replaced(new_world: NewWorld) -> None:
    """A token revoked in the midst of a campaign is replaced, and the calls it was refused for are placed after all."""
    world = await new_world(CARRIER, workers=2, settings=SETTINGS)
    run = await world.dial(world.people(CALLS))
    await world.until_placings(CALLS // 3)
    world.carrier.revoke_tokens()
    await _judge(run)
    assert 2 == len(_renewals(world))
    assert _unauthorized(world)


async def test_campaign_outlives_a_token_server_that_is_away(new_world: NewWorld) -> None:
    """With the token ended and no other to be had, all calls wait; when one can be had again they go on."""
    world = await new_world(replace(CARRIER, token_lifetime_s=2), workers=2, settings=SETTINGS)
    run = await world.dial(world.people(CALLS))
    await world.until_placings(CALLS // 3)
    world.carrier.token_server_up = False
    await until(lambda: any("carrier.not_ready" in worker.tail() for worker in world.workers))
    seen = await run.until(lambda seen: seen["counts"]["claimed"] + seen["counts"]["placing"] == 0)
    assert seen["counts"]["waiting"] > 0
    world.carrier.token_server_up = True
    await _judge(run)
