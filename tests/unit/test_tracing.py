"""Traces: whose they are, what is in them, and what they cost whom who has none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext
from structlog.testing import LogCapture

from dialer import log
from dialer.dispositions import Disposition
from dialer.doctor import variables
from dialer.doctor.finding import State
from dialer.doctor.patient import Patient
from dialer.errors import InvalidInput
from dialer.settings import Settings
from dialer.tracing import OFF, tracing_of
from dialer.tracing.sending import FLUSH_S
from dialer.tracing.spans import Traces
from tests.fakes.clock import START_MS, START_US, SettableClock

SECRET = "the secret of these tests"
ATTEMPT = "c5hk-12-2"
ON = Settings(tracing=True, webhook_secret=SECRET)


class Stuck(SpanExporter):
    """A collector that takes each batch and answers none, until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.got = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Wait."""
        self.go_on.wait()
        self.got += len(spans)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Stay stuck: the worst there is."""


@pytest.fixture
def sent() -> InMemorySpanExporter:
    """What is sent."""
    return InMemorySpanExporter()


@pytest.fixture
async def traces(sent: InMemorySpanExporter) -> AsyncIterator[Traces]:
    """Traces of one process."""
    async with Traces(SECRET, SettableClock(), sent) as made:
        yield made


async def spans_of(traces: Traces, sent: InMemorySpanExporter) -> list[ReadableSpan]:
    """All spans, once they have left."""
    await traces._sending.aclose()
    return list(sent.get_finished_spans())


def test_whoever_has_traces_off_imports_nothing_of_them() -> None:
    """Neither the API nor a worker."""
    imports = "import sys, dialer.api.app, dialer.cli, jobs.worker"
    said = f"{imports}; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)  # noqa: S603 - our own words

    assert "[]" == told.stdout.strip()
    assert OFF is tracing_of(Settings(), SettableClock())


async def test_who_lacks_the_extra_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named, and the command; the doctor finds it as well."""
    for name in [one for one in sys.modules if one.startswith(("opentelemetry", "dialer.tracing."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(InvalidInput, match=r"pip install 'dialer\[otel\]'") as refused:
        tracing_of(ON, SettableClock())

    assert "DIALER_TRACING" == refused.value.field
    patient = Patient(settings=ON, api_url="", redis=None, redis_trouble="", carrier=None, http=None)  # type: ignore[arg-type]
    found = await variables.traces(patient)
    assert (State.FAILED, True) == (found.state, "pip install" in str(found.advice))


async def test_every_process_makes_the_same_trace_of_an_attempt(sent: InMemorySpanExporter) -> None:
    """Nothing is passed on between them; another attempt, and another fleet, has another."""
    clock = SettableClock()
    async with Traces(SECRET, clock, sent) as worker, Traces(SECRET, clock) as api, Traces("another", clock) as foreign:
        ids = [one.trace_id(ATTEMPT) for one in (worker, api, foreign)]
        other = worker.trace_id("c5hk-12-3")

    assert ids[0] == ids[1]
    assert 3 == len({*ids, other})


async def test_the_steps_lie_in_the_attempt(traces: Traces, sent: InMemorySpanExporter) -> None:
    """Each beneath its span, which is made at the end and begins with the request, on the fleet's clock."""
    with traces.step("place", ATTEMPT, trunk="main") as span:
        span.tell(result="placed")
    traces.webhook("POST /webhooks/{token}/event", ATTEMPT, 0.002, {"event_kind": "completed"})
    traces.ended(ATTEMPT, Disposition.ANSWERED, began_ms=START_MS - 5000, trunk="south")
    place, event, attempt = await spans_of(traces, sent)

    assert traces.trace_id(ATTEMPT) == f"{attempt.context.trace_id:032x}"
    assert attempt.parent is None
    assert [_ids(attempt.context)] * 2 == [_ids(place.parent), _ids(event.parent)]
    assert {"dialer.result": "placed", "dialer.attempt_id": ATTEMPT} == {
        name: (place.attributes or {})[name] for name in ("dialer.result", "dialer.attempt_id")
    }
    assert (START_US * 1000 - 5_000_000_000, START_US * 1000) == (attempt.start_time, attempt.end_time)
    assert 2_000_000 == (event.end_time or 0) - (event.start_time or 0)


def _ids(context: SpanContext | None) -> tuple[int, int] | None:
    return (context.trace_id, context.span_id) if context else None


