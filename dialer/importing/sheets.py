"""A spreadsheet (.xlsx) to the bytes of a CSV, by a program of its own (`dialer/spreadsheet.py`).

A spreadsheet's directory stands at its end, so it is kept in a file first; then its rows stream like those of any list.
Only a few are read at once: whoever sends many, hostile ones too, takes no more memory and processors from the calls.
"""

from __future__ import annotations

import asyncio
import errno
import json
import sys
from asyncio import AbstractEventLoop, Semaphore, StreamReader
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from contextlib import aclosing, contextmanager
from tempfile import NamedTemporaryFile
from typing import cast
from weakref import WeakKeyDictionary

from dialer.errors import InvalidInput, NoRoom
from dialer.processes.child import bare_environment
from dialer.spreadsheet import FAULTY, MAX_MEMORY_BYTES

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_SHEET_BYTES = 100_000_000  # packed: five times a million rows of three columns
MOST_KEPT_BYTES = 2 * MAX_SHEET_BYTES  # of a process, all that are on their way: deploy/ has room for so much
MOST_AT_ONCE = 2  # of a process: each may take the memory that it is allowed; the others wait for their turn
_CHUNK_BYTES = 65_536
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_turns: WeakKeyDictionary[AbstractEventLoop, Semaphore] = WeakKeyDictionary()


class _Kept:
    """How much this process keeps of all spreadsheets together."""

    def __init__(self) -> None:
        self._bytes = 0

    @contextmanager
    def growing(self) -> Iterator[Callable[[int], None]]:
        """Count what one more of them takes, piece by piece, until it is read. Raises NoRoom for a piece too much."""
        taken = 0

        def grow(size: int) -> None:
            nonlocal taken
            if self._bytes + size > MOST_KEPT_BYTES:
                message = (
                    f"spreadsheets of more than {MOST_KEPT_BYTES:,} bytes are being sent at this moment: send this one "
                    "again in a minute, or the list as CSV UTF-8, which is not kept"
                )
                raise NoRoom(message)
            self._bytes += size
            taken += size

        try:
            yield grow
        finally:
            self._bytes -= taken


_kept = _Kept()


async def sheet_as_csv(chunks: AsyncIterable[bytes], sheet: str | None) -> AsyncGenerator[bytes, None]:
    """The rows of a sheet, by default the first, as UTF-8 CSV.

    Whoever may stop before the end uses it within `contextlib.aclosing`, or others wait in vain for their turn.

    Raises:
        InvalidInput: the file cannot be read, is too large, or has no such sheet.
        NoRoom: it cannot be kept while it is read, for the disk is full or so many others are.
    """
    with _telling_of_room(), NamedTemporaryFile(suffix=".xlsx") as file, _kept.growing() as grow:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > MAX_SHEET_BYTES:
                message = f"a spreadsheet has at most {MAX_SHEET_BYTES:,} bytes: save it as CSV UTF-8 and send that"
                raise InvalidInput(message, field="rows")
            grow(len(chunk))
            await asyncio.to_thread(file.write, chunk)
        file.flush()
        async with _turn(), aclosing(_converted(file.name, sheet)) as converted:
            async for chunk in converted:
                yield chunk


@contextmanager
def _telling_of_room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = (
            f"a spreadsheet is kept on disk while it is read, and that fails ({error.strerror}): make room for the "
            "API's temporary files (TMPDIR), or send the list as CSV UTF-8, which is not kept"
        )
        raise NoRoom(message) from error


def _turn() -> Semaphore:
    return _turns.setdefault(asyncio.get_running_loop(), Semaphore(MOST_AT_ONCE))


async def _converted(path: str, sheet: str | None) -> AsyncGenerator[bytes, None]:
    named = () if sheet is None else (sheet,)
    command = (sys.executable, "-P", "-m", "dialer.spreadsheet", path, *named)
    # Without our environment: what a hostile file makes of the reader finds no secret there.
    process = await asyncio.create_subprocess_exec(*command, env=bare_environment(), stdout=PIPE, stderr=PIPE)
    stdout, stderr = cast("StreamReader", process.stdout), cast("StreamReader", process.stderr)
    try:
        while chunk := await stdout.read(_CHUNK_BYTES):
            yield chunk
        told = await stderr.read()
        if code := await process.wait():
            raise _refusal(code, told)
    finally:
        if process.returncode is None:
            process.kill()
            # Not `wait`: it waits for the pipes to end, which are not looked at while nobody reads what lies in them.
            await process.communicate()


def _refusal(code: int, told: bytes) -> InvalidInput:
    if code == FAULTY:
        fault = json.loads(told)
        return InvalidInput(fault["message"], field=fault["field"])
    message = f"this spreadsheet takes too long, or more than {MAX_MEMORY_BYTES >> 20} MiB: save it as CSV UTF-8"
    return InvalidInput(message, field="rows")
