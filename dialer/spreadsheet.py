"""`python -m dialer.spreadsheet FILE [SHEET]`: one sheet of a spreadsheet (.xlsx) as CSV on standard output.

A program of its own, because the reader holds the whole sheet: its memory is bounded here and goes with it, and
whatever a hostile file does to it, nobody else feels. What is wrong with the file is told on standard error as one line
of JSON. Blank rows stay, so that rows keep their numbers; numbers are written out, never as 3.16E+10; dates as ISO.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import resource
import sys
import zipfile
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

MAX_MEMORY_BYTES = 768 << 20  # a million rows of three columns take 0.3 GB; deploy/ leaves room for two at once
MAX_UNPACKED_BYTES = 1 << 30  # a million rows of three columns have 0.1 GB
MAX_SECONDS = 60  # of processor time: a million rows take 5
MAX_ROWS = 1_048_576  # of every program that writes them
FAULTY = 3
"""The exit code after a line on standard error."""
_OLE = b"\xd0\xcf\x11\xe0"
_EXACT = 1e15  # whole numbers up to here have no rounding in a cell
_TO_CSV = "save it as CSV UTF-8 and send that"


class _FaultyError(Exception):
    """Its arguments are the field and what is wrong."""


def main(path: str, sheet: str | None = None) -> int:
    """Write the sheet, by default the first; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    try:
        _check_archive(path)
        _write(path, sheet)
    except _FaultyError as error:
        field, message = error.args
        print(json.dumps({"field": field, "message": message}), file=sys.stderr)  # noqa: T201 - read by who began us
        return FAULTY
    return 0


def _check_archive(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib is another import
        if file.read(len(_OLE)) == _OLE:
            message = "an old .xls or protected by a password: save it as .xlsx without one, or as CSV UTF-8"
            raise _FaultyError("rows", f"this spreadsheet is {message}")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _FaultyError("rows", f"this is no whole .xlsx file: send it again, or {_TO_CSV}") from None
    if unpacked > MAX_UNPACKED_BYTES:
        message = f"this spreadsheet unpacks to more than {MAX_UNPACKED_BYTES:,} bytes: {_TO_CSV}"
        raise _FaultyError("rows", message)


def _write(path: str, sheet: str | None) -> None:
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            names = workbook.sheet_names
            if not names or (sheet is not None and sheet not in names):
                shown = ", ".join(map(repr, names[:20])) or "none"
                raise _FaultyError("sheet", f"there is no such sheet; found: {shown}")
            found = workbook.get_sheet_by_name(sheet or names[0])
            if found.end and found.end[0] >= MAX_ROWS:
                # One cell in row 4,294,967,295 would be as many blank ones before it.
                message = f"this sheet has a row {found.end[0] + 1:,}, and none has more than {MAX_ROWS:,}: {_TO_CSV}"
                raise _FaultyError("rows", message)
            sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]
            csv.writer(sys.stdout).writerows([_text(cell) for cell in row] for row in found.iter_rows())
            sys.stdout.flush()
    except CalamineError as error:
        raise _FaultyError("rows", f"this spreadsheet cannot be read ({str(error)[:200]}): {_TO_CSV}") from None


def _text(cell: Any) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
        case dt.datetime() if cell.time() == dt.time():
            return cell.date().isoformat()
        case dt.datetime() | dt.date() | dt.time():
            return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
