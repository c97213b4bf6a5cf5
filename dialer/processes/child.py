"""Child processes that never outlive us.

A child is started in a session of its own, so that Ctrl-C reaches only us and we decide who ends when. The kernel is
told to kill it the moment we are gone (`PR_SET_PDEATHSIG`), so that nothing is left running even after `kill -9`.
That signal is tied to the *thread* that started the child: start children from the main thread only.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_BARE = frozenset({"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR", "TZ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a child is given.

    Attributes:
        environment: its whole environment; None takes ours.
        log: the file its output is added to; None writes to our own output.
        keep_open: file descriptors of ours that it holds as well.
    """

    environment: Mapping[str, str] | None = None
    log: Path | None = None
    keep_open: tuple[int, ...] = ()


def bare_environment() -> dict[str, str]:
    """Of ours what a program needs to start and to write text; no setting and no key of anybody."""
    return {name: value for name, value in os.environ.items() if name in _BARE or name.startswith(("LC_", "PYTHON"))}


def forget_environment() -> None:
    """Leave of this process' environment only the bare one, also where the kernel shows how it began.

    For a process that cannot be started with a bare one. What is started or forked from it has no other either.
    """
    bare = bare_environment()
    os.environ.clear()
    os.environ.update(bare)  # each a copy: nobody looks at the first ones any more
    if sys.platform == "linux":
        begin, end = map(int, Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()[47:49])
        ctypes.memset(begin, 0, end - begin)


async def spawn(command: Sequence[str], surroundings: Surroundings) -> asyncio.subprocess.Process:
    """Start a program that ends when we do."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(surroundings.log.open("ab")) if surroundings.log else None
        return await asyncio.create_subprocess_exec(
            *command,
            env=surroundings.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=surroundings.keep_open,
            preexec_fn=_tie_to_parent(),
        )


async def end(process: asyncio.subprocess.Process, *, grace_s: float) -> int:
    """Ask a child to end, wait, and kill it when it takes longer. Gives its exit status."""
    _signal(process, signal.SIGTERM)
    try:
        async with asyncio.timeout(grace_s):
            return await process.wait()
    except TimeoutError:
        _signal(process, signal.SIGKILL)
        return await process.wait()


def kill(process: asyncio.subprocess.Process) -> None:
    """End a child at once, whatever it is doing."""
    _signal(process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _tie_to_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    # Looked up here and not in the child: between fork and exec as little as possible may happen.
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # we ended before the kernel was told
            os._exit(1)

    return tie
