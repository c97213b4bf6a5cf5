"""The job that fetches recordings before the carrier deletes them, and deletes the files of those that were deleted.

It starts every few seconds on one worker; a long fetch goes on beside the next runs. Four at a time on one worker are
enough for its share of the carrier's other requests, and leave it the time to dial.
"""

from __future__ import annotations

import asyncio

import structlog

from dialer.recordings.claims import RecordingClaims
from dialer.recordings.fetching import Fetcher
from jobs.context import ArqContext, Context

log = structlog.get_logger()

_MOST = 20  # a run: what is left over comes in the next, on any worker


async def recordings(ctx: ArqContext) -> None:
    """One run. Repeatable: each recording is claimed before it is touched."""
    context, runtime = ctx["context"], ctx["context"].runtime
    if context.fetching.locked():
        return
    claims = RecordingClaims(runtime.batch, runtime.clock)
    fetcher = Fetcher(claims, context.carrier, runtime.recordings)
    due = await claims.due(_MOST)
    ends = await asyncio.gather(*(_work_off(one, fetcher, context) for one in due), return_exceptions=True)
    for one, end in zip(due, ends, strict=True):
        # One that cannot be settled must not keep the others from it; its lease brings it back.
        if isinstance(end, Exception):
            log.error("recording.not_settled", recording_id=one, exc_info=end)


async def _work_off(recording_id: str, fetcher: Fetcher, context: Context) -> None:
    async with context.fetching:
        if not context.stopping.is_set():
            await fetcher.work_off(recording_id)
