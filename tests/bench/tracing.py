"""Part `tracing`: what traces cost a process, for one attempt, off and on, with a collector that takes all of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench import children
from tests.bench.size import Report, Row, Size
from tests.fakes.collector import collector


async def measure(size: Size) -> Report:
    """In a program of its own: the collector must not count."""
    attempts = size.pick(2_000, quick=200)
    async with collector() as taking:
        with tempfile.TemporaryDirectory(prefix="dialer-bench-") as folder:
            log = Path(folder) / "span_costs.log"
            found = await children.measured("span_costs", log, limit_s=120, url=taking.url, attempts=attempts)
        found["arrived"] = len(taking.spans)
    names = {"off_us": "off", "sampled_out_us": "on, left out of the sample", "on_us": "on, sent"}
    rows = [Row(f"traces of one attempt: {words}", f"{found[name]} us") for name, words in names.items()]
    return Report(found, rows)
