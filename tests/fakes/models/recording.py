"""Recordings: told, fetched under a lease, deleted; and the attempts that they are of.

No attempt ends here, so none is packed: what packing leaves is the walk's to show.
"""

from __future__ import annotations

from dialer import keys
from dialer.model import AttemptRef, CallRef
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Space, models

IDS = ("rec1", "rec2")
ATTEMPTS = tuple(AttemptRef(CallRef("c1", seq), 1) for seq in (1, 2, 3))
HOLDERS = ("h1", "h2")
LISTS = (keys.RECORDINGS, keys.recordings_of("c1"))
DUE, UNFETCHED = keys.RECORDINGS_DUE, keys.RECORDINGS_UNFETCHED


def _given(dice: Dice) -> Command:
    """Attempts come, are erased and go."""
    key = keys.attempt(dice.one(*ATTEMPTS))
    begins = ("HSET", key, "at", dice.now)
    return dice.one(begins, begins, begins, ("HSET", key, "erased", 1), ("DEL", key))


GIVEN += [
    _given,
    _given,
    lambda dice: ("DEL", keys.recording(dice.one(*IDS))),
    lambda dice: (
        "HSET",
        keys.recording(dice.one(*IDS)),
        "holder",
        dice.one(*HOLDERS),
        "state",
        "waiting",
        "campaign",
        "c1",
    ),
]


def _add(dice: Dice) -> Asked:
    attempt, one = dice.one(*ATTEMPTS), dice.one(*IDS)
    names = [keys.attempt(attempt), keys.recording(one), *LISTS, DUE, UNFETCHED, keys.SCHEMA, keys.packed(attempt.call)]
    return Asked(
        names, [one, str(attempt), dice.now, keys.packed_field(attempt), "url", "https://rec", "campaign", "c1"]
    )


@models(_add)
def add_recording(space: Space, names: list[str], args: list[str]) -> int:
    """Told the first time it is to be fetched; deleted once it never comes back, nor that of somebody erased."""
    attempt, recording, *lists = names[:6]
    one, told_by, now, _, *fields = args
    known = space.hashes[recording]
    if not space.hashes[attempt]:
        return 0
    if "erased" in space.hashes[attempt] or known.get("state") == "deleted":
        return 1
    is_new = "state" not in known
    if is_new:
        known |= {"state": "waiting", "told": now, **dict(zip(fields[::2], fields[1::2], strict=True))}
        for name in lists:
            space.zsets[name][one] = float(now)
    if f"a:{told_by}" in known:
        return 1
    known[f"a:{told_by}"] = now
    space.hashes[attempt][f"r:{one}"] = now
    return 3 if is_new else 2


def _claim(dice: Dice) -> Asked:
    one = dice.one(*IDS)
    return Asked([DUE, keys.recording(one)], [one, dice.now, dice.now + 6, dice.one(*HOLDERS)])


@models(_claim)
def claim_recording(space: Space, names: list[str], args: list[str]) -> list[str]:
    """Whoever finds it due holds it, one more time."""
    due, known = space.zsets[names[0]], space.hashes[names[1]]
    one, now, until, holder = args
    if due.get(one, float("inf")) > int(now):
        return []
    if not known:
        del due[one]
        return []
    due[one], known["holder"] = float(until), holder
    space.count_up(names[1], "tries", 1)
    return [part for pair in known.items() for part in pair]


def _renew(dice: Dice) -> Asked:
    one = dice.one(*IDS)
    return Asked([DUE, keys.recording(one)], [one, dice.one(*HOLDERS), dice.now + 6])


@models(_renew)
def renew_recording(space: Space, names: list[str], args: list[str]) -> int:
    """The holder, and nobody else, holds it on."""
    if space.hashes[names[1]].get("holder") != args[1]:
        return 0
    space.zsets[names[0]][args[0]] = float(args[2])
    return 1


def _settle(dice: Dice) -> Asked:
    one = dice.one(*IDS)
    fields = dice.one(["state", "stored", "size", "7"], ["state", "failed", "error", "no answer"], [])
    names = [DUE, keys.recording(one), UNFETCHED]
    return Asked(names, [one, dice.one(*HOLDERS), dice.one(0, dice.moment()), dice.one(0, 900_000_000), *fields])


@models(_settle)
def settle_recording(space: Space, names: list[str], args: list[str]) -> int:
    """What the holder writes; due again or never."""
    one, holder, again, _, *fields = args
    known = space.hashes[names[1]]
    if known.get("holder") != holder:
        return 0
    del known["holder"]
    known.pop("error", None)
    known |= dict(zip(fields[::2], fields[1::2], strict=True))
    if again != "0":
        space.zsets[names[0]][one] = float(again)
    else:
        space.zsets[names[0]].pop(one, None)
        space.zsets[names[2]].pop(one, None)
    return 1


def _delete(dice: Dice) -> Asked:
    one = dice.one(*IDS)
    told = [ref for ref in ATTEMPTS if f"a:{ref}" in dice.space.hashes[keys.recording(one)]]
    attempts = dice.one(told, told, dice.some(ATTEMPTS))
    names = [keys.recording(one), *LISTS, DUE, UNFETCHED, keys.SCHEMA]
    names += [key for ref in attempts for key in (keys.attempt(ref), keys.packed(ref.call))]
    return Asked(names, [one, dice.now, 6, *map(keys.packed_field, attempts)])


@models(_delete)
def delete_recording(space: Space, names: list[str], args: list[str]) -> int:
    """Only its mark is left, by which the file goes; its attempts must be those that were read."""
    recording, *rest = names
    lists, due, attempts = [*rest[:2], rest[3]], rest[2], rest[5::2]
    known = space.hashes[recording]
    if known.get("state", "deleted") == "deleted":
        return int("state" in known)
    if sum(name.startswith("a:") for name in known) != len(attempts):
        return -1
    is_held, campaign = "holder" in known, known["campaign"]
    space.hashes[recording] = {"state": "deleted", "campaign": campaign}
    for name in lists:
        space.zsets[name].pop(args[0], None)
    space.zsets[due][args[0]] = float(int(args[1]) + (int(args[2]) if is_held else 0))
    for name in attempts:
        space.hashes[name].pop(f"r:{args[0]}", None)
    return 2


def _change(dice: Dice) -> Asked:
    ref, change = dice.one(*ATTEMPTS), dice.one(["HSET", "muted", "1"], ["HSET", "script", "[]"], ["HDEL", "script"])
    return Asked([keys.attempt(ref), keys.packed(ref.call), keys.SCHEMA], [keys.packed_field(ref), *change])


@models(_change)
def change_attempt(space: Space, names: list[str], args: list[str]) -> int:
    """One that is there has another value, or none."""
    fields, (_, verb, name, *value) = space.hashes[names[0]], args
    if not fields:
        return 0
    if verb == "HSET":
        fields[name] = value[0]
    else:
        fields.pop(name, None)
    return 1


@models(lambda _: Asked([keys.packed(ATTEMPTS[0].call), *map(keys.attempt, ATTEMPTS[:2])], ["1-1", "2-1"]))
def forget_attempts(space: Space, names: list[str], _args: list[str]) -> None:
    """All of them are gone."""
    space.drop(*names[1:])


@models(
    lambda _: Asked(
        [key for ref in ATTEMPTS for key in (keys.attempt(ref), keys.packed(ref.call))],
        [*map(keys.packed_field, ATTEMPTS)],
    )
)
def read_attempts(space: Space, names: list[str], _args: list[str]) -> list[list[str]]:
    """The fields of each and their values, in turn."""
    return [[part for pair in space.hashes[name].items() for part in pair] for name in names[::2]]
