"""Threads of their own for what may stand still: a name server that is silent, a disk, a client who does not read.

The event loop's own threads (`asyncio.to_thread`) are few, four more than there are cores, and shared by all: the names
of carrier and Redis are looked up in them, hours are, and metrics are written. And the end of the process waits for
them. What is begun here takes no place there, and the end of the process ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


def begin(work: Callable[[], _T]) -> Future[_T]:
    """Run it in a new thread. It cannot be cancelled, only left alone."""
    end: Future[_T] = Future()
    end.set_running_or_notify_cancel()

    def run() -> None:
        try:
            end.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            end.set_exception(error)

    Thread(target=run, daemon=True).start()
    return end
