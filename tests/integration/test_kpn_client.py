"""Placing at the carrier: one request, whatever the server does, which answers as oddly as it is told or not at all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from redis.asyncio import Redis

from dialer.dispositions import Fact
from dialer.providers.base import Doubt, Placed, PlaceResult, Provider, Refusal, Refused, Unknown
from dialer.providers.kpn import EventKind, KpnVoice
from dialer.providers.kpn.requests import LONGEST_BODY
from tests.fakes.kpn_gateway import CREATED, REQUEST, Reply, World, open_world, replying
from tests.fakes.names import NoNames


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    async with open_world(redis) as opened:
        yield opened


async def test_request_is_what_the_carrier_wants(world: World) -> None:
    """Digits without a plus, arrays where KPN wants them, methods and timers named, and the application in a header."""
    provider: Provider = world.voice
    result = await provider.place(REQUEST)

    assert Placed("u-1", "CON-1") == result
    (arrival,) = world.gateway.arrivals
    assert ("POST", "/nexmo/voice/calls") == (arrival.method, arrival.path)
    assert {
        "to": [{"type": "phone", "number": "31612345678"}],
        "from": {"type": "phone", "number": "31201234567"},
        "answer_url": ["https://dialer.test/webhooks/t/answer"],
        "answer_method": "GET",
        "event_url": ["https://dialer.test/webhooks/t/event"],
        "event_method": "POST",
        "ringing_timer": 45,
        "length_timer": 600,
    } == arrival.body
    assert ("Bearer T1", "app-1", "application/json") == (
        arrival.headers["Authorization"],
        arrival.headers["ApplicationId"],
        arrival.headers["Content-Type"],
    )


async def test_machine_detection_is_sent_when_asked_for(world: World) -> None:
    """Detection is named only where the call wants it."""
    await world.voice.place(replace(REQUEST, machine_detection="continue"))

    assert "continue" == world.gateway.arrivals[0].body["machine_detection"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replying(302, headers={"Location": "/nexmo/voice/calls"}), Refused(Refusal.MISCONFIGURED, "HTTP 302")),
        (replying(307, headers={"Location": "/nexmo/voice/calls"}), Refused(Refusal.MISCONFIGURED, "HTTP 307")),
        (replying(400, {"title": "No"}), Refused(Refusal.BAD_REQUEST, "HTTP 400: No")),
        (replying(403), Refused(Refusal.MISCONFIGURED, "HTTP 403")),
        (replying(429, headers={"Retry-After": "2"}), Refused(Refusal.RATE, "HTTP 429", 2000)),
        (replying(503, headers={"Retry-After": "3"}), Unknown(Doubt.UNAVAILABLE, "HTTP 503", 3000)),
        (replying(504, text="<h1>Time-out</h1>"), Unknown(Doubt.SERVER_ERROR, "HTTP 504: Time-out")),
        (replying(201, text="<h1>Created</h1>"), Unknown(Doubt.UNREADABLE, "HTTP 201: Created")),
        (replying(201), Unknown(Doubt.UNREADABLE, "HTTP 201")),
    ],
)
async def test_answer_becomes_its_outcome_after_one_request(world: World, reply: Reply, expected: PlaceResult) -> None:
    """Redirects are not followed, errors not tried again: one placing is one request, whatever the answer."""
    world.gateway.replies = [reply]

    assert expected == await world.voice.place(REQUEST)
    assert 1 == len(world.gateway.arrivals)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("reset", Doubt.CONNECTION_LOST),
        ("garbage", Doubt.UNREADABLE),
        ("cut_off", Doubt.UNREADABLE),
        ("cut_off_refusal", Refusal.RATE),
        ("endless", Doubt.UNREADABLE),
    ],
)
async def test_broken_answer_is_never_sent_again(world: World, behaviour: str, expected: Refusal | Doubt) -> None:
    """A connection that breaks after sending leaves a doubt, a status that came counts, and nothing is repeated."""
    await world.voice.place(REQUEST)  # so that the next one goes out on a kept-alive connection
    world.gateway.replies = [getattr(world.gateway, behaviour)]

    result = await world.voice.place(REQUEST)

    assert not isinstance(result, Placed)
    assert expected == result.reason
    assert 2 == len(world.gateway.arrivals)


@pytest.mark.parametrize(
    ("behaviour", "expected"), [("hang", Doubt.TIMED_OUT), ("half_then_silence", Doubt.UNREADABLE)]
)
async def test_silence_ends_with_the_time_limit(world: World, behaviour: str, expected: Doubt) -> None:
    """A carrier that took the request and says nothing, or stops half-way, leaves a doubt after the time limit."""
    world.gateway.replies = [getattr(world.gateway, behaviour)]
    await world.voice.tokens.token()

    result = await world.patient_for(0.2).place(REQUEST)

    assert isinstance(result, Unknown)
    assert (expected, 1) == (result.reason, len(world.gateway.arrivals))


async def test_body_is_read_up_to_its_bound(world: World) -> None:
    """A valid call in a body longer than the bound is not waited for: what was read makes no sense."""
    world.gateway.replies = [replying(201, {"padding": "x" * LONGEST_BODY, **CREATED})]

    result = await world.voice.place(REQUEST)

    assert isinstance(result, Unknown)
    assert Doubt.UNREADABLE == result.reason


async def test_nothing_is_sent_where_nobody_listens(world: World) -> None:
    """A refused connection means surely no call."""
    await world.voice.tokens.token()
    account = replace(world.voice._account, base_url=f"http://127.0.0.1:{unused_port()}")

    result = await KpnVoice(world.session, account, world.voice.tokens).place(REQUEST)

    assert Refused(Refusal.NOT_SENT, "ClientConnectorError") == result


async def test_nothing_is_sent_to_an_unknown_host(world: World) -> None:
    """A host without an address means surely no call."""
    await world.voice.tokens.token()
    account = replace(world.voice._account, base_url="http://carrier.invalid")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoNames())) as session:
        result = await KpnVoice(session, account, world.voice.tokens).place(REQUEST)

    assert Refused(Refusal.NOT_SENT, "ClientConnectorDNSError") == result


async def test_nothing_is_sent_where_tls_fails(world: World) -> None:
    """A server that does not speak TLS is found out before anything is sent."""
    await world.voice.tokens.token()
    account = replace(world.voice._account, base_url=world.settings.carrier_url.replace("http:", "https:"))

    result = await KpnVoice(world.session, account, world.voice.tokens).place(REQUEST)

    assert isinstance(result, Refused)
    assert (Refusal.NOT_SENT, []) == (result.reason, world.gateway.arrivals)


async def test_nothing_is_sent_while_all_connections_are_taken(world: World) -> None:
    """Waiting for a free connection until the limit for connecting means surely no call."""
    await world.voice.tokens.token()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as narrow:
        hanging = KpnVoice(narrow, world.voice._account, world.voice.tokens)
        world.gateway.replies = [world.gateway.hang]
        first = asyncio.create_task(hanging.place(REQUEST))
        while not world.gateway.arrivals:  # noqa: ASYNC110 - the arrival is at the far end and has no event here
            await asyncio.sleep(0.001)
        second = await KpnVoice(narrow, replace(world.voice._account, timeout_s=0.2), world.voice.tokens).place(REQUEST)
        world.gateway.hanging.set()
        await first

    assert isinstance(second, Refused)
    assert (Refusal.NOT_SENT, 1) == (second.reason, len(world.gateway.arrivals))


async def test_closed_session_sends_nothing(world: World) -> None:
    """A placing that comes after the end of the session is surely no call."""
    await world.voice.tokens.token()
    await world.session.close()

    assert Refused(Refusal.NOT_SENT, "This process is shutting down") == await world.voice.place(REQUEST)


async def test_cancelling_is_not_swallowed(world: World) -> None:
    """A cancelled placing raises the cancellation; the worker shields it where it must not be lost."""
    world.gateway.replies = [world.gateway.hang]
    placing = asyncio.create_task(world.voice.place(REQUEST))
    while not world.gateway.arrivals:  # noqa: ASYNC110 - the arrival is at the far end and has no event here
        await asyncio.sleep(0.001)
    placing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await placing


async def test_without_a_token_nothing_is_sent(world: World) -> None:
    """A token server that is away is a refusal with the fleet's pause, and the call is not asked for."""
    world.gateway.token_replies = [replying(503)]

    result = await world.voice.place(REQUEST)

    assert isinstance(result, Refused)
    assert (Refusal.TOKEN, []) == (result.reason, world.gateway.arrivals)
    assert 0 < (result.retry_after_ms or 0) <= 1000


