"""What the spans of one attempt cost a process, traces off, sampled out and on: the program of the part `tracing`.

Processor time of the whole process, so that encoding and sending in the background count, and a busy machine does not.
"""

from __future__ import annotations

import asyncio
import os
import time

from dialer.dispositions import Disposition
from dialer.settings import Settings
from dialer.tracing import STATUS, Told, Tracing, tracing_of
from tests.bench.children import arguments, tell
from tests.bench.size import Figures, rounded

_WEBHOOKS = ("answer", "event", "event", "event", "event")
_SPANS = 3 + len(_WEBHOOKS)
_ORIGIN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_BURST = 50  # attempts, whose spans are in the queue before any is sent
_REST_S = 0.3


class _Clock:
    """This machine's."""

    def now_us(self) -> int:
        """Microseconds since 1970."""
        return time.time_ns() // 1000

    async def sleep_until(self, moment_us: int) -> None:
        """Nobody waits here."""
        raise NotImplementedError


def _spans_of(attempt_id: str, tracing: Tracing) -> None:
    """Those of a worker and of an API, but for the carrier's request."""
    with tracing.step("claim", attempt_id, links=(_ORIGIN, None), trunk="main") as span:
        span.tell(result="begun")
    tracing.exemplar(attempt_id)
    with tracing.step("place", attempt_id, trunk="main", late_us=120) as span:
        span.tell(result="placed")
    for path in _WEBHOOKS:
        told: dict[str, Told | None] = {"attempt_id": attempt_id, "event_kind": "completed", STATUS: 204}
        tracing.webhook(f"POST /webhooks/{{token}}/{path}", attempt_id, 0.002, told)
        tracing.exemplar(attempt_id)
    tracing.ended(attempt_id, Disposition.ANSWERED, began_ms=1_800_000_000_000, trunk="main")


async def _cost_us(tracing: Tracing, attempts: int) -> float:
    """Processor time of an attempt's spans, and in all what it takes to send them."""
    async with tracing:
        for number in range(_BURST):
            _spans_of(f"warm-{number}-1", tracing)
        await asyncio.sleep(_REST_S)
        started = time.process_time()
        for first in range(0, attempts, _BURST):
            for number in range(first, first + _BURST):
                _spans_of(f"c5hk-{number}-1", tracing)
            await asyncio.sleep(_REST_S if tracing.trace_id("c5hk-1-1") else 0)
        return rounded((time.process_time() - started) / attempts * 1_000_000)


async def measure(url: str, attempts: int) -> Figures:
    """All three, in us for one attempt."""
    os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    on = Settings(tracing=True, webhook_secret="the secret of this benchmark")
    off_us = await _cost_us(tracing_of(Settings(), _Clock()), 10 * attempts)
    on_us = await _cost_us(tracing_of(on, _Clock()), attempts)
    os.environ |= {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}
    out_us = await _cost_us(tracing_of(on, _Clock()), attempts)
    return {"spans": _SPANS, "off_us": off_us, "sampled_out_us": out_us, "on_us": on_us}


if __name__ == "__main__":
    tell(asyncio.run(measure(**arguments())))
