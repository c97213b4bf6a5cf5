"""Calls: reading one, a page of them, or all in list order.

A call's state is the set it stands in, so a page of calls costs one look into each set, not one into each call. Pages
go by running number, which never changes; only a filter on few calls goes by rank in its set.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from dialer import keys
from dialer.call_record import CallRecord
from dialer.clock import at_ms, moment
from dialer.dispositions import Disposition
from dialer.errors import InvalidInput, NotFound
from dialer.escalations.escalating import escalation_id
from dialer.model import Call, CallRef
from dialer.states import CallState, CampaignState
from dialer.store.campaigns import CampaignStore, is_campaign_id

_CHUNK = 500
_MOST_SCANNED = 5_000  # calls looked at for one page of a filter that matches few of them


class CallStore(CampaignStore):
    """Calls."""

    async def call(self, call_id: str) -> Call:
        """One call. Raises NotFound."""
        ref = CallRef.parse(call_id)
        found = await self._calls(ref.campaign_id, [ref.seq]) if ref and is_campaign_id(ref.campaign_id) else []
        if not found:
            raise NotFound(f"there is no call {call_id!r}")
        return found[0]

    async def calls(
        self,
        campaign_id: str,
        *,
        state: CallState | None = None,
        disposition: Disposition | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> tuple[list[Call], str | None]:
        """A page of a campaign's calls and the cursor of the next one, None behind the last.

        A page may hold fewer calls than the limit, even none, while there is a next one. Raises NotFound, InvalidInput.
        """
        total = (await self.campaign(campaign_id)).total
        start = _cursor(cursor)
        if disposition and state in {None, CallState.DONE}:
            return await self._ranked(campaign_id, keys.calls_done(campaign_id, disposition), start, limit)
        if disposition:
            return [], None
        if state in {CallState.CLAIMED, CallState.PLACING, CallState.UNKNOWN, CallState.LIVE}:
            return await self._ranked(campaign_id, keys.calls_in(campaign_id, state), start, limit)
        return await self._scanned(campaign_id, state, range(start + 1, total + 1), limit)

    async def _ranked(self, campaign_id: str, key: str, start: int, limit: int) -> tuple[list[Call], str | None]:
        found = await self._batch.command("ZRANGE", key, start, start + limit - 1)
        calls = await self._calls(campaign_id, [int(seq) for seq in found])
        return calls, str(start + limit) if len(found) == limit else None

    async def _scanned(
        self, campaign_id: str, state: CallState | None, numbers: range, limit: int
    ) -> tuple[list[Call], str | None]:
        found: list[Call] = []
        looked_at = numbers[:_MOST_SCANNED]
        for first in range(0, len(looked_at), _CHUNK):
            for call in await self._calls(campaign_id, looked_at[first : first + _CHUNK]):
                if state is None or call.state is state:
                    found.append(call)
                    if len(found) == limit:
                        seq = int(call.id.rpartition("-")[2])
                        return found, str(seq) if seq < numbers[-1] else None
        return found, str(looked_at[-1]) if len(looked_at) < len(numbers) else None

    async def numbered_calls(self, campaign_id: str, first: int, count: int) -> list[Call]:
        """Calls by running number; those that are not there are left out."""
        return await self._calls(campaign_id, range(first, first + count))

    async def all_calls(self, campaign_id: str) -> AsyncIterator[list[Call]]:
        """All calls in the order in which they were added, in chunks. Raises NotFound."""
        total = (await self.campaign(campaign_id)).total
        for first in range(1, total + 1, _CHUNK):
            yield await self._calls(campaign_id, range(first, min(first + _CHUNK, total + 1)))

    async def _calls(self, campaign_id: str, numbers: Sequence[int]) -> list[Call]:
        if not numbers:
            return []
        fields = [part for number in numbers for part in (str(number), f"{number}t")]
        by_bucket: dict[str, list[str]] = {}
        for field in fields:
            by_bucket.setdefault(keys.bucket(campaign_id, int(field.rstrip("t"))), []).append(field)
        standing, ends, *found = await asyncio.gather(
            self._standing(campaign_id, numbers),
            self._batch.command("HMGET", keys.campaign(campaign_id), "state", "ended_at", "expires_at"),
            *(self._batch.command("HMGET", key, *wanted) for key, wanted in by_bucket.items()),
        )
        stored = dict(
            zip((f for wanted in by_bucket.values() for f in wanted), (v for part in found for v in part), strict=True)
        )
        return [
            _call(CallRef(campaign_id, number), stored, standing[number], _Ends(*ends))
            for number in numbers
            if stored[str(number)] and number in standing
        ]

    async def _standing(self, campaign_id: str, numbers: Sequence[int]) -> dict[int, tuple[str, float]]:
        """For each call the set it stands in (its name's last part) and its score there, seen at one moment."""
        sets = keys.call_sets(campaign_id)
        answers: Any = await self._batch.run("find_calls", sets, list(numbers))
        names = [key.rpartition(":")[2] for key in sets]
        return {
            number: (names[int(where) - 1], float(score))
            for number, where, score in zip(numbers, answers[::2], answers[1::2], strict=True)
            if int(where)
        }


class _Ends(NamedTuple):
    """How and when a campaign ended, and when it expires (ms)."""

    state: str | None
    ended_at: str | None
    expires_at: str | None

    def of_call(self, where: str, score: float, tries: Mapping[str, int]) -> float:
        """When a call ended, given where it stands.

        Those that ended with their campaign are in a set that was renamed as a whole, and still holds when they were
        due. One that was hung up on before counts that as a try, and its own end stands there.
        """
        with_campaign = self.state == CampaignState.CANCELLED and not tries.get(Disposition.CANCELLED)
        if where == Disposition.CANCELLED and with_campaign and self.ended_at:
            return float(self.ended_at)
        shared = float(self.expires_at or 0)
        # One that had an end of its own before that of its campaign expired by itself.
        by_itself = tries.get("x", inf) < (shared or inf)
        return max(score, shared) if where == Disposition.EXPIRED and not by_itself else score


def _call(ref: CallRef, stored: dict[str, str | None], standing: tuple[str, float], ends: _Ends) -> Call:
    record = CallRecord.read(stored[str(ref.seq)] or "[]")
    where, score = standing
    in_flight = where in keys.IN_FLIGHT
    tries = json.loads(stored[f"{ref.seq}t"] or "{}")
    return Call(
        id=str(ref),
        campaign_id=ref.campaign_id,
        number=record.number,
        external_id=record.external_id,
        variables=record.variables or {},
        state=CallState(where) if in_flight else CallState.DONE,
        due_at=moment(score) if where == CallState.WAITING else None,
        disposition=None if in_flight else Disposition(where),
        ended_at=None if in_flight else moment(ends.of_call(where, score, tries)),
        attempts=tries.get("n", 0),
        timezone=record.timezone,
        expires_at=at_ms(tries.get("x")),
        others=record.others,
        # 0 marks one for which none is begun any more.
        escalation_id=escalation_id(str(ref)) if tries.get("escalated") else None,
    )


def _cursor(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004 - a trillion calls
        raise InvalidInput("not a cursor of this list; take `next_cursor` of the page before", field="cursor")
    return int(text)
