"""Reading calls from the carrier, one and all of a span of time, and the pace of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer.dispositions import Fact
from dialer.errors import CarrierError
from dialer.providers.kpn import client
from tests.fakes.kpn_gateway import CREATED, REQUEST, Reply, World, open_world, replying

PAYLOADS = Path(__file__).parents[1] / "data/payloads"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    async with open_world(redis) as opened:
        yield opened


async def test_call_is_read(world: World) -> None:
    """One call is asked for by its id, whatever characters that has."""
    recorded = json.loads((PAYLOADS / "python/voice/get_call.json").read_text())
    world.gateway.replies = [replying(200, recorded)]

    call = await world.voice.get_call("a/b?c")

    assert call is not None
    assert {Fact.COMPLETED, Fact.TALKED} == call.facts
    assert ("GET", "/nexmo/voice/calls/a%2Fb%3Fc") == (world.gateway.arrivals[0].method, world.gateway.arrivals[0].path)


async def test_unknown_call_is_none(world: World) -> None:
    """A call that the carrier does not know is no error."""
    world.gateway.replies = [replying(404, {"error_title": "Not found"})]

    assert await world.voice.get_call("u-1") is None


@pytest.mark.parametrize(
    ("reply", "retryable"),
    [
        (replying(404, {"fault": {"faultstring": "x", "detail": {"errorcode": "a.ApplicationNotFound"}}}), False),
        (replying(200, text="<html>"), True),
        (replying(200, {"uuid": None}), True),
        (replying(302, headers={"Location": "/nexmo/voice/calls"}), False),
        (replying(403), False),
        (replying(429), True),
        (replying(500), True),
        (replying(503), True),
    ],
)
async def test_failed_reading_is_a_carrier_error(world: World, reply: Reply, *, retryable: bool) -> None:
    """A wrong path is not an unknown call; what may pass is told from what a person must mend."""
    world.gateway.replies = [reply]
    with pytest.raises(CarrierError) as caught:
        await world.voice.get_call("u-1")

    assert retryable == caught.value.retryable


async def test_failed_reading_tells_no_secret(world: World) -> None:
    """The token and the credentials are masked in errors as well."""
    world.gateway.replies = [replying(500, {"detail": "T1 client-id-1 s3cret"})]
    with pytest.raises(CarrierError) as caught:
        await world.voice.get_call("u-1")

    assert "HTTP 500: *** *** ***" == str(caught.value)


@pytest.mark.parametrize("uuid", ["", ".", ".."])
async def test_call_without_an_id_is_not_asked_for(world: World, uuid: str) -> None:
    """What would lead to another path is refused before it is sent."""
    with pytest.raises(CarrierError):
        await world.voice.get_call(uuid)

    assert [] == world.gateway.arrivals


async def test_carrier_that_does_not_answer_is_a_carrier_error(world: World) -> None:
    """A time-out of a request other than placing may be tried again."""
    world.gateway.replies = [world.gateway.hang]
    await world.voice.tokens.token()
    with pytest.raises(CarrierError, match="does not answer") as caught:
        await world.patient_for(0.2).get_call("u-1")

    assert caught.value.retryable


async def test_list_is_followed_to_its_end(world: World) -> None:
    """Pages are asked for at our own address, by the query of the link alone, and each call comes once."""
    first = {
        "count": 3,
        "_embedded": {"calls": [{"uuid": "a"}, {"uuid": "b"}]},
        "_links": {"next": {"href": "https://elsewhere.test/v1/calls?page_size=2&record_index=1"}},
    }
    second = {"count": 3, "_embedded": {"calls": [{"uuid": "b"}, {"uuid": "c"}]}}
    world.gateway.replies = [replying(200, first), replying(200, second)]

    listed = [call.uuid async for call in world.voice.list_calls(NOON, NOON + timedelta(minutes=5))]

    assert ["a", "b", "c"] == listed
    assert ["0", "1"] == [arrival.query["record_index"] for arrival in world.gateway.arrivals]
    assert {"2026-01-31T12:00:00.000Z"} == {arrival.query["date_start"] for arrival in world.gateway.arrivals}


@pytest.mark.parametrize("page", [{"count": 0}, {"_embedded": {"calls": []}}, {"count": 0, "_embedded": {}}])
async def test_empty_list_is_empty(world: World, page: dict[str, Any]) -> None:
    """No calls in a span are no error."""
    world.gateway.replies = [replying(200, page)]

    assert [] == [call async for call in world.voice.list_calls(NOON, NOON)]


async def test_unreadable_list_is_not_an_empty_one(world: World) -> None:
    """Something else than a list must not pass for the proof that there is no call."""
    world.gateway.replies = [replying(200, text="<html>maintenance</html>")]
    with pytest.raises(CarrierError, match="makes no sense"):
        _ = [call async for call in world.voice.list_calls(NOON, NOON)]


async def test_list_without_an_end_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that brings new calls for ever is given up instead of being read for ever."""
    monkeypatch.setattr(client, "_MOST_PAGES", 3)
    pages = [{"_embedded": {"calls": [{"uuid": str(number)}]}} for number in range(5)]
    world.gateway.replies = [replying(200, page) for page in pages]
    with pytest.raises(CarrierError, match="does not end"):
        _ = [call async for call in world.voice.list_calls(NOON, NOON)]

    assert ["0", "1", "2"] == [arrival.query["record_index"] for arrival in world.gateway.arrivals]


async def test_long_page_of_a_list_is_read_whole(world: World) -> None:
    """A page of a hundred calls is longer than an answer to a placing may be."""
    calls = [{"uuid": f"u-{number}", "network": "x" * 1000} for number in range(100)]
    world.gateway.replies = [replying(200, {"count": 100, "_embedded": {"calls": calls}})]

    assert 100 == len([call async for call in world.voice.list_calls(NOON, NOON)])


async def test_share_paces_other_requests_only(world: World) -> None:
    """Reading is spaced by the share of this process; placing never waits for it."""
    world.gateway.replies = [replying(404)]
    world.voice.set_share(0.001)
    await world.voice.get_call("u-1")
    waiting = asyncio.create_task(world.voice.get_call("u-2"))
    world.gateway.replies = [replying(201, CREATED)]
    await world.voice.place(REQUEST)
    waiting.cancel()

    assert ["GET", "POST"] == [arrival.method for arrival in world.gateway.arrivals]


async def test_same_share_again_gives_nothing_extra(world: World) -> None:
    """Setting the share to what it is does not forget what was used of it."""
    world.voice.set_share(0.001)
    limiter = world.voice._channel.limiter
    world.voice.set_share(0.001)

    assert limiter is world.voice._channel.limiter
