"""The shapes in which a list moves: raw rows as they were read, and batches of what became of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dialer.errors import InvalidInput
from dialer.importing.faults import Fault
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
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What a store or a reply cannot carry; everything else is dropped only when it is spoken."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken.

    Attributes:
        row: 1 for the first after the header, or for the first element.
        column: the name of the column in the form of `variable_name`; None where the row as a whole is at fault.
        value: what stood there, at most 80 characters of it.
        reason: what is wrong and what to do.
        code: which kind of fault that is.
    """

    row: int
    column: str | None
    value: str
    reason: str
    code: Fault


@dataclass(frozen=True, slots=True)
class Layout:
    """How a list is written.

    Attributes:
        encoding: as Python names it; None while it is not known.
        header: the names of its columns as they stand there; empty where each row names its own.
        delimiter: between the fields of a row; empty where there is none.
    """

    encoding: str | None = None
    header: tuple[str, ...] = ()
    delimiter: str = ""


_UNKNOWN = Layout()


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list was read, at a border between rows, so that somebody else can go on from there.

    Attributes:
        offset: bytes before it.
        row: the number of the row before it.
        layout: what the bytes before it tell of those behind.
    """

    offset: int = 0
    row: int = 0
    layout: Layout = _UNKNOWN


BEGINNING = Place()


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of at most 1,000 rows, both lists in the order of the rows. Calls come with their row.

    Attributes:
        row: the number of its last row.
        place: from where to go on once this batch is stored; somewhat before the end of its last row.
    """

    calls: list[tuple[int, NewCall]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    row: int = 0
    place: Place = BEGINNING


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
    code: Fault = Fault.ROW_UNREADABLE


@dataclass(frozen=True, slots=True)
class NestedValue:
    """A list or object in place of a value: what it held is not kept, for it may be nested a thousand deep."""


RawRow = tuple[int, Any]
"""The row's number, and the fields of a CSV row (list of texts), the pairs of a JSON object (tuple) or a BrokenRow."""


class RowReader(Protocol):
    """Turns text, cut anywhere, into raw rows. Raises InvalidInput for what spoils the list as a whole."""

    columns: tuple[str, ...]
    """Names of the columns after the header was read, in order; empty where each row has its own."""
    layout: Layout
    """How the list is written, but for its encoding; what is known of that so far."""
    row: int
    """The number of the last row that was read."""

    @property
    def held(self) -> str | None:
        """The text that was fed and belongs to no row yet; None where nobody else could go on from before it."""
        ...

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


def column_names(header: Sequence[str], renamed: Callable[[str], str]) -> tuple[str, ...]:
    """The header's names in the form of `variable_name`, renamed, checked as a whole; raises InvalidInput."""
    own = {NUMBER, ID, TIMEZONE, EXPIRES_AT, *FURTHER}
    if len(header) > MAX_VARIABLES + len(own):  # before each is held against all others
        raise _too_many(header)
    names = tuple(renamed(variable_name(name)) for name in header)
    for position, name in enumerate(names, start=1):
        problem = _name_problem(name, names[: position - 1])
        if problem:
            raise InvalidInput(f"column {position} of the header {problem}", field="header")
    if len(set(names) - own) > MAX_VARIABLES:
        raise _too_many(header)
    return names


def _too_many(header: Sequence[str]) -> InvalidInput:
    message = f"the header has {len(header)} columns; beside number and id {MAX_VARIABLES} at most are allowed"
    return InvalidInput(message, field="header")


def _name_problem(name: str, before: Sequence[str]) -> str | None:
    if not name:
        return "has no name: name it, or remove the column (also a delimiter too many at the end of the line)"
    if "\x00" in name:
        return "has NUL bytes: the list is no UTF-8 text; save it as CSV UTF-8"
    if len(name) > MAX_NAME:
        return f"has a name longer than {MAX_NAME} characters: {shorten(name)!r}"
    if name in before:
        return f"has the name {name!r} a second time: names must differ in more than case, spaces and hyphens"
    return None
