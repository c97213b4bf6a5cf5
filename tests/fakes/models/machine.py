"""The machine: any script with anything, beside its model, and all keys compared after each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from dialer import keys
from dialer.audit import FIRST_HASH, chained
from dialer.redis.batch import Batch
from tests.fakes.keyspace import Keyspace, changes, dump
from tests.fakes.models import (
    adding,
    auditing,
    calling_back,
    changing,
    expiring,
    explaining,
    hanging_up,
    keeping,
    recording,
    restoring,
    spending,
    stepping,
    summing,
)
from tests.fakes.models.auditing import AUDIT
from tests.fakes.models.space import GIVEN, MODELS, Dice

ROOMS = (
    adding, auditing, calling_back, changing, expiring, explaining, hanging_up,
    keeping, recording, restoring, spending, stepping, summing,
)  # fmt: skip
"""Where the models are; each puts its own into the registry."""
OTHERS = tuple(sorted(MODELS.keys() - set(AUDIT)))
_TOLD = {"audit", "audit:chain", "changes"}
"""Of these the words are compared alone, where several scripts write to them."""
_MOST_TOLD = 30
"""No more are read after each step."""


def beside_its_room(script: str) -> list[str]:
    """A script, each second time, and those that stand beside it in its module."""
    room = [name for name in OTHERS if MODELS[name].model.__module__ == MODELS[script].model.__module__]
    return [*room, *[script] * len(room)]


class Machine:
    """One run, the same again for the same seed."""

    def __init__(self, redis: Redis, seed: int, now: int, scripts: Sequence[str] = OTHERS) -> None:
        self._redis, self._batch, self._scripts = redis, Batch(redis), scripts
        self._dice = Dice(seed, now)
        rooms = {MODELS[script].model.__module__ for script in scripts}
        self._given = [given for given in GIVEN if given.__module__ in rooms]
        self._told = set() if scripts == AUDIT else _TOLD
        self.answers: defaultdict[str, set[str]] = defaultdict(set)

    async def run(self, steps: int) -> None:
        """Take so many steps, while somebody listens for changes."""
        self._dice.space.run = (await self._redis.info("server"))["run_id"]
        if self._told:
            await self._batch.command("XADD", keys.CHANGES, "*", "what", "begun")
        for _ in range(steps):
            self._dice.now += self._dice.number(0, 3)
            for given in self._dice.random.sample(self._given, min(self._dice.number(0, 4), len(self._given))):
                command = given(self._dice)
                self._dice.space.do(command)
                # What is asked in one turn goes out in its order, and by one pipeline.
                self._batch.command(*command)
            await self._step(self._dice.one(*self._scripts))

    async def _step(self, script: str) -> None:
        names, args = MODELS[script].draw(self._dice)
        told = f"{script}{names}{args}"
        answer = await self._batch.run(script, names, args)
        wanted = MODELS[script].model(self._dice.space, names, [str(arg) for arg in args])

        assert wanted == answer, told
        expected, found = self._dice.space.rendered(), await dump(self._redis)
        # A stream may be there without an entry.
        there = {name: content for name, content in found.items() if content and name not in self._told}
        different = changes(expected, there)
        assert {} == different, f"{told}: {different}, expected {[expected.get(name) for name in different]}"
        if self._told:
            await self._compare_told(found, told)
        self.answers[script].add(json.dumps(answer))

    async def _compare_told(self, found: Keyspace, told: str) -> None:
        did, changed, audit = self._dice.space.did, self._dice.space.changed, found.get("audit", [])
        assert _chain(audit) == found.get("audit:chain"), told
        assert did == [json.loads(fields["entry"]) for _, fields in audit], told
        assert changed == [fields["what"] for _, fields in found["changes"][1:]], told
        if len(did) + len(changed) > _MOST_TOLD:
            await self._redis.delete(*keys.AUDITED)
            await self._redis.xtrim(keys.CHANGES, maxlen=1, approximate=False)
            did.clear()
            changed.clear()


def _chain(entries: Sequence[tuple[str, dict[str, str]]]) -> dict[str, Any] | None:
    """What is kept beside these entries of the audit log, each of which bears its own hash."""
    head = FIRST_HASH
    for entry_id, fields in entries:
        head = chained(head, entry_id, fields["entry"])
        assert fields["hash"] == head
    return {"head": head, "last": entries[-1][0]} if entries else None
