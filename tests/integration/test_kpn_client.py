"""The carrier's client against a small server that answers as oddly as it is told, or not at all."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer, unused_port
from pydantic import SecretStr
from redis.asyncio import Redis

from dialer.dispositions import Fact
from dialer.errors import CarrierError
from dialer.providers.base import CallRequest, Doubt, Placed, PlaceResult, Provider, Refusal, Refused, Unknown
from dialer.providers.kpn import EventKind, KpnVoice, client, kpn_from_settings
from dialer.providers.kpn.requests import LONGEST_BODY
from dialer.settings import Settings

PAYLOADS = Path(__file__).parents[1] / "data/payloads"
CREATED = {"uuid": "u-1", "status": "started", "direction": "outbound", "conversation_uuid": "CON-1"}
REQUEST = CallRequest(
    to="+31612345678",
    from_="+31201234567",
    answer_url="https://dialer.test/webhooks/t/answer",
    event_url="https://dialer.test/webhooks/t/event",
    ringing_timer_s=45,
    length_timer_s=600,
)
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Arrival:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


def replying(status: int, body: Any = None, *, headers: dict[str, str] | None = None, text: str = "") -> Reply:
    """Answer with a status and JSON, or text."""

    async def reply(_: web.Request) -> web.Response:
        payload = json.dumps(body) if body is not None else text
        return web.Response(status=status, text=payload, headers=headers)

    return reply


@dataclass
class Gateway:
    """Token server and Voice API at one address; replies are taken from a list, the last one again and again."""

    replies: list[Reply] = field(default_factory=lambda: [replying(201, CREATED)])
    token_replies: list[Reply] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    tokens: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def voice(self, request: web.Request) -> web.StreamResponse:
        """Any request to the Voice API."""
        text = await request.text()
        body = json.loads(text) if text else None
        self.arrivals.append(
            Arrival(request.method, request.raw_path, dict(request.query), dict(request.headers), body)
        )
        return await (self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])(request)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A token request."""
        self.tokens += 1
        if self.token_replies:
            return await self.token_replies.pop(0)(request)
        return web.json_response({"access_token": f"T{self.tokens}", "expires_in": "3599", "status": "approved"})

    async def hang(self, _: web.Request) -> web.StreamResponse:
        """Never answer, until the test is over."""
        await self.hanging.wait()
        return web.Response()

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """Take the request and drop the connection."""
        assert request.transport
        request.transport.abort()
        return web.Response()

    async def garbage(self, request: web.Request) -> web.StreamResponse:
        """Answer with something that is no HTTP."""
        assert request.transport
        request.transport.write(b"\x00\x01 what?\r\n\r\n")
        request.transport.close()
        return web.Response()

    async def cut_off(self, request: web.Request, status: int = 201) -> web.StreamResponse:
        """Send the status and half a body, then drop the connection."""
        response = web.StreamResponse(status=status, headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"uuid": "u-')
        assert request.transport
        request.transport.close()
        return response

    async def cut_off_refusal(self, request: web.Request) -> web.StreamResponse:
        """The same with a 429."""
        return await self.cut_off(request, 429)

    async def half_then_silence(self, request: web.Request) -> web.StreamResponse:
        """Send the status and half a body, then nothing."""
        response = web.StreamResponse(status=201, headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"uuid": "u-')
        await self.hanging.wait()
        return response

    async def endless(self, request: web.Request) -> web.StreamResponse:
        """Send a success whose body does not end."""
        response = web.StreamResponse(status=201)
        await response.prepare(request)
        while not self.hanging.is_set():
            await response.write(b" " * 16_384)
        return response


@dataclass
class World:
    """A client with its gateway."""

    gateway: Gateway
    voice: KpnVoice
    session: aiohttp.ClientSession
    settings: Settings
    redis: Redis

    def patient_for(self, timeout_s: float) -> KpnVoice:
        """The same client with another time limit."""
        account = replace(self.voice._account, timeout_s=timeout_s)
        return KpnVoice(self.session, account, self.voice.tokens)


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/token", gateway.token)
    app.router.add_route("*", "/nexmo/{path:.*}", gateway.voice)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        settings = Settings(
            carrier_url=str(server.make_url("/nexmo/")),
            carrier_token_url=str(server.make_url("/token")),
            carrier_client_id="client-id-1",
            carrier_client_secret=SecretStr("s3cret"),
            carrier_application_id="app-1",
            carrier_timeout_s=5,
            other_requests_per_second=1000,
        )
        voice = kpn_from_settings(settings, session, redis)
        yield World(gateway, voice, session, settings, redis)
        gateway.hanging.set()
        await voice.aclose()


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


class NoNames(AbstractResolver):
    """A name service that knows no name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Fail as the system does."""
        raise OSError(None, f"no address for {host}:{port} in {family}")

    async def close(self) -> None:
        """Nothing is open."""


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


@pytest.mark.parametrize("status", ["started", "ringing", "answered"])
async def test_ending_too_early_is_to_be_tried_again(world: World, status: str) -> None:
    """A 400 about a call that is under way means too early, and nobody may believe it ended."""
    world.gateway.replies = [replying(400), replying(200, {"uuid": "u-1", "status": status})]
    with pytest.raises(CarrierError) as caught:
        await world.voice.hang_up("u-1")

    assert (400, True) == (caught.value.status, caught.value.retryable)


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
    limiter = world.voice._limiter
    world.voice.set_share(0.001)

    assert limiter is world.voice._limiter


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
