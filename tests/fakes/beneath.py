"""What lies beneath the programs of a machine and can fail as well: names, certificates, its clock, its disk.

Nothing of it is the system's own, so no test needs more rights than its user has: names are looked up by a stand-in
(`named/sitecustomize.py`), the clock is libfaketime's, and a full disk is the kernel's limit of a file's size, at which
a write fails in the same way in the same place.
"""

from __future__ import annotations

import os
import resource
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fakes.certificates import make_certificates
from tests.fakes.redis_server import server_program

REDIS, CARRIER = "redis.dialer.test", "carrier.dialer.test"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""Debian's package faketime."""
_NAMED = Path(__file__).parent / "named"
# Where the signal is left as it is it ends a program before its write could fail.
_WRAPPER = "#!/bin/sh\ntrap '' XFSZ\nexec {program} \"$@\"\n"


class Beneath:
    """One machine's. Made by `open_beneath`.

    Attributes:
        redis_program: a Redis server whose writes fail on a full disk.
    """

    def __init__(self, folder: Path) -> None:
        self.certificates = make_certificates(folder / "tls", REDIS, CARRIER)
        self._names, self._clock = folder / "names", folder / "clock"
        self._names.touch()
        self.redis_program = _wrapped(folder / "bin", server_program())
        self.set_clock(0)

    @property
    def around(self) -> Mapping[str, Mapping[str, str]]:
        """Environment variables of `all` programs, and of those that have a clock of their own."""
        named = {"PYTHONPATH": str(_NAMED), "DIALER_TEST_NAMES": str(self._names)}
        clock = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        return {
            "all": named | {"SSL_CERT_FILE": str(self.certificates.authority)},
            "worker-0": clock if FAKETIME else {},
            "doctor": clock if FAKETIME else {},
        }

    def tls(self, *, lapsed: bool = False) -> ssl.SSLContext:
        """What a server shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made = self.certificates
        context.load_cert_chain(made.lapsed if lapsed else made.server, made.server_key)
        return context

    @contextmanager
    def misleading(self, name: str, how: str) -> Iterator[None]:
        """Looked up, this name is `gone` or its server `silent`."""
        self._names.write_text(f"{name} {how}\n")
        try:
            yield
        finally:
            self._names.write_text("")

    def set_clock(self, ahead_s: int) -> None:
        """How far ahead of the true time the clock of the first worker is, and the doctor's."""
        self._clock.write_text(f"{ahead_s:+d}s\n")


def _wrapped(folder: Path, program: str) -> Path:
    folder.mkdir()
    wrapper = folder / "redis-server"
    wrapper.write_text(_WRAPPER.format(program=program))
    wrapper.chmod(0o700)
    return wrapper


@contextmanager
def full_disk(*pids: int | None, above: Path | None = None, most: int = 0) -> Iterator[None]:
    """No file of these processes can grow beyond so many bytes; or none beyond the largest in this folder."""
    sizes = [file.stat().st_size for file in above.rglob("*") if file.is_file()] if above else [most]
    running = [pid for pid in pids if pid is not None]
    for pid in running:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(sizes), resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in filter(_is_there, running):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@asynccontextmanager
async def open_beneath() -> AsyncIterator[Beneath]:
    """Such a machine; the carrier stand-in and a private Redis started meanwhile are of it too."""
    with TemporaryDirectory(prefix="dialer-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        beneath = Beneath(folder)
        patch.setenv("PATH", f"{beneath.redis_program.parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("SSL_CERT_FILE", str(beneath.certificates.authority))
        yield beneath
