"""How spans leave: OTLP over HTTP, in the background, as the standard `OTEL_*` variables say.

A collector that is away costs nobody time. Spans wait in a queue of bounded length, which drops the oldest once it is
full; a thread sends them, and at the end of the process it has `FLUSH_S` for the rest.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from dialer.processes.heartbeat import process_name

FLUSH_S = 2.0
"""How long the end of a process waits for a collector; with the 15 s of the API, less than a supervisor's 20 s."""
_TELL_EVERY_S = 60.0

log = structlog.get_logger()
# It would tell each try; `_Telling` tells what is lost.
logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)

_given: ContextVar[tuple[int, int] | None] = ContextVar("given", default=None)


@contextmanager
def given_ids(trace_id: int, span_id: int) -> Iterator[None]:
    """What begins within has these ids instead of random ones."""
    token = _given.set((trace_id, span_id))
    try:
        yield
    finally:
        _given.reset(token)


class _Ids(RandomIdGenerator):
    """Random ids, but for a span whose ids are given."""

    def generate_trace_id(self) -> int:
        """Of a new trace."""
        given = _given.get()
        return given[0] if given else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Of a new span."""
        given = _given.get()
        return given[1] if given else super().generate_span_id()


class _Telling(SpanExporter):
    """Another exporter, whose failures are told once a minute: the library tells each, and each time it tries again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lost = 0
        self._told_at_s = -_TELL_EVERY_S

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send these."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            if time.monotonic() - self._told_at_s >= _TELL_EVERY_S:
                log.warning("spans.lost", spans=self._lost)
                self._lost, self._told_at_s = 0, time.monotonic()
        return result

    def shutdown(self) -> None:
        """Give up what is under way."""
        self._exporter.shutdown()


class Sending:
    """The library's parts of one process."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        """Send by this exporter; else as the variables say."""
        self._exporter = _Telling(exporter or OTLPSpanExporter())
        # Nothing at the interpreter's exit: `aclose` has a limit, that would have none.
        self.provider = TracerProvider(resource=_resource(), id_generator=_Ids(), shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(self._exporter))

    async def aclose(self) -> None:
        """Send what is left, for `FLUSH_S` at the most."""
        # A thread that nobody joins: one that is stuck in a request must not hold up the process.
        ending = threading.Thread(target=self.provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, FLUSH_S)
        if ending.is_alive():
            log.warning("spans.left_unsent", waited_ms=round(FLUSH_S * 1000))
            self._exporter.shutdown()


def _resource() -> Resource:
    """Who sends: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    ours = {"service.name": "dialer", "service.version": version("dialer"), "service.instance.id": process_name()}
    return Resource.create(ours).merge(OTELResourceDetector().detect())
