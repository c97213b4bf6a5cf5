"""How the process is: alive, ready, its metrics, and what it can be asked (the OpenAPI document)."""

from __future__ import annotations

from aiohttp import web

from dialer.api.answers import HealthOut, TargetGroup, TargetsOut
from dialer.api.keys import ENDING, OPENAPI, RUNTIME
from dialer.api.routing import Answer, Routes
from dialer.metrics import exposing, gauging
from dialer.metrics.targets import read_targets

routes = Routes()


@routes.get("/healthz", public=True, answers={200: Answer(description="The process answers.", model=HealthOut)})
async def healthz(_request: web.Request) -> web.StreamResponse:
    """Whether the process is alive."""
    return exposing.alive()


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
    return await exposing.ready(request.app[RUNTIME].redis, ending=request.app[ENDING].is_set())


@routes.get(
    "/metrics",
    public=True,
    answers={200: Answer(description="Prometheus' text format, or OpenMetrics.", media_types=("text/plain",))},
)
async def metrics(request: web.Request) -> web.StreamResponse:
    """The metrics of this process, and those of the store as they are now; without Redis, its own."""
    runtime = request.app[RUNTIME]
    slots = {trunk: runtime.settings.over(trunk).slots for trunk in runtime.settings.trunk_names}
    shown = await gauging.look(runtime.store, slots)
    return await exposing.exposition(shown, request.headers.get("Accept"))


@routes.get(
    "/metrics/targets",
    public=True,
    answers={200: Answer(description="Targets as Prometheus' `http_sd_configs` takes them.", model=TargetsOut)},
)
async def metrics_targets(request: web.Request) -> web.StreamResponse:
    """Where all processes of the dialer tell their metrics, by role: Prometheus' HTTP service discovery."""
    runtime = request.app[RUNTIME]
    found = await read_targets(runtime.batch, runtime.clock)
    groups = [TargetGroup(targets=targets, labels={"role": role}) for role, targets in found.items()]
    return web.json_response(text=TargetsOut(groups).model_dump_json())


@routes.get("/openapi.json", public=True, answers={200: Answer(description="This document.")})
async def openapi(request: web.Request) -> web.StreamResponse:
    """What can be asked here, as OpenAPI 3.1."""
    return web.json_response(body=request.app[OPENAPI])
