"""The job `escalation`: place a batch of its calls; and the watch that lets step follow step.

What a call says and who is called lies in `dialer/escalations/escalation.py`, what follows from what in `ladder.py`
beside it, and `climbing.py` carries that out. The watch asks it to, every few seconds on one worker at a time. It keeps
nothing: one that dies in it is followed by the next.
"""

from __future__ import annotations

from dialer.dials import Claim
from dialer.escalations.climbing import climb
from jobs.context import ArqContext, Context
from jobs.place import place_all
from jobs.watching import look_at_all


async def escalation(ctx: ArqContext, claims: list[list[str | int]]) -> None:
    """Place the calls of these claims, each at its own moment."""
    await place_all([Claim(*claim) for claim in claims], ctx["context"])  # type: ignore[arg-type]


async def watch_escalations(ctx: ArqContext) -> None:
    """One look at every escalation that is not through. Repeatable."""
    context = ctx["context"]
    opened = await context.runtime.store.open_escalations()
    await look_at_all(opened, _look, context, broken="escalation.not_watched")


async def _look(campaign_id: str, context: Context) -> None:
    await climb(campaign_id, context.runtime.store, context.runtime.clock)
