"""Telephone numbers: from what people write in lists to E.164, or a sentence that says what is wrong.

The rules of each country come from the `phonenumbers` library. On top of them stands one principle: a number that can
be read in two ways is refused, for a wrong guess rings a stranger's phone. So the damage that spreadsheets do (lost
zeros, `4.15555E+09`, `31612345678.0`) is named, never repaired.

Numbers reserved for films and tests are no valid numbers to the library where the country's plan leaves them out:
`+44 7700 900xxx` is refused, `+1 415 555 01xx` is taken. `phonenumbers.geocoder` and `.carrier` are never imported
(5 s and 146 MB).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from dialer.errors import InvalidInput
from dialer.phone_rules import plainly_valid

_MAX_TEXT = 64  # characters; nobody writes a number longer, and what follows need not be quick for megabytes
_SEPARATORS = re.compile(r"[-./()\s\u2010-\u2015\u2212]+")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_DECIMAL = re.compile(r"\+?[0-9]{5,}[.,]0{1,2}")
_EXTENSION = re.compile(r"[0-9)]\s*(?:[,;#~]|x|ext\.?|extension|tst\.?|toestel|nst\.?)[\s=.:]*[0-9]", re.IGNORECASE)
_SECOND_NUMBER = re.compile(r"/\s*[0-9]{1,2}$")  # 030 12345/6 means two numbers, not 030 123456
_SPREADSHEET_CURE = "format the column as text, fill it in again and export the list anew"

_KINDS = {
    value: name.lower()
    for name, value in vars(phonenumbers.PhoneNumberType).items()
    if name.isupper() and isinstance(value, int)
}
_REASONS = {
    ValidationResult.TOO_SHORT: "is too short for",
    ValidationResult.TOO_LONG: "is too long (or more than one number) for",
    ValidationResult.INVALID_LENGTH: "has a length that is not in use in",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks the area code for",
}


def parse_number(text: str, region: str) -> str:
    """The number in E.164 with its plus.

    Args:
        text: as somebody wrote it: `+31 6 1234 5678`, `0031...`, `06-12345678`, or full digits without a plus.
        region: the country (ISO 3166, `NL`) of numbers written nationally.

    Raises:
        InvalidInput: with what is wrong and what to do; its field is `number`.
    """
    usual = plainly_valid(text, region)
    if usual is not None:
        return usual
    compact = _compact(text)
    number = _international(compact) if compact.startswith("+") else _national(compact, region)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def number_kind(number: str) -> str:
    """What an E.164 number is: `mobile`, `fixed_line`, `premium_rate`, `toll_free` ..., else `unknown`."""
    try:
        return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(number)), "unknown")
    except NumberParseException:
        return "unknown"


def zones_of(number: str) -> tuple[str, ...]:
    """The time zones (IANA) in which whoever has an E.164 number may be; none where nothing is known of it."""
    code = _country_code(number)[1:]
    return TIMEZONE_DATA[code] if _is_of_one_kind(code) else _zones_by_number(number)


def zones_in(region: str) -> tuple[str, ...]:
    """The time zones of a country (ISO 3166); none where nothing is known."""
    return TIMEZONE_DATA.get(str(phonenumbers.country_code_for_region(region)), ())


@lru_cache(maxsize=1024)
def _is_of_one_kind(code: str) -> bool:
    """Whether all numbers of a country have the same zones, so that its code tells them: true of most countries."""
    return code in TIMEZONE_DATA and not any(prefix != code and prefix.startswith(code) for prefix in TIMEZONE_DATA)


def _zones_by_number(number: str) -> tuple[str, ...]:
    try:
        found = time_zones_for_number(phonenumbers.parse(number))
    except NumberParseException:
        return ()
    return tuple(zone for zone in found if zone != UNKNOWN_TIMEZONE)


def mask(number: str) -> str:
    """The number for logs: `+31*******78`. Country code and two digits stay; total for any text."""
    code = _country_code(number)
    hidden = len(number) - len(code) - 2
    return f"{code}{'*' * hidden}{number[len(code) + hidden :]}" if hidden > 2 else "*" * len(number)  # noqa: PLR2004 - as many hidden as shown


def _country_code(number: str) -> str:
    return _code_at(number[:4])


@lru_cache(maxsize=1024)
def _code_at(number: str) -> str:
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    heads = (number[1:end] for end in (2, 3, 4)) if number.startswith("+") else ()
    # No country code begins another one (ITU-T E.164), so the first that fits is it.
    return next((f"+{head}" for head in heads if head.isascii() and head.isdigit() and int(head) in known), "")


def _compact(text: str) -> str:
    """Digits with at most one plus in front; whatever else stands there is either a separator or named."""
    shown = "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()
    for problem in _problems(shown):
        raise _invalid(problem)
    compact = _SEPARATORS.sub("", shown.replace("\uff0b", "+"))
    if not re.fullmatch(r"\+?[0-9]+", compact):
        raise _invalid(_odd_character(compact))
    return compact


def _problems(shown: str) -> list[str]:
    """What makes a text no number before any country's rules are asked, the most telling first."""
    tests = (
        (not shown, "there is no number"),
        (len(shown) > _MAX_TEXT, f"is longer than {_MAX_TEXT} characters: one number is needed"),
        (_SCIENTIFIC.fullmatch(shown), f"is a spreadsheet's scientific notation, digits are lost: {_SPREADSHEET_CURE}"),
        (_DECIMAL.fullmatch(shown), f"is a spreadsheet's decimal number: {_SPREADSHEET_CURE}"),
        (shown.startswith(("-", "\u2212")), "begins with a minus: write it with 0 or + in front"),
        (_EXTENSION.search(shown), "has an extension, which cannot be dialed: give a direct number"),
        (_SECOND_NUMBER.search(shown), "stands for more than one: give one"),
    )
    return [problem for found, problem in tests if found]


