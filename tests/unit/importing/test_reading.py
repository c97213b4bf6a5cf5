from __future__ import annotations

import asyncio
import multiprocessing
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.importing import MEDIA_TYPES, XLSX, RowChecks, count_rows, read_calls

MIB = 1024 * 1024
Reading = Callable[..., Callable[..., Any]]


def _list(rows: int) -> Iterator[bytes]:
    yield b"number,name\n"
    for row in range(rows):
        yield f"06{10_000_000 + row},Ann {row}\n".encode()


def test_batches_are_bounded_and_in_order(reading: Reading) -> None:
    """Rows come in batches of at most 1,000, each once, in the order of the list."""
    outcome = reading()(_list(2500))
    expected = [1000, 1000, 500]
    assert expected == outcome.batches
    assert {row + 1: f"+316{10_000_000 + row}" for row in range(2500)} == outcome.numbers
    assert list(range(1, 2501)) == list(outcome.calls)


@given(
    media_type=st.sampled_from(sorted(MEDIA_TYPES - {XLSX})),
    body=st.binary() | st.text(list('number,"{}[]:;\n\r 0612345678\\'), max_size=200).map(str.encode),
    head=st.sampled_from([b"", b"number,name\n", b'[{"number":', b'{"number": "0612345678"}\n']),
)
def test_any_bytes_are_a_list_or_refused(*, reading: Reading, media_type: str, body: bytes, head: bytes) -> None:
    """Whatever arrives, each row is a call or a rejection, or the list is refused with a sentence."""
    with suppress(InvalidInput):
        outcome = reading(media_type=media_type, cut=3)(head + body)
        assert sum(outcome.batches) == len(outcome.calls) + len(outcome.rejections)


def test_a_process_pool_gives_the_same_calls(reading: Reading) -> None:
    """Checks in other processes change nothing: not the order, the calls or the rejections."""
    body = b"".join(_list(4500)) + b'612345678,Eve\n0612345678,"Bob"x\n'
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")) as pool:
        in_pool = reading(executor=pool, checks=RowChecks("NL", frozenset({"name"})))(body)
    assert reading()(body) == in_pool


@pytest.mark.parametrize("media_type", ["text/plain", "", "application/vnd.ms-excel"])
def test_an_unknown_kind_of_list_is_refused(reading: Reading, media_type: str) -> None:
    """What is not CSV, NDJSON or JSON is refused with the kinds that are read."""
    with pytest.raises(InvalidInput, match="text/csv", check=lambda error: error.field == "Content-Type"):
        reading(media_type=media_type)(b"number\n")


async def test_rows_can_be_counted_first() -> None:
    """A first pass without effects counts the rows, and finds what would spoil the list at its end."""
    expected = 30
    assert expected == await count_rows(_arriving(_list(30)), media_type="text/csv", charset=None)
    with pytest.raises(InvalidInput, match="position"):
        await count_rows(_arriving(iter([*_list(30), b"06,\xff"])), media_type="text/csv", charset=None)


async def test_reading_can_be_given_up() -> None:
    """Whoever stops listening leaves nothing running behind."""
    checks = RowChecks("NL")
    async with aclosing(read_calls(_arriving(_list(9000)), media_type="text/csv", charset=None, checks=checks)) as all_:
        batch = await anext(all_)
    expected = 1000
    assert expected == len(batch.calls)
    assert {asyncio.current_task()} == asyncio.all_tasks()


def test_memory_does_not_grow_with_the_list() -> None:
    """Ten times the rows take less than 2 MiB more memory at the peak."""
    asyncio.run(_consume(2_000))
    assert _peak(200_000) < _peak(20_000) + 2 * MIB


def _peak(rows: int) -> int:
    tracemalloc.start()
    try:
        asyncio.run(_consume(rows))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def _consume(rows: int) -> None:
    # One call among 20 rows: tracing makes the number's rules slow, and a rejection takes as much memory as a call.
    chunks = ((f"+31612345678,{row}\n" + "x\n" * 19).encode() for row in range(rows // 20))
    async for _ in read_calls(
        _arriving(chunks, b"number,name\n"), media_type="text/csv", charset=None, checks=RowChecks("NL")
    ):
        pass


async def _arriving(chunks: Iterator[bytes], head: bytes = b"") -> AsyncIterator[bytes]:
    yield head
    for chunk in chunks:
        yield chunk
