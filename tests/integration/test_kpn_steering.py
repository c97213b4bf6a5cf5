"""Steering a live call: the requests, the patience with a new call, and the ends there are."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from dialer.errors import CarrierError, InvalidInput
from dialer.providers.steering import (
    Act,
    CallOver,
    NotAnswered,
    Order,
    SendDigits,
    StartStream,
    StartTalk,
    TooEarly,
    Transfer,
)
from tests.fakes.kpn_gateway import CREATED, REQUEST, Reply, World, open_world, replying


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    async with open_world(redis) as opened:
        yield opened


async def test_other_requests_renew_a_refused_token_once(world: World) -> None:
    """A 401 on a request that may be repeated is answered by repeating it with a new token, once."""
    world.gateway.replies = [replying(401), replying(204)]
    await world.voice.hang_up("u-1")
    world.gateway.replies = [replying(401)]
    with pytest.raises(CarrierError) as caught:
        await world.voice.hang_up("u-1")

    assert (401, False) == (caught.value.status, caught.value.retryable)
    assert [f"Bearer T{number}" for number in (1, 2, 2, 3)] == [
        a.headers["Authorization"] for a in world.gateway.arrivals
    ]


async def test_hang_up_asks_for_the_end(world: World) -> None:
    """Ending a call is a PUT on it."""
    world.gateway.replies = [replying(204)]
    await world.voice.hang_up("u-1")

    (arrival,) = world.gateway.arrivals
    assert ("PUT", "/nexmo/voice/calls/u-1", {"action": "hangup"}) == (arrival.method, arrival.path, arrival.body)


@pytest.mark.parametrize("after", [[replying(404)], [replying(400), replying(404)]])
async def test_ending_what_is_gone_is_done(world: World, after: list[Reply]) -> None:
    """A call that the carrier does not know any more needs no ending."""
    world.gateway.replies = after

    await world.voice.hang_up("u-1")


@pytest.mark.parametrize("status", ["completed", "busy", "rejected", "timeout"])
async def test_ending_what_is_over_is_done(world: World, status: str) -> None:
    """A 400 about a call that is over is no error."""
    world.gateway.replies = [replying(400), replying(200, {"uuid": "u-1", "status": status})]

    await world.voice.hang_up("u-1")


RINGING = replying(200, {"uuid": "u-1", "status": "ringing"})
ANSWERED = replying(200, {"uuid": "u-1", "status": "answered"})
BARE = replying(400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})
TALK = StartTalk("Hallo", "nl-NL")


@pytest.mark.parametrize("status", [RINGING, ANSWERED, replying(200, {"uuid": "u-1", "status": "hovering"})])
@pytest.mark.parametrize("order", [Act.HANG_UP, Act.MUTE, Transfer("https://dialer.test/ncco")])
async def test_first_seconds_are_waited_out(world: World, status: Reply, order: Order) -> None:
    """A 400 about a call that is under way means too early: two seconds later the same is asked again."""
    world.gateway.replies = [BARE, status, replying(204)]
    await world.voice_with().steer("u-1", order)

    assert ["PUT", "GET", "PUT"] == [arrival.method for arrival in world.gateway.arrivals]
    assert [2.0] == world.sleeps


async def test_waiting_has_an_end(world: World) -> None:
    """After waiting twice it is given up, and nobody may believe it was done."""
    world.gateway.replies = [BARE, RINGING, BARE, RINGING, BARE, RINGING]
    with pytest.raises(TooEarly, match="Bad Request") as caught:
        await world.voice_with().hang_up("u-1")

    assert (400, True, [2.0, 2.0]) == (caught.value.status, caught.value.retryable, world.sleeps)


@pytest.mark.parametrize("order", [Act.MUTE, Transfer("https://dialer.test/ncco")])
async def test_ringing_call_that_is_old_enough_lacks_an_answer(world: World, order: Order) -> None:
    """What a ringing call does not take even after the waiting needs somebody who picks up."""
    world.gateway.replies = [BARE, RINGING, BARE, RINGING, BARE, RINGING]
    with pytest.raises(NotAnswered):
        await world.voice_with().steer("u-1", order)

    assert [2.0, 2.0] == world.sleeps


@pytest.mark.parametrize(
    "replies",
    [
        [replying(404, {"error_title": "Not found"})],
        [BARE, replying(404)],
        [BARE, replying(200, {"uuid": "u-1", "status": "completed", "duration": "7"})],
        [BARE, replying(200, {"uuid": "u-1", "status": "busy"})],
        [BARE, RINGING, replying(404)],
    ],
)
async def test_call_that_is_over_is_told_as_such(world: World, replies: list[Reply]) -> None:
    """An order to a call that has ended, before or meanwhile, has an error of its own that no repeating mends."""
    world.gateway.replies = replies
    with pytest.raises(CallOver) as caught:
        await world.voice_with().steer("u-1", Act.MUTE)

    assert not caught.value.retryable


async def test_wrong_path_is_no_call_that_is_over(world: World) -> None:
    """The gateway's own 404 says nothing of the call."""
    world.gateway.replies = [replying(404, {"fault": {"detail": {"errorcode": "x.ApplicationNotFound"}}})]
    with pytest.raises(CarrierError) as caught:
        await world.voice_with().steer("u-1", Act.MUTE)

    assert not isinstance(caught.value, CallOver)


