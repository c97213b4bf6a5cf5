"""The shapes in which a list moves: raw rows as they were read, and batches of what became of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from dialer.errors import InvalidInput
from dialer.model import NewCall
from dialer.speech import variable_name

MAX_ROW = 65_536  # characters of one row; real ones have a few hundred
MAX_VARIABLES = 64
MAX_VALUE = 2_000  # characters: more than one `talk` of the carrier holds
MAX_NAME = 64
MAX_ID = 128
MAX_NUMBERS = 5  # of one person
NUMBER, ID, TIMEZONE, EXPIRES_AT = "number", "id", "timezone", "expires_at"
FURTHER = tuple(f"number{place}" for place in range(2, MAX_NUMBERS + 1))
"""Columns for further numbers of the same person; or they stand in `number`, separated by semicolons."""

_SHOWN = 80
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken.

    Attributes:
        row: 1 for the first after the header, or for the first element.
        column: the name of the column in the form of `variable_name`; None where the row as a whole is at fault.
        value: what stood there, at most 80 characters of it.
        reason: what is wrong and what to do.
    """

    row: int
    column: str | None
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of at most 1,000 rows, both lists in the order of the rows. Calls come with their row."""

    calls: list[tuple[int, NewCall]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The same for a list of nothing but numbers: those of a person come with their row."""

    numbers: list[tuple[int, list[str]]]
    rejections: list[Rejection]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that could not even be read; it stands among the raw rows so that it is reported in its place."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class NestedValue:
    """A list or object in place of a value: what it held is not kept, for it may be nested a thousand deep."""


RawRow = tuple[int, Any]
"""The row's number, and the fields of a CSV row (list of texts), the pairs of a JSON object (tuple) or a BrokenRow."""


class RowReader(Protocol):
    """Turns text, cut anywhere, into raw rows. Raises InvalidInput for what spoils the list as a whole."""

    columns: tuple[str, ...]
    """Names of the columns after the header was read, in order; empty where each row has its own."""

    def feed(self, text: str) -> list[RawRow]:
        """The rows that are complete now."""
        ...

    def end(self) -> list[RawRow]:
        """The rows left when there is no more text."""
        ...


def shorten(value: str) -> str:
    """At most 80 characters of a value, fit to be sent and stored."""
    shown = value if len(value) <= _SHOWN else f"{value[: _SHOWN - 1]}\u2026"
    return _SURROGATE.sub("\ufffd", shown)


def column_names(header: list[str]) -> tuple[str, ...]:
    """The header's names in the form of `variable_name`, checked as a whole; raises InvalidInput."""
    names = tuple(map(variable_name, header))
    for position, name in enumerate(names, start=1):
        problem = _name_problem(name, names[: position - 1])
        if problem:
            raise InvalidInput(f"column {position} of the header {problem}", field="header")
    if len(set(names) - {NUMBER, ID, TIMEZONE, EXPIRES_AT, *FURTHER}) > MAX_VARIABLES:
        message = f"the header has {len(names)} columns; beside number and id {MAX_VARIABLES} at most are allowed"
        raise InvalidInput(message, field="header")
    return names


def _name_problem(name: str, before: tuple[str, ...]) -> str | None:
    if not name:
        return "has no name: name it, or remove the column (also a delimiter too many at the end of the line)"
    if "\x00" in name:
        return "has NUL bytes: the list is no UTF-8 text; save it as CSV UTF-8"
    if len(name) > MAX_NAME:
        return f"has a name longer than {MAX_NAME} characters: {shorten(name)!r}"
    if name in before:
        return f"has the name {name!r} a second time: names must differ in more than case, spaces and hyphens"
    return None
