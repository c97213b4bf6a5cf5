"""The usual case of a valid number, at a tenth of the price: what `phonenumbers` would say, from its own tables.

Most numbers of a list are complete, of a country that has its code for itself, and written with a plus or with that
country's zero. For those the library's patterns are compiled into one, and asked once instead of a dozen times; its
other rules (carriers' codes, leading zeros that belong to a number, shared codes) cannot touch them. Whatever is not
plainly valid by that is left to the library: a test holds both against each other over all countries.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

_PLAIN = re.compile(r"\+?[0-9][0-9 -]{6,18}")
_SPACES = str.maketrans("", "", " -")
_KINDS = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail"),
    *("fixed_line", "mobile"),
)
_ZERO = "0"
_CODE_LENGTHS = (2, 3)  # the only codes of one digit, +1 and +7, are shared by countries


class _Rule(NamedTuple):
    """How numbers of one country are written."""

    code: str
    valid: re.Pattern[str]  # the whole national number
    prefix: re.Pattern[str]  # what may stand before it, and so is not looked into here
    has_zero: bool  # whether nothing but a zero is put before it within the country
    abroad: re.Pattern[str]  # what is dialed there before a country code


def plainly_valid(text: str, region: str) -> str | None:
    """The number in E.164 if it is a valid one in its usual form; None: the library has to say what it is."""
    if not _PLAIN.fullmatch(text):
        return None
    compact = text.translate(_SPACES)
    if compact.startswith("+"):
        return _international(compact)
    rule = _national_rule(region)
    if rule is None or not compact.startswith(_ZERO) or not rule.has_zero or rule.abroad.match(compact):
        return None
    return f"+{rule.code}{compact[1:]}" if _is_valid(rule, compact[1:]) else None


def _international(compact: str) -> str | None:
    rule = _rule_at(compact[1:4])
    return compact if rule is not None and _is_valid(rule, compact[1 + len(rule.code) :]) else None


def _is_valid(rule: _Rule, national: str) -> bool:
    # A zero within may belong to the number (Italy), or be too many: +31 (0)6.
    return not national.startswith(_ZERO) and not rule.prefix.match(national) and rule.valid.match(national) is not None


@lru_cache(maxsize=1000)
def _rule_at(head: str) -> _Rule | None:
    code = next((head[:n] for n in _CODE_LENGTHS if int(head[:n]) in COUNTRY_CODE_TO_REGION_CODE), "")
    return _rule(code) if code else None


@lru_cache(maxsize=300)
def _national_rule(region: str) -> _Rule | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    return _rule(str(metadata.country_code)) if metadata else None


@lru_cache(maxsize=300)
def _rule(code: str) -> _Rule | None:
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if len(regions) == 1 else None
    if metadata is None or metadata.general_desc is None:
        return None
    kinds = [pattern for kind in _KINDS if (pattern := _pattern(getattr(metadata, kind)))]
    prefix = metadata.national_prefix_for_parsing or r"(?!)"
    return _Rule(
        code=code,
        valid=re.compile(rf"(?={_pattern(metadata.general_desc)})(?:{'|'.join(kinds)})"),
        prefix=re.compile(prefix),
        has_zero=prefix == _ZERO and not metadata.national_prefix_transform_rule,
        abroad=re.compile(metadata.international_prefix or r"(?!)"),
    )


def _pattern(description: PhoneNumberDesc | None) -> str:
    if description is None:
        return ""
    lengths = "|".join(rf"[0-9]{{{length}}}" for length in description.possible_length)
    return rf"(?=(?:{lengths})\Z)(?:{description.national_number_pattern})\Z"
