"""What the tests of store and dialing share: the engine on the emptied server, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.fakes.engine import Engine, make_engine
from tests.fakes.switchboard import Switchboard, open_switchboard


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """Store, dialing and leases on an empty Redis, at three calls a second."""
    return make_engine(redis)


@pytest.fixture
async def board(redis: Redis, redis_url: str) -> AsyncIterator[Switchboard]:
    """A dialer and its carrier, on an empty Redis."""
    assert redis is not None
    async with open_switchboard(redis_url) as opened:
        yield opened
