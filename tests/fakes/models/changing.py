"""What is changed while a campaign runs: its windows and limits, and the numbers that are not to be called."""

from __future__ import annotations

from dialer import keys
from dialer.holding import SPAN, Held
from dialer.states import CallState
from tests.fakes.models.space import GIVEN, Asked, Command, Dice, Part, Space, models

CAMPAIGNS = ("v1", "v2")
LINES = keys.lines(["main", "south"])
OVER = {"completed", "cancelled"}
CAPS = ("0 0 0", "2 0 0", "3 0 0", "0 2 0", "2 2 9", "2 3 10")
NUMBERS = ("+31610000001", "+31610000002", "h:1")
BREAKER = ("outcomes", "probes", "tripped_until", "tripped_wait", "tripped_why")


def _given_campaign(dice: Dice) -> Command:
    """What every campaign has."""
    state = dice.one("running", "running", "running", "paused", "completed", "cancelled")
    told: list[Part] = ["state", state, "class", dice.one(1, 2, 3), "script", dice.one("one", "two")]
    return ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), *told)


def _given_field(dice: Dice) -> Command:
    """What some have."""
    told: tuple[Part, ...] = dice.one(
        ("cohorts", dice.number(1, 3)),
        ("cohorts", dice.number(2, 3)),
        ("unpark", dice.moment()),
        ("expires_at", dice.moment()),
        (f"h{dice.number(1, 3)}", f"{dice.moment()} {dice.moment() + 9}"),
        (f"h{dice.number(1, 3)}", f"{dice.moment()} {dice.moment() + 9}"),
        ("version", dice.number(1, 3)),
        ("timed", dice.number(1, 3), "windows", "old", "override_windows", 1),
        ("pace_at", dice.now, "pace", 3),
        ("caps", dice.one(*CAPS)),
        ("release", " 3"),
        (dice.one(*BREAKER), "1"),
        ("script_version", dice.number(1, 3)),
    )
    return ("HSET", keys.campaign(dice.one(*CAMPAIGNS)), *told)


def _given_place(dice: Dice) -> Command:
    """Calls wait, some held back; campaigns stand in lines; numbers are suppressed; one campaign goes."""
    campaign_id, seq = dice.one(*CAMPAIGNS), dice.number(1, 4)
    until = dice.one(Held.SPACING, Held.DAY_CAP, Held.WEEK_CAP) * SPAN + dice.one(dice.moment(), -1)
    return dice.one(
        ("ZADD", keys.calls_in(campaign_id, CallState.WAITING), dice.moment(), seq),
        ("ZADD", keys.held(campaign_id), until, seq),
        ("ZADD", keys.held(campaign_id), until, seq),
        ("ZADD", dice.one(*LINES), dice.moment(), dice.one(*CAMPAIGNS, "v3")),
        ("ZADD", keys.suppressed_on("staff"), dice.moment(), dice.one(*NUMBERS)),
        ("HSET", keys.SUPPRESSION, dice.one("red", "blue"), 1),
        ("DEL", dice.one(keys.campaign(campaign_id), keys.SUPPRESSION, *LINES)),
    )


GIVEN += [_given_campaign, _given_field, _given_field, _given_place, _given_place]


def _refused(fields: dict[str, str], version: str) -> int | None:
    """Why nothing is changed."""
    if "state" not in fields:
        return 0
    if fields["state"] in OVER:
        return -1
    return -3 if version and fields.get("version", "1") != version else None


def _changed(space: Space, campaign_id: str, now: str) -> None:
    fields = space.hashes[keys.campaign(campaign_id)]
    fields |= {"version": str(int(fields.get("version", 1)) + 1), "touched_at": now}


def _into_line(space: Space, campaign_id: str) -> None:
    fields = space.hashes[keys.campaign(campaign_id)]
    if fields["state"] == "running":
        for line in LINES[int(fields["class"]) - 1 :: 3]:
            space.zsets[line].setdefault(campaign_id, min(space.zsets[line].values(), default=0.0))


