"""Where each process tells its metrics: announced in Redis for as long as it lives, read by Prometheus from any API.

A process that listens on all addresses announces the one by which it reaches Redis, as Redis sees it: there the rest of
the fleet, and so Prometheus, reaches it too. A process that dies is forgotten after fifteen seconds.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

from redis.exceptions import ResponseError

from dialer import keys
from dialer.clock import Clock, now_ms
from dialer.errors import StoreUnavailable
from dialer.processes.ending import ended
from dialer.redis.batch import Batch
from dialer.runtime import Runtime

EVERY_S = 5.0

_EVERYWHERE = frozenset({"0.0.0.0", "::", "*"})  # noqa: S104 - compared, not bound
_LOOPBACK = "127.0.0.1"  # Redis on a Unix socket: all of it is on one machine
_ADDRESS = re.compile(r"\baddr=(?:\[([^\]]+)\]|([^\s:]+)):[0-9]+(?!\S)")


@asynccontextmanager
async def announced(runtime: Runtime, role: str, port: int) -> AsyncIterator[None]:
    """Announce this process, an `api` or a `worker` whose metrics are on a port, until it ends."""
    announcing = asyncio.create_task(_announce(runtime, role, port))
    try:
        yield
    finally:
        await ended(announcing)
        with suppress(StoreUnavailable):
            await runtime.batch.command("ZREM", keys.TARGETS, await _member(runtime, role, port), confirmed=False)


async def read_targets(batch: Batch, clock: Clock) -> dict[str, list[str]]:
    """Who was heard from lately: `host:port` by role. Raises StoreUnavailable."""
    lately = f"({now_ms(clock) - keys.WORKER_ALIVE_MS}"
    found: defaultdict[str, list[str]] = defaultdict(list)
    for member in await batch.command("ZRANGEBYSCORE", keys.TARGETS, lately, "+inf"):
        role, _, address = member.partition(" ")
        found[role].append(address)
    return {role: sorted(addresses) for role, addresses in sorted(found.items())}


async def _announce(runtime: Runtime, role: str, port: int) -> None:
    """Write it every few seconds, for ever; an outage of Redis only skips some."""
    while True:
        with suppress(StoreUnavailable):
            now, member = now_ms(runtime.clock), await _member(runtime, role, port)
            await asyncio.gather(
                runtime.batch.command("ZADD", keys.TARGETS, now, member, confirmed=False),
                runtime.batch.command(
                    "ZREMRANGEBYSCORE", keys.TARGETS, "-inf", now - keys.WORKER_ALIVE_MS, confirmed=False
                ),
            )
        await asyncio.sleep(EVERY_S)


async def _member(runtime: Runtime, role: str, port: int) -> str:
    host = runtime.settings.host
    host = await _own_address(runtime.batch) if host in _EVERYWHERE else host
    return f"{role} [{host}]:{port}" if ":" in host else f"{role} {host}:{port}"


async def _own_address(batch: Batch) -> str:
    try:
        # In two words, so that redis-py leaves the answer alone: its reader wants fields that older servers lack.
        return address_in(str(await batch.command("CLIENT", "INFO", confirmed=False)))
    except ResponseError:
        return _LOOPBACK


def address_in(told: str) -> str:
    """Our address in what `CLIENT INFO` tells; loopback where that is the path of a Unix socket."""
    found = _ADDRESS.search(told)
    try:
        return str(ip_address(found[1] or found[2])) if found else _LOOPBACK
    except ValueError:
        return _LOOPBACK
