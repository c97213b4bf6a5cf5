"""Saving a file as a whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from dialer.errors import DialerError


async def save_file(chunks: AsyncIterator[bytes], path: Path) -> Path:
    """Write the file beside its place and move it there when it is complete. Raises DialerError when it cannot."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            async for chunk in chunks:
                file.write(chunk)
        part.replace(path)
    except OSError as error:
        raise DialerError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return path
