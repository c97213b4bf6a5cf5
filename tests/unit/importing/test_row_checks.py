"""What a row must have: each fault with its column, its value and its code, and what is just in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.importing import Fault, RowChecks
from dialer.importing.checks import check_numbers, check_rows
from dialer.importing.columns import OWN
from dialer.importing.rows import column_names, shorten
from dialer.windows import Hours, Windows

Reading = Callable[..., Callable[[bytes], Any]]
ANN, BOB = "+31612345671", "+31612345672"
NDJSON = "application/x-ndjson"
CHECKS = RowChecks("NL", frozenset({"name"}), ("+31", "+1"))
NINE_TO_FIVE = Windows(hours=(Hours(frozenset(range(7)), 9 * 60, 17 * 60),))


@pytest.mark.parametrize(
    ("line", "column", "value", "code"),
    [
        (f"{ANN},1", None, f"{ANN}, 1", Fault.FIELD_COUNT),
        (" ,1,Ann,,", "number", "", Fault.NUMBER_MISSING),
        (f" ; {ANN};12,1,Ann,,", "number", "12", Fault.NUMBER_INVALID),
        ("+442079460018,1,Ann,,", "number", "+442079460018", Fault.DESTINATION_REFUSED),
        (";".join(f"06{n}2345678" for n in range(1, 7)) + ",1,Ann,,", "number", "", Fault.TOO_MANY_NUMBERS),
        (f"{ANN},{'1' * 129},Ann,,", "id", f"{'1' * 79}\u2026", Fault.ID_INVALID),
        (f"{ANN},1, \x07,,", "name", "", Fault.VALUE_MISSING),
        (f"{ANN},1,{'x' * 2001},,", "name", f"{'x' * 79}\u2026", Fault.VALUE_TOO_LONG),
        (f"{ANN},1,A\x00,,", "name", "A\x00", Fault.VALUE_UNREADABLE),
        (f"{ANN},1,Ann, Mars ,", "timezone", "Mars", Fault.TIMEZONE_INVALID),
        (f"{ANN},1,Ann,,soon", "expires_at", "soon", Fault.EXPIRES_AT_INVALID),
        (f"{ANN},1,Ann,,2027-01-01T12:00", "expires_at", "2027-01-01T12:00", Fault.EXPIRES_AT_INVALID),
    ],
)
def test_a_fault_of_a_row_has_a_code(reading: Reading, line: str, column: str | None, value: str, code: Fault) -> None:
    """By which programs know it, with the column and what stood there; the rows around it are taken."""
    body = f"number,id,name,timezone,expires_at\n{BOB},b,Bob,,\n{line}\n{BOB},c,Bob,,\n"
    outcome = reading(checks=CHECKS)(body.encode())

    assert {1: BOB, 3: BOB} == outcome.numbers
    assert (column, value, code) == ((found := outcome.rejections[2]).column, found.value, found.code)


@pytest.mark.parametrize(
    ("more", "column", "code"),
    [
        ({"tags": [1]}, "tags", Fault.VALUE_NOT_TEXT),
        ({"": 1}, "", Fault.NAME_INVALID),
        ({"x" * 65: 1}, f"{'x' * 65}", Fault.NAME_INVALID),
        ({"a\x00": 1}, "a\x00", Fault.NAME_INVALID),
        ({"a b": 1, "A-B": 1}, "a_b", Fault.NAME_INVALID),
        ({f"v{n}": n for n in range(65)}, None, Fault.TOO_MANY_VARIABLES),
    ],
)
def test_a_fault_of_an_object_has_a_code(
    reading: Reading, more: dict[str, Any], column: str | None, code: Fault
) -> None:
    """Nothing of what stood there is told: it may be nested a thousand deep."""
    outcome = reading(media_type=NDJSON)(f"{json.dumps({'number': ANN} | more)}\n".encode())

    assert (column, "", code) == ((found := outcome.rejections[1]).column, found.value, found.code)


def test_a_value_that_a_row_does_not_have_is_missed(reading: Reading) -> None:
    """One that needs it is told the first of them; a row that has it is taken."""
    checks = RowChecks("NL", frozenset({"name", "day"}))
    rows = [{"number": ANN}, {"number": ANN, "day": "Monday", "name": "Ann"}]
    outcome = reading(media_type=NDJSON, checks=checks)("\n".join(map(json.dumps, rows)).encode())

    assert {2: ANN} == outcome.numbers
    assert ("day", Fault.VALUE_MISSING) == ((found := outcome.rejections[1]).column, found.code)
    assert found.reason.endswith("for 'day', 'name'")


def test_what_is_shown_of_a_value_can_be_sent() -> None:
    """Eighty characters of it, whole ones."""
    assert "x" * 80 == shorten("x" * 80)
    assert f"{'x' * 79}\u2026" == shorten("x" * 81)
    assert "a\ufffdb" == shorten("a\ud800b")


def test_a_header_is_as_wide_as_may_be() -> None:
    """All columns of ours and 64 variables, with names of 64 letters; not one more."""
    widest = [*OWN, *(f"{n:064}" for n in range(64))]

    assert tuple(widest) == column_names(widest, str)
    with pytest.raises(InvalidInput, match="73 columns", check=lambda error: error.field == "header"):
        column_names([*widest, "more"], str)


def test_as_much_as_may_be_is_taken(reading: Reading) -> None:
    """The longest id, name and value, the most numbers and variables."""
    numbers = [f"+3161234567{n}" for n in range(5)]
    values = {f"v{n}": "x" for n in range(62)} | {"n" * 64: "x" * 2000, "name": "Ann"}
    row = {"number": ";".join(numbers), "id": "1" * 128} | values
    (call,) = reading(media_type=NDJSON)(json.dumps(row).encode()).calls.values()

    assert (numbers, "1" * 128, values) == ([call.number, *call.others], call.external_id, call.variables)


def test_hours_of_a_row_are_kept(reading: Reading) -> None:
    """Its zone where that tells more than its number, and its end in UTC; neither is a variable."""
    body = (
        "number,timezone,expires_at,name\n"
        f"{ANN}, Asia/Tokyo ,2027-01-01T12:00:00+01:00,\n{ANN},Europe/Amsterdam, 2027-01-01T12:00Z ,\n{ANN},,,\n"
    )
    calls = reading()(body.encode()).calls.values()

    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert ["Asia/Tokyo", None, None] == [call.timezone for call in calls]
    assert [noon.replace(hour=11), noon, None] == [call.expires_at for call in calls]
    assert [{"name": ""}] * 3 == [call.variables for call in calls]


def test_hours_that_the_text_speaks_of_are_variables_too(reading: Reading) -> None:
    """As they stand in the list."""
    checks = RowChecks("NL", frozenset({"timezone", "expires_at"}))
    body = f"number,timezone,expires_at\n{ANN},Asia/Tokyo,2027-01-01T12:00Z\n"
    (call,) = reading(checks=checks)(body.encode()).calls.values()

    assert {"timezone": "Asia/Tokyo", "expires_at": "2027-01-01T12:00Z"} == call.variables
    assert ("Asia/Tokyo", datetime(2027, 1, 1, 12, tzinfo=UTC)) == (call.timezone, call.expires_at)


def test_somebody_whom_the_windows_never_let_be_called_is_told(reading: Reading) -> None:
    """Of numbers so far apart that no hour suits both; with the zone in which he is, he can be called."""
    checks = RowChecks("NL", windows=NINE_TO_FIVE)
    far = f"{ANN};+18082345678"
    outcome = reading(checks=checks)(f"number,timezone\n{far},\n{far},Europe/Amsterdam\n{ANN},\n".encode())

    assert {2: ANN, 3: ANN} == outcome.numbers
    assert ("timezone", Fault.NEVER_OPEN) == ((found := outcome.rejections[1]).column, found.code)
    assert {1: ANN} == reading()(f"number\n{far}\n".encode()).numbers


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        (" sip:a@b.example;transport=tls", ["sip:a@b.example;transport=tls"]),
        ("wss://a.example/b;c", ["wss://a.example/b;c"]),
        (f"{ANN};;{BOB};", [ANN, BOB]),
    ],
)
def test_only_numbers_are_separated_by_semicolons(cell: str, numbers: list[str]) -> None:
    """Those of an address belong to it."""
    assert ([(7, numbers)], []) == check_numbers("NL", ("number",), [(7, [cell])])


def test_numbers_alone_may_be_of_anywhere() -> None:
    """A list of whom nobody may call is held to no destinations; what is wrong is told by its row."""
    taken, refused = check_numbers("NL", (), [(1, (("number", "+442079460018"),)), (2, (("number", "x"),))])

    assert [(1, ["+442079460018"])] == taken
    assert [(2, "number", "x", Fault.NUMBER_INVALID)] == [(row, *rest[:2], code) for row, *rest, _, code in refused]


def test_truths_are_words_and_nothing_is_absent() -> None:
    """As JSON has them."""
    raw = (("Number", ANN), ("vip", True), ("late", False), ("note", None))
    ((row, numbers, external_id, variables, _),), refused = check_rows(RowChecks("NL"), (), [(1, raw)])

    assert (1, [ANN], None, {"vip": "true", "late": "false"}) == (row, numbers, external_id, variables)
    assert [] == refused