def _odd_character(compact: str) -> str:
    odd = re.sub(r"[0-9+]", "", compact)
    if not odd and not compact.strip("+"):
        return "has no digits"
    if not odd:
        return "has a plus where none belongs: one, at the very beginning"
    if any(letter.isdigit() for letter in odd):
        return "has digits of another script: write them as 0 to 9"
    if any(letter.isalpha() for letter in odd):
        return "has letters: write it in digits"
    return f"has the character {odd[0]!r}, which no number has"


def _international(compact: str) -> PhoneNumber:
    number = _valid(compact, None)
    if number is None:
        raise _invalid(_explain(compact, None))
    return number


def _national(digits: str, region: str) -> PhoneNumber:
    """Read digits without a plus: as the region writes them, else as a full number, but never in two ways."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput(f"there is no region {region!r}: use two letters such as NL", field="region")
    number = _valid(digits, region)
    if number is not None and _is_as_written_there(number, digits):
        return number
    with_zero = None if digits.startswith("0") else _valid(f"0{digits}", region)
    full = _valid(f"+{digits.removeprefix('00')}", None)
    if with_zero is not None:
        raise _invalid(_lost_zero(digits, with_zero, full))
    if full is None:
        raise _invalid(_explain(digits, region))
    return full


def _is_as_written_there(number: PhoneNumber, digits: str) -> bool:
    """Whether the region itself writes the number so, other than with a zero that is missing here.

    The Netherlands write 06..., so 6... has lost its zero; Spain and the United States write no zero at all.
    """
    if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN:
        return False
    if digits.startswith("0"):
        return True
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return _SEPARATORS.sub("", national) != f"0{digits}"


def _lost_zero(digits: str, with_zero: PhoneNumber, full: PhoneNumber | None) -> str:
    meant = phonenumbers.format_number(with_zero, PhoneNumberFormat.E164)
    if full is None:
        return f"looks like a lost leading zero: write it as 0{digits} or {meant}"
    return f"can be read in two ways: write it as +{digits}, or as 0{digits} ({meant}) if a leading zero was lost"


def _valid(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _explain(compact: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(compact, region)
    except NumberParseException as error:
        return _explain_unreadable(error)
    code = number.country_code or 0
    country = phonenumbers.region_code_for_country_code(code)
    reason = _REASONS.get(phonenumbers.is_possible_number_with_reason(number), "is not in use in")
    return f"{reason} {country} (+{code}): check its digits, or begin with + and the country code"


def _explain_unreadable(error: NumberParseException) -> str:
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        return "begins with a country code that does not exist: check what follows the plus"
    if error.error_type == NumberParseException.TOO_LONG:
        return "is too long for a number, or is more than one"
    return "is too short for a number"


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(f"the number {problem}" if not problem.startswith("there") else problem, field="number")
