"""How the process is: alive, ready, its metrics, and what it can be asked (the OpenAPI document)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from redis.exceptions import RedisError

from dialer.api.answers import HealthOut
from dialer.api.keys import ENDING, OPENAPI, RUNTIME
from dialer.api.routing import Answer, Routes
from dialer.counting import refresh_store_gauges
from dialer.errors import StoreUnavailable

PING_TIMEOUT_S = 1  # who asks for readiness usually gives up after some seconds
GAUGES_TIMEOUT_S = 5  # Prometheus gives up after 10 s by default; the process' own figures must still arrive

routes = Routes()


@routes.get("/healthz", public=True, answers={200: Answer(description="The process answers.", model=HealthOut)})
async def healthz(_request: web.Request) -> web.StreamResponse:
    """Whether the process is alive."""
    return web.json_response(text=HealthOut(status="ok").model_dump_json(exclude={"checks"}))


@routes.get(
    "/readyz",
    public=True,
    answers={
        200: Answer(description="It can do its work.", model=HealthOut),
        503: Answer(description="It cannot: a check failed.", model=HealthOut),
    },
)
async def readyz(request: web.Request) -> web.StreamResponse:
    """Whether the process can do its work: Redis answers, and it was not asked to end."""
    checks = {"redis": await _redis_state(request), "process": "ending" if request.app[ENDING].is_set() else "ok"}
    is_ready = set(checks.values()) == {"ok"}
    health = HealthOut(status="ok" if is_ready else "unavailable", checks=checks)
    return web.json_response(text=health.model_dump_json(), status=200 if is_ready else 503)


@routes.get(
    "/metrics",
    public=True,
    answers={200: Answer(description="Prometheus' text format, or OpenMetrics.", media_types=("text/plain",))},
)
async def metrics(request: web.Request) -> web.StreamResponse:
    """The metrics of this process, and those of the store as they are now."""
    # Without Redis the store's figures stay as they were; dialer_* of the process itself are still worth having.
    with suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(GAUGES_TIMEOUT_S):
            runtime = request.app[RUNTIME]
            await refresh_store_gauges(runtime.store, runtime.settings.trunk_names)
    encode, media_type = choose_encoder(request.headers.get("Accept", ""))
    return web.Response(body=encode(REGISTRY), headers={"Content-Type": media_type})


@routes.get("/openapi.json", public=True, answers={200: Answer(description="This document.")})
async def openapi(request: web.Request) -> web.StreamResponse:
    """What can be asked here, as OpenAPI 3.1."""
    return web.json_response(body=request.app[OPENAPI])


async def _redis_state(request: web.Request) -> str:
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            await request.app[RUNTIME].redis.ping()
    except TimeoutError:
        return f"no answer within {PING_TIMEOUT_S} s"
    except (RedisError, OSError) as error:
        return f"no answer ({type(error).__name__})"
    return "ok"
