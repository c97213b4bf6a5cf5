"""Until when a number is left alone by its campaign's caps: `not_before` of `lua/parts/dialed.lua`."""

from __future__ import annotations

from math import inf

from dialer.forecast.line import Line
from dialer.redialing import Tried, moves_on

_DAY_S = 86_400.0


class Holding:
    """The caps of one campaign. Moments are in s since 1970, newest first."""

    def __init__(self, line: Line) -> None:
        spans = ((1, line.spacing_s), (line.most_a_day or 0, _DAY_S), (line.most_a_week or 0, 7 * _DAY_S))
        self._rules = [(most, span) for most, span in spans if most and span]
        self._goes_round = any(moves_on(policy, disposition) for disposition, policy in line.redial.items())
        self._kept = max((most for most, _ in self._rules), default=0)

    def dialed(self, at: float, before: tuple[float, ...]) -> tuple[float, ...]:
        """With one try more, as many as the caps ask for."""
        # A person may have five numbers, each of which has its own tries.
        return (at, *before)[: 5 * self._kept if self._goes_round else self._kept]

    def free_at(self, dialed: tuple[float, ...], tried: Tried) -> float:
        """When the number may be dialed next. Whoever is dialed at several numbers in turn has tries for each."""
        each = tried.numbers if self._goes_round else 1
        held = (dialed[most * each - 1] + span for most, span in self._rules if len(dialed) >= most * each)
        return max(held, default=-inf)
