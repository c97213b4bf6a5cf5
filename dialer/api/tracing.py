"""The span of a request: that of a client under `/v1`, or a step of the attempt that the carrier's webhook is about.

Only whoever has a key begins a trace, or goes on with one by a `traceparent`. Probes and scrapes have none.
"""

from __future__ import annotations

from aiohttp import web

from dialer.api.keys import CALLER, LOG_FIELDS, RUNTIME
from dialer.tracing import NO_SPAN, OFF, STATUS, Span, Told

TRACEPARENT = "traceparent"
_TOLD = (
    "campaign_id", "call_id", "attempt_id", "accepted", "duplicates", "rejected", "replayed", "problem", "event_kind",
)  # fmt: skip
"""Of the fields of the request's log line: ids of ours, counts, and words of closed lists."""


def begin_span(request: web.Request) -> Span:
    """Begin that of a client's request, once it is known who asks."""
    if CALLER not in request:
        return NO_SPAN
    return request.app[RUNTIME].tracing.request(_name(request), request.headers.get(TRACEPARENT))


def end_span(span: Span, request: web.Request, status: int, duration_s: float) -> None:
    """End it, or tell that of a webhook now that it is known which attempt it was about."""
    tracing, fields = request.app[RUNTIME].tracing, request[LOG_FIELDS]
    if tracing is OFF:
        return
    told: dict[str, Told | None] = {name: fields.get(name) for name in _TOLD}
    if span is not NO_SPAN:
        span.tell(**told)
        span.end(status)
    elif "attempt_id" in fields:
        tracing.webhook(_name(request), fields["attempt_id"], duration_s, told | {STATUS: status})


def _name(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical}" if resource else request.method
