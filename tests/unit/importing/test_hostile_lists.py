"""Lists that mean harm: each ends soon, in bounded memory, with a row's fault or a sentence about the whole."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.importing import ColumnMap, Fault

Reading = Callable[..., Callable[[bytes | Iterable[bytes]], Any]]
ANN, BOB = "+31612345671", "+31612345672"
NDJSON = "application/x-ndjson"


def _endless(head: bytes, megabytes: int) -> Iterable[bytes]:
    yield head
    for _ in range(megabytes):
        yield b"x" * 1_000_000


def test_a_line_of_a_hundred_megabytes_is_one_broken_row(reading: Reading) -> None:
    """Of NDJSON its beginning is told, the row behind it is taken, and no more than its beginning was ever held."""
    tracemalloc.start()
    outcome = reading(media_type=NDJSON)([*_endless(b'{"name": "', 100), f'\n{{"number": "{BOB}"}}\n'.encode()])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ({1: Fault.ROW_TOO_LONG}, {2: BOB}) == (
        {row: rejection.code for row, rejection in outcome.rejections.items()},
        outcome.numbers,
    )
    assert peak < 130_000_000  # the list itself, which the test holds, has 100 MB


def test_a_line_of_a_hundred_megabytes_ends_a_csv(reading: Reading) -> None:
    """A quote may open there that never closes: nobody can tell where the next row begins."""
    with pytest.raises(InvalidInput, match="row 2 is longer than"):
        reading()(_endless(f"number,name\n{ANN},Ann\n{BOB},".encode(), 100))


@pytest.mark.parametrize(("media_type", "faults"), [("text/csv", None), (NDJSON, {1: Fault.ROW_TOO_LONG})])
def test_a_cell_of_a_megabyte_is_told(reading: Reading, media_type: str, faults: dict[int, Fault] | None) -> None:
    """By its row, or as the end of a list in which no other row can be trusted."""
    if faults is None:
        with pytest.raises(InvalidInput, match="row 1 is longer than"):
            reading()(f"number,name\n{ANN},{'x' * 1_000_000}\n".encode())
        return
    body = json.dumps({"number": ANN, "name": "x" * 1_000_000}).encode()
    found = reading(media_type=media_type)(body).rejections

    assert faults == {row: rejection.code for row, rejection in found.items()}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (",".join(["number", *(f"c{n}" for n in range(10_000))]), "10001 columns"),
        ("number,Number", "a second time"),
        ("number,,name", "column 2 of the header has no name"),
        ("num\x00ber,name", "NUL bytes"),
    ],
)
def test_a_header_that_cannot_be_is_refused(reading: Reading, header: str, words: str) -> None:
    """Too many columns, one name twice, none, or bytes that no text has."""
    with pytest.raises(InvalidInput, match=words):
        reading()(f"{header}\n{ANN},1,2\n".encode())


def test_another_encoding_midway_ends_the_list_at_its_byte(reading: Reading) -> None:
    """Two files that were put together: what stands before is taken, the byte is named."""
    before = f"number,name\n{ANN},Zo\u00eb\n".encode() + f"{BOB},Bob\n".encode() * 5_000
    with pytest.raises(InvalidInput, match=f"position {len(before) + 15} is not UTF-8"):
        reading()(before + f"{ANN},Zo\u00eb\n".encode("cp1252"))


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00"])
def test_an_end_that_no_calendar_has_in_utc_is_told(reading: Reading, end: str) -> None:
    """Stored, it could not be read again: neither could any page of calls on which it stands."""
    found = reading()(f"number,expires_at\n{ANN},{end}\n{BOB},9999-12-31T23:59:59Z\n".encode())

    assert ({1: Fault.EXPIRES_AT_INVALID}, {2: BOB}) == (
        {row: rejection.code for row, rejection in found.rejections.items()},
        found.numbers,
    )


@pytest.mark.parametrize("given", ['{"\\ud800": "name"}', '{"name": "\\ud800"}', '{"\\u0000": "name"}'])
def test_a_map_of_what_no_text_has_is_refused(given: str) -> None:
    """Or a variable would be stored under a name that no answer can tell."""
    with pytest.raises(InvalidInput, match="half characters"):
        ColumnMap.parse(given)
