"""The share of a trunk that numbers with one beginning have, in plain Python: moments for whoever comes too early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_AHEAD_US, SERVED_US = 20_000_000, 1_000_000
HOUR_US = 3_600_000_000


@dataclass(slots=True)
class ExpectedShares:
    """One trunk's, by the beginnings of numbers: shares between 0 and 1, and from when (us) each has its next token."""

    shares: Mapping[str, float] = field(default_factory=dict)
    free_us: dict[str, int] = field(default_factory=dict)

    def prefix_of(self, number: str) -> str | None:
        """The longest beginning that has a share."""
        return max((one for one in self.shares if number.startswith(one)), key=len, default=None)

    def apart_us(self, prefix: str, interval_us: int) -> int:
        """Between two tokens of it."""
        return round(interval_us / self.shares[prefix])

    def is_served(self, prefix: str, moment_us: int | None, place_at_us: int, interval_us: int) -> bool:
        """Whether a call has come at the moment it was given."""
        until = SERVED_US + self.apart_us(prefix, interval_us)
        return moment_us is not None and moment_us <= place_at_us < moment_us + until

    def look_again_us(self, prefix: str, held: int, interval_us: int) -> float:
        """How long until one that was given none looks again, of so many that wait."""
        return min(max(MOST_AHEAD_US, held * self.apart_us(prefix, interval_us) / 2), HOUR_US)

    def take(self, prefix: str, place_at_us: int, interval_us: int) -> None:
        """The next token of the prefix; that of the trunk may be a little earlier or later."""
        free = max(self.free_us.get(prefix, 0), place_at_us - interval_us)
        self.free_us[prefix] = free + self.apart_us(prefix, interval_us)
