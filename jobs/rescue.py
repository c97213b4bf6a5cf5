"""The sweeper: free what a dead worker held, settle what is in doubt, ask after calls that went silent.

It runs on one worker at a time, every few seconds, and does nothing that may not be done twice. Each step leaves the
call under a new lease, so that a sweeper that dies is followed by the next one.

How an attempt that may or may not have rung is settled, in this order: a webhook with its token (no work here); the
carrier's list; behind a 503, a redial once neither has shown it for some seconds; else the campaign's policy: hold it
for a person, or redial after the longest possible call.
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple, assert_never

import structlog

from dialer import keys, metrics
from dialer.clock import moment, now_ms, to_ms
from dialer.counting import count_change
from dialer.dispositions import ENDINGS, Disposition, Fact
from dialer.errors import CarrierError, NotFound
from dialer.leases import Freed, Lapsed
from dialer.model import Attempt, AttemptRef, Campaign, Terms, UnknownPolicy
from dialer.providers.base import LISTED_WITHIN, CallEvent, CarrierCall, Doubt
from dialer.terms import longest_call_s
from jobs.context import ArqContext, Context
from jobs.place import FIRST_LOOK_MS

log = structlog.get_logger()

_MOST_EXPIRED = 2_000
_MOST = 200  # a sweep: what is left over comes first in the next
_LIST_UNTIL_MS = 600_000
"""After ten minutes the list is asked no more, but once before a call is given up: the fleet may have been down until
then. Who could not ask it does not know that it lacks the call."""
_LIST_RESTS_S = 5.0
_ASK_AGAIN_MS = 60_000
_BEYOND_DOUBT_MS = 6 * 3_600_000
"""So long after the longest possible call a carrier that cannot tell its end is asked no more."""
_OVER_MARGIN_MS = 60_000
"""Beyond the longest possible call: its last webhook may be under way."""
_LOOK_AGAIN_FACTOR = 2


async def rescue(ctx: ArqContext) -> None:
    """One sweep. Repeatable."""
    context = ctx["context"]
    await expire(context)
    await context.leases.forget_doubts()
    for campaign_id in await context.leases.complete_campaigns():
        log.info("campaign.completed", campaign_id=campaign_id)
    lapsed = await context.leases.lapsed(_MOST)
    ends = await asyncio.gather(*(_settle(one, context) for one in lapsed), return_exceptions=True)
    for one, end in zip(lapsed, ends, strict=True):
        # One call that cannot be settled must not keep the others from it; its lease brings it back.
        if isinstance(end, Exception):
            log.error("lease.not_settled", attempt_id=str(one.attempt), exc_info=end)


async def expire(context: Context) -> None:
    """End what campaigns past their end have not dialed, and calls past an end of their own. Repeatable."""
    for campaign_id, calls in (await context.leases.expire_campaigns()).items():
        log.info("campaign.expired", campaign_id=campaign_id, calls=calls)
    await context.leases.expire_calls(_MOST_EXPIRED)


async def _settle(lapsed: Lapsed, context: Context) -> None:
    freed = await context.leases.lapse(lapsed)
    if freed is Freed.NOT_LAPSED:
        return
    with context.runtime.tracing.step("rescue", str(lapsed.attempt), was=_STATES[freed]):
        await _follow(freed, lapsed, context)
    metrics.LEASES_LAPSED.labels(_STATES[freed]).inc()
    log.warning("lease.lapsed", attempt_id=str(lapsed.attempt), was=_STATES[freed])


async def _follow(freed: Freed, lapsed: Lapsed, context: Context) -> None:
    match freed:
        case Freed.NOT_LAPSED:
            return
        case Freed.REQUEUED:
            metrics.RESCUED.labels("requeued").inc()
        case Freed.NOW_UNKNOWN:
            await context.leases.look_again(lapsed.attempt.call, FIRST_LOOK_MS)
        case Freed.LOOK_UNKNOWN:
            await _settle_unknown(lapsed, context)
        case Freed.LOOK_LIVE:
            await _ask_after(lapsed, context)
        case _:
            assert_never(freed)


_STATES = {
    Freed.REQUEUED: "claimed",
    Freed.NOW_UNKNOWN: "placing",
    Freed.LOOK_UNKNOWN: "unknown",
    Freed.LOOK_LIVE: "live",
}


async def _settle_unknown(lapsed: Lapsed, context: Context) -> None:
    attempt = await context.runtime.store.attempt(lapsed.attempt)
    if attempt is None or attempt.placed_at is None:
        return
    age_ms = now_ms(context.runtime.clock) - to_ms(attempt.placed_at)
    gives_up = age_ms >= await _patience_ms(attempt, context)
    listed, asked = await _look_up(attempt, age_ms, context, last=gives_up)
    if listed:
        metrics.RESCUED.labels("listed").inc()
        await tell(attempt, "listed", listed, context)
    elif asked and _unavailable(attempt) and age_ms >= context.settings.unavailable_settle_s * 1000:
        await _redial(attempt, context)
    elif gives_up:
        await _give_up(attempt, context)
    else:
        await context.leases.look_again(lapsed.attempt.call, max(FIRST_LOOK_MS, age_ms // _LOOK_AGAIN_FACTOR))


def _unavailable(attempt: Attempt) -> bool:
    return attempt.result == f"unknown: {Doubt.UNAVAILABLE}"


async def _patience_ms(attempt: Attempt, context: Context) -> int:
    """How long this attempt may stay unknown: for a redial as long as the longest call that it could be."""
    campaign = await _campaign(attempt, context)
    if campaign.unknown is UnknownPolicy.HOLD:
        return round(context.settings.unknown_hold_s * 1000)
    return _longest_ms(campaign.terms, context)


def _longest_ms(terms: Terms, context: Context) -> int:
    return longest_call_s(terms, context.settings) * 1000 + _OVER_MARGIN_MS


async def _campaign(attempt: Attempt, context: Context) -> Campaign:
    return await context.runtime.store.campaign(attempt.id.rsplit("-", 2)[0])


async def _give_up(attempt: Attempt, context: Context) -> None:
    if (await _campaign(attempt, context)).unknown is UnknownPolicy.REDIAL:
        await _redial(attempt, context)
        return
    metrics.RESCUED.labels("undetermined").inc()
    await _let_go(attempt, context)


async def _let_go(attempt: Attempt, context: Context) -> None:
    """Nobody waits for it any more; its number is kept from others as long as its call may be up."""
    spoken = await context.runtime.store.spoken(attempt.id)
    longest_ms = _longest_ms(spoken.terms if spoken else Terms(), context)
    up_until_ms = to_ms(attempt.placed_at) + longest_ms if attempt.placed_at else 0
    event = CallEvent(kind="given_up", facts=frozenset({Fact.LOST}))
    await _apply(attempt, event, context, up_until_ms=up_until_ms)


async def _redial(attempt: Attempt, context: Context) -> None:
    """Back to the line: whoever rang would have shown itself. Should it do so yet, the call is taken out again."""
    metrics.RESCUED.labels("redialed").inc()
    ref = AttemptRef.parse(attempt.id)
    if ref and await context.dialing.redial(ref) and attempt.placed_at:
        began_ms = to_ms(attempt.placed_at)
        tracing = context.runtime.tracing
        tracing.ended(attempt.id, Disposition.UNDETERMINED, began_ms=began_ms, trunk=attempt.trunk)


async def _look_up(
    attempt: Attempt, age_ms: int, context: Context, *, last: bool = False
) -> tuple[CarrierCall | None, bool]:
    """The attempt's call in the carrier's list, and whether the list could be read. `last`: else it is given up."""
    placed = attempt.placed_at
    if placed is None or (age_ms > _LIST_UNTIL_MS and not (last and await _is_alone(attempt, context))):
        return None, False
    try:
        carrier, wanted = context.carrier(attempt.trunk), await _sought(attempt, context)
        # A few at a time: hundreds of unknown calls would each wait for the others' pages, and none would end.
        async with context.looking_up:
            if time.monotonic() < context.list_rests.get(attempt.trunk, 0.0):
                return None, False
            found = [
                one
                async for one in carrier.list_calls(placed - LISTED_WITHIN, placed + LISTED_WITHIN)
                if one.to == wanted.to and wanted.from_ in {None, one.from_}
            ]
    except CarrierError as error:
        # A carrier that hangs would hold up everybody behind: hundreds of unknown calls would wait one time limit each.
        context.list_rests[attempt.trunk] = time.monotonic() + _LIST_RESTS_S
        log.warning("carrier.list_failed", attempt_id=attempt.id, reason=str(error))
        return None, False
    for one in found:
        # Taken first, looked at second: two attempts at one number must not both find this call to be theirs.
        await context.runtime.store.own_uuid(one.uuid, attempt.id)
        if attempt.id == await context.runtime.batch.command("GET", keys.carrier_uuid(one.uuid)):
            return one, True
    return None, True


async def _is_alone(attempt: Attempt, context: Context) -> bool:
    """Whether nobody else dialed the number about then: whose a carrier's call was is not known for so long."""
    spoken, placed = await context.runtime.store.spoken(attempt.id), attempt.placed_at
    if spoken is None or placed is None:
        return False
    moments = await context.runtime.store.dialed_about(spoken.number, placed, 2 * LISTED_WITHIN)
    return moments == [to_ms(placed)]


