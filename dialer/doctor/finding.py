"""What one look found: its state, one line about it and, where it is not well, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a step ended."""

    OK = "ok"
    WARNING = "warning"  # a live day may go well all the same
    FAILED = "failed"
    SKIPPED = "skipped"  # it needs something that is not well itself


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of one step. Holds no secret."""

    state: State
    found: str
    advice: str = ""


def ok(found: str) -> Finding:
    """It is as it should be."""
    return Finding(State.OK, found)


def warning(found: str, advice: str) -> Finding:
    """It may do."""
    return Finding(State.WARNING, found, advice)


def failed(found: str, advice: str) -> Finding:
    """It will not do."""
    return Finding(State.FAILED, found, advice)


def skipped(why: str) -> Finding:
    """It could not be looked at."""
    return Finding(State.SKIPPED, why)
