"""What surrounds every request: its id, whose key it came with, the turning of exceptions into problems, one log line.

There is one middleware, because a webhook passes it several thousand times a second. It logs the route, not the path: a
webhook's path is a secret.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Sequence
from time import perf_counter

import structlog
from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler

from dialer import metrics
from dialer.access import Role
from dialer.api.bodies import refuse_large
from dialer.api.keys import BACKGROUND, CALLER, DOORKEEPER, LOG_FIELDS, OPERATIONS, REQUEST_ID, RUNTIME
from dialer.api.problems import INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem, problem_from
from dialer.api.tracing import begin_span, end_span
from dialer.errors import StoreUnavailable
from dialer.tracing import NO_SPAN

REQUEST_ID_HEADER = "X-Request-Id"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# What one program takes for the way to another place, and the next one for a part of a name: dots, and slashes that are
# doubled or written otherwise. No address of ours has them.
_AMBIGUOUS = re.compile(r"%(?:2[ef]|5c)|/\.{1,2}(?:/|$)|//|\\", re.IGNORECASE)
_NO_CONTENT = 204
_CLIENT_GONE = 499  # nobody is left to read it: nginx' number for it, for the log
_CLIENT_ERROR = 400
_SERVER_ERROR = 500
_STREAM = "text/event-stream"  # lasts as long as somebody listens, which is no measure of ours

log = structlog.get_logger(__name__)


@web.middleware
async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request whatever happens, and tell of it once."""
    started = perf_counter()
    request_id = request[REQUEST_ID] = _request_id(request)
    request[LOG_FIELDS] = {}
    span = NO_SPAN
    try:
        _require_plain_path(request)
        await _recognise(request)
        span = begin_span(request)
        response = await handler(request)
    except Exception as error:  # noqa: BLE001 - the last one who can tell; it goes into the log line
        response = _answer_to(error, request)
    if not response.prepared:
        response.headers[REQUEST_ID_HEADER] = request_id
    duration_s = perf_counter() - started
    _tell(request, response, duration_s)
    end_span(span, request, response.status, duration_s)
    return response


async def expect(needs: Sequence[Role], request: web.Request) -> None:
    """Answer `Expect: 100-continue`: no body is called for that would be refused anyway; the handler says why."""
    with contextlib.suppress(Problem, StoreUnavailable):
        await _recognise(request)
        if needs:
            request[CALLER].require(needs)
        refuse_large(request, request.app[RUNTIME].settings.max_import_bytes)
        if request.version == HttpVersion11:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # aiohttp takes what was written so far for the beginning of the answer.
            request.writer.output_size = 0


def _require_plain_path(request: web.Request) -> None:
    """Refuse a path that a proxy, which lets /webhooks/ through and nothing else, may have read in another way."""
    if _AMBIGUOUS.search(request.rel_url.raw_path):
        raise Problem(NOT_FOUND, "There is nothing at this address.")


async def _recognise(request: web.Request) -> None:
    """Note who asks, under `/v1`. Raises Problem and StoreUnavailable."""
    if CALLER in request or not _route_path(request).startswith("/v1"):
        return
    doorkeeper = request.app[DOORKEEPER]
    caller = request[CALLER] = await doorkeeper.caller(request.headers.get("Authorization"), request.remote)
    if doorkeeper.is_to_be_noted(caller):
        request.app[BACKGROUND].start(doorkeeper.note_use(caller))


def _route_path(request: web.Request) -> str:
    # The declared path, so that no spelling of a path gets around the key; the given one only where no route matched.
    resource = request.match_info.route.resource
    return resource.canonical if resource else request.path


def _request_id(request: web.Request) -> str:
    given = request.headers.get(REQUEST_ID_HEADER)
    return given if given and _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


def _answer_to(error: Exception, request: web.Request) -> web.Response:
    if isinstance(error, ConnectionError):
        return web.Response(status=_CLIENT_GONE)
    problem = problem_from(error)
    if problem is None:
        request[LOG_FIELDS]["exc_info"] = error
        problem = Problem(INTERNAL, "Please report it with the request id.", extra={"request_id": request[REQUEST_ID]})
    elif problem.kind is METHOD_NOT_ALLOWED and request.method == "OPTIONS":
        return web.Response(status=_NO_CONTENT, headers=problem.headers)
    request[LOG_FIELDS]["problem"] = problem.kind.slug
    return problem.response()


def _tell(request: web.Request, response: web.StreamResponse, duration_s: float) -> None:
    resource, status = request.match_info.route.resource, response.status
    route = resource.canonical if resource else None
    if response.content_type != _STREAM:
        operation = request.app[OPERATIONS].get((request.method, route or ""), "none")
        metrics.API_REQUEST_SECONDS.labels(operation, f"{status // 100}xx").observe(duration_s)
    fields = request[LOG_FIELDS] | {"request_id": request[REQUEST_ID], "method": request.method, "route": route}
    fields |= {"status": status, "duration_ms": round(duration_s * 1000, 2)}
    if CALLER in request:
        fields["key"] = request[CALLER].id
    if "exc_info" in fields:
        log.error("request.failed", **fields)
    elif status >= _SERVER_ERROR:
        log.warning("request.answered", **fields)
    elif (route and not route.startswith("/v1")) or (request.method == "GET" and status < _CLIENT_ERROR):
        # Probes, scrapes and the carrier are counted elsewhere; who watches a campaign asks every second.
        log.debug("request.answered", **fields)
    else:
        log.info("request.answered", **fields)
