"""All that a Redis holds as a file, a line for each key in plain JSON, and back into a Redis, moved to the present."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from dialer import keys
from dialer.redis.batch import Batch

_DAYS_MS = 40 * keys.DAY_MS
_MOMENT = re.compile(r"(?<![\d.])(\d{13})(\d{3})?(?![\d-])")
_UNMOVED = ("audit", "audit:chain")  # a chain of hashes over its own words

_READ: dict[str, Callable[[Redis, str], Any]] = {
    "string": lambda redis, name: redis.get(name),
    "hash": lambda redis, name: redis.hgetall(name),
    "zset": lambda redis, name: redis.zrange(name, 0, -1, withscores=True),
    "set": lambda redis, name: redis.smembers(name),
    "list": lambda redis, name: redis.lrange(name, 0, -1),
    "stream": lambda redis, name: redis.xrange(name),
}


_WRITTEN_BY = {"string": "SET", "hash": "HSET", "zset": "ZADD", "set": "SADD", "list": "RPUSH"}


async def freeze(redis: Redis) -> str:
    """All that Redis holds as a file's text, the moment first."""
    seconds, _ = await redis.time()
    lines: list[Any] = [{"made_ms": seconds * 1000}]
    for name in sorted([name async for name in redis.scan_iter(count=10_000)]):
        kind = await redis.type(name)
        content = await _READ[kind](redis, name)
        content = sorted(content) if kind == "set" else content
        lines.append({"key": name, "type": kind, "ends_in_ms": await redis.pttl(name), "content": content})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


async def thaw(text: str, redis: Redis, *, ago_s: float) -> None:
    """Put a file's text into an empty Redis, as if all had been killed so long ago."""
    head, *lines = map(json.loads, text.splitlines())
    seconds, _ = await redis.time()
    moved = _Moved(head["made_ms"], seconds * 1000 - round(ago_s * 1000) - head["made_ms"])
    for line in lines:
        name, ends_in_ms = line["key"], line["ends_in_ms"]
        stays = name.removeprefix(keys.TAG) in _UNMOVED
        await _restore(redis, name, line["type"], line["content"] if stays else moved(line["content"]))
        if ends_in_ms > 0:
            await redis.pexpire(name, ends_in_ms)


class _Moved:
    """Moments of the file's time, in ms or µs, wherever they stand, as they would be in the present."""

    def __init__(self, made_ms: int, by_ms: int) -> None:
        self._made_ms, self._by_ms = made_ms, by_ms

    def __call__(self, content: Any) -> Any:
        match content:
            case str():
                return _MOMENT.sub(self._text, content)
            case float():
                return content + self._by_ms if self._is_near(content) else content
            case list():
                return [self(one) for one in content]
            case dict():
                return {self(name): self(one) for name, one in content.items()}
        return content

    def _text(self, found: re.Match[str]) -> str:
        moment_ms, rest = int(found[1]), found[2] or ""
        return f"{moment_ms + self._by_ms}{rest}" if self._is_near(moment_ms) else found[0]

    def _is_near(self, moment_ms: float) -> bool:
        return abs(moment_ms - self._made_ms) < _DAYS_MS


async def _restore(redis: Redis, name: str, kind: str, content: Any) -> None:
    if kind == "stream":
        for entry, fields in content:
            await redis.xadd(name, fields, id=entry)
        return
    if kind == "hash":
        parts = [part for pair in content.items() for part in pair]
    elif kind == "zset":
        parts = [part for member, score in content for part in (score, member)]
    else:
        parts = content if kind in {"set", "list"} else [content]
    await Batch(redis).command(_WRITTEN_BY[kind], name, *parts)
