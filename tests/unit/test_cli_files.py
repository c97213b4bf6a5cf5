"""Files that commands read and write."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import phonenumbers
import pytest

from dialer.api.answers import ImportOut, RejectionOut
from dialer.cli.credentials import credentials_path, load_credentials, load_or_make_credentials
from dialer.cli.demo_people import invent, write_list
from dialer.cli.saving import save_file
from dialer.cli.sending import report
from dialer.errors import DialerError
from tests.fakes.answers import filled
from tests.fakes.beneath import full_disk


async def _chunks(*chunks: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if then is not None:
        raise then


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_made_keys_are_found_again(tmp_path: Path) -> None:
    """Keys are made once and stay the same."""
    assert load_or_make_credentials(tmp_path) == load_credentials(tmp_path)


def test_made_keys_are_private(tmp_path: Path) -> None:
    """Only their user may read the keys."""
    load_or_make_credentials(tmp_path / "new")
    assert 0o600 == stat.S_IMODE(credentials_path(tmp_path / "new").stat().st_mode)


def test_no_keys_are_none(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    assert load_credentials(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", '{"api_key": "x"}'])
def test_damaged_keys_are_named(tmp_path: Path, text: str) -> None:
    """A keys file that cannot be read is named, not replaced."""
    credentials_path(tmp_path).write_text(text)
    with pytest.raises(DialerError, match=r"keys\.json"):
        load_or_make_credentials(tmp_path)


async def test_results_are_saved_whole(tmp_path: Path) -> None:
    """All chunks end up in the file, and nothing beside it."""
    await save_file(_chunks(b"a", b"b"), tmp_path / "r.csv")
    assert {"r.csv": b"ab"} == _contents(tmp_path)


async def test_broken_results_leave_the_old_file(tmp_path: Path) -> None:
    """A stream that breaks off changes nothing."""
    (tmp_path / "r.csv").write_bytes(b"old")
    with pytest.raises(DialerError):
        await save_file(_chunks(b"a", then=DialerError("broke off")), tmp_path / "r.csv")
    assert {"r.csv": b"old"} == _contents(tmp_path)


async def test_unwritable_results_are_named(tmp_path: Path) -> None:
    """A folder that is not there is told in a sentence."""
    with pytest.raises(DialerError, match="cannot be written"):
        await save_file(_chunks(b"a"), tmp_path / "no" / "r.csv")


def test_report_names_rows_and_reasons() -> None:
    """The report of an import counts everything and shows why rows were rejected."""
    rejection = filled(RejectionOut, row=7, column="number", value="123", reason="too short")
    answer = filled(ImportOut, accepted=5, duplicates=1, rejected=21, rejections=[rejection] * 21)
    lines = report(answer).splitlines()
    assert ("accepted 5, duplicates 1, rejected 21", "  row 7, number: '123': too short", "  ... and 1 more") == (
        lines[0],
        lines[1],
        lines[-1],
    )


def test_invented_people_have_valid_numbers_of_their_own() -> None:
    """Everybody in the demonstration has a valid number, and nobody shares one."""
    numbers = [phonenumbers.parse(person.number, "NL") for person in invent(200)]
    assert (200, True) == (
        len({n.national_number for n in numbers}),
        all(phonenumbers.is_valid_number(n) for n in numbers),
    )


def test_demonstrations_list_has_a_spoilt_row_and_a_duplicate(tmp_path: Path) -> None:
    """The list has two rows more than people: one to be rejected, one twice."""
    write_list(invent(10), tmp_path / "people.csv")
    with (tmp_path / "people.csv").open(newline="") as file:
        rows = [row["number"] for row in csv.DictReader(file)]
    assert (12, 11) == (len(rows), len(set(rows)))


async def test_results_that_find_no_room_leave_nothing(tmp_path: Path) -> None:
    """A full disk is told with the file's name, and no half of the results lies there."""
    path = tmp_path / "results.csv"
    path.write_bytes(b"yesterday's")
    with full_disk(os.getpid(), most=1_000), pytest.raises(DialerError, match=r"results\.csv cannot be written"):
        await save_file(_chunks(b"number\n", b"+31201234567\n" * 1_000), path)

    assert {"results.csv": b"yesterday's"} == _contents(tmp_path)
