"""What became of the mutants of each file: told as a line, and kept from run to run in `scores.json`.

`docs/proof.md` shows what is kept there; `python -m tests.unit.test_manual` writes it.
"""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_KEPT = Path(__file__).with_name("scores.json")
ENDS = ("killed", "late", "mistyped", "explained", "survived")


@dataclass(slots=True)
class Score:
    """What became of the mutants of a file.

    Attributes:
        path: the file.
        made: how many mutants it has.
        counts: how many of those tried were killed by a test, late (hung until they were ended), mistyped (seen by the
            type checker alone, so that `make lint` fails), explained and survived.
    """

    path: str
    made: int
    counts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """One line of the table."""
        of_which = ", ".join(f"{self.counts[what]} {what}" for what in ENDS)
        return f"{self.path:<42} {self.share:>7}  {self.tried} of {self.made} tried: {of_which}"

    @property
    def tried(self) -> int:
        """How many were tried."""
        return self.counts.total()

    @property
    def noticed(self) -> int:
        """How many of them something noticed."""
        return self.counts["killed"] + self.counts["late"] + self.counts["mistyped"]

    @property
    def share(self) -> str:
        """The part of those tried that was noticed."""
        return f"{100 * self.noticed / self.tried:.1f} %" if self.tried else "-"


def total(name: str, scores: list[Score]) -> Score:
    """The sum of several."""
    return Score(name, sum(score.made for score in scores), sum((score.counts for score in scores), Counter()))


def kept() -> list[Score]:
    """The last score of each file that was ever measured with `--keep`, in the order of the paths."""
    found: dict[str, dict[str, int]] = json.loads(_KEPT.read_text())
    return [
        Score(path, counts["made"], Counter({what: counts[what] for what in ENDS})) for path, counts in found.items()
    ]


def keep(score: Score) -> None:
    """Write a score down in place of that file's last one, also while another run does."""
    with _KEPT.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = json.load(file)
        found[score.path] = {"made": score.made, **{what: score.counts[what] for what in ENDS}}
        file.seek(0)
        lines = (f"  {json.dumps(path)}: {json.dumps(found[path])}" for path in sorted(found))
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
        file.truncate()
