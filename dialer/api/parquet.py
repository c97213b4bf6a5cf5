"""Results as Parquet, row group by row group, with flat memory.

The writer runs in a thread of its own and asks the event loop for rows; what it writes goes back in pieces through a
queue that holds a few. A Parquet file ends with its table of contents, and one without is no Parquet file: so whatever
breaks off on the way leaves something that no reader takes for the whole. The library is an extra of this package.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from dialer.api.problems import NO_PARQUET, Problem
from dialer.api.result_rows import COLUMNS, ResultOut, variables_text
from dialer.clock import to_ms
from dialer.threads import begin

if TYPE_CHECKING:
    from arro3.core import RecordBatch, Schema

ROWS_A_GROUP = 5_000
"""Held in memory before they are written: about 2 MB."""
_PIECES_AHEAD = 8
_PATIENCE_S = 0.2  # how soon a writer notices that nobody reads any more
_MOMENTS = frozenset({"placed_at", "answered_at", "ended_at"})
_T = TypeVar("_T")
_WHOLE = frozenset({"tries", "talk_s", "duration_s"})


class _NobodyReads(Exception):
    """The client is gone."""


def require_parquet() -> None:
    """Refuse where the library is not installed."""
    try:
        import arro3.io  # noqa: F401, PLC0415 - an extra, and 10 MB of memory that few need
    except ImportError:
        detail = "Install the extra where the API runs (`pip install 'dialer[parquet]'`), or ask for CSV or NDJSON."
        raise Problem(NO_PARQUET, detail, field="format") from None


async def parquet_pieces(chunks: AsyncIterator[list[ResultOut]]) -> AsyncGenerator[bytes]:
    """A Parquet file in pieces. What `chunks` raises is raised here, before the file is complete."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES_AHEAD)
    bridge = _Bridge(asyncio.get_running_loop(), chunks, pieces)
    writing: asyncio.Future[Any] = asyncio.wrap_future(begin(bridge.write_all))
    try:
        while not writing.done() or not pieces.empty():
            taking: asyncio.Future[Any] = asyncio.create_task(pieces.get())
            await asyncio.wait([taking, writing], return_when=asyncio.FIRST_COMPLETED)
            if taking.done() or not pieces.empty():
                yield await taking
            else:
                taking.cancel()
        if bridge.broke:
            raise bridge.broke
        await writing
    finally:
        bridge.is_read = False
        with suppress(Exception):
            await asyncio.shield(writing)


class _Bridge:
    """Between the writer's thread and the event loop: rows one way, bytes the other. It is the writer's file."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, chunks: AsyncIterator[list[ResultOut]], pieces: asyncio.Queue[bytes]
    ) -> None:
        self._loop, self._chunks, self._pieces = loop, chunks, pieces
        self._written = 0
        self.is_read = True
        self.broke: Exception | None = None

    def write_all(self) -> None:
        """The writer's thread."""
        from arro3.core import RecordBatchReader  # noqa: PLC0415 - see require_parquet
        from arro3.io import write_parquet  # noqa: PLC0415

        schema = _schema()
        reader = RecordBatchReader.from_batches(schema, self._batches(schema))
        write_parquet(reader, self, compression="zstd(3)", max_row_group_size=ROWS_A_GROUP)  # type: ignore[arg-type]

    def _batches(self, schema: Schema) -> Iterator[RecordBatch]:
        while (rows := self._await(self._next())) is not None:
            if rows:
                yield _batch(rows, schema)

    async def _next(self) -> list[ResultOut] | None:
        try:
            return await anext(self._chunks, None)
        except Exception as error:
            # Kept as it is: on its way through the writer it would become the writer's own.
            self.broke = error
            raise

    def write(self, data: bytes) -> int:
        """Part of a file: hand a piece on, when there is room. Never raises: the library would panic."""
        with suppress(_NobodyReads):
            self._await(self._pieces.put(bytes(data)))
        self._written += len(data)
        return len(data)

    def flush(self) -> None:
        """Part of a file: nothing is held back."""

    def tell(self) -> int:
        """Part of a file: how far it is."""
        return self._written

    def seek(self, *_: int) -> int:
        """Part of a file that the writer wants to see, and never uses."""
        raise OSError("a stream does not go back")

    def read(self, *_: int) -> bytes:
        """The same."""
        raise OSError("a stream that is written")

    def _await(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        if not self.is_read:
            coroutine.close()
            raise _NobodyReads
        waiting = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        while True:
            try:
                return waiting.result(_PATIENCE_S)
            except TimeoutError:
                if not self.is_read:
                    waiting.cancel()
                    raise _NobodyReads from None


def _schema() -> Schema:
    from arro3.core import Field, Schema  # noqa: PLC0415

    return Schema([Field(name, _type(name), nullable=True) for name in COLUMNS])


def _type(name: str) -> Any:
    from arro3.core import DataType  # noqa: PLC0415

    if name in _MOMENTS:
        return DataType.timestamp("ms", tz="UTC")
    if name in _WHOLE:
        return DataType.int64()
    return DataType.float64() if name == "ring_s" else DataType.utf8()


def _batch(rows: list[ResultOut], schema: Schema) -> RecordBatch:
    from arro3.core import Array, DataType, RecordBatch  # noqa: PLC0415

    arrays: list[Any] = []
    for name in COLUMNS:
        values, kind = [_value(getattr(row, name)) for row in rows], _type(name)
        whole = name in _MOMENTS
        array = Array(values, type=DataType.int64() if whole else kind)
        arrays.append(array.cast(kind) if whole else array)
    return RecordBatch.from_arrays(arrays, schema=schema)


def _value(value: Any) -> Any:
    match value:
        case datetime():
            return to_ms(value)
        case Enum():
            return value.value
        case list():
            return " ".join(value)
        case dict():
            return variables_text(value)
    return value
