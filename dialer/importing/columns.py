"""Which column of a list means what: a mapping that a person states, and one that is proposed to him.

An import takes the names that it is told and guesses none: a list has a column `number`, or the mapping says which one
that is. What usual names mean is only proposed, in the preview and in the refusal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from dialer.errors import InvalidInput
from dialer.importing.rows import EXPIRES_AT, FURTHER, ID, MAX_NAME, NUMBER, TIMEZONE, UNSTORABLE, shorten
from dialer.speech import variable_name

_MOST = 64  # as many as a list has columns
_USUAL: Mapping[str, frozenset[str]] = {
    NUMBER: frozenset(
        {"phone", "telephone", "phone_number", "phonenumber", "phone_no", "tel", "mobile", "mobile_number", "cell"}
        | {
            "telefoon",
            "telefoonnummer",
            "nummer",
            "mobiel",
            "mobiele_nummer",
            "mobiel_nummer",
            "gsm",
            "telnr",
            "tel_nr",
        }
        | {"telefon", "telefonnummer", "handy", "mobilnummer", "msisdn", "mobile_phone", "e164"}
    ),
    ID: frozenset(
        {"contact_id", "customer_id", "klantnummer", "klant_id", "relatienummer", "external_id", "kundennummer"}
    ),
    TIMEZONE: frozenset({"time_zone", "tijdzone", "zeitzone", "tz"}),
    EXPIRES_AT: frozenset({"expires", "expiry", "verloopt", "vervalt"}),
}
OWN = (NUMBER, *FURTHER, ID, TIMEZONE, EXPIRES_AT)
"""The names that mean something to the dialer; all others are variables."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """New names for columns: from the name in the list to ours, both in the form of `variable_name`."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From JSON such as `{"number": "Telefoon"}`: our name, and the column that has it. Raises InvalidInput."""
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict) or not all(isinstance(column, str) for column in given.values()):
            raise InvalidInput('must be a JSON object such as {"number": "Telefoon", "name": "Naam"}', field="map")
        return cls.of(given)

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """From our names to the columns that have them. Raises InvalidInput where that is not one to one."""
        pairs = tuple((variable_name(column), variable_name(name)) for name, column in given.items())
        for source, name in pairs:
            if not (source and name) or len(name) > MAX_NAME or UNSTORABLE.search(source + name):
                message = f"a column and its new name have 1 to {MAX_NAME} characters, no NUL bytes or half characters"
                raise InvalidInput(message, field="map")
        sources, names = ({pair[place] for pair in pairs} for place in (0, 1))
        if len(pairs) > _MOST or len(sources) < len(pairs) or len(names) < len(pairs):
            raise InvalidInput(f"at most {_MOST} columns, each named once", field="map")
        return cls(pairs)

    def renamed(self, name: str) -> str:
        """What a column of this name (as `variable_name` has it) is called."""
        return next((new for source, new in self.pairs if source == name), name)

    def check(self, header: Sequence[str]) -> None:
        """Raise InvalidInput where it names a column that a header has not."""
        names = set(map(variable_name, header))
        missing = next((source for source, _ in self.pairs if source not in names), None)
        if missing is not None:
            raise InvalidInput(f"there is no column {missing!r} to be mapped; found: {found(header)}", field="map")

    def to_json(self) -> dict[str, str]:
        """Our name, and the column that has it."""
        return {name: source for source, name in self.pairs}


AS_NAMED = ColumnMap()
"""Columns are called as the list names them."""


def proposed(header: Sequence[str], stated: ColumnMap) -> dict[str, str]:
    """What the columns of a header most likely mean: what was stated, and usual names of what is missing."""
    proposal = {name: next(c for c in header if variable_name(c) == source) for source, name in stated.pairs}
    known = {stated.renamed(variable_name(column)) for column in header}
    for name, usual in _USUAL.items():
        likely = next((c for c in header if variable_name(c) in usual and c not in proposal.values()), None)
        if name not in known and likely is not None:
            proposal[name] = likely
    return proposal


def found(header: Sequence[str]) -> str:
    """The first columns of a header, for a sentence."""
    return ", ".join(repr(shorten(name)) for name in header[:20])
