"""Running one server in the foreground until Ctrl-C or SIGTERM: the first asks it to end, the second ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED = 130


def _end_now() -> None:
    os._exit(_INTERRUPTED)


def keep_for_good() -> None:
    """Leave all that is loaded by now out of garbage collection.

    It stays until the end: some 85,000 objects of modules and tables. To go through them takes 20 ms and more each
    time, during which somebody who picked up hears nothing and a call misses its moment.
    """
    gc.collect()
    gc.freeze()


def run_server(server: Coroutine[Any, Any, None], *, force: Callable[[], None] = _end_now) -> bool:
    """Run it to its end, and tell whether that came because somebody asked for it.

    Args:
        server: is cancelled by the first signal, and tidies up.
        force: is called at every further signal.
    """
    return asyncio.run(_until_asked_to_end(server, force))


async def _until_asked_to_end(server: Coroutine[Any, Any, None], force: Callable[[], None]) -> bool:
    running = asyncio.ensure_future(server)
    asked = False

    def ask() -> None:
        nonlocal asked
        if asked:
            force()
        asked = True
        running.cancel()

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        # `nohup` has SIGHUP ignored, which we honour. A shell script has SIGINT ignored for what it puts behind `&`;
        # who sends us one all the same means it.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, ask)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return asked
