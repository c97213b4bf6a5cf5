"""The job `notification`: place a batch of spoken notifications.

What such a call says lies in `dialer/notification.py`, because the API serves it when the phone is picked up. The
payload is the list of claims that one hopper took together: calls of one moment share the queue's cost.
"""

from __future__ import annotations

from dialer.dials import Claim
from jobs.context import ArqContext
from jobs.place import place_all


async def notification(ctx: ArqContext, claims: list[list[str | int]]) -> None:
    """Place the calls of these claims, each at its own moment."""
    await place_all([Claim(*claim) for claim in claims], ctx["context"])  # type: ignore[arg-type]
