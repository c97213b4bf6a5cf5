"""Where the log goes: a reader who stands still keeps nobody from working, and gets the lines once he reads on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from io import FileIO

import pytest

from dialer.log_output import MOST_WAITING, Output

_LAST = "the last one"
_PROMPT_S = 20
_IN_VAIN = textwrap.dedent("""
    import logging
    import structlog
    from dialer import log

    log.set_up()
    for number in range(10_000):
        structlog.get_logger().info("line.told", n=number, why="x" * 200)
        logging.getLogger("aiohttp.client").error("x" * 200)
""")


class Reader:
    """Whoever reads a pipe or a socket: nothing, until he is told to."""

    def __init__(self, writing: int, read: Callable[[int], bytes]) -> None:
        self.stream = os.fdopen(writing, "w")
        self.output = Output(self.stream)
        self._read = read
        self._reading = threading.Thread(target=self._until_last, daemon=True)
        self._got = b""

    def begin(self) -> None:
        """Read from now on."""
        self._reading.start()

    def lines(self) -> list[str]:
        """All that came, to the last one."""
        self._reading.join(_PROMPT_S)
        assert self._got.endswith(f"{_LAST}\n".encode())
        return self._got.decode().splitlines()

    def _until_last(self) -> None:
        while not self._got.endswith(f"{_LAST}\n".encode()):
            self._got += self._read(65_536)


@pytest.fixture(params=["pipe", "socket"])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """One of each kind."""
    if request.param == "pipe":
        reading, writing = os.pipe()
        with FileIO(reading) as file:
            made = Reader(writing, lambda most: os.read(file.fileno(), most))
            with made.stream, closing(made.output):
                yield made
    else:
        ours, theirs = socket.socketpair()
        with theirs:
            made = Reader(ours.detach(), theirs.recv)
            with made.stream, closing(made.output):
                yield made


def _written(output: Output) -> list[str]:
    """Lines, until one is lost."""
    lines: list[str] = []
    with suppress(BlockingIOError):
        while True:
            output.write(line := f"{len(lines)} {'x' * 300}")
            lines.append(line)
    return lines


def _write_last(output: Output) -> None:
    """As soon as there is room."""
    for _ in range(_PROMPT_S * 100):
        with suppress(BlockingIOError):
            output.write(_LAST)
            return
        time.sleep(0.01)


def _write_until_refused(output: Output) -> None:
    for _ in range(_PROMPT_S * 100):
        _write_last(output)
        time.sleep(0.01)


def test_lines_wait_for_a_reader_who_stands_still(reader: Reader) -> None:
    """Some megabyte of them, whole and in their order; what comes beyond that is lost, and what comes later is not."""
    written = _written(reader.output)
    reader.begin()
    _write_last(reader.output)

    assert [*written, _LAST] == reader.lines()
    assert MOST_WAITING < 300 * len(written) + len(written) * 4 + 4_096


def test_a_line_that_fits_in_parts_comes_whole(reader: Reader) -> None:
    """As a long traceback does."""
    long = "y" * 900_000
    reader.output.write(long)
    reader.begin()
    _write_last(reader.output)

    assert [long, _LAST] == reader.lines()


def test_lines_of_a_reader_who_has_gone_are_lost() -> None:
    """Each says so, those that waited for him too, and none is waited for."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, closing(Output(stream)) as output:
        _written(output)
        os.close(reading)
        with pytest.raises(BrokenPipeError):
            _write_until_refused(output)


def test_a_program_comes_to_its_end_though_nobody_reads_its_log() -> None:
    """Neither its own lines nor those of libraries keep it."""
    reading, writing = os.pipe()
    with FileIO(reading), FileIO(writing, "w") as log:
        subprocess.run([sys.executable, "-c", _IN_VAIN], stdout=log, stderr=log, check=True, timeout=60)  # noqa: S603 - our own
