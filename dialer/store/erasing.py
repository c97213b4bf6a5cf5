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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from secrets import token_hex
from typing import Any

import phonenumbers

from dialer import keys
from dialer.addresses import is_phone
from dialer.call_record import CallRecord, attempts_in
from dialer.decisions import ALL_CAMPAIGNS
from dialer.erasing import MARK, fingerprint, suppressed_digest
from dialer.errors import IllegalStep, InvalidInput, NotFound
from dialer.escalations.escalating import escalation_id
from dialer.escalations.escalation import ROUND, STEP
from dialer.known import digest_of, known_key, slots_of
from dialer.model import ERASED, AttemptRef, Call, CallRef
from dialer.packed import change_attempt, read_attempts
from dialer.store.campaigns import BUILT_IN
from dialer.store.escalating import EscalatingStore
from dialer.store.finding import FindStore
from dialer.store.imports import ImportStore
from dialer.store.recordings import RecordingStore
from dialer.store.suppression import SuppressionStore, suppression_key

ERASE_LEASE_MS = 30_000
LOOK_AGAIN_MS = 2_000
SETTLE_MS = 30_000
"""A call's last webhooks come seconds after its end, both tries of the carrier within 20 s."""
_DAY_MS = 86_400_000
_DERIVED = 16  # letters: 80 bits
_DAYS_DIALED = 9  # what `parts/dialed.lua` keeps
_SCANNED = 1_000
_PAGE = 10  # buckets of calls read together
_MOST_WAITING = 100  # calls told by id while they are waited for


