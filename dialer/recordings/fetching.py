"""Fetching one recording, or deleting the file of one: what a worker does with what is due.

The order is: claim, write the file whole, write into the catalogue that it is there. A worker that dies anywhere in
between is followed by one that fetches again and overwrites the file. While a fetch goes on its claim is renewed;
whoever finds it lost stops, and takes away again what belongs to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from dialer.clock import to_ms
from dialer.counting import count_recording
from dialer.errors import CarrierError, StorageUnavailable, StoreUnavailable
from dialer.processes.ending import ended
from dialer.providers.assets import Recording
from dialer.providers.base import Provider
from dialer.providers.kpn.recordings import KEPT_DAYS, NoRecordingToken
from dialer.recordings.claims import Claim, RecordingClaims
from dialer.recordings.records import KeptRecording, next_wait_ms
from dialer.recordings.storage import Storage
from dialer.store.recordings import LEASE_MS

log = structlog.get_logger()

RENEW_S = LEASE_MS / 3000
_KEPT_MS = KEPT_DAYS * 86_400_000
_BY_HAND = frozenset({401, 403})
"""The carrier's refusals that a person can mend: another application's token, a product that was switched off."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no file.

    Attributes:
        result: whose failure, as the metric has it.
        by_hand: whether it needs a person, so that there is no haste to try again.
        final: whether trying again is of no use.
    """

    error: str
    result: str
    by_hand: bool = False
    final: bool = False


class Fetcher:
    """Works off what is due, one recording at a time."""

    def __init__(self, claims: RecordingClaims, carrier: Callable[[str], Provider], storage: Storage) -> None:
        self._claims = claims
        self._carrier = carrier
        self._storage = storage

    async def work_off(self, recording_id: str) -> None:
        """Fetch a recording, or delete the file of a deleted one, unless another worker does. Repeatable."""
        claim = await self._claims.claim(recording_id)
        if claim is None:
            return
        if claim.recording is None:
            await self._delete(claim)
            return
        end = await self._while_held(claim, self._fetch(claim, claim.recording))
        kept = end is not None and await self._write(claim, claim.recording, end)
        if not kept and await self._claims.is_deleted(claim):
            await self._storage.delete(claim.object_name)

    async def _while_held(
        self, claim: Claim, fetch: Coroutine[Any, Any, Recording | Failure]
    ) -> Recording | Failure | None:
        """How the fetch ended; None where the claim was lost before."""
        fetching, renewing = asyncio.create_task(fetch), asyncio.create_task(self._hold(claim))
        try:
            await asyncio.wait([fetching, renewing], return_when=asyncio.FIRST_COMPLETED)
            return fetching.result() if fetching.done() else None
        finally:
            await ended(fetching, renewing)

    async def _hold(self, claim: Claim) -> None:
        """Renew a claim until it is lost. An outage of Redis only skips a renewal: the end of the fetch will tell."""
        held = True
        while held:
            await asyncio.sleep(RENEW_S)
            try:
                held = await self._claims.renew(claim)
            except StoreUnavailable as error:
                log.warning("recording.not_renewed", recording_id=claim.recording_id, reason=str(error))

    async def _fetch(self, claim: Claim, recording: KeptRecording) -> Recording | Failure:
        try:
            async with self._storage.upload(recording.object_name) as upload:
                fetched = await self._carrier(claim.trunk).fetch_recording(recording.carrier_url, upload)
                await upload.complete(fetched.size_bytes)
                return fetched
        except CarrierError as error:
            return _failure(error)
        except StorageUnavailable as error:
            return Failure(str(error), "storage_failed")
        except Exception as error:
            # A bug of ours must neither stop the others nor be tried again every minute.
            log.exception("recording.fetch_broke", recording_id=recording.id)
            return Failure(f"The fetch broke ({type(error).__name__}); the worker's log says more", "storage_failed")

    async def _write(self, claim: Claim, recording: KeptRecording, end: Recording | Failure) -> bool:
        bound = log.bind(recording_id=recording.id, tries=recording.tries)
        if isinstance(end, Recording):
            result, written = "stored", await self._claims.store(claim, end)
            tell, event = bound.info, "recording.stored"
        elif end.final or self._claims.now_ms() >= _last_chance(recording):
            error = end.error if end.final else f"The carrier keeps recordings for {KEPT_DAYS} days: {end.error}"
            result, written = "gone", await self._claims.give_up(claim, error)
            tell, event = bound.bind(reason=error).error, "recording.gone"
        else:
            result, written = (
                end.result,
                await self._claims.try_again(claim, end.error, at_ms=self._next(recording, end)),
            )
            tell, event = bound.bind(reason=end.error).warning, "recording.not_fetched"
        if written:
            count_recording(result)
            tell(event)
        return written

    def _next(self, recording: KeptRecording, failure: Failure) -> int:
        wait = next_wait_ms(recording.tries, by_hand=failure.by_hand)
        return min(self._claims.now_ms() + wait, _last_chance(recording))

    async def _delete(self, claim: Claim) -> None:
        try:
            await self._storage.delete(claim.object_name)
            failure = None
        except StorageUnavailable as error:
            failure = str(error)
        if failure is not None:
            at_ms = self._claims.now_ms() + next_wait_ms(claim.tries, by_hand=False)
            await self._claims.try_again(claim, failure, at_ms=at_ms)
            count_recording("storage_failed")
            log.error("recording.not_deleted", recording_id=claim.recording_id, reason=failure)
        elif await self._claims.end_deletion(claim):
            count_recording("deleted")
            log.info("recording.file_deleted", recording_id=claim.recording_id)


def _last_chance(recording: KeptRecording) -> int:
    """When the carrier deletes it, in ms."""
    return to_ms(recording.told_at) + _KEPT_MS


def _failure(error: CarrierError) -> Failure:
    # Without a token nothing is known of the recording itself.
    by_hand = error.status in _BY_HAND or (isinstance(error, NoRecordingToken) and not error.retryable)
    return Failure(str(error), "carrier_failed", by_hand=by_hand, final=not (error.retryable or by_hand))
