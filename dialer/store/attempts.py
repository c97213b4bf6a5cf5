"""Attempts: what the carrier told about each, and how it is told on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal

from dialer import keys
from dialer.call_record import CallRecord
from dialer.clock import at_ms, moment, to_ms
from dialer.decisions import Decision
from dialer.dispositions import Disposition, Fact
from dialer.errors import NotFound
from dialer.escalations.ladder import UNSETTLED
from dialer.lua import fact_bits, facts_of
from dialer.model import MAIN, Attempt, AttemptRef, Call, CallRef, Event, Terms
from dialer.notification import KIND
from dialer.packed import change_attempt, read_attempt, read_attempts
from dialer.providers.base import CallEvent
from dialer.store.base import StorePart
from dialer.trunk_breaker import count_outcome

CARRIER_UUID_MS = 900_000
"""A list look-up goes back minutes; by then a call that is somebody else's must be known as such."""
REPLACED_KIND = "script"
"""What an operator put in place of an attempt's script (`override_script`) is a script of steps, whatever it was."""
_MOST_TRIES = 1_000
_SPOKEN = ("kind", "script", "terms", "over_at", "over_reason", "script_version")
_SPOKEN_OF = ("at", "facts", "script", "place", "allowed", "trunk")


class Applied(IntEnum):
    """What became of an event; the numbers are the script's."""

    UNKNOWN_ATTEMPT = 0
    REPEATED = 1
    NO_FACT = 2
    NOTHING_NEW = 3
    APPLIED = 4


@dataclass(frozen=True, slots=True)
class EventResult:
    """What an event changed: the attempt's new disposition, and its call's if that is over too.

    Attributes:
        trunk: by which the attempt left, if it has ended.
        kind: of the call's campaign, if the call is over.
        attempt_id: which one.
        began_ms: when its request left, if it has ended only now; else 0.
    """

    applied: Applied
    attempt: Disposition | None = None
    call: Disposition | None = None
    trunk: str = MAIN
    kind: str = field(default=KIND, compare=False)  # no part of what changed
    attempt_id: str = field(default="", compare=False)
    began_ms: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Spoken:
    """All that tells what a call says.

    Attributes:
        kind: tells how `script` is read (`dialer/kinds.py`).
        script: JSON text, so that equal scripts are recognised without being read.
        number: the one that this attempt dialed.
        facts: what is known of the attempt by now.
        over: whether what its campaign was for is over, because it was done, not because the time for it was.
        replaced: whether somebody put another script in the place of the one that the call began with.
        trunk: by which the attempt left.
    """

    attempt: AttemptRef
    kind: str
    script: str
    number: str
    external_id: str | None
    variables: Mapping[str, str]
    terms: Terms
    facts: frozenset[Fact]
    over: bool = False
    replaced: bool = False
    trunk: str = MAIN


