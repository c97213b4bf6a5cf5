"""Masking of numbers in texts that are kept or shipped: log lines and the audit log.

Whoever writes a number there masks it himself (`dialer.phone.mask`); this is the net below, for words that come from
elsewhere: the carrier's, an exception's, a library's. It knows a number by its look, so it may mask a figure that is
none; ids keep theirs, since what stands behind a letter, a dot or a dash is no number's beginning.
"""

from __future__ import annotations

import re
from typing import Any

_PLUS = r"(?:\+|%2[Bb])[0-9](?:[ ()/.-]{0,2}[0-9]){6,14}"
_BARE = r"(?<![\w.-])[0-9]{9,15}"  # as the carrier writes them, or national ones
_NUMBER = re.compile(rf"(?:{_PLUS}|{_BARE})(?![0-9A-Za-z_])")
_SHORTEST = 8  # of what is taken for one: a plus and seven digits
_SHOWN = 3  # in front, the plus included; and two at the end


def masked_text(text: str) -> str:
    """The text, with all but the beginning and the end of each number in it as stars."""
    if len(text) < _SHORTEST:
        return text
    return _NUMBER.sub(lambda found: found[0][:_SHOWN] + "*" * (len(found[0]) - _SHOWN - 2) + found[0][-2:], text)


def masked(value: Any) -> Any:
    """A value of JSON with all its texts masked; anything else becomes its masked text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {masked_text(str(name)): masked(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(part) for part in value]
    return masked_text(str(value))
