"""The mutants that no test can or need kill, each with the reason: `survivors.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutants import Mutant

_FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Explained:
    """A mutant that may live.

    Attributes:
        path: the file.
        was: the lines that are replaced, without their indentation.
        becomes: what stands there instead.
        why: the reason.
    """

    path: str
    was: str
    becomes: str
    why: str


def explained() -> list[Explained]:
    """All of them, in the order of the file."""
    groups = tomllib.loads(_FILE.read_text())["explained"]
    return [
        Explained(group["path"], was, becomes, group["why"]) for group in groups for was, becomes in group["mutants"]
    ]


def why(mutant: Mutant, known: list[Explained]) -> str | None:
    """The reason why a mutant may live, None where there is none."""
    sides = (mutant.path, mutant.was, mutant.becomes)
    return next((one.why for one in known if sides == (one.path, one.was, one.becomes)), None)
