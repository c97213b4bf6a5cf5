"""Where a list may be gone on with: whoever begins there, with the bytes behind it, reads the same rows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dialer.importing import Batch, RowChecks, Start, read_calls
from dialer.importing.rows import BEGINNING, Layout, Place
from tests.unit.importing.conftest import arriving

ROWS = 3_700
CSV = "number;name\r\n" + "".join(
    "\r\n" if row % 97 == 0 else f'06{10_000_000 + row};"Zo\u00eb, {row}\r\nof ""Delft"""\r\n' for row in range(1, ROWS)
)
NDJSON = "".join(f'{{"number": "06{10_000_000 + row}", "name": "Zo\u00eb"}}\n' for row in range(1, ROWS))


async def _read(body: bytes, start: Start, **how: Any) -> list[Batch]:
    batches = read_calls(arriving(body, 7_001), checks=RowChecks("NL"), start=start, **how)
    return [batch async for batch in batches]


def _rows(batches: list[Batch]) -> list[Any]:
    return [pair for batch in batches for pair in batch.calls]


@pytest.mark.parametrize(
    ("media_type", "text", "encoding", "charset"),
    [
        ("text/csv", CSV, "utf-8", None),
        ("text/csv", CSV, "utf-8-sig", None),
        ("text/csv", CSV, "cp1252", "windows-1252"),
        ("text/csv", "\ufeff" + CSV, "utf-16-le", None),
        ("text/csv", "\ufeff" + CSV, "utf-16-be", None),
        ("application/x-ndjson", NDJSON, "utf-8", None),
    ],
)
def test_whoever_goes_on_from_a_place_reads_what_is_left(
    media_type: str, text: str, encoding: str, charset: str | None
) -> None:
    """After each batch, in every encoding: the rest has the rows behind it, by the same numbers, and no other."""
    body, how = text.encode(encoding), {"media_type": media_type, "charset": charset}
    batches = asyncio.run(_read(body, Start(), **how))
    assert [1_000] * 3 == [len(batch.calls) for batch in batches[:-1]]
    for number, batch in enumerate(batches, 1):
        assert 0 < batch.place.offset <= len(body)
        rest = asyncio.run(_read(body[batch.place.offset :], Start(batch.place, batch.row), **how))
        assert _rows(batches[number:]) == _rows(rest)
        # Whoever goes on once more goes on from a place in the same list.
        for once_more in rest[:1]:
            left = body[once_more.place.offset :]
            assert _rows(rest[1:]) == _rows(asyncio.run(_read(left, Start(once_more.place, once_more.row), **how)))


@pytest.mark.parametrize("media_type", ["application/json"])
def test_an_array_is_sent_whole_and_what_was_taken_is_passed_over(media_type: str) -> None:
    """No place in an array tells that one is within it; the rows are left out by their numbers."""
    body = ("[" + NDJSON.strip().replace("\n", ",") + "]").encode()
    batches = asyncio.run(_read(body, Start(), media_type=media_type, charset=None))
    rest = asyncio.run(_read(body, Start(row=batches[1].row), media_type=media_type, charset=None))

    assert {0} == {batch.place.offset for batch in batches}
    assert _rows(batches[2:]) == _rows(rest)


def test_a_list_that_was_not_read_is_at_its_beginning() -> None:
    """Before its first byte and row, and nothing is known of how it is written."""
    assert Place(0, 0, Layout(None, (), "")) == BEGINNING == Place()
    assert Batch([], [], 0, BEGINNING) == Batch()
