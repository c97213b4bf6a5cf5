"""The budget of a trunk: its pace, its tokens, its slots, and what keeps a campaign from it."""

from __future__ import annotations

import math

from dialer import keys
from dialer.pacing import (
    MARGIN_LEAST_PPM,
    MARGIN_MOST_PPM,
    MARGIN_PPM,
    MARGIN_REMEMBERED_MS,
    MARGIN_STEP_PPM,
)
from tests.fakes.models.space import GIVEN, Asked, Dice, Space, models

TRUNKS = ("main", "south", "north")
TOKEN = keys.access_token("main")

GIVEN += [
    lambda dice: ("ZADD", keys.trunk_up("main"), dice.now, dice.one("c1-1", "c1-2", "c2-3")),
    lambda dice: ("ZADD", keys.LEASES, dice.now, dice.one("c1-1", "c1-2", "c2-3")),
    lambda dice: dice.one(("HSET", keys.campaign("c1"), "state", "running"), ("DEL", keys.campaign("c1"))),
    lambda dice: ("SET", TOKEN, dice.one("mine", "another's")),
]


def _tune(dice: Dice) -> Asked:
    """Carriers answer in all ways; some ask for a wait."""
    said = dice.one("accepted", "accepted", "accepted", "rate", "trouble")
    waits = (dice.now, dice.one(0, 0, 3, 900), dice.one(5, 1_000), 60_000, dice.one("0.900", "1.137", "1.3"))
    pace = (
        MARGIN_PPM,
        MARGIN_STEP_PPM,
        MARGIN_LEAST_PPM,
        MARGIN_MOST_PPM,
        dice.one(2, MARGIN_REMEMBERED_MS),
        dice.one(1, 1, 3, 250),
    )
    return Asked([keys.trunk("main")], [said, *waits, *pace])


GIVEN.append(lambda _: ("HSET", keys.trunk("main"), "accepted", 99))
GIVEN.append(lambda dice: ("HSET", keys.trunk("main"), "gate", dice.moment()))


