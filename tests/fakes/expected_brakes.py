"""What stops a campaign by itself or slows it, in plain Python: its breaker, its caps in euro, its own pace."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

from dialer.dispositions import Disposition
from dialer.model import Breaker, EuroCap

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FAILURES = {Disposition.FAILED, Disposition.REJECTED, Disposition.UNDETERMINED}
PROBES = 3


@dataclass(slots=True)
class ExpectedBreaker:
    """Closed; open until a moment (ms); and from then on open for one call at a time, until so many have gone well."""

    policy: Breaker | None = None
    until: float | None = None
    wait_ms: int = 0
    failed: list[bool] = field(default_factory=list)
    went_well: int = 0

    def note(self, disposition: Disposition, now: int) -> None:
        """An attempt ended."""
        if self.policy is None or disposition is Disposition.CANCELLED:
            return
        if self.until is None:
            self.failed = [*self.failed, disposition in FAILURES][-self.policy.of :]
            if sum(self.failed) >= self.policy.failures:
                self._open(self.policy.wait_ms, now)
        elif now >= self.until:
            self._probed(self.policy, disposition, now)

    def _probed(self, policy: Breaker, disposition: Disposition, now: int) -> None:
        if disposition in FAILURES:
            self._open(min(2 * self.wait_ms, max(HOUR_MS, policy.wait_ms)), now)
        else:
            self.went_well += 1
            if self.went_well == PROBES:
                self.close()

    def _open(self, wait_ms: int, now: int) -> None:
        self.until, self.wait_ms, self.failed, self.went_well = now + wait_ms, wait_ms, [], 0

    def close(self) -> None:
        """Whoever starts or resumes the campaign has looked; or probes went well."""
        self.until, self.wait_ms, self.failed, self.went_well = None, 0, [], 0

    def change(self, policy: Breaker | None) -> None:
        """Another policy; without one nothing is open."""
        self.policy = policy
        if policy is None:
            self.close()

    def is_open(self, now: float) -> bool:
        """Whether nothing at all goes out."""
        return self.until is not None and self.until > now


@dataclass(slots=True)
class ExpectedTrunk:
    """A trunk's breaker, and the call that went by it last since that opened."""

    breaker: ExpectedBreaker = field(default_factory=ExpectedBreaker)
    probe: str | None = None
    probe_at: float = 0


@dataclass(slots=True)
class ExpectedMoney:
    """What a campaign's calls cost: every price that was told, less the one that it corrects."""

    cap: EuroCap = field(default_factory=EuroCap)
    told: list[tuple[int, Decimal]] = field(default_factory=list)
    dearest: Decimal = Decimal(0)

    def note(self, price: Decimal, before: Decimal, now: int) -> None:
        """The carrier told a price."""
        self.told.append((now // DAY_MS, price - before))
        self.dearest = max(self.dearest, price) if price != before else self.dearest

    @property
    def spent(self) -> Decimal:
        """In euro, in all."""
        return sum((price for _, price in self.told), Decimal(0))

    def of_day(self, now: float) -> Decimal:
        """In euro, on that day (UTC)."""
        return sum((price for day, price in self.told if day == now // DAY_MS), Decimal(0))

    def is_within(self, calls: int, now: float) -> bool:
        """Whether all caps hold, whatever so many calls cost that are up."""
        reserved = calls * max(self.cap.per_call, self.dearest)
        caps = ((self.cap.total, self.spent), (self.cap.day, self.of_day(now)))
        return all(cap is None or spent + reserved <= cap for cap, spent in caps)

    @property
    def is_spent(self) -> bool:
        """Whether no call is within the cap of all days, even with nobody up."""
        total = self.cap.total
        return total is not None and self.spent + max(self.cap.per_call, self.dearest) > total

    def midnight(self, now: float) -> float:
        """From when it is another day, for one whose cap of the day alone is spent."""
        is_capped = self.cap.day is not None and not self.is_spent
        spent = self.of_day(now) + max(self.cap.per_call, self.dearest)
        return (now // DAY_MS + 1) * DAY_MS if is_capped and spent > (self.cap.day or 0) else -math.inf


@dataclass(slots=True)
class ExpectedPace:
    """A campaign's own calls a second; each claim takes a moment of it, and gives it back if it does not go (us)."""

    calls_per_second: float | None = None
    next_us: float = -math.inf

    @property
    def apart_us(self) -> float:
        """Between two calls."""
        return 1_000_000 / self.calls_per_second if self.calls_per_second else 0

    def take(self, place_at_us: int, interval_us: int) -> None:
        """A token of that moment. Tokens seldom fall on its own moments: one interval is made up for, no more."""
        if self.calls_per_second:
            self.next_us = max(self.next_us, place_at_us - interval_us) + round(self.apart_us)

    def give_back(self) -> None:
        """The last one that was taken."""
        if self.calls_per_second:
            self.next_us -= round(self.apart_us)

    def change(self, calls_per_second: float | None) -> None:
        """Another pace, from now on."""
        if calls_per_second != self.calls_per_second:
            self.calls_per_second, self.next_us = calls_per_second, -math.inf
