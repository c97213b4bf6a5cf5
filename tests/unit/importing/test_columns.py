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
        (
            {"numb": "number"},
            "the column 'number' is mapped to 'numb', which leaves none; leave that out, or map another",
        ),
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


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("number", "Phone|Telephone|Phone number|PhoneNumber|Phone no|Tel|Mobile|Mobile number|Cell|Mobile phone"),
        ("number", "Telefoon|Telefoonnummer|Nummer|Mobiel|Mobiele nummer|Mobiel-nummer|GSM|Telnr|Tel nr"),
        ("number", "Telefon|Telefonnummer|Handy|Mobilnummer|MSISDN|E164"),
        ("id", "Contact ID|Customer-ID|Klantnummer|Klant ID|Relatienummer|External id|Kundennummer"),
        ("timezone", "Time zone|Tijdzone|Zeitzone|TZ"),
        ("expires_at", "Expires|Expiry|Verloopt|Vervalt"),
    ],
)
def test_names_as_people_write_them_are_proposed(name: str, written: str) -> None:
    """In three languages, in whatever case, with spaces, hyphens or neither; another name means nothing."""
    for column in written.split("|"):
        assert {name: column} == proposed(["Naam", column], AS_NAMED)
    assert {} == proposed(["Naam", "Plaats"], AS_NAMED)


def test_what_a_list_has_already_is_not_proposed() -> None:
    """One name is proposed once, the first that fits; a column that was stated is not meant twice."""
    assert {} == proposed(["Number", "Telefoon"], AS_NAMED)
    assert {"number": "Tel"} == proposed(["Tel", "GSM"], AS_NAMED)
    assert {"name": "Tel", "number": "GSM"} == proposed(["Tel", "GSM"], ColumnMap.of({"name": "tel"}))


def test_a_mapping_is_as_long_as_a_list_is_wide() -> None:
    """64 columns, with names of 64 letters."""
    widest = {f"{n:064}": f"{n:065}" for n in range(64)}

    assert widest == ColumnMap.of(widest).to_json()
    for more in ({"x": "y"}, {"x" * 65: "y"}):
        with pytest.raises(InvalidInput, check=lambda error: error.field == "map"):
            ColumnMap.of((widest if "x" in more else {}) | more)


def test_the_first_columns_are_told(reading: Reading) -> None:
    """Of a wide list twenty, each cut to what can be read."""
    header = ",".join(f"c{n}" for n in range(21)) + "\n"
    with pytest.raises(InvalidInput, match=r"'c0', .*'c19'") as refused:
        reading()(header.encode())

    assert "'c20'" not in str(refused.value)
