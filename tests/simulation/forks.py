"""Work shared out to processes of their own; `multiprocessing` waits by clocks, which stand still here."""

from __future__ import annotations

import os
import select
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from dialer.processes.child import _tie_to_parent

Task = TypeVar("Task")
_DONE = b"\0"


class _Running(NamedTuple):
    pid: int
    told: bytearray


def forked(work: Callable[[Task], str], tasks: Iterable[Task], jobs: int) -> Iterator[tuple[Task, str]]:
    """Each task with what its work told, as they end. Raises RuntimeError for one that ended otherwise."""
    waiting = deque(tasks)
    running: dict[int, tuple[Task, _Running]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            task = waiting.popleft()
            pipe, one = _fork(work, task)
            running[pipe] = (task, one)
        for pipe in select.select(list(running), [], [])[0]:
            task, one = running[pipe]
            if part := os.read(pipe, 65_536):
                one.told.extend(part)
                continue
            del running[pipe]
            os.close(pipe)
            os.waitpid(one.pid, 0)
            if not one.told.endswith(_DONE):
                raise RuntimeError(f"whoever did {task!r} ended before it: {one.told.decode()}")
            yield task, one.told[:-1].decode()


def _fork(work: Callable[[Task], str], task: Task) -> tuple[int, _Running]:
    tie = _tie_to_parent()
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            if tie:
                tie()
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(work(task).encode() + _DONE)
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on here
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    return reader, _Running(pid, bytearray())
