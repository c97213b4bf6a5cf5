"""Deleting what is no longer kept: campaigns that ended long ago, and single calls that did.

Every key that has no expiry is deleted here. The step in which nothing of a campaign is left to do puts it into a line:
`reaping` where it has a retention of its own, else `ended`. So the reaper looks at what is due and at nothing else. A
campaign goes in pages, its place in the line last, so a reaper that dies is followed by one that does the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import count

from dialer import keys
from dialer.built_in import BUILT_IN
from dialer.call_record import CallRecord, attempts_in
from dialer.dispositions import Disposition
from dialer.known import slots_of
from dialer.model import CallRef
from dialer.packed import forget_attempts
from dialer.store.campaigns import CampaignStore
from dialer.store.recordings import RecordingStore, Wanted

_MOST = 20  # campaigns deleted in one run
_PAGE = 200
_DAY_MS = 86_400_000
_BUCKETS = 20  # a page: a thousand calls, whose keys Redis frees in the background
_CALLS = 500


class RetentionStore(CampaignStore, RecordingStore):
    """The end of every key."""

    async def reap(self, before_ms: int) -> int:
        """Delete what ended before a moment, and campaigns past a retention of their own; returns how many. Repeatable.

        A cancelled campaign has ended when nothing of it is up any more, and is as old as its cancelling.
        """
        await self._line_up()
        over = await self._over(before_ms)
        for campaign_id in over:
            await self._delete_campaign(campaign_id)
        return len(over) + sum([await self._delete_single(campaign_id, before_ms) for campaign_id in BUILT_IN.values()])

    async def _over(self, before_ms: int) -> list[str]:
        """Some campaigns that are kept no longer, those first that have been so for the longest time."""
        most = ("LIMIT", 0, _MOST)
        own, others = await asyncio.gather(
            self._batch.command("ZRANGEBYSCORE", keys.REAPING, "-inf", self._now_ms(), *most),
            self._batch.command("ZRANGEBYSCORE", keys.ENDED, "-inf", f"({before_ms}", *most),
        )
        return [*own, *others][:_MOST]

    async def _line_up(self) -> None:
        """Put into their lines what ended before there were lines. Where the sums say that all are in, nothing is read.

        Each campaign has something left to do, or stands in a line. One that ends meanwhile is written twice, alike.
        """
        campaigns, still_open, *lined_up = await asyncio.gather(
            self._batch.command("ZCARD", keys.CAMPAIGNS),
            self._batch.command("SCARD", keys.OPEN),
            self._batch.command("ZCARD", keys.REAPING),
            self._batch.command("ZCARD", keys.ENDED),
        )
        if campaigns <= still_open + sum(lined_up):
            return
        for offset in count(0, _PAGE):
            page = await self._batch.command("ZRANGE", keys.CAMPAIGNS, offset, offset + _PAGE - 1)
            await asyncio.gather(*(self._line_up_one(campaign_id) for campaign_id in page))
            if len(page) < _PAGE:
                return

    async def _line_up_one(self, campaign_id: str) -> None:
        is_open, (state, ended, days) = await asyncio.gather(
            self._batch.command("SISMEMBER", keys.OPEN, campaign_id),
            self._batch.command("HMGET", keys.campaign(campaign_id), "state", "ended_at", "retention_days"),
        )
        if is_open or (state and not ended):
            return
        since = int(ended or 0)  # without a state it is what a reaper left over
        line, score = (keys.REAPING, since + int(days) * _DAY_MS) if days else (keys.ENDED, since)
        await self._batch.command("ZADD", line, "NX", score, campaign_id)

    async def _delete_campaign(self, campaign_id: str) -> None:
        total = int(await self._batch.command("HGET", keys.campaign(campaign_id), "total") or 0)
        for first in range(0, total + 1, _BUCKETS * keys.CALLS_PER_BUCKET):
            await self._delete_page(campaign_id, first)
        await self._forget_imports(campaign_id)
        # Without its attempts no event brings in another; the files follow by the marks that are left.
        await self.delete_recordings_of(campaign_id)
        for first in range(0, keys.KNOWN_BUCKETS, _CALLS):
            await self._unlink(keys.known(campaign_id, number) for number in range(first, first + _CALLS))
        await self._unlink([*keys.call_sets(campaign_id), keys.imports(campaign_id), keys.hang_up(campaign_id)])
        await self._unlink([keys.zones(campaign_id), keys.cohorts(campaign_id), keys.origins(campaign_id)])
        await self._unlink([keys.again(campaign_id), keys.escalation(campaign_id), keys.forecast(campaign_id)])
        await self._unlink([keys.held(campaign_id), keys.texts(campaign_id), keys.forecast_claim(campaign_id)])
        await self._batch.command("ZREM", keys.COPYING, campaign_id)
        await self._batch.command("ZREM", keys.HANGING_UP, campaign_id)
        await self._batch.command("ZREM", keys.IDLING, campaign_id)
        await self._batch.command("SREM", keys.OPEN, campaign_id)
        await self._batch.command("ZREM", keys.EXPIRING, campaign_id)
        lists = [keys.CAMPAIGNS, keys.CONFERENCES, keys.ESCALATIONS, keys.REAPING, keys.ENDED, keys.UNCONFIRMED]
        names = [keys.campaign(campaign_id), *lists, *keys.AUDITED, keys.CHANGES]
        await self._batch.run("forget_campaign", names, [campaign_id, self._now_ms()])

    async def _forget_imports(self, campaign_id: str) -> None:
        key = keys.lists(campaign_id)
        while found := await self._batch.command("ZRANGE", key, 0, _PAGE - 1):
            rows = [keys.import_rejected(campaign_id, import_id) for import_id in found]
            await self._unlink([*rows, *(keys.import_record(campaign_id, import_id) for import_id in found)])
            await self._batch.command("ZREM", keys.REJECTED, *(f"{campaign_id}/{import_id}" for import_id in found))
            await self._batch.command("ZREM", key, *found)

    async def _delete_page(self, campaign_id: str, first: int) -> None:
        starts = range(first, first + _BUCKETS * keys.CALLS_PER_BUCKET, keys.CALLS_PER_BUCKET)
        buckets = [keys.bucket(campaign_id, start) for start in starts]
        found = await asyncio.gather(*(self._fields(bucket) for bucket in buckets))
        attempts = [keys.attempt(ref) for fields in found for ref in attempts_in(campaign_id, fields)]
        packed = [keys.packed(CallRef(campaign_id, start)) for start in starts]
        await self._unlink([*attempts, *packed, *buckets])

    async def _delete_single(self, campaign_id: str, before_ms: int) -> int:
        """Single calls never end as a campaign: each goes by the time of its own end."""
        deleted = 0
        for disposition in Disposition:
            done = keys.calls_done(campaign_id, disposition)
            found = await self._batch.command("ZRANGEBYSCORE", done, "-inf", f"({before_ms}", "LIMIT", 0, _CALLS)
            await asyncio.gather(*(self._delete_call(CallRef(campaign_id, int(seq))) for seq in found))
            if found:
                await self._batch.command("ZREM", done, *found)
            deleted += len(found)
        return deleted

    async def _delete_call(self, call: CallRef) -> None:
        bucket, field = keys.bucket(*call), f"{call.seq}t"
        await self._delete_recordings_begun_by(call)
        record, tries = await self._batch.command("HMGET", bucket, call.seq, field)
        await forget_attempts(self._batch, attempts_in(call.campaign_id, {field: tries} if tries else {}))
        # Before the record, which tells where: whoever dies in between is followed by one who does it again.
        slots = slots_of(call.campaign_id, CallRecord.read(record).numbers) if record else []
        await self._batch.run(
            "unindex_call", [slot.key for slot in slots], [call.seq, *(slot.letter for slot in slots)]
        )
        await self._batch.command("HDEL", bucket, call.seq, field)

    async def _delete_recordings_begun_by(self, call: CallRef) -> None:
        """A conference's recording goes with the call that told of it first."""
        found = await self.recordings(Wanted(call_id=str(call)))
        begun = [recording.id for recording in found[0] if recording.attempts[0].call == call]
        await asyncio.gather(*(self.delete_recording(recording_id) for recording_id in begun))

    async def _unlink(self, names: Iterable[str]) -> None:
        listed = list(names)
        if listed:
            await self._batch.command("UNLINK", *listed)
