"""Which data this program can read, and what it says of other data.

The data in Redis has a version (`keys.SCHEMA`), and names the oldest version of a program that may read it. A program
is of the version that it writes. It reads that and the one before at least, so that two releases work side by side
while one takes the other's place, and back. No I/O.
"""

from __future__ import annotations

from typing import NamedTuple

from dialer.errors import OtherData
from dialer.migrations import MIGRATIONS

UNSTAMPED = 1
"""The version of data from before there were versions, and of programs from then."""
WRITES = MIGRATIONS[-1].version
READS = UNSTAMPED
"""The oldest data that this program works on: what came with each version since then is understood, and may be missing.
So a Redis that was emptied while processes run, and has no stamp, keeps none of them from working."""
NEEDS = max(migration.needs for migration in MIGRATIONS)

_MARK = "v"


class Stamp(NamedTuple):
    """What stands in Redis.

    Attributes:
        version: of the data.
        needs: the oldest version of a program that may read it.
    """

    version: int
    needs: int


def check(stamp: Stamp, *, writes: int = WRITES, reads: int = READS) -> None:
    """Raises OtherData where a program that writes this version, and reads those from another one on, cannot use it."""
    if stamp.needs > writes:
        raise OtherData(
            f"the data in Redis (version {stamp.version}) was changed by a newer release: only programs of version "
            f"{stamp.needs} or newer may read it, and this one is of version {writes}. Start the newer release again; "
            "to go back, restore the backup from before its `dialer migrate` (docs/upgrading.md)"
        )
    if stamp.version < reads:
        raise OtherData(
            f"the data in Redis is of version {stamp.version}, and this release reads only {reads} to {writes}. "
            "Start the release before this one, run its `dialer migrate`, and then upgrade (docs/upgrading.md)"
        )


def is_older(stamp: Stamp) -> bool:
    """Whether `dialer migrate` has something to do once every process is of this release."""
    return stamp.version < WRITES


def marked(process: str) -> str:
    """The name of a process of this program, by which others know its version."""
    return f"{process}:{_MARK}{WRITES}"


def version_of(process: str) -> int:
    """The version of the program that gave itself this name; names from before there were versions have no mark."""
    mark = process.rpartition(":")[2]
    return int(mark[1:]) if mark.startswith(_MARK) and mark[1:].isdecimal() else UNSTAMPED
