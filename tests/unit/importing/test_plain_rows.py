"""Plain text, one number a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from dialer.importing import Numbers, read_numbers
from dialer.importing.faults import REMEDIES, Fault
from dialer.importing.plain_rows import PlainRows
from dialer.importing.rows import BrokenRow, Layout, shorten


async def _pieces(body: bytes, cut: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), cut):
        yield body[start : start + cut]


def _read(body: bytes, cut: int = 7) -> list[Numbers]:
    async def read() -> list[Numbers]:
        pieces = _pieces(body, cut)
        return [b async for b in read_numbers(pieces, media_type="text/plain", charset=None, region="NL")]

    return asyncio.run(read())


def test_a_row_is_a_line() -> None:
    """Blank lines are passed over and counted, spaces and line ends cut off, the last line needs no end."""
    (batch,) = _read(b"\xef\xbb\xbf\r\n 06-12345678 \r\n\n12\n+31 20 123 4567;0612345679")

    assert [(2, ["+31612345678"]), (5, ["+31201234567", "+31612345679"])] == batch.numbers
    assert [(4, "number", "12")] == [(one.row, one.column, one.value) for one in batch.rejections]


def test_a_line_without_end_is_not_kept() -> None:
    """Of a line too long for a number its beginning is told, and the next one is read."""
    (batch,) = _read(b"1" * 200_000 + b"\n0612345678\n", cut=4096)

    assert [(2, ["+31612345678"])] == batch.numbers
    assert [(1, None)] == [(one.row, one.column) for one in batch.rejections]
    assert len(batch.rejections[0].value) <= 80


def test_a_line_may_be_as_long_as_any_row() -> None:
    """Not a letter more, wherever the text is cut; of a longer one no more is kept than tells that."""
    longest, longer = "1" * 65_536, "1" * 65_537
    rows = PlainRows()
    given = [rows.feed(part) for part in (longest, "\n", longer, "1" * 9, "\n 06 \n\n", "07")]
    too_long = BrokenRow(shorten(longer), "the line is longer than 65536 characters", Fault.ROW_TOO_LONG)

    assert [[], [(1, [longest])], [], [], [(2, too_long), (3, ["06"])], []] == given
    assert [(5, ["07"])] == rows.end()
    assert ([], 6) == (rows.end(), rows.row)
    assert (("number",), Layout(), None) == (rows.columns, rows.layout, rows.held)


def test_each_fault_has_a_code_and_a_remedy() -> None:
    """Codes stay as they are: programs know them."""
    assert [
        *("number_missing", "number_invalid", "destination_refused", "too_many_numbers", "timezone_invalid"),
        *("never_open", "expires_at_invalid", "id_invalid", "value_missing", "value_too_long", "value_unreadable"),
        *("value_not_text", "too_many_variables", "name_invalid", "field_count", "row_unreadable", "row_too_long"),
    ] == list(Fault)
    assert [*Fault] == [*REMEDIES]


@given(body=st.text(list("0612345678+;\r\n x"), max_size=300), cut=st.integers(1, 50))
def test_every_line_is_taken_told_or_blank(body: str, cut: int) -> None:
    """Wherever the bytes are cut."""
    told = _read(body.encode(), cut)
    rows = [row for b in told for row in [*(r for r, _ in b.numbers), *(one.row for one in b.rejections)]]

    assert sorted(rows) == [row for row, line in enumerate(body.split("\n"), 1) if line.strip()]
