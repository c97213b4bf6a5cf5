"""A look at the head of a list: how it is written, what its columns are likely to be, and how its first rows are taken.

The same readers and checks as an import's, so that what is seen here is what comes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from dialer.importing.checks import RowChecks, check_rows
from dialer.importing.columns import ColumnMap, proposed
from dialer.importing.csv_rows import CsvRows
from dialer.importing.decoding import Decoder
from dialer.importing.json_rows import JsonArrayRows, NdjsonRows
from dialer.importing.reading import to_batch
from dialer.importing.rows import UNSTORABLE, Batch, Layout, RawRow, RowReader
from dialer.importing.sheets import XLSX, sheet_as_csv

HEAD_BYTES = 131_072
"""What is looked at of a list; the rest of a longer one is not read."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        layout: how the list is written.
        columns: their names as they stand there.
        proposed: our name, and the column that most likely has it, as it stands there.
        batch: what becomes of the first rows if that is so.
        complete: whether these are all rows of the list.
    """

    layout: Layout
    columns: Sequence[str]
    proposed: dict[str, str]
    batch: Batch
    complete: bool


async def look(
    chunks: AsyncIterable[bytes], *, media_type: str, charset: str | None, checks: RowChecks, how: How
) -> Look:
    """Look at the head of a list. Raises InvalidInput where it cannot be read."""
    if media_type == XLSX:
        async with aclosing(sheet_as_csv(chunks, how.sheet)) as as_csv:
            head, whole = await _head(as_csv)
        media_type, charset = "text/csv", None
    else:
        head, whole = await _head(chunks)
    cut = how.cut or not whole
    return await asyncio.to_thread(_look, head, media_type, Decoder(charset), checks, replace(how, cut=cut))


@dataclass(frozen=True, slots=True)
class How:
    """What is to be looked at.

    Attributes:
        most: rows at the most.
        cut: whether what was sent may end within a row, which is left out then.
        sheet: that of a spreadsheet.
    """

    most: int
    cut: bool = False
    sheet: str | None = None


async def _head(chunks: AsyncIterable[bytes]) -> tuple[bytes, bool]:
    """The first bytes, and whether they are all."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) > HEAD_BYTES:
            return bytes(head[:HEAD_BYTES]), False
    return bytes(head), True


def _look(head: bytes, media_type: str, decoder: Decoder, checks: RowChecks, how: How) -> Look:
    text = decoder.decode(head, final=not how.cut)
    reader, rows = _read(text, media_type, checks.columns, how)
    columns = list(reader.layout.header or _keys(rows[: how.most]))
    names = proposed(columns, checks.columns)
    reader, rows = _read(text, media_type, ColumnMap.of(names), how)
    taken, refused = check_rows(replace(checks, columns=ColumnMap.of(names)), reader.columns, rows[: how.most])
    complete = not how.cut and len(rows) <= how.most
    return Look(replace(reader.layout, encoding=decoder.encoding), columns, names, to_batch(taken, refused), complete)


def _read(text: str, media_type: str, names: ColumnMap, how: How) -> tuple[RowReader, list[RawRow]]:
    reader: RowReader = _READERS[media_type]() if media_type in _READERS else CsvRows(names, any_header=True)
    rows = reader.feed(text)
    return reader, rows if how.cut else rows + reader.end()


_READERS = {
    "application/x-ndjson": NdjsonRows,
    "application/jsonl": NdjsonRows,
    "application/json": JsonArrayRows,
}


def _keys(rows: list[RawRow]) -> list[str]:
    """The names in rows that have their own, each once; a name that cannot be shown is told with its row."""
    keys = (key for _, row in rows if isinstance(row, tuple) for key, _ in row)
    return list(dict.fromkeys(key for key in keys if not UNSTORABLE.search(key)))
