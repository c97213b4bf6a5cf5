"""The words for people in an answer: found in every shape, and never with a secret or a phone number."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.providers.kpn.answers import LONGEST_DETAIL, Answer, clean, describe, read_json

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"type": "UNAUTHORIZED", "error_title": "Unauthorized"}, "HTTP 400: Unauthorized"),
        (
            {"transactionId": "t", "status": "400", "name": "BadRequest", "message": "No", "info": "see docs"},
            "HTTP 400: BadRequest; No; see docs",
        ),
        ({"fault": {"faultstring": "Slow", "detail": {"errorcode": "a.B"}}}, "HTTP 400: Slow; a.B"),
        (
            {"type": "TYPE", "error_title": "Wrong", "invalid_parameters": {"type": "Is required."}},
            "HTTP 400: Wrong; type: Is required.",
        ),
        ({"type": "https://x", "title": "No", "detail": "why", "instance": "i"}, "HTTP 400: No; why"),
        ({"msg_error": "Unexpected error"}, "HTTP 400: Unexpected error"),
        ({"ErrorCode": "invalid_client", "Error": "ClientId"}, "HTTP 400: invalid_client; ClientId"),
        ({"error": "invalid_scope", "error_description": "none"}, "HTTP 400: invalid_scope; none"),
        ({"anything": {"else": 1}}, 'HTTP 400: {"anything": {"else": 1}}'),
        ({}, "HTTP 400: {}"),
    ],
)
def test_words_are_found_in_every_shape(body: dict[str, object], expected: str) -> None:
    """Each generation of errors is told in its own words; an unknown one is shown as it is."""
    assert expected == describe(Answer(400, {}, json.dumps(body).encode()))


def test_recorded_validation_error_names_the_field() -> None:
    """The recorded 400 of the carrier is told with the field and the reason."""
    body = (DATA / "payloads/php/rest/error_vapi.json").read_bytes()

    assert "HTTP 400: Bad Request; number: can contain up to 15 digits prefixed with +" == describe(
        Answer(400, {}, body)
    )


def test_page_is_told_without_its_tags() -> None:
    """An HTML page of something in between is told as its text."""
    page = b"<html><style>p {}</style><title>504 Gateway\r\nTime-out</title><script>x()</script><h1>nginx</h1></html>"

    assert "HTTP 504: 504 Gateway Time-out nginx" == describe(Answer(504, {}, page))
    shouted = b"<STYLE>\np {}\n</STYLE><h1\nclass='x'>nginx</h1><Script>\nx()</script >"
    assert "HTTP 504: nginx" == describe(Answer(504, {}, shouted))
    assert "HTTP 504" == describe(Answer(504, {}, b"<p>\n</p>"))


def test_nothing_is_told_as_the_status() -> None:
    """An empty body leaves the status."""
    assert "HTTP 504" == describe(Answer(504))


def test_secrets_and_numbers_are_hidden() -> None:
    """Token, client id and phone number are masked, wherever they stand and however the number is written."""
    body = {"detail": "Bearer tok-1 of cid-2: +31 6 1234 5678, 31612345678 and 06-12345678 refused, Bearer other"}
    told = describe(Answer(400, {}, json.dumps(body).encode()), hide=("tok-1", "cid-2"))

    assert "HTTP 400: Bearer *** of ***: +31**********78, *********78 and *********78 refused, Bearer ***" == told


def test_secret_is_hidden_before_a_page_is_cut() -> None:
    """A secret at the place where a long page is cut does not show its first half."""
    page = b"<p>" + b" " * 4084 + b"top-secret-token</p>"

    assert "top" not in describe(Answer(500, {}, page), hide=("top-secret-token",))


@given(st.text(), st.text(min_size=1))
def test_cleaned_text_is_short_plain_and_without_the_secret(text: str, secret: str) -> None:
    """Any text becomes one short printable line."""
    line = clean(f"{text}{secret}{text}", hide=(secret,))

    assert len(line) <= LONGEST_DETAIL
    assert line.isprintable()


@given(st.text(alphabet="xyz \n\0<>", max_size=400), st.integers(0, 400))
def test_token_never_survives(text: str, at: int) -> None:
    """A token repeated anywhere in an answer is not told."""
    page = f"{text[:at]}Secret0Token{text[at:]}".encode()

    assert "Secret0Token" not in describe(Answer(500, {}, page), hide=("Secret0Token",))


def test_hostile_page_is_read_quickly() -> None:
    """A page made to keep a search for tags busy is cut before it is searched."""
    assert "HTTP 500" in describe(Answer(500, {}, b"<script>" * 8192))


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe\x00", "[" * 100_000, "1" * 10_000, "nul"])
def test_what_is_no_json_is_none(text: bytes | str) -> None:
    """Broken, deep, overlong or wrongly encoded JSON is read as nothing."""
    assert read_json(text) is None


def test_no_number_of_json_is_infinite() -> None:
    """NaN and Infinity, which JSON does not know, are read as null."""
    assert {"a": None, "b": None} == read_json(b'{"a": NaN, "b": -Infinity}')


def test_header_is_found_in_any_spelling() -> None:
    """Header names ignore case."""
    assert "7" == Answer(429, {"RETRY-after": " 7 "}).header("Retry-After")


def test_a_secret_within_another_hides_both() -> None:
    """The longer one goes first, so that nothing of it stays; an empty one hides nothing."""
    assert "*** and ***" == clean("tok-1-secret and tok-1", hide=("tok-1", "", "tok-1-secret"))


def test_a_text_is_cut_only_where_it_is_too_long() -> None:
    """300 characters are shown as they are, of one more the last ones are three dots."""
    assert "x" * 300 == clean("x" * 300)
    assert "x" * 297 + "..." == clean("x" * 301)
    assert 300 == LONGEST_DETAIL


def test_only_texts_are_words_for_people() -> None:
    """Whatever else stands in their places is passed over, one by one."""
    wrong = [{"name": 5, "reason": "odd"}, {"name": "to", "reason": 7}, {"name": "from", "reason": "unknown"}, "x"]
    body = {"title": 5, "detail": ["a"], "invalid_parameters": wrong}

    assert "HTTP 400: from: unknown" == describe(Answer(400, {}, json.dumps(body).encode()))
    assert "HTTP 400: No" == describe(Answer(400, {}, b'{"title": "No", "invalid_parameters": "all"}'))


def test_json_may_begin_with_a_mark() -> None:
    """As text or as bytes; what is none, or has no number, is nothing."""
    assert {"a": 1} == read_json(b'\xef\xbb\xbf{"a": 1}') == read_json('{"a": 1}')
    assert [None] == read_json("[NaN]")
    assert [None, None] == [read_json(text) for text in ("{", "[" * 100_000)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"fault": {"detail": {"errorcode": " a.B "}}}, "a.B"),
        ({"fault": {"detail": {"errorcode": 5}}}, ""),
        ({"fault": {"detail": "errorcode"}}, ""),
        ({"detail": {"errorcode": "a.B"}}, ""),
    ],
)
def test_a_fault_code_stands_in_its_own_place(body: dict[str, object], code: str) -> None:
    """A code that merely occurs somewhere proves nothing."""
    assert code == Answer(500, {}, json.dumps(body).encode()).fault_code()
