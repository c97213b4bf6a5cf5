"""A stream of bytes to batches of calls, in order, with memory that does not grow with the list.

Reading happens here, in the event loop, in pieces of 1 to 3 ms. The checks, ten times as dear, go in batches of
1,000 rows to an executor, and only a bounded number of batches is under way: a slow store or pool slows the reading
and so, through the stream, the sender.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable
from concurrent.futures import Executor
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, TypeVar

from dialer.errors import InvalidInput
from dialer.importing.checks import Hours, Refused, RowChecks, Taken, check_numbers, check_rows
from dialer.importing.columns import AS_NAMED, ColumnMap
from dialer.importing.csv_rows import CsvRows
from dialer.importing.decoding import Decoder
from dialer.importing.json_rows import JsonArrayRows, NdjsonRows
from dialer.importing.plain_rows import PlainRows
from dialer.importing.rows import BEGINNING, Batch, Numbers, Place, RawRow, Rejection, RowReader
from dialer.importing.sheets import XLSX, sheet_as_csv
from dialer.model import NewCall

PIECE = 16_384  # bytes read at once: the event loop is held for 1 to 3 ms; a header fits in (64 names of 64 characters)
BATCH = 1_000  # rows
_TEXTS = frozenset({"text/csv", "application/x-ndjson", "application/jsonl", "application/json"})
MEDIA_TYPES = _TEXTS | {XLSX}
NUMBER_MEDIA_TYPES = _TEXTS | {"text/plain"}
# Two for each core keep a pool busy; more would only hold rows. Threads would only fight over the interpreter.
_UNDER_WAY = 2 * min(os.cpu_count() or 1, 16)

_BY_MARK = "utf-16"  # its bytes depend on a mark at the beginning

T = TypeVar("T")
Check = Callable[[tuple[str, ...], list[RawRow]], tuple[list[T], list[Refused]]]
"""Checks rows by their columns; must travel to another process."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a list begins that was read in part before.

    Attributes:
        place: behind which its bytes begin.
        row: the number of the last row that was taken, at that place or behind it.
    """

    place: Place = BEGINNING
    row: int = 0


FROM_START = Start()


async def read_calls(  # noqa: PLR0913 - what a list is, what it must have, and where to work
    chunks: AsyncIterable[bytes],
    *,
    media_type: str,
    charset: str | None,
    checks: RowChecks,
    executor: Executor | None = None,
    start: Start = FROM_START,
    sheet: str | None = None,
) -> AsyncGenerator[Batch, None]:
    """The calls of a list, and the rows that are none, in batches of at most 1,000 rows.

    Whoever may stop before the end uses it within `contextlib.aclosing`.

    Args:
        chunks: the list as it arrives, cut anywhere, such as `request.content.iter_chunked(65536)`.
        media_type: one of MEDIA_TYPES, without parameters.
        charset: the encoding that the sender states, None where it states none.
        checks: what each row must have.
        executor: where rows are checked: best a `ProcessPoolExecutor` that lives as long as the caller's process,
            made with `mp_context=multiprocessing.get_context("forkserver")` (or `"spawn"`), for a fork of a process
            with threads and an event loop may hang. None checks in a thread: right for small lists.
        start: where the chunks begin, of a list that was read in part before.
        sheet: that of a spreadsheet, by default the first.

    Raises:
        InvalidInput: where the list as a whole cannot be read (encoding, header, a quote that never closes, broken
            JSON). Batches handed out before that stay as they are; where a broken list must change nothing, keep
            it in a file and let `count_rows` read it first.
    """
    async with AsyncExitStack() as stack:
        if media_type == XLSX:
            # Rows of a program of its own: known to be UTF-8, and no place in them is one of the file.
            chunks = await stack.enter_async_context(aclosing(sheet_as_csv(chunks, sheet)))
            media_type, charset, start = "text/csv", None, Start(row=start.row)
        reader = _reader(media_type, _TEXTS, checks.columns, start.place)
        pieces = _raw_batches(chunks, reader, Decoder(charset, start.place), start)
        checked = await stack.enter_async_context(aclosing(_checked(pieces, partial(check_rows, checks), executor)))
        async for raw, taken, refused in checked:
            yield replace(to_batch(taken, refused), row=raw.last, place=raw.place)


async def read_numbers(
    chunks: AsyncIterable[bytes],
    *,
    media_type: str,
    charset: str | None,
    region: str,
    executor: Executor | None = None,
) -> AsyncGenerator[Numbers, None]:
    """The same of a list of numbers: one of NUMBER_MEDIA_TYPES; other columns than those of numbers are passed over."""
    reader = _reader(media_type, NUMBER_MEDIA_TYPES)
    batches = _raw_batches(chunks, reader, Decoder(charset))
    async with aclosing(_checked(batches, partial(check_numbers, region), executor)) as checked:
        async for _, taken, refused in checked:
            yield Numbers(taken, [Rejection(*fields) for fields in refused])


async def _checked(
    batches: AsyncIterable[_Raw], check: Check[T], executor: Executor | None
) -> AsyncGenerator[tuple[_Raw, list[T], list[Refused]], None]:
    """What came of checking each batch, in order."""
    under_way: deque[_UnderWay[T]] = deque()
    loop = asyncio.get_running_loop()
    most = _UNDER_WAY if executor else 1
    try:
        async for raw in batches:
            future = loop.run_in_executor(executor, check, raw.columns, raw.rows)
            under_way.append((raw._replace(rows=[]), future))
            if len(under_way) >= most:
                yield await _next(under_way)
        while under_way:
            yield await _next(under_way)
    finally:
        for _, checked in under_way:
            checked.cancel()


async def _next(under_way: deque[_UnderWay[T]]) -> tuple[_Raw, list[T], list[Refused]]:
    raw, checked = under_way.popleft()
    return raw, *await checked


async def count_rows(chunks: AsyncIterable[bytes], *, media_type: str, charset: str | None) -> int:
    """How many rows a list has, which is also the proof that it can be read to its end; raises InvalidInput."""
    count = 0
    async for raw in _raw_batches(chunks, _reader(media_type, _TEXTS), Decoder(charset)):
        count += len(raw.rows)
    return count


class _Raw(NamedTuple):
    """Rows on their way to be checked."""

    columns: tuple[str, ...]
    rows: list[RawRow]
    last: int  # the number of the last row
    place: Place


_UnderWay = tuple[_Raw, asyncio.Future[tuple[list[T], list[Refused]]]]


async def _raw_batches(
    chunks: AsyncIterable[bytes], reader: RowReader, decoder: Decoder, start: Start = FROM_START
) -> AsyncIterator[_Raw]:
    """Raw rows by the thousand; those up to the row of `start` are left out."""
    rows: list[RawRow] = []
    places = deque([start.place])
    async for text in _texts(chunks, decoder):
        rows += _behind(start.row, reader.feed(text))
        places.append(_place(reader, decoder) or places[-1])
        while len(rows) >= BATCH:
            yield _cut(reader, rows, places)
    rows += _behind(start.row, reader.end())
    while rows:
        yield _cut(reader, rows, places)


def _behind(row: int, rows: list[RawRow]) -> list[RawRow]:
    return rows if not rows or rows[0][0] > row else [raw for raw in rows if raw[0] > row]


def _cut(reader: RowReader, rows: list[RawRow], places: deque[Place]) -> _Raw:
    """Take a batch from the rows, and find the last place that lies before its end."""
    taken = rows[:BATCH]
    del rows[:BATCH]
    last = taken[-1][0]
    while len(places) > 1 and places[1].row <= last:
        places.popleft()
    return _Raw(reader.columns, taken, last, places[0])


def _place(reader: RowReader, decoder: Decoder) -> Place | None:
    """Where the rows that were read end; None where nobody could go on from there."""
    held = reader.held
    if held is None or decoder.encoding == _BY_MARK:
        return None
    offset = decoder.decoded - len(held.encode(decoder.encoding))
    return Place(offset, reader.row, replace(reader.layout, encoding=decoder.encoding))


def _reader(media_type: str, taken: Iterable[str], names: ColumnMap = AS_NAMED, after: Place = BEGINNING) -> RowReader:
    name = media_type.strip().lower()
    match name if name in taken else "":
        case "text/csv":
            return CsvRows(names, after)
        case "application/x-ndjson" | "application/jsonl":
            return NdjsonRows(after.row)
        case "application/json":
            return JsonArrayRows()
        case "text/plain":
            return PlainRows()
    message = f"lists are read as {', '.join(sorted(taken))}, not as {media_type[:80]!r}"
    raise InvalidInput(message, field="Content-Type")


async def _texts(chunks: AsyncIterable[bytes], decoder: Decoder) -> AsyncIterator[str]:
    async for piece in _pieces(chunks):
        yield decoder.decode(piece)
        await asyncio.sleep(0)  # a list that is all here already must not hold up a webhook
    yield decoder.decode(b"", final=True)


async def _pieces(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size: what is read, and how long it takes, depends on no packet's borders."""
    buffer = bytearray()
    async for chunk in chunks:
        buffer += chunk
        while len(buffer) >= PIECE:
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    yield bytes(buffer)


def to_batch(taken: list[Taken], refused: list[Refused]) -> Batch:
    """What came of checking some rows, as calls and rejections."""
    calls = [(fields[0], _call(*fields[1:])) for fields in taken]
    return Batch(calls, [Rejection(*fields) for fields in refused])


def _call(numbers: list[str], external_id: str | None, variables: dict[str, str], hours: Hours) -> NewCall:
    (first, *others), (timezone, expires_at, cohort) = numbers, hours
    return NewCall(
        number=first,
        others=tuple(others),
        external_id=external_id,
        variables=variables,
        timezone=timezone,
        expires_at=expires_at,
        cohort=cohort,
    )
