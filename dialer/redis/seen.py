"""What the disk of this machine has seen of the data in Redis: one number for each life of it, in the data folder.

Several processes may share the folder, and any of them may stand still at any step for as long as it likes (a paused
container, a machine that sleeps). So there is no lock, for which the others would wait: the number is in the name of an
empty file, the highest one counts, and whoever has put down a higher one takes the lower ones away. Whatever is lost
of it is merely not known: whoever has no disk to keep dials as ever.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_FOLDER = "seen"
_LIFE = re.compile(r"[0-9a-f]{16}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_PRIVATE = 0o700
_MOST_LIVES = 64
"""Lives of which something is known, the longest untouched forgotten first: each Redis emptied begins another one."""


class Seen:
    """The files of one data folder. Blocks for a disk's time."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER

    def read(self, life: str) -> int:
        """The highest number that was kept of this life; 0 where nothing is known. Raises OSError."""
        return max(self._kept(life), default=0)

    def keep(self, life: str, number: int) -> None:
        """Have it on the disk that this life has come so far, or further. Raises OSError."""
        if not _LIFE.fullmatch(life):
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
        kept = self._kept(life)
        if number <= max(kept, default=-1):
            return
        (self._folder / f"{life}-{number}").touch(mode=0o600)
        _have_on_disk(self._folder)
        for lower in kept.values():
            lower.unlink(missing_ok=True)
        if not kept:
            self._forget_oldest()

    def _kept(self, life: str) -> dict[int, Path]:
        """The files of this life by the numbers that they stand for."""
        kept = {}
        for path in self._files():
            if _life(path) == life:
                # The release before kept it as the text of a file that was named by the life alone.
                kept[_number(path.name.partition("-")[2] or _text(path))] = path
        return kept

    def _forget_oldest(self) -> None:
        by_age = sorted(self._files(), key=_touched, reverse=True)
        lives = [*dict.fromkeys(_life(path) for path in by_age)]
        for path in by_age:
            if _life(path) in lives[_MOST_LIVES:]:
                path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        try:
            return [*self._folder.iterdir()]
        except FileNotFoundError:
            return []


def _have_on_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _life(path: Path) -> str:
    return path.name.partition("-")[0]


def _touched(path: Path) -> float:
    """When a file was touched; long ago where another process has taken it away this moment."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except FileNotFoundError:
        return ""


def _number(told: str) -> int:
    return int(told) if _NUMBER.fullmatch(told) else 0
