"""Names that people read and decide by are what they look like."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from dialer.api.schemas import Name

NAME: TypeAdapter[str] = TypeAdapter(Name)


@pytest.mark.parametrize("sign", [*"\x00\x1b\x85\u061c\u200b\u200f\u2028\u202a\u202e\u2060\u2066\u2069\ufeff"])
def test_what_turns_or_hides_text_is_no_name(sign: str) -> None:
    """A campaign "Exercise" that turns what stands behind it around, or two that look alike, are refused."""
    with pytest.raises(ValidationError, match="pattern"):
        NAME.validate_python(f"Exercise{sign} gnp.txt")


@pytest.mark.parametrize(
    "name",
    ["Zo\u00eb", "\u738b\u4f1f", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f692"],
)
def test_names_of_all_languages_are_taken(name: str) -> None:
    """Right to left too, and with the joiners that Persian and pictures of people need."""
    assert name == NAME.validate_python(name)
