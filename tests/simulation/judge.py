"""The judge: holds a run against the promises, by the carrier's own log, the API and the list that was put in alone."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from itertools import pairwise
from typing import Any

from dialer.simulator.legs import Leg
from tests.simulation.plan import PlannedCampaign
from tests.simulation.told import Json
from tests.simulation.virtual_time import BEGIN_S
from tests.simulation.world import World

GRACE_S = 0.45
"""Pause, cancel, suppression and the end of a campaign reach all but calls whose intent was stored before: these leave
`pacing.LATEST_US` after their moment at the latest. A machine that stands still, or a slow line, comes on top."""
_UNDER_WAY_S = 6.0
"""A request that left before Redis was lost reaches the carrier so much later at most."""
_ENDED_UNDIALED = frozenset({"cancelled", "expired"})
_SENT_LATER = frozenset({"freeze", "network_slow"})
_HEARD = frozenset(
    {"pause", "cancel", "suppress", "urgent", "place", "revoke", "token_down", "webhook:doubled"}
    | {"webhook:swapped", "webhook:late", "webhook:odd_status"}
)
"""Where nothing else happens, all that somebody presses reaches the dialer."""


def judge(world: World) -> list[str]:
    """What is wrong, in words; the first word is the promise's."""
    return [
        *world.told.leftovers,
        *(f"sums: {look}" for look in world.told.looks),
        *_twice(world),
        *_lost(world),
        *_fast(world),
        *_stopped(world),
        *_together(world),
        *_slots(world),
        *_true(world),
    ]


def _legs(world: World, number: str) -> list[Leg]:
    return list(world.carrier._exchange.legs_of(number))


def _attempt(leg: Leg) -> str:
    """Which attempt a call belongs to: the carrier was told by the address of its events."""
    return str(leg.order.event_url).split("/webhooks/")[1].split("/")[0].rpartition(".")[0]


def _twice(world: World) -> list[str]:
    wrong = _twice_in_all(world)
    for campaign, call, legs in _calls(world):
        # Where a backup was put back, an attempt that was lost may have had the number that a later one gets.
        rang = Counter((_attempt(leg), _lives_before(world, leg)) for leg in legs)
        wrong += [
            f"twice: {call['number']} rang {times} times for attempt {one}"
            for (one, _), times in rang.items()
            if times > 1
        ]
        most = campaign.tries if campaign else 1
        if len(legs) > most:
            wrong.append(f"twice: {call['number']} rang {len(legs)} times, {most} allowed; {_short(call)}")
        if len(legs) > call.get("tries", 0) and not _may_be_uncounted(world, call, legs):
            wrong.append(f"twice: {call['number']} rang {len(legs)} times in {call.get('tries')} tries; {_short(call)}")
    return wrong


def _twice_in_all(world: World) -> list[str]:
    """The same by campaign and number, whatever became of the call: data that is gone does not excuse a ring."""
    wrong, told = [], world.told
    for campaign in world.plan.campaigns:
        name = campaign.name
        ids = {told.campaigns.get(name), *(one for one, whose in told.former.items() if whose == name)}
        for person in campaign.people:
            rang = sum(_attempt(leg).split("-")[0] in ids for leg in _legs(world, person.number))
            if rang > campaign.tries:
                wrong.append(f"twice: {person.number} rang {rang} times for {name}, {campaign.tries} allowed")
    planned = {campaign.name for campaign in world.plan.campaigns}
    rings = {number: len(_legs(world, number)) for number in (told.singles.keys() | told.spared.keys()) - planned}
    return [*wrong, *(f"twice: {one} rang {times} times, 1 allowed" for one, times in rings.items() if times > 1)]


def _may_be_uncounted(world: World, call: Json, legs: list[Leg]) -> bool:
    """Whether the manual says that attempts which a backup lacked may not be counted.

    A call that may be any of several is left to a person, and one that ended before all was settled stays as it ended.
    """
    if call.get("disposition") == "undetermined":
        return bool(world.told.restores)
    counted = [leg for leg in legs if not _is_gone(world, leg)]
    return call.get("disposition") in _ENDED_UNDIALED and len(counted) <= call.get("tries", 0)


