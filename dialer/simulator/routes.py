"""The carrier's paths, and what judges each of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from dialer.simulator.exchange import Exchange
from dialer.simulator.gateway import Gateway
from dialer.simulator.reading import read_one, read_page
from dialer.simulator.recordings import FILES
from dialer.simulator.replies import Verdict, apigee
from dialer.simulator.steering import sound, steer
from dialer.simulator.wire import Wire

BASE = "/communication/nexmo"
TOKEN_PATH = "/oauth/client_credential/accesstoken"  # noqa: S105 - a path
CALLS = f"{BASE}/voice/calls"
JWT = f"{BASE}/jwt"
APPLICATIONS = f"{BASE}/applications"

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Routes:
    """Binds paths to judges."""

    def __init__(self, exchange: Exchange, gateway: Gateway, wire: Wire) -> None:
        self._exchange = exchange
        self._gateway = gateway
        self._wire = wire

    def add_to(self, app: web.Application) -> None:
        """Add all of the carrier's paths; any other is the fault of a gateway that knows no such product."""
        one = f"{CALLS}/{{uuid}}"
        app.router.add_post(TOKEN_PATH, self._token)
        app.router.add_post(CALLS, self._place)
        app.router.add_get(CALLS, self._page, allow_head=False)
        app.router.add_get(one, self._one, allow_head=False)
        app.router.add_put(one, self._steer)
        for kind in ("talk", "stream", "dtmf"):
            app.router.add_put(f"{one}/{{kind:{kind}}}", self._sound)
        for kind in ("talk", "stream"):
            app.router.add_delete(f"{one}/{{kind:{kind}}}", self._sound)
        app.router.add_get(JWT, self._jwt, allow_head=False)
        app.router.add_get(f"{FILES}/{{file_id}}", self._file, allow_head=False)
        app.router.add_post(APPLICATIONS, self._create)
        app.router.add_get(APPLICATIONS, self._applications, allow_head=False)
        for method in ("GET", "PUT", "DELETE"):
            app.router.add_route(method, f"{APPLICATIONS}/{{id}}", self._application)
        app.router.add_route("*", "/{path:.*}", self._nowhere)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {**request.query, **{key: str(value) for key, value in (await request.post()).items()}}
        return await self._wire.serve(request, lambda: self._gateway.token(form))

    async def _place(self, request: web.Request) -> web.StreamResponse:
        text = await request.read()
        return await self._wire.serve(request, lambda: self._gateway.place(request.headers, text))

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return await self._let_pass(
            request, lambda: read_page(self._exchange.book, self._exchange.config, request.query)
        )

    async def _one(self, request: web.Request) -> web.StreamResponse:
        uuid = request.match_info["uuid"]
        return await self._let_pass(request, lambda: read_one(self._exchange.book, self._exchange.config, uuid))

    async def _steer(self, request: web.Request) -> web.StreamResponse:
        body = _decode(await request.read())
        return await self._let_pass(request, lambda: steer(self._exchange, request.match_info["uuid"], body))

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        body = None if request.method == "DELETE" else _decode(await request.read())
        uuid, kind = request.match_info["uuid"], request.match_info["kind"]
        return await self._let_pass(request, lambda: sound(self._exchange, uuid, kind, body))

    async def _jwt(self, request: web.Request) -> web.StreamResponse:
        passes = self._exchange.passes
        return await self._let_pass(request, lambda: passes.issue(request.headers["ApplicationId"]))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        # Another host in life: it knows no gateway token and no rate.
        file_id, pass_ = request.match_info["file_id"], request.headers.get("Authorization", "")
        return await self._wire.serve(request, lambda: self._exchange.archive.download(pass_, file_id))

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        applications = self._exchange.applications
        return await self._let_pass_any(request, lambda: applications.create(form, request.content_type))

    async def _applications(self, request: web.Request) -> web.StreamResponse:
        return await self._let_pass_any(request, lambda: self._exchange.applications.page(request.query))

    async def _application(self, request: web.Request) -> web.StreamResponse:
        applications, application_id = self._exchange.applications, request.match_info["id"]
        judge: dict[str, Callable[[], Verdict]] = {
            "GET": lambda: applications.one(application_id),
            "PUT": lambda: applications.change(application_id, request.query),
            "DELETE": lambda: applications.delete(application_id),
        }
        return await self._let_pass_any(request, judge[request.method])

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        text = f"Unable to identify proxy for host: api-prd and url: {path}"
        return await self._wire.serve(
            request, lambda: apigee(404, "messaging.adaptors.http.flow.ApplicationNotFound", text)
        )

    async def _let_pass(self, request: web.Request, judge: Callable[[], Verdict]) -> web.StreamResponse:
        return await self._wire.serve(request, lambda: self._gateway.other(request.headers) or judge())

    async def _let_pass_any(self, request: web.Request, judge: Callable[[], Verdict]) -> web.StreamResponse:
        headers = request.headers
        return await self._wire.serve(request, lambda: self._gateway.other(headers, for_application=False) or judge())


def _decode(text: bytes) -> Any:
    """The JSON body; something that is no object where there is none."""
    try:
        return json.loads(text)
    except ValueError:
        return ""
