"""A mutant: a file of the project with one small fault in it, known by the lines that differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with a fault.

    Attributes:
        path: the file, from the root of the project.
        line: where it first differs, from 1.
        was: the lines that are replaced, without their indentation.
        becomes: what stands there instead.
        source: the whole file with the fault.
    """

    path: str
    line: int
    was: str
    becomes: str
    source: str

    def __str__(self) -> str:
        """As a person reads it: where, and the lines before and after."""
        gone, new = (("\n".join(f"  {sign} {line}" for line in lines.splitlines())) for sign, lines in self._sides())
        return f"{self.path}:{self.line}\n{gone}\n{new}"

    def _sides(self) -> Iterable[tuple[str, str]]:
        return ("-", self.was), ("+", self.becomes)


def mutants_of(path: str, before: str, sources: Iterable[str]) -> list[Mutant]:
    """The mutants with those sources, each once; what changes nothing is left out."""
    different = dict.fromkeys(source for source in sources if source != before)
    return [_mutant(path, before, source) for source in different]


def _mutant(path: str, before: str, after: str) -> Mutant:
    old, new = before.splitlines(), after.splitlines()
    start = _alike(old, new)
    # The common end must not reach into the common beginning.
    end = _alike(old[start:][::-1], new[start:][::-1])
    was, becomes = ("\n".join(line.strip() for line in lines[start : len(lines) - end]) for lines in (old, new))
    return Mutant(path, start + 1, was, becomes, after)


def _alike(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
