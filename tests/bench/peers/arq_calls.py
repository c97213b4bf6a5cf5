"""What one would write with arq: a job for each call, which posts it. The peer of the parts `no-budget` and `peers`.

As its documentation has it, with what makes it fast (JSON instead of pickles, 200 jobs at once, no kept results, and a
short poll where nothing limits it: jobs that wait for a limiter are looked at again by each worker at each poll, which
at 50 polls a second would take most of its processor) and nothing that makes it safe: no intent before the request, no
record of the answer. The limit is none, a share of the budget in each process (aiolimiter), or the whole of it in Redis
(pyrate-limiter), each as its own documentation has it; what the carrier refuses as too fast is tried again a second
later.
`fill` puts the jobs in, `work` does them until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiolimiter import AsyncLimiter
from arq.connections import ArqRedis
from arq.worker import Retry, Worker, func
from pyrate_limiter import Duration, Limiter, Rate, RedisBucket
from redis.asyncio import ConnectionPool, Redis

from tests.bench.children import arguments, tell
from tests.bench.floors.posts import call_body
from tests.bench.people import phone

_AT_ONCE = 200
_POLL_S, _LIMITED_POLL_S = 0.02, 0.5  # the second is arq's own
_TOGETHER = 500  # enqueued at once; more would only wait for connections
_TOO_FAST = 429
_TRIES = 100  # the default of five would lose those that were refused


def serialize(job: dict[str, Any]) -> bytes:
    """A job as JSON."""
    return json.dumps(job, default=str).encode()


def open_pool(redis_url: str) -> ArqRedis:
    """The client of arq."""
    pool: Any = ConnectionPool.from_url(redis_url)
    return ArqRedis(pool_or_conn=pool, job_serializer=serialize, job_deserializer=json.loads)


async def place(ctx: dict[str, Any], number: str) -> None:
    """The job: one call, when the limit has room for it."""
    await ctx["wait"]()
    async with ctx["http"].post(ctx["url"], json=call_body(number)) as response:
        await response.read()
        if response.status == _TOO_FAST:
            raise Retry(defer=1)
        response.raise_for_status()


async def limit(kind: str, redis_url: str, per_second: int, processes: int) -> Callable[[], Awaitable[Any]]:
    """What a job awaits before it posts."""
    if kind == "process":
        return AsyncLimiter(per_second / processes, 1).acquire
    if kind == "redis":
        bucket: Any = await RedisBucket.init([Rate(per_second, Duration.SECOND)], Redis.from_url(redis_url), "calls")
        limiter = Limiter(bucket)
        return lambda: limiter.try_acquire_async("call")
    return _at_once


async def _at_once() -> None:
    pass


async def fill(redis_url: str, count: int) -> float:
    """Put in so many jobs; how many a second."""
    pool = open_pool(redis_url)
    started = time.monotonic()
    for first in range(0, count, _TOGETHER):
        numbers = [phone(position) for position in range(first, min(first + _TOGETHER, count))]
        await asyncio.gather(*(pool.enqueue_job("place", number, _job_id=number) for number in numbers))
    taken_s = time.monotonic() - started
    await pool.aclose()
    return count / taken_s


async def work(redis_url: str, url: str, *, headers: dict[str, str], limited: dict[str, Any], timeout_s: float) -> None:
    """Do jobs until ended."""
    wait = await limit(redis_url=redis_url, **limited) if limited else _at_once
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as http:
        worker = Worker(
            functions=[func(place, name="place", keep_result=0, timeout=timeout_s, max_tries=_TRIES)],
            redis_pool=open_pool(redis_url),
            max_jobs=_AT_ONCE,
            poll_delay=_LIMITED_POLL_S if limited else _POLL_S,
            keep_result=0,
            job_serializer=serialize,
            job_deserializer=json.loads,
            ctx={"http": http, "url": url, "wait": wait},
        )
        await worker.async_run()


if __name__ == "__main__":
    told = arguments()
    if told["do"] == "fill":
        tell({"per_s": asyncio.run(fill(told["redis_url"], told["count"]))})
    else:
        given = {"headers": told.get("headers", {}), "limited": told.get("limited", {})}
        asyncio.run(work(told["redis_url"], told["url"], timeout_s=told.get("timeout_s", 300), **given))
