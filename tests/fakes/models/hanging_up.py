"""Hanging up, and what an escalation is made of."""

from __future__ import annotations

from dialer import keys
from dialer.dispositions import Disposition
from dialer.states import UP, CallState
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("c1", "c2")
ALARMS = (*CAMPAIGNS, "c3")  # one more, which nobody ends
CALLS = ("1", "2", "3")
LINES = keys.lines(["main", "south"])
KINDS = ("escalation", "notification")
OVER = {"completed", "cancelled"}
_IN_VAIN = ("exhausted", "expired")


def _given_call(dice: Dice) -> Command:
    """A call stands somewhere."""
    state = dice.one(*keys.IN_FLIGHT)
    return ("ZADD", keys.calls_in(dice.one(*CAMPAIGNS), state), dice.moment(), dice.one(*CALLS))


def _given_field(dice: Dice) -> Command:
    """A campaign is of a kind, in a state, has an end."""
    told = dice.one(
        ("state", dice.one("running", "running", "running", "paused", "draft", "completed", "cancelled")),
        ("kind", dice.one(*KINDS)),
        ("kind", "escalation"),
        ("kind", "escalation", "state", dice.one("completed", "cancelled")),
        ("kind", "escalation", "state", "draft"),
        ("over_at", str(dice.moment())),
        ("tells", dice.one("call.ended", "campaign.ended")),
        ("expires_at", str(dice.moment())),
    )
    return ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), *told)


def _given_place(dice: Dice) -> Command:
    """A campaign stands in a line, or in none; its call has a lease."""
    campaign_id = dice.one(*CAMPAIGNS)
    return dice.one(
        ("ZADD", dice.one(*LINES), dice.moment(), campaign_id),
        ("ZADD", dice.one(keys.SLEEPING, keys.EXPIRING), dice.moment(), campaign_id),
        ("ZADD", keys.LEASES, dice.moment(), f"{campaign_id}-{dice.one(*CALLS)}"),
        ("ZADD", keys.LEASES, dice.moment(), f"{campaign_id}-{dice.one(*CALLS)}"),
        ("ZADD", keys.calls_done(campaign_id, Disposition.CANCELLED), dice.moment(), dice.one(*CALLS)),
        ("ZADD", keys.held(campaign_id), dice.moment(), dice.one(*CALLS)),
        ("ZADD", keys.imports(campaign_id), dice.moment(), "i1"),
        ("ZADD", keys.hang_up(campaign_id), dice.moment(), dice.one(*CALLS)),
        ("ZADD", keys.HANGING_UP, dice.moment(), campaign_id),
        ("ZADD", keys.UNCONFIRMED, dice.moment(), campaign_id),
        ("DEL", keys.hang_up(campaign_id)),
        ("DEL", keys.calls_in(campaign_id, dice.one(*keys.IN_FLIGHT))),
    )


def _given_alarm(dice: Dice) -> Command:
    """An escalation that runs."""
    return ("HSET", keys.campaign(dice.one(*ALARMS)), "kind", "escalation", "state", "running")


def _given_end(dice: Dice) -> Command:
    """One is gone, and may begin anew."""
    return ("DEL", keys.campaign(dice.one(*CAMPAIGNS)))


GIVEN += [_given_call, _given_call, _given_field, _given_field, _given_place, _given_alarm, _given_end]


def _step(space: Space, campaign_id: str, lines: list[str], closing: str) -> None:
    """Out of every line, and to be looked at."""
    for line in lines:
        space.zsets[line].pop(campaign_id, None)
    space.sets[closing].add(campaign_id)


