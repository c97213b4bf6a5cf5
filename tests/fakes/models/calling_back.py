"""The outbox of callbacks to customers' systems."""

from __future__ import annotations

from dialer import keys
from tests.fakes.models.space import GIVEN, Asked, Dice, Part, Space, models

RECEIVERS = ("r1", "r2")
IDS = ("m1", "m2", "m3", "m4")
LINES = ("line 1", "line 2", "line 3")

GIVEN += [
    lambda dice: ("RPUSH", keys.CALLBACKS_TOLD, dice.one(*LINES)),
    lambda dice: ("RPUSH", keys.CALLBACKS_TOLD, dice.one(*LINES)),
    lambda dice: ("ZADD", keys.CALLBACKS_DEAD, dice.now, dice.one(*IDS)),
    lambda dice: ("ZADD", keys.CALLBACKS_DUE, dice.moment(), dice.one(*RECEIVERS)),
    lambda dice: ("ZADD", keys.callbacks_to(dice.one(*RECEIVERS)), dice.moment(), dice.one(*IDS)),
    lambda dice: ("HSET", keys.CALLBACKS, dice.one(*IDS), f"message of {dice.one(*LINES)}"),
    lambda dice: dice.one(("DEL", keys.callbacks_to(dice.one(*RECEIVERS))), ("DEL", keys.CALLBACKS_DUE)),
]


def _sort(dice: Dice) -> Asked:
    """Some lines as they may stand there, by whoever looked now or a moment ago."""
    lines = [dice.one(*LINES) for _ in range(dice.number(1, 3))]
    receivers = [dice.one(*RECEIVERS, *RECEIVERS, "") for _ in lines]
    shared = [keys.CALLBACKS_TOLD, keys.CALLBACKS, keys.CALLBACKS_DUE, keys.CALLBACKS_PENDING]
    args: list[Part] = [dice.now]
    for line, receiver in zip(lines, receivers, strict=True):
        args += [line, dice.one(*IDS), f"message of {line}", dice.moment(), receiver]
    return Asked([*shared, *map(keys.callbacks_to, receivers)], args)


@models(_sort)
def sort_callbacks(space: Space, names: list[str], args: list[str]) -> int:
    """Lines leave in their order; a message that waits already is not told anew."""
    told, stored, due, pending, *queues = names
    now, *flat = args
    taken = 0
    for line, one, message, at, receiver in zip(*(flat[place::5] for place in range(5)), strict=True):
        if space.lists[told][:1] != [line]:
            break
        del space.lists[told][0]
        if receiver and one not in space.hashes[stored]:
            space.hashes[stored][one] = message
            space.zsets[queues[taken]][one] = round(int(now) + taken * 0.0005, 4)
            space.zsets[pending][one] = float(at)
            space.zsets[due].setdefault(receiver, float(now))
        taken += 1
    return taken


def _settle(dice: Dice) -> Asked:
    names = [keys.callbacks_to(dice.one(*RECEIVERS)), keys.CALLBACKS, keys.CALLBACKS_PENDING, keys.CALLBACKS_DEAD]
    return Asked(names, [dice.one(*IDS), dice.one("done", "again", "dead"), dice.moment(), f"message, {dice.now}"])


@models(_settle)
def settle_callback(space: Space, names: list[str], args: list[str]) -> int:
    """Delivered, to be sent again, or given up; of one that does not wait any more nothing is written."""
    queue, stored, pending, dead = names
    one, follows, at, message = args
    if one not in space.zsets[queue]:
        return 0
    if follows == "again":
        space.zsets[queue][one] = float(at)
    else:
        del space.zsets[queue][one]
        space.zsets[pending].pop(one, None)
    if follows == "dead":
        space.zsets[dead][one] = float(at)
    if follows == "done":
        space.hashes[stored].pop(one, None)
    else:
        space.hashes[stored][one] = message
    return 1


def _take(dice: Dice) -> Asked:
    return Asked([dice.one(keys.CALLBACKS_DUE, keys.ESCALATING)], [dice.now, dice.now + 6, dice.number(1, 2)])


@models(_take)
def take_due(space: Space, names: list[str], args: list[str]) -> list[str]:
    """Those that are due, until the lease lapses."""
    taken = space.first_due(names[0], args[0], args[2])
    space.zsets[names[0]].update(dict.fromkeys(taken, float(args[1])))
    return taken


def _release(dice: Dice) -> Asked:
    receiver = dice.one(*RECEIVERS)
    held_until = int(dice.space.zsets[keys.CALLBACKS_DUE].get(receiver, 0))
    return Asked([keys.CALLBACKS_DUE, keys.callbacks_to(receiver)], [receiver, dice.one(held_until, dice.moment())])


@models(_release)
def release_receiver(space: Space, names: list[str], args: list[str]) -> int:
    """Whoever holds it lets go: it is looked at when its first message is due, or not at all."""
    due, queue = space.zsets[names[0]], space.zsets[names[1]]
    if due.get(args[0], 0.0) != float(args[1]):
        return 0
    due.pop(args[0], None)
    if queue:
        due[args[0]] = min(queue.values())
    return 1


def _revive(dice: Dice) -> Asked:
    return Asked([keys.CALLBACKS_DEAD, keys.CALLBACKS, keys.CALLBACKS_TOLD], [dice.one(*IDS), dice.one("", *LINES)])


@models(_revive)
def revive_callback(space: Space, names: list[str], args: list[str]) -> int:
    """Told once more, or dropped."""
    if space.zsets[names[0]].pop(args[0], None) is None:
        return 0
    space.hashes[names[1]].pop(args[0], None)
    space.lists[names[2]] += [args[1]] if args[1] else []
    return 1


def _unfold(dice: Dice) -> Asked:
    names = [keys.callbacks_to(dice.one(*RECEIVERS)), keys.CALLBACKS, keys.CALLBACKS_PENDING, keys.CALLBACKS_TOLD]
    one, other, after = dice.one(*IDS), f"message of {dice.one(*LINES)}", dice.one("", "message of the rest")
    before = dice.one(other, dice.space.hashes[keys.CALLBACKS].get(one, other))
    return Asked(names, [one, before, after, *dice.some(LINES)])


@models(_unfold)
def open_callback(space: Space, names: list[str], args: list[str]) -> int:
    """A message of many calls becomes lines, a page at a time, by whoever saw it as it is."""
    queue, stored, pending, told = names
    one, before, after, *lines = args
    if space.hashes[stored].get(one) != before:
        return 0
    space.lists[told] += lines
    if after:
        space.hashes[stored][one] = after
        return 1
    del space.hashes[stored][one]
    space.zsets[queue].pop(one, None)
    space.zsets[pending].pop(one, None)
    return 1
