"""The life of the data: what it lacks is written down by whoever knows, and ends with the next life."""

from __future__ import annotations

from dialer import keys
from tests.fakes.models.space import GIVEN, Asked, Dice, Space, models

LIVES = ("one", "two", "three")

GIVEN += [
    lambda dice: ("HSET", keys.LIFE, "begun", dice.number(0, 3)),
    lambda dice: ("HSET", keys.LIFE, "run", dice.one("other", *[dice.space.run] * 4), "from", dice.now),
    lambda dice: ("DEL", keys.LIFE) if dice.number(0, 9) == 0 else ("HSET", keys.LIFE, "at", dice.now),
]


def _known(dice: Dice) -> str:
    """Mostly the one that is."""
    return dice.one("", *LIVES, *[dice.space.hashes[keys.LIFE].get("id", "")] * 4)


@models(lambda dice: Asked([keys.LIFE], [_known(dice), dice.number(0, 5), dice.one(*LIVES), dice.now, 4]))
def look_at_life(space: Space, names: list[str], args: list[str]) -> list[str | int | None]:
    """Whoever has seen more of the same life says so; nobody takes it back. On another server all wait a while."""
    life, known, seen = space.hashes[names[0]], args[0], int(args[1])
    life.setdefault("id", args[2])
    if life["id"] == known and seen > max(int(life.get("begun", 0)), int(life.get("known", 0))):
        life["known"] = str(seen)
    now = int(args[3])
    if life.get("run") != space.run:
        life["from"] = str(now + int(args[4]) * ("run" in life))
        life["run"] = space.run
    waits = max(int(life["from"]) - now, 0)
    return [life["id"], life.get("begun"), life.get("known"), life.get("before"), life.get("at"), waits]


@models(lambda dice: Asked([keys.LIFE, *keys.AUDITED], [dice.now, '{"by": "anna"}', _known(dice), dice.one(*LIVES), 3]))
def begin_life(space: Space, names: list[str], args: list[str]) -> int:
    """The next one begins at nothing, and knows so many before it."""
    life = space.hashes[names[0]]
    if life.get("id") != args[2]:
        return 0
    before = [life["id"], *life.get("before", "").split()][: int(args[4])]
    kept = {name: life[name] for name in ("run", "from")}
    space.hashes[names[0]] = {"id": args[3], "before": " ".join(before), **kept}
    space.did.append({"by": "anna"})
    return 1
