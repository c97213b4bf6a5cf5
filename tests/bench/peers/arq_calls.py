"""What one would write with arq alone: a job for each call, which posts it. The peer of the part `no-budget`.

As its documentation has it, with what makes it fast (JSON instead of pickles, 200 jobs at once, a short poll, no kept
results) and nothing that makes it safe: no intent before the request, no record of the answer, no limit.
`fill` puts the jobs in, `work` does them until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool

from tests.bench.children import arguments, tell
from tests.bench.floors.posts import call_body
from tests.bench.people import phone

_AT_ONCE = 200
_POLL_S = 0.02
_TOGETHER = 500  # enqueued at once; more would only wait for connections


def serialize(job: dict[str, Any]) -> bytes:
    """A job as JSON."""
    return json.dumps(job, default=str).encode()


def open_pool(redis_url: str) -> ArqRedis:
    """The client of arq."""
    pool: Any = ConnectionPool.from_url(redis_url)
    return ArqRedis(pool_or_conn=pool, job_serializer=serialize, job_deserializer=json.loads)


async def place(ctx: dict[str, Any], number: str) -> None:
    """The job: one call."""
    async with ctx["http"].post(ctx["url"], json=call_body(number)) as response:
        await response.read()
        response.raise_for_status()


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


async def work(redis_url: str, url: str) -> None:
    """Do jobs until ended."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        worker = Worker(
            functions=[func(place, name="place", keep_result=0)],
            redis_pool=open_pool(redis_url),
            max_jobs=_AT_ONCE,
            poll_delay=_POLL_S,
            keep_result=0,
            job_serializer=serialize,
            job_deserializer=json.loads,
            ctx={"http": http, "url": url},
        )
        await worker.async_run()


if __name__ == "__main__":
    told = arguments()
    if told["do"] == "fill":
        tell({"per_s": asyncio.run(fill(told["redis_url"], told["count"]))})
    else:
        asyncio.run(work(told["redis_url"], told["url"]))
