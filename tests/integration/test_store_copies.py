"""A campaign made from another's calls, batch by batch, whoever dies in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.model import NewCall
from dialer.states import CallState
from dialer.store.copies import COPY_LEASE_MS
from tests.fakes.engine import Engine, draft, make_engine

ENDED = {Disposition.NO_ANSWER, Disposition.BUSY, Disposition.OPTED_OUT, Disposition.SUPPRESSED}


@pytest.fixture
async def engine(redis: Redis) -> Engine:
    """A campaign c1 of 1,200 calls, of which every tenth was not reached, and an empty draft c2."""
    engine = make_engine(redis)
    await engine.store.create_campaign(draft("c1"))
    calls = [
        NewCall(number=f"+3161{number:07d}", external_id=f"k{number}", variables={"name": f"N{number}"})
        for number in range(1, 1_201)
    ]
    for first in (0, 600):
        await engine.store.add_calls("c1", calls[first : first + 600], import_id="i1")
    await engine.store.create_campaign(draft("c2", script={"text": "Hello {{ name }}", "language": "en-GB"}))
    return engine


async def _end(engine: Engine, disposition: Disposition, *numbers: int) -> None:
    await engine.redis.zrem(keys.calls_in("c1", CallState.WAITING), *numbers)
    await engine.redis.zadd(keys.calls_done("c1", disposition), {str(number): engine.now_ms for number in numbers})


async def _copied(engine: Engine) -> list[tuple[str, str | None, str]]:
    return [
        (call.number, call.external_id, call.variables["name"])
        async for chunk in engine.store.all_calls("c2")
        for call in chunk
    ]


async def test_unreached_calls_come_along_with_their_ids_and_values(engine: Engine) -> None:
    """Those who ended so, in the order of their list; others, and whoever is not done, stay where they are."""
    await _end(engine, Disposition.NO_ANSWER, *range(10, 1_201, 10))
    await _end(engine, Disposition.ANSWERED, 5)
    await engine.store.begin_copying("c2", "c1", {Disposition.NO_ANSWER})
    assert ["c2"] == await engine.store.take_copying(5)
    while await engine.store.copy_some("c2"):
        pass
    copying = await engine.store.copying("c2")

    assert [(f"+3161{n:07d}", f"k{n}", f"N{n}") for n in range(10, 1_201, 10)] == await _copied(engine)
    assert copying
    assert (True, 1_200, 0) == (copying.ended, copying.looked_at, copying.left_out)
    assert not {"copying", "campaign:c2:imports"} & (await engine.keyspace()).keys()


async def test_zone_and_end_of_a_call_come_along(engine: Engine) -> None:
    """An end that is still ahead stays the call's, also in the set that ends it; one that is past is left out."""
    now = moment(engine.now_ms)
    ahead, past = now + timedelta(hours=2), now + timedelta(minutes=1)
    calls = [
        NewCall(number="+31201234567", variables={"name": "A"}, timezone="Europe/Lisbon", expires_at=ahead),
        NewCall(number="+31201234568", variables={"name": "B"}, timezone="Europe/Lisbon", expires_at=past),
    ]
    await engine.store.add_calls("c1", calls, import_id="i1")
    await _end(engine, Disposition.EXPIRED, 1_201, 1_202)
    engine.clock.advance_ms(120_000)
    await engine.store.begin_copying("c2", "c1", {Disposition.EXPIRED})
    while await engine.store.copy_some("c2"):
        pass
    first, second = [call async for chunk in engine.store.all_calls("c2") for call in chunk]

    assert [("Europe/Lisbon", ahead), ("Europe/Lisbon", None)] == [(c.timezone, c.expires_at) for c in (first, second)]
    assert ahead.timestamp() * 1000 == await engine.redis.zscore(keys.EXPIRING_CALLS, first.id)
    assert await engine.redis.zscore(keys.EXPIRING_CALLS, second.id) is None


async def test_who_opted_out_never_comes_along(engine: Engine) -> None:
    """Neither who ended so, nor who ended otherwise and is suppressed since; nor who lacks a value of the script."""
    await engine.store.add_calls("c1", [NewCall(number="+31201234567")], import_id="i1")
    await _end(engine, Disposition.OPTED_OUT, 1)
    await _end(engine, Disposition.SUPPRESSED, 2)
    await _end(engine, Disposition.BUSY, 3, 4, 1_201)
    await engine.redis.zadd(keys.SUPPRESSED, {"+31610000003": 1})
    await engine.store.begin_copying("c2", "c1", ENDED)
    while await engine.store.copy_some("c2"):
        pass
    copying = await engine.store.copying("c2")

    assert ["+31610000004"] == [number for number, *_ in await _copied(engine)]
    assert copying
    assert 2 == copying.left_out


async def test_a_worker_that_dies_is_followed_by_another(engine: Engine) -> None:
    """A batch that was added and not noted is added again, and adds nobody twice."""
    await _end(engine, Disposition.BUSY, *range(1, 1_001))
    await engine.store.begin_copying("c2", "c1", ENDED)
    await engine.store.take_copying(5)
    await engine.store.copy_some("c2")
    await engine.batch.command("HDEL", keys.again("c2"), "looked_at")
    assert [] == await engine.store.take_copying(5)
    engine.clock.advance_ms(COPY_LEASE_MS)
    await asyncio.gather(engine.store.copy_some("c2"), engine.store.copy_some("c2"))
    await engine.store.begin_copying("c2", "c1", {Disposition.CANCELLED})
    while await engine.store.copy_some("c2"):
        pass

    assert 1_000 == (await engine.store.campaign("c2")).total
    assert 1_000 == len(await _copied(engine))


async def test_a_campaign_that_runs_meanwhile_does_not_complete(engine: Engine) -> None:
    """While calls are being added it stays open, also when nobody of a batch comes along."""
    await _end(engine, Disposition.BUSY, 1, 1_200)
    await engine.store.begin_copying("c2", "c1", ENDED)
    await engine.store.step("c2", "start")
    await engine.store.copy_some("c2")
    await engine.redis.zrem(keys.calls_in("c2", CallState.WAITING), 1)
    await engine.redis.zadd(keys.calls_done("c2", Disposition.BUSY), {"1": engine.now_ms})
    await engine.store.copy_some("c2")
    assert [] == await engine.leases.complete_campaigns()
    while await engine.store.copy_some("c2"):
        pass

    assert 2 == (await engine.store.campaign("c2")).total


async def test_copying_into_a_cancelled_campaign_ends(engine: Engine) -> None:
    """It says why, and nobody goes on."""
    await _end(engine, Disposition.BUSY, 1)
    await engine.store.begin_copying("c2", "c1", ENDED)
    await engine.store.step("c2", "cancel")
    assert not await engine.store.copy_some("c2")
    copying = await engine.store.copying("c2")

    assert copying
    assert copying.ended
    assert copying.reason
    assert [] == await engine.store.take_copying(5)
