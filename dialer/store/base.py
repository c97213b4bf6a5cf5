"""What every part of the store needs: the batch that reaches Redis, the clock, and the limits of the timers."""

from __future__ import annotations

from dataclasses import dataclass

from dialer import keys
from dialer.clock import Clock, now_ms
from dialer.redis.batch import Batch
from dialer.trunks import trunks_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long a live call may be silent before somebody looks, in ms from now.

    Attributes:
        ringing: the carrier's ringing timer and a margin.
        talking: the carrier's length timer and a margin.
        reason: how long the reason of a bare `completed` may follow it (REFERENCE section 7: a few seconds).
    """

    ringing: int
    talking: int
    reason: int = 5_000


_MARGIN_MS = 30_000  # carrier's own delay and both tries of a webhook (10 s each)


def deadlines(ringing_timer_s: int, length_timer_s: int) -> Deadlines:
    """Deadlines that follow from the timers given to the carrier."""
    return Deadlines(ringing=ringing_timer_s * 1000 + _MARGIN_MS, talking=length_timer_s * 1000 + _MARGIN_MS)


class StorePart:
    """One part of the store. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock, limits: Deadlines, erasure_secret: str = "") -> None:
        self._batch = batch
        self._clock = clock
        self._limits = limits
        self._erasure_secret = erasure_secret

    def _now_ms(self) -> int:
        return now_ms(self._clock)

    async def _lines(self, campaign_id: str) -> list[str]:
        """Where this campaign may stand in line."""
        return keys.lines(await trunks_of(self._batch, campaign_id))

    async def _fields(self, key: str) -> dict[str, str]:
        fields: dict[str, str] = await self._batch.command("HGETALL", key)
        return fields
