"""Forecasts: when a campaign will be done, how many calls that takes, and whether it can be done at all.

The rules are the dialer's own (`windows.py`, `redialing.py`, the order of `claim_due_calls.lua`), on a virtual clock,
with people in amounts instead of one by one, so that a million calls take as long as a thousand. Nothing in here knows
Redis: `store/forecasts.py` reads what a forecast needs to know. Reading order: `rates.py`, `line.py`, `run.py`,
`queue.py` with what holds it back (`cohort.py`, `beginnings.py`, `holding.py`, `stopping.py`), `outlook.py`,
`remedies.py`.
"""

from __future__ import annotations

from dialer.forecast.breaking import Brake
from dialer.forecast.line import Line, Lot, Plan
from dialer.forecast.outlook import Outlook, Range, Skip, Stop, look_ahead
from dialer.forecast.purse import Money
from dialer.forecast.rates import Rates, Seen
from dialer.forecast.remedies import Change, Problem, is_possible, problems_of

__all__ = [
    "Brake", "Change", "Line", "Lot", "Money", "Outlook", "Plan", "Problem", "Range", "Rates", "Seen", "Skip", "Stop",
    "is_possible", "look_ahead", "problems_of",
]  # fmt: skip
