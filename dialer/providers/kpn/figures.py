"""Figures and moments as the carrier writes them: numbers as text, three ways to write a time, nulls, anything. No I/O.

Every reader takes any JSON value and answers None for what it cannot use. What passes is fit to be stored: text without
control characters or lone surrogates, bounded, and whole numbers that any other program can hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LONGEST_TEXT = 300
"""Characters: the longest thing of use is a URL of a recording, about 80."""
_LARGEST_COUNT = 10**9
_LARGEST_NUMBER = 10**15
_DECIMAL = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_EPOCH = re.compile(r"[0-9]{10,13}")
_EPOCH_MS_FROM = 10**11  # as seconds that would be the year 5138, as milliseconds it is 1973

_COUNTS = {"duration": "duration_s", "sip_code": "sip_code", "size": "size_bytes"}
_DECIMALS = ("rate", "price")
_TEXTS = ("network", "detail", "disconnected_by", "sub_state", "reason", "recording_url", "recording_uuid", "direction")
_MOMENTS = ("start_time", "end_time")


def read_text(value: Any) -> str | None:
    """A non-empty text, without anything that cannot be stored or shown."""
    if not isinstance(value, str):
        return None
    text = value[:LONGEST_TEXT]
    # isprintable is false for lone surrogates too, which JSON can carry but UTF-8 cannot.
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable())
    return text.strip() or None


def read_count(value: Any) -> int | None:
    """A whole number from 0 to 10^9; `7`, `"7"`, `"7.0"` and `7.9` are 7."""
    text = _numeral(value)
    if not _DECIMAL.fullmatch(text) or text.startswith("-"):
        return None
    count = int(text.partition(".")[0])
    return count if count <= _LARGEST_COUNT else None


def read_decimal(value: Any) -> str | None:
    """A decimal number as text, with the digits as given: money is not rounded on its way."""
    text = _numeral(value)
    return text if _DECIMAL.fullmatch(text) else None


def read_moment(value: Any) -> datetime | None:
    """A moment as aware UTC: ISO 8601 with or without zone, `YYYY-MM-DD HH:MM:SS` (UTC assumed), or epoch s or ms."""
    text = _numeral(value)
    whole = text.removesuffix(".0")
    try:
        found = _from_epoch(int(whole)) if _EPOCH.fullmatch(whole) else datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _numeral(value: Any) -> str:
    """A number or a text as text, else empty. Longer ones are of no use and could be costly to convert."""
    if isinstance(value, str):
        return value.strip() if len(value) <= LONGEST_TEXT else ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number and abs(value) < _LARGEST_NUMBER else ""


def _from_epoch(number: int) -> datetime:
    return datetime.fromtimestamp(number / 1000 if number >= _EPOCH_MS_FROM else number, UTC)


def write_moment(moment: datetime) -> str:
    """A moment as the carrier takes and gives it: `2026-01-31T12:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_figures(payload: Mapping[str, Any]) -> dict[str, str | int]:
    """All figures of an event or a call object that are present and make sense, under our names."""
    moments = {name: read_moment(payload.get(name)) for name in _MOMENTS}
    found: dict[str, str | int | None] = {
        **{ours: read_count(payload.get(theirs)) for theirs, ours in _COUNTS.items()},
        **{name: read_decimal(payload.get(name)) for name in _DECIMALS},
        **{name: read_text(payload.get(name)) for name in _TEXTS},
        **{name: write_moment(moment) for name, moment in moments.items() if moment},
    }
    return {name: value for name, value in found.items() if value is not None}
