"""Plain text: one number a line, and nothing else."""

from __future__ import annotations

from dialer.importing.faults import Fault
from dialer.importing.rows import MAX_ROW, NUMBER, BrokenRow, Layout, RawRow, shorten


class PlainRows:
    """Reads lines; a row's number is its line's. Blank ones are skipped, but counted. A `RowReader`."""

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = (NUMBER,)
        self.layout = Layout()
        self.row = 0
        self._tail = ""

    @property
    def held(self) -> None:
        """Lists of bare numbers are sent whole."""

    def feed(self, text: str) -> list[RawRow]:
        """The rows that are complete now."""
        *lines, tail = (self._tail + text).split("\n")
        # Of a line that is too long its beginning is all that will be reported.
        self._tail = tail[: MAX_ROW + 1]
        return [row for line in lines for row in self._line(line)]

    def end(self) -> list[RawRow]:
        """The row left when there is no more text."""
        tail, self._tail = self._tail, ""
        return self._line(tail)

    def _line(self, line: str) -> list[RawRow]:
        self.row += 1
        if not line.strip():
            return []
        if len(line) > MAX_ROW:
            return [
                (
                    self.row,
                    BrokenRow(shorten(line), f"the line is longer than {MAX_ROW} characters", Fault.ROW_TOO_LONG),
                )
            ]
        return [(self.row, [line.strip()])]