def _is_gone(world: World, leg: Leg) -> bool:
    """Whether a backup that was put back was taken before the call."""
    return any(one.copied_s <= _began_s(leg) <= one.put_back_s + _UNDER_WAY_S for one in world.told.restores)


def _lives_before(world: World, leg: Leg) -> int:
    return sum(restore.put_back_s < _began_s(leg) for restore in world.told.restores)


def _lost(world: World) -> list[str]:
    wrong = []
    for campaign in world.plan.campaigns:
        name = campaign.name
        if name in world.told.missed:
            continue
        if name not in world.told.imported:
            wrong.append(f"lost: {name} was never taken, though nothing goes wrong any more")
            continue
        numbers = sorted(call["number"] for call in world.told.calls.get(name, []))
        if numbers != sorted(world.told.imported[name]):
            wrong.append(f"lost: the list of {name} was {sorted(world.told.imported[name])} and is {numbers}")
        seen = world.told.seen.get(name, {})
        if seen.get("state") not in {"completed", "cancelled"}:
            wrong.append(f"lost: {name} is not over but {seen.get('state')} {seen.get('counts')}, {seen.get('reason')}")
    for _, call, _ in _calls(world):
        if call.get("state") != "done" or call.get("disposition") is None:
            wrong.append(f"lost: {call.get('number')} has no disposition: {_short(call)}")
    wrong += [f"lost: {number} is {len(ids)} calls" for number, ids in world.told.singles.items() if len(ids) != 1]
    return wrong


def _fast(world: World) -> list[str]:
    # Where Redis' clock jumps, or a line to the carrier gets faster, a request comes early once; then what the carrier
    # lets in must be within its rate, and else whatever reaches it. What it sends back for its token is sent once more.
    early = any(event.what in {"clock_jump", "network_slow"} for event in world.plan.events)
    placed = [
        record.arrived_s
        for record in world.carrier.log
        if record.method == "POST" and record.path.endswith("/voice/calls")
        if (record.accepted if early else record.status != HTTPStatus.UNAUTHORIZED)
    ]
    most = max(1, int(world.plan.per_second))
    window_s = 1.0 if world.plan.per_second >= 1 else 1 / world.plan.per_second
    for first, last in zip(placed, placed[most:], strict=False):
        if last - first < window_s - 1e-6:
            return [f"fast: {most + 1} requests within {last - first:.4f} s, at {first:.3f}"]
    return []


def _grace_s(world: World) -> float:
    later = [event for event in world.plan.events if event.what in _SENT_LATER]
    return GRACE_S + sum(event.lasts_s if event.what == "freeze" else event.amount for event in later)


def _stopped(world: World) -> list[str]:
    wrong = []
    for acked_s, verb, whom, *_ in world.told.orders:
        if verb == "resume":
            continue
        until_s = min((at for at, name in world.told.resumed if name == whom and at > acked_s), default=float("inf"))
        if verb == "cancel":
            until_s = float("inf")
        # A backup that was taken before does not know of it: it counts from when it is given again.
        gone_s = [one.put_back_s for one in world.told.restores if one.copied_s <= acked_s <= one.put_back_s]
        until_s = min([until_s, *gone_s])
        for name, call, legs in _calls_of(world):
            if whom in {name, call.get("number")}:
                wrong += [
                    f"stop: {call['number']} rang at {_began_s(leg):.3f}, {verb} of {whom} taken at {acked_s:.3f}"
                    for leg in legs
                    if acked_s + _grace_s(world) < _began_s(leg) < until_s
                ]
    # A campaign ends by Redis' clock, which may go back.
    back_s = -sum(min(event.amount, 0.0) for event in world.plan.events if event.what == "clock_jump")
    for name, end_s in world.told.expires.items():
        for of, call, legs in _calls_of(world):
            wrong += [
                f"stop: {call['number']} rang at {_began_s(leg):.3f}, the end of {name} was {end_s:.3f}"
                for leg in legs
                if of == name and _began_s(leg) > end_s + back_s + _grace_s(world)
            ]
    return wrong


