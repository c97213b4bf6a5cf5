"""How much is measured, how a part tells its progress, and what it hands back."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

Figures = dict[str, Any]
"""What JSON can hold: the figures of one part, units in their names."""

_STARTED_S = time.monotonic()


class Size(StrEnum):
    """How much is measured: quick shows that it works, normal is for comparing, full adds what takes minutes."""

    QUICK = "quick"
    NORMAL = "normal"
    FULL = "full"

    def pick(self, normal: int, *, quick: int) -> int:
        """The amount for this size."""
        return quick if self is Size.QUICK else normal


class Row(NamedTuple):
    """One line of the table at the end: a figure, and the limit measured beside it (as text) with the ratio."""

    figure: str
    value: str
    beside: str = ""
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a part found."""

    figures: Figures
    rows: list[Row]


Measure = Callable[[Size], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the benchmark that can be run alone; past its limit it is ended and told as failed."""

    measure: Measure
    limit_s: float
    about: str


def say(sentence: str) -> None:
    """Tell on standard error what is going on; standard output is for the figures."""
    print(f"[{time.monotonic() - _STARTED_S:4.0f} s] {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - progress is for eyes


def ratio(measured: float, limit: float) -> float | None:
    """Measured to limit, rounded; None where there is no limit to compare with."""
    return rounded(measured / limit) if limit else None


def rounded(value: float, digits: int = 4) -> float:
    """To so many significant digits: more would be noise."""
    return float(f"{value:.{digits}g}")
