"""What every process answers to whoever watches it: whether it is alive, whether it is ready, its metrics.

An API does so on its port, a worker on that of its metrics. Both answer from the event loop that does the work: one
that hangs answers nothing, and is seen to hang.
"""

from __future__ import annotations

import asyncio
import platform

from aiohttp import web
from prometheus_client.exposition import choose_encoder
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dialer import __version__, metrics
from dialer.metrics.contract import Shown

PING_TIMEOUT_S = 1  # who asks for readiness usually gives up after some seconds

OK = "ok"
_AWAY = "unavailable"


def tell_build(role: str) -> None:
    """Say once in the metrics what runs here; the role is `api` or `worker`."""
    metrics.BUILD_INFO.labels(__version__, platform.python_version(), role).set(1)


def alive() -> web.Response:
    """That the process answers."""
    return web.json_response({"status": OK})


async def ready(redis: Redis, *, ending: bool, **further: str) -> web.Response:
    """Whether the process can do its work: Redis answers, it takes new work, and what else it says of itself."""
    checks = {"redis": await _redis_state(redis), "process": "ending" if ending else OK} | further
    is_ready = set(checks.values()) == {OK}
    status = web.HTTPOk.status_code if is_ready else web.HTTPServiceUnavailable.status_code
    return web.json_response({"status": OK if is_ready else _AWAY, "checks": checks}, status=status)


async def exposition(shown: Shown, accept: str | None) -> web.Response:
    """The metrics as OpenMetrics where the scraper takes it, else as Prometheus' text."""
    encode, media_type = choose_encoder(accept or "")
    # 5 to 20 ms: in a thread, for whose turns of 5 ms at the most a call that is due now has to wait.
    body = await asyncio.to_thread(encode, shown)
    return web.Response(body=body, headers={"Content-Type": media_type})


async def _redis_state(redis: Redis) -> str:
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            await redis.ping()
    except TimeoutError:
        return f"no answer within {PING_TIMEOUT_S} s"
    except (RedisError, OSError) as error:
        return f"no answer ({type(error).__name__})"
    return OK
