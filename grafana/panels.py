"""The panels there are: what each shows, in what unit, what that means and what to do when it looks wrong.

Only what differs from panel to panel is said here; how each kind is drawn stands in `drawing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana.queries import Query


@dataclass(frozen=True, slots=True)
class Word:
    """What is shown instead of a number, and its colour."""

    text: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What every panel says.

    Attributes:
        unit: Grafana's name for it; `cpm` and `cps` are counts a minute and a second.
        words: shown instead of a value; "nan" is for what is no number, such as a share of nothing.
        steps: from which value on which colour; the first is that of everything below the second.
    """

    title: str
    unit: str
    queries: Sequence[Query]
    meaning: str
    remedy: str
    words: Mapping[str, Word] | None = None
    steps: Sequence[tuple[float, str]] = ((0, "green"),)

    @property
    def description(self) -> str:
        """The text behind the panel's mark."""
        return f"{self.meaning}\n\n**If it looks wrong:** {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Panel):
    """Lines over time; those of counts are stacked unless they are not parts of a whole."""

    stacked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Panel):
    """One figure or word of now, coloured as a whole, to be read from across the room; `empty` where there is none.

    It has no course behind it: that would be asked over time, and a process that died would show its last figure.
    """

    empty: str = "no data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Panel):
    """The values of now as bars; `most` is the full length."""

    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """Rows of now; `columns` names the labels shown and their headings, `first` the one by which they are sorted."""

    columns: Mapping[str, str]
    first: str
    empty: str = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class States(Panel):
    """Which state each thing was in, over time."""
