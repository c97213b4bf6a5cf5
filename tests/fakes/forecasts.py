"""Campaigns to be foretold: three calls a second from nine in the morning, thirty seconds each."""

from __future__ import annotations

from typing import Any

from dialer.dispositions import Disposition
from dialer.forecast import Line, Lot, Plan, Rates
from dialer.forecast.run import run
from tests.fakes.clock import START_MS

START = START_MS / 1000  # nine in the morning in Amsterdam
HOUR_S = 3600
AMSTERDAM, LONDON = ("Europe/Amsterdam",), ("Europe/London",)
EVERYBODY = Rates.default(talk_s=20, ringing_timer_s=45).given({Disposition.ANSWERED: 1.0}, ring_s=10)
NOBODY = Rates.default(talk_s=20, ringing_timer_s=45).given({Disposition.BUSY: 1.0})
MIXED = Rates.default(talk_s=20, ringing_timer_s=45)
CALL_S = 30
PRICED = EVERYBODY.given({}, price_per_minute=0.6)  # twenty cents each


def line(people: float = 300, **fields: Any) -> Line:
    """A campaign in which everybody answers, but for the fields given."""
    plain: dict[str, Any] = {"id": "c1", "urgency": 2, "rates": EVERYBODY, "lots": (Lot(START, people),)}
    return Line(**(plain | fields))


def plan(asked: Line, *others: Line, calls_per_second: float = 3) -> Plan:
    """A campaign and what runs beside it, without margin."""
    return Plan(line=asked, others=others, starts=START, calls_per_second=calls_per_second)


def finished_s(planned: Plan, *, side: int = 0, chance: float = 0.5) -> float:
    """Seconds until nobody is left."""
    finished = run(planned, side=side).finished(chance)
    assert finished is not None
    return finished - START
