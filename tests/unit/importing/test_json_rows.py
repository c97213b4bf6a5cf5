from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.importing.faults import Fault
from dialer.importing.json_rows import JsonArrayRows, NdjsonRows
from dialer.importing.rows import BrokenRow, Layout

ANN, BOB = "+31612345671", "+31612345672"
NDJSON, ARRAY = "application/x-ndjson", "application/json"
Reading = Callable[..., Callable[[bytes], Any]]

objects = st.dictionaries(st.text(max_size=5), st.text(max_size=10) | st.booleans() | st.none(), max_size=4)


@given(st.lists(objects, max_size=8), st.lists(st.integers(0, 300), max_size=10), st.sampled_from([None, 1]))
def test_json_is_read_the_same_wherever_it_is_cut(
    rows: list[dict[str, Any]], cuts: list[int], indent: int | None
) -> None:
    """Objects come out as the pairs that went in, from both forms and with any borders between chunks."""
    expected = [(row, tuple(each.items())) for row, each in enumerate(rows, start=1)]
    assert expected == _read(JsonArrayRows(), json.dumps(rows, indent=indent), cuts)
    assert expected == _read(NdjsonRows(), "\n\n".join(map(json.dumps, rows)), cuts)


def _read(reader: JsonArrayRows | NdjsonRows, text: str, cuts: list[int]) -> list[tuple[int, Any]]:
    borders = sorted({*(cut for cut in cuts if cut < len(text)), len(text)})
    pieces = [text[start:end] for start, end in zip([0, *borders], borders, strict=False)]
    return [row for piece in pieces for row in reader.feed(piece)] + reader.end()


@pytest.mark.parametrize("reader", [JsonArrayRows(), NdjsonRows()])
def test_each_row_names_its_own_columns(reader: JsonArrayRows | NdjsonRows) -> None:
    """There is neither a header nor anything between fields, before or after reading."""
    before = reader.columns, reader.layout, reader.row
    reader.feed("[]\n")

    assert ((), Layout(), 0) == before
    assert ((), Layout()) == (reader.columns, reader.layout)


def test_a_line_that_is_too_long_is_told_by_its_beginning() -> None:
    """One of just 64 KiB is read; what follows is, too."""
    reader = NdjsonRows()
    told = BrokenRow("x" * 79 + "\u2026", "the row is longer than 65536 characters", Fault.ROW_TOO_LONG)
    longest = json.dumps({"n": "x" * (65_536 - 9)})

    assert [(1, told), (2, (("n", "x" * (65_536 - 9)),))] == reader.feed("x" * 65_537 + f"\n{longest}\n")


@pytest.mark.parametrize("media_type", [NDJSON, ARRAY])
def test_keys_are_columns(reading: Reading, media_type: str) -> None:
    """Values may be text, figures (kept as written), true, false or null, which is as good as absent."""
    row = '{"Number": 31612345671, "ID": 17, "First name": "Ann", "sum": 1.50, "vip": true, "x": false, "y": null}'
    call = reading(media_type=media_type)((f"[{row}]" if media_type == ARRAY else row).encode()).calls[1]
    expected = (ANN, "17", {"first_name": "Ann", "sum": "1.50", "vip": "true", "x": "false"})
    assert expected == (call.number, call.external_id, call.variables)


@pytest.mark.parametrize("media_type", [NDJSON, ARRAY])
@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ('"x"', None, "must be a JSON object"),
        ("[1, 2]", None, "must be a JSON object"),
        ("12", None, "must be a JSON object"),
        ("{}", "number", "there is no number"),
        ('{"number": null}', "number", "there is no number"),
        ('{"number": 612345678}', "number", "lost leading zero"),
        ('{"number": 31612345678.0}', "number", "spreadsheet's decimal number"),
        ('{"number": 4.15555E+09}', "number", "scientific notation"),
        ('{"number": "0612345678", "tags": [1]}', "tags", "must be a text"),
        ('{"number": "0612345678", "a": {"b": [{}]}}', "a", "must be a text"),
        ('{"number": "0612345678", "a b": 1, "A_B": 2}', "a_b", "stands twice"),
        ('{"number": "0612345678", "": 1}', "", "a name has 1 to 64"),
        ('{"number": "0612345678", "a": "\\ud800"}', "a", "half characters"),
        (json.dumps({"number": ANN} | {f"v{n}": n for n in range(65)}), None, "64 at most"),
    ],
)
def test_a_wrong_object_is_rejected_and_the_rest_arrive(
    reading: Reading, media_type: str, row: str, column: str | None, words: str
) -> None:
    """One wrong row is reported by number and column; those around it become calls."""
    good = json.dumps({"number": ANN})
    body = f"[{good}, {row}, {good}]" if media_type == ARRAY else f"{good}\n{row}\n{good}"
    outcome = reading(media_type=media_type)(body.encode())
    rejection = outcome.rejections.pop(2)
    assert column == rejection.column
    assert words in rejection.reason
    expected = {1: ANN, 3: ANN}
    assert expected == outcome.numbers


@pytest.mark.parametrize("line", ["{", '{"number": NaN}', "x" * 200_000, "[" * 60_000, '{"number": "1"} x'])
def test_a_line_that_is_no_json_costs_only_itself(reading: Reading, line: str) -> None:
    """In NDJSON even a line that cannot be read, or is far too long, is only that row's fault."""
    outcome = reading(media_type=NDJSON)(f'{{"number": "{ANN}"}}\r\n{line}\n\n{{"number": "{BOB}"}}'.encode())
    expected = ({1: ANN, 3: BOB}, {2})
    assert expected == (outcome.numbers, set(outcome.rejections))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "application/x-ndjson), not the end of the list"),
        ('{"number": 1}', "must have [ at the beginning (one object a line is application/x-ndjson), not '{'"),
        ('[{"number": 1}', "must have , or ] after an element, not the end of the list"),
        ('[{"number": 1}, {"number": }]', "row 2 is not JSON (Expecting value)"),
        ('[{"number": 1} {"number": 1}]', "must have , or ] after an element, not '{' (at character 16"),
        ('[{"number": 1},]', "row 2 is not JSON"),
        ("[] []", "must have nothing after the array, not '['"),
        ("[NaN]", "row 1 is not JSON (NaN is no JSON value)"),
        ("[" * 100_000, "row 1 is not JSON (maximum recursion depth"),
        ('[{"number": 1},' + " " * 100_000 + "{", "row 2 is not JSON"),
        ('[{"number": 1}, {"a": "' + "x" * 200_000 + '"}]', "row 2 is"),
    ],
)
def test_an_array_that_cannot_be_read_on_is_refused(reading: Reading, body: str, words: str) -> None:
    """Broken JSON, or an element over 64 KiB, ends the reading with the row and the place."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "rows") as refusal:
        reading(media_type=ARRAY, cut=10_000)(body.encode())
    assert words in str(refusal.value)


def test_an_empty_list_is_a_list(reading: Reading) -> None:
    """No rows are no error."""
    assert not reading(media_type=ARRAY)(b" [ ] \n").calls
    assert not reading(media_type=NDJSON)(b"\n").calls
