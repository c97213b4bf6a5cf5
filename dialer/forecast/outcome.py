"""What became of one campaign in a virtual run, and by when nobody of it is left."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from dialer.dispositions import Disposition


@dataclass(slots=True)
class Outcome:
    """What became of one campaign in a virtual run.

    Attributes:
        attempts: how many calls were placed.
        first_tries: how many people were dialed at all.
        last_first: when the last of those was dialed for the first time.
        by_hour: calls placed, by hour since 1970.
        ended: people by how they ended, those never dialed left out.
        untried: people who were never dialed, by reason.
        is_cut: whether the run ended before its people did.
        opened: how often its breaker opened.
        stopped: when it was stopped for good, why (`no_money`, `breaker`), and how many were left then.
    """

    attempts: float = 0.0
    first_tries: float = 0.0
    last_first: float = 0.0
    by_hour: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    ended: defaultdict[Disposition, float] = field(default_factory=lambda: defaultdict(float))
    untried: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    is_cut: bool = False
    opened: int = 0
    stopped: tuple[float, str, float] | None = None
    _ends: list[tuple[float, float]] = field(default_factory=list)

    def end(self, at: float, people: float, out_of: float) -> None:
        """People's last attempt ends, or they expire; `out_of` might have."""
        self._ends.append((at, -out_of * math.log1p(-min(people / out_of, 1 - 1e-12))))

    def finished(self, chance: float) -> float | None:
        """The moment by which nobody is left with this chance; None where the run was cut off or stopped.

        Whoever is one of n, each still on the way with chance p, is not with (1 - p)^n; the logarithms add up.
        """
        if self.is_cut or self.stopped:
            return None
        left = -math.log(chance)
        for at, weight in sorted(self._ends, reverse=True):
            left -= weight
            if left < 0:
                return at
        return min((at for at, _ in self._ends), default=None)
