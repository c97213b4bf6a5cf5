"""What a folder of recordings needs and the library does not do: privacy, sync, and sweeping up after a killed process.

The library writes into `name#1` and the like beside `name`, and gives it its name at the end; such a file of a process
that was killed stays.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PRIVATE = 0o700


def make(root: Path) -> None:
    """Make the folder, for its user only, unless it is there. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)


def forget_broken(path: Path) -> None:
    """Delete what broken writes left of a file; not the file. Raises OSError."""
    # Names are made of letters, digits and hyphens, so none of them is a pattern.
    for left in path.parent.glob(f"{path.name}#*"):
        left.unlink(missing_ok=True)


def delete(path: Path) -> None:
    """Delete a file, what broken writes left of it, and its folder if that is empty now. Raises OSError."""
    forget_broken(path)
    path.unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or not there
        path.parent.rmdir()


def sync(path: Path) -> None:
    """Return when the file, its name and its folder's name are on the disk. Raises OSError."""
    for each in (path, path.parent, path.parent.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