def _together(world: World) -> list[str]:
    """Nobody is dialed while a call to the same number is up."""
    wrong = []
    for number in sorted({call["number"] for _, call, _ in _calls(world) if "number" in call}):
        legs = sorted(_legs(world, number), key=_began_s)
        wrong += [
            f"together: {number} was up until {_ended_s(one):.3f}, and rang at {_began_s(other):.3f}"
            for one, other in pairwise(legs)
            if _began_s(other) < _ended_s(one)
        ]
    return wrong


def _slots(world: World) -> list[str]:
    """A campaign has no more calls up than it may."""
    wrong = []
    for campaign in world.plan.campaigns:
        most = campaign.wishes.get("slots", 0)
        legs = [leg for name, _, of_call in _calls_of(world) for leg in of_call if name == campaign.name]
        for leg in legs if most else []:
            began_s = _began_s(leg)
            up = sum(_began_s(one) <= began_s < _ended_s(one) for one in legs)
            if up > most:
                wrong.append(f"slots: {campaign.name} has {up} calls up at {began_s:.3f}, {most} allowed")
    return wrong


def _began_s(leg: Leg) -> float:
    return leg.created_s - BEGIN_S


def _ended_s(leg: Leg) -> float:
    return float("inf") if leg.ended_s is None else leg.ended_s - BEGIN_S


def _true(world: World) -> list[str]:
    """What is told of a call is what its phone saw."""
    wrong = []
    for _, call, legs in _calls(world):
        told = call.get("disposition")
        # A lost call to his number is his, whoever's it was, where nobody else waits for it.
        of_number = _legs(world, call["number"]) if world.told.restores else legs
        answered = any(leg.answered_at is not None for leg in of_number)
        pressed = {note.what for leg in of_number for note in leg.notes if note.sense == "pressed"}
        last = max(legs, key=_began_s, default=None)
        if told in {"busy", "no_answer", "rejected", "failed"} and last and last.answered_at is not None:
            wrong.append(f"true: {call['number']} is {told}, and somebody answered; {_short(call)}")
        if told == "answered" and "1" in pressed and _hears_all(world):
            wrong.append(f"true: {call['number']} is {told}, and pressed 1; {_short(call)}")
        if told in {"answered", "confirmed", "opted_out"} and not answered:
            wrong.append(f"true: {call['number']} is {told}, and nobody answered; {_short(call)}")
        if told == "confirmed" and "1" not in pressed:
            wrong.append(f"true: {call['number']} is confirmed, and nobody pressed; {_short(call)}")
        known = [leg for leg in legs if told == "suppressed" or not _is_gone(world, leg)]
        if told in {"suppressed", *_ENDED_UNDIALED} and any(leg.answered_at is not None for leg in known):
            wrong.append(f"true: {call['number']} is {told}, and somebody answered; {_short(call)}")
        if told in {"busy", "no_answer", "rejected", "invalid_number"} and not of_number:
            wrong.append(f"true: {call['number']} is {told}, and its phone never rang; {_short(call)}")
    return wrong


def _hears_all(world: World) -> bool:
    return all(event.what in _HEARD or event.what.partition(":")[0] in _HEARD for event in world.plan.events)


def _calls(world: World) -> list[tuple[PlannedCampaign | None, Json, list[Leg]]]:
    plans = {campaign.name: campaign for campaign in world.plan.campaigns}
    return [(plans.get(name), call, legs) for name, call, legs in _calls_of(world)]


def _calls_of(world: World) -> list[tuple[str, Json, list[Leg]]]:
    return [
        (
            name,
            call,
            [leg for leg in _legs(world, call["number"]) if _attempt(leg).startswith(call["id"] + "-")]
            if "number" in call
            else [],
        )
        for name, calls in world.told.calls.items()
        for call in calls
    ]


def _short(call: Json) -> Any:
    keys = ("id", "state", "disposition", "tries", "attempts")
    return {key: call.get(key) for key in keys}
