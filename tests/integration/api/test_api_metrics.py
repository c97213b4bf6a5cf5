"""The metrics of an API as they are scraped: in Prometheus' own terms, with and without Redis, by service discovery."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, STDOUT
from dataclasses import replace

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from dialer import keys
from dialer.metrics.contract import Scope
from dialer.metrics.table import CONTRACTS
from dialer.metrics.targets import address_in, announced
from dialer.runtime import Runtime
from dialer.settings import Settings
from tests.fakes.programs import program

FLEET = {name for name, contract in CONTRACTS.items() if contract.scope is Scope.FLEET}


async def scraped(client: aiohttp.ClientSession) -> dict[str, dict[tuple[str, ...], float]]:
    """The samples of a scrape: by metric, then by the values of their labels in the order of their names."""
    async with client.get("/metrics") as response:
        assert 200 == response.status
        text = await response.text()
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[values] = sample.value
    return found


async def test_scrape_tells_the_shared_state(stranger: aiohttp.ClientSession, campaign_id: str) -> None:
    """Every gauge of the fleet is there, with what is in Redis."""
    assert campaign_id
    found = await scraped(stranger)

    assert FLEET <= found.keys()
    assert 1 == found["dialer_redis_up"][()]
    assert 1 == found["dialer_campaigns"]["notification", "draft"]
    assert (0.0, 1.0) == (found["dialer_workers"][()], found["dialer_apis"][()])


async def test_prometheus_has_nothing_against_our_names(stranger: aiohttp.ClientSession) -> None:
    """Its own checker reads a whole scrape without a complaint: names, units, types and help."""
    async with stranger.get("/metrics") as response:
        text = await response.read()
    checker = await asyncio.create_subprocess_exec(
        program("promtool"), "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await checker.communicate(text)

    assert (0, "") == (checker.returncode, said.decode())


async def test_process_says_what_it_is_and_when_its_duties_turned(
    stranger: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """Version and role, and the moment of the last heartbeat by the clock of the wall."""
    found = await scraped(stranger)

    assert ["api"] == [role for _, role, _ in found["dialer_build_info"]]
    assert abs(found["dialer_last_turn_timestamp_seconds"]["heartbeat",] - runtime.clock.now_us() / 1_000_000) < 60


async def test_requests_are_timed_by_operation(api: aiohttp.ClientSession) -> None:
    """By the name in the API's reference and the class of the answer, whatever the path says."""

    async def counted() -> list[float]:
        found = (await scraped(api))["dialer_api_request_seconds_count"]
        return [found.get(one, 0) for one in (("get_campaign", "4xx"), ("none", "4xx"))]

    before = await counted()
    for path in ("/v1/campaigns/nobody", "/v1/nowhere"):
        async with api.get(path) as response:
            assert 404 == response.status

    assert [1, 1] == [after - earlier for after, earlier in zip(await counted(), before, strict=True)]


async def test_open_streams_are_told_and_not_timed(api: aiohttp.ClientSession) -> None:
    """A stream counts while it is open; how long somebody listens is no time of an answer."""
    before = await timed(api, "listen")
    async with api.get("/v1/events") as response:
        assert 200 == response.status
        assert 1 == (await scraped(api))["dialer_listeners"][()]
    async with asyncio.timeout(5):
        while (await scraped(api))["dialer_listeners"][()]:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)
    assert before == await timed(api, "listen")


async def timed(api: aiohttp.ClientSession, operation: str) -> dict[tuple[str, ...], float]:
    """How many answers of an operation were timed so far, by their status; this process' other tests count too."""
    counts = (await scraped(api)).get("dialer_api_request_seconds_count", {})
    return {labels: count for labels, count in counts.items() if labels[0] == operation}


async def test_all_processes_are_found_by_their_role(
    stranger: aiohttp.ClientSession, url: str, runtime: Runtime, redis: Redis
) -> None:
    """Prometheus reads from any API where all of them are; whoever ended in order or fell silent is there no more."""
    here = url.removeprefix("http://")

    async def told() -> list[dict[str, object]]:
        async with stranger.get("/metrics/targets") as response:
            assert (200, "application/json") == (response.status, response.content_type)
            found: list[dict[str, object]] = await response.json()
            return found

    async def settled(count: int) -> None:
        async with asyncio.timeout(10):
            while count != await redis.zcard(keys.TARGETS):  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.02)

    await redis.zadd(keys.TARGETS, {"worker 10.0.0.9:9101": runtime.clock.now_us() // 1000 - keys.WORKER_ALIVE_MS})
    async with announced(runtime, "worker", 9101):
        await settled(2)  # the silent one is swept by whoever comes
        assert [
            {"targets": [here], "labels": {"role": "api"}},
            {"targets": ["127.0.0.1:9101"], "labels": {"role": "worker"}},
        ] == await told()

    assert [{"targets": [here], "labels": {"role": "api"}}] == await told()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - told, not bound
async def test_process_on_all_addresses_announces_one_that_leads_to_it(
    host: str, runtime: Runtime, settings: Settings
) -> None:
    """Nobody can scrape `0.0.0.0`: with Redis on this machine it is found there too."""
    everywhere = replace(runtime, settings=settings.model_copy(update={"host": host}))
    async with announced(everywhere, "api", 8080), asyncio.timeout(5):
        while not (found := await runtime.batch.command("ZRANGE", keys.TARGETS, 0, -1)):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)

    assert ["api 127.0.0.1:8080"] == found


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("id=3 addr=10.0.0.4:38022 laddr=10.0.0.2:6379 fd=8", "10.0.0.4"),
        ("id=3 addr=[fd00::4]:38022 laddr=[fd00::2]:6379 fd=8", "fd00::4"),
        ("id=3 addr=/tmp/redis.sock:0 laddr=/tmp/redis.sock:0 fd=8", "127.0.0.1"),
        ("id=3 fd=8", "127.0.0.1"),
    ],
    ids=["version 4", "version 6", "socket", "not told"],
)
def test_own_address_is_the_one_that_redis_sees(told: str, address: str) -> None:
    """As `CLIENT INFO` tells it; loopback where Redis is on this machine, or does not tell."""
    assert address == address_in(told)
