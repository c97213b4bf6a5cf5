"""Erasing a person: the plan, how far it is, and the steps by which workers carry it out.

The plan is stored, so that any worker goes on where another died, and each step may be done again:

1. `calls`: whatever the index finds is ended or waited for, and then stripped in one step each; recordings before that.
2. `answers`: kept answers to Idempotency-Keys that hold the number give way to a mark that they were used, and when it
   was dialed is forgotten.
3. `files`: the files of the recordings are deleted by whoever works off the marks; that is waited for.
4. `check`: the index is asked again, and all of the campaigns that had such calls is read. What holds the number yet is
   told in the proof by where it stands. Then the plan, which holds the number too, is removed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from dialer import keys
from dialer.erasures.erasure import Erasure, Plan, read_erasure
from dialer.erasures.hashes import MARK
from dialer.erasures.traces import holds, spellings
from dialer.errors import IllegalStep, InvalidInput, NotFound
from dialer.store.erasing_check import ErasureCheck
from dialer.store.suppression import suppression_key

ERASE_LEASE_MS = 30_000
LOOK_AGAIN_MS = 2_000
_DAYS_DIALED = 9  # what `parts/dialed.lua` keeps
_SCANNED = 1_000


class ErasingStore(ErasureCheck):
    """Erasures."""

    async def check_erasure_secret(self) -> None:
        """Raise InvalidInput where hashes of erased numbers stand under another secret than ours, or we have none."""
        known = await self._batch.command("HGET", keys.ERASURE_SECRET, "fingerprint")
        if known and known != self._fingerprint() and await self._has_hashes():
            raise InvalidInput(
                "DIALER_ERASURE_SECRET is not the secret under which the hashes of erased numbers were made that stand "
                "in this Redis: whom nobody may call could not be told. Set the one that all other processes have.",
                field="DIALER_ERASURE_SECRET",
            )

    async def _has_hashes(self) -> bool:
        for one in await self.suppression_lists():
            cursor = "0"
            while True:
                asked = ("MATCH", f"{MARK}*", "COUNT", _SCANNED)
                cursor, found = await self._batch.command("ZSCAN", suppression_key(one.name), cursor, *asked)
                if found:
                    return True
                if not int(cursor):
                    break
        return False

    async def begin_erasure(self, erasure_id: str, plan: Plan) -> None:
        """Have the workers carry it out. Raises IllegalStep where its number could not be kept from being called."""
        if await self._hash_suppressed(plan) < 0:
            raise IllegalStep(
                "the number is to stay suppressed, of which a hash under DIALER_ERASURE_SECRET is kept: "
                "set that, the same for all processes, and start them anew"
            )
        told = json.dumps({name: getattr(plan, name) for name in plan.__slots__})
        # In line first: what is written without its plan is dropped, and a plan without its place would stay for good.
        await self._batch.command("ZADD", keys.ERASING, self._now_ms() + LOOK_AGAIN_MS, erasure_id)
        await self._batch.command("HSET", keys.erasure(erasure_id), "plan", told, "step", "calls")
        await self.pass_erasure_on(erasure_id)

    async def has_erasure(self, erasure_id: str) -> bool:
        """Whether it was begun."""
        return bool(await self._batch.command("HEXISTS", keys.erasure(erasure_id), "step"))

    async def erasure(self, erasure_id: str) -> Erasure:
        """How far it is. Raises NotFound."""
        fields = await self._fields(keys.erasure(erasure_id)) if ":" not in erasure_id else {}
        if "step" not in fields:
            raise NotFound(f"there is no erasure {erasure_id!r}")
        return read_erasure(erasure_id, fields)

    async def take_erasures(self, most: int) -> list[str]:
        """Erasures that somebody must go on with; held for a while."""
        now = self._now_ms()
        return list(await self._batch.run("take_due", [keys.ERASING], [now, now + ERASE_LEASE_MS, most]))

    async def pass_erasure_on(self, erasure_id: str, after_ms: int = 0) -> None:
        """Let a worker go on with it then."""
        await self._batch.command("ZADD", keys.ERASING, "XX", self._now_ms() + after_ms, erasure_id)

    async def erase_some(self, erasure_id: str) -> Erasure:
        """One step; the erasure as it stands then. It is to be looked at later where it waits. Repeatable."""
        try:
            erasure = await self.erasure(erasure_id)
        except NotFound:
            await self._batch.command("ZREM", keys.ERASING, erasure_id)
            raise
        plan = erasure.plan
        if plan is not None and erasure.proof is None:
            await self.pass_erasure_on(erasure_id, ERASE_LEASE_MS)
            steps = {"calls": self._erase_calls, "answers": self._erase_answers, "files": self._await_files}
            await steps.get(erasure.step, self._check)(erasure, plan)
        return await self.erasure(erasure_id)

    async def end_erasure(self, erasure_id: str, proof: Mapping[str, Any], kept_ms: int) -> None:
        """Keep the proof for so long, and nothing that could tell whose it is. Repeatable: the first proof stays."""
        key = keys.erasure(erasure_id)
        await self._batch.command("HSETNX", key, "proof", json.dumps(proof))
        await self._batch.command("PEXPIRE", key, kept_ms)
        fields = await self._fields(key)
        about = {"plan", "waiting", "left", "at"}
        personal = [name for name in fields if name in about or name.startswith(("r:", "e:"))]
        await self._batch.command("HSET", key, "step", "ended")
        await self._batch.command("HDEL", key, "plan", *personal)
        await self._batch.command("ZREM", keys.ERASING, erasure_id)

    async def _erase_answers(self, erasure: Erasure, plan: Plan) -> None:
        dialed = keys.dialed(plan.number, self._now_ms(), _DAYS_DIALED)
        await asyncio.gather(*(self._batch.command("HDEL", name, plan.number) for name in dialed))
        # A number may stand there in any spelling, and a person by name alone.
        forgotten = await self.forget_rejected()
        cursor, removed = "0", 0
        while True:
            pattern = keys.idempotency("*", "*")
            cursor, names = await self._batch.command("SCAN", cursor, "MATCH", pattern, "COUNT", _SCANNED)
            removed += sum(await asyncio.gather(*(self._erase_answer(name, plan) for name in names)))
            if not int(cursor):
                break
            await self.pass_erasure_on(erasure.id, ERASE_LEASE_MS)
        counts = {"answers": removed, "rejected_rows_of_imports": forgotten}
        told = {f"n:{kind}": erasure.counts.get(kind, 0) + count for kind, count in counts.items()}
        await self._tell(erasure, step="files", **told)

    async def _erase_answer(self, name: str, plan: Plan) -> int:
        text = await self._batch.command("GET", name)
        if not text or not holds(text, spellings(plan.number)):
            return 0
        # The key stays used: a request sent again must not call the person again. XX: it may end at this moment.
        used = json.dumps({"fingerprint": "", "answer": {"status": 410, "body": "", "location": None}})
        await self._batch.command("SET", name, used, "XX", "KEEPTTL")
        return 1

    async def _await_files(self, erasure: Erasure, plan: Plan) -> None:
        due = await asyncio.gather(*(self._batch.command("ZSCORE", keys.RECORDINGS_DUE, i) for i in erasure.recordings))
        if all(score is None for score in due):
            await self._forget_calls(erasure)
            # In no call either way: those plans are looked through by themselves.
            planned = await self._batch.command("ZRANGE", keys.ESCALATIONS, 0, -1)
            left = await self._still_in(spellings(plan.number), [keys.escalation(one) for one in planned])
            await self._tell(erasure, step="check", at=0, left=json.dumps(left))