class AttemptStore(StorePart):
    """Attempts and their events."""

    async def apply_event(self, attempt_id: str, event: CallEvent, *, up_until_ms: int = 0) -> EventResult:
        """Add an event to its attempt and let the call follow. Repeating it changes nothing.

        Where it gives the attempt up, `up_until_ms` is when its call would be over at the latest: nobody else dials the
        number before that, unless an end is told.
        """
        ref = AttemptRef.parse(attempt_id)
        if ref is None:
            return EventResult(Applied.UNKNOWN_ATTEMPT)
        now = self._now_ms()
        limits = (now + self._limits.ringing, now + self._limits.talking, now + self._limits.reason)
        figures = [part for name, value in event.figures.items() for part in (f"f:{name}", value)]
        facts = (fact_bits(event.facts), _event_field(event), _event_value(event, now), event.uuid or "")
        applied = self._batch.run(
            "apply_event",
            keys.call_step(ref),
            [ref.call.campaign_id, ref.call.seq, ref.number, now, *facts, *limits, up_until_ms, *figures],
        )
        if event.uuid and Fact.STARTED in event.facts:
            (code, attempt, call, *told), _ = await asyncio.gather(applied, self.own_uuid(event.uuid, attempt_id))
        else:
            code, attempt, call, *told = await applied
        trunk, began_ms = (told[0] or MAIN, int(told[1])) if told else (MAIN, 0)
        kind = told[2] if told[2:] else KIND
        if began_ms:
            await count_outcome(self._batch, trunk, Disposition(attempt), now)
        ends = _disposition(attempt), _disposition(call)
        return EventResult(Applied(code), *ends, trunk, kind, attempt_id, began_ms)

    def own_uuid(self, uuid: str, attempt_id: str) -> Awaitable[Any]:
        """Remember whose the carrier's call is, so that a list look-up takes it for nobody else's."""
        return self._batch.command("SET", keys.carrier_uuid(uuid), attempt_id, "PX", CARRIER_UUID_MS, "NX")

    async def dialed_about(self, number: str, about: datetime, span: timedelta) -> list[int]:
        """When (ms) a number was dialed, by whatever attempt, that long before or after a moment; in no order."""
        first, last = to_ms(about - span), to_ms(about + span)
        days = keys.dialed(number, last, days=2)
        found = await asyncio.gather(*(self._batch.command("HGET", key, number) for key in days))
        today = last // keys.DAY_MS
        moments = (
            (today - back) * keys.DAY_MS + int(offset)
            for back, noted in enumerate(found)
            for offset in (noted or "").split()[1:]
        )
        return [one for one in moments if first <= one <= last]

    async def spoken(self, attempt_id: str) -> Spoken | None:
        """What this attempt's call says, in one round trip; None if there is no such attempt."""
        ref = AttemptRef.parse(attempt_id)
        if ref is None:
            return None
        campaign_id, seq = ref.call
        (
            (kind, script, terms, over_at, why, version),
            record,
            (begun, facts, replaced, place, allowed, trunk),
        ) = await asyncio.gather(
            self._batch.read("HMGET", keys.campaign(campaign_id), *_SPOKEN),
            self._batch.read("HGET", keys.bucket(campaign_id, seq), seq),
            self._batch.read("HMGET", keys.attempt(ref), *_SPOKEN_OF),
        )
        if not begun:
            # It has ended, or never was.
            fields = await read_attempt(self._batch, ref)
            begun, facts, replaced, place, allowed, trunk = map(fields.get, _SPOKEN_OF)
        if not (kind and record and begun):
            return None
        if version and allowed and (begun_with := Decision.read(allowed).script_version) != int(version):
            script = await self._batch.read("HGET", keys.texts(campaign_id), begun_with) or script
        call = CallRecord.read(record)
        if call.own:
            kind, script = call.own["kind"], json.dumps(call.own["script"], ensure_ascii=False)
        if replaced:
            kind, script = REPLACED_KIND, replaced
        return Spoken(
            attempt=ref,
            kind=kind,
            script=script,
            number=call.numbers[int(place or 1) - 1],
            external_id=call.external_id,
            variables=call.variables or {},
            terms=Terms.from_dict(call.own["terms"] if call.own else json.loads(terms or "{}")),
            facts=facts_of(int(facts or 0)),
            over=over_at is not None and why not in UNSETTLED and not replaced,
            replaced=bool(replaced),
            trunk=trunk or MAIN,
        )

    async def carrier_id(self, ref: AttemptRef) -> str | None:
        """The carrier's id of an attempt; None while there is none."""
        return (await read_attempt(self._batch, ref)).get("uuid")

    async def override_script(self, attempt_id: str, script: Mapping[str, Any] | None) -> None:
        """From now on this attempt says another script, a call script as JSON; None gives it its campaign's again.

        Nothing is changed where there is no such attempt. Repeatable.
        """
        ref = _ref(attempt_id)
        if script is None:
            await change_attempt(self._batch, ref, "HDEL", "script")
        else:
            await change_attempt(self._batch, ref, "HSET", "script", json.dumps(script, ensure_ascii=False))

    async def mark(self, attempt_id: str, name: Literal["muted", "earmuffed"], *, is_so: bool) -> None:
        """Remember of an attempt that is there how its party was silenced or deafened. Repeatable."""
        await change_attempt(self._batch, _ref(attempt_id), "HSET", name, int(is_so))

    async def attempt(self, ref: AttemptRef) -> Attempt | None:
        """One attempt, None if it never was or was refused."""
        [found] = await self._attempts_of([ref])
        return found

    async def last_attempts(self, calls: Sequence[Call]) -> list[Attempt | None]:
        """The newest attempt of each call, None for one that was never tried."""
        refs = [(CallRef.parse(call.id), call.attempts) for call in calls]
        tried = [AttemptRef(ref, number) for ref, number in refs if ref and number]
        found = dict(zip(tried, await self._attempts_of(tried), strict=True))
        return [found.get(AttemptRef(ref, number)) if ref else None for ref, number in refs]

    async def attempts(self, call_id: str) -> list[Attempt]:
        """All attempts of a call, first to last; none for a call that was never tried or never was."""
        ref = CallRef.parse(call_id)
        tries = await self._batch.command("HGET", keys.bucket(*ref), f"{ref.seq}t") if ref else None
        if ref is None or not tries:
            return []
        count = min(int(json.loads(tries)["n"]), _MOST_TRIES)
        found = await self._attempts_of([AttemptRef(ref, number) for number in range(1, count + 1)])
        return [attempt for attempt in found if attempt]

    async def _attempts_of(self, refs: Sequence[AttemptRef]) -> list[Attempt | None]:
        found = await read_attempts(self._batch, refs)
        return [_attempt(ref, fields) if fields else None for ref, fields in zip(refs, found, strict=True)]


