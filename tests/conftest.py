"""What all tests share: a real, private Redis server for the run, emptied before each test that asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from dialer.metrics.table import CONTRACTS
from tests.fakes.redis_server import redis_server

pytest.register_assert_rewrite("tests.fakes.walk")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Address of a Redis server that belongs to this run alone and forgets everything at its end."""
    with redis_server("--appendonly", "no") as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection to the empty server."""
    client = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(autouse=True)
def _no_stray_labels() -> Iterator[None]:
    """Whatever a test did, no label has a value but those of its contract."""
    yield
    assert [] == [stray for contract in CONTRACTS.values() for stray in contract.strays()]
