"""Who gets in: right keys, however they are written; how wrong ones are slowed down; what a use leaves behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from dialer import keys
from dialer.access import Role, digest_of, id_of, make_key
from dialer.api.auth import Caller, Doorkeeper
from dialer.api.problems import Problem
from dialer.clock import moment
from dialer.errors import StoreUnavailable
from dialer.runtime import Runtime
from dialer.store import Store
from tests.fakes.api_keys import forged, kept

WRONG_A_MINUTE = 20
HERE, THERE = "192.0.2.1", "192.0.2.2"
LONG, SHORT = "a key that nobody guesses", "s3cret"


def door(runtime: Runtime, first_key: str = LONG, **settings: Any) -> Doorkeeper:
    """A process' doorkeeper."""
    changed = runtime.settings.model_copy(update=settings)
    return Doorkeeper(first_key, Runtime(changed, *(getattr(runtime, name) for name in Runtime.__slots__[1:])))


async def refusal(doorkeeper: Doorkeeper, header: str | None, address: str = HERE) -> Problem:
    """Why it is not let in."""
    with pytest.raises(Problem) as caught:
        await doorkeeper.caller(header, address)
    return caught.value


async def enter(doorkeeper: Doorkeeper, key: str, address: str = HERE) -> Caller:
    """Be let in."""
    return await doorkeeper.caller(f"Bearer {key}", address)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
async def test_key_is_taken(runtime: Runtime, scheme: str) -> None:
    """The scheme's case and spaces around the key don't matter (RFC 9110)."""
    key = await kept(runtime, Role.LAUNCH)
    first = await door(runtime).caller(scheme + LONG, HERE)
    other = await door(runtime).caller(f"{scheme}{key} ", HERE)

    assert [{*Role}, {Role.LAUNCH, Role.READ}] == [first.may, other.may]
    assert (digest_of(LONG)[:8], id_of(key)) == (first.id, other.id)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", f"Bearer {LONG[:-1]}", f"Bearer {LONG}2", f"Basic {LONG}", LONG, "Bearer \udcff"],
)
async def test_anything_else_is_refused(runtime: Runtime, header: str | None) -> None:
    """A missing, wrong or differently sent key is refused with the scheme to use."""
    problem = await refusal(door(runtime), header)

    assert (401, "Authorization") == (problem.kind.status, problem.field)
    assert (problem.headers or {})["WWW-Authenticate"].startswith('Bearer realm="dialer"')


async def test_an_id_alone_opens_nothing(runtime: Runtime) -> None:
    """Ids stand in logs: one with other secret bits, and a checksum that is right, is no key."""
    key = await kept(runtime, Role.ADMIN)
    made_up = forged(key)

    assert id_of(key) == id_of(made_up)
    assert 401 == (await refusal(door(runtime), f"Bearer {made_up}")).kind.status


async def test_a_key_lapses_at_its_moment(runtime: Runtime) -> None:
    """Before it is good; after that it is refused by name, as often as it comes."""
    doorkeeper = door(runtime)
    good, lapsed = await kept(runtime, lasts_s=3600), await kept(runtime, lasts_s=-0.001)
    await enter(doorkeeper, good)
    for _ in range(2 * WRONG_A_MINUTE):
        problem = await refusal(doorkeeper, f"Bearer {lapsed}")
        assert (401, True) == (problem.kind.status, f"{id_of(lapsed)} (Quay) lapsed at" in problem.detail)


async def test_a_revoked_key_is_refused_by_every_process_at_once(runtime: Runtime) -> None:
    """Nobody remembers that it was good."""
    one, other = door(runtime), door(runtime)
    key = await kept(runtime)
    await asyncio.gather(enter(one, key), enter(other, key))
    await runtime.store.revoke_api_key(str(id_of(key)))

    assert [401, 401] == [(await refusal(each, f"Bearer {key}")).kind.status for each in (one, other)]


async def test_wrong_keys_are_slowed_down_where_they_come_from(runtime: Runtime) -> None:
    """After twenty a minute 429 with Retry-After; at another address, and for right keys at the same one, nothing."""
    doorkeeper, key = door(runtime), await kept(runtime)
    found = [await refusal(doorkeeper, f"Bearer {make_key()}") for _ in range(WRONG_A_MINUTE + 5)]

    assert [401] * WRONG_A_MINUTE + [429] * 5 == [problem.kind.status for problem in found]
    assert {"Retry-After": "3"} == found[-1].headers
    assert 401 == (await refusal(doorkeeper, "Bearer wrong", THERE)).kind.status
    await enter(doorkeeper, key)
    await enter(doorkeeper, LONG)


async def test_a_key_that_could_be_guessed_shares_its_address_fate(runtime: Runtime) -> None:
    """Whoever guesses at a short DIALER_API_KEY does not learn that one guess was right."""
    doorkeeper = door(runtime, SHORT)
    await enter(doorkeeper, SHORT)
    for number in range(WRONG_A_MINUTE):
        await refusal(doorkeeper, f"Bearer guess-{number}")

    assert 429 == (await refusal(doorkeeper, f"Bearer {SHORT}")).kind.status
    await enter(doorkeeper, SHORT, THERE)


