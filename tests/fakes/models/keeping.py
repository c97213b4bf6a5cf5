"""What is kept beside calls: API keys, suppressed numbers, what people are found by, versions of the data, lists."""

from __future__ import annotations

from typing import Any

from dialer import keys
from dialer.dispositions import Disposition
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("c1", "c2", "c3")
NUMBERS, HASHED = ("+31610000001", "+31610000002"), {"+31610000001": "h:1", "+31610000002": "h:2"}
OVER = {"completed", "cancelled"}
LIST = "v-i-p"


def _given_list(dice: Dice) -> Command:
    """A number is suppressed; a list is there; a campaign keeps to it."""
    return dice.one(
        ("ZADD", keys.suppressed_on(LIST), dice.now, dice.one(*NUMBERS)),
        ("HSET", keys.SUPPRESSION, LIST, 3),
        ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), "lists", dice.one(LIST, "staff", f"staff {LIST}")),
        ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), "state", dice.one("running", "completed", "cancelled")),
        ("SADD", keys.OPEN, dice.one(*CAMPAIGNS)),
        ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), "total", dice.number(0, 9)),
        ("ZADD", dice.one(keys.CAMPAIGNS, keys.CONFERENCES, keys.ENDED), dice.now, dice.one(*CAMPAIGNS)),
        ("DEL", dice.one(keys.OPEN, keys.suppressed_on(LIST), keys.ERASURE_SECRET)),
    )


def _given_slot(dice: Dice) -> Command:
    """Some calls are found by their numbers, whose last digits are alike."""
    key = keys.known("c1", dice.number(1, 2))
    return dice.one(
        ("HSET", key, "a", "1,2", "a#", 2, "a1", "3", "a2", "4,5"),
        ("HSET", key, "b", dice.one("1", "2,3,1")),
        ("HSET", key, "digest", dice.one("1", "2")),
    )


GIVEN += [_given_list, _given_list, _given_slot]


@models(lambda dice: Asked([keys.API_KEYS], [dice.one("k1", "k2", "k3"), "{}", 2]))
def create_api_key(space: Space, names: list[str], args: list[str]) -> int:
    """Once, and no more than there may be."""
    if len(space.hashes[names[0]]) >= int(args[2]):
        return -1
    if args[0] in space.hashes[names[0]]:
        return 0
    space.hashes[names[0]][args[0]] = args[1]
    return 1


@models(lambda dice: Asked([*keys.OF_API_KEYS], [dice.one("k1", "k2", "k3"), dice.now]))
def use_api_key(space: Space, names: list[str], args: list[str]) -> int:
    """Written down, unless it was revoked."""
    if args[0] not in space.hashes[names[0]]:
        return 0
    space.hashes[names[1]][args[0]] = args[1]
    return 1


@models(lambda dice: Asked([*keys.OF_API_KEYS], [dice.one("k1", "k2", "k3")]))
def revoke_api_key(space: Space, names: list[str], args: list[str]) -> int:
    """Nothing of it is left."""
    space.hashes[names[1]].pop(args[0], None)
    return int(space.hashes[names[0]].pop(args[0], None) is not None)


def _drop(dice: Dice) -> Asked:
    seen = dice.one(dice.some(CAMPAIGNS), sorted(dice.space.sets[keys.OPEN]))
    return Asked([keys.suppressed_on(LIST), keys.SUPPRESSION, keys.OPEN, *map(keys.campaign, seen)], [LIST, *seen])


@models(_drop)
def drop_suppression_list(space: Space, names: list[str], args: list[str]) -> list[Any]:
    """Unless an open campaign keeps to it; whoever has not seen all that are open is told so."""
    listed, versions, opened, *campaigns = names
    name, *seen = args
    if space.sets[opened] != set(seen):
        return [-1]
    fields = [space.hashes[campaign] for campaign in campaigns]
    keep = [
        one
        for one, of in zip(seen, fields, strict=True)
        if name in of.get("lists", "").split() and of.get("state") not in OVER
    ]
    if name not in space.hashes[versions]:
        return [0]
    if keep:
        return [-2, *keep]
    size = len(space.zsets[listed])
    space.drop(listed)
    del space.hashes[versions][name]
    return [1, size]


