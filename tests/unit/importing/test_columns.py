"""Columns that are called otherwise: by a mapping that somebody states, never by a guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.importing import ColumnMap, RowChecks
from dialer.importing.columns import AS_NAMED, proposed

Reading = Callable[..., Callable[[bytes], Any]]
MAP = ColumnMap.parse('{"number": "Telefoon nr", "name": "Naam"}')
ANN = "+31612345671"


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/csv", f"Naam;Telefoon-Nr;Plaats\nAnn;{ANN};Delft\n"),
        ("application/x-ndjson", json.dumps({"Naam": "Ann", "telefoon_nr": ANN, "Plaats": "Delft"})),
        ("application/json", json.dumps([{"Naam": "Ann", "TELEFOON NR": ANN, "Plaats": "Delft"}])),
    ],
)
def test_mapped_columns_have_their_new_names(reading: Reading, media_type: str, body: str) -> None:
    """In every form of list; the others keep theirs."""
    outcome = reading(media_type=media_type, checks=RowChecks("NL", columns=MAP))(body.encode())

    (call,) = outcome.calls.values()
    assert (ANN, {"name": "Ann", "plaats": "Delft"}) == (call.number, call.variables)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"number": "Tel"}, "no column 'tel' to be mapped; found: 'number', 'Telefoon', 'Naam'"),
        ({"number": "Telefoon"}, "the name 'number' a second time"),
        ({"name": "Telefoon"}, None),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(reading: Reading, columns: dict[str, str], words: str | None) -> None:
    """It names a column that is there, and makes no name stand twice."""
    read = reading(checks=RowChecks("NL", columns=ColumnMap.of(columns)))
    body = f"number,Telefoon,Naam\n{ANN},1,Ann\n".encode()
    if words is None:
        assert {1: ANN} == read(body).numbers
        return
    with pytest.raises(InvalidInput, match=words):
        read(body)


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', '{"a": "x", "A": "y"}', '{"a": "x", "b": "X"}', '{"": "x"}'])
def test_a_mapping_is_one_to_one(text: str) -> None:
    """Anything else is refused before a row is read."""
    with pytest.raises(InvalidInput) as refused:
        ColumnMap.parse(text)

    assert "map" == refused.value.field


def test_usual_names_are_proposed_and_not_taken(reading: Reading) -> None:
    """A preview proposes them; an import says how to state them."""
    header = ["Naam", "Mobiel", "Klantnummer"]

    assert {"number": "Mobiel", "id": "Klantnummer"} == proposed(header, AS_NAMED)
    assert {"number": "Naam", "id": "Klantnummer"} == proposed(header, ColumnMap.of({"number": "naam"}))
    with pytest.raises(InvalidInput, match=r"rename 'Mobiel' to 'number', or map it: {\"number\": \"Mobiel\"}"):
        reading()(f"Naam,Mobiel\nAnn,{ANN}\n".encode())
