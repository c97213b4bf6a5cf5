from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.importing.decoding import Decoder


def _decode(body: bytes, charset: str | None = None, cut: int = 1) -> str:
    decoder = Decoder(charset)
    pieces = [body[at : at + cut] for at in range(0, len(body), cut)]
    return "".join(map(decoder.decode, pieces)) + decoder.decode(b"", final=True)


@given(
    text=st.text(st.characters(exclude_characters="\ufeff", exclude_categories=["Cs"])),
    form=st.sampled_from(
        [
            (b"", "utf-8"),
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ]
    ),
    cut=st.integers(1, 5),
)
def test_utf_8_and_marked_utf_16_are_read(text: str, form: tuple[bytes, str], cut: int) -> None:
    """Text in UTF-8, or in UTF-16 with its mark, is read without being told, wherever it is cut."""
    mark, name = form
    assert text == _decode(mark + text.encode(name), cut=cut)


@pytest.mark.parametrize("charset", ["windows-1252", "CP1252", "iso-8859-1", "latin1"])
def test_other_encodings_are_read_only_when_stated(charset: str) -> None:
    """What Western spreadsheets write is read where the sender says so."""
    expected = "Zoë"
    assert expected == _decode(b"Zo\xeb", charset)


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        (None, "utf-8"), ("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("us-ascii", "ascii"), ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"), ("utf-16", "utf-16"), ("iso-8859-15", "iso8859-15"), ("latin-1", "iso8859-1"),
    ],
)  # fmt: skip
def test_what_spreadsheets_write_is_read(charset: str | None, encoding: str) -> None:
    """Under whatever name, and without a mark; it is remembered by Python's name."""
    assert "number\nx" == _decode("number\nx".encode(encoding), charset)
    assert encoding == Decoder(charset).encoding


def test_text_comes_as_soon_as_its_form_is_known() -> None:
    """Three bytes tell whether there is a mark; what is not yet text is not counted."""
    decoder = Decoder(None)

    assert ("", 0) == (decoder.decode(b"ab"), decoder.decoded)
    assert ("abc", 3) == (decoder.decode(b"c"), decoder.decoded)
    assert ("", 3) == (decoder.decode(b"\xc3"), decoder.decoded)


def test_a_mark_outweighs_a_stated_charset() -> None:
    """A spreadsheet's mark is in the bytes themselves, a header is often a default."""
    expected = "Zoë"
    assert expected == _decode(codecs.BOM_UTF8 + expected.encode(), "windows-1252")


@given(st.integers(0, 40), st.integers(1, 50))
def test_the_byte_that_cannot_be_read_is_named(before: int, cut: int) -> None:
    """The position is counted from the start of the list, whatever the chunks."""
    with pytest.raises(InvalidInput, match=rf"byte 0xeb at position {before * 2} is not UTF-8: save it as CSV UTF-8"):
        _decode("ë".encode() * before + b"\xeb,", cut=cut)


@pytest.mark.parametrize(
    ("body", "charset", "field", "words"),
    [
        (b"Zo\xc3", None, "charset", "byte 0xc3 at position 2"),
        (b"\xff\xfea\x00b", None, "charset", "is not UTF-16-LE"),
        (b"x", "koi8-r", "charset", "'koi8-r' is not read here"),
        (b"x", "nonsense", "charset", "'nonsense' is not read here"),
        (b"x", "zlib", "charset", "'zlib' is not read here"),
        (b"x", "x" * 50, "charset", f"'{'x' * 40}' is not read here"),
        (b"x", "\udcff", "charset", "is not read here"),
        (b"PK\x03\x04....", None, "Content-Type", "this is a spreadsheet: send it as one"),
    ],
)
def test_what_is_no_text_is_refused(body: bytes, charset: str | None, field: str, words: str) -> None:
    """A cut-off character, an encoding not read here and a spreadsheet's own file are each named."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field) as refusal:
        _decode(body, charset, cut=100)
    assert words in str(refusal.value)
