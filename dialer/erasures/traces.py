"""Where a number may stand that nothing may hold any more. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import phonenumbers

from dialer import keys
from dialer.addresses import is_phone


def spellings(number: str) -> list[str]:
    """What no text may hold any more: the number's digits with its country's code, and as it is written nationally."""
    if not is_phone(number):
        return [number]
    national = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)
    return [number[1:], "".join(filter(str.isdigit, national))]


def left_in(words: Sequence[str], hashes: Iterable[tuple[str, Mapping[str, str]]]) -> list[str]:
    """Where the number stands yet: `campaign:c5hk script` and the like."""
    return [
        f"{name.removeprefix(keys.TAG)} {field_name if not holds(field_name, words) else '?'}"
        for name, fields in hashes
        for field_name, text in fields.items()
        if holds(text, words) or holds(field_name, words)
    ]


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in it."""
    return any(word in text for word in words)