@pytest.mark.parametrize("status", [401, 500])
async def test_wrong_client_stops_the_campaign(world: World, status: int) -> None:
    """A client that the token server does not know is a matter of settings, told so that a person can mend it."""
    world.gateway.token_replies = [replying(status, {"ErrorCode": "invalid_client"})]

    result = await world.voice.place(REQUEST)

    assert isinstance(result, Refused)
    assert (Refusal.MISCONFIGURED, []) == (result.reason, world.gateway.arrivals)
    assert "DIALER_CARRIER_CLIENT_ID" in result.detail


async def test_refused_token_is_renewed_for_the_next_placing(world: World) -> None:
    """A 401 is a refusal after one request; the next placing goes out with a new token."""
    unauthorized = {"type": "UNAUTHORIZED", "error_title": "Unauthorized T1"}
    world.gateway.replies = [replying(401, unauthorized), replying(201, CREATED)]

    assert Refused(Refusal.TOKEN, "HTTP 401: Unauthorized ***") == await world.voice.place(REQUEST)
    assert 1 == len(world.gateway.arrivals)
    assert Placed("u-1", "CON-1") == await world.voice.place(REQUEST)
    assert ["Bearer T1", "Bearer T2"] == [arrival.headers["Authorization"] for arrival in world.gateway.arrivals]


