"""The fleet's access token: real Redis, a small token server, and a clock that the test moves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from pydantic import SecretStr
from redis.asyncio import Redis

from dialer.errors import CarrierError
from dialer.providers.kpn import token as token_module
from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.client import KpnVoice
from dialer.providers.kpn.shared_token import SharedToken, TokenUnavailable
from dialer.providers.kpn.token import TokenIssuer, TokenSource

TOKEN, LOCK, FAILED = "{dialer}:token", "{dialer}:token:lock", "{dialer}:token:failed"
LIFETIME_S = 3599


@dataclass
class TokenServer:
    """Issues T1, T2, ... each for an hour, and notes what it was asked."""

    url: str = ""
    status: int = 200
    lifetime_s: object = str(LIFETIME_S)
    gate: asyncio.Event | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """One token request."""
        form = await request.post()
        self.asked.append({**request.query, **{name: str(value) for name, value in form.items()}})
        if self.gate:
            await self.gate.wait()
        if self.status != web.HTTPOk.status_code:
            return web.json_response({"ErrorCode": "away"}, status=self.status)
        granted = {"access_token": f"T{len(self.asked)}", "expires_in": self.lifetime_s, "status": "approved"}
        return web.json_response(granted)


class World:
    """A fleet: processes with one clock, one Redis and one token server."""

    def __init__(self, server: TokenServer, session: aiohttp.ClientSession, redis: Redis) -> None:
        self.server, self.session, self.redis = server, session, redis
        self.now_s = 1000.0
        self.sources: list[TokenSource] = []
        self.renewals: list[str] = []

    def process(self, *, redis: Redis | None = None, client_id: str = "cid-1") -> TokenSource:
        """A further process of the fleet."""
        account = KpnAccount(
            base_url="http://127.0.0.1:9",
            token_url=self.server.url,
            client_id=client_id,
            client_secret=SecretStr("s3cret"),
            application_id="app-1",
            timeout_s=5.0,
        )
        source = TokenSource(
            TokenIssuer(account, self.session),
            SharedToken(redis or self.redis, account.fingerprint),
            on_renewal=self.renewals.append,
            clock=lambda: self.now_s,
        )
        self.sources.append(source)
        return source

    async def pass_time(self, seconds: float) -> None:
        """Move the clock, and let the keys in Redis age by the same."""
        self.now_s += seconds
        for key in (TOKEN, LOCK, FAILED):
            left_ms = await self.redis.pttl(key)
            if left_ms > 0:
                await self.redis.pexpire(key, max(int(left_ms - seconds * 1000), 0))

    async def close(self) -> None:
        """End all processes."""
        for source in self.sources:
            await source.aclose()


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A fleet without processes yet."""
    server = TokenServer()
    app = web.Application()
    app.router.add_post("/token", server.answer)
    async with TestServer(app) as running, aiohttp.ClientSession() as session:
        server.url = str(running.make_url("/token"))
        fleet = World(server, session, redis)
        yield fleet
        await fleet.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until something holds; the test's own time limit ends a hopeless wait."""
    while not condition():  # noqa: ASYNC110 - what is waited for lies in the code under test and has no event
        await asyncio.sleep(0.001)


async def test_token_is_asked_for_as_the_carrier_wants(world: World) -> None:
    """The request is form-encoded with client and secret, its grant type in the query."""
    await world.process().token()

    assert [{"grant_type": "client_credentials", "client_id": "cid-1", "client_secret": "s3cret"}] == world.server.asked


async def test_grant_type_in_the_address_stays(world: World) -> None:
    """An address that names its grant type already is used as it is."""
    world.server.url += "?grant_type=client_credentials&x=1"
    await world.process().token()

    assert ("client_credentials", "1") == (world.server.asked[0]["grant_type"], world.server.asked[0]["x"])


async def test_many_tasks_of_two_processes_make_one_request(world: World) -> None:
    """However many placings of however many processes find no token, the server is asked once."""
    first, second = world.process(), world.process()
    voices = [KpnVoice(world.session, first._issuer._account, source) for source in (first, second)]

    tokens = await asyncio.gather(*(voices[number % 2].tokens.token() for number in range(100)))

    assert ({"T1"}, 1, ["renewed"]) == (set(tokens), len(world.server.asked), world.renewals)


async def test_keys_that_exist_afterwards(world: World) -> None:
    """A renewal leaves the token with its lifetime as expiry, no lock and no failure, and no secret."""
    await world.process().token()

    assert [TOKEN] == await world.redis.keys()
    stored = json.loads(await world.redis.get(TOKEN))
    assert ("T1", LIFETIME_S) == (stored["access_token"], stored["lifetime_s"])
    assert {"access_token", "lifetime_s", "account"} == stored.keys()
    assert LIFETIME_S * 1000 - 10_000 < await world.redis.pttl(TOKEN) <= LIFETIME_S * 1000


