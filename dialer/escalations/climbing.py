"""One look at an escalation, and what follows from it: the next step begins, its people are called, or it is over.

Asked by whoever learns of something new: the API when one is begun, when the key was pressed or the desk has confirmed;
the workers' watch again and again. It keeps nothing, and may be asked by many at once and in vain: each step of it is
one that changes nothing the second time.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from dialer import metrics
from dialer.clock import Clock, moment, now_ms
from dialer.counting import count_calls
from dialer.errors import IllegalStep
from dialer.escalations.duties import Duty
from dialer.escalations.escalation import KIND
from dialer.escalations.ladder import UNSETTLED, Escalation, Why
from dialer.states import CallState
from dialer.store import Store

log = structlog.get_logger()

_IMPORT = "step"
_IN_LINE = frozenset({CallState.WAITING, CallState.CLAIMED})


async def climb(campaign_id: str, store: Store, clock: Clock) -> None:
    """Do what is to be done for this escalation now. Repeatable. Raises NotFound."""
    seen = await store.escalation(campaign_id)
    now = moment(now_ms(clock))
    if seen.campaign.over_at is not None:
        await _sweep(seen, store)
    elif (why := seen.why_over(now)) is not None:
        await end(seen, why, store, clock)
    else:
        await asyncio.gather(*(_end_waiting(duty, store) for duty in seen.to_end(now)))
        await _call(await _with_step(seen, store, clock), store, clock)


async def end(seen: Escalation, why: Why, store: Store, clock: Clock) -> None:
    """End this escalation, as it was seen, for this reason. Repeatable: the first reason counts."""
    if not await store.end_escalation(seen.campaign.id, why):
        return
    log.info("escalation.over", campaign_id=seen.campaign.id, reason=str(why))
    metrics.ESCALATIONS.labels(why.name.lower()).inc()
    if why is Why.CONFIRMED and seen.opened:
        took = now_ms(clock) / 1000 - seen.opened[0].timestamp()
        metrics.CONFIRMATION_SECONDS.observe(max(0.0, took))


async def _with_step(seen: Escalation, store: Store, clock: Clock) -> Escalation:
    """Begin the step that is due, if one is; the escalation as it is then."""
    number = seen.opens(moment(now_ms(clock)))
    if number is None or not await store.open_step(seen.campaign.id, number):
        return seen
    turn, step = seen.plan.opening(number)
    log.info("escalation.step_begun", campaign_id=seen.campaign.id, step=step, round=turn)
    return await store.escalation(seen.campaign.id)


async def _call(seen: Escalation, store: Store, clock: Clock) -> None:
    """Add the calls that the present step lacks."""
    lacking = seen.to_add(moment(now_ms(clock)))
    if not lacking:
        return
    with suppress(IllegalStep):  # over by now: nobody is called any more
        await store.add_calls(seen.campaign.id, lacking, import_id=_IMPORT)
    await store.end_import(seen.campaign.id, _IMPORT)


async def _end_waiting(duty: Duty, store: Store) -> None:
    ended = await store.end_waiting(duty.call)
    if ended is not None:
        count_calls(ended, KIND)


async def _sweep(seen: Escalation, store: Store) -> None:
    """End what came back to the line at the very moment of the end; hear of whoever confirmed after it."""
    if seen.reason and any(duty.call.state in _IN_LINE for duty in seen.duties):
        await store.end_escalation(seen.campaign.id, seen.reason)
    if seen.reason in UNSETTLED and seen.is_taken_over:
        await store.take_over(seen.campaign.id)
