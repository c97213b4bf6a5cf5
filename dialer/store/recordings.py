"""The catalogue of recordings: noting one, reading one or a page of them, deleting.

A recording is a hash: `state`, `url`, `campaign`, what the carrier told of it, one field `a:<attempt>` for each attempt
that it belongs to (whose own hash names it too), and what the workers write about its fetch
(`dialer/recordings/claims.py`). Deleting hides it at once and leaves a mark in its place: by the mark a worker deletes
the file, and a late event does not bring the recording back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import chain

from dialer import keys
from dialer.clock import at_ms, moment
from dialer.errors import NotFound
from dialer.model import AttemptRef
from dialer.recordings.records import KeptRecording, RecordingState, ToldRecording
from dialer.store.attempts import AttemptStore

LEASE_MS = 60_000
"""How long a worker may be silent before another fetches the same recording."""
DELETED = "deleted"
_PAGE = 200
_MOST_SCANNED = 5_000  # recordings looked at for one page of a filter that matches few of them
_AT_ONCE = 50


class Noted(IntEnum):
    """What became of a recording that was told; the numbers are the script's."""

    UNKNOWN_ATTEMPT = 0
    KNOWN = 1
    BELONGS_TOO = 2
    NEW = 3


class Deleted(IntEnum):
    """What deleting did; the numbers are the script's."""

    NEVER_WAS = 0
    BEFORE = 1
    NOW = 2


_CHANGED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which recordings to list; None stands for all."""

    campaign_id: str | None = None
    call_id: str | None = None
    state: RecordingState | None = None


class RecordingStore(AttemptStore):
    """Recordings."""

    async def note_recording(self, attempt_id: str, told: ToldRecording) -> Noted:
        """Keep a recording that the carrier told of, to be fetched at once. Repeating it changes nothing."""
        ref = AttemptRef.parse(attempt_id)
        if ref is None:
            return Noted.UNKNOWN_ATTEMPT
        campaign_id = ref.call.campaign_id
        names = [keys.attempt(ref), keys.recording(told.id), keys.RECORDINGS, keys.recordings_of(campaign_id)]
        fields = chain.from_iterable({"url": told.url, "campaign": campaign_id, **told.figures}.items())
        names += [keys.RECORDINGS_DUE, keys.RECORDINGS_UNFETCHED, keys.SCHEMA, keys.packed(ref.call)]
        args = [told.id, attempt_id, self._now_ms(), keys.packed_field(ref), *fields]
        answer = await self._batch.run("add_recording", names, args)
        return Noted(answer)

    async def recording(self, recording_id: str) -> KeptRecording:
        """One recording. Raises NotFound, also for one that was deleted."""
        (found,) = await self._recordings([recording_id])
        if found is None:
            raise NotFound(f"there is no recording {recording_id!r}")
        return found

    async def recordings(
        self, wanted: Wanted, *, cursor: str | None = None, limit: int = 100
    ) -> tuple[list[KeptRecording], str | None]:
        """A page of recordings, the newest first, and the cursor of the next page, None behind the last.

        A page may hold fewer recordings than the limit, even none, while there is a next one. Raises NotFound for a
        call or campaign that is not there.
        """
        if wanted.call_id is not None:
            return await self._of_call(wanted.call_id, wanted), None
        if wanted.campaign_id is not None and not await self._batch.command(
            "EXISTS", keys.campaign(wanted.campaign_id)
        ):
            raise NotFound(f"there is no campaign {wanted.campaign_id!r}")
        key = keys.RECORDINGS if wanted.campaign_id is None else keys.recordings_of(wanted.campaign_id)
        start = await self._start(key, cursor)
        found: list[KeptRecording] = []
        for first in range(start, start + _MOST_SCANNED, _PAGE):
            ids = await self._batch.command("ZRANGE", key, first, first + _PAGE - 1, "REV")
            for recording in await self._there(ids):
                if wanted.state in {None, recording.state}:
                    found.append(recording)
                    if len(found) == limit:
                        return found, await self._cursor(key, recording.id)
            if len(ids) < _PAGE:
                return found, None
        return found, await self._cursor(key, ids[-1])

    async def delete_recording(self, recording_id: str) -> tuple[Deleted, str]:
        """Forget a recording; its file is due to be deleted. A fetch under way comes to nothing. Repeatable.

        Returns what was done, and the campaign in whose folder the file lies.
        """
        while True:
            fields = await self._fields(keys.recording(recording_id))
            attempts = _attempts(fields)
            names = [keys.recording(recording_id), keys.RECORDINGS, keys.recordings_of(fields.get("campaign", ""))]
            names += [keys.RECORDINGS_DUE, keys.RECORDINGS_UNFETCHED, keys.SCHEMA]
            names += [key for ref in attempts for key in (keys.attempt(ref), keys.packed(ref.call))]
            args: list[str | int] = [recording_id, self._now_ms(), LEASE_MS, *map(keys.packed_field, attempts)]
            answer = await self._batch.run("delete_recording", names, args)
            if answer != _CHANGED:
                return Deleted(answer), fields.get("campaign", "")

    async def delete_recordings_before(self, before_ms: int) -> int:
        """Forget all recordings that were told before a moment; returns how many. Repeatable."""
        return await self._delete_all(keys.RECORDINGS, f"({before_ms}")

    async def delete_recordings_of(self, campaign_id: str) -> int:
        """Forget all recordings of a campaign; returns how many. Repeatable."""
        return await self._delete_all(keys.recordings_of(campaign_id), "+inf")

    async def _delete_all(self, key: str, highest: str) -> int:
        deleted = 0
        while ids := await self._batch.command("ZRANGE", key, "-inf", highest, "BYSCORE", "LIMIT", 0, _AT_ONCE):
            await asyncio.gather(*(self.delete_recording(recording_id) for recording_id in ids))
            # Whoever stands in the list without a record would be found there for ever.
            await self._batch.command("ZREM", key, *ids)
            deleted += len(ids)
        return deleted

    async def _of_call(self, call_id: str, wanted: Wanted) -> list[KeptRecording]:
        ids = {recording_id for attempt in await self.attempts(call_id) for recording_id in attempt.recordings}
        found = await self._there(sorted(ids))
        return sorted(
            (
                recording
                for recording in found
                if wanted.state in {None, recording.state} and wanted.campaign_id in {None, recording.campaign_id}
            ),
            key=lambda recording: (recording.told_at, recording.id),
            reverse=True,
        )

    async def _start(self, key: str, cursor: str | None) -> int:
        """The rank behind the cursor's recording; where it was deleted meanwhile, behind all that were told later."""
        if cursor is None:
            return 0
        told, _, recording_id = cursor.partition("-")
        rank = await self._batch.command("ZREVRANK", key, recording_id)
        if rank is not None:
            return int(rank) + 1
        return int(await self._batch.command("ZCOUNT", key, f"({told}", "+inf"))

    async def _cursor(self, key: str, recording_id: str) -> str | None:
        rank, told, size = await asyncio.gather(
            self._batch.command("ZREVRANK", key, recording_id),
            self._batch.command("ZSCORE", key, recording_id),
            self._batch.command("ZCARD", key),
        )
        # One that was deleted since has no rank; a next page that may be empty is the harmless side.
        return None if rank is not None and rank + 1 >= size else f"{int(float(told or 0))}-{recording_id}"

    async def _there(self, ids: Sequence[str]) -> list[KeptRecording]:
        return [recording for recording in await self._recordings(ids) if recording]

    async def _recordings(self, ids: Sequence[str]) -> list[KeptRecording | None]:
        found = await asyncio.gather(
            *(self._fields(keys.recording(recording_id)) for recording_id in ids),
            *(self._batch.command("ZSCORE", keys.RECORDINGS_DUE, recording_id) for recording_id in ids),
        )
        pairs = zip(ids, found[: len(ids)], found[len(ids) :], strict=True)
        return [read_recording(recording_id, fields, due) for recording_id, fields, due in pairs]


