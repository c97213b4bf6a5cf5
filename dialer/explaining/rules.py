"""What keeps a call that is due from being dialed: `RULES`, the strongest first. Pure; no I/O.

The first rule that holds is the reason, and whatever else holds is told beside it. The table says in Python what
`claim_due_calls` and `begin_attempt` decide, and `REFUSALS` which of its codes stand for each refusal of the last look.
A further rule is a function here, a code and its words in `reasons.py`, and a row in the tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from dialer import keys, pacing
from dialer.clock import at_ms, moment, to_ms
from dialer.dialing import Begun
from dialer.explaining.reasons import Code, Reason, shown_moment, told
from dialer.explaining.seen import Seen, SeenCall
from dialer.holding import PLACING_MS, Held, not_before
from dialer.model import MAIN, Priority
from dialer.pacing import Verdict
from dialer.states import CallState, CampaignState

_MOST_ZONES = 3  # told in words
SWEEP_MS = 3_000
"""How often the sweeper ends what is too late."""

Rule = Callable[[Seen], Reason | None]

HELD_CODES: Mapping[Held, Code] = {
    Held.NUMBER_UP: Code.NUMBER_UP,
    Held.SPACING: Code.SPACING,
    Held.DAY_CAP: Code.DAY_CAP,
    Held.WEEK_CAP: Code.WEEK_CAP,
    Held.PREFIX_SHARE: Code.PREFIX_SHARE,
}
HELD_BACK = tuple(HELD_CODES.values())
_CAPS = (Held.SPACING, Held.DAY_CAP, Held.WEEK_CAP)  # which the tries at the number explain

REFUSALS: Mapping[Begun, tuple[Code, ...]] = {
    Begun.GONE: (Code.IN_LINE,),  # its claim lapsed: it is in line again
    Begun.NOT_RUNNING: (Code.DRAFT, Code.PAUSED, Code.CANCELLED),
    Begun.GATE_CLOSED: (Code.GATE_CLOSED,),
    Begun.PREEMPTED: (Code.HIGHER_PRIORITY,),
    Begun.TOO_LATE: (Code.IN_LINE,),  # its token was used too late: it gets another
    Begun.SUPPRESSED: (Code.SUPPRESSED, Code.DONE),
    Begun.EXPIRED: (Code.EXPIRING, Code.DONE),
    Begun.NEXT_NUMBER: (Code.IN_LINE,),  # with the person's next number
    Begun.OUT_OF_HOURS: (Code.OUT_OF_HOURS,),
    Begun.HELD: HELD_BACK,
    Begun.NO_SLOT: (Code.SLOTS_FULL, Code.BREAKER_OPEN),
    Begun.OVER_CAP: (Code.EURO_CAP,),
    Begun.BREAKER_OPEN: (Code.BREAKER_OPEN,),
    Begun.TRUNK_STOPPED: (Code.TRUNK_STOPPED,),
    Begun.OLD_DATA: (Code.OLD_DATA, Code.IN_LINE),  # the latter on another server, or an emptied one
    Begun.CHANGED: (Code.IN_LINE,),  # to be looked for on the other lists
}
"""What an explanation says of a call that the last look refused so."""


def _expiring(seen: Seen) -> Reason | None:
    ends: list[float] = [to_ms(seen.campaign.expires_at)] if seen.campaign.expires_at else []
    ends += [seen.call.expires_ms] if seen.call and seen.call.expires_ms else []
    if min(ends, default=math.inf) > seen.now_ms:
        return None
    return told(Code.EXPIRING, at_ms(seen.now_ms + SWEEP_MS), detail=shown_moment(moment(min(ends))))


def _suppressed(seen: Seen) -> Reason | None:
    call = seen.call
    if call is None or call.number is not None:
        return None
    since = ", ".join(f"{number} since {shown_moment(at)}" for number, at in call.suppressed.items())
    return told(Code.SUPPRESSED, detail=since)


def _cancelled(seen: Seen) -> Reason | None:
    if seen.campaign.state not in {CampaignState.CANCELLED, CampaignState.COMPLETED}:
        return None
    return told(Code.CANCELLED, detail=seen.campaign.state)


def _draft(seen: Seen) -> Reason | None:
    return told(Code.DRAFT, campaign_id=seen.campaign.id) if seen.campaign.state is CampaignState.DRAFT else None


def _paused(seen: Seen) -> Reason | None:
    if seen.campaign.state is not CampaignState.PAUSED:
        return None
    why = f" ({seen.campaign.reason})" if seen.campaign.reason else ""
    return told(Code.PAUSED, detail=why, campaign_id=seen.campaign.id)


def _out_of_hours(seen: Seen) -> Reason | None:
    """Where the calls of a campaign fall into several cohorts, some of which are open, those are dialed."""
    stretches = [*seen.stretches.values()]
    if seen.call and seen.call.cohort in seen.stretches:
        stretches = [seen.stretches[seen.call.cohort]]
    if not stretches or any(opens <= seen.now_ms for opens, _ in stretches):
        return None
    soon = [opens for opens, closes in stretches if opens < closes]
    return closed(seen, min(soon, default=None))


def closed(seen: Seen, opens_ms: int | None) -> Reason:
    """Out of hours until then; None: they do not open soon."""
    numbers = [seen.call.cohort] if seen.call else [n for n, (opens, _) in seen.stretches.items() if opens == opens_ms]
    zones = sorted({zone for number in numbers for zone in seen.zones.get(number, ())})
    end = to_ms(seen.campaign.expires_at) if seen.campaign.expires_at else math.inf
    is_over = opens_ms is not None and opens_ms >= end
    until_ms = end if is_over else opens_ms
    detail = _clocks(zones, until_ms) + ("; and that is its campaign's end" if is_over else "")
    return told(Code.OUT_OF_HOURS, at_ms(until_ms), detail=detail, campaign_id=seen.campaign.id)


def _clocks(zones: Sequence[str], until_ms: float | None) -> str:
    """What the clocks of some zones show then."""
    if until_ms is None or not zones:
        return f" (on the clock of {' and '.join(zones[:_MOST_ZONES])})" if zones else ""
    shown = [f"{moment(until_ms).astimezone(ZoneInfo(zone)):%a %H:%M} in {zone}" for zone in zones[:_MOST_ZONES]]
    return f" ({', '.join(shown)}{', ...' if len(zones) > _MOST_ZONES else ''})"


def _number(seen: Seen) -> Reason | None:
    """What the last look would find of the number, caps and other calls to it."""
    call = seen.call
    if call is None:
        return None
    capped = not_before(call.dialed_ms, seen.campaign.caps, seen.now_ms)
    known_ms = call.dialed_ms[0] + PLACING_MS if capped and call.other_up else 0
    if capped and seen.now_ms < known_ms < capped[1]:
        return told(Code.NUMBER_UP, detail=f" ({call.other_up})")
    if capped:
        return told(HELD_CODES[capped[0]], at_ms(capped[1]), detail=dialed_text(call, capped[0]))
    if call.other_up:
        return told(Code.NUMBER_UP, detail=f" ({call.other_up})")
    return None


def dialed_text(call: SeenCall, held: Held) -> str:
    """When the number was dialed, or by whom it is up."""
    if held is Held.NUMBER_UP:
        return f" ({call.other_up})" if call.other_up else ""
    if held not in _CAPS:
        return ""
    shown = ", ".join(shown_moment(moment(at)) for at in call.dialed_ms[:5])
    return f" (dialed {shown})" if shown else ""


def _breaker_open(seen: Seen) -> Reason | None:
    """Closed, waiting, or open for one call at a time."""
    tripped = seen.campaign.tripped
    if tripped is None or (to_ms(tripped.until) <= seen.now_ms and not _up(seen)):
        return None
    detail = f"{tripped.failures} of the campaign's last {tripped.of} attempts failed"
    return told(Code.BREAKER_OPEN, tripped.until if to_ms(tripped.until) > seen.now_ms else None, detail=detail)


def _euro_cap(seen: Seen) -> Reason | None:
    """As `parts/spending.lua` decides it."""
    campaign, cap = seen.campaign, seen.campaign.euro_cap
    reserved = max(cap.per_call, campaign.dearest)
    in_all, today = (spent + reserved * (_up(seen) + 1) for spent in (campaign.spent, campaign.spent_today))
    if cap.total is not None and in_all > cap.total:
        detail = f"{campaign.spent:.2f} of {cap.total:.2f} euros are spent, {reserved:.2f} reserved for each call"
        return told(Code.EURO_CAP, detail=detail, campaign_id=campaign.id)
    if cap.day is not None and today > cap.day:
        detail = f"{campaign.spent_today:.2f} of {cap.day:.2f} euros of this day (UTC) are spent"
        is_for_today = campaign.spent_today + reserved > cap.day
        midnight = at_ms((seen.now_ms // keys.DAY_MS + 1) * keys.DAY_MS) if is_for_today else None
        return told(Code.EURO_CAP, midnight, detail=detail, campaign_id=campaign.id)
    return None


def _up(seen: Seen) -> int:
    return sum(seen.states[state] for state in keys.IN_FLIGHT if state is not CallState.WAITING)


def _slots_full(seen: Seen) -> Reason | None:
    slots = seen.campaign.share.slots
    up = _up(seen)
    return told(Code.SLOTS_FULL, detail=f"{up} of {slots}") if slots and up >= slots else None


def _own_pace(seen: Seen) -> Reason | None:
    rate = seen.campaign.share.calls_per_second
    if rate is None or seen.pace_at_us <= seen.token_at_us():
        return None
    before = seen.call.before if seen.call else 0
    free_ms = math.ceil((seen.pace_at_us - pacing.LEAD_US + before * _each_us(seen)) / 1000)
    whose = f"the turn of this one, {_calls(before)} before it, comes" if before else "the next one goes"
    return told(Code.OWN_PACE, at_ms(free_ms), detail=f"{rate:g} calls a second at the most: {whose}")


def _gate_closed(seen: Seen) -> Reason | None:
    gate = seen.trunk.gate_ms
    return (
        told(Code.GATE_CLOSED, at_ms(gate), detail=_why_closed(seen.trunk.closed_by) + _whose(seen))
        if gate > seen.now_ms
        else None
    )


def _trunk_stopped(seen: Seen) -> Reason | None:
    """Of a campaign's trunks the one by which it goes on first; an urgent one that has but one waits for no breaker."""
    tripped, campaign = seen.trunk.tripped, seen.campaign
    if tripped is None or (campaign.priority is Priority.URGENT and len(campaign.trunks) == 1):
        return None
    detail = f"{tripped.failures} of the last {tripped.of} attempts by the trunk {seen.trunk.name} failed"
    return told(Code.TRUNK_STOPPED, tripped.until if to_ms(tripped.until) > seen.now_ms else None, detail=detail)


