"""Checks of single values that go to the carrier, with its limits (REFERENCE 3 and 5). No I/O."""

from __future__ import annotations

import re

from dialer.errors import InvalidInput

LONGEST_URL = 2048
_DIGITS = re.compile(r"\+?[0-9]{7,15}")
_KEYS = re.compile(r"[0-9*#p]{1,100}")  # the carrier names no limit; a hundred keys last half a minute
_URL = re.compile(r"https?://[^/?#\s]+[!-~]*")


def number(text: str, field: str) -> str:
    """A phone number as the carrier takes it: 7 to 15 digits, no plus."""
    if not _DIGITS.fullmatch(text):
        raise InvalidInput("a phone number has 7 to 15 digits, in international form", field=field)
    return text.removeprefix("+")


def keys(text: str, field: str) -> str:
    """Keys to press."""
    if not _KEYS.fullmatch(text):
        raise InvalidInput("keys are 1 to 100 of 0-9, *, # and p (a pause of half a second)", field=field)
    return text


def url(text: str, field: str) -> str:
    """An address that the carrier is to ask."""
    if len(text) > LONGEST_URL or not text.isascii() or not _URL.fullmatch(text):
        raise InvalidInput(f"must be an http or https URL of at most {LONGEST_URL} plain characters", field=field)
    return text


def whole(value: int, *, least: int, most: int, field: str) -> int:
    """A whole number within its bounds; a boolean is none."""
    if isinstance(value, bool) or not least <= value <= most:
        raise InvalidInput(f"must be a whole number from {least} to {most}", field=field)
    return value


def choice(value: str, choices: tuple[str, ...], field: str) -> str:
    """One of a few words."""
    if value not in choices:
        raise InvalidInput(f"must be one of {', '.join(choices)}", field=field)
    return value
