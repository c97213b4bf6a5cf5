"""A stream of bytes to batches of calls, in order, with memory that does not grow with the list.

Reading happens here, in the event loop, in pieces of 1 to 3 ms. The checks, ten times as dear, go in batches of
1,000 rows to an executor, and only a bounded number of batches is under way: a slow store or pool slows the reading
and so, through the stream, the sender.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from contextlib import aclosing
from functools import partial
from typing import TypeVar

from dialer.errors import InvalidInput
from dialer.importing.checks import Hours, Refused, RowChecks, Taken, check_numbers, check_rows
from dialer.importing.csv_rows import CsvRows
from dialer.importing.decoding import Decoder
from dialer.importing.json_rows import JsonArrayRows, NdjsonRows
from dialer.importing.plain_rows import PlainRows
from dialer.importing.rows import Batch, Numbers, RawRow, Rejection, RowReader
from dialer.model import NewCall

PIECE = 16_384  # bytes read at once: the event loop is held for 1 to 3 ms; a header fits in (64 names of 64 characters)
BATCH = 1_000  # rows
_READERS: dict[str, type[RowReader]] = {
    "text/csv": CsvRows,
    "application/x-ndjson": NdjsonRows,
    "application/jsonl": NdjsonRows,
    "application/json": JsonArrayRows,
}
_NUMBER_READERS: dict[str, type[RowReader]] = _READERS | {"text/plain": PlainRows}
MEDIA_TYPES = frozenset(_READERS)
NUMBER_MEDIA_TYPES = frozenset(_NUMBER_READERS)
# Two for each core keep a pool busy; more would only hold rows. Threads would only fight over the interpreter.
_UNDER_WAY = 2 * min(os.cpu_count() or 1, 16)

T = TypeVar("T")
Check = Callable[[tuple[str, ...], list[RawRow]], tuple[list[T], list[Refused]]]
"""Checks rows by their columns; must travel to another process."""


async def read_calls(
    chunks: AsyncIterable[bytes],
    *,
    media_type: str,
    charset: str | None,
    checks: RowChecks,
    executor: Executor | None = None,
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

    Raises:
        InvalidInput: where the list as a whole cannot be read (encoding, header, a quote that never closes, broken
            JSON). Batches handed out before that stay as they are; where a broken list must change nothing, keep
            it in a file and let `count_rows` read it first.
    """
    batches = _batches(chunks, _reader(media_type, _READERS), charset)
    async with aclosing(_checked(batches, partial(check_rows, checks), executor)) as checked:
        async for taken, refused in checked:
            yield _batch(taken, refused)


async def read_numbers(
    chunks: AsyncIterable[bytes],
    *,
    media_type: str,
    charset: str | None,
    region: str,
    executor: Executor | None = None,
) -> AsyncGenerator[Numbers, None]:
    """The same of a list of numbers: one of NUMBER_MEDIA_TYPES; other columns than those of numbers are passed over."""
    batches = _batches(chunks, _reader(media_type, _NUMBER_READERS), charset)
    async with aclosing(_checked(batches, partial(check_numbers, region), executor)) as checked:
        async for taken, refused in checked:
            yield Numbers(taken, [Rejection(*fields) for fields in refused])


async def _checked(
    batches: AsyncIterable[tuple[tuple[str, ...], list[RawRow]]], check: Check[T], executor: Executor | None
) -> AsyncGenerator[tuple[list[T], list[Refused]], None]:
    """What came of checking each batch, in order."""
    under_way: deque[asyncio.Future[tuple[list[T], list[Refused]]]] = deque()
    loop = asyncio.get_running_loop()
    most = _UNDER_WAY if executor else 1
    try:
        async for columns, rows in batches:
            under_way.append(loop.run_in_executor(executor, check, columns, rows))
            if len(under_way) >= most:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for checked in under_way:
            checked.cancel()


async def count_rows(chunks: AsyncIterable[bytes], *, media_type: str, charset: str | None) -> int:
    """How many rows a list has, which is also the proof that it can be read to its end; raises InvalidInput."""
    count = 0
    async for _, rows in _batches(chunks, _reader(media_type, _READERS), charset):
        count += len(rows)
    return count


async def _batches(
    chunks: AsyncIterable[bytes], reader: RowReader, charset: str | None
) -> AsyncIterator[tuple[tuple[str, ...], list[RawRow]]]:
    """Raw rows by the thousand, with the names of their columns."""
    rows: list[RawRow] = []
    async for text in _texts(chunks, Decoder(charset)):
        rows += reader.feed(text)
        while len(rows) >= BATCH:
            yield reader.columns, rows[:BATCH]
            del rows[:BATCH]
    rows += reader.end()
    for start in range(0, len(rows), BATCH):
        yield reader.columns, rows[start : start + BATCH]


def _reader(media_type: str, readers: Mapping[str, type[RowReader]]) -> RowReader:
    try:
        return readers[media_type.strip().lower()]()
    except KeyError:
        message = f"lists are read as {', '.join(readers)}, not as {media_type[:80]!r}"
        raise InvalidInput(message, field="Content-Type") from None


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


def _batch(taken: list[Taken], refused: list[Refused]) -> Batch:
    return Batch([(fields[0], _call(*fields[1:])) for fields in taken], [Rejection(*fields) for fields in refused])


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
