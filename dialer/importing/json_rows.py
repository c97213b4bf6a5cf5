"""JSON rows: one object a line (NDJSON), or one array whose elements are read as they come.

Figures are kept as they are written (`1.50`, `31612345678.0`), so that nothing is rounded and the damage of
spreadsheets can be recognised. Objects become tuples of pairs, in which a name that stands twice can be seen.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Any, NoReturn

from dialer.errors import InvalidInput
from dialer.importing.faults import Fault
from dialer.importing.rows import MAX_ROW, BrokenRow, Layout, NestedValue, RawRow, shorten

_SPACE = re.compile(r"[ \t\r\n]*")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


_decoder = json.JSONDecoder(
    object_pairs_hook=tuple,
    parse_float=str,
    parse_int=str,
    parse_constant=_no_constant,
)


class NdjsonRows:
    """Reads one JSON value a line, after so many rows; blank lines are skipped and not counted. A `RowReader`."""

    def __init__(self, row: int = 0) -> None:
        self.columns: tuple[str, ...] = ()
        self.layout = Layout()
        self.row = row
        self._tail = ""
        self._too_long = False

    @property
    def held(self) -> str | None:
        """The beginning of a line; None while it is one of which not all is kept."""
        return None if self._too_long else self._tail

    def feed(self, text: str) -> list[RawRow]:
        """The rows that are complete now."""
        *lines, self._tail = (self._tail + text).split("\n")
        rows = [row for line in lines for row in self._line(line)]
        if len(self._tail) > MAX_ROW:
            # The rest of this line is not kept: its beginning is all that will be reported.
            self._too_long, self._tail = True, self._tail[: MAX_ROW + 1]
        return rows

    def end(self) -> list[RawRow]:
        """The rows left when there is no more text."""
        tail, self._tail = self._tail, ""
        return self._line(tail)

    def _line(self, line: str) -> list[RawRow]:
        too_long, self._too_long = self._too_long or len(line) > MAX_ROW, False
        if not line.strip():
            return []
        self.row += 1
        if too_long:
            return [
                (self.row, BrokenRow(shorten(line), f"the row is longer than {MAX_ROW} characters", Fault.ROW_TOO_LONG))
            ]
        return [(self.row, _decoded(line))]


def _decoded(line: str) -> Any:
    try:
        return _flat(_decoder.decode(line), line)
    except json.JSONDecodeError as error:
        return BrokenRow(shorten(line), f"the row is not JSON: {error.msg} (character {error.pos + 1})")
    except (ValueError, RecursionError) as error:
        return BrokenRow(shorten(line), f"the row is not JSON: {error}")


def _flat(value: Any, text: str) -> Any:
    """A row without what lies deeper than its values."""
    if not isinstance(value, tuple):
        return BrokenRow(shorten(text), 'a row must be a JSON object such as {"number": "+31..."}')
    if any(isinstance(inner, (tuple, list)) for _, inner in value):
        return tuple((key, NestedValue() if isinstance(inner, (tuple, list)) else inner) for key, inner in value)
    return value


class _Expected(Enum):
    OPENING = "[ at the beginning (one object a line is application/x-ndjson)"
    FIRST = "an element or ]"
    ELEMENT = "an element"
    SEPARATOR = ", or ] after an element"
    NOTHING = "nothing after the array"


# What stands between elements, and what is expected after it.
_SIGNS = {
    (_Expected.OPENING, "["): _Expected.FIRST,
    (_Expected.FIRST, "]"): _Expected.NOTHING,
    (_Expected.SEPARATOR, ","): _Expected.ELEMENT,
    (_Expected.SEPARATOR, "]"): _Expected.NOTHING,
}


class JsonArrayRows:
    """Reads the elements of one JSON array without ever holding more than one and a piece. A `RowReader`.

    Behind an element that is no JSON the next cannot be found, so that is an error of the list as a whole.
    """

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = ()
        self.layout = Layout()
        self.row = 0
        self._buffer = ""
        self._at = 0
        self._dropped = 0  # characters that stood before the buffer
        self._expected = _Expected.OPENING
        self._final = False

    @property
    def held(self) -> None:
        """What stands behind an element tells nobody that he is within an array."""

    def feed(self, text: str) -> list[RawRow]:
        """The elements that are complete now."""
        self._buffer, self._dropped, self._at = self._buffer[self._at :] + text, self._dropped + self._at, 0
        rows: list[RawRow] = []
        while self._advance(rows):
            pass
        return rows

    def end(self) -> list[RawRow]:
        """The elements left when there is no more text; raises InvalidInput where the array is not closed."""
        self._final = True
        rows = self.feed("")
        if self._expected is not _Expected.NOTHING:
            raise self._error(f"the JSON must have {self._expected.value}, not the end of the list", self._at)
        return rows

    def _advance(self, rows: list[RawRow]) -> bool:
        """Take one sign or element; False when more text is needed."""
        space = _SPACE.match(self._buffer, self._at)
        self._at = space.end() if space else self._at
        if self._at == len(self._buffer):
            return False
        following = _SIGNS.get((self._expected, self._buffer[self._at]))
        if following:
            self._at, self._expected = self._at + 1, following
            return True
        if self._expected in {_Expected.FIRST, _Expected.ELEMENT}:
            return self._element(rows)
        raise self._error(f"the JSON must have {self._expected.value}, not {self._buffer[self._at]!r}", self._at)

    def _element(self, rows: list[RawRow]) -> bool:
        start, has_more = self._at, not self._final
        try:
            value, end = _decoder.raw_decode(self._buffer, start)
        except (ValueError, RecursionError) as error:
            if has_more and len(self._buffer) - start <= MAX_ROW:
                return False
            detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise self._error(f"row {self.row + 1} is not JSON ({detail}) or is too long", start) from None
        if end == len(self._buffer) and has_more:
            return False  # 12 may go on as 123
        if end - start > MAX_ROW:
            raise self._error(f"row {self.row + 1} is longer than {MAX_ROW} characters", start)
        self.row += 1
        self._at, self._expected = end, _Expected.SEPARATOR
        rows.append((self.row, _flat(value, self._buffer[start:end])))
        return True

    def _error(self, problem: str, position: int) -> InvalidInput:
        place = f"at character {self._dropped + position + 1}, after {self.row} whole rows"
        return InvalidInput(f"{problem} ({place})", field="rows")
