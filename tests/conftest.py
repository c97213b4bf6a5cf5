"""What all tests share: a real, private Redis server for the run, emptied before each test that asks for it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has none

from dialer.metrics.table import CONTRACTS
from tests.fakes.redis_server import redis_server
from tests.fakes.waiting import FIGURES

pytest.register_assert_rewrite("tests.fakes.walk")
# How long an example takes says nothing on a busy machine. All else is as it was: drawn anew, but for CI and mutants.
settings.register_profile("busy", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
# Tables are as wide as for no terminal, whoever runs the tests and however; pytest-xdist says 80 to its processes.
os.environ.pop("COLUMNS", None)
_ANYTIME = ("tests/acceptance/test_api_fuzzed.py", "tests/acceptance/test_simulation.py")


class _KeepTime(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """A file keeps together for what its tests share, and all that dials in real time: no two may measure at once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        is_timed = file.startswith(("tests/acceptance/", "tests/browser/")) and file not in _ANYTIME
        return "timed" if is_timed else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _KeepTime:
    """Which process runs which tests, where there are several."""
    return _KeepTime(config, log)


@pytest.fixture(scope="session", autouse=True)
def _data_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is left in the data folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIALER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Address of a Redis server that belongs to this run alone and forgets everything at its end."""
    with redis_server("--appendonly", "no") as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection to the empty server."""
    client = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(autouse=True)
def _no_stray_labels() -> Iterator[None]:
    """Whatever a test did, no label has a value but those of its contract."""
    yield
    assert [] == [stray for contract in CONTRACTS.values() for stray in contract.strays()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what was measured to the report, which comes to whoever shows it from any process."""
    report = yield
    report.user_properties += [("measured", line) for line in FIGURES]
    FIGURES.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    lines = [line for report in reports for name, line in getattr(report, "user_properties", ()) if name == "measured"]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