async def test_many_refusals_of_one_token_are_one_renewal(world: World) -> None:
    """Placings under way with a revoked token are all refused, and one new token is asked for."""
    world.gateway.replies = [replying(401)]
    await world.voice.tokens.token()
    results = await asyncio.gather(*(world.voice.place(REQUEST) for _ in range(10)))
    world.gateway.replies = [replying(201, CREATED)]
    await world.voice.place(REQUEST)

    assert [Refusal.TOKEN] * 10 == [result.reason for result in results if isinstance(result, Refused)]
    assert 2 == world.gateway.tokens


async def test_third_token_refused_in_a_row_stops_the_campaign(world: World) -> None:
    """When one new token after another is refused, renewing does not help: product or application are wrong."""
    world.gateway.replies = [replying(401)]
    results = [await world.voice.place(REQUEST) for _ in range(3)]

    assert [Refusal.TOKEN, Refusal.TOKEN, Refusal.MISCONFIGURED] == [
        r.reason for r in results if isinstance(r, Refused)
    ]


async def test_refusals_with_a_success_between_are_no_misconfiguration(world: World) -> None:
    """Tokens that are revoked one after the other, each after having served, are only renewed."""
    world.gateway.replies = [reply for _ in range(4) for reply in (replying(401), replying(201, CREATED))]
    results = [await world.voice.place(REQUEST) for _ in range(8)]

    assert [Refusal.TOKEN, "placed"] * 4 == [r.reason if isinstance(r, Refused) else "placed" for r in results]


async def test_details_hold_no_secret_and_no_number(world: World) -> None:
    """What the carrier repeats of token, client and number is masked in the detail."""
    world.gateway.replies = [replying(400, {"detail": "T1 client-id-1 s3cret +31612345678"})]

    assert Refused(Refusal.BAD_REQUEST, "HTTP 400: *** *** *** +31*******78") == await world.voice.place(REQUEST)


def test_client_shows_no_credentials(world: World) -> None:
    """The client's text is its address."""
    assert f"KpnVoice({world.settings.carrier_url!r})" == repr(world.voice)


async def test_made_ready_the_placing_is_one_request(world: World) -> None:
    """After being made ready a placing asks nobody for a token, and renewing ahead finds nothing to do."""
    await world.voice.make_ready()
    world.gateway.token_replies = [replying(503)]

    assert not await world.voice.renew_ahead()
    assert Placed("u-1", "CON-1") == await world.voice.place(REQUEST)


async def test_events_are_translated(world: World) -> None:
    """Callbacks are read by the client of their carrier."""
    event = world.voice.parse_event({"status": "busy", "uuid": "u-1"})

    assert (EventKind.BUSY, {Fact.BUSY}) == (event.kind, set(event.facts))
