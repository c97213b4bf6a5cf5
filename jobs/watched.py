"""What a worker answers to whoever watches it, on the port of its metrics: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dialer.errors import InvalidInput
from dialer.metrics import exposing
from dialer.metrics.contract import Shown
from dialer.metrics.targets import announced
from dialer.settings import environment_name
from jobs.context import Context

_SHUTDOWN_S = 1  # for an answer under way


@asynccontextmanager
async def watched(context: Context) -> AsyncIterator[int]:
    """Answer for as long as the worker runs; gives the port. Raises InvalidInput where it is taken."""
    settings = context.settings
    exposing.tell_build("worker")
    runner = web.AppRunner(_app(context), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.worker_metrics_port).start()
        except OSError as error:
            name = environment_name("worker_metrics_port")
            where = f"{settings.host}:{settings.worker_metrics_port}"
            message = f"cannot listen on {where} ({error.strerror}); choose another with {name}, or 0 for any"
            raise InvalidInput(message, field=name) from error
        port = runner.addresses[0][1]
        async with announced(context.runtime, "worker", port):
            yield port
    finally:
        await runner.cleanup()


def _app(context: Context) -> web.Application:
    async def healthz(_request: web.Request) -> web.Response:
        return exposing.alive()

    async def readyz(_request: web.Request) -> web.Response:
        data = "old: see `dialer doctor`" if context.runtime.life.is_old else exposing.OK
        return await exposing.ready(context.runtime.redis, ending=context.stopping.is_set(), data=data)

    async def metrics(request: web.Request) -> web.Response:
        return await exposing.exposition(Shown(), request.headers.get("Accept"))

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app
