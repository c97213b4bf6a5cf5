"""What a forecast is made from: campaigns with their people in lots, and the budget that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from dialer.dispositions import Disposition
from dialer.forecast.breaking import Brake
from dialer.forecast.purse import Money
from dialer.forecast.rates import Rates
from dialer.model import Redial
from dialer.redialing import Tried
from dialer.windows import Windows, Zones

FRESH = Tried()
"""Nobody has called yet."""


@dataclass(frozen=True, slots=True)
class Lot:
    """People of a campaign who stand alike.

    Attributes:
        due: when they may be dialed (s since 1970); for those who are up, since when they are.
        people: how many; a lot of a sample stands for more than were read.
        cohort: which of the campaign's zones they are in.
        expires: when it is too late for them, whatever their campaign says.
        beginning: that of their number, where it has but a share of the budget.
        dialed: when their number was dialed by any campaign (s since 1970), newest first, where caps ask for it.
    """

    due: float
    people: float
    cohort: int = 0
    tried: Tried = FRESH
    expires: float = inf
    beginning: str = ""
    dialed: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One campaign in the line for tokens.

    Attributes:
        urgency: 1 urgent, 2 normal, 3 background.
        lots: who waits, in any order.
        up: who is being called at this moment.
        zones: of each cohort; whoever keeps no windows has one, and it is empty.
        expires: the campaign's end (s since 1970).
        tokens: how many tokens one call takes.
        weight: its share among campaigns of its class.
        slots: how many of its calls may be up at once; None: any number.
        calls_per_second: what it may use of the budget; None: all.
        spacing_s: the least time between two tries at one number.
        most_a_day, most_a_week: how often one number is tried within 24 hours and seven times that; None: any number.
        money: what its calls may cost; None: any amount.
        brake: what stops it when its calls fail; None: nothing.
    """

    id: str
    urgency: int
    rates: Rates
    lots: tuple[Lot, ...]
    up: tuple[Lot, ...] = ()
    windows: Windows | None = None
    zones: tuple[Zones, ...] = ((),)
    redial: Mapping[Disposition, Redial] = field(default_factory=dict)
    max_tries: int | None = None
    expires: float = inf
    tokens: int = 1
    weight: float = 1.0
    slots: int | None = None
    calls_per_second: float | None = None
    spacing_s: float = 0.0
    most_a_day: int | None = None
    most_a_week: int | None = None
    money: Money | None = None
    brake: Brake | None = None

    @property
    def people(self) -> float:
        """How many are left."""
        return sum(lot.people for lot in (*self.lots, *self.up))

    @property
    def redialed(self) -> frozenset[Disposition]:
        """After these an attempt is followed by another, at first at least."""
        return frozenset(d for d, redial in self.redial.items() if redial.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign and whatever shares the budget with it.

    Attributes:
        line: the one that is asked about.
        others: those that run.
        starts: when the budget is there from (s since 1970): now, or when the gate opens.
        calls_per_second: the budget, without margin.
        margin: what the pacing adds to its interval now, in parts of it.
        least_margin: what it adds at best.
        slots: how many calls may be up at once, of all campaigns; None: any number.
        shares: which part of the budget numbers with these beginnings get at the most.
    """

    line: Line
    others: tuple[Line, ...] = ()
    starts: float
    calls_per_second: float
    margin: float = 0.0
    least_margin: float = 0.0
    slots: int | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
