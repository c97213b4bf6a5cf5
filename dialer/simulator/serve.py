"""The stand-in as a program: a line for each request with its arrival, and an account at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict

import structlog

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.journal import RequestRecord
from dialer.simulator.server import Simulator

log = structlog.get_logger(__name__)


async def serve(config: SimulatorConfig, *, ready: Callable[[Simulator], None] | None = None) -> None:
    """Run until cancelled; `ready` is called once it listens. Without `keep_log`, no line for each request either."""
    simulator = Simulator(config)
    if config.keep_log:
        simulator.journal.listener = _line_writer()
    async with simulator:
        if ready is not None:
            ready(simulator)
        try:
            await asyncio.Event().wait()
        finally:
            log.info("simulator.stopped", **asdict(simulator.summary()))


def _line_writer() -> Callable[[RequestRecord], None]:
    """Writes one line per request; arrivals are seconds since the start."""
    started_s = time.monotonic()

    def write(record: RequestRecord) -> None:
        shown = {key: value for key, value in asdict(record).items() if value is not None}
        shown["arrived_s"] = round(record.arrived_s - started_s, 3)
        if record.number is not None:
            shown["number"] = f"{'*' * len(record.number[:-3])}{record.number[-3:]}"
        log.info("simulator.request", **shown)

    return write
