"""The job `script`: place a batch of calls whose script is a list of steps.

What such a call says and does lies in `dialer/scripts`, because the API serves it when the phone is picked up.
"""

from __future__ import annotations

from dialer.dials import Claim
from jobs.context import ArqContext
from jobs.place import place_all


async def script(ctx: ArqContext, claims: list[list[str | int]]) -> None:
    """Place the calls of these claims, each at its own moment."""
    await place_all([Claim(*claim) for claim in claims], ctx["context"])  # type: ignore[arg-type]
