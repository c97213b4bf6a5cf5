"""Lock files: each package at one version, by the digests of its files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]
LOCKS = tuple(sorted(_ROOT.glob("requirements*.lock")))
SHIPPED = _ROOT / "requirements.lock"
_PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9][\w.!+]*)(?: ; .+)?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


class Pin(NamedTuple):
    """One package of a lock file."""

    name: str
    version: str


def pins(lock: Path) -> list[Pin]:
    """The packages of a lock file. Raises ValueError for one that is not pinned, or by no digest."""
    return [_pin(entry) for entry in _entries(lock.read_text("utf-8"))]


def _entries(text: str) -> Iterator[str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        yield entry.replace("\\\n", " ")


def _pin(entry: str) -> Pin:
    wanted, *rest = entry.split(" --", 1)
    found = _PINNED.fullmatch(wanted.strip())
    if found is None:
        raise ValueError(f"not pinned to a version: {wanted.strip()[:100]}")
    hashes = f"--{rest[0]}".split() if rest else []
    if not hashes or not all(map(_HASH.fullmatch, hashes)):
        raise ValueError(f"not held by SHA-256 digests: {found['name']}")
    return Pin(found["name"], found["version"])
