"""The API as one aiohttp application, and the server that runs it.

`create_app` puts the parts together; `serve` opens what they need, listens, and on its end lets requests under way
finish. Before that it serves for `api_grace_s` more, no longer ready, so that whatever shares the load goes elsewhere.
Time limits, added up: that, 1 s for whoever came last (`acceptor.py`), 10 s for requests, then 5 s for what they left
behind (`background.py`); so a supervisor that kills must wait 20 s and the grace.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import cache
from itertools import chain
from typing import Any

from aiohttp import web
from pydantic_core import to_json

from dialer.api import (
    again,
    api_keys,
    applications,
    audit,
    callbacks,
    calls,
    campaigns,
    changes,
    conferences,
    dry_forecasts,
    erasures,
    escalations,
    events,
    explain,
    forecasts,
    hang_ups,
    health,
    hours,
    import_records,
    imports,
    numbers,
    orders,
    page,
    previews,
    probe,
    recordings,
    results,
    suppression_lists,
    suppressions,
    trunks,
    voices,
    webhooks,
)
from dialer.api.acceptor import Acceptor
from dialer.api.auth import Doorkeeper
from dialer.api.background import Background
from dialer.api.bodies import MAX_JSON_BYTES
from dialer.api.feed import Feed
from dialer.api.import_pool import ImportPool
from dialer.api.keys import BACKGROUND, DOORKEEPER, ENDING, FEED, IMPORT_POOL, OPENAPI, RUNTIME, WEBHOOK_SECRET
from dialer.api.middleware import envelope, expect
from dialer.api.openapi import openapi_document
from dialer.api.routing import Route, install
from dialer.metrics.exposing import tell_build
from dialer.metrics.targets import announced
from dialer.processes.ending import ended
from dialer.processes.heartbeat import API_LISTS, MUTE_LISTS, farewell, keep_alive, process_name
from dialer.runtime import Runtime, keep_to_data, open_runtime
from dialer.settings import Settings

KEEPALIVE_S = 75  # longer than the usual proxy's 60 s, so that the proxy is the one who closes
MAX_LINE_BYTES = 32_768  # all queries that are taken, with each character as four escaped bytes
LINGER_S = 2  # after a refusal, for a client that is still sending to see the answer
SHUTDOWN_S = 10  # the longest of the carrier's own time limits for a webhook

ROUTES: tuple[Route, ...] = tuple(
    chain(
        campaigns.routes,
        changes.routes,
        again.routes,
        forecasts.routes,
        dry_forecasts.routes,
        conferences.routes,
        escalations.routes,
        hang_ups.routes,
        hours.routes,
        imports.routes,
        import_records.routes,
        previews.routes,
        results.routes,
        calls.routes,
        orders.routes,
        explain.routes,
        events.routes,
        recordings.routes,
        callbacks.routes,
        suppressions.routes,
        suppression_lists.routes,
        numbers.routes,
        erasures.routes,
        audit.routes,
        trunks.routes,
        voices.routes,
        applications.routes,
        api_keys.routes,
        webhooks.routes,
        page.routes,
        probe.routes,
        health.routes,
    )
)


def create_app(runtime: Runtime) -> web.Application:
    """The application on an open runtime. Raises InvalidInput where the API key or the webhook secret is not set."""
    settings = runtime.settings
    settings.require("api_key", "webhook_secret")
    app = web.Application(middlewares=[envelope], client_max_size=MAX_JSON_BYTES)
    app[RUNTIME] = runtime
    app[DOORKEEPER] = Doorkeeper(settings.api_key.get_secret_value() if settings.api_key else "", runtime)
    app[WEBHOOK_SECRET] = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    app[FEED] = Feed(runtime)
    app[OPENAPI] = _document()
    app[ENDING] = asyncio.Event()
    app.on_response_prepare.extend([_closed, _last_answer])
    app.on_shutdown.append(events.end_listening)
    tell_build("api")
    app.cleanup_ctx.extend([_background, _import_pool, _heartbeat])
    install(app, ROUTES, expect=expect)
    return app


@cache
def _document() -> bytes:
    """What the API says of itself, once for all applications of this process: it costs more than all else of one."""
    return to_json(openapi_document(ROUTES))


async def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Run the API until cancelled, or until its data is that of another release; then let go of it in order.

    Args:
        settings: where to listen and on which Redis to work.
        ready: is called once with the address, when it listens.

    Raises:
        InvalidInput: a setting is missing, or the port is taken.
        OtherData: what is in Redis is of a release that this one cannot work with.
    """
    async with open_runtime(settings) as runtime:
        # Bodies stay as they were sent: a compressed one could grow to anything.
        options: dict[str, Any] = {"access_log": None, "keepalive_timeout": KEEPALIVE_S, "auto_decompress": False}
        options |= {"lingering_time": LINGER_S, "max_line_size": MAX_LINE_BYTES}
        app = create_app(runtime)
        runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_S, **options)
        await runner.setup()
        try:
            assert runner.server is not None  # noqa: S101 - it was set up; for the type checker
            await _serve_on(app, await Acceptor.open(runner.server, settings), ready)
        finally:
            await runner.cleanup()


async def _serve_on(app: web.Application, acceptor: Acceptor, ready: Callable[[str], None] | None) -> None:
    """Until cancelled, or until the data is that of another release."""
    runtime = app[RUNTIME]
    try:
        if ready:
            ready(acceptor.url)
        async with announced(runtime, "api", acceptor.port):
            try:
                await keep_to_data(runtime)
            except asyncio.CancelledError:
                # Asked to end. Where the data became another release's, it ends at once instead. So it does without
                # a grace: then nobody stands between it and clients, whose idle connections need not be waited for.
                app[ENDING].set()
                if grace_s := runtime.settings.api_grace_s:
                    await asyncio.sleep(grace_s)
                    await acceptor.close()
                    await acceptor.emptied()
                raise
    finally:
        await acceptor.close()


async def _closed(request: web.Request, response: web.StreamResponse) -> None:
    """Have no browser take an answer for another kind than it is, and none keep numbers of people on its disk."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.path.startswith("/v1/"):
        response.headers.setdefault("Cache-Control", "no-store")


async def _last_answer(request: web.Request, response: web.StreamResponse) -> None:
    """Have whoever asks while we end ask somebody else the next time, instead of on a connection that will be gone."""
    if request.app[ENDING].is_set():
        response.force_close()
        response.headers["Connection"] = "close"


async def _background(app: web.Application) -> AsyncIterator[None]:
    app[BACKGROUND] = Background()
    yield
    await app[BACKGROUND].drain()


async def _import_pool(app: web.Application) -> AsyncIterator[None]:
    app[IMPORT_POOL] = ImportPool()
    yield
    await app[IMPORT_POOL].close()


async def _heartbeat(app: web.Application) -> AsyncIterator[None]:
    """Where orders to calls can leave from here, they count in the fleet's budget of other requests."""
    runtime, name = app[RUNTIME], process_name()
    lists = API_LISTS if runtime.providers else MUTE_LISTS
    beating = asyncio.create_task(keep_alive(name, runtime, lists))
    yield
    await ended(beating)
    await farewell(name, runtime, lists)
