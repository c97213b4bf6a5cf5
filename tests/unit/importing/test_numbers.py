"""Several numbers of one person in a list: in one cell, or in columns of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dialer.importing import RowChecks

A, B, C = "+31612345671", "+31612345672", "+31612345673"
DESK = "sip:desk@pbx.example.com"
Reading = Callable[..., Callable[[bytes], Any]]


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        ((A,), f"number,number2\n{A},\n"),
        ((A, B), f"number\n{A};{B}\n"),
        ((A, B), f"number\n06-12345671 ; ; {B};\n"),
        ((A, B, C), f"number,number2,Number3\n{A},0612345672,{C}\n"),
        ((A, B, C), f'number;number2\n{A};"{B};{C}"\n'),
        ((A, B), f"number2,number\n{B},{A}\n"),
        ((B,), f"number,number2\n,{B}\n"),
        ((A, B), f"number,number5\n{A},{B}\n"),
        ((A, B), f"number,number2\n{A};{B},{A}\n"),
        ((f"{DESK};transport=tls", A), f"number,number2\n{DESK};transport=tls,{A}\n"),
    ],
)
def test_numbers_of_a_row_are_kept_in_order(reading: Reading, expected: tuple[str, ...], body: str) -> None:
    """The first number is the call's, the others follow, each once; empty ones are none."""
    *_, call = reading()(body.encode()).calls.values()

    assert expected == (call.number, *call.others)
    assert {} == call.variables


@pytest.mark.parametrize(
    ("column", "words", "cells"),
    [
        ("number", "digits", f"{A};12,"),
        ("number2", "digits", f"{A},12"),
        ("number", "no number", " ; ,"),
        ("number", "6 numbers, 5 at most", ";".join(f"+3161234560{digit}" for digit in range(6)) + ","),
    ],
)
def test_each_number_is_checked(reading: Reading, column: str, words: str, cells: str) -> None:
    """A row with one wrong number is rejected under the column in which it stands; the rest arrive."""
    outcome = reading()(f"number,number2\n{cells}\n{B},\n".encode())

    assert {2: B} == outcome.numbers
    assert column == outcome.rejections[1].column
    assert words in outcome.rejections[1].reason


def test_json_has_further_numbers_too(reading: Reading) -> None:
    """In NDJSON the names are those of the columns."""
    body = f'{{"number": "{A};{B}", "number2": 31612345673}}\n'.encode()
    (call,) = reading(media_type="application/x-ndjson")(body).calls.values()

    assert (A, (B, C)) == (call.number, call.others)


def test_a_sixth_number_is_none(reading: Reading) -> None:
    """Five are dialed; a column that is called like another one is a variable."""
    (call,) = reading()(f"number,number6\n{A},{B}\n".encode()).calls.values()

    assert ((), {"number6": B}) == (call.others, call.variables)


def test_column_that_the_text_speaks_of_is_a_variable(reading: Reading) -> None:
    """A list that says `number2` in its text means the value, not a phone."""
    checks = RowChecks("NL", frozenset({"number2"}))
    (call,) = reading(checks=checks)(f"number,number2\n{A},17\n".encode()).calls.values()

    assert ((), {"number2": "17"}) == (call.others, call.variables)
