"""The first step of an erasure: each call of the person is ended or waited for, and then stripped in one step.

Plans that name the person come before that, so that nothing adds a call meanwhile; recordings before the call that they
are of. Each may be done again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from dialer import keys
from dialer.built_in import BUILT_IN
from dialer.call_record import CallRecord
from dialer.decisions import ALL_CAMPAIGNS
from dialer.erasures.erasure import Erasure, Plan
from dialer.erasures.hashes import fingerprint, suppressed_digest
from dialer.escalations.escalating import escalation_id
from dialer.escalations.escalation import ROUND, STEP
from dialer.known import digest_of, known_key, slots_of
from dialer.model import ERASED, AttemptRef, Call, CallRef
from dialer.packed import change_attempt
from dialer.store.escalating import EscalatingStore
from dialer.store.finding import FindStore
from dialer.store.imports import ImportStore
from dialer.store.recordings import RecordingStore
from dialer.store.suppression import SuppressionStore, suppression_key

SETTLE_MS = 30_000
"""A call's last webhooks come seconds after its end, both tries of the carrier within 20 s."""
_DAY_MS = 86_400_000
_MOST_WAITING = 100  # calls told by id while they are waited for


class _Outcome(IntEnum):
    """The answers of `erase_call`."""

    CHANGED = 0
    ERASED = 1
    UP = 2
    SETTLING = 3
    RECORDED = 4


class ErasedCalls(EscalatingStore, FindStore, ImportStore, RecordingStore, SuppressionStore):
    """The calls of people who are erased."""

    def _fingerprint(self) -> str:
        return fingerprint(self._erasure_secret) if self._erasure_secret else ""

    async def _tell(self, erasure: Erasure, **fields: str | int) -> None:
        parts = [part for pair in fields.items() for part in pair]
        await self._batch.command("HSET", keys.erasure(erasure.id), *parts)

    async def _hash_suppressed(self, plan: Plan) -> int:
        """On every list: 1 where a hash is kept on one, -1 where there is no secret for that, else 0."""
        digest = suppressed_digest(plan.number, self._erasure_secret)
        kept = []
        for one in await self.suppression_lists():
            wanted = "1" if plan.suppress and one.name == ALL_CAMPAIGNS else ""
            names = [suppression_key(one.name), keys.ERASURE_SECRET, keys.SUPPRESSION]
            args: list[str | int] = [plan.number, digest, self._fingerprint(), self._now_ms(), wanted, one.name]
            kept.append(int(await self._batch.run("hash_suppressed", names, args)))
        return -1 if -1 in kept else max(kept)

    async def _erase_calls(self, erasure: Erasure, plan: Plan) -> None:
        # First, so that no step to come adds a call. Whoever stands in a step that was not begun yet is in no call.
        planning = await self._batch.command("ZRANGE", keys.CAMPAIGNS, 0, -1)
        forgotten = sum(await asyncio.gather(*(self.forget_planned(one, plan.number) for one in planning)))
        # After those, of which any may have become one of these.
        planned = await self._batch.command("ZRANGE", keys.ESCALATIONS, 0, -1)
        forgotten += sum(await asyncio.gather(*(self.forget_person(one, plan.number) for one in planned)))
        await self._batch.command("HINCRBY", keys.erasure(erasure.id), "n:planned_people", forgotten)
        # An opt-out may have come meanwhile.
        kept = await self._hash_suppressed(plan)
        suppression = {-1: "number", 0: "none"}.get(kept, "hash")
        waiting = [
            call.id for call in await self.calls_of(plan.number) if not await self._erase(erasure.id, call, plan)
        ]
        done = {"waiting": json.dumps(waiting[:_MOST_WAITING]), "suppression": suppression}
        await self._tell(erasure, **done, **({} if waiting else {"step": "answers"}))

    async def _erase(self, erasure_id: str, call: Call, plan: Plan) -> bool:
        ref = CallRef.parse(call.id)
        while ref is not None:
            match await self._erased(erasure_id, ref, plan):
                case _Outcome.ERASED | None:
                    return True
                case _Outcome.RECORDED:
                    await self._delete_recordings(erasure_id, ref)
                case _Outcome.UP | _Outcome.SETTLING:
                    return False
        return True

    async def _erased(self, erasure_id: str, ref: CallRef, plan: Plan) -> _Outcome | None:
        """None where the call was deleted or erased meanwhile."""
        record, tries = await self._batch.command("HMGET", keys.bucket(*ref), ref.seq, f"{ref.seq}t")
        count = int(json.loads(tries)["n"]) if tries else 0
        if record is None or (told := CallRecord.read(record)).number == ERASED:
            return None
        await self._batch.command("HSET", keys.erasure(erasure_id), f"c:{ref.campaign_id}", 1)
        # Whatever is begun for it from now on is known by then: what is taken out of it comes after that.
        if await self._batch.command("HEXISTS", keys.campaign(ref.campaign_id), "escalation"):
            await self._batch.command("HSET", keys.erasure(erasure_id), f"e:{escalation_id(str(ref))}", 1)
        step = keys.call_step(AttemptRef(ref, count))
        known = self._known(ref.campaign_id, told.external_id, told.numbers)
        known += _known_once(ref.campaign_id, told.external_id or told.number, told.variables or {})
        between = [keys.erasure(erasure_id), keys.EXPIRING_CALLS, keys.hang_up(ref.campaign_id), keys.HANGING_UP]
        between += [keys.attempt(AttemptRef(ref, place)) for place in range(1, count + 1)]
        args: list[Any] = [ref.campaign_id, ref.seq, count, self._now_ms()]
        args += [record, count, "1" if plan.hang_up else "", SETTLE_MS, *(name for _, name in known)]
        names = [*step[:-5], *between, *(key for key, _ in known), *step[-5:]]
        return _Outcome(await self._batch.run("erase_call", names, args))

    def _known(self, campaign_id: str, external_id: str | None, numbers: Sequence[str]) -> list[tuple[str, str]]:
        """Hash and field of all by which a call may be known or found."""
        slots = [(slot.key, slot.letter) for slot in slots_of(campaign_id, numbers)]
        if campaign_id not in BUILT_IN.values():
            digest = digest_of(external_id, numbers[0])
            return [*slots, (known_key(campaign_id, digest), digest)]
        digest = digest_of(f"key\x00id {external_id}", "")
        today = self._now_ms() // _DAY_MS
        return [*slots, *((keys.known(campaign_id, day), digest) for day in (today, today - 1) if external_id)]

    async def _delete_recordings(self, erasure_id: str, ref: CallRef) -> None:
        """That of a conference goes with the first of those who speak in it: nobody can be cut out."""
        ids = {recording_id for attempt in await self.attempts(str(ref)) for recording_id in attempt.recordings}
        for recording_id in sorted(ids):
            # Written down first: whoever dies in between is followed by one who waits for its file too.
            await self._batch.command("HSET", keys.erasure(erasure_id), f"r:{recording_id}", 1)
            await self.delete_recording(recording_id)
            # One that is gone by age may have left its name.
            refs = [AttemptRef(ref, attempt.number) for attempt in await self.attempts(str(ref))]
            await asyncio.gather(*(change_attempt(self._batch, one, "HDEL", f"r:{recording_id}") for one in refs))


def _known_once(campaign_id: str, person: str, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """By what an escalation knows the call of a person in one step of one round."""
    if not {STEP, ROUND} <= variables.keys():
        return []
    digest = digest_of(f"\x00{variables[ROUND]}.{variables[STEP]}.{person}", "")
    return [(known_key(campaign_id, digest), digest)]
