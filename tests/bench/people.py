"""Invented people with valid numbers, as many as wanted and no two alike."""

from __future__ import annotations

import csv
from pathlib import Path

from dialer.model import NewCall

_STEP, _RANGE = 37, 50_000_000  # no common factor: every number comes once before any comes twice


def phone(position: int) -> str:
    """The number of one person: a Dutch mobile, E.164."""
    return f"+316{10_000_000 + position * _STEP % _RANGE}"


def calls(first: int, count: int) -> list[NewCall]:
    """Calls as the store takes them."""
    return [NewCall(number=phone(i), variables={"name": _name(i)}) for i in range(first, first + count)]


def write_csv(path: Path, *, first: int, count: int) -> None:
    """A list with the columns number and name, every second number as people write it at home."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = ((_written(i), _name(i)) for i in range(first, first + count))
        csv.writer(file).writerows([("number", "name"), *rows])


def read_numbers(path: Path) -> list[str]:
    """The numbers of such a list, as written."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["number"] for row in csv.DictReader(file)]


def _written(position: int) -> str:
    number = phone(position)
    return number if position % 2 else f"06 {number[4:8]} {number[8:]}"


def _name(position: int) -> str:
    return f"Person {position:06}"