async def test_addresses_of_one_network_count_as_one(runtime: Runtime) -> None:
    """Whoever has one address of an IPv6 /64 has 18,446,744,073,709,551,616."""
    doorkeeper = door(runtime)
    found = [await refusal(doorkeeper, "Bearer x", f"2001:db8::{n:x}") for n in range(WRONG_A_MINUTE + 1)]

    assert 429 == found[-1].kind.status
    assert 401 == (await refusal(doorkeeper, "Bearer x", "2001:db8:0:1::1")).kind.status


async def test_a_key_has_its_share_of_requests(runtime: Runtime) -> None:
    """Two seconds' worth at once, then 429 with Retry-After; other keys and the first one are not touched."""
    doorkeeper = door(runtime, api_requests_per_second=2.0)
    busy, other = await kept(runtime), await kept(runtime)
    for _ in range(4):
        await enter(doorkeeper, busy)
    problem = await refusal(doorkeeper, f"Bearer {busy}")

    assert (429, "/problems/too-many-requests", {"Retry-After": "1"}) == (
        problem.kind.status,
        problem.kind.uri,
        problem.headers,
    )
    await enter(doorkeeper, other)
    for _ in range(20):
        await enter(doorkeeper, LONG)


async def test_the_last_use_is_noted_once_a_minute(
    stranger: aiohttp.ClientSession, runtime: Runtime, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the requests, not once each; and not of a key that was revoked meanwhile."""
    written: list[str] = []
    use = Store.use_api_key

    async def counted(store: Store, key_id: str, *args: Any) -> None:
        await use(store, key_id, *args)
        written.append(key_id)

    monkeypatch.setattr(Store, "use_api_key", counted)
    key = await kept(runtime)
    for _ in range(10):
        async with stranger.get("/v1/me", headers={"Authorization": f"Bearer {key}"}) as response:
            assert 200 == response.status
    key_id = str(id_of(key))
    async with asyncio.timeout(5):
        while not written:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)

    assert [key_id] == written
    assert (await runtime.store.known_api_key(key_id)).used_at is not None
    await runtime.store.revoke_api_key(key_id)
    await use(runtime.store, key_id, moment(0))
    assert 0 == await redis.exists(*keys.OF_API_KEYS)


async def test_without_redis_nobody_is_told_that_a_key_is_wrong(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be right: that nobody can look is 503; the first key needs no look."""

    async def away(*_: Any) -> None:
        raise StoreUnavailable("away")

    key = await kept(runtime)
    monkeypatch.setattr(Store, "api_key", away)
    with pytest.raises(StoreUnavailable):
        await enter(door(runtime), key)
    assert "DIALER_API_KEY" == (await enter(door(runtime), LONG)).name


async def test_refusals_are_counted_by_reason(runtime: Runtime) -> None:
    """One each, for whoever watches the dashboard."""
    reasons = ("missing_key", "wrong_key", "lapsed_key", "failures", "rate", "role")
    before = [_counted(reason) for reason in reasons]
    doorkeeper, lapsed = door(runtime, api_requests_per_second=0.5), await kept(runtime, lasts_s=-1)
    key = await kept(runtime)
    with pytest.raises(Problem):
        (await enter(doorkeeper, key)).require((Role.LAUNCH,))
    for header in (None, f"Bearer {lapsed}", f"Bearer {key}", *["Bearer wrong"] * (WRONG_A_MINUTE + 1)):
        await refusal(doorkeeper, header)

    assert [1, WRONG_A_MINUTE, 1, 1, 1, 1] == [
        _counted(reason) - was for reason, was in zip(reasons, before, strict=True)
    ]


def _counted(reason: str) -> float:
    return REGISTRY.get_sample_value("dialer_api_refusals_total", {"reason": reason}) or 0


async def test_revoking_wins_whoever_is_using_the_key(runtime: Runtime, redis: Redis) -> None:
    """Whatever begins after it is refused, and no use written late brings anything back."""
    doorkeeper, key = door(runtime, api_requests_per_second=10_000.0), await kept(runtime)
    revoked = asyncio.Event()

    async def use() -> int:
        late = 0
        for _ in range(50):
            after = revoked.is_set()
            with suppress(Problem):
                await doorkeeper.note_use(await enter(doorkeeper, key))
                late += after
        return late

    async def revoke() -> None:
        await asyncio.sleep(0.005)
        await runtime.store.revoke_api_key(str(id_of(key)))
        revoked.set()

    *late, _ = await asyncio.gather(*(use() for _ in range(20)), revoke())

    assert [0] * 20 == late
    assert 0 == await redis.exists(*keys.OF_API_KEYS)


async def test_a_look_up_is_one_command(runtime: Runtime, redis: Redis) -> None:
    """None for the first key, nor for what is no key at all."""
    doorkeeper, key = door(runtime), await kept(runtime)
    counted: list[int] = []
    for sent in (LONG, key, "wrong"):
        before = (await redis.info("commandstats")).get("cmdstat_hget", {"calls": 0})["calls"]
        await asyncio.gather(doorkeeper.caller(f"Bearer {sent}", HERE), return_exceptions=True)
        counted.append((await redis.info("commandstats")).get("cmdstat_hget", {"calls": 0})["calls"] - before)

    assert [0, 1, 0] == counted
