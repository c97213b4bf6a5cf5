"""The budget of calls per second: its constants, its state in Redis, and how the carrier's answers steer it.

Tokens are given by GCRA (one stored time, ITU-T I.371) in `claim_due_calls.lua`, up to a horizon ahead; `begin_attempt`
moves later tokens when a call goes late; `tune_budget.lua` closes the gate and widens the margin after a refusal.

Why it holds in any rolling second: call i+R may not leave before call i plus one second. Tokens are one interval plus
margin apart, so that is so for calls on time; a call that goes late by d moves every token not yet given by d, and
token i+R is never given yet, because horizon + lateness stay below one second.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dialer import keys
from dialer.clock import Clock, now_ms
from dialer.model import MAIN
from dialer.providers.base import Doubt, Placed, PlaceResult, Refusal, Refused, Unknown
from dialer.redis.batch import Batch
from dialer.redis.pipeline import Part

HORIZON_US = 600_000
"""Tokens are given at most this far ahead: enough to hide the queue, and with LATEST_US below one second."""
LATEST_US = 350_000
"""A call later than this for its token gives it back: 600 + 350 ms leave 50 for the way to the carrier."""
LEAD_US = 60_000
"""Earliest place_at from the claim: the way through the queue and the last look must fit."""
LONGEST_LEAD_US = 400_000
"""Of a process whose way takes longer; what is left of the horizon is for tokens to gather."""
BEGIN_AHEAD_US = 25_000
"""The intent is stored this long before place_at, so that Redis' sync to disk does not delay the request."""

MARGIN_PPM = 15_000
"""Margin to begin with: 1.5 % of a second, 15 ms, is the jitter that it swallows."""
MARGIN_STEP_PPM = 7_000
MARGIN_LEAST_PPM = 5_000
MARGIN_MOST_PPM = 500_000
MARGIN_REMEMBERED_MS = 3_600_000
"""For an hour the pacing does not shrink back to a margin that was refused."""

TROUBLE_WAIT_MS = 1_000
LONGEST_WAIT_MS = 60_000
LONGEST_ASKED_MS = 6 * 3_600_000
"""A carrier's Retry-After beyond six hours is not believed: somebody would rather look."""


class Verdict(StrEnum):
    """What one answer of the carrier says about the pace."""

    ACCEPTED = "accepted"
    RATE = "rate"  # too fast: the margin grows, the gate closes for a token's time and longer each time
    TROUBLE = "trouble"  # the carrier or the way to it is ill: the gate closes for growing times


@dataclass(frozen=True, slots=True)
class Budget:
    """The state of a trunk's budget, as read at one moment.

    Attributes:
        gate_ms: nothing goes out before this moment (ms since 1970); 0 for open.
        accepted: requests the carrier accepted since the trunk exists.
        refused: those that slowed the fleet: refused for the pace, in doubt, or not sent.
    """

    margin_ppm: int
    gate_ms: int
    accepted: int
    refused: int

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Budget:
        """From the hash of the trunk."""
        return cls(
            margin_ppm=int(fields.get("margin", MARGIN_PPM)),
            gate_ms=int(fields.get("gate", 0)),
            accepted=int(fields.get("accepted", 0)),
            refused=int(fields.get("refused", 0)),
        )


class Lead:
    """How far ahead a process takes its tokens at the least: as long as its claims take until their intent is due.

    Where processor or disk are short that is longer than `LEAD_US`, and with tokens too near it would give back most.
    """

    def __init__(self) -> None:
        self.us = LEAD_US

    def learn(self, late_us: int) -> None:
        """The first of some claims is ready, so late for its intent; below 0 it is early."""
        self.us = min(self.us + late_us, LONGEST_LEAD_US) if late_us > 0 else max(self.us * 49 // 50, LEAD_US)


def interval_us(calls_per_second: float) -> int:
    """Time between two tokens without margin, in microseconds."""
    return round(1_000_000 / calls_per_second)


def verdict(result: PlaceResult) -> tuple[Verdict | None, int]:
    """What a placing's result says about the pace, and how long the carrier asked to wait (ms, 0 if it did not)."""
    match result:
        case Placed():
            return Verdict.ACCEPTED, 0
        case Refused(reason=Refusal.RATE):
            return Verdict.RATE, _believed(result.retry_after_ms)
        case Refused(reason=Refusal.QUOTA | Refusal.NOT_SENT | Refusal.TOKEN):
            return Verdict.TROUBLE, _believed(result.retry_after_ms)
        case Unknown(reason=Doubt.UNREADABLE):
            return Verdict.ACCEPTED, 0
        case Unknown():
            return Verdict.TROUBLE, _believed(result.retry_after_ms)
        case Refused():
            return None, 0


async def tune(batch: Batch, clock: Clock, result: PlaceResult, *, first_wait_ms: int, trunk: str = MAIN) -> None:
    """Let a trunk's pace follow one answer. `first_wait_ms` is the wait after a first 429: one token's time.

    Not repeatable, and harmless if it happens twice or never: the pace only settles a little later.
    """
    said, asked_ms = verdict(result)
    if said is None:
        return
    base_ms = first_wait_ms if said is Verdict.RATE else TROUBLE_WAIT_MS
    await _tune(batch, clock, (said, asked_ms, base_ms), trunk=trunk)


def accept(batch: Batch, clock: Clock, count: int, *, trunk: str = MAIN) -> Awaitable[Any]:
    """As `tune`, for so many calls that were placed."""
    return _tune(batch, clock, (Verdict.ACCEPTED, 0, 0), trunk=trunk, count=count)


def _tune(batch: Batch, clock: Clock, told: tuple[Verdict, int, int], *, trunk: str, count: int = 1) -> Awaitable[Any]:
    said, *waits_ms = told
    jitter = random.uniform(0.9, 1.3)  # noqa: S311 - spreads retries, guards nothing
    pace: tuple[int, ...] = (MARGIN_PPM, MARGIN_STEP_PPM, MARGIN_LEAST_PPM, MARGIN_MOST_PPM, MARGIN_REMEMBERED_MS)
    waits: tuple[Part, ...] = (now_ms(clock), *waits_ms, LONGEST_WAIT_MS, f"{jitter:.3f}")
    return batch.run("tune_budget", [keys.trunk(trunk)], [said, *waits, *pace, count])


async def take_tokens(batch: Batch, clock: Clock, count: int, *, calls_per_second: float, trunk: str = MAIN) -> None:
    """Leave a trunk's next tokens to calls that the carrier makes by itself, for a script with which a call goes on.

    Not repeatable: each time takes them again. That costs budget and never exceeds it.
    """
    pace = (clock.now_us(), interval_us(calls_per_second), MARGIN_PPM)
    await batch.run("take_tokens", [keys.trunk(trunk)], [count, *pace])


def _believed(retry_after_ms: int | None) -> int:
    return min(retry_after_ms or 0, LONGEST_ASKED_MS)
