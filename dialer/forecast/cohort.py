"""People of a campaign who open and close together, in the line, on the virtual clock."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from dialer.clock import moment, to_ms
from dialer.forecast.beginnings import Part
from dialer.forecast.line import Line
from dialer.redialing import Tried

_LOOK_AGAIN_S = 7 * 86_400  # as `openings.LOOK_AGAIN`


class Waiting(NamedTuple):
    """A lot in the line; `out_of` is how many people it is a part of, dialed or not, `dialed` as in Lot."""

    due: float
    number: int
    people: float
    out_of: float
    tried: Tried
    expires: float
    dialed: tuple[float, ...] = ()


class Cohort:
    """People of a campaign who open and close together, and whose numbers share a part of the budget, or none."""

    def __init__(self, line: Line, number: int, part: Part | None = None) -> None:
        self._part = part
        self.line: list[Waiting] = []
        self.next_end = line.expires
        self._windows, self._zones = line.windows, line.zones[number]
        self._opens, self._closes = (inf, -inf) if self._windows else (-inf, inf)
        self._parks = len(line.zones) > 1  # as the engine does where there are several
        self._has_opened = self._windows is None
        self._campaign_end = line.expires
        own = min((lot.expires for lot in line.lots if lot.cohort == number), default=inf)
        self.next_end = min(self.next_end, own)

    def look(self, now: float) -> None:
        """Learn the stretch that this moment lies in or before."""
        while self._windows and self._closes <= now:
            found = self._windows.usable(moment(now * 1000), self._zones)
            if found is None:
                self._opens, self._closes = inf, now + _LOOK_AGAIN_S
                return
            self._opens, self._closes = to_ms(found[0]) / 1000, to_ms(found[1]) / 1000
        self._has_opened = self._has_opened or self._opens <= now

    def first(self) -> tuple[float, float, bool, int]:
        """Its place among the cohorts of its campaign: who was parked is due at the opening.

        Of those due at once, who stand mixed in the list, whoever has but a share takes it first.
        """
        due, number = self.line[0][:2]
        return max(due, self._opens) if self._parks else due, due, self._part is None, number

    def is_ready(self, now: float) -> bool:
        """Whether somebody is due, it is open, and their numbers have a share of this moment."""
        return self.is_due(now) and (self._part is None or self._part.is_free(now))

    def is_due(self, now: float) -> bool:
        """Whether somebody is due, and it is open."""
        return bool(self.line) and self.line[0].due <= now and self._opens <= now < self._closes

    def most(self, now: float, until: float) -> float:
        """How many may be dialed between two moments by the share of their numbers' beginning."""
        return inf if self._part is None else self._part.most(now, until)

    def take(self, now: float, calls: float) -> None:
        """So many are dialed."""
        if self._part is not None:
            self._part.take(now, calls)

    def coming(self, now: float) -> float:
        """When something happens, nobody being ready now."""
        shares = -inf if self._part is None else self._part.free_at
        hours = self._closes if self._opens == inf else max(self._opens, self.line[0].due, shares)
        return max(now, min(hours, self.next_end))

    def turns(self, now: float) -> float:
        """When it opens, closes or somebody is too late."""
        moments = (self._opens, self._closes, self.next_end)
        return min((moment_ for moment_ in moments if moment_ > now), default=inf)

    def count_ends(self) -> None:
        """Find out when somebody is too late next."""
        self.next_end = min((waiting.expires for waiting in self.line), default=self._campaign_end)

    def why_never(self, waiting: Waiting) -> str:
        """Why people were never dialed."""
        if waiting.expires < self._campaign_end:
            return "own_end"
        return "out_of_time" if self._has_opened else "no_window"