def _hang_up_all(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    up = [keys.calls_in(campaign_id, state) for state in UP]
    names = [keys.campaign(campaign_id), *up, keys.hang_up(campaign_id), keys.HANGING_UP]
    return Asked([*names, keys.SLEEPING, keys.CLOSING, *LINES], [campaign_id, dice.now])


@models(_hang_up_all)
def hang_up_campaign(space: Space, names: list[str], args: list[str]) -> int:
    """Pause it; whoever is up, or may be, is to be hung up, those first that were to be before."""
    campaign, *up, listed, hanging_up, sleeping, closing = names[:8]
    fields = space.hashes[campaign]
    if "state" not in fields:
        return -1
    if fields["state"] == "running":
        fields |= {"state": "paused", "reason": "", "touched_at": args[1]}
        _step(space, args[0], [sleeping, *names[8:]], closing)
    for name in up:
        for seq in space.zsets[name]:
            space.zsets[listed].setdefault(seq, float(args[1]))
    if space.zsets[listed]:
        space.zsets[hanging_up][args[0]] = float(args[1])
    return len(space.zsets[listed])


def _take(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.hang_up(campaign_id), keys.HANGING_UP]
    return Asked(names, [campaign_id, dice.now, dice.now + 5, dice.number(1, 3)])


@models(_take)
def claim_hang_ups(space: Space, names: list[str], args: list[str]) -> list[str]:
    """Those that are due, until the lease lapses; a campaign without any leaves the list."""
    if not space.zsets[names[0]]:
        space.zsets[names[1]].pop(args[0], None)
        return []
    taken = space.first_due(names[0], args[1], args[3])
    space.zsets[names[0]].update(dict.fromkeys(taken, float(args[2])))
    return taken


def _open(dice: Dice) -> Asked:
    campaign_id = dice.one(*ALARMS)
    return Asked([keys.campaign(campaign_id), keys.escalation(campaign_id)], [dice.now, dice.number(1, 3)])


@models(_open)
def open_step(space: Space, names: list[str], args: list[str]) -> int:
    """One after the other, each once, while it runs."""
    fields, steps, number = space.hashes[names[0]], space.hashes[names[1]], int(args[1])
    is_open = fields.get("kind") == "escalation" and fields.get("state") == "running" and "over_at" not in fields
    follows = number == 1 or f"opened:{number - 1}" in steps
    if not is_open or not follows or f"opened:{number}" in steps:
        return 0
    steps[f"opened:{number}"] = args[0]
    return 1


def _confirm(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.campaign(campaign_id), keys.escalation(campaign_id), keys.UNCONFIRMED, keys.CHANGES]
    return Asked(names, [dice.one("ann", "bob"), f"at {dice.now}", campaign_id, "late", *_IN_VAIN])


@models(_confirm)
def confirm_by_hand(space: Space, names: list[str], args: list[str]) -> int:
    """The first word of somebody stays; none comes once it is over, but where it was in vain."""
    fields, said = space.hashes[names[0]], space.hashes[names[1]]
    if fields.get("kind") != "escalation":
        return -1
    if f"by_hand:{args[0]}" in said:
        return 0
    if not _taken_over(space, names[2], names[0], *args[2:]) and ("over_at" in fields or fields.get("state") in OVER):
        return -2
    if fields.get("state") == "draft":
        return -3
    said[f"by_hand:{args[0]}"] = args[1]
    return 1


def _taken_over(space: Space, unconfirmed: str, campaign: str, campaign_id: str, why: str, *in_vain: str) -> bool:
    if space.hashes[campaign].get("over_reason") not in in_vain:
        return False
    space.zsets[unconfirmed].pop(campaign_id, None)
    space.hashes[campaign]["over_reason"] = why
    space.changed.append(f"over {campaign_id}")
    return True


def _take_over(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.UNCONFIRMED, keys.campaign(campaign_id), keys.CHANGES]
    return Asked(names, [campaign_id, "late", *_IN_VAIN])


@models(_take_over)
def take_over(space: Space, names: list[str], args: list[str]) -> int:
    """Once, of one that had ended in vain."""
    return int(_taken_over(space, names[0], names[1], *args))


def _end(dice: Dice) -> Asked:
    campaign_id, ends = dice.one(*CAMPAIGNS), dice.one("cancelled", "expired")
    names = [keys.campaign(campaign_id), *(keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT)]
    names += [f"{keys.campaign(campaign_id)}:done:{ends}", keys.LEASES, keys.EXPIRING, keys.hang_up(campaign_id)]
    names += [keys.HANGING_UP, keys.imports(campaign_id), keys.CLOSING, keys.CALLBACKS_TOLD, *keys.AUDITED]
    names += [keys.held(campaign_id), keys.CHANGES, keys.UNCONFIRMED, keys.SLEEPING, *LINES]
    why = dice.one("confirmed", *_IN_VAIN)
    return Asked(names, [campaign_id, dice.now, why, ends, dice.one("", "1"), dice.one("", "1")])


@models(_end)
def end_escalation(space: Space, names: list[str], args: list[str]) -> int:
    """Who waits or is claimed has ended, who is up without an answer is to be hung up, and nobody is added."""
    campaign_id, now, why, ends, settled, _ = args
    fields, standing = space.hashes[names[0]], dict(zip(keys.IN_FLIGHT, names[1:6], strict=True))
    done, leases, expiring, listed, hanging_up, imports, closing = names[6:13]
    if fields.get("kind") != "escalation":
        return -1
    if fields.get("state") in OVER:
        return 0
    first = "over_at" not in fields
    if first:
        fields |= {"over_at": now, "over_reason": why, "state": "running", "reason": ""}
        fields["expires_at"] = min(fields.get("expires_at", now), now, key=int)
        _tell_over(space, names[18], args)
        for seq in (seq for state in UP for seq in space.zsets[standing[state]] if settled):
            space.zsets[listed][f"{seq}?"] = float(now)
            space.zsets[hanging_up][campaign_id] = float(now)
    space.zsets[expiring].pop(campaign_id, None)
    for seq in space.zsets[standing[CallState.CLAIMED]]:
        space.zsets[leases].pop(f"{campaign_id}-{seq}", None)
    if any(space.zsets[standing[state]] for state in (CallState.WAITING, CallState.CLAIMED)):
        space.changed.append(f"calls {campaign_id} done:{ends} {now}")
        if "call.ended" in fields.get("tells", ""):
            space.lists[names[13]].append(f"calls.swept {campaign_id} {ends} {now}")
    for state in (CallState.WAITING, CallState.CLAIMED):
        space.zsets[done].update(dict.fromkeys(space.zsets[standing[state]], float(now)))
        space.drop(standing[state])
    space.drop(names[16], imports)
    _step(space, campaign_id, names[19:], closing)
    return int(first)


def _tell_over(space: Space, unconfirmed: str, args: list[str]) -> None:
    campaign_id, now, why, _, settled, by_itself = args
    if not settled:
        space.zsets[unconfirmed][campaign_id] = float(now)
    if by_itself:
        space.dialer_did("escalation.over", campaign_id, reason=why)


def _begin(dice: Dice) -> Asked:
    call_id, begun, ends = f"{dice.one(*CAMPAIGNS)}-{dice.one(*CALLS)}", dice.one("e1", "e2"), dice.now + 9
    names = [keys.ESCALATING, keys.campaign(call_id[:2]), keys.escalation(begun), keys.imports(begun), *keys.AUDITED]
    names += [keys.campaign(begun), keys.CAMPAIGNS, keys.OPEN, keys.EXPIRING, keys.ESCALATIONS]
    fields: list[Part] = ["kind", "escalation", "state", "running"]
    return Asked(names, [call_id, dice.one("plan 1", "plan 2"), "{}", "ladder", begun, dice.now, ends, *fields])


GIVEN += [
    lambda dice: ("ZADD", keys.ESCALATING, dice.now, f"{dice.one(*CAMPAIGNS)}-{dice.one(*CALLS)}"),
    lambda dice: ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), "escalation", dice.one("plan 1", "plan 2")),
    lambda dice: ("DEL", keys.campaign(dice.one("e1", "e2"))),
]


@models(_begin)
def begin_escalation(space: Space, names: list[str], args: list[str]) -> int:
    """Once for a call in line, as its campaign has it now; it is in all lists, and does not complete before its end."""
    escalating, of, planned, imports, _, _, campaign, *lists = names
    call_id, read, told, ladder, begun, now, ends, *fields = args
    if call_id not in space.zsets[escalating]:
        return 0
    if space.hashes[of].get("escalation") != read:
        return -1
    del space.zsets[escalating][call_id]
    if space.hashes[campaign]:
        return 0
    space.hashes[campaign].update(zip(fields[::2], fields[1::2], strict=True))
    campaigns, opened, expiring, kind = lists
    space.zsets[campaigns][begun] = space.zsets[kind][begun] = float(now)
    space.sets[opened].add(begun)
    space.zsets[expiring][begun] = float(ends)
    space.hashes[planned] |= {"plan": told, "of": call_id}
    space.zsets[imports][ladder] = float(ends)
    space.dialer_did("escalation.begun", begun, call_id=call_id)
    return 1