def _hash(dice: Dice) -> Asked:
    number = dice.one(*NUMBERS)
    names = [keys.suppressed_on(LIST), keys.ERASURE_SECRET, keys.SUPPRESSION]
    secret = dice.one("print 1", "print 1", "print 2", "")
    return Asked(names, [number, HASHED[number] if secret else "", secret, dice.now, dice.one("", "1"), LIST])


@models(_hash)
def hash_suppressed(space: Space, names: list[str], args: list[str]) -> int:
    """A hash stands in a number's place since the same moment, under one secret only."""
    listed, secrets = space.zsets[names[0]], space.hashes[names[1]]
    number, digest, fingerprint, now, wanted, name = args
    if digest and digest in listed:
        listed.pop(number, None)
        return 1
    if number not in listed and wanted != "1":
        return 0
    if not digest or secrets.get("fingerprint", fingerprint) != fingerprint:
        return -1
    secrets["fingerprint"] = fingerprint
    if number not in listed:
        space.count_up(names[2], name, 1)
    listed[digest] = listed.pop(number, float(now))
    return 1


@models(lambda dice: Asked([keys.escalation("c1")], ["plan", *dice.random.sample(["a", "b", "c"], 2), "by_hand:ann"]))
def replace_field(space: Space, names: list[str], args: list[str]) -> int:
    """By whoever read it as it is; what went with the old one goes."""
    fields, (name, before, after, *gone) = space.hashes[names[0]], args
    if fields.get(name) != before:
        return 0
    fields[name] = after
    for one in gone:
        fields.pop(one, None)
    return 1


GIVEN += [
    lambda dice: ("HSET", keys.escalation("c1"), "plan", dice.one("a", "b", "c")),
    lambda dice: ("HSET", keys.escalation("c1"), "by_hand:ann", dice.now),
]


def _forget_rows(dice: Dice) -> Asked:
    name = dice.one("i1", "i2")
    return Asked([keys.import_rejected("c1", name), keys.REJECTED], [f"c1/{name}"])


GIVEN.append(lambda dice: ("ZADD", keys.REJECTED, dice.now, dice.one("c1/i1", "c1/i2")))
GIVEN.append(lambda dice: ("RPUSH", keys.import_rejected("c1", dice.one("i1", "i2")), "a row"))


@models(_forget_rows)
def forget_rejected(space: Space, names: list[str], args: list[str]) -> int:
    """The rows, and that there were any."""
    space.drop(names[0])
    return int(space.zsets[names[1]].pop(args[0], None) is not None)


def _unindex(dice: Dice) -> Asked:
    return Asked([keys.known("c1", 1), keys.known("c1", 2)], [dice.number(1, 5), dice.one("a", "b"), "digest"])


@models(_unindex)
def unindex_call(space: Space, names: list[str], args: list[str]) -> int:
    """A call leaves its slots, which have no gaps after it, and the digests that lead to it."""
    seq, *fields = args
    return sum(_leave(space.hashes[name], field, seq) for name, field in zip(names, fields, strict=True))


def _leave(entries: dict[str, str], field: str, seq: str) -> int:
    if len(field) > 1:
        return int(entries.get(field) == seq and entries.pop(field) == seq)
    more = int(entries.pop(f"{field}#", 0))
    slots = [entries.pop(f"{field}{place or ''}", "").split(",") for place in range(more + 1)]
    found = next((place for place, slot in enumerate(slots) if seq in slot), None)
    if found is not None:
        slots[found].remove(seq)
        if not slots[found]:
            # The last one fills the gap.
            slots[found] = slots[-1]
            slots.pop()
    more = len(slots) - 1
    entries |= {f"{field}{place or ''}": ",".join(slot) for place, slot in enumerate(slots) if slot != [""]}
    if more > 0:
        entries[f"{field}#"] = str(more)
    return int(found is not None)


def _forget(dice: Dice) -> Asked:
    lists = [keys.CAMPAIGNS, keys.CONFERENCES, keys.ESCALATIONS, keys.REAPING, keys.ENDED, keys.UNCONFIRMED]
    campaign_id = dice.one(*CAMPAIGNS)
    return Asked([keys.campaign(campaign_id), *lists, *keys.AUDITED, keys.CHANGES], [campaign_id, dice.now])


