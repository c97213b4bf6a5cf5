"""The list of calls to be hung up, as the workers see it: who takes which, and until when.

`Store.hang_up_all` and `Store.end_escalation` write the list; here it is drained. Every call taken is under a lease, so
that two workers share the list without doubling and a worker that dies leaves nothing undone. A campaign leaves the
list with its last call.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialer import keys
from dialer.clock import Clock, now_ms
from dialer.model import CallRef
from dialer.redis.batch import Batch

LEASE_MS = 20_000
"""Longer than an ordinary hanging up and its turn. Where a slow carrier makes it longer, another worker does the same
again, which harms nobody; but those whom a dead worker held are on the phone until then."""

_IF = "?"


@dataclass(frozen=True, slots=True)
class ToHangUp:
    """A call taken from the list, and when that was asked for: an attempt begun after it is not meant.

    Attributes:
        unless_answered: whether it is left alone when somebody has picked up.
    """

    call: CallRef
    asked_ms: int
    unless_answered: bool = False

    @classmethod
    def of(cls, campaign_id: str, member: str, asked_ms: int) -> ToHangUp:
        """From the list, where a question mark behind the number spares those who listen."""
        return cls(CallRef(campaign_id, int(member.rstrip(_IF))), asked_ms, member.endswith(_IF))

    @property
    def member(self) -> str:
        """How the list names it."""
        return f"{self.call.seq}{_IF if self.unless_answered else ''}"


class HangUps:
    """The list of all campaigns. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock) -> None:
        self._batch = batch
        self._clock = clock

    async def take(self, most: int) -> list[ToHangUp]:
        """Take up to so many calls, those asked for first coming first; they are ours for a while."""
        found = await self._batch.command("ZRANGE", keys.HANGING_UP, 0, -1, "WITHSCORES")
        taken: list[ToHangUp] = []
        for campaign_id, asked_ms in zip(found[::2], found[1::2], strict=True):
            if len(taken) == most:
                break
            members = await self._take(campaign_id, most - len(taken))
            taken += [ToHangUp.of(campaign_id, member, int(float(asked_ms))) for member in members]
        return taken

    async def _take(self, campaign_id: str, most: int) -> list[str]:
        now = now_ms(self._clock)
        names = [keys.hang_up(campaign_id), keys.HANGING_UP]
        members: list[str] = await self._batch.run("claim_hang_ups", names, [campaign_id, now, now + LEASE_MS, most])
        return members

    async def done(self, one: ToHangUp) -> None:
        """Take this call off the list. Repeatable."""
        await self._batch.command("ZREM", keys.hang_up(one.call.campaign_id), one.member)

    async def later(self, one: ToHangUp, in_ms: int) -> None:
        """Let whoever comes then look at this call again, if it is still on the list."""
        due = now_ms(self._clock) + in_ms
        await self._batch.command("ZADD", keys.hang_up(one.call.campaign_id), "XX", due, one.member)
