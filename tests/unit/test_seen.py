"""What a machine's disk keeps of the data's lives."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.redis.seen import Seen

LIFE, OTHER = "0123456789abcdef", "fedcba9876543210"
_STANDING_STILL = """
import os, signal, sys
from pathlib import Path
from unittest import mock
from dialer.redis.seen import Seen

def stand(*args, **options):
    os.kill(os.getpid(), signal.SIGSTOP)
    return real(*args, **options)

step, folder, life, number = sys.argv[1:]
real = Path.touch if step == "pathlib.Path.touch" else os.fsync
with mock.patch(step, stand):
    Seen(Path(folder)).keep(life, int(number))
"""


def test_the_highest_number_is_kept_whoever_writes(tmp_path: Path) -> None:
    """Two processes share a folder; the one that knows less takes nothing back, and lives are kept apart."""
    ahead, behind = Seen(tmp_path), Seen(tmp_path)
    ahead.keep(LIFE, 1234)
    behind.keep(LIFE, 99)
    behind.keep(OTHER, 7)

    assert (1234, 7) == (behind.read(LIFE), ahead.read(OTHER))


def test_one_file_is_left_of_a_life(tmp_path: Path) -> None:
    """However often it is kept, and whatever number has more digits."""
    for number in (8, 10_000_000, 9):
        Seen(tmp_path).keep(LIFE, number)

    assert 10_000_000 == Seen(tmp_path).read(LIFE)
    assert [f"{LIFE}-10000000"] == _names(tmp_path)


@pytest.mark.parametrize("step", ["pathlib.Path.touch", "os.fsync"])
def test_who_stands_still_at_any_step_holds_up_nobody(tmp_path: Path, step: str) -> None:
    """A paused container, a machine that sleeps: others keep meanwhile, and going on later takes nothing back."""
    Seen(tmp_path).keep(LIFE, 5)
    standing = [sys.executable, "-c", _STANDING_STILL, step, str(tmp_path), LIFE, "7"]
    with subprocess.Popen(standing) as process:  # noqa: S603 - our own interpreter
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        Seen(tmp_path).keep(LIFE, 8)
        meanwhile = Seen(tmp_path).read(LIFE)
        process.send_signal(signal.SIGCONT)
        assert 0 == process.wait(10)
    later = Seen(tmp_path).read(LIFE)
    Seen(tmp_path).keep(LIFE, 9)

    assert os.WIFSTOPPED(status)
    assert (8, 8) == (meanwhile, later)
    assert [f"{LIFE}-9"] == _names(tmp_path)


def test_what_the_release_before_kept_is_known(tmp_path: Path) -> None:
    """It wrote the number into a file named by the life alone."""
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / LIFE).write_bytes(b"1234".ljust(20))
    before = Seen(tmp_path).read(LIFE)
    Seen(tmp_path).keep(LIFE, 99)
    Seen(tmp_path).keep(LIFE, 1235)

    assert (1234, 1235) == (before, Seen(tmp_path).read(LIFE))


def test_nothing_is_known_of_a_life_never_met(tmp_path: Path) -> None:
    """Also where there is no folder; a life from the beginning is kept as such."""
    unknown = Seen(tmp_path / "nowhere").read(LIFE)
    Seen(tmp_path).keep(LIFE, 0)

    assert 0 == unknown
    assert [f"{LIFE}-0"] == _names(tmp_path)


@pytest.mark.parametrize("name", ["", "../lock", "0123", "0123456789ABCDEF", "0123456789abcdef/x"])
def test_only_a_life_is_a_file(tmp_path: Path, name: str) -> None:
    """What else stands in Redis names no file."""
    Seen(tmp_path).keep(name, 5)

    assert 0 == Seen(tmp_path).read(name)
    assert [] == [*tmp_path.rglob("*")]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-5", b"\xff\x00", b"1" * 21])
def test_what_cannot_be_read_is_not_known(tmp_path: Path, content: bytes) -> None:
    """A file that was cut off or overwritten counts as none."""
    seen = Seen(tmp_path)
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / LIFE).write_bytes(content)
    lost = seen.read(LIFE)
    seen.keep(LIFE, 6)

    assert (0, 6) == (lost, seen.read(LIFE))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    """A worker keeps once a second, for months."""
    before = len([*Path("/proc/self/fd").iterdir()])
    for number in range(5):
        Seen(tmp_path).keep(LIFE, number)

    assert before == len([*Path("/proc/self/fd").iterdir()])


def test_only_its_user_may_look(tmp_path: Path) -> None:
    """Folder and files are private."""
    Seen(tmp_path).keep(LIFE, 5)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "seen", tmp_path / "seen" / f"{LIFE}-5")]

    assert [0o700, 0o600] == modes


def test_the_longest_untouched_is_forgotten(tmp_path: Path) -> None:
    """Each emptied Redis leaves a file: 64 stay."""
    seen = Seen(tmp_path)
    lives = [f"{70 - number:016x}" for number in range(70)]
    for second, life in enumerate(lives):
        seen.keep(life, 5)
        os.utime(tmp_path / "seen" / f"{life}-5", (second, second))

    assert sorted(f"{life}-5" for life in lives[6:]) == sorted(_names(tmp_path))


def test_what_another_process_takes_away_at_this_moment_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lower number that is listed and gone: whoever dials is not told that nothing can be kept."""
    seen = Seen(tmp_path)
    seen.keep(LIFE, 5)
    monkeypatch.setattr("os.fsync", lambda _: (tmp_path / "seen" / f"{LIFE}-5").unlink())
    seen.keep(LIFE, 6)

    assert 6 == seen.read(LIFE)


def test_what_another_process_forgets_at_this_moment_is_no_error(tmp_path: Path) -> None:
    """A file that is listed and gone: whoever dials is not told that nothing can be kept."""
    seen = Seen(tmp_path)
    seen.keep(LIFE, 5)
    (tmp_path / "seen" / "gone").symlink_to("nowhere")
    seen.keep(OTHER, 6)

    assert (5, 6) == (seen.read(LIFE), seen.read(OTHER))


def _names(data_dir: Path) -> list[str]:
    return [path.name for path in (data_dir / "seen").iterdir()]
