"""The steps of a campaign: created, started, paused, cancelled, completed; and a conference that is over.

The walk over campaigns runs these scripts too, but its campaigns have few fields, and stand in few lines.
"""

from __future__ import annotations

from dialer import keys
from dialer.dispositions import Disposition
from dialer.states import CAMPAIGN_STEPS, CallState, CampaignState
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("t1", "t2")
CALLS = ("1", "2", "3")
LINES = keys.lines(["main", "south"])
CLASSES = (1, 1, 2, 3)
STATES = ("running", "running", "running", "paused", "draft", "scheduled", "completed", "cancelled")
KINDS = ("conference", "conference", "notification", "escalation")
DAY_MS = 86_400_000
CENTS = 1_000_000
"""Of a euro, as spending is stored."""
BREAKER = ("outcomes", "probes", "tripped_until", "tripped_wait", "tripped_why", "shut")


def _given_campaign(dice: Dice) -> Command:
    """What every campaign has."""
    told: list[Part] = ["state", dice.one(*STATES), "class", dice.one(*CLASSES), "kind", dice.one(*KINDS)]
    return ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), *told, "created_at", dice.moment(), "total", dice.one(0, 1, 3))


def _given_field(dice: Dice) -> Command:
    """What some have."""
    told: tuple[Part, ...] = dice.one(
        ("touched_at", dice.moment()),
        ("expires_at", dice.moment()),
        ("expires_at", dice.now),
        ("ended_at", dice.moment()),
        ("over_at", dice.moment()),
        ("started_at", dice.moment()),
        ("retention_days", dice.one(1, 30)),
        ("built_in", 1),
        ("tells", dice.one("call.ended", "campaign.ended", "call.ended campaign.ended")),
        ("tripped_until", dice.moment(), "tripped_why", "3 4", "breaker", dice.one("3 4 500 person", "3 4 500")),
        (dice.one(*BREAKER[:2], *BREAKER[3:4], BREAKER[5]), "1"),
        ("euros", f"{dice.one(0, 500) * CENTS} {dice.one(0, 100) * CENTS} {100 * CENTS}"),
        ("spent", dice.one(399, 400, 401) * CENTS),
        ("spent", (dice.one(400, 401) * CENTS) + dice.number(0, 1), "dearest", dice.one(99, 100, 101) * CENTS),
    )  # fmt: skip
    return ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), *told)


def _given_place(dice: Dice) -> Command:
    """Its calls stand somewhere, and itself in a line, or in none."""
    campaign_id, seq = dice.one(*CAMPAIGNS), dice.one(*CALLS)
    state = dice.one(*keys.IN_FLIGHT)
    return dice.one(
        ("ZADD", keys.calls_in(campaign_id, state), dice.moment(), seq),
        ("ZADD", keys.calls_in(campaign_id, dice.one(*keys.IN_FLIGHT[:2])), dice.moment(), seq),
        ("DEL", keys.calls_in(campaign_id, state)),
        ("ZADD", keys.calls_done(campaign_id, Disposition.CANCELLED), dice.moment(), seq),
        ("ZADD", keys.LEASES, dice.moment(), f"{campaign_id}-{seq}"),
        ("ZADD", keys.held(campaign_id), dice.moment(), seq),
        ("ZADD", keys.imports(campaign_id), dice.moment(), dice.one("i1", "i2")),
        ("ZADD", dice.one(*LINES), dice.moment(), dice.one(*CAMPAIGNS, "t3")),
        ("ZADD", dice.one(keys.SLEEPING, keys.EXPIRING), dice.moment(), campaign_id),
        ("SADD", dice.one(keys.OPEN, keys.CLOSING), campaign_id),
    )


def _given_end(dice: Dice) -> Command:
    """One goes, or no call of it is left."""
    campaign_id = dice.one(*CAMPAIGNS)
    left = [keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT]
    return ("DEL", dice.one(*[keys.campaign(campaign_id)] * 3, keys.imports(campaign_id), *left))


GIVEN += [_given_campaign, _given_campaign, _given_field, _given_place, _given_place, _given_end, _given_end]


def _out_of_line(space: Space, campaign_id: str, lines: list[str]) -> None:
    for line in lines:
        space.zsets[line].pop(campaign_id, None)


def _into_state(space: Space, campaign_id: str, now: str, state: str, reason: str) -> None:
    space.hashes[keys.campaign(campaign_id)] |= {"state": state, "reason": reason, "touched_at": now}
    _out_of_line(space, campaign_id, [keys.SLEEPING, *LINES])
    space.sets[keys.CLOSING].add(campaign_id)


