"""How many rows a second go into Redis if nothing is checked: one string and one sorted-set member each, pipelined.

What it wrote stays; whoever asked for it empties the server.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from redis.asyncio import Redis

from tests.bench.children import arguments, tell
from tests.bench.people import read_numbers

_TOGETHER = 1_000
_KEY = "bench:row:"


async def push(redis: Redis, numbers: list[str]) -> None:
    """Write them."""
    for first in range(0, len(numbers), _TOGETHER):
        async with redis.pipeline(transaction=False) as pipe:
            for position, number in enumerate(numbers[first : first + _TOGETHER], first):
                pipe.execute_command("SET", f"{_KEY}{position}", number)
                pipe.execute_command("ZADD", "bench:rows", position, position)
            await pipe.execute()


async def _measure(url: str, csv: Path) -> None:
    numbers = read_numbers(csv)
    async with Redis.from_url(url) as redis:
        before = (await redis.info("memory"))["used_memory"]
        started = time.monotonic()
        await push(redis, numbers)
        taken_s = time.monotonic() - started
        used = (await redis.info("memory"))["used_memory"] - before
    tell({"per_s": len(numbers) / taken_s, "bytes_per_row": used / len(numbers)})


if __name__ == "__main__":
    told = arguments()
    asyncio.run(_measure(told["redis_url"], Path(told["csv"])))
