"""Worlds for the acceptance tests, and what is shown of them when a test fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.collector import Collector, collector
from tests.fakes.doubts import Told
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


def _worlds_of(item: pytest.Item) -> list[World]:
    worlds = [*item.stash.setdefault(WORLDS, [])]
    for value in getattr(item, "funcargs", {}).values():
        worlds += value.worlds if isinstance(value, Told) else [value] if isinstance(value, World) else []
    return worlds
