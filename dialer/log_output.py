"""Where lines of the log go: whoever reads them and stands still keeps nobody from working.

A pipe, a socket or a terminal takes no more once its reader stands still, and a write to it would wait, and all that
the process does with it. So it is given what it takes at once; some seconds' worth of lines waits until it takes more,
and what does not fit in there is lost. A file takes all.
"""

from __future__ import annotations

import os
import select
import socket
import stat
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from errno import EAGAIN
from functools import partial
from threading import Condition, Thread
from typing import NamedTuple, TextIO

MOST_WAITING = 1 << 20
"""Bytes: about 3,000 lines, which is ten seconds at 300 calls a second."""
LAST_WORDS_S = 1.0
"""So long the end of the process waits for a reader who is behind."""


class Output:
    """One stream, as lines."""

    def __init__(self, stream: TextIO) -> None:
        """Write to this one."""
        self._stream = stream
        self._ready = _ready(stream)
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._state = Condition()

    def write(self, line: str) -> None:
        """Add a line. Raises OSError where it is lost."""
        with self._state:
            if self._ready is None:
                self._stream.write(f"{line}\n")
                self._stream.flush()
                return
            text = f"{line}\n".encode(errors="backslashreplace")
            if self._size + len(text) > MOST_WAITING:
                raise OSError(EAGAIN, os.strerror(EAGAIN))
            is_first = not self._waiting
            self._waiting.append(text)
            self._size += len(text)
            if is_first and not self._sent(self._ready):
                Thread(target=self._catch_up, args=[self._ready], daemon=True).start()

    def close(self) -> None:
        """Give a reader who is behind a moment; whatever is written from then on may wait."""
        with self._state:
            self._state.wait_for(lambda: not self._waiting, LAST_WORDS_S)
            self._forget()
            ready, self._ready = self._ready, None
        if ready:
            ready.close()

    def _sent(self, ready: _Ready) -> bool:
        """Send what waits for as long as it is taken; True when nothing waits any more. Raises OSError: all is lost."""
        while self._waiting:
            text = self._waiting[0]
            try:
                taken = ready.send(text)
            except BlockingIOError:
                return False
            except OSError:
                self._forget()
                raise
            self._size -= taken
            if taken < len(text):
                self._waiting[0] = text[taken:]
            else:
                self._waiting.popleft()
        self._state.notify_all()
        return True

    def _forget(self) -> None:
        self._waiting.clear()
        self._size = 0
        self._state.notify_all()

    def _catch_up(self, ready: _Ready) -> None:
        writable = select.poll()
        writable.register(ready.descriptor, select.POLLOUT)
        is_done = False
        while not is_done:
            writable.poll()
            with self._state, suppress(OSError):  # the reader has gone: whoever writes next is told
                is_done = self._sent(ready)


class _Ready(NamedTuple):
    """A way to a stream that takes what it takes at once, or raises BlockingIOError."""

    descriptor: int
    send: Callable[[bytes], int]
    close: Callable[[], None]


def _ready(stream: TextIO) -> _Ready | None:
    """To one that may make its writers wait; None for a file, or what is no system's stream."""
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISSOCK(mode):
            ours = socket.socket(fileno=os.dup(descriptor))
            return _Ready(ours.fileno(), lambda text: ours.send(text, socket.MSG_DONTWAIT), ours.close)
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            # Opened anew: others who write there, a shell for one, go on waiting as they are used to.
            own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            return _Ready(own, partial(os.write, own), partial(os.close, own))
    except OSError:  # it cannot be opened again
        pass
    return None
