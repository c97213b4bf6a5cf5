"""Why a call, and why each of a campaign's calls, is not being dialed now, from what was seen. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dialer import pacing
from dialer.clock import at_ms, moment
from dialer.dialing import CLAIM_LEASE_MS
from dialer.dispositions import Disposition
from dialer.explaining.reasons import Code, Group, Reason, shown_moment, told
from dialer.explaining.rules import HELD_BACK, HELD_CODES, RULES, closed, dialed_text
from dialer.explaining.seen import Seen, SeenCall
from dialer.holding import Held
from dialer.model import UnknownPolicy
from dialer.states import CallState


@dataclass(frozen=True, slots=True)
class Explained:
    """Why something is not being dialed now: the reason, and whatever else would be against it."""

    reason: Reason
    also: tuple[Reason, ...] = ()


def explain_call(seen: Seen, call: SeenCall) -> Explained:
    """Why a call is not being dialed now."""
    if isinstance(call.where, Disposition):
        return Explained(told(Code.DONE, detail=call.where))
    if call.where is not CallState.WAITING:
        return Explained(_on_its_way(seen, call))
    seen = replace(seen, call=call)
    own, against = _own(seen, call), _against(seen)
    first, *others = [own, *against] if own else against
    return Explained(first, tuple(one for one in others if one.code not in {first.code, Code.IN_LINE}))


def _against(seen: Seen) -> list[Reason]:
    return [reason for rule in RULES if (reason := rule(seen))]


def explain_campaign(seen: Seen) -> tuple[Explained, list[Group]]:
    """Why nothing of a campaign is being dialed now, and for all of its calls why each of them is not."""
    against = _against(seen)
    groups = [*_ended(seen), *_under_way(seen), *_held_back(seen), *_parked(seen)]
    if seen.later:
        groups.append(Group(told(Code.DUE_LATER, at_ms(seen.later_ms), detail=_FIRST), seen.later))
    if seen.due:
        groups.append(Group(against[0], seen.due))
    return _summary(seen, against, groups), groups


def _summary(seen: Seen, against: Sequence[Reason], groups: Sequence[Group]) -> Explained:
    """The reason of calls that are due, or of those that are next."""
    others = tuple(one for one in against if one.code is not Code.IN_LINE)
    stops = against[0].code in _STOPS
    if seen.due or (stops and seen.states[CallState.WAITING]):
        return Explained(against[0], others[1:] if others else ())
    if not groups:
        return Explained(told(Code.EMPTY, campaign_id=seen.campaign.id), others[:1] if stops else ())
    ahead = [group.reason for group in groups if group.reason.code in _WAITS]
    if ahead:
        soonest = min(ahead, key=lambda reason: reason.until or _NEVER)
        return Explained(soonest, tuple(one for one in others if one.code is not soonest.code))
    under_way = [group.reason for group in groups if group.reason.code in _UNDER_WAY]
    return Explained((under_way or [groups[0].reason])[0])


_FIRST = ", the first of them"
_STOPS = frozenset({Code.EXPIRING, Code.CANCELLED, Code.DRAFT, Code.PAUSED})
_WAITS = frozenset({*HELD_BACK, Code.OUT_OF_HOURS, Code.DUE_LATER})
_UNDER_WAY = frozenset({Code.CLAIMED, Code.PLACING, Code.LIVE, Code.UNKNOWN})
_NEVER = moment(1 << 47)


def _ended(seen: Seen) -> Iterator[Group]:
    for disposition, count in seen.dispositions.items():
        if count:
            yield Group(told(Code.DONE, detail=disposition), count, disposition)


def _under_way(seen: Seen) -> Iterator[Group]:
    reasons = {
        CallState.LIVE: told(Code.LIVE),
        CallState.PLACING: told(Code.PLACING),
        CallState.UNKNOWN: _unknown(seen, seen.unknown_since_ms),
        CallState.CLAIMED: told(Code.CLAIMED, at_ms(seen.now_ms + pacing.HORIZON_US / 1000)),
    }
    for state, reason in reasons.items():
        if seen.states[state]:
            yield Group(reason, seen.states[state])


def _held_back(seen: Seen) -> Iterator[Group]:
    for held, (count, until_ms) in seen.held.items():
        if count:
            yield Group(told(HELD_CODES[held], at_ms(until_ms), detail=_first(held)), count)


def _first(held: Held) -> str:
    return "" if held is Held.NUMBER_UP else _FIRST


def _parked(seen: Seen) -> Iterator[Group]:
    for opens_ms, count in seen.parked:
        if count:
            yield Group(closed(seen, opens_ms), count)


def _on_its_way(seen: Seen, call: SeenCall) -> Reason:
    lease = at_ms(call.lease_ms)
    match call.where:
        case CallState.CLAIMED:
            return told(Code.CLAIMED, at_ms(call.lease_ms - CLAIM_LEASE_MS) if call.lease_ms else None)
        case CallState.PLACING:
            return told(Code.PLACING, lease)
        case CallState.UNKNOWN:
            return _unknown(seen, call.at_ms)
        case _:
            return told(Code.LIVE, lease)


def _unknown(seen: Seen, since_ms: float | None) -> Reason:
    if seen.campaign.unknown is UnknownPolicy.REDIAL:
        return told(Code.UNKNOWN, detail="else it is dialed again after the longest possible call")
    until = at_ms(since_ms + seen.unknown_hold_ms) if since_ms else None
    detail = f"else a person must look, about {shown_moment(until)}" if until else "else a person must look"
    return told(Code.UNKNOWN, until, detail=detail)


def _own(seen: Seen, call: SeenCall) -> Reason | None:
    """Why a waiting call is not due by itself."""
    if call.at_ms <= seen.now_ms:
        return None
    if call.held and call.held[0] in seen.release:
        return None
    if call.held and call.held[1] > seen.now_ms:
        return told(HELD_CODES[call.held[0]], at_ms(call.held[1]), detail=dialed_text(call, call.held[0]))
    opening = next((opens for opens, _ in seen.parked if seen.is_parked(call.at_ms, opens)), None)
    if opening is not None:
        return closed(seen, opening)
    if any(seen.is_parked(call.at_ms, opens) for opens in seen.unpark):
        return None
    detail = f": its last try ended {call.last}, and this is the next one" if call.last else ""
    return told(Code.DUE_LATER, at_ms(call.at_ms), detail=detail)