def _why_closed(verdict: str | None) -> str:
    if verdict == Verdict.RATE:
        return "it found the pace too fast (429)"
    return "it did not answer, failed, or refused the access token or the quota"


def _trunk_full(seen: Seen) -> Reason | None:
    slots, up = seen.pace.slots, seen.trunk.up
    return told(Code.TRUNK_FULL, detail=f"{up} of {slots}{_whose(seen)}") if 0 < slots <= up else None


def _whose(seen: Seen) -> str:
    return "" if seen.trunk.name == MAIN else f", by the trunk {seen.trunk.name}"


def _old_data(seen: Seen) -> Reason | None:
    return told(Code.OLD_DATA) if seen.is_old else None


def _no_worker(seen: Seen) -> Reason | None:
    return None if seen.trunk.workers else told(Code.NO_WORKER, detail=f"{keys.WORKER_ALIVE_MS // 1000}")


def _higher_priority(seen: Seen) -> Reason | None:
    higher = sum(seen.trunk.ready[: _rank(seen)])
    if not higher:
        return None
    return told(Code.HIGHER_PRIORITY, detail=f"{higher} campaign{'' if higher == 1 else 's'} with due calls")


def _in_line(seen: Seen) -> Reason:
    overridden = "its windows are overridden; " if seen.campaign.override_windows and seen.campaign.windows else ""
    first_us, before = seen.token_at_us(), seen.call.before if seen.call else 0
    turn = at_ms((first_us + before * _each_us(seen)) / 1000)
    if seen.call:
        return told(
            Code.IN_LINE, turn, detail=f"{overridden}{_calls(before)} before it in its campaign; its turn comes"
        )
    last = moment((first_us + max(seen.due - 1, 0) * _each_us(seen)) / 1000)
    due = f"{_calls(seen.due)} due, the last about {shown_moment(last)}, the next one"
    return told(Code.IN_LINE, turn, detail=overridden + _some_closed(seen) + due)


def _some_closed(seen: Seen) -> str:
    closed_now = sum(opens > seen.now_ms for opens, _ in seen.stretches.values())
    return "calls whose hours are closed are put aside when they come first; " if closed_now else ""


def _each_us(seen: Seen) -> float:
    """Between two of its calls. Others of its class are taken to weigh one each: what they weigh is not looked up."""
    weight, others = seen.campaign.share.weight, max(seen.trunk.ready[_rank(seen)] - 1, 0)
    rate = seen.campaign.share.calls_per_second
    return max(seen.interval_us * (weight + others) / weight, 1_000_000 / rate if rate else 0)


def _calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"


def _rank(seen: Seen) -> int:
    return [*Priority].index(seen.campaign.priority)


RULES: tuple[Rule, ...] = (
    _expiring,
    _suppressed,
    _cancelled,
    _draft,
    _paused,
    _out_of_hours,
    _number,
    _breaker_open,
    _euro_cap,
    _slots_full,
    _own_pace,
    _gate_closed,
    _trunk_stopped,
    _trunk_full,
    _old_data,
    _no_worker,
    _higher_priority,
    _in_line,
)
