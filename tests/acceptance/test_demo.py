"""The demonstration, as a newcomer runs it, but shorter."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_COMMAND = [sys.executable, "-m", "dialer", "demo"]
_QUICK = ["--people", "12", "--rate", "30"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A data folder and a folder for temporary files of this test alone; and a carrier that must not be touched."""
    folders = {"DIALER_DATA_DIR": str(tmp_path / "data"), "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    return {
        **os.environ,
        **folders,
        "DIALER_REDIS_URL": "redis://127.0.0.1:9/0",
        "DIALER_CARRIER_URL": "http://127.0.0.1:9",
    }


@pytest.fixture
def demo(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A demonstration that would take long."""
    with subprocess.Popen(  # noqa: S603 - our own program
        _COMMAND, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.kill()


def _running(folder: Path) -> list[str]:
    """The processes that name this folder on their command line or in their environment; what has ended has neither."""
    return [str(process) for process in Path("/proc").glob("[0-9]*") if str(folder) in _words(process)]


def _words(process: Path) -> str:
    with contextlib.suppress(OSError):  # it has ended meanwhile, or is somebody else's
        return ((process / "cmdline").read_bytes() + (process / "environ").read_bytes()).decode(errors="replace")
    return ""


def _left_behind(folder: Path) -> list[str]:
    """What still runs after everything had time to end."""
    give_up_at = time.monotonic() + 10
    while (left := _running(folder)) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return left


def test_demonstration_reaches_everyone(tmp_path: Path, environment: dict[str, str]) -> None:
    """One command dials a whole campaign, proves it from the stand-in's log, and leaves only the results."""
    output = tmp_path / "results.csv"
    arguments = [*_COMMAND, *_QUICK, "--output", str(output)]
    result = subprocess.run(  # noqa: S603 - our own program
        arguments, env=environment, capture_output=True, text=True, timeout=55, check=False
    )
    said = result.stdout
    expected = [
        "accepted 12, duplicates 1, rejected 1",
        "row 7, number",
        "0 phones that rang more than once",
        str(output),
    ]
    assert (0, []) == (result.returncode, [text for text in expected if text not in said]), said + result.stderr
    with output.open(newline="") as file:
        assert [True] * 12 == [bool(row["disposition"]) for row in csv.DictReader(file)]
    assert ("\x1b" in said, [], []) == (False, list((tmp_path / "temporary").iterdir()), _left_behind(tmp_path))


@pytest.mark.parametrize(
    ("expected", "number"), [(130, signal.SIGINT), (130, signal.SIGTERM), (-signal.SIGKILL, signal.SIGKILL)]
)
def test_interrupted_demonstration_leaves_nothing_running(
    expected: int, number: signal.Signals, tmp_path: Path, demo: subprocess.Popen[str]
) -> None:
    """Ctrl-C, SIGTERM and even `kill -9` in the middle leave no process behind."""
    assert demo.stdout is not None
    next(line for line in demo.stdout if " running " in line)
    assert 4 <= len(_running(tmp_path))  # and Redis, whose socket may lie elsewhere
    demo.send_signal(number)
    demo.stdout.read()  # ends when the last process that could write there has ended
    assert (expected, []) == (demo.wait(30), _left_behind(tmp_path))
