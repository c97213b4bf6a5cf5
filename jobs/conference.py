"""The job `conference`: place a batch of invitations; and the watch over conferences that are under way.

What a member hears lies in `dialer/conferences/conference.py`, who is in and what follows from it in `gathering.py`
beside it. The watch only carries that out, every few seconds on one worker at a time. It keeps nothing: all it does may
be done twice, by two workers at once too, and one that dies in it is followed by the next. The deadline needs no watch,
since every campaign's end is kept by the sweeper.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from dialer.clock import moment, now_ms
from dialer.conferences.gathering import Conference, Member
from dialer.dials import Claim
from dialer.dispositions import ENDINGS
from dialer.errors import CarrierError
from dialer.states import CampaignState
from dialer.steering import CallControl
from jobs.context import ArqContext, Context
from jobs.place import place_all
from jobs.rescue import expire, tell
from jobs.watching import look_at_all

log = structlog.get_logger()


async def conference(ctx: ArqContext, claims: list[list[str | int]]) -> None:
    """Place the calls of these claims, each at its own moment."""
    await place_all([Claim(*claim) for claim in claims], ctx["context"])  # type: ignore[arg-type]


async def watch_conferences(ctx: ArqContext) -> None:
    """One look at every conference that is not through. Repeatable."""
    context = ctx["context"]
    opened = await context.runtime.store.open_conferences()
    await look_at_all(opened, _look, context, broken="conference.not_watched")


async def _look(campaign_id: str, context: Context) -> None:
    seen = await context.runtime.store.conference(campaign_id)
    now = moment(now_ms(context.runtime.clock))
    if seen.campaign.over_at is not None:
        await _clear(seen, now, context)
    elif why := seen.why_over(now):
        if await context.runtime.store.end_conference(campaign_id, why):
            log.info("conference.over", campaign_id=campaign_id, reason=why)
        await expire(context)
    elif dropped := seen.dropped(now):
        await _call_again(dropped, seen, context)


async def _clear(seen: Conference, now: datetime, context: Context) -> None:
    """Hang up on whoever is still on the phone, and let a paused campaign come to its end: it dials nothing more."""
    if seen.campaign.state is CampaignState.PAUSED:
        await context.runtime.store.step(seen.campaign.id, "resume")
    await asyncio.gather(*(_hang_up(member, context) for member in seen.to_hang_up(now)))


async def _hang_up(member: Member, context: Context) -> None:
    control = CallControl(context.runtime.store, context.carrier, context.runtime.clock, context.runtime.tracing)
    try:
        if member.newest:
            await control.hang_up(member.newest)
    except CarrierError as error:
        log.warning("conference.not_hung_up", call_id=member.call.id, reason=str(error))


async def _call_again(dropped: list[Member], seen: Conference, context: Context) -> None:
    if not await _goes_on(seen, context):
        return
    for member in dropped:
        if await context.runtime.store.recall_dropped(member.call):
            log.info("conference.called_again", call_id=member.call.id)


async def _goes_on(seen: Conference, context: Context) -> bool:
    """Whether the carrier, too, has somebody in who keeps it going: the word of his leaving may be lost."""
    for holder in seen.holders:
        if holder.newest is None or holder.newest.uuid is None:
            continue
        try:
            found = await context.carrier(holder.newest.trunk).get_call(holder.newest.uuid)
        except CarrierError as error:
            log.warning("carrier.call_not_read", attempt_id=holder.newest.id, reason=str(error))
            return False
        if found is not None and not found.facts & ENDINGS:
            return True
        if found is not None:
            await tell(holder.newest, "asked", found, context)
    return False
