"""What the workers write about recordings: taking one under a lease, holding it, and what became of it.

Recordings to fetch and files to delete stand in one sorted set with the moment at which somebody must look at them. A
lease is a later moment there and the name of its holder; whoever lost it writes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex

from dialer import keys
from dialer.clock import Clock, now_ms
from dialer.model import MAIN
from dialer.packed import read_attempts
from dialer.providers.assets import Recording
from dialer.recordings.records import KeptRecording, RecordingState, object_name, safe_type
from dialer.redis.batch import Batch
from dialer.redis.pipeline import Part
from dialer.store.recordings import LEASE_MS, read_recording

MARK_MS = 31 * 86_400_000
"""How long the mark of a deleted recording stays: for as long as the carrier could tell of it, and a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A recording in the hands of one worker.

    Attributes:
        recording: None where it was deleted, and its file is to be.
        object_name: of the file.
        tries: how often it was claimed, this time included.
        trunk: by which the call left that it is of: whose carrier has it.
    """

    recording_id: str
    holder: str
    recording: KeptRecording | None
    object_name: str
    tries: int
    trunk: str = MAIN


class RecordingClaims:
    """Due recordings. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock) -> None:
        self._batch = batch
        self._clock = clock

    def now_ms(self) -> int:
        """Milliseconds since 1970 on the fleet's clock."""
        return now_ms(self._clock)

    async def due(self, most: int) -> list[str]:
        """Ids of recordings that somebody must look at now, due longest first."""
        limit = ("LIMIT", 0, most)
        return list(await self._batch.command("ZRANGEBYSCORE", keys.RECORDINGS_DUE, "-inf", self.now_ms(), *limit))

    async def claim(self, recording_id: str) -> Claim | None:
        """Take it, unless it is not due (any more)."""
        holder, now = token_hex(8), self.now_ms()
        names = [keys.RECORDINGS_DUE, keys.recording(recording_id)]
        flat = await self._batch.run("claim_recording", names, [recording_id, now, now + LEASE_MS, holder])
        if not flat:
            return None
        fields: dict[str, str] = dict(zip(flat[::2], flat[1::2], strict=True))
        recording = read_recording(recording_id, fields, None)
        return Claim(
            recording_id=recording_id,
            holder=holder,
            recording=recording,
            trunk=await self._trunk_of(recording),
            object_name=object_name(fields["campaign"], recording_id),
            tries=int(fields["tries"]),
        )

    async def _trunk_of(self, recording: KeptRecording | None) -> str:
        told = await read_attempts(self._batch, recording.attempts[:1] if recording else ())
        return told[0].get("trunk", MAIN) if told else MAIN

    async def renew(self, claim: Claim) -> bool:
        """Hold it on; False once it was lost, to another worker or because it was deleted."""
        names = [keys.RECORDINGS_DUE, keys.recording(claim.recording_id)]
        until = self.now_ms() + LEASE_MS
        return bool(await self._batch.run("renew_recording", names, [claim.recording_id, claim.holder, until]))

    async def store(self, claim: Claim, fetched: Recording) -> bool:
        """Write that it is stored. False where the claim was lost: nothing was written."""
        file: dict[str, Part] = {
            "size": fetched.size_bytes,
            "sha256": fetched.sha256,
            "type": safe_type(fetched.content_type),
        }
        return await self._settle(claim, {"state": RecordingState.STORED, "stored": self.now_ms(), **file})

    async def give_up(self, claim: Claim, error: str) -> bool:
        """Write why there will be no file."""
        return await self._settle(claim, {"state": RecordingState.GONE, "error": error})

    async def try_again(self, claim: Claim, error: str, *, at_ms: int) -> bool:
        """Write why there is no file yet, or why it could not be deleted, and when somebody looks again."""
        state: dict[str, Part] = {"state": RecordingState.FAILED} if claim.recording else {}
        return await self._settle(claim, {**state, "error": error}, due_ms=at_ms)

    async def end_deletion(self, claim: Claim) -> bool:
        """Write that its file is deleted; the mark ends by itself."""
        return await self._settle(claim, {}, ends_in_ms=MARK_MS)

    async def is_deleted(self, claim: Claim) -> bool:
        """Whether somebody deleted it."""
        fields = await self._batch.command("HGET", keys.recording(claim.recording_id), "url")
        return fields is None

    async def _settle(self, claim: Claim, fields: Mapping[str, Part], *, due_ms: int = 0, ends_in_ms: int = 0) -> bool:
        names = [keys.RECORDINGS_DUE, keys.recording(claim.recording_id), keys.RECORDINGS_UNFETCHED]
        flat = [part for pair in fields.items() for part in pair]
        args = [claim.recording_id, claim.holder, due_ms, ends_in_ms, *flat]
        return bool(await self._batch.run("settle_recording", names, args))
