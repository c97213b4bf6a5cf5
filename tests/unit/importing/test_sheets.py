"""Spreadsheets: the same rows, numbers and checks as a CSV; what is none or means harm is refused with a cure."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped] # has none

from dialer.errors import InvalidInput, NoRoom
from dialer.importing import XLSX, Batch, Fault, RowChecks, read_calls, sheets
from dialer.importing.sheets import MOST_AT_ONCE
from tests.unit.importing.conftest import arriving

Reading = Callable[..., Callable[[bytes], Any]]
ANN, BOB = "+31612345671", "+31612345672"


def workbook(*sheets: Sequence[Sequence[Any]], **options: Any) -> bytes:
    """A spreadsheet with these sheets."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for number, rows in enumerate(sheets, 1):
            sheet = book.add_worksheet(f"List {number}")
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(at, column, cell, *([day] if isinstance(cell, (date, time)) else []))
    return file.getvalue()


def test_rows_and_numbers_are_those_of_the_sheet(reading: Reading) -> None:
    """Blank rows keep their number, figures are written out, dates and lines within a cell are texts."""
    rows: list[list[Any]] = [
        ["Number", "Name", "Amount", "Day"],
        [ANN, 'Ann "of"\nDelft, NL', 12.5, datetime(2026, 12, 1)],  # noqa: DTZ001 - a cell has no zone
        [],
        [31612345672.0, "Bob", 3_000_000_000.0, datetime(2026, 12, 1, 17, 30)],  # noqa: DTZ001
    ]
    outcome = reading(media_type=XLSX)(workbook(rows))

    assert {1: ANN, 3: BOB} == outcome.numbers
    assert {"name": 'Ann "of"\nDelft, NL', "amount": "12.5", "day": "2026-12-01"} == outcome.calls[1].variables
    assert ("3000000000", "2026-12-01T17:30:00") == tuple(outcome.calls[3].variables[n] for n in ("amount", "day"))


def test_a_lost_zero_is_told_by_row(reading: Reading) -> None:
    """What a sheet kept as a figure is refused where it can be meant in two ways, with what to write."""
    outcome = reading(media_type=XLSX)(workbook([["number"], [ANN], [612345671]]))

    assert (2, "612345671", Fault.NUMBER_INVALID) == tuple(
        getattr(outcome.rejections[2], name) for name in ("row", "value", "code")
    )
    assert "0612345671" in outcome.rejections[2].reason


def test_the_text_needs_its_values_here_too(reading: Reading) -> None:
    """The checks are those of every list."""
    outcome = reading(media_type=XLSX, checks=RowChecks("NL", frozenset({"name"})))(
        workbook([["number", "name"], [ANN, None], [BOB, "Bob"]])
    )

    assert {1: Fault.VALUE_MISSING} == {row: rejection.code for row, rejection in outcome.rejections.items()}


def _bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as part:
        for _ in range(1_100):
            part.write(bytes(1_000_000))
    return file.getvalue()


def _far() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "number")
        sheet.write(1_048_575, 16_383, "far")
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (_bomb(), "unpacks to more than"),
        (_far(), "takes too long, or more than 768 MiB"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls or protected by a password"),
        (workbook([["number"], [ANN]])[:-200], "no whole .xlsx file"),
        (b"number\n+31612345671\n", "no whole .xlsx file"),
        (b"", "no whole .xlsx file"),
        (workbook(), "there is no column 'number'|cannot be read|the list is empty"),
    ],
)
def test_what_is_no_list_is_refused_with_a_cure(reading: Reading, body: bytes, words: str) -> None:
    """A bomb, a sheet a million cells wide, an old or locked file, half a file, another file, an empty one."""
    with pytest.raises(InvalidInput, match=words):
        reading(media_type=XLSX)(body)


def test_a_spreadsheet_sent_as_csv_is_known(reading: Reading) -> None:
    """Its first bytes tell."""
    with pytest.raises(InvalidInput, match="this is a spreadsheet"):
        reading()(workbook([["number"], [ANN]]))


async def test_a_few_are_read_at_once_and_the_others_wait() -> None:
    """Ten that each take the memory they are allowed would take that of the calls; one given up leaves its turn."""
    body = workbook([["number"], *[[ANN]] * 3_000])
    lists = [read_calls(arriving(body, 1000), media_type=XLSX, charset=None, checks=RowChecks("NL")) for _ in range(3)]
    under_way, last = lists[:MOST_AT_ONCE], lists[-1]
    for each in under_way:
        await anext(each)
    waiting = asyncio.ensure_future(anext(last))
    assert not (await asyncio.wait([waiting], timeout=1))[0]

    await under_way[0].aclose()

    assert (await asyncio.wait_for(waiting, timeout=20)).calls[0][1].number == ANN
    for each in lists:
        await each.aclose()


async def test_all_on_their_way_have_so_much_room_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not fit beside the others is refused with a cure; once one is through there is room."""
    body = workbook([["number"], *[[ANN]] * 3_000])
    monkeypatch.setattr(sheets, "MOST_KEPT_BYTES", 2 * len(body))

    def sent() -> AsyncGenerator[Batch, None]:
        return read_calls(arriving(body, 1000), media_type=XLSX, charset=None, checks=RowChecks("NL"))

    first, second, third = sent(), sent(), sent()
    await anext(first)
    await anext(second)
    for _ in range(2):
        with pytest.raises(NoRoom, match="again in a minute, or the list as CSV"):
            await anext(sent())
    await first.aclose()

    assert (await anext(third)).calls
    await second.aclose()
    await third.aclose()


async def test_the_reader_of_a_hostile_file_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of our settings, nor a key of anybody else, is in the environment of the program that reads it."""
    for name in ("DIALER_API_KEY", "DIALER_REDIS_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a secret of the API")
    body = workbook([["number"], *[[ANN]] * 60_000])  # more than pipes hold: it still runs
    reading_it = read_calls(arriving(body, 1000), media_type=XLSX, charset=None, checks=RowChecks("NL"))
    await anext(reading_it)
    environments = _environments_of_readers()
    await reading_it.aclose()

    assert 1 == len(environments)
    assert b"PATH=" in environments[0]
    assert b"a secret of the API" not in environments[0]


def _environments_of_readers() -> list[bytes]:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("ascii").split()
    readers = [pid for pid in children if b"dialer.spreadsheet" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [Path(f"/proc/{pid}/environ").read_bytes() for pid in readers]
