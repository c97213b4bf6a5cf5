"""The judge: holds a run against the promises, by the carrier's own log, the API and the list that was put in alone."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from itertools import pairwise
from typing import Any

from dialer.simulator.legs import Leg
from tests.simulation.plan import PlannedCampaign
from tests.simulation.virtual_time import BEGIN_S
from tests.simulation.world import Json, World

GRACE_S = 0.45
"""Pause, cancel, suppression and the end of a campaign reach all but calls whose intent was stored before: these leave
`pacing.LATEST_US` after their moment at the latest. A machine that stands still, or a slow line, comes on top."""
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
    wrong = []
    for campaign, call, legs in _calls(world):
        rang = Counter(_attempt(leg) for leg in legs)
        wrong += [
            f"twice: {call['number']} rang {times} times for attempt {one}" for one, times in rang.items() if times > 1
        ]
        most = campaign.tries if campaign else 1
        if len(legs) > most:
            wrong.append(f"twice: {call['number']} rang {len(legs)} times, {most} allowed; {_short(call)}")
        if len(legs) > call.get("tries", 0):
            wrong.append(f"twice: {call['number']} rang {len(legs)} times in {call.get('tries')} tries; {_short(call)}")
    return wrong


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
    for acked_s, verb, whom in world.told.orders:
        if verb == "resume":
            continue
        until_s = min((at for at, name in world.told.resumed if name == whom and at > acked_s), default=float("inf"))
        if verb == "cancel":
            until_s = float("inf")
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
        answered = any(leg.answered_at is not None for leg in legs)
        pressed = {note.what for leg in legs for note in leg.notes if note.sense == "pressed"}
        last = max(legs, key=_began_s, default=None)
        if told in {"busy", "no_answer", "rejected", "failed"} and last and last.answered_at is not None:
            wrong.append(f"true: {call['number']} is {told}, and somebody answered; {_short(call)}")
        if told == "answered" and "1" in pressed and _hears_all(world):
            wrong.append(f"true: {call['number']} is {told}, and pressed 1; {_short(call)}")
        if told in {"answered", "confirmed", "opted_out"} and not answered:
            wrong.append(f"true: {call['number']} is {told}, and nobody answered; {_short(call)}")
        if told == "confirmed" and "1" not in pressed:
            wrong.append(f"true: {call['number']} is confirmed, and nobody pressed; {_short(call)}")
        if told in {"cancelled", "expired", "suppressed"} and answered:
            wrong.append(f"true: {call['number']} is {told}, and somebody answered; {_short(call)}")
        if told in {"busy", "no_answer", "rejected", "invalid_number"} and not legs:
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
