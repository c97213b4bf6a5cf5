"""What the tests of store, dialing and recordings share: the engine on the emptied server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dialer.providers.kpn import Dialect
from tests.fakes.engine import Engine, make_engine
from tests.fakes.kpn_gateway import World, open_world
from tests.fakes.recording_host import GRANTED, RecordingHost, open_host
from tests.fakes.recordings import Desk, open_desk
from tests.fakes.switchboard import Switchboard, open_switchboard


@pytest.fixture
async def engine(redis: Redis) -> Engine:
    """Store, dialing and leases on an empty Redis with its version, at three calls a second."""
    made = make_engine(redis)
    await made.store.stamp()
    return made


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A carrier that grants recording tokens."""
    async with open_world(redis) as opened:
        opened.gateway.replies = [GRANTED]
        yield opened


@pytest.fixture
async def host() -> AsyncIterator[RecordingHost]:
    """A host of recordings, on which the carrier has them."""
    async with open_host() as opened:
        yield opened


@pytest.fixture
async def desk(engine: Engine, world: World, host: RecordingHost, tmp_path: Path) -> Desk:
    """A worker's part for recordings, while a call is up."""
    await engine.run_campaign(calls=2)
    await engine.ring()
    provider = world.voice_with(Dialect(recording_origins=frozenset({host.origin})))
    return open_desk(engine, provider, tmp_path / "recordings")


@pytest.fixture
async def board(redis: Redis, redis_url: str) -> AsyncIterator[Switchboard]:
    """A dialer and its carrier, on an empty Redis."""
    assert redis is not None
    async with open_switchboard(redis_url) as opened:
        yield opened
