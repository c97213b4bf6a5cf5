"""What is only read: sums of campaigns, and one in little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialer import keys
from dialer.holding import SPAN, Held
from dialer.states import CallState
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("s1", "s2", "s3")
FIELDS = ("state", "total", "reason")


def _given(dice: Dice) -> list[Part]:
    kind = dice.one("notification", "notification", "conference")
    state, priority = dice.one("running", "paused"), dice.one("normal", "normal", "urgent")
    return ["state", state, "priority", priority, "kind", kind, "reason", dice.one("", "spent", "spent")]


def _given_sum(dice: Dice) -> Command:
    campaign_id = dice.one(*CAMPAIGNS)
    held = dice.one(*Held) * SPAN + dice.moment()
    seq = dice.number(1, 5)
    return dice.one(
        ("HSET", keys.campaign(campaign_id), *_given(dice)),
        ("HSET", keys.campaign(campaign_id), *_given(dice)),
        ("HSET", keys.campaign(campaign_id), dice.one("timed", "tripped_until"), dice.moment()),
        *[("HSET", keys.campaign(campaign_id), *_given(dice), "tripped_until", dice.now)] * 4,
        ("ZADD", keys.calls_in(campaign_id, dice.one(*keys.IN_FLIGHT)), dice.moment(), seq),
        ("ZADD", keys.calls_in(campaign_id, CallState.WAITING), dice.moment(), seq),
        ("ZADD", keys.held(campaign_id), held, seq),
        ("HSET", keys.campaign(campaign_id), "timed", 1, "h1", f"{dice.one(dice.now, dice.moment())} {dice.moment()}"),
        ("HSET", keys.campaign(campaign_id), "cohorts", dice.number(1, 2)),
        ("DEL", keys.campaign(campaign_id)),
    )


GIVEN += [_given_sum, _given_sum]


def _sample(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.campaign(campaign_id), keys.hang_up(campaign_id), *keys.call_sets(campaign_id)]
    return Asked(names, [dice.now, *FIELDS])


@models(_sample)
def sample_campaign(space: Space, names: list[str], args: list[str]) -> list[Any]:
    """Some fields, how many are to be hung up, how many are due while it runs, and how many stand where."""
    fields, (now, *wanted) = space.hashes[names[0]], args
    runs = fields.get("state") == "running" and _opens_at(fields) <= int(now)
    due = sum(at <= int(now) for at in space.zsets[names[2]].values()) if runs else 0
    sizes = [len(space.zsets[name]) for name in names[2:]]
    return [[fields.get(name) for name in wanted], len(space.zsets[names[1]]), due, sizes]


def _opens_at(fields: Mapping[str, str]) -> int:
    """Until when it is closed as a whole."""
    if "timed" not in fields or int(fields.get("cohorts", 1)) > 1:
        return 0
    return int(fields.get("h1", "0 0").split(" ")[0])


def _sum(dice: Dice) -> Asked:
    seen = dice.one(CAMPAIGNS, dice.some(CAMPAIGNS))
    names: list[str] = []
    for campaign_id in seen:
        sets = (keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT)
        names += [keys.campaign(campaign_id), *sets, keys.held(campaign_id)]
    return Asked(names, [dice.now, SPAN, len(Held)])


@models(_sum)
def sum_campaigns(space: Space, names: list[str], args: list[str]) -> list[list[Part]]:
    """A row for each state, priority and kind, in the order in which the first of each comes."""
    now, rows = int(args[0]), dict[tuple[str, ...], list[int]]()
    for first in range(0, len(names), 7):
        campaign, *sets, held = names[first : first + 7]
        fields = space.hashes[campaign]
        if "state" not in fields:
            continue
        row = rows.setdefault((fields["state"], fields["priority"], fields["kind"]), [0] * (10 + len(Held)))
        runs = fields["state"] == "running"
        row[0] += 1
        row[1] += runs and "tripped_until" in fields
        row[2] += fields["state"] == "paused" and fields["reason"] != ""
        for state, name in enumerate(sets):
            row[3 + state] += len(space.zsets[name])
        due = _earliest(space, sets[0])
        due = max(due, _opens_at(fields)) if due else 0
        row[8] = min(row[8] or due, due) if runs and 0 < due <= now else row[8]
        unknown = _earliest(space, sets[3])
        row[9] = min(row[9] or unknown, unknown) if unknown else row[9]
        for reason in Held:
            ends = (at - reason * SPAN for at in space.zsets[held].values())
            row[9 + reason] += sum(now <= end < SPAN for end in ends)
    return [[*of, *row[:8], *map(str, row[8:10]), *row[10:]] for of, row in rows.items()]


def _earliest(space: Space, name: str) -> int:
    return int(min(space.zsets[name].values(), default=0))


COMMANDS: tuple[tuple[Part, ...], ...] = (("GET", 1), ("SET", 2), ("ZADD", 3), ("XADD", 4), ("HSET", 3), ("RPUSH", 2))


def _probe(dice: Dice) -> Asked:
    return Asked([keys.probe("any")], [part for command in dice.some(COMMANDS) for part in command])


@models(_probe)
def probe_commands(_space: Space, _names: list[str], _args: list[str]) -> list[str]:
    """Whoever may do everything is refused nothing, and nothing is left of it."""
    return []
