"""A collector of traces on loopback: takes OTLP over HTTP, and decodes it by the protocol's own definition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire

from tests.fakes.waiting import until


@dataclass(frozen=True)
class Seen:
    """A span as it arrived.

    Attributes:
        start_ns, end_ns: on the fleet's clock.
        links: ids of the traces that it is linked to.
        process: which process sent it.
    """

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Any]
    links: tuple[tuple[str, str], ...]
    is_error: bool
    process: str


@dataclass
class Collector:
    """What arrived."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def of(self, trace_id: str) -> list[Seen]:
        """The spans of one trace, by their beginning."""
        return sorted((one for one in self.spans if one.trace_id == trace_id), key=lambda one: one.start_ns)

    def named(self, name: str) -> list[Seen]:
        """The spans of that name."""
        return [one for one in self.spans if one.name == name]

    async def until_named(self, name: str, count: int = 1, *, within_s: float = 15.0) -> list[Seen]:
        """Wait until so many of that name have arrived."""
        await until(lambda: len(self.named(name)) >= count, within_s=within_s)
        return self.named(name)

    async def take(self, request: web.Request) -> web.Response:
        """One batch."""
        body = await request.read()
        self.bodies.append(body)
        self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )


def _spans(batch: ExportTraceServiceRequest) -> Iterator[Seen]:
    for resource in batch.resource_spans:
        process = _told(resource.resource.attributes)["service.instance.id"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Seen(
                    name=span.name,
                    kind=Wire.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    attributes=_told(span.attributes),
                    links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                    is_error=span.status.code == 2,
                    process=process,
                )


def _told(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in attributes}


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """One that listens."""
    taking = Collector()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/traces", taking.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield taking
    await runner.cleanup()
