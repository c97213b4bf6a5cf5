"""The data folder: private to its user, owned by one dialer at a time.

Ownership is an `flock`, so it ends with its holder however that ends. What the owner runs is written into the lock
file, for `dialer worker` in another terminal. Also here: where the server's unix socket lies, because the path of one
may have 107 bytes at most and must stand in a URL.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from dialer.errors import DialerError

_LOCK = "lock"
_PRIVATE = 0o700
_SOCKET_PATH_BYTES = 107  # sun_path holds 108, the last one a zero: unix(7)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")  # stands in a URL as it is, whoever reads it
_ORPHAN_S = 15.0  # the server of a killed owner gives the lock back as soon as the kernel has ended it
_OWNED_S = 1.0  # a killed owner that nobody has buried yet still looks alive for a moment
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who runs a data folder.

    Attributes:
        redis_url: where its private server listens.
        api_url: where its API does; None where it has none.
        stand_in: where the carrier stand-in listens that it dials; None where it dials a carrier.
    """

    pid: int
    redis_url: str
    api_url: str | None = None
    stand_in: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether it dials the carrier stand-in."""
        return self.stand_in is not None


class FolderLock:
    """The one right to run a data folder, from `take` to `release`."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    async def take(cls, data_dir: Path) -> Self:
        """Own the folder; raises DialerError naming the process that does already."""
        make_private(data_dir)
        descriptor = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await _lock(descriptor, data_dir)
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        return cls(descriptor)

    def announce(self, owner: Owner) -> None:
        """Write down what runs here."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(asdict(owner)).encode(), 0)

    def release(self) -> None:
        """Let the next one own the folder, once the server has ended too."""
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)


def owner_of(data_dir: Path) -> Owner | None:
    """Who runs this folder now; None when nobody does or nothing is announced yet."""
    try:
        with (data_dir / _LOCK).open("rb") as file:
            return None if _try_lock(file.fileno(), fcntl.LOCK_SH) else _read_owner(file.fileno())
    except OSError:
        return None


def make_private(folder: Path) -> None:
    """Create a folder that only its user may enter; raises DialerError where that is impossible.

    One that is there already keeps its mode, as it may be somebody's `/tmp`; what we put into it is private by itself.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
    except OSError as error:
        raise DialerError(
            f"The folder {folder} cannot be used: {error.strerror}. Set DIALER_DATA_DIR to another."
        ) from error


def write_private(path: Path, text: str) -> None:
    """Replace a small file as a whole, readable by its user only."""
    with _replacing(path) as descriptor:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)


def socket_path(folder: Path) -> Path:
    """Where the server of this folder listens: inside it, or in a short private folder where that cannot be."""
    inside = folder / "redis.sock"
    if _usable(inside):
        return inside
    name = f"dialer-{os.getuid()}-{hashlib.sha256(bytes(folder)).hexdigest()[:16]}"
    # A TMPDIR may be as long as the folder itself.
    outside = [Path(parent) / name for parent in (tempfile.gettempdir(), "/tmp")]  # noqa: S108 - own, mode 0700
    short = next((place for place in outside if _usable(place / "redis.sock")), None)
    if short is None:
        raise DialerError(f"The path of {folder} is too long for a unix socket. Set DIALER_DATA_DIR to a shorter one.")
    _make_own(short)
    return short / "redis.sock"


def remove_socket(path: Path, folder: Path) -> None:
    """Take away what `socket_path` made outside of the folder, once the server has ended."""
    if path.parent != folder:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def socket_url(path: Path) -> str:
    """The URL of a socket, as redis-py and arq read it."""
    return f"unix://{path}"


async def _lock(descriptor: int, data_dir: Path) -> None:
    clock = asyncio.get_running_loop().time
    asked_at = clock()
    while not _try_lock(descriptor, fcntl.LOCK_EX):
        owner = _read_owner(descriptor)
        if clock() - asked_at > (_OWNED_S if owner and _is_alive(owner.pid) else _ORPHAN_S):
            raise DialerError(_in_use(data_dir, owner))
        await asyncio.sleep(_POLL_S)


def _in_use(data_dir: Path, owner: Owner | None) -> str:
    who = f"process {owner.pid}" if owner else "another process"
    return f"A dialer runs in {data_dir} already ({who}). Stop it first, or set DIALER_DATA_DIR to another folder."


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_owner(descriptor: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _usable(path: Path) -> bool:
    return len(bytes(path)) <= _SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(str(path)) is not None


def _make_own(folder: Path) -> None:
    # Everybody may write where this lies, so what is there already must be ours and closed to others.
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=_PRIVATE)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != _PRIVATE:
        raise DialerError(f"{folder} is not private to you. Remove it, or set DIALER_DATA_DIR to a shorter path.")


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[int]:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        yield descriptor
    except BaseException:
        Path(name).unlink()
        raise
    else:
        Path(name).replace(path)
    finally:
        os.close(descriptor)
