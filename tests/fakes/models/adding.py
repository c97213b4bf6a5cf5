"""Calls that are added to a campaign, and all places where they stand then.

The walk over campaigns adds calls too, but few of a kind, to few buckets, and never by a named import.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dialer import keys
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("a1", "a2")
IMPORTS = ("i1", "i2")
DIGESTS = ("d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7")
ZONES = ("Europe/Amsterdam", "Europe/London", "Asia/Kolkata")
BIG = (257, 260)
"""The numbers of cohorts that take both bytes."""
LINES = keys.lines(["main", "south"])[::3]
PER_BUCKET = 3
STATES = ("running", "running", "draft", "paused", "completed", "cancelled")
_OF_ONE = ("ends", "slots")


def _given_campaign(dice: Dice) -> Command:
    """There is one, with few calls or many."""
    campaign = keys.campaign(dice.one(*CAMPAIGNS))
    return ("HSET", campaign, "state", dice.one(*STATES), "total", dice.one(0, 1, 2, 5))


def _given_field(dice: Dice) -> Command:
    """It has an end, room for so many, or takes no more; or it is gone."""
    campaign = keys.campaign(dice.one(*CAMPAIGNS))
    return dice.one(
        ("HSET", campaign, "expires_at", dice.one(dice.now, dice.moment())),
        ("HSET", campaign, "most", dice.number(1, 6)),
        ("HSET", campaign, "most", dice.number(1, 6)),
        ("HSET", campaign, dice.one("over_at", "swept_at"), dice.now),
        ("DEL", campaign),
        ("DEL", campaign),
    )


def _given_place(dice: Dice) -> Command:
    """What calls before left."""
    campaign_id = dice.one(*CAMPAIGNS)
    return dice.one(
        ("ZADD", dice.one(*LINES), dice.moment(), dice.one(*CAMPAIGNS, "a3")),
        ("HSET", keys.zones(campaign_id), dice.one(*ZONES[1:]), dice.one(*BIG)),
        ("DEL", dice.one(keys.zones(campaign_id), keys.cohorts(campaign_id), keys.CLOSING, *LINES)),
        ("HSET", _slots(campaign_id), dice.one("x", "y"), dice.one("7" * 56, "7" * 57, "1,2")),
        ("DEL", dice.one(_slots(campaign_id), _known(campaign_id, "d1"), _known(campaign_id, "d2"))),
        ("ZADD", keys.origins(campaign_id), dice.number(1, 3), dice.one("o1 1", "o2 2", "an o1")),
        ("HSET", keys.import_record(campaign_id, dice.one(*IMPORTS)), "row", 4, "kept", dice.one(0, 2, 3)),
        ("DEL", dice.one(keys.import_record(campaign_id, dice.one(*IMPORTS)), keys.origins(campaign_id))),
    )


GIVEN += [_given_campaign, _given_campaign, _given_field, _given_place, _given_place]


def _known(campaign_id: str, digest: str) -> str:
    return keys.known(campaign_id, int(digest[1]) % 2)


def _slots(campaign_id: str) -> str:
    return keys.known(campaign_id, 2)


def _bucket(campaign_id: str, number: int) -> str:
    return keys.bucket(campaign_id, keys.CALLS_PER_BUCKET * number)


def _add(dice: Dice) -> Asked:
    campaign_id, import_id = dice.one(*CAMPAIGNS), dice.one(*IMPORTS)
    digests = [dice.one(*DIGESTS) for _ in range(dice.number(0, 4))]
    total = int(dice.space.hashes[keys.campaign(campaign_id)].get("total", 0))
    first = total + dice.one(1, 1, 1, 1, 1, 2)
    span = range(first // PER_BUCKET, (first + max(len(digests) - 1, 0)) // PER_BUCKET + 1)
    some = _some(dice, len(digests))
    names = [keys.campaign(campaign_id), keys.calls_in(campaign_id, keys.IN_FLIGHT[0]), keys.imports(campaign_id)]
    names += [keys.CLOSING, keys.import_record(campaign_id, import_id), keys.import_rejected(campaign_id, import_id)]
    names += [keys.lists(campaign_id), keys.REJECTED]
    names += [_bucket(campaign_id, number) for number in span]
    names += [_known(campaign_id, digest) for digest in digests]
    names += [_slots(campaign_id) for letters in some["slots"].values() for _ in letters]
    names += [*LINES, keys.zones(campaign_id), keys.cohorts(campaign_id), keys.EXPIRING_CALLS, keys.CHANGES]
    args: list[Part] = [campaign_id, dice.now, dice.moment(), import_id, 60, first, PER_BUCKET, len(span), len(LINES)]
    rows = [part for place, digest in enumerate(digests) for part in (digest, json.dumps([f"+316{place}"]))]
    return Asked([*names, keys.origins(campaign_id)], [*args, json.dumps(some), *rows])


def _some(dice: Dice, count: int) -> dict[str, Any]:
    """What only some of so many calls have, by position, the first of which is 1."""
    places = [*map(str, range(1, count + 1))]
    cohorts = dice.random.sample(ZONES, dice.number(1, 3))
    others = {place: dice.number(1, len(cohorts) - 1) for place in dice.some(places) if len(cohorts) > 1}
    refused = dice.number(0, 2)
    step = {
        "from": dice.one(0, 4), "row": 4, "offset": 9, "offset_row": 3, "layout": "{}",
        "refused": refused, "rejected": "[[1]]" if refused else "", "most": 3,
    }  # fmt: skip
    return {
        "cohorts": cohorts,
        "of": others,
        "ends": {place: dice.moment() for place in dice.some(places)},
        "slots": {place: dice.one("x", "y", "xy") for place in dice.some(places)},
        **dice.one({}, {"import": step}),
        **dice.one({}, {"origin": dice.one("o1", "o2")}),
    }


@models(_add)
def add_calls(space: Space, names: list[str], args: list[str]) -> list[Part]:
    """Each contact once, all or none, in the order in which they come."""
    campaign, waiting, imports, closing = names[:4]
    fields, (campaign_id, now, due, import_id, lease, first, size, buckets, _, told, *rows) = (
        space.hashes[campaign],
        args,
    )
    refused = _refused(fields, now, int(first))
    if refused:
        return refused
    some, digests = json.loads(told), rows[::2]
    record = space.hashes[names[4]]
    if "import" in some and int(record.get("row", 0)) != some["import"]["from"]:
        return [-5, int(record.get("row", 0))]
    known = [space.hashes[name] for name in names[8 + int(buckets) :][: len(digests)]]
    total = int(fields["total"])
    new = {digest for digest, there in zip(digests, known, strict=True) if digest not in there}
    if total + len(new) > int(fields.get("most", max(BIG))):
        return [-4, fields["most"]]
    answer: list[Part] = [0]
    for place, (digest, text, there) in enumerate(zip(digests, rows[1::2], known, strict=True), 1):
        if digest in there:
            answer.append(-int(there[digest]))
            continue
        total += 1
        there[digest] = str(total)
        space.zsets[waiting][str(total)] = round(float(due) + place * 0.0005, 4)
        bucket = names[8 + total // int(size) - int(first) // int(size)]
        _store(space, bucket, (campaign_id, total), text, {name: some[name].get(str(place)) for name in _OF_ONE})
        _belong(space, campaign_id, total, some["cohorts"][some["of"].get(str(place), 0)])
        answer.append(total)
    fields |= {"total": str(total), "touched_at": now}
    count = total + 1 - int(first)
    if "import" in some:
        _record(space, names[4:8], some["import"], (campaign_id, import_id, now), (count, len(digests) - count))
    if count:
        space.changed.append(f"calls {campaign_id} waiting {now}")
        _note_origin(space.zsets[names[-1]], some.get("origin"), first)
    space.zsets[imports][import_id] = float(int(now) + int(lease))
    if fields["state"] == "running":
        space.sets[closing].add(campaign_id)
        for line in LINES:
            space.zsets[line].setdefault(campaign_id, min(space.zsets[line].values(), default=0.0))
    return answer


def _refused(fields: dict[str, str], now: str, first: int) -> list[Part]:
    if "state" not in fields:
        return [-1]
    if fields["state"] in {"completed", "cancelled"}:
        return [-2, fields["state"]]
    if "over_at" in fields:
        return [-2, "over"]
    if "swept_at" in fields or int(fields.get("expires_at", int(now) + 1)) <= int(now):
        return [-2, "expired"]
    follows = int(fields["total"]) + 1
    return [] if follows == first else [-3, follows]


def _store(space: Space, bucket: str, call: tuple[str, int], text: str, own: dict[str, Any]) -> None:
    """Its record, an end of its own beside its tries, and its slots."""
    campaign_id, seq = call
    space.hashes[bucket][str(seq)] = text
    if own["ends"]:
        space.hashes[bucket][f"{seq}t"] = json.dumps({"n": 0, "x": own["ends"]})
        space.zsets[keys.EXPIRING_CALLS][f"{campaign_id}-{seq}"] = float(own["ends"])
    _index(space.hashes[_slots(campaign_id)], own["slots"] or "", seq)


def _belong(space: Space, campaign_id: str, seq: int, cohort: str) -> None:
    """A cohort has the next number with its first call; a call tells it where it is not of the first."""
    zones, cohorts = space.hashes[keys.zones(campaign_id)], keys.cohorts(campaign_id)
    if cohort not in zones:
        zones[cohort] = str(len(zones) + 1)
        if len(zones) > 1:
            space.hashes[keys.campaign(campaign_id)]["cohorts"] = zones[cohort]
    before = int(zones[cohort]) - 1
    if before:
        text = space.strings.get(cohorts, "").ljust(2 * seq, "\0")
        space.strings[cohorts] = text[: 2 * seq] + chr(before // 256) + chr(before % 256) + text[2 * seq + 2 :]


def _index(slots: dict[str, str], letters: Sequence[str], seq: int) -> None:
    """In each slot behind those that are there; one that is full moves on."""
    for letter in letters:
        if len(slots.get(letter, "")) > len("7" * 56):
            slots[f"{letter}#"] = str(int(slots.get(f"{letter}#", 0)) + 1)
            slots[letter + slots[f"{letter}#"]] = slots.pop(letter)
        slots[letter] = f"{slots[letter]},{seq}" if letter in slots else str(seq)


def _note_origin(origins: dict[str, float], origin: str | None, first: str) -> None:
    """Once for all that follow one another."""
    latest = max((at, one) for one, at in origins.items())[1] if origins else ""
    if origin and not latest.startswith(origin):
        origins[f"{origin} {first}"] = float(first)


def _record(
    space: Space, names: Sequence[str], step: dict[str, Any], of: tuple[str, str, str], counts: tuple[int, int]
) -> None:
    """How far a named import is, and what it counted; few of the rows that were not taken are kept."""
    (record, rejected, lists, every), (campaign_id, import_id, now) = names, of
    fields = space.hashes[record]
    fields.setdefault("begun_at", now)
    for name in ("row", "offset", "offset_row", "layout"):
        fields[name] = str(step[name])
    fields |= {"changed_at": now, "state": "open"}
    for name, more in zip(("accepted", "duplicates", "rejected"), (*counts, step["refused"]), strict=True):
        space.count_up(record, name, more)
    space.zsets[lists].setdefault(import_id, float(now))
    if step["refused"] and int(fields.get("kept", 0)) < step["most"]:
        space.lists[rejected].append(step["rejected"])
        space.count_up(record, "kept", step["refused"])
        space.zsets[every].setdefault(f"{campaign_id}/{import_id}", float(now))
