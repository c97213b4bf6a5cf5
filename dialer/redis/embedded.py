"""A private, real Redis server for one data folder: for a first run and for one machine.

It listens on a unix socket only, keeps an append-only file that is synced at every write, and ends when we end, even
on `kill -9`. The folder's lock is held by us *and* by the server, so that a successor of a killed owner waits until
the old server has let go of the files. Nothing here imitates Redis: scripts, durability and tests are the real ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dialer.errors import DialerError
from dialer.processes import child
from dialer.processes.folder import FolderLock, Owner, make_private, remove_socket, socket_path, socket_url
from dialer.redis.program import choose_program, note_version

if TYPE_CHECKING:
    from redis.asyncio import Redis

_APPEAR_S = 30.0  # a server that does not listen by then never will; loading a long file is told apart
_POLL_S = 0.02
_TELL_S = 2.0
_GRACE_S = 20.0  # an orderly end syncs the append-only file, which a slow disk may make us wait for
_LOG_TAIL_BYTES = 800

_CONFIGURATION = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    # Every acknowledged write survives; snapshots would only repeat what the append-only file holds.
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": "64mb",
    "save": "",
    # Nothing may be evicted: a missing key is a lost call.
    "maxmemory-policy": "noeviction",
    # Fifty calls share a hash, which is kept packed (see keys.py). The old names are known to all versions.
    "hash-max-ziplist-entries": "512",
    "hash-max-ziplist-value": "512",
}


class EmbeddedRedis:
    """One private server, held from entering to leaving; started again after it died it has the same address.

    Attributes:
        name: what it is called in messages.
        url: where clients reach it (`unix://...`).
    """

    name = "redis"

    def __init__(
        self,
        data_dir: Path,
        *,
        stand_in: str | None = None,
        api_url: str | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._data_dir = data_dir
        # What the stand-in was told to dial must never be mistaken for calls to people, so it has files of its own.
        self._folder = data_dir / ("redis-simulated" if stand_in else "redis")
        self._log = data_dir / f"{self._folder.name}.log"
        self._socket = socket_path(self._folder)
        self._stand_in = stand_in
        self._api_url = api_url
        self._say = say
        self._lock: FolderLock | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.url = socket_url(self._socket)

    @property
    def pid(self) -> int | None:
        """The server's process, None before the first start."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        """Own the folder and start the server."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server and give the folder back."""
        await self.stop()

    async def start(self) -> None:
        """Run the server until it answers; owns the folder from the first start until `stop`. Raises DialerError."""
        if self._lock is None:
            self._lock = await FolderLock.take(self._data_dir)
        await self._end()  # two servers on the same files would ruin them
        await self._run(self._lock)

    async def wait_for_exit(self) -> int:
        """Wait until the server ends, for whatever reason; its exit status."""
        if self._process is None:
            raise DialerError("The private Redis server was never started.")
        return await self._process.wait()

    async def stop(self) -> None:
        """End the server in an orderly way, or by force when that takes too long, and give the folder back."""
        await self._end()
        if self._lock is not None:
            remove_socket(self._socket, self._folder)
            self._lock.release()
            self._lock = None

    def kill(self) -> None:
        """End the server at once; what it acknowledged is on disk."""
        if self._process is not None:
            child.kill(self._process)

    async def _run(self, lock: FolderLock) -> None:
        make_private(self._folder)
        program = choose_program(self._folder)
        note_version(self._folder, program.version)
        surroundings = child.Surroundings(
            environment=child.bare_environment(), log=self._log, keep_open=(lock.descriptor,)
        )
        self._process = await child.spawn([str(program.path), *self._arguments()], surroundings)
        await self._until_loaded(self._process)
        lock.announce(Owner(pid=os.getpid(), redis_url=self.url, api_url=self._api_url, stand_in=self._stand_in))

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            await child.end(self._process, grace_s=_GRACE_S)

    def _arguments(self) -> list[str]:
        places = {"dir": str(self._folder), "unixsocket": str(self._socket), "logfile": str(self._log)}
        return [word for key, value in (_CONFIGURATION | places).items() for word in (f"--{key}", value)]

    async def _until_loaded(self, process: asyncio.subprocess.Process) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - a third of a second that `--help` must not pay

        patience = _Patience(asyncio.get_running_loop().time)
        async with Redis(unix_socket_path=str(self._socket)) as redis:
            while (answer := await _ask(redis)) is not _Answer.READY:
                if process.returncode is not None or not patience.lasts(answer):
                    raise DialerError(f"The private Redis server did not start.\n{self._last_words()}")
                if answer is _Answer.LOADING and patience.is_time_to_tell():
                    self._say("The private Redis server is reading its data ...")
                await asyncio.sleep(_POLL_S)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, 2) - _LOG_TAIL_BYTES))
            return f"The end of {self._log}:\n{log.read().decode(errors='replace').strip()}"
        return f"It left nothing in {self._log}."


class _Answer(Enum):
    ABSENT = "does not listen yet"
    LOADING = "reads its append-only file"
    READY = "takes commands"


class _Patience:
    """How long a starting server may stay silent, and how often its loading is told."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._give_up_at = clock() + _APPEAR_S
        self._tell_at = clock() + _TELL_S

    def lasts(self, answer: _Answer) -> bool:
        if answer is _Answer.LOADING:
            self._give_up_at = self._clock() + _APPEAR_S
        return self._clock() < self._give_up_at

    def is_time_to_tell(self) -> bool:
        due = self._clock() >= self._tell_at
        if due:
            self._tell_at = self._clock() + _TELL_S
        return due


async def _ask(redis: Redis) -> _Answer:
    from redis import exceptions  # noqa: PLC0415 - as above

    try:
        await redis.ping()
    except exceptions.BusyLoadingError:
        return _Answer.LOADING
    except exceptions.ConnectionError:
        return _Answer.ABSENT
    return _Answer.READY
