"""Keeping programs running, with small real ones."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from dialer.errors import DialerError
from dialer.processes.child import Surroundings
from dialer.processes.supervisor import Program, Supervisor

_FOREVER = "import os, time; open('{log}', 'a').write(f'{{os.getpid()}}\\n'); time.sleep(3600)"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


def _program(code: str, *, log: Path | None = None, grace_s: float = 10.0) -> Program:
    return Program("sleeper", [sys.executable, "-c", code], surroundings=Surroundings(log=log), grace_s=grace_s)


async def _until(log: Path, lines: int) -> list[str]:
    """Wait for a program to have written so many lines."""
    async with asyncio.timeout(20):
        while len(written := _lines(log)) < lines:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    return written


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_killed_program_is_started_again(tmp_path: Path) -> None:
    """A program that dies runs again, and both are said."""
    said: list[str] = []
    log = tmp_path / "pids"
    async with Supervisor(said.append, first_pause_s=0.01) as supervisor:
        await supervisor.keep(_program(_FOREVER.format(log=log)))
        os.kill(int((await _until(log, 1))[0]), signal.SIGKILL)
        await _until(log, 2)
    assert ["sleeper was killed by signal 9. It is started again in 0.01 s.", "sleeper runs again."] == said


async def test_pause_grows_while_it_keeps_failing(tmp_path: Path) -> None:
    """Whoever fails at once, again and again, is started less and less often."""
    said: list[str] = []
    log = tmp_path / "pids"
    failing = _program(
        _FOREVER.format(log=log).replace("time.sleep(3600)", "raise SystemExit(3)"), log=tmp_path / "log"
    )
    async with Supervisor(said.append, first_pause_s=0.01) as supervisor:
        await supervisor.keep(failing)
        await _until(log, 4)
    pauses = [sentence.split()[-2] for sentence in said if "ended with status 3" in sentence]
    assert ["0.01", "0.02", "0.04"] == pauses[:3]


async def test_nothing_runs_after_leaving(tmp_path: Path) -> None:
    """Leaving ends every program."""
    log = tmp_path / "pids"
    async with Supervisor(print) as supervisor:
        await supervisor.keep(*(_program(_FOREVER.format(log=log)) for _ in range(3)))
        pids = await _until(log, 3)
    assert [] == [pid for pid in pids if _is_running(int(pid))]


async def test_stubborn_program_is_killed_after_its_grace(tmp_path: Path) -> None:
    """A program that does not end when asked is ended by force."""
    program = _program(_STUBBORN, log=tmp_path / "log", grace_s=0.1)
    async with Supervisor(print) as supervisor:
        await supervisor.keep(program)
        await _until(tmp_path / "log", 1)
    assert -signal.SIGKILL == await program.wait_for_exit()


async def test_later_stages_end_first() -> None:
    """Stages are stopped in reverse, so that nobody loses what it needs."""
    ended: list[str] = []

    class Witness(Program):
        async def stop(self) -> None:
            await super().stop()
            ended.append(self.name)

    def witness(name: str) -> Witness:
        sleep = [sys.executable, "-c", "import time; time.sleep(3600)"]
        return Witness(name, sleep, surroundings=Surroundings(), grace_s=10.0)

    async with Supervisor(print) as supervisor:
        for name in ("redis", "api", "worker"):
            await supervisor.keep(witness(name))
    assert ["worker", "api", "redis"] == ended


async def test_program_that_ends_before_it_is_ready_is_reported(tmp_path: Path) -> None:
    """A program that ends instead of getting ready stops the start."""

    async def never() -> bool:
        return False

    command = [sys.executable, "-c", "raise SystemExit(4)"]
    program = Program("api", command, surroundings=Surroundings(log=tmp_path / "log"), grace_s=1.0, ready=never)
    with pytest.raises(
        DialerError, match=r"api ended with status 4 before it was ready\. Why stands at the end of .*log"
    ):
        await program.start()
