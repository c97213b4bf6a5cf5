from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.importing import RowChecks
from dialer.importing.csv_rows import CsvRows

ANN, BOB, EVE = "+31612345671", "+31612345672", "+31612345673"


class Outcome(Protocol):
    """What the fixture's reading answers."""

    calls: dict[int, Any]
    rejections: dict[int, Any]
    numbers: dict[int, str]


Reading = Callable[..., Callable[[bytes], Outcome]]

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
likely_cells = st.text("ab\"',;\t|\r\n \\", max_size=12)


@given(
    table=st.lists(st.lists(cells | likely_cells, min_size=2, max_size=2), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    cuts=st.lists(st.integers(0, 400), max_size=10),
)
def test_what_a_csv_writer_writes_is_read_the_same(
    *, table: list[list[str]], delimiter: str, quoting: Any, cuts: list[int]
) -> None:
    """Any values, delimiter and quoting come back the same, wherever the text is cut."""
    written = io.StringIO(newline="")
    header = ["number", "note", "other"]
    rows = [[ANN, *values] for values in table]
    csv.writer(written, delimiter=delimiter, quoting=quoting).writerows([header, *rows])
    assert list(enumerate(rows, start=1)) == _read(written.getvalue(), cuts)


def _read(text: str, cuts: list[int]) -> list[tuple[int, Any]]:
    reader = CsvRows()
    # The header arrives whole, as `reading` promises.
    borders = sorted({text.index("\n") + 1, *(cut for cut in cuts if cut > text.index("\n")), len(text)})
    pieces = [text[start:end] for start, end in zip([0, *borders], borders, strict=False)]
    return [row for piece in pieces for row in reader.feed(piece)] + reader.end()


@given(
    broken=st.sampled_from(["", "0612345678", "0612345678,a,b", "nonsense,a", '0612345678,"a"b', "12,a"]),
    at=st.integers(1, 40),
    count=st.integers(40, 60),
)
def test_one_broken_row_is_reported_and_the_rest_arrive(reading: Reading, broken: str, at: int, count: int) -> None:
    """A row that is wrong in any way is rejected by its number (or skipped if blank); all others become calls."""
    lines = [f"06{10_000_000 + row},Ann" for row in range(1, count + 1)]
    lines[at - 1] = broken
    outcome = reading(cut=64)("\n".join(["number,name", *lines]).encode())
    expected = {row: f"+316{10_000_000 + row}" for row in range(1, count + 1) if row != at}
    assert expected == outcome.numbers
    assert ({at} if broken else set()) == set(outcome.rejections)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_all_line_ends_are_read(reading: Reading, newline: str, cut: int) -> None:
    """Lists of any system are read, with blank lines counted but no calls, and without a last line end."""
    body = newline.join(["", "number;name", ANN, f"{ANN};Ann", "", ";", f'{BOB};"B{newline}b"', f"{EVE};Eve"])
    outcome = reading(cut=cut)(body.encode())
    expected = ({2: ANN, 5: BOB, 6: EVE}, {1})
    assert expected == (outcome.numbers, set(outcome.rejections))
    assert f"B{newline}b" == outcome.calls[5].variables["name"]


def test_columns_become_number_id_and_variables(reading: Reading) -> None:
    """`number` and `id` are found in any place and case; every other column is a variable, also an empty one."""
    body = f"First Name,ID,Number,note\nAnn, a-1 ,{ANN},\n".encode()
    call = reading()(body).calls[1]
    expected = (ANN, "a-1", {"first_name": "Ann", "note": ""})
    assert expected == (call.number, call.external_id, call.variables)


@pytest.mark.parametrize(
    ("header", "field", "words"),
    [
        ("", "header", "list is empty"),
        ("\n \n", "header", "list is empty"),
        ("phone,name", "number", "found: 'phone', 'name'; rename 'phone' to 'number'"),
        ("naam;Telefoon", "number", "rename 'Telefoon' to 'number'"),
        ("nummer", "number", "rename 'nummer' to 'number'"),
        ("0612345678;Ann", "number", "looks like a row"),
        ("name,city", "number", "no column 'number'; found: 'name', 'city'"),
        ("number,,name", "header", "column 2 of the header has no name"),
        ("number,name,", "header", "column 3 of the header has no name"),
        ("number,First name,first_NAME", "header", "column 3 of the header has the name 'first_name' a second time"),
        ("number,Number", "header", "'number' a second time"),
        ("number," + "x" * 65, "header", "longer than 64"),
        ("number," + ",".join(f"v{n}" for n in range(65)), "header", "64 at most"),
        ('number,"name', "header", "quote in it is not closed"),
        ("n\x00u\x00m\x00", "header", "NUL bytes"),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused(reading: Reading, header: str, field: str, words: str) -> None:
    """A missing, empty or repeated name is an error of the whole list that says what was found."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field) as refusal:
        reading()(header.encode())
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (ANN, None, "has 1 fields, the header has 3"),
        (f"{ANN},1,Ann,Lee", None, "has 4 fields, the header has 3"),
        (",1,Ann", "number", "there is no number"),
        ("612345678,1,Ann", "number", "lost leading zero"),
        ("4.15555E+09,1,Ann", "number", "scientific notation"),
        (f"{ANN},1, ", "name", "needs a value for 'name'"),
        (f"{ANN},{'1' * 129},Ann", "id", "at most 128 characters"),
        (f"{ANN},1\x07,Ann", "id", "plain spaces"),
        (f"{ANN},1\u202e7,Ann", "id", "plain spaces"),
        (f"{ANN},1,{'x' * 2001}", "name", "2000 at most"),
        (f"{ANN},1,A\x00nn", "name", "NUL bytes"),
    ],
)
def test_a_rejection_names_row_column_and_reason(reading: Reading, line: str, column: str | None, words: str) -> None:
    """Each fault of a row names its column and says what is wrong, with at most 80 characters of the value."""
    body = f"number,id,name\n{BOB},2,Bob\n{line}\n{EVE},3,Eve"
    outcome = reading(checks=RowChecks("NL", frozenset({"name"})))(body.encode())
    (rejection,) = outcome.rejections.values()
    assert (2, column) == (rejection.row, rejection.column)
    assert words in rejection.reason
    assert len(rejection.value) <= 80
    expected = {1: BOB, 3: EVE}
    assert expected == outcome.numbers


@pytest.mark.parametrize(
    ("lines", "rejected"),
    [
        ([f'{ANN},"Ann', f"{BOB},Bob", f'{EVE},"Eve"', f"{ANN},Ann"], {1, 2, 3}),
        ([f"{ANN},Ann", f'{BOB},"Bob', f"{EVE},Eve"], {2, 3}),
        ([f'{ANN},"Ann" Lee', f"{BOB},Bob"], {1}),
    ],
)
def test_every_line_that_a_wrong_quote_swallows_is_reported(
    reading: Reading, lines: list[str], rejected: set[int]
) -> None:
    """Lines between a quote that opens and the place where it goes wrong are rejected, never guessed at."""
    outcome = reading(cut=5)("\n".join(["number,name", *lines]).encode())
    assert rejected == set(outcome.rejections)
    assert set(range(1, len(lines) + 1)) - rejected == set(outcome.calls)


@pytest.mark.parametrize("row", [f'{ANN},"' + f"{BOB},Bob\n" * 20_000, ANN + "," + "x" * 200_000])
def test_a_quote_that_never_closes_is_an_error_not_a_swamp(reading: Reading, row: str) -> None:
    """A row longer than 64 KiB ends the reading with an error that names it."""
    with pytest.raises(
        InvalidInput, match="row 2 is longer than 65536 characters", check=lambda error: error.field == "rows"
    ):
        reading(cut=100_000)(f"number,name\n{BOB},Bob\n{row}\n".encode())