@models(_tune)
def tune_budget(space: Space, names: list[str], args: list[str]) -> list[int]:
    """A refusal closes the gate, longer each time, and one for the pace widens the margin; acceptances shrink it."""
    said, jitter = args[0], float(args[5])
    now, asked, first, longest = map(int, args[1:5])
    start, step, least, most, remembered, count = map(int, args[6:])
    fields = space.hashes[names[0]]
    margin, gate, streak = (int(fields.get(name, at)) for name, at in (("margin", start), ("gate", 0), ("streak", 0)))
    if said == "accepted":
        if streak and gate <= now:
            fields["streak"] = "0"
        before, after = int(fields.get("accepted", 0)), space.count_up(names[0], "accepted", count)
        remembers = int(fields.get("floor_until", 0)) > now
        kept = max(int(fields.get("floor", 0)), least) if remembers else least
        for _ in range(after // 100 - before // 100):
            margin = max(int(margin * 0.99), min(kept, margin))
            fields["margin"] = str(margin)
        return [gate, margin]
    space.count_up(names[0], "refused", 1)
    if gate > now:
        if asked and now + asked > gate:
            fields |= {"gate": str(now + asked), "closed_by": said}
        return [max(gate, now + asked), margin]
    if said == "rate":
        floor, margin = margin + step // 2, min(margin + step, most)
        fields |= {"margin": str(margin), "floor": str(min(floor, margin)), "floor_until": str(now + remembered)}
    gate = now + (asked or int(min(first * 2 ** min(streak, 20), longest) * jitter))
    fields |= {"gate": str(gate), "closed_by": said, "streak": str(streak + 1)}
    return [gate, margin]


def _take(dice: Dice) -> Asked:
    return Asked([keys.trunk("main")], [dice.number(1, 3), dice.moment() * 1000, dice.one(333_333, 3_333), MARGIN_PPM])


@models(_take)
def take_tokens(space: Space, names: list[str], args: list[str]) -> str:
    """The next ones are taken, each an interval and the margin behind the one before."""
    fields, (count, now, interval, start) = space.hashes[names[0]], map(int, args)
    apart = interval * (1 + int(fields.get("margin", start)) / 1_000_000)
    fields["tat"] = f"{max(int(fields.get('tat', 0)), now) + count * apart:.0f}"
    space.count_up(names[0], "index", count)
    return fields["tat"]


def _delay(dice: Dice) -> Asked:
    late = [part for _ in range(dice.number(1, 3)) for part in (dice.number(0, 9), dice.one(333_333, 3_333))]
    return Asked([keys.trunk("main")], [dice.moment() * 1000, *late])


@models(_delay)
def delay_tokens(space: Space, names: list[str], args: list[str]) -> str | None:
    """Tokens that were not given yet move by as much as the latest of these left late."""
    fields, (left, *late) = space.hashes[names[0]], map(int, args)
    index = int(fields.get("index", 0))
    owed = [left + (index - token + 1) * interval for token, interval in zip(late[::2], late[1::2], strict=True)]
    if max(owed) > int(fields.get("tat", 0)):
        fields["tat"] = str(max(owed))
    return fields.get("tat")


def _shut(dice: Dice) -> Asked:
    named = dice.one(TRUNKS, TRUNKS[:2], TRUNKS[:1])
    return Asked([keys.campaign("c1")], [dice.one(*named), dice.now + dice.number(0, 9), dice.now, *named])


@models(_shut)
def shut_trunk(space: Space, names: list[str], args: list[str]) -> int:
    """Shut until then, unless no other is open; those whose time is over are open again."""
    shut, until, now, *named = args
    fields = space.hashes[names[0]]
    before = dict(one.split(":") for one in fields.get("shut", "").split())
    ends = {trunk: int(until if trunk == shut else before.get(trunk, 0)) for trunk in named}
    closed = {trunk: end for trunk, end in ends.items() if end > int(now)}
    if len(closed) == len(named):
        return 1
    if fields:
        fields["shut"] = "".join(f" {trunk}:{end}" for trunk, end in closed.items())
    return 0


@models(lambda _: Asked([keys.trunk_up("main"), keys.LEASES], []))
def count_up(space: Space, names: list[str], _args: list[str]) -> int:
    """Whoever has no lease any more holds no slot."""
    up, leases = (space.zsets[name] for name in names)
    space.zsets[names[0]] = {call: since + leases[call] for call, since in up.items() if call in leases}
    return len(space.zsets[names[0]])


@models(lambda dice: Asked([TOKEN], [dice.one("mine", "another's")]))
def release_lock(space: Space, names: list[str], args: list[str]) -> int:
    """Only its owner lets it go."""
    if space.strings.get(names[0]) != args[0]:
        return 0
    del space.strings[names[0]]
    return 1


GIVEN += [
    lambda dice: ("ZADD", keys.LOOKS, dice.now + dice.number(-2, 3), dice.one(*TRUNKS)),
    lambda dice: ("ZADD", dice.one(*keys.lines(TRUNKS)), dice.moment(), "c1"),
    lambda dice: ("ZADD", keys.SLEEPING, dice.moment(), "c1"),
    *[lambda dice: ("DEL", dice.one(keys.SLEEPING, *keys.lines(TRUNKS)))] * 4,
]


def _looks(dice: Dice) -> Asked:
    asked = dice.some(TRUNKS) or ["main"]
    names = [keys.LOOKS, keys.SLEEPING, *keys.lines(asked)]
    each = [part for one in asked for part in (one, dice.one(4, 7, 8), dice.one(1, 2))]
    return Asked(names, [dice.now, dice.one(3, 2_000), dice.number(1, 4), *each])


@models(_looks)
def take_looks(space: Space, names: list[str], args: list[str]) -> list[str | int]:
    """Those with calls in line once one is due, and the first idle one for whoever wakes; others wait for theirs."""
    now, ahead, room = map(int, args[:3])
    asked = {trunk: int(gather) for trunk, gather in zip(args[3::3], args[4::3], strict=True)}
    most = {trunk: int(calls) for trunk, calls in zip(args[3::3], args[5::3], strict=True)}
    noted = {trunk: space.zsets[names[0]].get(trunk, 0) for trunk in asked}
    due = {trunk: at if at <= now + ahead else 0 for trunk, at in noted.items()}
    busy = [trunk for trunk in asked if any(space.zsets.get(line) for line in keys.lines([trunk]))]
    idle = [trunk for trunk in asked if trunk not in busy]
    wakes = min(space.zsets[names[1]].values(), default=None)
    coming = [wakes] if wakes is not None and wakes > now else []
    if wakes is not None and not coming:
        wakers = [trunk for trunk in idle if due[trunk] <= now][:1]
        before = idle[: idle.index(wakers[0])] if wakers else idle
        coming += [now for _ in wakers] + [due[trunk] for trunk in before]
        busy += wakers
    in_time = [trunk for trunk in busy if due[trunk] - asked[trunk] / 4 <= now]
    is_due = any(due[trunk] <= now for trunk in busy)
    in_order = sorted(in_time, key=lambda one: (due[one], one)) if is_due else []
    taken = [one for i, one in enumerate(in_order) if sum(most[before] for before in in_order[:i]) < room]
    space.zsets[names[0]] |= {trunk: now + asked[trunk] * 1.5 for trunk in taken}
    coming += [due[trunk] for trunk in busy if trunk not in taken]
    return [f"{math.ceil(min(coming))}" if coming else "", int(bool(idle)), *taken]
