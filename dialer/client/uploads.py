"""A file on its way to the API: its bytes, how many there are, and what they are."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dialer.importing import XLSX

_CHUNK_BYTES = 262_144
CONTENT_TYPES: Mapping[str, str] = {
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    ".txt": "text/plain",
    ".xlsx": XLSX,
}
"""What a file's ending says; any other is taken for CSV."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A list on its way: its bytes, how many there are, and what they are."""

    chunks: AsyncIterator[bytes]
    size: int
    content_type: str


def upload_of(source: Upload | Path | bytes, content_type: str | None = None) -> Upload:
    """What to send of a file, or of its whole content; without a type that of the file's ending, else CSV.

    Raises OSError where the file cannot be read.
    """
    match source:
        case Upload():
            return source
        case bytes():
            return Upload(_whole(source), len(source), content_type or CONTENT_TYPES[".csv"])
    named = content_type or content_type_of(source)
    size = source.stat().st_size
    return Upload(_pieces(source, size), size, named)


def content_type_of(path: Path) -> str:
    """What a file's ending says."""
    return CONTENT_TYPES.get(path.suffix.lower(), CONTENT_TYPES[".csv"])


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _pieces(path: Path, size: int) -> AsyncIterator[bytes]:
    # Never more than was announced, should the file grow meanwhile.
    with path.open("rb") as file:
        left = min(size, os.fstat(file.fileno()).st_size)
        while left and (piece := await asyncio.to_thread(file.read, min(_CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece
