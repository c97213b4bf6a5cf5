"""A campaign's breaker on the virtual clock: after how many attempts it opens, and for how long.

Both follow from the part of the attempts that fails. Whether so many of the last ones fail is tried out by the rule of
`lua/parts/brakes.lua` with dice that fall the same each time; the rest is arithmetic.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import inf

from dialer.dispositions import Disposition
from dialer.model import Breaker

FAILURES = frozenset({Disposition.FAILED, Disposition.REJECTED, Disposition.UNDETERMINED})
PROBES = 3
MOST_TRIPPED_S = 3600.0
"""These three as in `lua/parts/brakes.lua`."""
_TRIED_OUT = 30_000  # attempts: 10 ms; whatever comes more seldom is not foreseen
_ENOUGH = 30  # times that it opened


@dataclass(frozen=True, slots=True)
class Brake:
    """A breaker of a campaign whose attempts fail so often.

    Attributes:
        open_until: it is open until then (s since 1970), and calls go out one by one after that; None: it is closed.
    """

    policy: Breaker
    open_until: float | None = None

    def attempts(self, failing: float) -> float:
        """After how many attempts it opens, on average; infinite where it hardly ever does."""
        return _attempts(self.policy.failures, self.policy.of, round(failing, 3))

    def open_s(self, failing: float, lasts_s: float) -> float:
        """How long nothing goes out, or but one by one, once it opened; infinite where a person must look."""
        first = self.policy.wait_ms / 1000
        return inf if self.policy.resume == "person" else first + self.probing_s(failing, lasts_s)

    def probing_s(self, failing: float, lasts_s: float) -> float:
        """How long it takes from the first probe until three have gone well, with the waits after those that fail."""
        well, wait, likely, whole = (1 - failing) ** PROBES, self.policy.wait_ms / 1000, 1.0, 0.0
        most = max(MOST_TRIPPED_S, wait)
        if well < 1e-6:  # noqa: PLR2004 - never
            return inf
        probes_s = lasts_s * sum((1 - failing) ** done for done in range(PROBES))
        while wait < most:
            whole += likely * probes_s
            wait, likely = min(2 * wait, most), likely * (1 - well)
            whole += likely * wait
        return whole + likely * (probes_s + (1 - well) * most) / well


@lru_cache(maxsize=256)
def _attempts(failures: int, of: int, failing: float) -> float:
    openings = [*islice(_openings(failures, of, failing), _ENOUGH)]
    return openings[-1] / len(openings) if openings else inf


def _openings(failures: int, of: int, failing: float) -> Iterator[int]:
    """The attempts with which it opens, counted from 1."""
    dice = random.Random(1)  # noqa: S311 - people, no secret
    last: deque[bool] = deque(maxlen=of)
    for attempt in range(1, _TRIED_OUT + 1):
        last.append(dice.random() < failing)
        if last[-1] and sum(last) >= failures:
            last.clear()
            yield attempt