async def test_fresh_token_costs_nothing(world: World) -> None:
    """A token held here is given without asking Redis or the server, also when both are away."""
    source = world.process()
    await source.token()
    world.server.status = 503
    assert isinstance(source._shared, SharedToken)
    source._shared._redis = Redis(unix_socket_path="/nonexistent")
    await world.pass_time(LIFETIME_S - 121)

    assert "T1" == await source.token()
    assert 1 == len(world.server.asked)


async def test_redis_away_leaves_the_local_copy_until_its_end(world: World) -> None:
    """Without Redis a process goes on with the token it has, also a stale one, and says so when it ends."""
    source = world.process()
    await source.token()
    await world.pass_time(LIFETIME_S - 10)
    assert isinstance(source._shared, SharedToken)
    source._shared._redis = Redis(unix_socket_path="/nonexistent")

    assert "T1" == await source.token()
    with pytest.raises(CarrierError):
        await source.renew_if_stale()
    world.now_s += 11
    with pytest.raises(CarrierError, match="cannot be reached") as caught:
        await source.token()
    assert caught.value.retryable


async def test_stale_token_is_used_while_it_is_renewed(world: World) -> None:
    """Two minutes before its end the token is still given at once, and one renewal runs behind it."""
    source = world.process()
    await source.token()
    await world.pass_time(LIFETIME_S - 119)
    world.server.gate = asyncio.Event()

    assert ["T1"] * 20 == [await source.token() for _ in range(20)]
    await until(lambda: len(world.server.asked) == 2)
    world.server.gate.set()
    await until(lambda: source.lifetime_left_s() > 200)
    assert "T2" == await source.token()
    assert 2 == len(world.server.asked)


async def test_short_life_is_renewed_at_its_half(world: World) -> None:
    """A token that lives for a minute is stale after half of it, not before."""
    world.server.lifetime_s = "60"
    source = world.process()
    await source.token()

    await world.pass_time(29)
    assert not await source.renew_if_stale()
    await world.pass_time(2)
    assert await source.renew_if_stale()
    assert "T2" == await source.token()


async def test_schedule_renews_once_for_the_fleet(world: World) -> None:
    """Called in several processes at once, the schedule asks the server once, and all have the new token."""
    sources = [world.process() for _ in range(4)]
    await asyncio.gather(*(source.token() for source in sources))
    await world.pass_time(LIFETIME_S - 60)

    renewed = await asyncio.gather(*(source.renew_if_stale() for source in sources))
    for source in sources:
        await source.renew_if_stale()

    assert 1 == sum(renewed)
    assert 2 == len(world.server.asked)
    assert ["T2"] * 4 == [await source.token() for source in sources]


async def test_server_away_for_half_a_minute_harms_nobody(world: World) -> None:
    """The server is away for 30 s around the time of renewal: every request for a token is answered, at once."""
    sources = [world.process(), world.process()]
    await asyncio.gather(*(source.token() for source in sources))
    await world.pass_time(LIFETIME_S - 119)
    world.server.status = 503
    given = []
    for _ in range(30):
        given += [await source.token() for source in sources]
        await asyncio.gather(*(source._renew() for source in sources))
        await world.pass_time(1)
    requests_while_away = len(world.server.asked) - 1
    world.server.status = 200
    await world.pass_time(10)
    await sources[0].renew_if_stale()

    assert {"T1"} == set(given)
    # Pauses of 1, 2, 4, 8 and 10 s: five or six tries in 30 s, not sixty.
    assert 4 <= requests_while_away <= 7
    assert {"failed", "renewed"} == set(world.renewals)
    assert await sources[0].token() != "T1"


async def test_failure_is_known_to_the_fleet(world: World) -> None:
    """When one process was refused, another that needs a token learns it from Redis and asks nobody."""
    world.server.status = 503
    first, second = world.process(), world.process()
    for source in (first, second):
        with pytest.raises(TokenUnavailable) as caught:
            await source.token()
        assert 0 < caught.value.retry_after_ms <= 1000

    assert 1 == len(world.server.asked)
    assert [FAILED] == await world.redis.keys()


async def test_wrong_client_is_final(world: World) -> None:
    """A client that the server does not know is told as such, also by a process that only heard of it."""
    world.server.status = 401
    for source in (world.process(), world.process()):
        with pytest.raises(CarrierError, match="DIALER_CARRIER_CLIENT_ID") as caught:
            await source.token()
        assert not caught.value.retryable


