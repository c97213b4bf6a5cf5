"""Worlds for the acceptance tests, and what is shown of them when a test fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from dialer.simulator import Often
from tests.fakes.collector import Collector, collector
from tests.fakes.doubts import LISTED, NOT_PLACED, PLACED, Doubts, open_doubts
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World, open_world

NewWorld = Callable[..., Awaitable[World]]
WORLDS = pytest.StashKey[list[World]]()


@pytest_asyncio.fixture(loop_scope="session")
async def new_world(request: pytest.FixtureRequest) -> AsyncIterator[NewWorld]:
    """Opens a world as `open_world` does; it ends with the test."""
    async with AsyncExitStack() as stack:

        async def opened(*args: Any, **options: Any) -> World:
            world = await stack.enter_async_context(open_world(*args, **options))
            request.node.stash.setdefault(WORLDS, []).append(world)
            return world

        yield opened


@pytest.fixture
async def collecting(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """A collector that the processes started meanwhile send their traces to, often."""
    async with collector() as opened:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", opened.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the worlds' account of themselves to the report of a failed test, while they are still there."""
    report = yield
    if report.failed and report.when == "call":
        report.sections += [("world", world.diagnosis()) for world in _worlds_of(item)]
    return report


@dataclass(frozen=True, slots=True)
class Told:
    """Doubtful calls at three carriers: one tells by webhook, one only in its list, one in neither way."""

    by_webhook: Doubts
    by_list: Doubts
    not_at_all: Doubts

    @property
    def worlds(self) -> list[World]:
        """The three of them."""
        return [doubts.world for doubts in (self.by_webhook, self.by_list, self.not_at_all)]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told() -> AsyncIterator[Told]:
    """All doubtful calls, dialed; they settle at the same time, some of them while other tests run."""
    async with open_doubts() as by_webhook, open_doubts() as by_list, open_doubts(calls_kept=0) as not_at_all:
        for doubts in (by_list, not_at_all):
            doubts.world.carrier.faults.set_webhook("lost", Often(share=1.0))
        await not_at_all.dial("504_placed", unknown="redial")
        await asyncio.gather(
            by_webhook.dial_all((*PLACED, *NOT_PLACED, "503")), by_list.dial_all(LISTED), not_at_all.dial("lost_reply")
        )
        yield Told(by_webhook, by_list, not_at_all)


def _worlds_of(item: pytest.Item) -> list[World]:
    worlds = [*item.stash.setdefault(WORLDS, [])]
    for value in getattr(item, "funcargs", {}).values():
        worlds += value.worlds if isinstance(value, Told) else [value] if isinstance(value, World) else []
    return worlds


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured."""
    if FIGURES:
        terminalreporter.section("measured")
        for line in FIGURES:
            terminalreporter.write_line(line)