async def test_a_sample_is_of_whole_attempts(monkeypatch: pytest.MonkeyPatch, sent: InMemorySpanExporter) -> None:
    """What one process leaves out, all leave out: no step, no trace id, no exemplar."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    attempts = [f"c5hk-{number}-1" for number in range(1, 201)]
    async with Traces(SECRET, SettableClock(), sent) as worker, Traces(SECRET, SettableClock()) as api:
        for one in attempts:
            with worker.step("place", one):
                pass
            worker.ended(one, Disposition.BUSY, began_ms=START_MS, trunk="main")
        spans = await spans_of(worker, sent)
        kept = {one for one in attempts if api.trace_id(one)}

    assert 20 < len(kept) < 80
    assert kept == {str((span.attributes or {})["dialer.attempt_id"]) for span in spans}
    assert 2 * len(kept) == len(spans)
    assert kept == {one for one in attempts if api.exemplar(one)}


async def test_a_producers_trace_goes_on(traces: Traces, sent: InMemorySpanExporter) -> None:
    """The request is beneath its span, and an attempt is linked to the request; what is no header begins a trace."""
    producer = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    request = traces.request("POST /v1/calls", producer)
    origin = traces.origin()
    request.end(201)
    traces.request("GET /v1/calls/{call_id}", "00-not-at-all").end(503)
    with traces.step("claim", ATTEMPT, links=(origin, None, origin, "nonsense")):
        pass
    post, get, claim = await spans_of(traces, sent)

    assert producer.split("-")[1:3] == [f"{post.parent.trace_id:032x}", f"{post.parent.span_id:016x}"]  # type: ignore[union-attr]
    assert [post.context.span_id] == [link.context.span_id for link in claim.links]
    assert (None, None) == (get.parent, traces.origin())
    assert [201, 503] == [(one.attributes or {})["http.response.status_code"] for one in (post, get)]
    assert [False, True] == [not one.status.is_unset for one in (post, get)]


async def test_nothing_personal_stays_in_a_span(traces: Traces, sent: InMemorySpanExporter) -> None:
    """A number in a value is masked, and an error's words are left out: its type tells enough."""
    with pytest.raises(ValueError, match="612345678"), traces.step("place", ATTEMPT, reason="to +31612345678"):
        raise ValueError("+31612345678")
    (span,) = await spans_of(traces, sent)

    assert "to +31*******78" == (span.attributes or {})["dialer.reason"]
    assert ("ValueError", ()) == (span.status.description, tuple(span.events))
    assert "612345678" not in span.to_json()


async def test_log_lines_tell_their_trace(sent: InMemorySpanExporter) -> None:
    """That of the attempt that they name, with the step if one is under way; else that of the request; or none."""
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    try:
        async with Traces(SECRET, SettableClock(), sent) as traces:
            logger = structlog.get_logger()
            logger.info("one.alone")
            logger.info("attempt.told", attempt_id=ATTEMPT)
            with traces.step("place", ATTEMPT):
                logger.info("attempt.told", attempt_id=ATTEMPT)
            request = traces.request("POST /v1/calls", None)
            logger.info("request.answered")
            request.end(201)
            attempt = traces.trace_id(ATTEMPT)
        logger.info("attempt.told", attempt_id=ATTEMPT)
        place, post = sent.get_finished_spans()
    finally:
        structlog.reset_defaults()
    alone, named, within, asked, after = capture.entries

    assert [False, True, True, True, False] == ["trace_id" in one for one in (alone, named, within, asked, after)]
    assert (attempt, attempt) == (named["trace_id"], within["trace_id"])
    assert f"{place.context.span_id:016x}" == within["span_id"] != named["span_id"]
    assert f"{post.context.trace_id:032x}" == asked["trace_id"]


async def test_a_collector_that_hangs_costs_neither_memory_nor_time() -> None:
    """The queue is as long as it is; at the end of the process it has its seconds, and no more."""
    stuck = Stuck()
    async with Traces(SECRET, SettableClock(), stuck) as traces:
        for number in range(10_000):
            traces.webhook("POST /webhooks/{token}/event", f"c5hk-{number}-1", 0.001, {})
        started = time.monotonic()
    took_s = time.monotonic() - started
    stuck.go_on.set()
    await asyncio.sleep(0)

    assert FLUSH_S <= took_s + 0.1 < FLUSH_S + 1
    assert stuck.got <= 2048 + 512


def test_a_processor_is_for_every_logger_and_gone_again() -> None:
    """Those too that were used before; taking away one that is not there does no harm."""
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], cache_logger_on_first_use=True)
    try:
        logger = structlog.get_logger()
        logger.info("one.told")
        log.add_processor(_marked)
        logger.info("one.told")
        log.remove_processor(_marked)
        log.remove_processor(_marked)
        logger.info("one.told")
    finally:
        structlog.reset_defaults()

    assert [None, 1, None] == [entry.get("mark") for entry in capture.entries]


def _marked(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {**event, "mark": 1}
