"""What the dialer's user may do on Redis: every command that is used, on our keys and on those of the queue."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from typing import Any

from arq.constants import retry_key_prefix
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from dialer import keys
from dialer.doctor.finding import Finding, failed, ok
from dialer.doctor.patient import Patient
from dialer.lua import script

_BY_ARGUMENTS = {
    1: "DEL EXISTS GET HGETALL HKEYS HLEN LPOP PTTL SCAN SCARD SMEMBERS UNLINK ZCARD",
    2: "BLPOP EXPIRE HDEL HEXISTS HGET HMGET INCRBY LINDEX LPUSH PEXPIRE PEXPIREAT RENAME RPUSH SADD SET SISMEMBER "
    "SREM XDEL ZMSCORE ZRANK ZREM ZREVRANK ZSCAN ZSCORE",
    3: "GETRANGE HINCRBY HSET HSETNX LRANGE LTRIM PSETEX SETRANGE XRANGE XREVRANGE ZADD ZCOUNT ZINCRBY ZINTERSTORE "
    "ZRANGE ZRANGEBYSCORE ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYSCORE ZUNIONSTORE",
    4: "XADD",
}
ON_KEYS = {name: count for count, names in _BY_ARGUMENTS.items() for name in names.split()}
"""Commands with a key, and with how many arguments each is tried."""
BESIDES = (
    "CLIENT|INFO",
    "DBSIZE",
    "EVALSHA",
    "EXEC",
    "INFO",
    "MULTI",
    "PING",
    "ROLE",
    "SCRIPT|LOAD",
    "SELECT",
    "TIME",
    "UNWATCH",
    "WAIT",
    "WATCH",
)
"""All others that cannot be done without."""


async def granted(patient: Patient) -> Finding:
    """Its user may run every command that is used."""
    redis = patient.store
    nonce = secrets.token_hex(16)
    refused = await _refused_on(redis, keys.probe(nonce)) + await _refused_on(redis, f"{retry_key_prefix}{nonce}")
    refused += [name for name, asked in _others(redis, nonce) if await _is_refused(asked)]
    if not refused:
        return ok(f"{len(ON_KEYS) + len(BESIDES)} commands may be run")
    advice = "Give the dialer's user what deploy/redis/users.acl gives it, at least."
    return failed(f"refused to the dialer's user: {', '.join(dict.fromkeys(refused))}", advice)


async def _refused_on(redis: Redis, key: str) -> list[str]:
    probe: Any = redis.register_script(script("probe_commands").text)
    words = [word for name, count in ON_KEYS.items() for word in (name, count)]
    try:
        return list(await probe(keys=[key], args=words))
    except NoPermissionError:
        return [f"scripts on {key.rpartition(':')[0]}:*"]


def _others(redis: Redis, nonce: str) -> list[tuple[str, Awaitable[Any]]]:
    asked: Any = redis
    return [
        ("CLIENT INFO", asked.client_info()),
        ("DBSIZE", asked.dbsize()),
        ("ROLE", asked.role()),
        ("WAIT", asked.wait(0, 0)),
        ("SELECT", asked.execute_command("SELECT", asked.get_connection_kwargs().get("db", 0))),
        ("WATCH, MULTI, EXEC or UNWATCH", _transaction(redis, nonce)),
    ]


async def _transaction(redis: Redis, nonce: str) -> None:
    pipe: Any
    async with redis.pipeline(transaction=True) as pipe:
        await pipe.watch(keys.probe(nonce))
        await pipe.unwatch()
        pipe.get(keys.probe(nonce))
        await pipe.execute()


async def _is_refused(asked: Awaitable[Any]) -> bool:
    try:
        await asked
    except NoPermissionError:
        return True
    return False
