"""The people of the demonstration: invented, with numbers that are valid and that nobody will dial.

The list they stand in has what real lists have: a number that a spreadsheet has spoilt, and somebody twice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

_GIVEN = (
    "Anna", "Bram", "Chloe", "Daan", "Eva", "Finn", "Grace", "Hugo", "Iris", "Jesse",
    "Kate", "Lars", "Mila", "Noah", "Olivia", "Pim", "Quinten", "Roos", "Sem", "Tess",
)  # fmt: skip
_FAMILY = (
    "de Vries", "Turner", "Bakker", "Hughes", "Visser", "Clarke", "Mulder",
    "Walker", "Bos", "Evans", "Hendriks", "Carter", "van Dijk",
)  # fmt: skip
_EVERY_BRITISH = 3  # every third one, so that two countries are seen
_SPOILT = "3.16123E+10"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to call; the number as a person would write it."""

    name: str
    number: str


def invent(count: int) -> list[Person]:
    """The first so many people; always the same ones, no two alike."""
    names = islice(zip(cycle(_GIVEN), cycle(_FAMILY), strict=False), count)
    return [Person(f"{given} {family}", _number(position)) for position, (given, family) in enumerate(names)]


def write_list(people: list[Person], path: Path) -> None:
    """Write the list as CSV, with one spoilt number and one person twice."""
    rows = [(person.number, person.name) for person in people]
    rows.insert(len(rows) // 2, (_SPOILT, "Spreadsheet Victim"))
    rows.append(rows[0])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("number", "name"), *rows])


def _number(position: int) -> str:
    return f"+44 7400 12{position:04}" if position % _EVERY_BRITISH == 0 else f"06 1234{position:04}"
