"""Who is there, and each process' share of the other requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from dialer import keys
from dialer.processes.ending import ended
from dialer.processes.heartbeat import (
    API_LISTS,
    WORKER_LISTS,
    Fleet,
    beat,
    farewell,
    keep_alive,
    process_name,
    read_fleet,
)
from dialer.providers.kpn import KpnVoice
from dialer.runtime import Runtime, open_runtime
from dialer.settings import Settings


@pytest.fixture
async def processes(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[list[Runtime]]:
    """What two processes open, on an empty Redis."""
    assert redis is not None
    settings = Settings(
        redis_url=redis_url,
        data_dir=tmp_path,
        carrier_client_id="tests",
        carrier_client_secret=SecretStr("tests"),
        carrier_application_id="tests",
        from_number="+31201234567",
    )
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_runtime(settings)) for _ in range(2)]


def share(process: Runtime) -> float:
    """What it may send a second now."""
    assert isinstance(process.provider, KpnVoice)
    return process.provider._channel._share_per_s


async def test_api_and_worker_share_one_budget(processes: list[Runtime]) -> None:
    """Both count, each takes what fits into every second of both together; only the worker is a worker."""
    api, worker = processes
    for _ in range(2):
        await beat("api", api, API_LISTS)
        await beat("worker", worker, WORKER_LISTS)

    assert Fleet(workers=1, speakers=2) == await read_fleet(api.batch)
    assert [round(7 / 1.05, 3)] * 2 == [round(share(process), 3) for process in processes]


async def test_whoever_is_alone_has_all_of_it(processes: list[Runtime]) -> None:
    """The only process takes the whole budget from its first heartbeat on."""
    api, _ = processes
    await beat("api", api, API_LISTS, is_known=False)

    assert 15 / 1.05 == share(api)


async def test_newcomer_waits_until_others_made_room(processes: list[Runtime]) -> None:
    """Whoever comes to others begins with one request a second, for they learn of it with their next heartbeat."""
    api, worker = processes
    await beat("worker", worker, WORKER_LISTS, is_known=False)
    beating = asyncio.create_task(keep_alive("api", api, API_LISTS))
    async with asyncio.timeout(5):
        while (await read_fleet(api.batch)).speakers < 2:  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.01)
    await ended(beating)

    assert (1.0, 15 / 1.05) == (share(api), share(worker))


async def test_who_ends_or_dies_leaves_its_share(processes: list[Runtime], redis: Redis) -> None:
    """A farewell frees the share at once, silence after fifteen seconds."""
    api, worker = processes
    await redis.zadd(keys.SPEAKERS, {"dead": worker.clock.now_us() // 1000 - 15_001})
    await beat("api", api, API_LISTS)
    await beat("worker", worker, WORKER_LISTS)
    await farewell("api", api, API_LISTS)
    await beat("worker", worker, WORKER_LISTS)

    assert (Fleet(1, 1), 15 / 1.05) == (await read_fleet(worker.batch), share(worker))


@given(per_second=st.integers(1, 200), processes=st.integers(1, 300))
def test_no_second_holds_more_than_the_budget(per_second: int, processes: int) -> None:
    """Evenly spaced requests of all processes, however they fall, fit into any second, if each may send one at all."""
    each = Fleet(workers=processes, speakers=processes).share(per_second)
    most = 1 if each <= 1 else int(each) + 1
    if processes <= per_second:
        assert most * processes <= per_second
    else:
        assert each * processes < per_second


def test_expected_time_counts_workers_only() -> None:
    """API processes keep their share for themselves, so that the workers' alone is what a hang-up takes."""
    assert 60 / (2 * 5 / 1.05) == Fleet(workers=2, speakers=3).seconds_for(60, 15)


def test_names_of_processes_differ() -> None:
    """Two names are never the same, though one process asked for both."""
    assert process_name() != process_name()