@models(_forget)
def forget_campaign(space: Space, names: list[str], args: list[str]) -> int:
    """Out of every list; whether it stood in that of all."""
    total = space.hashes[names[0]].get("total", 0)
    space.drop(names[0])
    listed, *_ = [space.zsets[name].pop(args[0], None) is not None for name in names[1:7]]
    if listed:
        space.dialer_did("campaign.deleted", args[0], calls=int(total))
        space.changed.append(f"gone {args[0]}")
    return int(listed)


def _page(dice: Dice) -> Asked:
    last = dice.one("", *CAMPAIGNS)
    return Asked([keys.CAMPAIGNS], [dice.number(1, 2), last, dice.moment() if last else ""])


@models(_page)
def page_list(space: Space, names: list[str], args: list[str]) -> list[str]:
    """Newest first, behind the last one read; where that is gone, behind all that were created later."""
    most, last, since = args
    ranked = sorted(((at, one) for one, at in space.zsets[names[0]].items()), reverse=True)
    first = 0
    if last:
        place = next((place for place, (_, one) in enumerate(ranked, 1) if one == last), None)
        first = place if place is not None else sum(at > int(since) for at, _ in ranked)
    return [one for _, one in ranked][first : first + int(most)]


CALL_SETS = keys.call_sets("c1")


@models(lambda _: Asked(CALL_SETS, []))
def count_calls(space: Space, names: list[str], _args: list[str]) -> list[int]:
    """The size of each set."""
    return [len(space.zsets[name]) for name in names]


GIVEN.append(lambda dice: ("ZADD", keys.calls_done("c1", dice.one(*Disposition)), dice.now, dice.number(4, 9)))


@models(lambda dice: Asked(CALL_SETS, [*range(1, dice.number(2, 9))]))
def find_calls(space: Space, names: list[str], args: list[str]) -> list[Part]:
    """Where each call stands; the last place where it stands in several, which only a machine puts it."""
    found: list[Part] = []
    for seq in args:
        places = [(place, space.zsets[name][seq]) for place, name in enumerate(names, 1) if seq in space.zsets[name]]
        place, score = places[-1] if places else (0, 0.0)
        found += [place, f"{score:.0f}"]
    return found


@models(lambda dice: Asked([keys.SCHEMA, *dice.some(keys.KEPT), keys.TRUNK], [4, 3, 2, 1]))
def stamp_schema(space: Space, names: list[str], args: list[str]) -> None:
    """Once: what is there already is of an older version."""
    if not space.hashes[names[0]]:
        is_new = not any(name in space.rendered() for name in (key.removeprefix(keys.TAG) for key in names[1:]))
        version, needs = args[:2] if is_new else args[2:]
        space.hashes[names[0]] |= {"version": version, "needs": needs}


def _migrate(dice: Dice) -> Asked:
    text, at = dice.one("old", "new", "else"), dice.one("", "page 1", "page 2")
    change: list[Part] = [3, "1", text, "new"] if dice.number(0, 1) else []
    names = [keys.SCHEMA, keys.MIGRATION, keys.bucket("c1", 1)]
    return Asked(names, [dice.number(4, 5), dice.one(2, 4), at, dice.one("page 1", "page 2", ""), 1, 50, *change])


GIVEN.append(lambda _: ("HSET", keys.bucket("c1", 1), "1", "old"))
GIVEN.append(lambda _: ("HSET", keys.SCHEMA, "version", 3, "needs", 2))


@models(_migrate)
def migrate_page(space: Space, names: list[str], args: list[str]) -> int:
    """A page is written by whoever read all of it as it is; the last one makes it the new version."""
    schema, at, calls = (space.hashes[name] for name in names)
    version, needs, cursor, behind, campaigns, seen, *change = args
    if schema.get("version") != str(int(version) - 1):
        return 0
    if at.get("version") != version:
        at.clear()
        at |= {"version": version, "at": "", "campaigns": "0", "calls": "0", "changed": "0"}
    if at["at"] != cursor or (change and calls.get(change[1]) != change[2]):
        return 0
    if change:
        calls[change[1]] = change[3]
    schema["needs"] = max(schema["needs"], needs, key=int)
    for name, more in (("campaigns", campaigns), ("calls", seen), ("changed", int(bool(change)))):
        space.count_up(names[1], name, more)
    if behind:
        at["at"] = behind
    else:
        schema["version"] = version
        at.clear()
    return 1
