"""CSV as spreadsheets write it, read from text that arrives in pieces.

The standard library's reader does the reading; here its lines are fed to it, and a record whose quoted field is not
over yet is held back whole and read again with the next piece. A quote that goes wrong spoils the lines it swallowed:
each of them is reported, none is dialed on a guess. Rows are counted as records after the header, blank ones too, so
that a row's number plus one is its line in the spreadsheet.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from dialer.errors import InvalidInput
from dialer.importing.columns import AS_NAMED, ColumnMap, found, proposed
from dialer.importing.rows import BEGINNING, MAX_ROW, NUMBER, BrokenRow, Layout, Place, RawRow, column_names, shorten
from dialer.speech import variable_name

_DELIMITERS = (",", ";", "\t", "|")
_MANY_DIGITS = 6
_UNREAD = -1


class _Lines:
    """Lines for the standard reader; `ran_dry` tells that it asked for one more than there is."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.position = 0
        self.ran_dry = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.position == len(self._lines):
            self.ran_dry = True
            raise StopIteration
        self.position += 1
        return self._lines[self.position - 1]


class CsvRows:
    """Reads CSV with a header. A `RowReader`; its first piece must hold the header (reading.PIECE sees to it).

    Args:
        names: new names for columns.
        after: the place behind which the text begins, for a list that somebody read up to there.
        any_header: take a header without a column `number` too, to look at it.
    """

    def __init__(self, names: ColumnMap = AS_NAMED, after: Place = BEGINNING, *, any_header: bool = False) -> None:
        self._names = names
        self._any_header = any_header
        self.layout = after.layout
        self.columns = column_names(self.layout.header, names.renamed)
        self.row = after.row
        self._tail = ""
        self._held: list[str] = []

    @property
    def held(self) -> str:
        """The lines of a record that is not complete."""
        return "".join(self._held) + self._tail

    def feed(self, text: str) -> list[RawRow]:
        """The rows that are complete now."""
        lines = list(io.StringIO(self._tail + text, newline=""))
        # The last line may go on, and its `\r` may be followed by the `\n` that belongs to it.
        self._tail = lines.pop() if lines else ""
        self._check_size(len(self._tail), self.row + 1)
        return self._read(lines, final=False)

    def end(self) -> list[RawRow]:
        """The rows left when there is no more text."""
        tail, self._tail = self._tail, ""
        rows = self._read([tail] if tail else [], final=True)
        if not self.columns:
            raise InvalidInput("the list is empty: its first line must be the header", field="header")
        return rows

    def _read(self, lines: list[str], *, final: bool) -> list[RawRow]:
        lines = self._held + lines
        if not self.columns:
            lines = self._without_header(lines)
        rows: list[RawRow] = []
        fed = self._read_records(lines, rows, final=final)
        self._held = lines[fed:]
        return rows

    def _read_records(self, lines: list[str], rows: list[RawRow], *, final: bool) -> int:
        """Append the complete records to `rows`; returns how many lines they took."""
        feeder = _Lines(lines)
        reader = csv.reader(feeder, delimiter=self.layout.delimiter or ",", strict=True)
        while True:
            start = feeder.position
            try:
                fields = next(reader)
            except StopIteration:
                return start
            except csv.Error as error:
                self._check_size(sum(map(len, lines[start : feeder.position])), self.row + 1)
                if feeder.ran_dry and not final:
                    return start
                rows.extend(self._broken(lines[start : feeder.position], error))
                continue
            self._check_size(sum(map(len, lines[start : feeder.position])), self.row + 1)
            self.row += 1
            if any(fields):
                rows.append((self.row, fields))

    def _broken(self, lines: list[str], error: csv.Error) -> list[RawRow]:
        first = self.row + 1
        self.row += len(lines)
        reason = f"a quote in row {first} is not closed, or not doubled within a quoted field ({error})"
        return [(first + offset, BrokenRow(shorten(line.rstrip("\r\n")), reason)) for offset, line in enumerate(lines)]

    def _check_size(self, characters: int, row: int) -> None:
        if characters > MAX_ROW:
            where = f"row {row}" if self.columns else "the header"
            message = f"{where} is longer than {MAX_ROW} characters: does a quote open there that never closes?"
            raise InvalidInput(message, field="rows")

    def _without_header(self, lines: list[str]) -> list[str]:
        first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
        lines = lines[first:]
        if lines:
            header, taken = self._header(lines)
            self._names.check(header)
            self.columns = column_names(header, self._names.renamed)
            if NUMBER not in self.columns and not self._any_header:
                raise _no_number(header, self._names)
            lines = lines[taken:]
        return lines

    def _header(self, lines: list[str]) -> tuple[list[str], int]:
        """The header's fields and how many lines it takes, read by the delimiter that suits it best."""
        candidates = [_first_record(lines, delimiter) for delimiter in _DELIMITERS]
        best = max(candidates, key=lambda record: (self._tells_number(record[0]), len(record[0])))
        header, taken = best
        if not self._tells_number(header) and any(taken == _UNREAD for _, taken in candidates):
            raise InvalidInput("the header cannot be read: a quote in it is not closed", field="header")
        self._check_size(sum(map(len, lines[:taken])), 0)
        self.layout = Layout(header=tuple(header), delimiter=_DELIMITERS[candidates.index(best)])
        return header, taken

    def _tells_number(self, header: list[str]) -> bool:
        return NUMBER in (self._names.renamed(variable_name(name)) for name in header)


def _first_record(lines: list[str], delimiter: str) -> tuple[list[str], int]:
    feeder = _Lines(lines)
    try:
        return next(csv.reader(feeder, delimiter=delimiter, strict=True)), feeder.position
    except csv.Error:
        return [], _UNREAD


def _no_number(header: list[str], names: ColumnMap) -> InvalidInput:
    away = names.renamed(NUMBER)
    if away != NUMBER:
        message = f"the column 'number' is mapped to {away!r}, which leaves none; leave that out, or map another to it"
        return InvalidInput(message, field="map")
    message = f"there is no column 'number'; found: {found(header)}"
    near = proposed(header, AS_NAMED).get(NUMBER)
    if near is not None:
        message += f"; rename {near!r} to 'number', or map it: {json.dumps({NUMBER: near}, ensure_ascii=False)}"
    elif any(sum(map(str.isdigit, name)) >= _MANY_DIGITS for name in header):
        message += "; the first line must name the columns, and this one looks like a row"
    return InvalidInput(message, field=NUMBER)
