from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from dialer.errors import InvalidInput
from dialer.phone import mask, number_kind, parse_number


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+31612345678", "NL", "+31612345678"),
        ("0612345678", "NL", "+31612345678"),
        ("0031612345678", "NL", "+31612345678"),
        ("06-12 34 56 78", "NL", "+31612345678"),
        ("+31 (0)6 12345678", "NL", "+31612345678"),
        ("(+31) 6.1234.5678", "NL", "+31612345678"),
        ("06/12345678", "NL", "+31612345678"),
        ("\u00a006\u201112345678 ", "NL", "+31612345678"),
        ("\u202a+31612345678\u202c", "NL", "+31612345678"),
        ("\uff0b31612345678", "NL", "+31612345678"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("011 31 612345678", "US", "+31612345678"),
        ("00 31 612345678", "US", "+31612345678"),
        ("0669812345", "IT", "+390669812345"),
        ("3331234567", "IT", "+393331234567"),
        ("11987654321", "BR", "+5511987654321"),
        ("06" + "12345678".rjust(62), "NL", "+31612345678"),
    ],
)
def test_numbers_are_read_as_their_region_writes_them(text: str, region: str, expected: str) -> None:
    """A number in international form, or in the national form of the region, becomes E.164."""
    assert expected == parse_number(text, region)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("31612345678", "+31612345678"), ("447400123456", "+447400123456"), ("14155552671", "+14155552671")],
)
def test_full_digits_without_a_plus_are_taken_where_nothing_else_can_be_meant(text: str, expected: str) -> None:
    """Digits that are a full international number, and no national one with or without a zero, need no plus."""
    assert expected == parse_number(text, "NL")


@pytest.mark.parametrize(
    ("text", "region", "words"),
    [
        ("612345678", "NL", "lost leading zero: write it as 0612345678 or +31612345678"),
        ("2079460018", "GB", "lost leading zero: write it as 02079460018 or +442079460018"),
        ("669812345", "IT", "lost leading zero: write it as 0669812345 or +390669812345"),
        ("15123456789", "DE", "in two ways: write it as +15123456789, or as 015123456789 (+4915123456789)"),
        ("39841234", "IT", "in two ways: write it as +39841234, or as 039841234 (+39039841234)"),
        ("4.15555E+09", "US", "scientific notation"),
        ("4,15555E+09", "NL", "scientific notation"),
        ("3.1612345678e10", "NL", "scientific notation"),
        ("31612345678.0", "NL", "spreadsheet's decimal number"),
        ("31612345678,00", "NL", "spreadsheet's decimal number"),
        ("-612345678", "NL", "begins with a minus"),
        ("", "NL", "there is no number"),
        (" \u200b ", "NL", "there is no number"),
        ("+", "NL", "has no digits"),
        ("++", "NL", "has no digits"),
        ("\u221231612345678", "NL", "begins with a minus"),
        ("+31612345678901234567", "NL", "is too long for a number, or is more than one"),
        ("1", "NL", "is too short for a number"),
        ("0612", "NL", "is too short for NL (+31)"),
        ("+3161234567890123", "NL", "is too long"),
        ("061234567", "NL", "is not in use in NL (+31)"),
        ("031612345678", "NL", "is not in use in NL (+31)"),
        ("2345678", "US", "lacks the area code for US (+1)"),
        ("+999123456", "NL", "country code that does not exist"),
        ("+0612345678", "NL", "country code that does not exist"),
        ("31+612345678", "NL", "a plus where none belongs"),
        ("1-800-FLOWERS", "US", "has letters"),
        ("=0612345678", "NL", "has the character '='"),
        ("06-12345678 ext 5", "NL", "has an extension"),
        ("+31201234567,12", "NL", "has an extension"),
        ("020-1234567 toestel 12", "NL", "has an extension"),
        ("020-1234567 Toestel 12", "NL", "has an extension"),
        ("06-12345678 EXT. 5", "NL", "has an extension"),
        ("030 12345/6", "DE", "stands for more than one"),
        ("0612345678 / 0612345679", "NL", "more than one"),
        ("0" * 65, "NL", "longer than 64 characters"),
        ("\u0660\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "NL", "digits of another script"),
        ("061234567\uff18", "NL", "digits of another script"),
        ("061234567\u00b2", "NL", "digits of another script"),
    ],
)
def test_what_cannot_be_dialed_for_certain_is_refused_by_name(text: str, region: str, words: str) -> None:
    """Damage, doubt and nonsense are refused with a sentence that says what is wrong, on the field `number`."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "number") as refusal:
        parse_number(text, region)
    assert words in str(refusal.value)
    assert str(refusal.value).startswith(words if words.startswith("there") else "the number ")


@pytest.mark.parametrize(("number", "valid"), [("+447700900123", False), ("+14155550123", True)])
def test_numbers_reserved_for_fiction_are_valid_only_where_the_plan_has_them(number: str, *, valid: bool) -> None:
    """Ofcom's drama numbers are outside the plan and refused; 555-01xx is inside and taken."""
    try:
        assert valid == bool(parse_number(number, "NL"))
    except InvalidInput:
        assert not valid


def test_an_unknown_region_is_named() -> None:
    """A default region that does not exist is the caller's mistake, not the number's."""
    with pytest.raises(InvalidInput, match="no region 'XX'", check=lambda error: error.field == "region"):
        parse_number("0612345678", "XX")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+31612345678", "mobile"),
        ("+31201234567", "fixed_line"),
        ("+319001234", "premium_rate"),
        ("+14155552671", "fixed_line_or_mobile"),
        ("nonsense", "unknown"),
        ("+31000000000", "unknown"),
    ],
)
def test_the_kind_of_a_number_is_known(number: str, expected: str) -> None:
    """Premium-rate and other kinds can be told apart; nonsense is unknown, not an error."""
    assert expected == number_kind(number)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+31612345678", "+31*******78"),
        ("+14155552671", "+1********71"),
        ("+35312345678", "+353******78"),
        ("0612345678", "********78"),
        ("+3161", "*****"),
        ("+316123", "*******"),
        ("+3161234", "+31***34"),
        ("", ""),
    ],
)
def test_a_masked_number_keeps_its_country_and_two_digits(number: str, expected: str) -> None:
    """Logs show country code and the last two digits, and of short texts nothing."""
    assert expected == mask(number)


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Whatever stands in a list, the answer is a valid number made of its very digits, or a refusal."""
    try:
        number = parse_number(text, "NL")
    except InvalidInput:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert number[3:] in "".join(letter for letter in text if letter in "0123456789")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_writing_a_number_and_reading_it_are_inverse(region: str) -> None:
    """Every region's example number is read back as itself from E.164, international and national form."""
    example = phonenumbers.example_number(region)
    assert example is not None
    forms = PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL
    written = {phonenumbers.format_number(example, form) for form in forms}
    e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
    assert {e164} == {parse_number(text, region) for text in written}


@given(st.text(max_size=30))
def test_masking_never_shows_more_than_the_country_and_two_characters(text: str) -> None:
    """A mask is as long as the text, and shows no more than a country code and two characters of it."""
    masked = mask(text)
    assert len(text) == len(masked)
    assert sum(shown != "*" for shown in masked) <= 6
