"""A clock that stands until a test moves it."""

from __future__ import annotations

START_US = 1_800_000_000_000_000
"""Where each test begins: a moment in 2027, whole in seconds, so that times in assertions stay readable."""
START_MS = START_US // 1000


class SettableClock:
    """The fleet's clock in the hands of a test; whoever sleeps on it moves it."""

    def __init__(self, now_us: int = START_US) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        """Microseconds since 1970."""
        return self._now_us

    async def sleep_until(self, moment_us: int) -> None:
        """Be at that moment at once; never goes back."""
        self._now_us = max(self._now_us, moment_us)

    def set_us(self, moment_us: int) -> None:
        """Be at a moment, earlier ones too: two machines' clocks differ by some microseconds."""
        self._now_us = moment_us

    def advance_ms(self, milliseconds: float) -> None:
        """Let time pass."""
        self._now_us += round(milliseconds * 1000)
