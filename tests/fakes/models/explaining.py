"""What decides whether one call is dialed, and what keeps those of a campaign, as it is read to be explained.

Whether that is what the dialer does is for the explained walk to tell (`test_explain_walk.py`).
"""

from __future__ import annotations

from typing import Any

from dialer import keys
from dialer.dispositions import Disposition
from dialer.holding import SPAN, Held
from dialer.states import CallState
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


WHOLE = "x2"
LINES = keys.lines(["main"])
WHOLE_SETS = keys.call_sets(WHOLE)
OF_TRUNK = ("tat", "gate", "closed_by", "margin", "tripped_until", "tripped_why")
TOTALS = (0, 2_000, 12_000, 12_000)
"""Calls of such campaigns are parked within a quarter of a microsecond, a millisecond or six behind an opening."""
MOST_PASSED = 20
RELEASED = (Held.SPACING, Held.DAY_CAP)


def _given_whole(dice: Dice) -> Command:
    """A campaign has hours, an end, calls that come back at once; or it is gone."""
    campaign, total = keys.campaign(WHOLE), ("total", dice.one(*TOTALS))
    hours = [part for number in (1, 2) for part in (f"h{number}", f"{dice.now + dice.number(0, 15)} {dice.moment()}")]
    timed: Command = ("HSET", campaign, *total, "timed", 1, "cohorts", dice.number(2, 3), *hours)
    return dice.one(
        ("HSET", campaign, *total, "state", "running"),
        ("HSET", campaign, *total, "timed", 1, "cohorts", dice.number(1, 3), *hours),
        ("HSET", campaign, *total, "expires_at", dice.moment()),
        *[("HSET", campaign, "total", 12_000, "unpark", f"{dice.moment()} {dice.now + dice.number(1, 4)}")] * 2,
        *[timed] * 8,
        ("HSET", campaign, *total, "release", dice.one(" 2", " 3", " 3 2", " 13")),
        ("HSET", campaign, *total, "release", dice.one(" 2", " 3", " 3 2", "")),
        ("DEL", campaign),
    )


def _given_one_of_many(dice: Dice) -> Command:
    """A call waits, perhaps held back until then, or stands elsewhere."""
    seq, held = dice.number(1, 40), dice.one(Held.NUMBER_UP, *RELEASED, *Held) * SPAN
    ahead = [(one, at) for one, at in dice.space.zsets[WHOLE_SETS[0]].items() if at > dice.now]
    waits = dice.one(*ahead or [(str(seq), dice.moment())])
    return dice.one(
        *[("ZADD", WHOLE_SETS[0], dice.one(dice.moment(), dice.now + dice.number(5, 20)), seq)] * 5,
        *[("ZADD", keys.held(WHOLE), held + int(waits[1]), waits[0])] * 2,
        ("ZADD", keys.held(WHOLE), held + dice.moment(), seq),
        ("ZADD", dice.one(*WHOLE_SETS), dice.moment(), seq),
        ("ZADD", keys.calls_in(WHOLE, CallState.UNKNOWN), dice.moment(), seq),
        ("DEL", dice.one(*WHOLE_SETS[1:])),
        ("DEL", keys.held(WHOLE)),
    )


def _given_around(dice: Dice) -> Command:
    """Workers live, campaigns stand in line, the trunk has its budget."""
    return dice.one(
        ("ZADD", keys.WORKERS, dice.moment(), dice.one("w1", "w2")),
        ("ZADD", dice.one(*LINES), dice.moment(), dice.one(WHOLE, "x3", "x4")),
        ("HSET", keys.trunk("main"), dice.one("tat", "gate", "margin"), dice.now),
        ("HSET", keys.zones(WHOLE), dice.one("Europe/London", "Asia/Kolkata"), dice.number(1, 3)),
        ("DEL", dice.one(*LINES, keys.WORKERS, keys.trunk("main"))),
    )


GIVEN += [*[_given_whole] * 2, *[_given_one_of_many] * 6, _given_around]


