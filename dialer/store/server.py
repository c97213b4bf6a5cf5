"""How the Redis server itself is: its memory, and whether what it acknowledges survives it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from dialer.redis.batch import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Redis server at one moment. None for what it does not tell: a managed one may forbid to ask.

    Attributes:
        memory_bytes: what its data take.
        memory_limit_bytes: `maxmemory`, or the memory of its machine where none is set.
        evicts: whether it throws keys away at its limit, which loses calls; it never may.
        aof_enabled: whether it keeps an append-only file.
        aof_always: whether that is synced to disk before each answer, also while it is rewritten.
        aof_size_bytes: of that file; 0 without one.
        last_write_ok: whether the last write to the file and the last snapshot went well.
        replicas: how many are connected.
    """

    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    evicts: bool | None = None
    aof_enabled: bool | None = None
    aof_always: bool | None = None
    aof_size_bytes: int | None = None
    last_write_ok: bool | None = None
    replicas: int | None = None


async def read_server(batch: Batch) -> Server:
    """Ask the server, with whatever else is asked at the moment. Raises StoreUnavailable."""
    info, sync = await asyncio.gather(_told(batch, "INFO"), _told(batch, "CONFIG GET", "*appendfsync*"))
    limit = _whole(info, "maxmemory")
    enabled = _whole(info, "aof_enabled")
    return Server(
        memory_bytes=_whole(info, "used_memory"),
        memory_limit_bytes=limit or _whole(info, "total_system_memory"),
        evicts=bool(limit) and info.get("maxmemory_policy") != "noeviction" if "maxmemory_policy" in info else None,
        aof_enabled=None if enabled is None else bool(enabled),
        aof_always=bool(enabled) and _is_always(sync) if "appendfsync" in sync else None,
        aof_size_bytes=None if enabled is None else _whole(info, "aof_current_size") or 0,
        last_write_ok=_is_ok(info),
        replicas=_whole(info, "connected_slaves"),
    )


async def _told(batch: Batch, *parts: str) -> Mapping[str, Any]:
    """The answer; nothing where the server forbids to ask, or does not know the question."""
    try:
        answer = await batch.command(*parts, confirmed=False)
    except ResponseError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _whole(info: Mapping[str, Any], name: str) -> int | None:
    return int(info[name]) if name in info else None


def _is_always(sync: Mapping[str, Any]) -> bool:
    return sync["appendfsync"] == "always" and sync.get("no-appendfsync-on-rewrite") != "yes"


def _is_ok(info: Mapping[str, Any]) -> bool | None:
    told = [info[name] for name in ("aof_last_write_status", "rdb_last_bgsave_status") if name in info]
    return all(word == "ok" for word in told) if told else None
