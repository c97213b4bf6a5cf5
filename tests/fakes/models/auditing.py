"""The audit log: a chain that is written at its end and trimmed at its beginning."""

from __future__ import annotations

from dialer import keys
from dialer.audit import FIRST_HASH, chained
from tests.fakes.models.space import Asked, Dice, Space, models

AUDIT = ("append_audit", "trim_audit")
"""They have a machine of their own: other scripts write to the log as well, each its own words."""


def _append(dice: Dice) -> Asked:
    """Some entries, now and then by a clock that is behind."""
    return Asked([*keys.AUDITED], [dice.moment(), *(f"entry {dice.number(1, 99)}" for _ in range(dice.number(1, 3)))])


@models(_append)
def append_audit(space: Space, names: list[str], args: list[str]) -> list[str]:
    """Each is chained to the one before, and its id lies behind that one's."""
    stream, chain = space.streams[names[0]], space.hashes[names[1]]
    now, *texts = args
    for text in texts:
        ms, number = map(int, chain.get("last", "0-0").split("-"))
        entry_id = f"{now}-0" if ms < int(now) else f"{ms}-{number + 1}"
        chain |= {"head": chained(chain.get("head", FIRST_HASH), entry_id, text), "last": entry_id}
        stream.append((entry_id, {"entry": text, "hash": chain["head"]}))
    return [chain["last"], chain["head"]]


@models(lambda dice: Asked([*keys.AUDITED], [dice.moment() - 3, dice.number(1, 4)]))
def trim_audit(space: Space, names: list[str], args: list[str]) -> int:
    """The oldest go, so many at once; the hash before the oldest that is kept stays."""
    stream, chain = space.streams[names[0]], space.hashes[names[1]]
    old = [one for one in stream if int(one[0].partition("-")[0]) <= int(args[0])][: int(args[1])]
    if old:
        del stream[: len(old)]
        chain["anchor"] = old[-1][1]["hash"]
        space.count_up(names[1], "trimmed", len(old))
    return len(old)
