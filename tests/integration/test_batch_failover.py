"""Whatever was confirmed outlives the primary, whether that is told to hand over or killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer.errors import StoreUnavailable
from dialer.redis.batch import Batch
from dialer.redis.connection import open_redis
from dialer.redis.witnesses import HOLD_S
from dialer.settings import load_settings
from tests.fakes.redis_group import SERVICE, RedisGroup, open_group

WRITERS = 20
AGAIN_WITHIN_S = HOLD_S + 15
Change = Callable[[RedisGroup], Awaitable[None]]


@pytest.fixture
async def group() -> AsyncIterator[RedisGroup]:
    """A primary, two replicas and three sentinels."""
    async with open_group(replicas=2, sentinels=3) as opened:
        yield opened


async def _handed_over(group: RedisGroup) -> None:
    asked: Any = group.sentinels[0].client
    await asked.execute_command("SENTINEL", "FAILOVER", SERVICE)


async def _killed(group: RedisGroup) -> None:
    await group.servers[0].kill()


@pytest.mark.parametrize("change", [_handed_over, _killed])
async def test_what_was_confirmed_is_on_the_next_primary(group: RedisGroup, change: Change) -> None:
    """Many write all the time; what any of them was told is done stands on the server that takes over."""
    async with open_redis(load_settings(redis_url=group.url)) as redis:
        writing = Writing(Batch(redis, replicas=1))
        async with asyncio.TaskGroup() as writers:
            for writer in range(WRITERS):
                writers.create_task(writing.write(writer))
            await asyncio.sleep(0.5)
            before = len(writing.confirmed)
            await change(group)
            while (primary := await _other(group)) is None:  # noqa: ASYNC110 - sentinels tell nobody
                await asyncio.sleep(0.05)
            until = len(writing.confirmed) + WRITERS
            async with asyncio.timeout(AGAIN_WITHIN_S):
                while len(writing.confirmed) < until:  # noqa: ASYNC110 - they go on by themselves
                    await asyncio.sleep(0.05)
            writing.is_over = True
        kept: Any = await primary.smembers(writing.key)  # type: ignore[misc] # also that of no asyncio

    assert before > WRITERS
    assert writing.confirmed <= kept


@dataclass(slots=True)
class Writing:
    """What several write, and what they were told is done."""

    batch: Batch
    confirmed: set[str] = field(default_factory=set)
    is_over: bool = False
    key: str = "{dialer}:kept"

    async def write(self, writer: int) -> None:
        """One after the other, through whatever happens."""
        for number in count():
            if self.is_over:
                return
            with suppress(StoreUnavailable):
                await self.batch.command("SADD", self.key, f"{writer}-{number}")
                self.confirmed.add(f"{writer}-{number}")
            await asyncio.sleep(0.005)


async def _other(group: RedisGroup) -> Redis | None:
    """The next primary, once there is one."""
    found = await group.primary()
    return None if found is None or found is group.servers[0] else found.client
