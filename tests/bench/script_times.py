"""How long Redis took for each command and script while something ran, by its own slow log with no threshold.

It is read and emptied several times a second, so that reading it keeps nobody waiting; at very high rates it holds a
sample. Reading it is not counted.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files

from redis.asyncio import Redis

from dialer.lua import script
from dialer.processes.ending import ended

_EVERY_S = 0.15
_MOST = 2_048
_IN_SCRIPT = "evalsha"


@cache
def _names() -> dict[str, str]:
    """Digest of each script to its name."""
    found = [entry.name.removesuffix(".lua") for entry in files("dialer.lua").iterdir() if entry.name.endswith(".lua")]
    return {script(name).sha: name for name in found}


@asynccontextmanager
async def script_times(redis_url: str) -> AsyncIterator[dict[str, list[int]]]:
    """Microseconds by name, lower case; complete when it ends."""
    times: dict[str, list[int]] = defaultdict(list)
    redis = Redis.from_url(redis_url)  # redis-py reads a slow log in bytes only
    await redis.config_set("slowlog-max-len", _MOST)
    await redis.config_set("slowlog-log-slower-than", 0)
    await redis.slowlog_reset()
    reading = asyncio.create_task(_read_often(redis, times))
    try:
        yield times
    finally:
        await ended(reading)
        await redis.config_set("slowlog-log-slower-than", -1)
        await _read(redis, times)
        await redis.aclose()


async def _read_often(redis: Redis, times: dict[str, list[int]]) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        await _read(redis, times)


async def _read(redis: Redis, times: dict[str, list[int]]) -> None:
    async with redis.pipeline(transaction=True) as pipe:
        pipe.slowlog_get(_MOST)
        pipe.slowlog_reset()
        entries, _ = await pipe.execute()
    for entry in entries:
        words = [word.decode() for word in entry["command"].split()[:2]]
        name = words[0].lower()
        if name == _IN_SCRIPT:
            name = _names().get(words[-1], "a script")
        if name not in {"slowlog", "config", "exec", "multi"}:
            times[name].append(int(entry["duration"]))