class _Outcome(IntEnum):
    """The answers of `erase_call`."""

    CHANGED = 0
    ERASED = 1
    UP = 2
    SETTLING = 3
    RECORDED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for.

    Attributes:
        number: as it is stored with calls.
        suppress: nobody may call it after that, though nobody asked for that before.
        hang_up: calls that are up are ended; else they end by themselves.
        salt, number_digest: what the proof tells of the number.
        by: who asked, in the words of whoever did.
    """

    number: str
    suppress: bool
    hang_up: bool
    salt: str
    number_digest: str
    requested_ms: int
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """How far an erasure is.

    Attributes:
        plan: None once it has ended.
        counts: what was found and removed so far, by kind.
        waiting_for: calls that are up or ended this moment.
        touched: the campaigns that had such calls.
        campaigns: those of them that are to be looked through yet.
        escalations: such as may have been begun for calls of the person.
        proof: as it was signed; None before the end.
        at: how far the check is.
    """

    id: str
    plan: Plan | None
    step: str
    counts: Mapping[str, int] = field(default_factory=dict)
    waiting_for: Sequence[str] = ()
    touched: Sequence[str] = ()
    campaigns: Sequence[str] = ()
    recordings: Sequence[str] = ()
    escalations: Sequence[str] = ()
    left: Sequence[str] = ()
    suppression: str = "none"
    proof: Mapping[str, Any] | None = None
    at: int = 0


class ErasingStore(EscalatingStore, FindStore, ImportStore, RecordingStore, SuppressionStore):
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

    def _fingerprint(self) -> str:
        return fingerprint(self._erasure_secret) if self._erasure_secret else ""

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
        return _read(erasure_id, fields)

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

    async def _tell(self, erasure: Erasure, **fields: str | int) -> None:
        parts = [part for pair in fields.items() for part in pair]
        await self._batch.command("HSET", keys.erasure(erasure.id), *parts)

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
        if not text or not _holds(text, spellings(plan.number)):
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

    async def _forget_calls(self, erasure: Erasure) -> None:
        """Take the person out of what others are told in escalations; the check reads those, too."""
        for one in erasure.escalations:
            if await self._batch.command("EXISTS", keys.campaign(one)):
                await self.forget_call(one)
                await self._batch.command("HSET", keys.erasure(erasure.id), f"c:{one}", 1)

    async def _check(self, erasure: Erasure, plan: Plan) -> None:
        """A page of the check: of one campaign, its next calls."""
        if await self.calls_of(plan.number):
            # Added meanwhile by an import.
            await self._tell(erasure, step="calls", at=0)
            return
        first, words, left = erasure.at, spellings(plan.number), list(erasure.left)
        if not erasure.campaigns:
            await self._end_check(erasure)
            return
        campaign_id, *rest = erasure.campaigns
        total = int(await self._batch.command("HGET", keys.campaign(campaign_id), "total") or 0)
        span = _PAGE * keys.CALLS_PER_BUCKET
        if first == 0:
            told = [keys.campaign(campaign_id), keys.texts(campaign_id), keys.escalation(campaign_id)]
            left += await self._still_in(words, told)
        buckets = [keys.bucket(campaign_id, seq) for seq in range(first, first + span, keys.CALLS_PER_BUCKET)]
        left += await self._still_in(words, buckets)
        left += await self._still_in_attempts(words, campaign_id, buckets)
        await self._tell(erasure, left=json.dumps(sorted(set(left))), at=first + span if first + span <= total else 0)
        if first + span > total:
            await self._batch.command("HINCRBY", keys.erasure(erasure.id), "n:calls_looked_at", total)
            await self._batch.command("HSET", keys.erasure(erasure.id), f"c:{campaign_id}", 2)
            if not rest:
                await self._end_check(erasure)

    async def _end_check(self, erasure: Erasure) -> None:
        # Once more: a look at an escalation may have added a call of what it had read before.
        await asyncio.gather(*map(self.forget_call, erasure.escalations))
        await self._tell(erasure, step="checked")

    async def _still_in_attempts(self, words: Sequence[str], campaign_id: str, buckets: Sequence[str]) -> list[str]:
        found = await asyncio.gather(*(self._fields(bucket) for bucket in buckets))
        refs = [ref for fields in found for ref in attempts_in(campaign_id, fields)]
        return _left_in(words, zip(map(keys.attempt, refs), await read_attempts(self._batch, refs), strict=True))

    async def _still_in(self, words: Sequence[str], names: Sequence[str]) -> list[str]:
        found = await asyncio.gather(*(self._fields(name) for name in names))
        return _left_in(words, zip(names, found, strict=True))


def spellings(number: str) -> list[str]:
    """What no text may hold any more: the number's digits with its country's code, and as it is written nationally."""
    if not is_phone(number):
        return [number]
    national = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)
    return [number[1:], "".join(filter(str.isdigit, national))]


def _known_once(campaign_id: str, person: str, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """By what an escalation knows the call of a person in one step of one round."""
    if not {STEP, ROUND} <= variables.keys():
        return []
    digest = digest_of(f"\x00{variables[ROUND]}.{variables[STEP]}.{person}", "")
    return [(known_key(campaign_id, digest), digest)]


def _left_in(words: Sequence[str], hashes: Iterable[tuple[str, Mapping[str, str]]]) -> list[str]:
    """Where the number stands yet: `campaign:c5hk script` and the like."""
    return [
        f"{name.removeprefix(keys.TAG)} {field_name if not _holds(field_name, words) else '?'}"
        for name, fields in hashes
        for field_name, text in fields.items()
        if _holds(text, words) or _holds(field_name, words)
    ]


def _holds(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)


def new_erasure_id(derived: str | None = None) -> str:
    """One that nobody guesses, or that follows from a derived name."""
    return f"e{derived[:_DERIVED] if derived else token_hex(8)}"


def _read(erasure_id: str, fields: Mapping[str, str]) -> Erasure:
    return Erasure(
        id=erasure_id,
        plan=Plan(**json.loads(fields["plan"])) if "plan" in fields else None,
        step=fields["step"],
        counts={name[2:]: int(value) for name, value in sorted(fields.items()) if name.startswith("n:")},
        waiting_for=json.loads(fields.get("waiting", "[]")),
        touched=sorted(name[2:] for name in fields if name.startswith("c:")),
        campaigns=sorted(name[2:] for name, value in fields.items() if name.startswith("c:") and value == "1"),
        recordings=sorted(name[2:] for name in fields if name.startswith("r:")),
        escalations=sorted(name[2:] for name in fields if name.startswith("e:")),
        left=json.loads(fields.get("left", "[]")),
        suppression=fields.get("suppression", "none"),
        proof=json.loads(fields["proof"]) if "proof" in fields else None,
        at=int(fields.get("at", 0)),
    )