def _windows(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    args: list[Part] = [campaign_id, dice.now, dice.one("", "new"), dice.number(0, 1), dice.one("", "", "1", "2")]
    return Asked([keys.campaign(campaign_id), *LINES], args)


@models(_windows)
def change_windows(space: Space, names: list[str], args: list[str]) -> int:
    """No hours of the old ones are left; what is parked at their openings is looked for there."""
    fields, (campaign_id, now, windows, override, version) = space.hashes[names[0]], args
    refused = _refused(fields, version)
    if refused is not None:
        return refused
    _changed(space, campaign_id, now)
    fields["windows_version"] = str(int(fields.get("windows_version", 0)) + 1)
    cohorts = int(fields.get("cohorts", 1))
    opens = [fields.pop(f"h{number}", "0").split()[0] for number in range(1, cohorts + 1)]
    parked = [fields["unpark"]] if "unpark" in fields else []
    if cohorts > 1:
        parked += [fields["expires_at"]] if "expires_at" in fields else []
        parked += [at for at in opens if int(at) > int(now)]
    if parked:
        fields["unpark"] = " ".join(parked)
    for name in ("timed", "windows", "override_windows"):
        fields.pop(name, None)
    if windows:
        fields["windows"] = windows
    if override == "1":
        fields["override_windows"] = "1"
    elif windows:
        fields["timed"] = fields["windows_version"]
    _into_line(space, campaign_id)
    return 1


def _hours(dice: Dice) -> Asked:
    told: list[Part] = ["h1", f"{dice.now} {dice.now + 9}", "h2", f"{dice.now + 1} {dice.now + 2}"]
    return Asked([keys.campaign(dice.one(*CAMPAIGNS))], [dice.number(1, 3), *told])


@models(_hours)
def store_hours(space: Space, names: list[str], args: list[str]) -> int:
    """Of the windows from which they were worked out only."""
    fields, (version, *told) = space.hashes[names[0]], args
    if fields.get("timed") != version:
        return 0
    fields |= dict(zip(told[::2], told[1::2], strict=True))
    return 1


def _change(dice: Dice) -> Asked:
    campaign_id = dice.one(*CAMPAIGNS)
    names = [keys.campaign(campaign_id), keys.texts(campaign_id), keys.SUPPRESSION, keys.CLOSING]
    names += [keys.calls_in(campaign_id, CallState.WAITING), keys.held(campaign_id), *LINES]
    new: list[tuple[Part, Part]] = [
        ("caps", dice.one("", *CAPS)), ("caps", dice.one("", *CAPS)), ("pace", dice.one("", "4")),
        ("breaker", dice.one("", "3 4 500")), ("script", dice.one("one", "three")), ("slots", dice.one("", "3")),
        ("lists", dice.one("", "red", "red blue")),
    ]  # fmt: skip
    told = dict(dice.random.sample(new, dice.number(0, 3)))
    parts = [part for pair in told.items() for part in pair]
    return Asked(names, [campaign_id, dice.now, dice.one("", "", "1", "2"), *parts])


@models(_change)
def change_campaign(space: Space, names: list[str], args: list[str]) -> int:
    """All or nothing; a text stands beside the version that it was of, and what is held back no more is due."""
    campaign, texts, suppression, closing, waiting, held = names[:6]
    fields, (campaign_id, now, version, *parts) = space.hashes[campaign], args
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    refused = _refused(fields, version)
    if refused is not None:
        return refused
    if not space.hashes[suppression].keys() >= set(told.get("lists", "").split()):
        return -2
    if "pace" in told:
        fields.pop("pace_at", None)
    reasons = _loosened(fields.get("caps"), told["caps"]) if "caps" in told else ""
    released = fields.pop("release", "") + reasons
    if told.get("breaker") == "":
        for name in BREAKER:
            fields.pop(name, None)
    if "script" in told:
        before = fields.setdefault("script_version", "1")
        space.hashes[texts][before] = fields["script"]
        fields["script_version"] = str(int(before) + 1)
    for name, value in told.items():
        fields.pop(name, None)
        fields |= {name: value} if value else {}
    if told:
        _changed(space, campaign_id, now)
    _release(space, [waiting, held], released.split(), int(now))
    if fields["state"] == "running":
        space.sets[closing].add(campaign_id)
    _into_line(space, campaign_id)
    return 1


def _loosened(before: str | None, after: str) -> str:
    old, new = ([*map(int, (caps or "0 0 0").split())] for caps in (before, after))
    reasons = [
        reason
        for reason, was, now in zip((Held.DAY_CAP, Held.WEEK_CAP, Held.SPACING), old, new, strict=True)
        if (now < was if reason is Held.SPACING else 0 < was and not 0 < now <= was)
    ]
    return "".join(f" {int(reason)}" for reason in reasons)


def _release(space: Space, sets: list[str], reasons: list[str], now: int) -> None:
    waiting, held = (space.zsets[name] for name in sets)
    for base in (int(reason) * SPAN for reason in reasons):
        for seq in [seq for seq, at in held.items() if base + now < at <= base + SPAN - 1]:
            del held[seq]
            waiting |= {seq: float(now)} if seq in waiting else {}


def _suppress(dice: Dice) -> Asked:
    numbers = dice.some(NUMBERS)
    names = [keys.suppressed_on("staff"), keys.SUPPRESSION]
    return Asked(names, ["staff", dice.now, dice.one("add", "remove"), *numbers])


@models(_suppress)
def change_suppression(space: Space, names: list[str], args: list[str]) -> int:
    """A number is on the list since it came there first; the list's version tells of each change."""
    listed, (name, now, how, *numbers) = space.zsets[names[0]], args
    changed = [number for number in numbers if (number in listed) is (how == "remove")]
    for number in changed:
        listed.pop(number, None)
        listed |= {number: float(now)} if how == "add" else {}
    if changed or how == "add":
        space.count_up(names[1], name, int(bool(changed)))
    return len(changed)
