"""`python -m tests.bench`: every figure of this dialer beside the limit measured in the same run.

Prints one JSON object on standard output, progress and a table on standard error. Nothing here passes or fails by a
figure: machines differ, so compare the ratios. A part that breaks is told as an error, and the exit code is 1.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from dialer.cli.foreground import run_server
from tests.bench import (
    answers,
    claiming,
    day,
    failover,
    importing,
    instead,
    machine,
    no_budget,
    pacing,
    page,
    replicas,
    scale,
    tracing,
    urgent,
    webhooks,
)
from tests.bench.size import Figures, Part, Report, Row, Size, rounded, say
from tests.bench.table import print_table

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

PARTS = {
    "pacing-3": Part(pacing.at_three((1, 4)), 420, "budget used at 3/s: 200 calls, 1 worker and 4"),
    "pacing-30": Part(pacing.at_rate(30), 150, "the same at 30/s, 4 workers"),
    "pacing-300": Part(pacing.at_rate(300, silent_too=True), 300, "the same at 300/s, also without webhooks"),
    "no-budget": Part(
        no_budget.measure, 240, "calls a second if nobody limits them, beside plain clients and plain arq"
    ),
    "peers": Part(instead.measure, 600, "arq with a limiter: the budget over two workers, and kill -9 of one"),
    "replicas": Part(replicas.measure, 480, "a step, and calls a second, as replicas must confirm or need not"),
    "failover": Part(
        failover.measure, 240, "phones that ring twice after a failover, as replicas must confirm or need not"
    ),
    "webhooks": Part(webhooks.measure, 180, "answer webhooks and events of one API process, 100,000 calls waiting"),
    "answers": Part(answers.measure, 600, "answer and reply webhooks of 25 calls a second, a million calls waiting"),
    "import": Part(importing.measure, 400, "1,000,000 rows through the API, memory, bytes per call"),
    "claim": Part(claiming.measure, 600, "cost of one claim as campaigns and calls grow"),
    "day": Part(
        day.measure, 600, "a tenth of a day at 3/s by a clock set by hand, last quarter beside the first; --full: a day"
    ),
    "scale": Part(
        scale.measure, 900, "200,000 calls, 1,000 campaigns, 100 trunks at all rates; --full: 1,000,000, 16 workers"
    ),
    "tracing": Part(tracing.measure, 300, "what the traces of one attempt cost, off and on"),
    "urgent": Part(urgent.measure, 300, "an urgent call behind 100,000 waiting ones at 3/s"),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "parts", multiple=True, type=click.Choice(list(PARTS)), help="One part; may be repeated.")
@click.option("--quick", "size", flag_value=Size.QUICK, type=Size, help="Less of everything: about two minutes.")
@click.option("--full", "size", flag_value=Size.FULL, type=Size, help="Also a million waiting calls.")
@click.option("--write", is_flag=True, help="Put the figures into docs/figures.md as well.")
def main(*, parts: tuple[str, ...], size: Size | None, write: bool) -> None:
    """Measure the dialer beside the limits of this machine, in less than ten minutes."""
    wanted = [name for name in PARTS if name in parts] or list(PARTS)
    figures: Figures = {}
    rows: dict[str, list[Row]] = {}
    if run_server(_run(wanted, size or Size.NORMAL, figures, rows)):
        sys.exit(_INTERRUPTED)
    if write:
        page.write({name: of_part for name, of_part in rows.items() if "error" not in figures["parts"][name]}, figures)
    click.echo(json.dumps(figures, indent=2))
    sys.exit(any("error" in found for found in figures["parts"].values()))


async def _run(wanted: Sequence[str], size: Size, figures: Figures, rows: dict[str, list[Row]]) -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dialer-bench-") as folder:
        about = machine.describe(Path(folder))
    figures |= {"at": datetime.now(UTC).isoformat(timespec="seconds"), "size": size, "machine": about, "parts": {}}
    for name in wanted:
        report = await _measured(name, size)
        figures["parts"][name] = report.figures
        rows[name] = report.rows
    figures["load_average_1min_at_end"] = rounded(os.getloadavg()[0])
    figures["took_s"] = rounded(time.monotonic() - started)
    print_table([row for of_part in rows.values() for row in of_part])


async def _measured(name: str, size: Size) -> Report:
    part = PARTS[name]
    say(f"{name}: {part.about}")
    started, limit_s = time.monotonic(), part.limit_s * (2 if size is Size.FULL else 1)
    try:
        async with asyncio.timeout(limit_s) as limit:
            report = await part.measure(size)
    except Exception as error:  # noqa: BLE001 - one broken part must not take the others' figures with it
        late = f"not done within {limit_s} s, on a machine that may be busy" if limit.expired() else ""
        told = late or str(error) or type(error).__name__
        say(f"{name} failed: {told}")
        return Report({"error": told}, [Row(f"{name}: failed", type(error).__name__)])
    report.figures["took_s"] = rounded(time.monotonic() - started)
    return report


if __name__ == "__main__":
    main()
