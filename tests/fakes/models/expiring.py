"""What is not dialed any more, for it is too late: all that waits of a campaign, or calls with an end of their own.

The walk over campaigns runs these scripts too, but its campaigns stand in few lines, and few ask to be told.
"""

from __future__ import annotations

import json

from dialer import keys
from dialer.dispositions import Disposition
from dialer.states import CallState
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("e1", "e2")
CALLS = ("1", "2", "3")
LINES = keys.lines(["main", "south"])
TRIES = ({"n": 1}, {"n": 1, "last": "busy"}, {"n": 2, "told": 1, "ends": 1}, {"n": 0, "x": 5}, {"n": 3, "ends": 2})


def _given_field(dice: Dice) -> Command:
    """A campaign has an end, asks to be told, has somebody else alarmed; or is there no more."""
    campaign = keys.campaign(dice.one(*CAMPAIGNS))
    return dice.one(
        ("HSET", campaign, "expires_at", dice.one(dice.now, dice.moment())),
        ("HSET", campaign, "expires_at", dice.moment() - 4),
        ("HSET", campaign, "tells", dice.one("call.ended", "campaign.ended", "call.ended campaign.ended")),
        ("HSET", campaign, "escalation", "c9"),
        ("DEL", campaign),
    )


def _given_call(dice: Dice) -> Command:
    """A call stands somewhere, and was tried before."""
    campaign_id, seq = dice.one(*CAMPAIGNS), dice.one(*CALLS)
    waiting = keys.calls_in(campaign_id, CallState.WAITING)
    return dice.one(
        ("ZADD", waiting, dice.moment(), seq),
        ("ZADD", waiting, dice.moment(), seq),
        ("ZADD", keys.calls_in(campaign_id, dice.one(*keys.IN_FLIGHT)), dice.moment(), seq),
        ("ZADD", keys.calls_done(campaign_id, Disposition.EXPIRED), dice.moment(), seq),
        ("ZADD", keys.EXPIRING_CALLS, dice.moment(), f"{campaign_id}-{seq}"),
        ("HSET", keys.bucket(campaign_id, 1), f"{seq}t", json.dumps(dice.one(*TRIES))),
        ("DEL", dice.one(*(keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT))),
        ("DEL", dice.one(keys.calls_done(campaign_id, Disposition.EXPIRED), keys.bucket(campaign_id, 1), keys.CLOSING)),
    )


def _given_place(dice: Dice) -> Command:
    """A campaign stands in a line, or is to end; a call of it is held back."""
    campaign_id = dice.one(*CAMPAIGNS)
    return dice.one(
        ("ZADD", dice.one(*LINES), dice.moment(), campaign_id),
        ("ZADD", dice.one(*LINES), dice.moment(), campaign_id),
        ("ZADD", dice.one(keys.SLEEPING, keys.EXPIRING), dice.moment(), campaign_id),
        ("ZADD", keys.held(campaign_id), dice.moment(), dice.one(*CALLS)),
    )


GIVEN += [_given_field, _given_call, _given_call, _given_call, _given_place, _given_place]


def _sweep(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    waiting, expired = keys.calls_in(campaign_id, CallState.WAITING), keys.calls_done(campaign_id, Disposition.EXPIRED)
    names = [keys.campaign(campaign_id), waiting, expired, keys.EXPIRING, keys.SLEEPING, keys.CLOSING]
    names += [keys.CALLBACKS_TOLD, *keys.AUDITED, keys.held(campaign_id), keys.CHANGES, *LINES]
    return Asked(names, [campaign_id, dice.now, dice.one("", "1")])


@models(_sweep)
def expire_campaign(space: Space, names: list[str], args: list[str]) -> int:
    """At its end, and not before, all that waits has ended, and it stands in no line any more."""
    campaign, waiting, expired, expiring, sleeping, closing, told, _, _, held, _, *lines = names
    fields, (campaign_id, now, one_by_one) = space.hashes[campaign], args
    ends = int(fields.get("expires_at", 0))
    if ends > int(now):
        space.zsets[expiring][campaign_id] = float(ends)
        return -1
    if ends:
        fields.setdefault("swept_at", now)
        if not one_by_one and "escalation" in fields:
            return -2
    first = space.zsets[expiring].pop(campaign_id, None) is not None
    if not ends:
        return 0
    left = dict(space.zsets[waiting])
    if left:
        space.changed.append(f"calls {campaign_id} done:expired {now}")
        if "call.ended" in fields.get("tells", ""):
            space.lists[told].append(f"calls.swept {campaign_id} expired {now}")
    for seq, at in left.items():
        space.zsets[expired][seq] = space.zsets[expired].get(seq, 0) + at
    space.drop(waiting, held)
    for line in (sleeping, *lines):
        space.zsets[line].pop(campaign_id, None)
    space.sets[closing].add(campaign_id)
    if first:
        space.dialer_did("campaign.expired", campaign_id, calls=len(left))
    return len(left)


def _expire(dice: Dice) -> Asked:
    campaign_id, seqs = dice.one(*CAMPAIGNS), dice.some(CALLS) or ["1"]
    names = [keys.EXPIRING_CALLS, keys.calls_done(campaign_id, Disposition.EXPIRED), keys.CLOSING]
    names += [keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT]
    names += [keys.campaign(campaign_id), keys.CALLBACKS_TOLD, keys.held(campaign_id), keys.CHANGES]
    names += [keys.bucket(campaign_id, int(seq)) for seq in seqs]
    args: list[Part] = [campaign_id, dice.now, dice.now + 5, *seqs]
    return Asked(names, args)


@models(_expire)
def expire_calls(space: Space, names: list[str], args: list[str]) -> int:
    """Whoever waits has ended, but for those about whom somebody is alarmed; who is under way is looked at again."""
    expiring, done, closing, waiting, *under_way = names[:8]
    campaign, told, held = names[8:11]
    fields, bucket, (campaign_id, now, again, *seqs) = space.hashes[campaign], space.hashes[names[12]], args
    count = 0
    for seq in seqs:
        call_id, tries = f"{campaign_id}-{seq}", json.loads(bucket.get(f"{seq}t", "{}"))
        waits = seq in space.zsets[waiting]
        left = waits and "last" in tries and "escalation" in fields
        if waits and not left:
            del space.zsets[waiting][seq]
            space.zsets[held].pop(seq, None)
            space.zsets[done][seq] = float(now)
            space.changed.append(f"call {call_id} done:expired {now}")
            if "call.ended" in fields.get("tells", ""):
                ends = tries.get("ends", 0) + 1
                bucket[f"{seq}t"] = json.dumps({"n": 0, **tries, "told": 1, "ends": ends})
                turn = f" {ends}" if ends > 1 else ""
                space.lists[told].append(f"call.ended {call_id} expired {now}{turn}")
            count += 1
        if any(seq in space.zsets[name] for name in under_way):
            space.zsets[expiring][call_id] = float(again)
        elif not left:
            space.zsets[expiring].pop(call_id, None)
    if count:
        space.sets[closing].add(campaign_id)
    return count
