"""How calls stand, in the eyes of a forecast: whoever stands alike is one lot.

Moments are rough, so that lots stay few: the further away, the rougher.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf
from typing import NamedTuple

from dialer import keys
from dialer.call_record import CallRecord
from dialer.cohorts import zones_for
from dialer.forecast.line import Lot
from dialer.model import Campaign, Caps
from dialer.redialing import Tried
from dialer.windows import Zones

_ONE_NUMBER = re.compile(r'\["([^"\\]+)"')
_FURTHER_NUMBERS = ',["'
_FINE = 200
"""Moments ahead are told apart to one part in so many of how far ahead they lie."""

Stored = tuple[list[str], str | None]
"""A call's addresses, and its tries as they are stored."""


def next_address(call: Stored) -> str:
    """The one that is dialed next."""
    addresses, tries = call
    return addresses[_tried(tries, len(addresses))[0].place - 1]


def days_back(caps: Caps) -> int:
    """How many days' hashes tell all that these caps ask for."""
    if caps.week:
        return keys.DIALED_DAYS
    return 1 + math.ceil(max(keys.DAY_MS if caps.day else 0, caps.spacing_ms) / keys.DAY_MS) if caps != Caps() else 0


def addresses_of(record: str) -> list[str]:
    """All numbers of a person. Most have one, with which a record begins: the rest of it is not read then."""
    one = None if _FURTHER_NUMBERS in record else _ONE_NUMBER.match(record)
    if one:
        return [one[1]]
    return [*CallRecord.read(record or '[""]').numbers]


@lru_cache(maxsize=4096)
def _tried(stored: str | None, numbers: int) -> tuple[Tried, int | None]:
    """A call's past, and its own end (ms); many calls have the same."""
    told = json.loads(stored) if stored else {}
    return Tried.from_dict(told, numbers), told.get("x")


class Stand(NamedTuple):
    """How a call stands: whoever stands alike is one lot."""

    due: float
    cohort: int
    tried: Tried
    expires: float
    beginning: str
    dialed: tuple[float, ...]


class Cohorts(NamedTuple):
    """The zones that matter: each once, and which are those of a cohort, by its number in the campaign."""

    zones: tuple[Zones, ...]
    by_number: Mapping[int, int]

    @classmethod
    def of(cls, campaign: Campaign, stored: Mapping[str, str], region: str) -> Cohorts:
        """Those of a campaign, of which `stored` tells the names by number."""
        windows = campaign.windows
        if windows is None or campaign.override_windows:
            return cls(((),), {1: 0})
        named = {int(number): zones_for(cohort, windows, region) for cohort, number in stored.items()}
        named = named or {1: zones_for("", windows, region)}
        zones = tuple(dict.fromkeys(named.values()))
        return cls(zones, {number: zones.index(found) for number, found in named.items()})


class Looked(NamedTuple):
    """What all slices of a campaign's calls are read with."""

    campaign_id: str
    cohorts: Cohorts
    lists: tuple[str, ...]  # keys of those that it keeps to
    now: float
    beginnings: frozenset[str] = frozenset()
    days_back: int = 0  # so many hashes tell when a number was dialed, as far as the campaign's caps look back
    each: int = 1  # of so many calls in a row one is looked at for that

    def rough_due(self, due: float) -> float | None:
        """When a call is due; None for those that are due already, who stand together."""
        return None if due <= self.now else self._rough(due)

    def kind(self, call: Stored) -> tuple[str | None, int, str]:
        """All of a call on which depends how it stands: its tries as stored, its numbers, how the next one begins."""
        return call[1], len(call[0]), self.beginning(call) if self.beginnings else ""

    def stand(self, due: float, cohort: int, kind: tuple[str | None, int, str], dialed: tuple[float, ...]) -> Stand:
        """How calls of one kind stand."""
        tries, numbers, beginning = kind
        tried, ends_ms = _tried(tries, numbers)
        expires = inf if ends_ms is None else self._rough(ends_ms / 1000)
        return Stand(due, cohort, tried, expires, beginning, dialed)

    def beginning(self, call: Stored) -> str:
        """The longest beginning of the number that has but a share of the budget."""
        address = next_address(call)
        return max((one for one in self.beginnings if address.startswith(one)), key=len, default="")

    def moments(self, by_day: Sequence[str | None]) -> tuple[float, ...]:
        """What is stored of a number, today first: its moments, newest first, to a minute or a part of how long ago."""
        today = self.now * 1000 // keys.DAY_MS
        told = (
            (today - back) * keys.DAY_MS + int(offset)
            for back, stored in enumerate(by_day)
            for offset in (stored or "").split()[1:]
        )
        return tuple(sorted((self._rough_past(at / 1000) for at in told), reverse=True))

    def _rough_past(self, at: float) -> float:
        grain = max(60.0, (self.now - at) / _FINE)
        grain = 2.0 ** int(grain).bit_length() / 2
        return at // grain * grain

    def _rough(self, at: float) -> float:
        grain = max(1.0, (at - self.now) / _FINE)
        grain = 2.0 ** int(grain).bit_length() / 2
        return at // grain * grain


def lots(stands: Mapping[Stand, int], scale: float) -> Iterator[Lot]:
    """The lots of those who stand so, each of whom stands for so many."""
    for stand, count in stands.items():
        yield Lot(stand.due, count * scale, *stand[1:])
