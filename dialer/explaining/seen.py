"""What an explanation goes by: a campaign, a call and the budget, as they were seen at one moment. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dialer import pacing
from dialer.dialing import Pace
from dialer.dispositions import Disposition
from dialer.holding import Held
from dialer.model import MAIN, Campaign, Tripped
from dialer.states import CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """The budget and whoever shares it, as seen.

    Attributes:
        tat_us, margin_ppm, gate_ms, closed_by: see `lua/tune_budget.lua`.
        name: by which a call of the campaign would leave next.
        up: how many calls of all campaigns are up by it, or about to be.
        workers: how many were heard from lately.
        ready: how many campaigns of each class have due calls, urgent first.
        tripped: how its breaker stands while it is open.
    """

    name: str = MAIN
    tat_us: float
    margin_ppm: int
    gate_ms: int
    closed_by: str | None
    up: int
    workers: int
    ready: tuple[int, ...]
    tripped: Tripped | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCall:
    """One call at about the same moment.

    Attributes:
        where: the set in which it stands.
        at_ms: its score there: when it is due, since when it is live, when it ended.
        lease_ms: until when whoever has it has it; None while nobody does.
        held: why it is held back and until when (ms).
        cohort: its number.
        before: how many calls of its campaign are due before it.
        expires_ms: its own end.
        number: the one that it would dial next; None where all are suppressed.
        suppressed: since when each of its numbers is suppressed that is.
        dialed_ms: when that number was dialed within seven days, newest first.
        other_up: another call to it that is up.
        last: how its last attempt ended.
    """

    where: CallState | Disposition
    at_ms: float
    lease_ms: int | None
    held: tuple[Held, int] | None
    cohort: int
    before: int
    expires_ms: float | None
    number: str | None
    suppressed: Mapping[str, datetime]
    dialed_ms: Sequence[int]
    other_up: str | None
    last: Disposition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A campaign at one moment; `due`, `later`, `held` and `parked` add up to those that wait.

    Attributes:
        due: how many wait that could be dialed by their own due time.
        later: how many are due later, from `later_ms` on.
        held: how many are held back, by reason, and when the first of them is free (ms).
        parked: how many are parked at each opening (ms) of their cohort.
        unpark: the openings (ms) at which some are parked that are due, since the windows were changed.
        release: reasons to be held back that hold no more, since a cap was loosened.
        pace_at_us: when it may take its next token by its own pace; 0 for any time.
        stretches: for each cohort by its number when it opens and closes (ms); none without windows.
        zones: of each cohort, by its number.
        is_old: whether the data in Redis is older than what was seen of it (`redis/life.py`).
        call: the call that is asked after; None where the campaign as a whole is.
    """

    now_us: int
    campaign: Campaign
    states: Mapping[CallState, int]
    dispositions: Mapping[Disposition, int]
    due: int
    later: int
    later_ms: float | None
    held: Mapping[Held, tuple[int, int]]
    parked: Sequence[tuple[int, int]]
    unpark: Sequence[int]
    release: frozenset[Held]
    pace_at_us: float
    unknown_since_ms: float | None
    trunk: Trunk
    pace: Pace
    unknown_hold_ms: int
    stretches: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    zones: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    is_old: bool = False
    call: SeenCall | None = None

    @property
    def now_ms(self) -> int:
        """The moment, as scripts compare it."""
        return self.now_us // 1000

    def is_parked(self, due_ms: float, opens_ms: int) -> bool:
        """Whether a call that is due then, and not held back, is one of those parked at an opening."""
        return opens_ms < due_ms <= opens_ms + (2 * self.campaign.total + 1) * 0.00025

    def token_at_us(self) -> float:
        """When the next token of the budget is, as `claim_due_calls` has it."""
        ahead = self.trunk.tat_us - (self.pace.burst - 1) * self.interval_us
        return max(ahead, self.now_us + pacing.LEAD_US, self.trunk.gate_ms * 1000)

    @property
    def interval_us(self) -> float:
        """Between two tokens, margin included."""
        return pacing.interval_us(self.pace.calls_per_second) * (1 + self.trunk.margin_ppm / 1_000_000)
