"""Traces by OpenTelemetry: spans of requests, of the steps of attempts, and of attempts.

All moments are those of the fleet's clock, so that spans of different machines stand in order. What sends them is in
`dialer/tracing/sending.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from types import MappingProxyType, SimpleNamespace
from typing import Any, Self

import aiohttp
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict

from dialer import log
from dialer.clock import Clock
from dialer.dispositions import Disposition
from dialer.masking import masked_text
from dialer.tracing import NO_STEP, STATUS, Span, Told, TraceIds, Tracing, trace_ids
from dialer.tracing.sending import Sending, given_ids

_KNOWN = 4096  # attempts whose ids are remembered: those that are up at the same time, mostly
_LONGEST = 200  # characters of an attribute: some words come from the carrier
_W3C = TraceContextTextMapPropagator()
_NOTHING = Context()


class _Made(Span):
    """A span of OpenTelemetry's, under way; what the task does meanwhile belongs to it, if `current`."""

    def __init__(self, span: trace.Span, now_ns: Callable[[], int], *, current: bool = True) -> None:
        self._span = span
        self._now_ns = now_ns
        self._token = attach(trace.set_span_in_context(span)) if current else None

    def tell(self, **told: Told | None) -> None:
        """Add attributes."""
        self._span.set_attributes(_attributes(told))

    def fail(self, error: BaseException) -> None:
        """It broke; the error's own words are left out, for they may hold anything."""
        self._span.set_status(Status(StatusCode.ERROR, type(error).__name__))

    def answered(self, status: int, *, bad_from: int) -> None:
        """It was answered with that status; one from `bad_from` on is an error to whoever made the span."""
        self._span.set_attribute(STATUS, status)
        if status >= bad_from:
            self._span.set_status(StatusCode.ERROR)

    def end(self, status: int | None = None) -> None:
        """It is over."""
        if self._token is not None:
            detach(self._token)
        if status is not None:
            self.answered(status, bad_from=500)
        self._span.end(self._now_ns())


