"""Texts that came from elsewhere, fit for a terminal: names and reasons that a list or a carrier brought."""

from __future__ import annotations

from datetime import datetime


def shown(text: str) -> str:
    """The text in one line that no terminal acts upon: what cannot be printed stands there escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown_lines(text: str) -> str:
    """The same of a text that has several lines."""
    return "\n".join(map(shown, text.split("\n")))


def moment_text(moment: datetime | None) -> str:
    """A moment by the clock of this machine, or nothing."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
