"""The dialer's own programs, each a real process started with settings in its environment, as a user starts it.

Redis is the private server of `dialer up`; API and workers are `python -m dialer api|worker`. All of them can be
stopped, killed and started again, and none outlives the tests: each is ended by the process id it was started with,
and the kernel ends it should the tests themselves be killed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dialer.processes import child
from tests.fakes.waiting import until

READY_S = 30.0
END_S = 30.0
_TAIL_BYTES = 6_000
_PORTS = range(20_000, 32_000)  # below those that whoever names none is given: from 32,768 on


class Program:
    """One program of the dialer, which may run several times one after the other."""

    def __init__(
        self, kind: str, log: Path, settings: Mapping[str, str], around: Mapping[str, str] | None = None
    ) -> None:
        self._kind = kind
        self._log = log
        self._surroundings = child.Surroundings(environment={**environment(settings), **(around or {})}, log=log)
        self._process: asyncio.subprocess.Process | None = None
        self._logged = 0

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The process that runs now, or ran last."""
        assert self._process is not None, f"{self._kind} was never started"
        return self._process

    @property
    def runs(self) -> bool:
        """Whether it is running, stopped or not."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it; it is not ready yet."""
        self._logged = self.log_size
        self._process = await child.spawn([sys.executable, "-m", "dialer", self._kind], self._surroundings)

    async def until_logged(self, words: str) -> None:
        """Wait until it has written these words since it was started."""
        await until(lambda: not self.runs or words in self._since_start(), within_s=READY_S)
        assert self.runs, f"{self._kind} ended by itself:\n{self.tail()}"

    def _since_start(self) -> str:
        return self.written(self._logged)

    @property
    def log_size(self) -> int:
        """Bytes that it has written."""
        return self._log.stat().st_size if self._log.exists() else 0

    def written(self, since: int) -> str:
        """What it wrote since its log had that size."""
        return self._log.read_bytes()[since:].decode(errors="replace")

    async def kill(self) -> None:
        """End it as a power cut would."""
        child.kill(self.process)
        await self.process.wait()

    async def end(self) -> int:
        """Ask it to end, as a rolling restart does, and wait; its exit status, -9 if it had to be killed."""
        return await child.end(self.process, grace_s=END_S)

    def freeze(self) -> None:
        """Stop it in the middle of whatever it is doing, as a machine that sleeps would."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.process.pid, signal.SIGCONT)

    def tail(self) -> str:
        """The end of what it wrote."""
        text = self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace") if self._log.exists() else ""
        return f"--- {self._log.name}\n{text}"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without anything of a dialer, and these settings: `CALLS_PER_SECOND` sets `DIALER_CALLS_PER_SECOND`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
    return ours | {f"DIALER_{name}": value for name, value in settings.items()}


def free_port() -> int:
    """A port of the loopback address on which nobody listens, and which the kernel gives to nobody meanwhile."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