def read_recording(recording_id: str, fields: Mapping[str, str], due: str | None) -> KeptRecording | None:
    """A recording from its stored fields; None where there is none, or only the mark of one that was deleted."""
    if fields.get("state", DELETED) == DELETED:
        return None
    return KeptRecording(
        id=recording_id,
        state=RecordingState(fields["state"]),
        carrier_url=fields["url"],
        campaign_id=fields["campaign"],
        attempts=tuple(_attempts(fields)),
        told_at=moment(fields["told"]),
        started_at=_at(fields.get("start_time")),
        ended_at=_at(fields.get("end_time")),
        tries=int(fields.get("tries", 0)),
        error=fields.get("error"),
        next_try_at=at_ms(due),
        stored_at=at_ms(fields.get("stored")),
        size_bytes=int(fields["size"]) if "size" in fields else None,
        sha256=fields.get("sha256"),
        content_type=fields.get("type"),
    )


def _at(written: str | None) -> datetime | None:
    """A figure of the carrier's, which the adapter wrote with its zone."""
    return datetime.fromisoformat(written) if written else None


def _attempts(fields: Mapping[str, str]) -> list[AttemptRef]:
    """The attempts that a recording belongs to, the first to tell of it first."""
    told = [(int(value), AttemptRef.parse(name[2:])) for name, value in fields.items() if name.startswith("a:")]
    return [ref for _, ref in sorted((at, ref) for at, ref in told if ref)]
