"""What the disk of this machine has seen of the data in Redis: one small file for each life of it, in the data folder.

Several processes may share the folder, so a file is only ever raised, under a lock that ends with its holder. It holds
one number. Whatever is lost of it is merely not known: whoever has no disk to keep dials as ever.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

_FOLDER = "seen"
_LIFE = re.compile(r"[0-9a-f]{16}")
_DIGITS = 20
_PRIVATE = 0o700
_MOST_FILES = 64
"""Lives of which something is known, the longest untouched forgotten first: each Redis emptied begins another one."""


class Seen:
    """The files of one data folder. Blocks for a disk's time."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER

    def read(self, life: str) -> int:
        """The highest number that was kept of this life; 0 where nothing is known. Raises OSError."""
        if not _LIFE.fullmatch(life):
            return 0
        try:
            return _number((self._folder / life).read_bytes())
        except FileNotFoundError:
            return 0

    def keep(self, life: str, number: int) -> None:
        """Have it on the disk that this life has come so far, or further. Raises OSError."""
        if not _LIFE.fullmatch(life):
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
        path = self._folder / life
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _raise(descriptor, number)
        finally:
            os.close(descriptor)
        if is_new:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        by_age = sorted(self._folder.iterdir(), key=_touched, reverse=True)
        for path in by_age[_MOST_FILES:]:
            path.unlink(missing_ok=True)


def _touched(path: Path) -> float:
    """When a file was touched; long ago where another process has forgotten it this moment."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _raise(descriptor: int, number: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    kept = os.pread(descriptor, _DIGITS, 0)
    if not kept or number > _number(kept):
        os.pwrite(descriptor, str(number).ljust(_DIGITS).encode(), 0)
        os.fsync(descriptor)


def _number(text: bytes) -> int:
    told = text.strip()
    return int(told) if told.isdigit() else 0
