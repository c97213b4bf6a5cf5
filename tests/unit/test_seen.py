"""What a machine's disk keeps of the data's lives."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dialer.redis.seen import Seen

LIFE, OTHER = "0123456789abcdef", "fedcba9876543210"


def test_the_highest_number_is_kept_whoever_writes(tmp_path: Path) -> None:
    """Two processes share a folder; the one that knows less takes nothing back, and lives are kept apart."""
    ahead, behind = Seen(tmp_path), Seen(tmp_path)
    ahead.keep(LIFE, 1234)
    behind.keep(LIFE, 99)
    behind.keep(OTHER, 7)

    assert (1234, 7) == (behind.read(LIFE), ahead.read(OTHER))


def test_a_shorter_number_leaves_no_digits_of_the_longer(tmp_path: Path) -> None:
    """The file has one length."""
    Seen(tmp_path).keep(LIFE, 8)
    Seen(tmp_path).keep(LIFE, 10_000_000)

    assert 10_000_000 == Seen(tmp_path).read(LIFE)
    assert 20 == len((tmp_path / "seen" / LIFE).read_bytes())


def test_nothing_is_known_of_a_life_never_met(tmp_path: Path) -> None:
    """Also where there is no folder; a life from the beginning is kept as such."""
    unknown = Seen(tmp_path / "nowhere").read(LIFE)
    Seen(tmp_path).keep(LIFE, 0)

    assert 0 == unknown
    assert [LIFE] == [path.name for path in (tmp_path / "seen").iterdir()]


@pytest.mark.parametrize("name", ["", "../lock", "0123", "0123456789ABCDEF", "0123456789abcdef/x"])
def test_only_a_life_is_a_file(tmp_path: Path, name: str) -> None:
    """What else stands in Redis names no file."""
    Seen(tmp_path).keep(name, 5)

    assert 0 == Seen(tmp_path).read(name)
    assert [] == [*tmp_path.rglob("*")]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-5", b"\xff\x00"])
def test_what_cannot_be_read_is_not_known(tmp_path: Path, content: bytes) -> None:
    """A file that was cut off or overwritten counts as none, and is written anew."""
    seen = Seen(tmp_path)
    seen.keep(LIFE, 5)
    (tmp_path / "seen" / LIFE).write_bytes(content)
    lost = seen.read(LIFE)
    seen.keep(LIFE, 6)

    assert (0, 6) == (lost, seen.read(LIFE))


def test_only_its_user_may_look(tmp_path: Path) -> None:
    """Folder and files are private."""
    Seen(tmp_path).keep(LIFE, 5)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "seen", tmp_path / "seen" / LIFE)]

    assert [0o700, 0o600] == modes


def test_the_longest_untouched_is_forgotten(tmp_path: Path) -> None:
    """Each emptied Redis leaves a file: 64 stay."""
    seen = Seen(tmp_path)
    lives = [f"{70 - number:016x}" for number in range(70)]
    for second, life in enumerate(lives):
        seen.keep(life, 5)
        os.utime(tmp_path / "seen" / life, (second, second))

    assert {*lives[6:]} == {path.name for path in (tmp_path / "seen").iterdir()}


def test_what_another_process_forgets_at_this_moment_is_no_error(tmp_path: Path) -> None:
    """A file that is listed and gone: whoever dials is not told that nothing can be kept."""
    seen = Seen(tmp_path)
    seen.keep(LIFE, 5)
    (tmp_path / "seen" / "gone").symlink_to("nowhere")
    seen.keep(OTHER, 6)

    assert (5, 6) == (seen.read(LIFE), seen.read(OTHER))
