"""The processes in which rows of long lists are checked, started at the first long list.

Checking a number costs about 30 µs of pure Python: in the event loop 100,000 rows would hold up webhooks for seconds.
The processes end with us, also when we are killed, and leave Ctrl-C to us.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from multiprocessing.connection import wait

SMALL_BYTES = 65_536  # about 1,000 rows: a thread checks them sooner than a process starts


class ImportPool:
    """Hands out the executor for a list of some length."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def executor(self, length: int | None) -> Executor | None:
        """Where to check a list of that many bytes (None: unknown); None for the event loop's own threads."""
        if length is not None and length <= SMALL_BYTES:
            return None
        if self._pool is None:
            # Half of the cores: the others are for Redis and for the event loop that feeds the pool.
            workers = max(1, (os.cpu_count() or 1) // 2)
            # Not `fork`: a copy of a process with threads may inherit a lock that nobody will open.
            context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
            # Rows of a hostile list are read there: what they make of the reader finds no secret.
            context.set_forkserver_preload(["dialer.api.import_child"])
            self._pool = ProcessPoolExecutor(workers, context, initializer=_end_with_parent)
        return self._pool

    def drop_broken(self, error: BaseException) -> None:
        """Forget the pool after one of its processes was killed, so that the next list gets a new one."""
        if isinstance(error, BrokenExecutor):
            self._pool = None

    async def close(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)


def _end_with_parent() -> None:
    # Ctrl-C reaches the whole terminal; the parent decides when its processes end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    # A pool's process holds both ends of its own queue, so it would never notice that nobody writes any more.
    wait([sentinel])
    os._exit(0)
