"""Place calls at their moments: the last look, the one request, and what its answer means.

A request leaves at most once for each attempt. Whatever happens between the intent and the answer, the attempt is
placed, surely not placed, or unknown, and each of the three has its way on; see `dialer/dialing.py` for what a crash
leaves. Sum of the times: the request's limit (`carrier_timeout_s`, at most 60 s) < lease of a placing (limit + 10 s).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex

import stamina
import structlog

from dialer import metrics, pacing, phone
from dialer.addresses import endpoint_of
from dialer.clock import now_ms
from dialer.counting import count_attempt, count_calls
from dialer.dialing import Begun, Follows, Recorded
from dialer.dials import Claim, Dial
from dialer.dispositions import Disposition
from dialer.errors import CarrierError, StoreUnavailable
from dialer.leases import Lapsed
from dialer.providers.base import CallRequest, Placed, PlaceResult, Refusal, Refused, Unknown
from dialer.terms import request_for
from dialer.tokens import callback_url
from jobs.context import Context
from jobs.stopping import pause, shut_trunk, stop_if_ours

log = structlog.get_logger()

LEASE_MARGIN_S = 10
FIRST_LOOK_MS = 5_000
"""An unknown attempt is looked for in the carrier's list first after this long: webhooks mostly come sooner."""
_LATE_US = 2_000
"""A request that leaves later than this for its token says so to the budget; less is within any margin."""
LEAVES_TOKEN = frozenset(
    {
        Begun.PREEMPTED,
        Begun.SUPPRESSED,
        Begun.NEXT_NUMBER,
        Begun.HELD,
        Begun.NO_SLOT,
        Begun.OVER_CAP,
        Begun.BREAKER_OPEN,
        Begun.CHANGED,
    }
)
"""Of many who opted out, or were dialed too often, each would cost the others a token's time. (Where a campaign
expired, all of it did.)"""
_OUTAGE_S = 600.0  # how long a worker holds an answer in memory while Redis is away


async def place_all(claims: Sequence[Claim], context: Context) -> None:
    """Place claimed calls, each at its own moment; returns when all are placed, put back or unknown."""
    try:
        dials = await context.dialing.read(claims)
    except StoreUnavailable:
        log.warning("claim.left_to_lapse", calls=len(claims))
        return
    if dials:
        first_us = min(dial.claim.place_at_us for dial in dials) - pacing.BEGIN_AHEAD_US
        context.dialing.lead.learn(context.runtime.clock.now_us() - first_us)
    placings = [context.start(place(dial, context)) for dial in dials]
    await asyncio.shield(asyncio.gather(*placings))


async def place(dial: Dial, context: Context) -> None:
    """Place one claimed call at its moment, or put it back; then whoever its token was handed on to."""
    heirs: Sequence[Dial] = [dial]
    while heirs:
        [heir] = heirs
        heirs = await _place(heir, context)


async def _place(dial: Dial, context: Context) -> Sequence[Dial]:
    """Place this call or not; returns the one, if any, that has its token now."""
    nonce = token_hex(8)
    context.in_hand.take()
    begun = Begun.GONE
    try:
        tracing, attempt_id = context.runtime.tracing, str(dial.attempt)
        with tracing.step("claim", attempt_id, links=dial.origins, trunk=dial.claim.trunk) as span:
            if not await _ready(dial, context):
                span.tell(result="not_ready")
                return []
            await context.runtime.clock.sleep_until(dial.claim.place_at_us - pacing.BEGIN_AHEAD_US)
            begun = await _begin(dial, nonce, context)
            span.tell(result=begun.name.lower())
        if begun is Begun.BEGUN:
            await context.runtime.clock.sleep_until(dial.claim.place_at_us)
    finally:
        context.in_hand.leave(context.runtime.clock.now_us() - dial.claim.place_at_us)
    if begun is Begun.BEGUN:
        await _send(dial, nonce, context)
        return []
    metrics.TOKENS_RETURNED.labels(begun.name.lower()).inc()
    if begun.ends_call:
        count_calls(begun.ends_call, dial.kind)
    return await _hand_over(dial.claim, context) if begun in LEAVES_TOKEN else []


async def _ready(dial: Dial, context: Context) -> bool:
    """Whether placing has all it needs; without an access token nothing is begun and the whole fleet waits."""
    try:
        await context.carrier(dial.claim.trunk).make_ready()
    except CarrierError as error:
        log.warning("carrier.not_ready", reason=str(error))
        await asyncio.gather(_put_back(dial, context), _tune(Refused(Refusal.TOKEN), dial.claim, context))
        metrics.TOKENS_RETURNED.labels("not_ready").inc()
        if not error.retryable and not await shut_trunk(dial.claim, str(error), context):
            await pause(dial.claim, str(error), context)
        return False
    return True


async def _begin(dial: Dial, nonce: str, context: Context) -> Begun:
    if context.lets_go:
        await _put_back(dial, context)
        return Begun.GONE
    try:
        return await context.dialing.begin(dial, nonce, lease_ms=_lease_ms(context))
    except StoreUnavailable:
        # The intent may be stored or not; the request surely has not left. Take the intent back.
        await _conclude(dial, nonce, Refused(Refusal.NOT_SENT, "Redis was away before the request left"), context)
        return Begun.GONE


async def _put_back(dial: Dial, context: Context) -> None:
    try:
        await context.leases.lapse(Lapsed(dial.attempt, dial.claim.deadline_ms))
    except StoreUnavailable:
        log.warning("claim.left_to_lapse", call_id=str(dial.claim.call))


