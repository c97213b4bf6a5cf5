"""How many small scripts a second redis-py has Redis run, in pipelines of a hundred.

The script writes a field and a sorted-set member, the least that a move of one call may be.
"""

from __future__ import annotations

import asyncio
import time

from redis.asyncio import Redis

from tests.bench.children import arguments, tell

_SCRIPT = "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])"
_KEPT = 10_000  # members: the keys stay as small as those of a short campaign


async def run_for(redis: Redis, *, seconds: float, together: int) -> int:
    """Run it for so long; how often it ran."""
    sha = await redis.script_load(_SCRIPT)
    until_s = time.monotonic() + seconds
    done = 0
    while time.monotonic() < until_s:
        async with redis.pipeline(transaction=False) as pipe:
            for number in range(done, done + together):
                pipe.execute_command("EVALSHA", sha, 2, "bench:hash", "bench:zset", number % _KEPT, number)
            await pipe.execute()
        done += together
    await redis.delete("bench:hash", "bench:zset")
    return done


async def _measure(url: str, seconds: float, together: int) -> None:
    async with Redis.from_url(url) as redis:
        started = time.monotonic()
        done = await run_for(redis, seconds=seconds, together=together)
        tell({"per_s": done / (time.monotonic() - started), "scripts": done})


if __name__ == "__main__":
    told = arguments()
    asyncio.run(_measure(told["redis_url"], told["seconds"], told["together"]))