async def test_revoked_token_is_dropped_once(world: World) -> None:
    """Twenty placings that were refused with the same token lead to one new one."""
    first, second = world.process(), world.process()
    await asyncio.gather(first.token(), second.token())

    await asyncio.gather(*(source.invalidate("T1") for source in (first, second) for _ in range(10)))
    tokens = await asyncio.gather(*(source.token() for source in (first, second) for _ in range(10)))

    assert ({"T2"}, 2) == (set(tokens), len(world.server.asked))


async def test_newer_token_is_not_dropped(world: World) -> None:
    """A late refusal of the token before changes nothing, here or for the fleet."""
    first, second = world.process(), world.process()
    await asyncio.gather(first.token(), second.token())
    await first.invalidate("T1")
    await first.token()

    await first.invalidate("T1")
    await second.invalidate("T1")

    assert ("T2", "T2") == (await first.token(), await second.token())
    assert "T2" == json.loads(await world.redis.get(TOKEN))["access_token"]


async def test_refused_token_is_not_taken_back_from_redis(world: World) -> None:
    """Where a refused token could not be removed, it is not used again."""
    source = world.process()
    await source.token()
    stored, left_ms = await world.redis.get(TOKEN), await world.redis.pttl(TOKEN)
    await source.invalidate("T1")
    await world.redis.set(TOKEN, stored, px=left_ms)

    assert "T2" == await source.token()


async def test_token_of_another_client_is_not_used(world: World) -> None:
    """After a change of credentials the stored token of the old client is left alone and replaced."""
    await world.process(client_id="cid-1").token()

    assert "T2" == await world.process(client_id="cid-2").token()


async def test_dead_holder_of_the_lock_blocks_no_longer_than_the_lock(world: World) -> None:
    """A process that died renewing is waited for until its lock lapses, then another one renews."""
    await world.redis.set(LOCK, "of a dead process", px=200)
    source = world.process()

    assert "T1" == await source.token()
    assert not await world.redis.exists(LOCK)


async def test_waiting_for_another_process_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a renewal that never ends gives up, and may be asked again."""
    monkeypatch.setattr(token_module, "WAIT_LIMIT_S", 0.1)
    await world.redis.set(LOCK, "of a slow process", px=60_000)

    with pytest.raises(CarrierError, match="cannot be reached") as caught:
        await world.process().token()
    assert caught.value.retryable


async def test_lock_of_another_is_not_released(world: World) -> None:
    """A lock that lapsed and was taken by somebody else is left to them."""
    shared = SharedToken(world.redis, "any")
    async with shared.lock() as mine:
        assert mine
        await world.redis.set(LOCK, "of another process")

    assert "of another process" == await world.redis.get(LOCK)


async def test_bytes_of_redis_serve_as_well(world: World, redis_url: str) -> None:
    """A connection that gives bytes, as arq's does, works the same."""
    redis = Redis.from_url(redis_url)
    source, other = world.process(redis=redis), world.process(redis=redis)
    await source.token()
    await other.token()
    await source.invalidate("T1")

    assert "T2" == await source.token()
    await redis.aclose()


async def test_stored_nonsense_is_replaced(world: World) -> None:
    """Whatever somebody put into the key, and a token without an end, is not used."""
    for nonsense in ("{", "[]", '{"access_token": "x"}'):
        await world.redis.set(TOKEN, nonsense)
        assert (await world.process().token()).startswith("T")
        await world.redis.delete(TOKEN)


async def test_cancelled_caller_leaves_the_renewal_to_others(world: World) -> None:
    """A caller that is cancelled while it waits does not take the token from those who wait with it."""
    world.server.gate = asyncio.Event()
    source = world.process()
    impatient, patient = asyncio.create_task(source.token()), asyncio.create_task(source.token())
    await until(lambda: bool(world.server.asked))
    impatient.cancel()
    world.server.gate.set()

    assert "T1" == await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_nothing_secret_is_shown(world: World) -> None:
    """Neither the source nor what it keeps shows token, client or secret as text."""
    source = world.process()
    await source.token()
    shown = repr(source) + repr(source._held) + repr(source._issuer) + repr(source._shared)

    assert not [secret for secret in ("T1", "cid-1", "s3cret") if secret in shown]


async def test_server_that_cannot_be_reached_is_asked_again_later(world: World) -> None:
    """A token server that does not even take the connection is an outage, not a wrong setting."""
    world.server.url = f"http://127.0.0.1:{unused_port()}/token"
    with pytest.raises(TokenUnavailable, match="does not answer") as caught:
        await world.process().token()

    assert caught.value.retryable
    assert ["failed"] == world.renewals