def _touched(dice: Dice, campaign_id: str) -> str:
    return dice.space.hashes[keys.campaign(campaign_id)].get("touched_at", "")


def _step(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    sources, target = CAMPAIGN_STEPS[dice.one(*CAMPAIGN_STEPS)]
    names = [keys.campaign(campaign_id)]
    names += [keys.calls_in(campaign_id, state) for state in (CallState.WAITING, CallState.CLAIMED)]
    names += [keys.calls_done(campaign_id, Disposition.CANCELLED), keys.LEASES, keys.SLEEPING, keys.CLOSING]
    names += [keys.CALLBACKS_TOLD, *keys.AUDITED, keys.held(campaign_id), keys.CHANGES, *LINES]
    why, since = dice.one("", "trouble"), dice.one("", str(dice.moment()), _touched(dice, campaign_id))
    return Asked(names, [campaign_id, dice.now, target, why, why and "masked", since, *sources])


@models(_step)
def step_campaign(space: Space, names: list[str], args: list[str]) -> list[Part]:
    """From its states only; who starts stands level with the one served least, who is cancelled has nobody waiting."""
    campaign_id, now, target, reason, masked, since, *sources = args
    fields = space.hashes[names[0]]
    state = fields.get("state")
    if state is None:
        return [-1]
    if state == target:
        return [2]
    touched = int(fields.get("touched_at", fields["created_at"]))
    if state not in sources or (since and touched > int(since)):
        return [0, state]
    _into_state(space, campaign_id, now, target, reason)
    if reason:
        space.dialer_did(f"campaign.{target}", campaign_id, reason=masked)
    if target == CampaignState.RUNNING:
        fields.setdefault("started_at", now)
        for name in BREAKER:
            fields.pop(name, None)
        _into_line(space, campaign_id, int(fields["class"]))
    if target == CampaignState.CANCELLED:
        _cancel(space, campaign_id, names, now)
    return [1]


def _cancel(space: Space, campaign_id: str, names: list[str], now: str) -> None:
    waiting, claimed, cancelled, leases = names[1:5]
    fields = space.hashes[names[0]]
    fields["ended_at"] = now
    for seq in space.zsets[claimed]:
        space.zsets[leases].pop(f"{campaign_id}-{seq}", None)
        space.zsets[waiting][seq] = float(now)
    if space.zsets[waiting]:
        space.changed.append(f"calls {campaign_id} done:cancelled {now}")
    if space.zsets[waiting] and "call.ended" in fields.get("tells", ""):
        space.lists[keys.CALLBACKS_TOLD].append(f"calls.swept {campaign_id} cancelled {now}")
    for seq, at in space.zsets[waiting].items():
        space.zsets[cancelled][seq] = space.zsets[cancelled].get(seq, 0) + at
    space.drop(waiting, claimed, keys.held(campaign_id))


def _into_line(space: Space, campaign_id: str, number: int) -> None:
    for line in LINES[number - 1 :: 3]:
        space.zsets[line].setdefault(campaign_id, min(space.zsets[line].values(), default=0.0))


def _complete(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.campaign(campaign_id), keys.imports(campaign_id), keys.CLOSING, keys.OPEN]
    names += [keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT]
    names += [keys.CALLBACKS_TOLD, keys.REAPING, keys.ENDED, *keys.AUDITED, keys.SLEEPING, keys.CHANGES, *LINES]
    return Asked(names, [campaign_id, dice.now])


@models(_complete)
def complete_campaign(space: Space, names: list[str], args: list[str]) -> int:
    """With nothing left to do it is over, in the line of those to be deleted; one that was stopped is paused."""
    campaign, imports, closing, opened, *standing = names[:9]
    campaign_id, now = args[0], int(args[1])
    fields, left = space.hashes[campaign], [len(space.zsets[name]) for name in standing]
    for name in [name for name, at in space.zsets[imports].items() if at <= now]:
        del space.zsets[imports][name]
    state, runs = fields.get("state"), fields.get("state") == CampaignState.RUNNING
    filled = runs and (int(fields["total"]) > 0 or int(fields.get("expires_at", now + 1)) <= now)
    climbs = fields.get("kind") == "escalation" and "over_at" not in fields
    over = not any(left) and (state == CampaignState.CANCELLED or (filled and "built_in" not in fields and not climbs))
    if over and runs and space.zsets[imports]:
        return 2
    space.sets[closing].discard(campaign_id)
    if not over:
        reason = _stopped(fields, sum(left[1:])) if runs else ""
        if reason:
            _into_state(space, campaign_id, args[1], CampaignState.PAUSED, reason)
            space.dialer_did("campaign.paused", campaign_id, reason=reason)
        return 3 if reason else 0
    _tell_end(space, campaign_id, args[1], "completed" if runs else "cancelled", opened)
    since = now if runs else int(fields.get("ended_at", now))
    if "retention_days" in fields:
        space.zsets[keys.REAPING][campaign_id] = float(since + int(fields["retention_days"]) * DAY_MS)
    else:
        space.zsets[keys.ENDED][campaign_id] = float(since)
    if runs:
        _out_of_line(space, campaign_id, [keys.SLEEPING, *LINES])
        fields |= {"state": "completed", "ended_at": args[1]}
        space.dialer_did("campaign.completed", campaign_id, calls=int(fields["total"]))
    return int(runs)


def _stopped(fields: dict[str, str], up: int) -> str:
    if "tripped_until" in fields and "person" in fields["breaker"]:
        return "3 of its last 4 attempts failed or were rejected; look at its results, then resume it"
    total, _, each = map(int, fields.get("euros", "0 0 0").split())
    spent = int(fields.get("spent", 0))
    if up or not total or spent + max(each, int(fields.get("dearest", 0))) <= total:
        return ""
    figures = f"{spent / 100 / CENTS:.2f} of {total / 100 / CENTS:.2f} euros"
    return f"its calls have cost {figures}, which leaves too little for another; raise the cap, then resume it"


def _tell_end(space: Space, campaign_id: str, now: str, state: str, opened: str) -> None:
    told = campaign_id in space.sets[opened] and "campaign.ended" in space.hashes[keys.campaign(campaign_id)].get(
        "tells", ""
    )
    space.sets[opened].discard(campaign_id)
    space.changed.append(f"over {campaign_id}")
    if told:
        space.lists[keys.CALLBACKS_TOLD].append(f"campaign.ended {campaign_id} {state} {now}")


def _create(dice: Dice) -> Asked:
    campaign_id, lists = dice.one(*CAMPAIGNS), dice.one("", "", "vip", "vip staff")
    names = [keys.SUPPRESSION, keys.campaign(campaign_id), keys.CAMPAIGNS, keys.OPEN, keys.EXPIRING, keys.CONFERENCES]
    fields: list[Part] = ["state", "draft", "total", 0, "created_at", dice.now, "class", 2]
    return Asked([*names, keys.IDLING], [campaign_id, dice.now, dice.one("", str(dice.moment())), lists, *fields])


GIVEN.append(lambda dice: ("HSET", keys.SUPPRESSION, dice.one("vip", "staff"), 1))


@models(_create)
def create_campaign(space: Space, names: list[str], args: list[str]) -> int:
    """Once, with all its lists; in whatever lists it."""
    suppression, campaign, campaigns, opened, expiring, *others = names
    campaign_id, now, ends, lists, *fields = args
    if space.hashes[campaign]:
        return 0
    if not space.hashes[suppression].keys() >= set(lists.split()):
        return -1
    space.hashes[campaign].update(zip(fields[::2], fields[1::2], strict=True))
    space.sets[opened].add(campaign_id)
    for name in (campaigns, *others):
        space.zsets[name][campaign_id] = float(now)
    if ends:
        space.zsets[expiring][campaign_id] = float(ends)
    return 1


def _end(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.campaign(campaign_id), keys.EXPIRING, *keys.AUDITED]
    return Asked(names, [campaign_id, dice.now, "everybody left", dice.number(0, 1)])


@models(_end)
def end_conference(space: Space, names: list[str], args: list[str]) -> int:
    """Once; it has expired by now, unless it had before."""
    fields, expiring, (campaign_id, now, why, by_itself) = space.hashes[names[0]], space.zsets[names[1]], args
    if fields.get("kind") != "conference":
        return -1
    if "over_at" in fields or fields.get("state") == CampaignState.COMPLETED:
        return 0
    fields |= {"over_at": now, "over_reason": why}
    if by_itself == "1":
        space.dialer_did("conference.over", campaign_id, reason=why)
    if int(fields.get("expires_at", int(now) + 1)) > int(now):
        fields["expires_at"], expiring[campaign_id] = now, float(now)
    return 1