async def _hand_over(token: Claim, context: Context) -> Sequence[Dial]:
    """Give the token of a call that does not go out to the next in line: the urgent one that wants it, or any."""
    try:
        claimed = await context.dialing.claim(1, inherited=token)
        return await context.dialing.read(claimed.claims)
    except StoreUnavailable:
        return []


async def _send(dial: Dial, nonce: str, context: Context) -> None:
    late_us = context.runtime.clock.now_us() - dial.claim.place_at_us
    tracing, attempt_id = context.runtime.tracing, str(dial.attempt)
    exemplar = tracing.exemplar(attempt_id)
    metrics.LATENESS_SECONDS.labels(dial.claim.trunk).observe(max(0, late_us) / 1_000_000, exemplar)
    if late_us > pacing.LATEST_US:
        # This process was stopped or starved: the token is stale, and so may be everything looked at.
        metrics.TOKENS_RETURNED.labels("too_late").inc()
        await _record(dial, nonce, Follows("back", "refused: too_late"), context)
        return
    if late_us > _LATE_US:
        context.reports.late(dial.claim)
    started = time.perf_counter()
    with tracing.step("place", attempt_id, trunk=dial.claim.trunk, late_us=late_us) as span:
        result = await context.carrier(dial.claim.trunk).place(_request(dial, context))
        span.tell(result=_words(result))
    elapsed = time.perf_counter() - started
    metrics.PLACEMENT_SECONDS.labels(dial.claim.trunk).observe(elapsed, exemplar)
    recorded = await _conclude(dial, nonce, result, context)
    log.info(
        "attempt.answered",
        attempt_id=attempt_id,
        trunk=dial.claim.trunk,
        number=phone.mask(dial.number),
        result=_words(result),
        detail=getattr(result, "detail", ""),  # the carrier's own words: masked, without secrets
        late_ms=late_us // 1000,
        duration_ms=round(elapsed * 1000),
        taken=recorded.taken,
    )


def _request(dial: Dial, context: Context) -> CallRequest:
    settings, terms = context.settings.over(dial.claim.trunk), dial.terms
    webhooks = callback_url(settings, str(dial.attempt))
    from_ = terms.caller_id(dial.attempt, settings.from_number or "")
    return request_for(endpoint_of(dial.number, dial.endpoint), from_, webhooks, terms, settings)


async def _conclude(dial: Dial, nonce: str, result: PlaceResult, context: Context) -> Recorded:
    """Store what the answer means for the call, the fleet's pace and, if it is our fault, the campaign."""
    metrics.PLACEMENTS.labels(dial.claim.trunk, _words(result).replace(": ", "_")).inc()
    what = follows(result, now_ms(context.runtime.clock), context)
    if isinstance(result, Placed):
        recorded = await _record_placed(dial, nonce, what, context)
    else:
        recorded, _ = await asyncio.gather(_record(dial, nonce, what, context), _tune(result, dial.claim, context))
    if recorded.taken and isinstance(result, Refused) and result.reason is Refusal.BAD_REQUEST:
        count_attempt(dial.claim.trunk, Disposition.FAILED)
        began_ms = dial.claim.place_at_us // 1000
        context.runtime.tracing.ended(str(dial.attempt), Disposition.FAILED, began_ms=began_ms, trunk=dial.claim.trunk)
    if recorded.call:
        count_calls(recorded.call, dial.kind)
    await stop_if_ours(dial, result, recorded, context)
    return recorded


async def _record_placed(dial: Dial, nonce: str, what: Follows, context: Context) -> Recorded:
    # One exchange with Redis for all three, and no task for each.
    context.reports.accepted(dial.claim.trunk)
    # Marked as this attempt's, should its `started` be lost and another attempt be looked for.
    owned = context.runtime.store.own_uuid(what.uuid, str(dial.attempt))
    recorded = await _record(dial, nonce, what, context)
    with suppress(StoreUnavailable):
        await owned
    return recorded


async def _record(dial: Dial, nonce: str, what: Follows, context: Context) -> Recorded:
    with suppress(StoreUnavailable):
        return await context.dialing.record(dial, nonce, what)
    async for trial in stamina.retry_context(
        on=StoreUnavailable, attempts=None, timeout=_OUTAGE_S, wait_initial=0.1, wait_max=2.0
    ):
        with trial:
            return await context.dialing.record(dial, nonce, what)
    raise AssertionError("unreachable: retry_context returns or raises")


async def _tune(result: PlaceResult, token: Claim, context: Context) -> None:
    if isinstance(result, Refused) and result.reason is Refusal.RATE:
        metrics.REFUSED_RATE.labels(token.trunk).inc()
    try:
        runtime = context.runtime
        wait_ms = token.interval_us // 1000
        await pacing.tune(runtime.batch, runtime.clock, result, first_wait_ms=wait_ms, trunk=token.trunk)
    except StoreUnavailable:
        log.warning("budget.not_tuned", result=_words(result))


def follows(result: PlaceResult, now: int, context: Context) -> Follows:
    """What a placing's result means for its call."""
    words = _words(result)
    match result:
        case Placed(uuid=uuid):
            return Follows("live", words, uuid, now + context.runtime.limits.ringing)
        case Refused(reason=Refusal.BAD_REQUEST):
            return Follows(Disposition.FAILED, f"{words}: {result.detail}")
        case Refused():
            return Follows("back", words)
        case Unknown():
            return Follows("unknown", words, deadline_ms=now + FIRST_LOOK_MS)


def _words(result: PlaceResult) -> str:
    match result:
        case Placed():
            return "placed"
        case Refused(reason=reason):
            return f"refused: {reason}"
        case Unknown(reason=doubt):
            return f"unknown: {doubt}"


def _lease_ms(context: Context) -> int:
    return round((context.settings.carrier_timeout_s + LEASE_MARGIN_S) * 1000)
