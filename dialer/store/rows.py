"""Adding calls: in bulk from a list, or one at once. The same contact is added once, however often it is sent.

A call's running number, and so the bucket that holds it, is given by the script; the caller names the buckets for the
next numbers beforehand and asks again when another import was faster.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, NamedTuple

from dialer import keys
from dialer.call_record import CallRecord
from dialer.clock import to_ms
from dialer.cohorts import cohort_of
from dialer.errors import IllegalStep, ImportMoved, NotFound
from dialer.known import Slot, digest_of, known_key, slots_of
from dialer.model import Added, CallRef, NewCall, Own, Priority
from dialer.states import CallState
from dialer.store.campaigns import CampaignStore, SingleCallRules
from dialer.store.imports import ImportStep

DAY_MS = 86_400_000
"""Keys of single calls are remembered by day, for the day and the next: replies are replayed for 24 hours."""
IMPORT_LEASE_MS = 60_000
"""An import that adds nothing for a minute no longer keeps its campaign from completing."""


class RowStore(CampaignStore):
    """New calls."""

    async def add_calls(
        self,
        campaign_id: str,
        calls: Sequence[NewCall],
        *,
        import_id: str,
        step: ImportStep | None = None,
        origin: str | None = None,
    ) -> list[Added]:
        """Add up to 1,000 calls, due now. Repeating it is harmless: all are duplicates then.

        `origin` is the request that brings them (`Tracing.origin`), to which their attempts are linked.

        Raises:
            NotFound: there is no such campaign.
            IllegalStep: it takes no more calls.
            ImportMoved: the named import of this step is at another row; nothing was added.
        """
        if not calls and step is None:
            return []
        campaign = await self.campaign(campaign_id)
        entries = [_entry(campaign_id, call) for call in calls]
        lines = [keys.ready(campaign.priority, name) for name in campaign.trunks]
        return await self._add(campaign_id, lines, entries, import_id=import_id, some=_some(entries, step, origin))

    async def _add(
        self, campaign_id: str, lines: Sequence[str], entries: Sequence[_Entry], *, import_id: str, some: str
    ) -> list[Added]:
        known = [entry.known for entry in entries]
        indexed = [slot.key for entry in entries for slot in entry.slots]
        fixed = _fixed_keys(campaign_id, import_id)
        rows = [part for entry in entries for part in (entry.digest, entry.record)]
        first = int(await self._batch.command("HGET", keys.campaign(campaign_id), "total") or 0) + 1
        while True:
            buckets = _buckets(campaign_id, first, len(entries))
            now, due = self._now_ms(), self._clock.now_us() / 1000  # finer, so that lists keep their order too
            sizes = (first, keys.CALLS_PER_BUCKET, len(buckets), len(lines))
            answer = await self._batch.run(
                "add_calls",
                [
                    *fixed,
                    *buckets,
                    *known,
                    *indexed,
                    *lines,
                    keys.zones(campaign_id),
                    keys.cohorts(campaign_id),
                    keys.EXPIRING_CALLS,
                    keys.CHANGES,
                    keys.origins(campaign_id),
                ],
                [campaign_id, now, due, import_id, IMPORT_LEASE_MS, *sizes, some, *rows],
            )
            match answer:
                case [-1]:
                    raise NotFound(f"there is no campaign {campaign_id!r}")
                case [-2, state]:
                    raise IllegalStep(f"campaign {campaign_id} is {state} and takes no more calls; create a new one")
                case [-4, most]:
                    raise IllegalStep(f"campaign {campaign_id} takes at most {most} calls; nothing of this was added")
                case [-5, row]:
                    raise ImportMoved(f"import {import_id!r} is at row {row} by now: ask for its offset, go on there")
                case [-3, next_number]:  # another import was faster
                    first = next_number
                case [0, *numbers]:
                    return [_added(campaign_id, number) for number in numbers]

    async def count_known(self, campaign_id: str, calls: Sequence[NewCall]) -> int:
        """How many of these calls the campaign has already."""
        entries = [_entry(campaign_id, call) for call in calls]
        asked = (self._batch.command("HEXISTS", entry.known, entry.digest) for entry in entries)
        return sum(await asyncio.gather(*asked))

    async def end_import(self, campaign_id: str, import_id: str, *, done: bool = False) -> None:
        """Say that an import adds nothing more, so that its campaign may complete and an idle hopper looks.

        `done` is for a named one, of which the list was read to its end.
        """
        names = [keys.campaign(campaign_id), keys.imports(campaign_id), keys.import_record(campaign_id, import_id)]
        await self._batch.run(
            "end_import", [*names, keys.lists(campaign_id)], [import_id, self._now_ms(), "1" if done else ""]
        )
        await self._wake()

    async def enqueue_call(
        self,
        priority: Priority,
        call: NewCall,
        *,
        key: str | None,
        rules: SingleCallRules | None = None,
    ) -> Added:
        """Add one call to the built-in campaign of its priority, by its rules; the same key adds nothing more."""
        campaign_id = await self.built_in(priority, rules)
        today = self._now_ms() // DAY_MS
        # Without a key each request is a call of its own: the same number may be called again tomorrow.
        digest = digest_of(f"key\x00{key or token_hex(16)}", call.number)
        yesterdays = await self._batch.command("HGET", keys.known(campaign_id, today - 1), digest) if key else None
        if yesterdays:
            return Added(call_id=str(CallRef(campaign_id, int(yesterdays))), duplicate=True)
        slots = slots_of(campaign_id, (call.number, *call.others))
        entry = _new_entry(keys.known(campaign_id, today), digest, call, slots)
        some = _some([entry])
        (added,) = await self._add(campaign_id, [keys.ready(priority)], [entry], import_id="single", some=some)
        await asyncio.gather(self._batch.command("PEXPIRE", entry.known, 2 * DAY_MS), self._wake())
        return added


class _Entry(NamedTuple):
    known: str  # hash in which its digest is looked for
    digest: str
    record: str
    cohort: str
    ends_ms: int | None
    slots: list[Slot]  # where it is found by those of its numbers that its digest does not tell


def _entry(campaign_id: str, call: NewCall) -> _Entry:
    # No own id has a NUL: a name that takes its place is none of them.
    own = call.external_id if call.once is None else f"\x00{call.once}"
    digest = digest_of(own, call.number)
    untold = call.others if own is None else (call.number, *call.others)
    return _new_entry(known_key(campaign_id, digest), digest, call, slots_of(campaign_id, untold))


def _new_entry(known: str, digest: str, call: NewCall, slots: list[Slot]) -> _Entry:
    cohort = cohort_of((call.number, *call.others), call.timezone) if call.cohort is None else call.cohort
    return _Entry(known, digest, _record(call), cohort, to_ms(call.expires_at) if call.expires_at else None, slots)


def _some(entries: Sequence[_Entry], step: ImportStep | None = None, origin: str | None = None) -> str:
    """What only some of these calls have, by position: another cohort than the first, an end of their own, slots.

    And what some lists have: a step of a named import, and the request that brings them.
    """
    cohorts = list(dict.fromkeys(entry.cohort for entry in entries))
    numbers = {cohort: number for number, cohort in enumerate(cohorts)}
    others = {n: numbers[entry.cohort] for n, entry in enumerate(entries, 1) if entry.cohort != cohorts[0]}
    ends = {n: entry.ends_ms for n, entry in enumerate(entries, 1) if entry.ends_ms is not None}
    slots = {n: "".join(slot.letter for slot in entry.slots) for n, entry in enumerate(entries, 1) if entry.slots}
    some = {"cohorts": cohorts, "of": others, "ends": ends, "slots": slots}
    of_list = ({"import": step.to_dict()} if step else {}) | ({"origin": origin} if origin else {})
    return json.dumps(some | of_list, separators=(",", ":"))


def _fixed_keys(campaign_id: str, import_id: str) -> list[str]:
    waiting = keys.calls_in(campaign_id, CallState.WAITING)
    names = [keys.campaign(campaign_id), waiting, keys.imports(campaign_id), keys.CLOSING]
    names += [keys.import_record(campaign_id, import_id), keys.import_rejected(campaign_id, import_id)]
    return [*names, keys.lists(campaign_id), keys.REJECTED]


def _buckets(campaign_id: str, first: int, count: int) -> list[str]:
    size = keys.CALLS_PER_BUCKET
    return [keys.bucket(campaign_id, number * size) for number in range(first // size, (first + count) // size + 1)]


def _record(call: NewCall) -> str:
    own = _own(call.own) if call.own else None
    record = CallRecord(call.number, call.external_id, dict(call.variables), own, tuple(call.others), call.timezone)
    return record.write()


def _own(own: Own) -> dict[str, Any]:
    told = {"kind": own.kind, "script": own.script, "terms": own.terms.to_dict(), "endpoint": dict(own.endpoint)}
    return told | ({"origin": own.origin} if own.origin else {})


def _added(campaign_id: str, number: int) -> Added:
    return Added(call_id=str(CallRef(campaign_id, abs(number))), duplicate=number < 0)