@pytest.mark.parametrize("order", [TALK, StartStream("https://a.example/x.mp3"), SendDigits("1"), Act.STOP_TALK])
async def test_nobody_listens_before_the_answer(world: World, order: Order) -> None:
    """Speech, audio and keys need an answered call; a ringing one is told from one that is too young, unwaited."""
    world.gateway.replies = [BARE, RINGING]
    with pytest.raises(NotAnswered) as caught:
        await world.voice_with().steer("u-1", order)

    assert (True, []) == (caught.value.retryable, world.sleeps)


async def test_answered_call_is_spoken_into_after_a_while(world: World) -> None:
    """An answered call that is too young is waited for with speech as well."""
    world.gateway.replies = [BARE, ANSWERED, replying(200, {"message": "Talk started", "uuid": "u-1"})]
    await world.voice_with().steer("u-1", TALK)

    assert [2.0] == world.sleeps


async def test_order_that_is_wrong_is_not_waited_for(world: World) -> None:
    """A 400 that names a field is about the order, and time does not mend it."""
    world.gateway.replies = [replying(400, {"title": "Bad Request", "invalid_parameters": [{"name": "text"}]})]
    with pytest.raises(CarrierError) as caught:
        await world.voice_with().steer("u-1", TALK)

    assert (False, 1, []) == (caught.value.retryable, len(world.gateway.arrivals), world.sleeps)


@pytest.mark.parametrize(("status", "retryable"), [(403, False), (429, True), (500, True), (503, True)])
async def test_other_refusals_are_told(world: World, status: int, *, retryable: bool) -> None:
    """What has nothing to do with the call is a carrier error, and is not repeated by itself."""
    world.gateway.replies = [replying(status)]
    with pytest.raises(CarrierError) as caught:
        await world.voice_with().steer("u-1", SendDigits("1"))

    assert (retryable, 1) == (caught.value.retryable, len(world.gateway.arrivals))


@pytest.mark.parametrize(("order", "arrivals"), [(SendDigits("1"), 1), (TALK, 1), (Act.MUTE, 2)])
async def test_what_is_heard_is_never_sent_twice(world: World, order: Order, arrivals: int) -> None:
    """On a connection that breaks, keys and speech are not repeated unseen; muting twice does no harm."""
    world.gateway.replies = [replying(204)]
    voice = world.voice_with()
    await voice.steer("u-1", Act.UNMUTE)  # so that the next one goes out on a kept-alive connection
    world.gateway.replies = [world.gateway.reset]
    with pytest.raises(CarrierError, match="does not answer"):
        await voice.steer("u-1", order)

    assert 1 + arrivals == len(world.gateway.arrivals)


async def test_wrong_order_is_not_sent(world: World) -> None:
    """What the carrier would not take is refused with its field, and checking asks nobody."""
    with pytest.raises(InvalidInput):
        await world.voice.steer("u-1", SendDigits("x"))
    with pytest.raises(InvalidInput):
        world.voice.check_order(SendDigits("x"))

    world.voice.check_order(TALK)
    assert [] == world.gateway.arrivals


async def test_steering_keeps_to_the_pace_of_other_requests(world: World) -> None:
    """Orders wait for this process' share like every request that is no placing."""
    world.gateway.replies = [replying(204)]
    world.voice.set_share(0.001)
    await world.voice.steer("u-1", Act.MUTE)
    waiting = asyncio.create_task(world.voice.steer("u-2", Act.MUTE))
    world.gateway.replies = [replying(201, CREATED)]
    await world.voice.place(REQUEST)
    waiting.cancel()

    assert ["PUT", "POST"] == [arrival.method for arrival in world.gateway.arrivals]
