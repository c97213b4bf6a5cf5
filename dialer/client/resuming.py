"""Sending a file until all of it is in: whatever breaks off is gone on with, also by another program, later.

The import is named by a digest of the file and of how it is read, so nothing is to be remembered on this side: the API
tells how far the import of that name is, and the rest is sent. Nobody is added twice, whoever else does the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import stamina

from dialer.api.import_records import ImportStateOut
from dialer.client.errors import ApiAbsent, ApiBroken, ApiRefusal, Missing, Unavailable
from dialer.client.uploads import Upload

Told = Callable[[int, int, int], None]
"""Is told of bytes that need not be sent any more, of all bytes, and of rows sent by this program."""
Send = Callable[[Upload, Mapping[str, Any]], Awaitable[object]]
_CHUNK_BYTES = 262_144
_MOVED = "/problems/import-moved"
_ATTEMPTS = 30
_LONGEST_S = 20.0  # between two attempts; all of them take some minutes, in which an API is started anew


def name_of(path: Path, content_type: str, wishes: Mapping[str, Any]) -> str:
    """The name of a file's import: the same for the same bytes, read in the same way. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    told = json.dumps([digest, content_type, dict(sorted(wishes.items()))])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


async def send_all(
    path: Path, content_type: str, *, state: Callable[[], Awaitable[ImportStateOut]], send: Send, told: Told
) -> ImportStateOut:
    """Send a file until its import is done, and how it is then.

    Args:
        path: the file.
        content_type: what it is.
        state: asks how far the import is.
        send: sends the rest, with what the query says of it.
        told: is told of the progress.

    Raises:
        ApiError: what does not pass by waiting, or did not.
    """
    size = await asyncio.to_thread(os.path.getsize, path)
    attempts = stamina.retry_context(on=_passes, attempts=_ATTEMPTS, timeout=None, wait_max=_LONGEST_S)
    async for attempt in attempts:
        with attempt:
            at = await _offset(state)
            if at is not None:
                await send(Upload(_rest(path, at, size, told), size - at, content_type), {"offset": at or None})
    return await state()


async def _offset(state: Callable[[], Awaitable[ImportStateOut]]) -> int | None:
    """From which byte to go on; None where all is in."""
    try:
        found = await state()
    except Missing:
        return 0
    return None if found.state == "done" else found.offset


def _passes(error: Exception) -> bool:
    match error:
        case ApiAbsent() | ApiBroken() | Unavailable():
            return True
        case ApiRefusal(type=kind):
            return kind == _MOVED
    return False


async def _rest(path: Path, at: int, size: int, told: Told) -> AsyncIterator[bytes]:
    rows = 0
    with path.open("rb") as file:
        file.seek(at)
        while at < size and (piece := await asyncio.to_thread(file.read, min(_CHUNK_BYTES, size - at))):
            yield piece
            at += len(piece)
            rows += piece.count(b"\n")
            told(at, size, rows)
