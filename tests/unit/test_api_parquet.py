"""Results as a Parquet file in pieces."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import duckdb
import pytest

from dialer.api.parquet import parquet_pieces
from dialer.api.result_rows import ResultOut
from dialer.errors import StoreUnavailable
from dialer.model import Call
from dialer.states import CallState

CHUNK = 500
MEGABYTE_KIB = 1024
_MORE_THAN_LOOPS_HAVE = 40  # of threads: the event loop has 32 at the most


async def _rows(count: int, *, breaks_at: int | None = None) -> AsyncIterator[list[ResultOut]]:
    for first in range(0, count, CHUNK):
        if breaks_at is not None and first >= breaks_at:
            raise StoreUnavailable("Redis does not answer")
        yield [_row(number) for number in range(first, min(first + CHUNK, count))]


def _row(number: int) -> ResultOut:
    call = Call(
        id=f"c1-{number}", campaign_id="c1", number=f"+3161{number:07d}", external_id=None, variables={"n": "1"},
        state=CallState.WAITING, due_at=None, disposition=None, ended_at=None, attempts=number % 3,
    )  # fmt: skip
    return ResultOut.of_last(call, None)


async def test_a_hundred_thousand_rows_leave_memory_flat(tmp_path: Path) -> None:
    """A large file goes out while it is made, takes a few megabytes on its way, and reads back whole."""
    path = tmp_path / "r.parquet"
    before, pieces = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    with path.open("wb") as file:
        async for piece in parquet_pieces(_rows(100_000)):
            pieces += 1
            file.write(piece)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    counted = duckdb.connect().read_parquet(str(path)).aggregate("count(*), count(distinct id), sum(tries)").fetchone()

    assert (100_000, 100_000, 99_999) == counted
    assert pieces > 50
    assert grown < 64 * MEGABYTE_KIB


async def _gather(rows: AsyncIterator[list[ResultOut]], written: bytearray) -> None:
    async for piece in parquet_pieces(rows):
        written += piece


async def test_an_empty_file_has_its_columns(tmp_path: Path) -> None:
    """Without a row it is a Parquet file all the same."""
    path = tmp_path / "r.parquet"
    path.write_bytes(b"".join([piece async for piece in parquet_pieces(_rows(0))]))

    assert "number" in duckdb.connect().read_parquet(str(path)).columns


async def test_what_breaks_off_is_no_parquet_file(tmp_path: Path) -> None:
    """When the store goes away midway, its error comes through and what was written is readable by nobody."""
    path, written = tmp_path / "r.parquet", bytearray()
    with pytest.raises(StoreUnavailable):
        await _gather(_rows(30_000, breaks_at=20_000), written)
    path.write_bytes(written)

    assert written.startswith(b"PAR1")
    with pytest.raises(duckdb.Error):
        duckdb.connect().read_parquet(str(path))


async def test_a_reader_who_leaves_ends_the_writer() -> None:
    """Nothing goes on in the background once nobody reads."""
    pieces = parquet_pieces(_rows(100_000))
    await anext(pieces)
    async with asyncio.timeout(5):
        await pieces.aclose()


async def test_files_that_stand_still_leave_the_event_loops_threads_free() -> None:
    """However many clients do not read on: lists are checked in those threads, and Redis' name is looked up."""
    reads = asyncio.Event()

    async def rows() -> AsyncIterator[list[ResultOut]]:
        await reads.wait()
        yield []

    files = [asyncio.create_task(_gather(rows(), bytearray())) for _ in range(_MORE_THAN_LOOPS_HAVE)]
    await asyncio.sleep(0)
    try:
        await asyncio.wait_for(asyncio.to_thread(int), timeout=5)
    finally:
        reads.set()
        await asyncio.gather(*files)
