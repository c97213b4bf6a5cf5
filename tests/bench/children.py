"""Child processes of the benchmark: started by module name, watched, and ended by us alone.

Each is tied to us by the kernel (`dialer/processes/child.py`), writes to a log of its own, and is ended through the
handle that started it, never by name. A program of `tests/bench` takes one JSON object as its argument; one that
measures prints one JSON object as its last line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialer.processes import child
from tests.bench.size import Figures

ROOT = Path(__file__).resolve().parents[2]
_GRACE_S = 6.0
_TAIL_LINES = 12


class ChildFailed(Exception):
    """A program of the benchmark ended or stayed silent; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running program of ours."""

    name: str
    process: Process
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def end(self) -> None:
        """Ask it to end, by force when it takes too long."""
        if self.process.returncode is None:
            await child.end(self.process, grace_s=_GRACE_S)

    def failure(self, what: str) -> ChildFailed:
        """What to raise when it did not do its work."""
        tail = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if self.log.exists() else []
        return ChildFailed("\n".join([f"{self.name} {what}", *tail]))


async def start(name: str, words: list[str], log: Path, environment: Mapping[str, str] | None = None) -> Child:
    """Start `python -m` with these words. No DIALER_ variable of ours reaches it but those given."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("DIALER_")}
    given = {**clean, "PYTHONPATH": str(ROOT), **(environment or {})}
    process = await child.spawn([sys.executable, "-m", *words], child.Surroundings(environment=given, log=log))
    return Child(name, process, log)


async def start_program(module: str, log: Path, **arguments: Any) -> Child:
    """Start a program of `tests/bench`, such as `floors.carrier`."""
    return await start(module, [f"tests.bench.{module}", json.dumps(arguments)], log)


async def measured(module: str, log: Path, *, limit_s: float, **arguments: Any) -> Figures:
    """Run a measuring program of `tests/bench` to its end and return what it printed. Raises ChildFailed."""
    running = await start_program(module, log, **arguments)
    try:
        async with asyncio.timeout(limit_s):
            status = await running.process.wait()
    except TimeoutError:
        raise running.failure(f"took longer than {limit_s} s") from None
    finally:
        await running.end()
    if status != 0:
        raise running.failure(f"ended with status {status}")
    return _last_line(log)


def _last_line(log: Path) -> Figures:
    figures: Figures = json.loads(log.read_text().splitlines()[-1])
    return figures


async def until(
    ready: Callable[[], Awaitable[bool]], *, limit_s: float, every_s: float = 0.1, watched: tuple[Child, ...] = ()
) -> None:
    """Wait until something is so. Raises ChildFailed when a watched child ends first, or past the limit."""
    give_up_at = time.monotonic() + limit_s
    while not await ready():
        for one in watched:
            if one.process.returncode is not None:
                raise one.failure(f"ended with status {one.process.returncode}")
        if time.monotonic() > give_up_at:
            raise ChildFailed(f"waited {limit_s:g} s in vain for {getattr(ready, '__qualname__', ready)}")
        await asyncio.sleep(every_s)


def arguments() -> dict[str, Any]:
    """What a program of `tests/bench` was told."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    return told


def tell(figures: Figures) -> None:
    """Print what a program of `tests/bench` measured."""
    print(json.dumps(figures), flush=True)  # noqa: T201 - its way of answering
