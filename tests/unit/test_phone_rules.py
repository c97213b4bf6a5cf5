"""The short way to a valid number says what the library says, of every country, or leaves it to the library."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from dialer.phone_rules import plainly_valid

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [value for name, value in vars(PhoneNumberType).items() if name.isupper() and value != PhoneNumberType.UNKNOWN]


def by_library(text: str, region: str) -> str | None:
    """What the library makes of it."""
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if valid else None


def _near(digits: str, dice: random.Random) -> str:
    """The same, or with a digit changed, added or taken away."""
    at = dice.randrange(len(digits))
    kind = dice.randrange(4)
    middle = ("", str(dice.randrange(10)), digits[at] + str(dice.randrange(10)), digits[at])[kind]
    return digits[:at] + middle + digits[at + 1 :]


def _examples(region: str) -> list[phonenumbers.PhoneNumber]:
    found = (phonenumbers.example_number_for_type(region, kind) for kind in KINDS)
    return [number for number in found if number is not None]


@pytest.mark.parametrize("region", REGIONS)
def test_what_it_takes_the_library_takes_alike(region: str) -> None:
    """Valid numbers of each kind and such as are nearly valid, with the plus and as the country writes them."""
    dice = random.Random(region)  # noqa: S311 - the same each time
    for number in _examples(region):
        code, national = str(number.country_code), phonenumbers.national_significant_number(number)
        for _ in range(60):
            digits = _near(national, dice) or "1"
            for text in (f"+{code}{digits}", f"0{digits}", f"+{code} {digits[:2]}-{digits[2:]}", f"+{code}0{digits}"):
                usual = plainly_valid(text, region)
                assert usual in {None, by_library(text, region)}, text


@given(
    text=st.from_regex(r"\A\+?[0-9 \-]{4,20}\Z"),
    region=st.sampled_from(["NL", "BE", "IT", "US", "AR", "JP", "BR"]),
)
def test_nothing_else_is_taken_otherwise(text: str, region: str) -> None:
    """Any digits, spaces and hyphens."""
    usual = plainly_valid(text, region)

    assert usual is None or usual == by_library(text, region)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+31612345678", "+31612345678"),
        ("06 1234 5678", "+31612345678"),
        ("020-1234567", "+31201234567"),
        ("+4915123456789", "+4915123456789"),
        ("+353871234567", "+353871234567"),
        ("+4532123456", "+4532123456"),
        ("1612345678", None),
        ("+999123456", None),
        ("+14155552671", None),
        ("+31 06 1234 5678", None),
        ("612345678", None),
        ("0031612345678", None),
        ("+447912345678", None),
        ("+15550100", None),
        ("-0612345678", None),
        ("06123456781", None),
    ],
)
def test_the_usual_forms_are_taken(text: str, number: str | None) -> None:
    """With a plus or the country's zero; codes that countries share, and all that needs a thought, are not."""
    assert number == plainly_valid(text, "NL")


def test_of_an_unknown_country_nothing_is_known() -> None:
    """It is for the library to say so."""
    assert plainly_valid("0612345678", "XX") is None
