"""Texts that have not the form of their field: what is told of them, and what an id of somebody's own may hold."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dialer import forms
from dialer.api.app import ROUTES
from dialer.api.bodies import decode_json
from dialer.api.openapi import openapi_document
from dialer.api.problems import Problem
from dialer.api.schemas import NewCampaign, NewSingleCall, OwnId
from dialer.errors import InvalidInput
from dialer.importing.checks import _external_id, _RowRefusedError
from dialer.ncco import parse_ncco

OWN_ID: TypeAdapter[str] = TypeAdapter(OwnId)
HEADERS = "^[ -~]+$"  # checked in words of their own (once.py, audited.py)


def patterns(part: Any) -> Iterator[str]:
    """Every expression in the API's document."""
    if isinstance(part, dict):
        found = part.get("pattern")
        yield from [found] if isinstance(found, str) else []
        yield from (each for value in part.values() for each in patterns(value))
    if isinstance(part, list):
        yield from (each for value in part for each in patterns(value))


def test_every_form_of_the_document_has_words() -> None:
    """Nobody is shown an expression: each that the API checks by stands with its words."""
    assert set() == {*patterns(openapi_document(ROUTES))} - {HEADERS} - forms._WORDS.keys()


def test_a_name_that_is_refused_is_told_why_in_words() -> None:
    """No expression stands in the answer."""
    body = {"name": "a\u202eb", "kind": "notification", "script": {"text": "Hello."}}
    with pytest.raises(Problem) as refused:
        decode_json(json.dumps(body).encode(), NewCampaign)

    assert "`name`: must be one line without control characters, also such as hide or turn text." == (
        refused.value.detail
    )


def test_a_script_that_is_refused_is_told_why_in_words() -> None:
    """The carrier's own actions too."""
    with pytest.raises(InvalidInput, match="must be one key: 0-9, \\* or #"):
        parse_ncco([{"action": "record", "endOnKey": "a", "eventUrl": ["https://example.com"]}])


@pytest.mark.parametrize("sign", [*"\x00\x1b\x85\u00ad\u061c\u200b\u200d\u200f\u202e\u2066\ufeff\ue000\U000e0041"])
def test_an_own_id_holds_nothing_unseen(sign: str) -> None:
    """Two ids that look alike are two calls to one person, and one that turns text is read as another's."""
    body = {"number": "+31201234567", "id": f"a{sign}b", "script": {"text": "Hello."}}
    with pytest.raises(Problem) as refused:
        decode_json(json.dumps(body).encode(), NewSingleCall)

    assert ("id", True) == (refused.value.field, "must be letters, digits, signs" in refused.value.detail)
    with pytest.raises(_RowRefusedError):
        _external_id(f"a{sign}b")


def test_every_character_that_cannot_be_seen_is_refused() -> None:
    """Controls, formats, private ones and odd spaces of all of Unicode; letters and signs of all are taken."""
    taken = re.compile(forms.OWN_ID)
    every = [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign) not in {"Cn", "Cs"}]
    unseen = {sign for sign in every if unicodedata.category(sign)[0] in "CZ"} - {" "}

    assert unseen == {sign for sign in every if not taken.fullmatch(sign)}


@given(st.text(min_size=1, max_size=20).map(str.strip).filter(bool))
def test_lists_and_bodies_take_the_same_ids(text: str) -> None:
    """An id is one rule, whichever way it comes in."""
    try:
        by_body = OWN_ID.validate_python(text) == text
    except ValidationError:
        by_body = False
    try:
        by_row = _external_id(text) == text
    except _RowRefusedError:
        by_row = False
    assert by_body == by_row