class _Sought(NamedTuple):
    """How an attempt stands in the carrier's list; `from_` is None where the carrier chose it."""

    to: str
    from_: str | None


async def _sought(attempt: Attempt, context: Context) -> _Sought:
    ref = AttemptRef.parse(attempt.id)
    spoken = await context.runtime.store.spoken(attempt.id)
    if ref is None or spoken is None:
        raise NotFound(f"there is no attempt {attempt.id!r}")
    from_ = spoken.terms.caller_id(ref, context.settings.over(attempt.trunk).from_number or "").lstrip("+")
    return _Sought(spoken.number.lstrip("+"), None if spoken.terms.random_caller_id else from_)


async def tell(attempt: Attempt, kind: str, seen: CarrierCall, context: Context) -> None:
    """Take what the carrier says of a call as an event of its attempt."""
    await _apply(attempt, seen.event(kind, moment(now_ms(context.runtime.clock))), context)


async def _apply(attempt: Attempt, event: CallEvent, context: Context, *, up_until_ms: int = 0) -> None:
    runtime = context.runtime
    count_change(await runtime.store.apply_event(attempt.id, event, up_until_ms=up_until_ms), runtime.tracing)


async def _ask_after(lapsed: Lapsed, context: Context) -> None:
    """A live call was silent for longer than it can last: ask the carrier how it stands."""
    attempt = await context.runtime.store.attempt(lapsed.attempt)
    if attempt is None:
        return
    if Fact.COMPLETED in attempt.facts:
        metrics.RESCUED.labels("no_reason").inc()
        await _apply(attempt, CallEvent(kind="no_reason", facts=frozenset({Fact.LOST})), context)
        return
    try:
        seen = await context.carrier(attempt.trunk).get_call(attempt.uuid) if attempt.uuid else None
    except CarrierError as error:
        log.warning("carrier.call_not_read", attempt_id=attempt.id, reason=str(error))
        await context.leases.look_again(lapsed.attempt.call, _ASK_AGAIN_MS)
        if not _outlasted(attempt, context):
            return
        seen = None
    metrics.RESCUED.labels("asked").inc()
    if seen is None or (_outlasted(attempt, context) and not seen.facts & ENDINGS):
        await _let_go(attempt, context)
    else:
        if not seen.facts & ENDINGS:  # before the event, whose own limits are to stand
            await context.leases.look_again(lapsed.attempt.call, _ASK_AGAIN_MS)
        await tell(attempt, "asked", seen, context)


def _outlasted(attempt: Attempt, context: Context) -> bool:
    """Whether the attempt is older than any call can be; whatever the carrier says then, it is not going on."""
    limits = context.runtime.limits
    longest_ms = limits.ringing + limits.talking + _BEYOND_DOUBT_MS
    placed_ms = to_ms(attempt.placed_at) if attempt.placed_at else 0
    return now_ms(context.runtime.clock) - placed_ms > longest_ms
