"""All that stands in Redis, as plain Python: so a test can say what an action changed, and that it changed no more.

An attempt is shown alike whether it is packed or not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from dialer.keys import TAG
from dialer.lua import script

Keyspace = dict[str, Any]
"""Key without its tag: text (string), dict (hash: text to text or decoded JSON, zset: member to score), set or list."""


async def dump(redis: Redis) -> Keyspace:
    """The content of every key, and in place of hashes of packed attempts the attempts."""
    names = sorted([name async for name in redis.scan_iter(count=10_000)])
    packed = [name for name in names if _PACKED.fullmatch(name)]
    names = [name for name in names if name not in packed]
    async with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.type(name)
        kinds = await pipe.execute()
        for name, kind in zip(names, kinds, strict=True):
            _READ[kind](pipe, name)
        contents = await pipe.execute()
    return await _unpacked(redis, packed) | {
        name.removeprefix(TAG): _plain(kind, content)
        for name, kind, content in zip(names, kinds, contents, strict=True)
    }


_PACKED = re.compile(re.escape(TAG) + r"campaign:(\w+):attempts:\d+")


async def _unpacked(redis: Redis, names: list[str]) -> Keyspace:
    shown: Keyspace = {}
    for name in names:
        found = _PACKED.fullmatch(name)
        fields = await redis.hkeys(name)  # type: ignore[misc]  # async
        attempts = [f"attempt:{found[1]}-{field}" for field in fields] if found else []
        read = [part for attempt in attempts for part in (TAG + attempt, name)]
        told = await redis.eval(script("read_attempts").text, len(read), *read, *fields)  # type: ignore[misc]  # async
        for attempt, flat in zip(attempts, told, strict=True):
            shown[attempt] = _plain("hash", dict(zip(flat[::2], flat[1::2], strict=True)))
    return shown


_READ: dict[str, Callable[[Any, str], Any]] = {
    "string": lambda pipe, name: pipe.get(name),
    "hash": lambda pipe, name: pipe.hgetall(name),
    "zset": lambda pipe, name: pipe.zrange(name, 0, -1, withscores=True),
    "set": lambda pipe, name: pipe.smembers(name),
    "list": lambda pipe, name: pipe.lrange(name, 0, -1),
    "stream": lambda pipe, name: pipe.xrange(name),
}


def _plain(kind: str, content: Any) -> Any:
    if kind == "hash":
        return {field: decoded(value) for field, value in content.items()}
    return dict(content) if kind == "zset" else content


def changes(before: Keyspace, after: Keyspace) -> Keyspace:
    """What differs: of a hash the changed fields, of everything else the new content; None for what is gone."""
    return {
        name: _difference(before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }


def _difference(before: Any, after: Any) -> Any:
    if not _is_hash(before) or not _is_hash(after):
        return after
    return {name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _is_hash(content: Any) -> bool:
    return isinstance(content, dict) and not all(isinstance(value, float) for value in content.values())


def decoded(value: str) -> Any:
    """What stands in a field of a hash: JSON is read, for its names may stand in any order."""
    return json.loads(value) if value.startswith(("{", "[")) else value
