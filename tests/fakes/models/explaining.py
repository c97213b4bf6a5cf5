"""What decides whether one call is dialed, as it is read to be explained.

Of a whole campaign the explained walk tells (`test_explain_walk.py`).
"""

from __future__ import annotations

from typing import Any

from dialer import keys
from dialer.dispositions import Disposition
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGN = "x1"
CALLS = ("1", "2", "3")
NUMBERS, DIGESTS = ("+31610000001", "+31610000002"), ("h:1", "h:2")
SETS = keys.call_sets(CAMPAIGN)
LISTS = [keys.SUPPRESSED, keys.suppressed_on("staff")]


def _given_call(dice: Dice) -> Command:
    """A call stands somewhere, and something is known of it."""
    seq = dice.one(*CALLS)
    call_id = f"{CAMPAIGN}-{seq}"
    cohorts = "".join(chr(dice.number(0, 3)) for _ in range(dice.one(0, 3, 6, 8)))
    return dice.one(
        ("ZADD", dice.one(*SETS[:2], keys.calls_done(CAMPAIGN, dice.one(*Disposition))), dice.moment(), seq),
        ("DEL", dice.one(*SETS)),
        ("ZADD", dice.one(keys.LEASES, keys.DOUBTFUL), dice.moment(), call_id),
        ("ZADD", dice.one(keys.LEASES, keys.DOUBTFUL), dice.moment(), call_id),
        ("ZADD", keys.held(CAMPAIGN), dice.moment(), seq),
        ("HSET", keys.bucket(CAMPAIGN, int(seq)), f"{seq}t", '{"n":1}'),
        ("SET", keys.cohorts(CAMPAIGN), cohorts) if cohorts else ("DEL", keys.cohorts(CAMPAIGN)),
    )


def _given_number(dice: Dice) -> Command:
    """A number is suppressed, under its name or its hash, or was dialed on one of the last days."""
    number, told = dice.one(*NUMBERS), f"{CAMPAIGN}-{dice.one(*CALLS)} 5 7"
    days = keys.dialed(number, dice.now)
    return dice.one(
        ("ZADD", dice.one(*LISTS), dice.moment(), dice.one(number, *DIGESTS)),
        ("DEL", dice.one(*LISTS, keys.LEASES, keys.DOUBTFUL)),
        ("HSET", dice.one(*days), number, told),
        ("HSET", dice.one(*days[:3]), number, told),
        ("DEL", dice.one(*days)),
    )


GIVEN += [_given_call, _given_call, _given_call, _given_number, _given_number, _given_number]


def _explain(dice: Dice) -> Asked:
    seq, numbers = dice.one(*CALLS), dice.one(NUMBERS, NUMBERS[:1])
    lists, digests = dice.one(LISTS, LISTS[:1]), [dice.one("", digest) for digest in DIGESTS[: len(numbers)]]
    dialed = [name for number in numbers for name in keys.dialed(number, dice.now)]
    names = [keys.LEASES, keys.held(CAMPAIGN), keys.cohorts(CAMPAIGN), keys.bucket(CAMPAIGN, int(seq)), *SETS]
    args: list[Part] = [f"{CAMPAIGN}-{seq}", seq, len(SETS), len(lists), len(numbers), *numbers, *digests, dice.now]
    return Asked([*names, *lists, *dialed, keys.DOUBTFUL], args)


@models(_explain)
def explain_call(space: Space, names: list[str], args: list[str]) -> list[Any]:
    """Where it stands, since when each number is suppressed, when it was dialed, and who is talking to it."""
    call_id, seq, now = *args[:2], int(args[-1])
    places = [(place, name) for place, name in enumerate(SETS, 1) if seq in space.zsets[name]]
    place, at = (places[-1][0], _score(space, places[-1][1], seq)) if places else (0, "0")
    count = int(args[4])
    numbers, digests, lists = args[5 : 5 + count], args[5 + count : -1], names[4 + len(SETS) :][: int(args[3])]
    seen = []
    for number, digest in zip(numbers, digests, strict=True):
        days = [space.hashes[name].get(number, "") for name in keys.dialed(number, now)]
        since = (_score(space, name, one) for name in lists for one in (number, digest) if one in space.zsets[name])
        last = [told.split()[0] for told in days[:2] if told]
        other = [one for one in last if one != call_id and _may_be_up(space, one, now)]
        seen.append([next(since, ""), days, other[-1] if other else ""])
    told = space.strings.get(names[2], "")[2 * int(seq) :][:2]
    rank = sorted((score, one) for one, score in space.zsets[SETS[0]].items())
    return [
        place,
        at,
        _score(space, keys.LEASES, call_id),
        _score(space, keys.held(CAMPAIGN), seq),
        256 * ord(told[0]) + ord(told[1]) + 1 if len(told) == len("ab") else 1,
        next((before for before, (_, one) in enumerate(rank) if one == seq), -1),
        space.hashes[names[3]].get(f"{seq}t", ""),
        seen,
    ]


def _score(space: Space, name: str, member: str) -> str:
    return f"{space.zsets[name][member]:.0f}" if member in space.zsets[name] else ""


def _may_be_up(space: Space, call_id: str, now: int) -> bool:
    return call_id in space.zsets[keys.LEASES] or space.zsets[keys.DOUBTFUL].get(call_id, 0) > now
