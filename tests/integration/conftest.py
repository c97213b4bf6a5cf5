"""What the tests of store and dialing share: the engine on the emptied server, with a clock that the test moves."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.fakes.engine import Engine, make_engine


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """Store, dialing and leases on an empty Redis, at three calls a second."""
    return make_engine(redis)
