"""The queue: arq's client, and the only place that knows how a job travels.

Payloads are JSON, never pickles: whoever can write to Redis must not be able to run code. Job ids are deterministic
and results are not kept, so the same job put in twice is one job.
"""

from __future__ import annotations

import json
from typing import Any

from arq.connections import ArqRedis
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from dialer.redis.connection import open_pool
from dialer.settings.redis import RedisSettings

QUEUE_NAME = "{dialer}:arq:queue"
JOB_EXPIRES_MS = 60_000
"""A job whose calls are a minute late is of no use: their leases lapsed long ago and they are back in the line."""

_AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.BusyLoadingError,
    OSError,
)
"""arq's worker would end at any of these; a refused connection is a plain OSError."""


def serialize(job: dict[str, Any]) -> bytes:
    """A job or a result as JSON; what JSON does not know becomes its text (arq wraps exceptions into results)."""
    return json.dumps(job, default=str).encode()


def deserialize(stored: bytes) -> dict[str, Any]:
    """The reverse of `serialize`."""
    job: dict[str, Any] = json.loads(stored)
    return job


def open_queue(settings: RedisSettings) -> ArqRedis:
    """Open the connection pool that arq uses, which outlives a restart of Redis. Close it with `aclose`."""
    tries = 2 if settings.redis_address.service else 8
    pool: Any = open_pool(
        settings,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), tries),
        retry_on_error=list(_AWAY),
        socket_timeout=10,
        socket_connect_timeout=5,
    )
    return ArqRedis(
        pool_or_conn=pool,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=QUEUE_NAME,
        expires_extra_ms=JOB_EXPIRES_MS,
    )


async def enqueue(queue: ArqRedis, job: str, job_id: str, payload: Any) -> bool:
    """Put in one job with one JSON payload; False when a job of that id is in already. Repeatable."""
    return await queue.enqueue_job(job, payload, _job_id=job_id) is not None