class Traces(Tracing):
    """Makes and sends the traces of one process."""

    def __init__(self, secret: str, clock: Clock, exporter: SpanExporter | None = None) -> None:
        """Send by this exporter; else as the variables of OpenTelemetry say."""
        self._clock = clock
        self._sending = Sending(exporter)
        self._sampler = self._sending.provider.sampler
        self._tracer = self._sending.provider.get_tracer("dialer")
        self._root = lru_cache(_KNOWN)(lambda attempt_id: self._found(trace_ids(secret, attempt_id)))

    def request(self, name: str, traceparent: str | None) -> Span:
        """Begin a span of the API, under that of whoever sent the header."""
        # The ids alone: what a `tracestate` holds is nobody's business here.
        parent = _W3C.extract({"traceparent": traceparent or ""}, _NOTHING)
        return _Made(self._start(name, parent, SpanKind.SERVER), self._now_ns)

    def origin(self) -> str | None:
        """The span that is under way, as a `traceparent`."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent")

    def step(
        self, name: str, attempt_id: str, *, links: Sequence[str | None] = (), **told: Told | None
    ) -> AbstractContextManager[Span]:
        """A step of an attempt, as long as the block runs."""
        root = self._root(attempt_id)
        if not root.trace_flags.sampled:
            return NO_STEP
        attributes = told | _ids_of(attempt_id)
        return self._within(self._start(name, _beneath(root), told=attributes, links=_links(links)))

    @contextmanager
    def _within(self, span: trace.Span) -> Iterator[Span]:
        made = _Made(span, self._now_ns)
        try:
            yield made
        except BaseException as error:
            made.fail(error)
            raise
        finally:
            made.end()

    def webhook(self, name: str, attempt_id: str, duration_s: float, told: Mapping[str, Told | None]) -> None:
        """A request of the carrier about an attempt, which was answered just now."""
        root, end_ns = self._root(attempt_id), self._now_ns()
        if not root.trace_flags.sampled:
            return
        attributes = {**told, **_ids_of(attempt_id)}
        start_ns = end_ns - round(duration_s * 1_000_000_000)
        self._start(name, _beneath(root), SpanKind.SERVER, told=attributes, start_ns=start_ns).end(end_ns)

    def ended(self, attempt_id: str, disposition: Disposition, *, began_ms: int, trunk: str) -> None:
        """The whole of an attempt: the one span that has the ids that follow from the attempt's."""
        root = self._root(attempt_id)
        if not root.trace_flags.sampled:
            return
        told = _ids_of(attempt_id) | {"disposition": disposition, "trunk": trunk}
        with given_ids(root.trace_id, root.span_id):
            span = self._start("attempt", _NOTHING, told=told, start_ns=began_ms * 1_000_000)
        span.end(self._now_ns())

    def trace_id(self, attempt_id: str) -> str | None:
        """The trace of an attempt in hex; None where it is not sampled."""
        root = self._root(attempt_id)
        return trace.format_trace_id(root.trace_id) if root.trace_flags.sampled else None

    def client_traces(self) -> list[aiohttp.TraceConfig]:
        """For a session whose requests are to be seen in the step that makes them."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._sent)
        config.on_request_end.append(_answered)
        config.on_request_exception.append(_broke)
        return [config]

    async def __aenter__(self) -> Self:
        """Tell each log line its trace from now on."""
        log.add_processor(self.log_ids)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what is left, for `sending.FLUSH_S` at the most."""
        log.remove_processor(self.log_ids)
        await self._sending.aclose()

    def log_ids(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """A log line with the trace that it belongs to: that of its attempt, else that of its request."""
        span = trace.get_current_span().get_span_context()
        if "attempt_id" in event:
            root = self._root(str(event["attempt_id"]))
            span = span if span.trace_id == root.trace_id else root
        if span.is_valid:
            event["trace_id"] = trace.format_trace_id(span.trace_id)
            event["span_id"] = trace.format_span_id(span.span_id)
        return event

    async def _sent(self, _session: object, ctx: SimpleNamespace, sent: aiohttp.TraceRequestStartParams) -> None:
        ctx.made = None
        if trace.get_current_span().is_recording():
            # Neither path nor query: they tell the carrier's ids of calls.
            told = {"server.address": sent.url.host or "", "http.request.method": sent.method}
            start_ns = self._now_ns()
            span = self._tracer.start_span(sent.method, None, SpanKind.CLIENT, told, start_time=start_ns)
            ctx.made = _Made(span, self._now_ns, current=False)

    def _now_ns(self) -> int:
        return self._clock.now_us() * 1000

    def _found(self, ids: TraceIds) -> SpanContext:
        """The span of an attempt, made at its end only; whether it is sampled, the sampler says everywhere alike."""
        decision = self._sampler.should_sample(_NOTHING, ids.trace_id, "attempt").decision
        flags = TraceFlags(TraceFlags.SAMPLED if decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT)
        return SpanContext(ids.trace_id, ids.span_id, is_remote=True, trace_flags=flags)

    def _start(  # noqa: PLR0913 - all keyword but the first three
        self,
        name: str,
        parent: Context,
        kind: SpanKind = SpanKind.INTERNAL,
        *,
        told: Mapping[str, Told | None] = MappingProxyType({}),
        links: Sequence[Link] = (),
        start_ns: int = 0,
    ) -> trace.Span:
        at = start_ns or self._now_ns()
        return self._tracer.start_span(name, parent, kind, _attributes(told), links, start_time=at)


def _beneath(span: SpanContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(span), _NOTHING)


async def _answered(_session: object, ctx: SimpleNamespace, got: aiohttp.TraceRequestEndParams) -> None:
    if ctx.made:
        ctx.made.answered(got.response.status, bad_from=400)
        ctx.made.end()


async def _broke(_session: object, ctx: SimpleNamespace, got: aiohttp.TraceRequestExceptionParams) -> None:
    if ctx.made:
        ctx.made.fail(got.exception)
        ctx.made.end()


def _attributes(told: Mapping[str, Told | None]) -> dict[str, Told]:
    """As OpenTelemetry keeps them: our own under `dialer.`; numbers masked, should there be any after all."""
    return {
        name if "." in name else f"dialer.{name}": masked_text(value)[:_LONGEST] if isinstance(value, str) else value
        for name, value in told.items()
        if value is not None
    }


def _ids_of(attempt_id: str) -> dict[str, Told | None]:
    call_id = attempt_id.rpartition("-")[0]
    return {"attempt_id": attempt_id, "call_id": call_id, "campaign_id": call_id.rpartition("-")[0]}


def _links(origins: Sequence[str | None]) -> list[Link]:
    """To the spans that these headers name; what is none is left out."""
    told = (_W3C.extract({"traceparent": one or ""}, _NOTHING) for one in dict.fromkeys(origins))
    found = (trace.get_current_span(one).get_span_context() for one in told)
    return [Link(context) for context in found if context.is_valid]
