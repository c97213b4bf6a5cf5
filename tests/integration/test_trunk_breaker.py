"""A trunk whose calls fail is stopped, and it alone: campaigns go on by the others, and a probe finds the way back."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dialer import keys
from dialer.dialing import Begun, Pace
from dialer.dials import Claim, Dial
from dialer.dispositions import Fact
from dialer.explaining.reasons import Code
from dialer.model import Priority, UnknownPolicy
from dialer.trunk_breaker import SHUT_MS, WAIT_MS, policy_of
from tests.fakes.engine import Engine, event, make_engine, new_calls
from tests.fakes.explaining import explainer_of, let_a_worker_live

BOTH = ("main", "south")
PACES = {"main": Pace(10), "south": Pace(10, breaker=policy_of("3/4"))}


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """Ten calls a second by each trunk; three failures among four attempts stop `south`."""
    return make_engine(redis, further=PACES)


async def _campaign(engine: Engine, campaign_id: str, *trunks: str, first: int = 1, **fields: Any) -> None:
    await engine.run_campaign(campaign_id, calls=0, trunks=trunks, **fields)
    await engine.store.add_calls(campaign_id, new_calls(100, first=first), import_id="i1")


async def _place(engine: Engine, trunk: str = "south") -> Dial:
    engine.clock.advance_ms(200)
    (dial,) = await engine.dialing.read(await engine.claim(1, trunk=trunk))
    assert Begun.BEGUN is await engine.begin(dial, str(dial.attempt))
    return dial


async def _ring(engine: Engine, trunk: str = "south") -> Dial:
    dial = await _place(engine, trunk)
    await engine.record(dial, str(dial.attempt), "live", uuid=f"u-{dial.attempt}")
    return dial


async def _end(engine: Engine, dial: Dial, fact: Fact) -> None:
    await engine.store.apply_event(str(dial.attempt), event(fact, fact))


async def _calls(engine: Engine, *facts: Fact, trunk: str = "south") -> None:
    for fact in facts:
        await _end(engine, await _ring(engine, trunk), fact)


async def _claims(engine: Engine, trunk: str = "south") -> list[Claim]:
    engine.clock.advance_ms(1001)
    return await engine.claim(3, trunk=trunk)


async def test_a_burst_over_several_campaigns_stops_the_trunk_and_no_other(engine: Engine) -> None:
    """What was claimed for it goes back and leaves by the other trunk; who has no other waits."""
    await _campaign(engine, "c1", *BOTH)
    await _campaign(engine, "c2", "south", first=1000)
    await _calls(engine, Fact.FAILED, Fact.BUSY)
    engine.clock.advance_ms(200)
    failing, stuck = await engine.dialing.read(await engine.claim(2, trunk="south"))
    assert Begun.BEGUN is await engine.begin(failing)
    await _calls(engine, Fact.REJECTED)
    await _end(engine, failing, Fact.FAILED)

    assert Begun.TRUNK_STOPPED is await engine.begin(stuck, "n2")
    assert [] == await _claims(engine)
    assert {("c1", "main")} == {(claim.campaign_id, claim.trunk) for claim in await _claims(engine, "main")}
    seen = await engine.store.trunks(BOTH)
    assert seen["main"].tripped is None
    assert seen["south"].tripped
    assert (3, 4) == (seen["south"].tripped.failures, seen["south"].tripped.of)


async def test_after_the_wait_one_call_at_a_time_goes_by_it(engine: Engine) -> None:
    """Three that go well, and all goes on as before."""
    await _campaign(engine, "c1", "south")
    await _calls(engine, *[Fact.FAILED] * 3)
    engine.clock.advance_ms(WAIT_MS)
    with capture_logs() as logged:
        for _ in range(3):
            probe = await _ring(engine)
            assert [] == await _claims(engine), "a second call beside the probe"
            await _end(engine, probe, Fact.BUSY)
            engine.clock.advance_ms(1000)

    assert [("trunk.breaker_turned", "south", "closed")] == [
        (line["event"], line["trunk"], line["breaker"]) for line in logged
    ]
    assert None is (await engine.store.trunks(BOTH))["south"].tripped
    assert 3 == len(await _claims(engine))


async def test_nobody_waits_until_a_probe_that_talks_for_long_is_over(engine: Engine) -> None:
    """In a conference that would be for an hour: half a minute on it has not failed, and the next one goes."""
    await _campaign(engine, "c1", "south")
    await _calls(engine, *[Fact.FAILED] * 3)
    engine.clock.advance_ms(WAIT_MS)
    for _ in range(2):
        await _ring(engine)
        assert [] == await _claims(engine)
        engine.clock.advance_ms(30_000)
    await _ring(engine)
    assert [] == await _claims(engine)

    assert 3 == len(await engine.redis.zrange(keys.LEASES, 0, -1))


async def test_a_probe_that_fails_waits_twice_as_long(engine: Engine) -> None:
    """And one that the carrier sends back tells nothing: the next one goes."""
    await _campaign(engine, "c1", "south")
    await _calls(engine, *[Fact.FAILED] * 3)
    engine.clock.advance_ms(WAIT_MS)
    refused = await _place(engine)
    await engine.record(refused, str(refused.attempt), "back")
    engine.clock.advance_ms(1000)
    await _calls(engine, Fact.FAILED)
    engine.clock.advance_ms(2 * WAIT_MS - 2000)

    assert [] == await _claims(engine)
    engine.clock.advance_ms(2000)
    assert 1 == len(await _claims(engine))


async def test_each_turn_is_told_once(engine: Engine) -> None:
    """With the attempt that stops it, and with the last of those that go well again."""
    await _campaign(engine, "c1", "south")
    with capture_logs() as logs:
        await _calls(engine, *[Fact.FAILED] * 3)
        engine.clock.advance_ms(WAIT_MS)
        await _calls(engine, *[Fact.BUSY] * 4)

    turns = [log for log in logs if log["event"] == "trunk.breaker_turned"]
    assert [("south", "opened"), ("south", "closed")] == [(log["trunk"], log["breaker"]) for log in turns]


async def test_an_urgent_call_that_has_no_other_trunk_waits_for_no_breaker(engine: Engine) -> None:
    """An alarm may get through where most calls fail; one that has another trunk leaves by that."""
    await _campaign(engine, "c1", "south")
    await _calls(engine, *[Fact.FAILED] * 3)
    await _campaign(engine, "alarm", "south", first=1000, priority=Priority.URGENT)
    await _campaign(engine, "fire", *BOTH, first=2000, priority=Priority.URGENT)

    assert "alarm" == (await _ring(engine)).claim.campaign_id
    assert {"alarm"} == {claim.campaign_id for claim in await _claims(engine)}
    assert {"fire"} == {claim.campaign_id for claim in await _claims(engine, "main")}


async def test_attempts_given_up_count_once(engine: Engine) -> None:
    """One that was dialed again as unknown is a failure; what is told of it later counts no more."""
    await _campaign(engine, "c1", "south", unknown=UnknownPolicy.REDIAL)
    for _ in range(2):
        dial = await _place(engine)
        await engine.record(dial, str(dial.attempt), "unknown")
        assert await engine.dialing.redial(dial.attempt)
        await _end(engine, dial, Fact.FAILED)
        await _end(engine, dial, Fact.BUSY)
    before = (await engine.store.trunks(BOTH))["south"].tripped
    await _calls(engine, Fact.FAILED)

    assert before is None
    assert (await engine.store.trunks(BOTH))["south"].tripped


async def test_without_a_policy_none_is_open(engine: Engine) -> None:
    """Workers that were started with `off` close it."""
    await _campaign(engine, "c1", "south")
    await _calls(engine, *[Fact.FAILED] * 3)
    engine.dialing._paces["south"] = Pace(10)

    assert 3 == len(await _claims(engine))
    assert None is (await engine.store.trunks(BOTH))["south"].tripped


async def test_it_is_explained(engine: Engine) -> None:
    """Whoever has no other trunk is told why nothing goes, and until when."""
    await _campaign(engine, "c1", "south")
    await _campaign(engine, "c2", *BOTH, first=1000)
    await _calls(engine, *[Fact.FAILED] * 3)
    await let_a_worker_live(engine)
    told = [(await explainer_of(engine, calls_per_second=10).campaign(i)).groups[-1].reason for i in ("c1", "c2")]

    assert Code.TRUNK_STOPPED is told[0].code
    assert "3 of the last 3 attempts by the trunk south failed" in told[0].words
    assert Code.IN_LINE is told[1].code


async def test_a_trunk_that_refuses_all_of_a_campaign_is_shut_for_it_alone(engine: Engine) -> None:
    """It goes on by its other trunk, and is paused where that is shut as well; ten minutes later it tries again."""
    await _campaign(engine, "c1", *BOTH)
    await _campaign(engine, "c2", "south", first=1000)

    assert await engine.store.shut_trunk("c1", "south")
    assert {"c2"} == {claim.campaign_id for claim in await _claims(engine)}
    assert {"c1"} == {claim.campaign_id for claim in await _claims(engine, "main")}
    assert not await engine.store.shut_trunk("c1", "main")
    assert not await engine.store.shut_trunk("c2", "south")
    engine.clock.advance_ms(SHUT_MS)
    assert {"c1", "c2"} == {claim.campaign_id for claim in await _claims(engine)}


async def test_whoever_resumes_a_campaign_opens_its_trunks(engine: Engine) -> None:
    """Somebody has looked, and mended it."""
    await _campaign(engine, "c1", *BOTH)
    await engine.store.shut_trunk("c1", "south")
    await engine.store.step("c1", "pause")
    await engine.store.step("c1", "resume")

    assert 3 == len(await _claims(engine))


async def test_a_stop_goes_back_with_the_clock(engine: Engine) -> None:
    """A failover to a server whose clock is an hour behind stops the trunk no longer: who comes now leaves by it."""
    await _campaign(engine, "c1", *BOTH)
    await _calls(engine, Fact.FAILED, Fact.FAILED, Fact.FAILED)
    stopped = await _claims(engine)
    engine.clock.advance_ms(-3_600_000)
    await _campaign(engine, "c2", *BOTH, first=200)
    behind = await _claims(engine)
    engine.clock.advance_ms(60_000)
    probe = await _claims(engine)

    assert ([], [], 1) == (stopped, behind, len(probe))
