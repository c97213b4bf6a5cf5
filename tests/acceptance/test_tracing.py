"""Traces: what became of a request and of each attempt, told to a real collector by all processes together."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from dialer.tracing.sending import FLUSH_S
from tests.fakes.collector import Collector, Seen
from tests.fakes.fleet import free_port
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World, open_world

PRODUCER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PRODUCER_TRACE, PRODUCER_SPAN = PRODUCER.split("-")[1:3]
_STEPS = ["claim", "place", "POST", "GET /webhooks/{token}/answer", "POST /webhooks/{token}/event"]


async def _trace_of(world: World, call_id: str) -> str:
    call = await world.get(f"/v1/calls/{call_id}")
    return str(call["attempts"][-1]["trace_id"])


async def test_an_attempt_is_one_trace_over_all_processes(collecting: Collector) -> None:
    """From the claim by a worker to the last webhook at the API: one trace, all of it within the attempt's own span."""
    async with open_world(settings={"TRACING": "true"}) as world:
        (number,) = world.people(1)
        run = await world.dial([number])
        await run.until_done()
        (call,) = (await world.get(f"/v1/campaigns/{run.id}/calls"))["calls"]
        await collecting.until_named("attempt")
        trace_id = await _trace_of(world, call["id"])
        spans = collecting.of(trace_id)
    (root,) = [one for one in spans if one.name == "attempt"]
    rest = [one for one in spans if one is not root]
    (place,) = [one for one in spans if one.name == "place"]

    assert set(_STEPS) <= {one.name for one in rest}
    assert {one.parent_id for one in rest} < {one.span_id for one in spans}
    assert {root.span_id} == {one.parent_id for one in rest if one.kind != "client"}
    assert 2 == len({one.process for one in rest})
    assert {call["id"]} == {one.attributes["dialer.call_id"] for one in spans if one.kind != "client"}
    assert "answered" == root.attributes["dialer.disposition"]
    assert {"dialer.result": "placed", "dialer.trunk": "main"}.items() <= place.attributes.items()
    assert [201] == [one.attributes["http.response.status_code"] for one in rest if one.parent_id == place.span_id]


async def test_what_was_tried_before_is_in_the_same_trace(collecting: Collector) -> None:
    """A request that the carrier refused costs no try, and one in doubt is looked for: all of it is the one attempt."""
    async with open_world(settings={"TRACING": "true", "UNKNOWN_HOLD_S": "5"}) as world:
        world.carrier.faults.next_place("429")
        world.carrier.faults.next_place("503")
        run = await world.dial(world.people(1))
        await run.until_done(within_s=40)
        attempts = await collecting.until_named("attempt", 2)
    (first, second) = (collecting.of(one.trace_id) for one in attempts)

    assert ["undetermined", "answered"] == [one.attributes["dialer.disposition"] for one in attempts]
    assert ["refused: rate", "unknown: unavailable"] == _results("place", first)
    assert ["begun", "begun"] == _results("claim", first)
    assert ["unknown"] == [one.attributes["dialer.was"] for one in first if one.name == "rescue"]
    assert ["placed"] == _results("place", second)


def _results(name: str, spans: Sequence[Seen]) -> list[str]:
    return [one.attributes["dialer.result"] for one in spans if one.name == name]


async def test_times_lead_to_their_traces(collecting: Collector) -> None:
    """A scrape as OpenMetrics shows with each time of an attempt which trace it was."""
    port = free_port()
    async with open_world(settings={"TRACING": "true", "WORKER_METRICS_PORT": str(port)}) as world:
        run = await world.dial(world.people(1))
        await run.until_done()
        (attempt,) = await collecting.until_named("attempt")
        shown = await _exemplars(world, "/metrics") + await _exemplars(world, f"http://127.0.0.1:{port}/metrics")
    times = ("placement", "lateness", "answer_webhook", "callback", "callback_lag")

    assert {(f"dialer_{name}_seconds", attempt.trace_id) for name in times} == set(shown)


async def _exemplars(world: World, url: str) -> list[tuple[str, str]]:
    """Each exemplar of a page: the histogram, and the trace."""
    async with world.http.get(url, headers={"Accept": "application/openmetrics-text;version=1.0.0"}) as response:
        text = await response.text()
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call] # the library has no annotation
    return [(one.name, s.exemplar.labels["trace_id"]) for one in families for s in one.samples if s.exemplar]


async def test_a_call_is_linked_to_the_requests_that_brought_it(collecting: Collector) -> None:
    """To that of the list and that of the campaign, which go on with the producer's own trace; so is a single call."""
    async with open_world(settings={"TRACING": "true"}) as world:
        world.http.headers["traceparent"] = PRODUCER
        listed, single = world.people(2)
        run = await world.dial([listed])
        await world.call(single)
        await run.until_done()
        await collecting.until_named("attempt", 2)
    claims = {one.attributes["dialer.campaign_id"]: one for one in collecting.named("claim")}
    requests = {one.span_id: one for one in collecting.spans if one.trace_id == PRODUCER_TRACE}

    assert ["POST /v1/campaigns", "POST /v1/campaigns/{campaign_id}/calls"] == sorted(
        requests[span_id].name for _, span_id in claims[run.id].links
    )
    assert ["POST /v1/calls"] == [requests[span_id].name for _, span_id in claims["direct"].links]
    assert {PRODUCER_SPAN} == {one.parent_id for one in requests.values() if one.kind == "server"}
    assert PRODUCER_TRACE not in {one.trace_id for one in claims.values()}
    (told,) = (one for one in requests.values() if one.name == "POST /v1/campaigns/{campaign_id}/calls")
    assert (1, run.id) == (told.attributes["dialer.accepted"], told.attributes["dialer.campaign_id"])


async def test_a_collector_that_never_answers_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and hangs: all calls are placed on time, and both programs end soon when asked to."""
    async with _hanging() as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        async with open_world(settings={"TRACING": "true"}) as world:
            run = await world.dial(world.people(100))
            seen = await run.until_done(within_s=40)
            started = time.monotonic()
            statuses = await asyncio.gather(world.api.end(), *(worker.end() for worker in world.workers))
            took_s = time.monotonic() - started
    FIGURES.append(f"with a collector that never answers, API and worker ended {took_s:.1f} s after they were asked to")

    assert (100, {"answered": 100}) == (seen["counts"]["done"], {k: v for k, v in seen["dispositions"].items() if v})
    assert {0} == set(statuses)
    assert took_s < FLUSH_S + 6


@contextlib.asynccontextmanager
async def _hanging() -> AsyncIterator[str]:
    """Address of a server that reads and never answers."""
    ended = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    ended.set()
    server.close()