def _ref(attempt_id: str) -> AttemptRef:
    ref = AttemptRef.parse(attempt_id)
    if ref is None:
        raise NotFound(f"there is no attempt {attempt_id!r}")
    return ref


def _disposition(text: str) -> Disposition | None:
    return Disposition(text) if text else None


def _event_field(event: CallEvent) -> str:
    """The name under which an event is kept: repeats have the same (REFERENCE 8.3: there is no event id)."""
    moment_ms = to_ms(event.at) if event.at else ""
    return f"e:{event.kind}:{moment_ms}:{event.about:.40}"


def _event_value(event: CallEvent, now: int) -> str:
    kept = event.payload if not event.facts else {}
    return json.dumps([now, kept] if kept else [now], ensure_ascii=False, separators=(",", ":"), default=str)


def _attempt(ref: AttemptRef, fields: Mapping[str, str]) -> Attempt:
    facts = facts_of(int(fields.get("facts", 0)))
    disposition = _disposition(fields.get("disposition", ""))
    events = [_event(name, value) for name, value in fields.items() if name.startswith("e:")]
    recordings = sorted((int(told), name[2:]) for name, told in fields.items() if name.startswith("r:"))
    return Attempt(
        id=str(ref),
        number=ref.number,
        state=_state(facts, disposition, fields.get("result", "")),
        placed_at=at_ms(fields.get("at")),
        uuid=fields.get("uuid"),
        result=fields.get("result"),
        facts=facts,
        disposition=disposition,
        figures={name[2:]: value for name, value in fields.items() if name.startswith("f:")},
        muted=fields.get("muted") == "1",
        earmuffed=fields.get("earmuffed") == "1",
        script=json.loads(fields["script"]) if "script" in fields else None,
        place=int(fields.get("place", 1)),
        decision=Decision.read(fields["allowed"]) if "allowed" in fields else None,
        trunk=fields.get("trunk", MAIN),
        events=tuple(sorted(events, key=lambda event: event.received_at)),
        recordings=tuple(recording_id for _, recording_id in recordings),
    )


def _event(name: str, value: str) -> Event:
    _, kind, happened, _ = name.split(":", 3)
    # 1e999 is JSON, and infinite to whoever reads it: nothing that we answer could hold it.
    received, *payload = json.loads(value, parse_constant=_no_number)
    return Event(kind=kind, at=at_ms(happened), received_at=moment(received), payload=payload[0] if payload else {})


def _no_number(_name: str) -> None:
    return


def _state(facts: frozenset[Fact], disposition: Disposition | None, result: str) -> str:
    """The carrier's progress in our words, from what is known."""
    steps = (
        ("ended", disposition is not None),
        ("answered", bool(facts & {Fact.ANSWERED, Fact.HUMAN, Fact.MACHINE})),
        ("ringing", Fact.RINGING in facts),
        ("placed", bool(facts) or result == "placed"),
        ("unknown", result.startswith("unknown")),
    )
    return next((name for name, reached in steps if reached), "placing")
