"""A stream of bytes to batches of calls, in order, with memory that does not grow with the list.

Reading happens here, in the event loop, in pieces of 1 to 3 ms. The checks, ten times as dear, go in batches of
1,000 rows to an executor, and only a bounded number of batches is under way: a slow store or pool slows the reading
and so, through the stream, the sender.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from concurrent.futures import Executor

from dialer.errors import InvalidInput
from dialer.importing.checks import Refused, RowChecks, Taken, check_rows
from dialer.importing.csv_rows import CsvRows
from dialer.importing.decoding import Decoder
from dialer.importing.json_rows import JsonArrayRows, NdjsonRows
from dialer.importing.rows import Batch, RawRow, Rejection, RowReader
from dialer.model import NewCall

PIECE = 16_384  # bytes read at once: the event loop is held for 1 to 3 ms; a header fits in (64 names of 64 characters)
BATCH = 1_000  # rows
_READERS: dict[str, type[RowReader]] = {
    "text/csv": CsvRows,
    "application/x-ndjson": NdjsonRows,
    "application/jsonl": NdjsonRows,
    "application/json": JsonArrayRows,
}
MEDIA_TYPES = frozenset(_READERS)
# Two for each core keep a pool busy; more would only hold rows. Threads would only fight over the interpreter.
_UNDER_WAY = 2 * min(os.cpu_count() or 1, 16)

_Checked = asyncio.Future[tuple[list[Taken], list[Refused]]]


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
    under_way: deque[_Checked] = deque()
    loop = asyncio.get_running_loop()
    most = _UNDER_WAY if executor else 1
    try:
        async for columns, rows in _batches(chunks, media_type, charset):
            under_way.append(loop.run_in_executor(executor, check_rows, checks, columns, rows))
            if len(under_way) >= most:
                yield _batch(*await under_way.popleft())
        while under_way:
            yield _batch(*await under_way.popleft())
    finally:
        for checked in under_way:
            checked.cancel()


async def count_rows(chunks: AsyncIterable[bytes], *, media_type: str, charset: str | None) -> int:
    """How many rows a list has, which is also the proof that it can be read to its end; raises InvalidInput."""
    count = 0
    async for _, rows in _batches(chunks, media_type, charset):
        count += len(rows)
    return count


async def _batches(
    chunks: AsyncIterable[bytes], media_type: str, charset: str | None
) -> AsyncIterator[tuple[tuple[str, ...], list[RawRow]]]:
    """Raw rows by the thousand, with the names of their columns."""
    reader = _reader(media_type)
    rows: list[RawRow] = []
    async for text in _texts(chunks, Decoder(charset)):
        rows += reader.feed(text)
        while len(rows) >= BATCH:
            yield reader.columns, rows[:BATCH]
            del rows[:BATCH]
    rows += reader.end()
    for start in range(0, len(rows), BATCH):
        yield reader.columns, rows[start : start + BATCH]


def _reader(media_type: str) -> RowReader:
    try:
        return _READERS[media_type.strip().lower()]()
    except KeyError:
        message = f"lists are read as {', '.join(_READERS)}, not as {media_type[:80]!r}"
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
    calls = [
        (row, NewCall(number=first, external_id=id_, variables=values, others=tuple(others)))
        for row, (first, *others), id_, values in taken
    ]
    return Batch(calls, [Rejection(*fields) for fields in refused])
