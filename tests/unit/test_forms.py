"""Texts that have not the form of their field: what is told of them, and what an id of somebody's own may hold."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

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


@pytest.mark.parametrize(
    ("form", "taken", "refused"),
    [
        (forms.NAME, ["", "Zo\u00eb & co", "\u6771\u4eac"], ["a\nb", "a\x7f", "a\u2028b"]),
        (forms.ONE_LINE, ["", "a\u202eb"], ["a\nb", "\x1f", "a\x7f"]),
        (forms.WITHOUT_NUL, ["", "a\nb"], ["a\x00"]),
        (forms.OUR_ID, ["c5hk", "direct-urgent-7"], ["", "C5", "a--b", "-a", "a-", "a_b"]),
        (forms.ANY_LIST, ["*", "team-2"], ["", "**", "*a", "Team"]),
        (forms.TRUNK, ["a", "main", "a" * 16], ["", "a" * 17, "1a", "A", "a-b"]),
        (forms.CAMPAIGN_CURSOR, ["1-c5hk", "123456789012345-a-b"], ["", "-a", "1-", "1234567890123456-a"]),
        (forms.RECORDING_CURSOR, [f"1-r{'a2' * 8}"], [f"1-r{'a2' * 8}a", f"1-r{'a1' * 8}", f"1-{'a2' * 8}"]),
        (forms.AUDIT_CURSOR, ["1-1", "123456789012345-123456789012"], ["1-", "1-1234567890123"]),
        (forms.PLACE_CURSOR, ["0", "123456789012"], ["", "1234567890123", "-1"]),
        (forms.PHONE, ["+31201234567", "1234567", "+123456789012345"], ["+0123456789", "123456", "+1234567890123456"]),
        (forms.SIP, ["sip:a", "sips:desk@pbx.example.com"], ["sip:", "sip:a b", "tel:1"]),
        (forms.WEBSOCKET, ["ws://a", "wss://a/b"], ["wss://", "http://a", "wss://a b"]),
        (forms.WEB, ["http://a", "https://a/b?c"], ["https://", "ftp://a", "https://a b"]),
        (forms.SECURE_WEB, ["https://a"], ["http://a", "https://", "https://a b"]),
        (forms.KEY, ["0", "*", "#"], ["", "12", "p"]),
        (forms.KEYS, ["1", "0123456789*#", "1" * 20], ["", "1" * 21, "p", "A"]),
        (forms.TONES, ["1p2", "p" * 100], ["", "p" * 101, "w"]),
        (forms.LANGUAGE, ["nl", "nl-NL", "fil-PH", "zh-Hant-TW"], ["", "n", "NL", "nl-", "nl-N", "nl_NL", "dutch"]),
    ],
)
def test_a_form_takes_what_it_says(form: str, taken: list[str], refused: list[str]) -> None:
    """And nothing else; its words are told."""
    read = TypeAdapter(Annotated[str, Field(pattern=form)])

    assert taken == [read.validate_python(text) for text in taken]
    for text in refused:
        with pytest.raises(ValidationError) as error:
            read.validate_python(text)
        (found,) = error.value.errors()
        assert forms.MISFIT == found["type"]
        assert forms._WORDS[form] == forms.words_for(found)
        assert forms.words_for(found).startswith("must be ")