def _explain_whole(dice: Dice) -> Asked:
    names = [keys.campaign(WHOLE), keys.held(WHOLE), keys.zones(WHOLE), keys.trunk("main"), keys.LEASES, keys.WORKERS]
    return Asked([*names, *LINES, *WHOLE_SETS], [dice.now, dice.now - dice.number(0, 3), len(Held)])


@models(_explain_whole)
def explain_campaign(space: Space, names: list[str], args: list[str]) -> list[Any]:
    """How many are due, held back, parked and due later; what all of them wait for."""
    fields, now, waiting = space.hashes[names[0]], int(args[0]), space.zsets[names[9]]
    held = _held(space, now)
    is_released = {reason: str(int(reason)) in fields.get("release", "").split() for reason in Held}
    told = [[0, "0"] if is_released[one] or not held[one] else [len(held[one]), f"{min(held[one])}"] for one in Held]
    spans = _spans(fields, now)
    parked = [(opens, _parked(space, least, most)) for opens, least, most in spans]
    unparks = "unpark" in fields
    due = sum(at <= now for at in waiting.values()) + sum(len(held[reason]) for reason in Held if is_released[reason])
    due += sum(count for _, count in parked) if unparks else 0
    later = len(waiting) - due - sum(count for count, _ in told if isinstance(count, int))
    later -= 0 if unparks else sum(count for _, count in parked)
    unknown = min(space.zsets[names[12]].values(), default=None)
    return [
        _flat(fields),
        _flat(space.hashes[names[2]]),
        [len(space.zsets[name]) for name in names[9:]],
        due,
        later,
        _first_later(space, now, spans) if later > 0 else "",
        told,
        [] if unparks else [[f"{opens}", count] for opens, count in parked],
        [space.hashes[names[3]].get(name) for name in OF_TRUNK],
        len(space.zsets[names[4]]),
        sum(at >= int(args[1]) for at in space.zsets[names[5]].values()),
        [len(space.zsets[name]) for name in names[6:9]],
        "" if unknown is None else f"{unknown:.0f}",
    ]


def _flat(fields: dict[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]


def _held(space: Space, now: int) -> dict[Held, list[int]]:
    """Until when calls are held back yet by each reason."""
    scores = [divmod(int(score), SPAN) for score in space.zsets[keys.held(WHOLE)].values()]
    return {reason: [until for why, until in scores if why == reason and until > now] for reason in Held}


def _spans(fields: dict[str, str], now: int) -> list[tuple[int, float, float]]:
    """The openings ahead, and between which moments calls are parked at each that are at none before it."""
    cohorts = int(fields.get("cohorts", 1))
    if "unpark" in fields:
        moments = fields["unpark"].split()
    elif "timed" in fields and cohorts > 1:
        moments = [fields.get(f"h{number}", "0").split()[0] for number in range(1, cohorts + 1)]
        moments.append(fields.get("expires_at", "0"))
    else:
        moments = []
    spans, last = list[tuple[int, float, float]](), float(now)
    for opens in sorted({int(one) for one in moments if int(one) > now}):
        most = opens + (2 * int(fields["total"]) + 1) * 0.00025
        spans.append((opens, max(opens, last), most))
        last = most
    return spans


def _parked(space: Space, least: float, most: float) -> int:
    """How many wait between two moments and are not held back until then."""
    count = sum(least < at <= most for at in space.zsets[WHOLE_SETS[0]].values())
    for reason in Held:
        scores = space.zsets[keys.held(WHOLE)].values()
        held = [int(score) % SPAN for score in scores if score // SPAN == reason]
        count -= sum(least < until <= most for until in held) if count > 0 else 0
    return count


def _first_later(space: Space, now: int, spans: list[tuple[int, float, float]]) -> str:
    """The first that is neither held back nor parked; where many are, as far as was looked."""
    waiting, held, since = space.zsets[WHOLE_SETS[0]], space.zsets[keys.held(WHOLE)], float(now)
    for _ in range(MOST_PASSED):
        at, seq = min(((at, seq) for seq, at in waiting.items() if at > since), default=(0.0, ""))
        if not seq:
            return ""
        since = at
        behind = [most for _, least, most in spans if least < at <= most]
        if not behind and seq not in held:
            return f"{at:.0f}"
        since = max([since, *behind])
    return f"{since:.0f}"
