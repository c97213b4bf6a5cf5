"""Reading what changed, and how campaigns are, for those who listen."""

from __future__ import annotations

import json
from typing import Any

from dialer import keys
from dialer.changes import Change, Heard, Place, Sample
from dialer.clock import at_ms, moment
from dialer.dispositions import Disposition
from dialer.model import Priority
from dialer.states import CallState, CampaignState
from dialer.store.base import StorePart

KEPT_MS = 120_000
"""So long after the last look changes are still written: a listener whose process is restarted misses none."""

_FIELDS = (
    "name", "kind", "priority", "state", "reason", "over_reason", "total", "attempts", "success", "created_at",
    "started_at", "ended_at",
)  # fmt: skip


class ChangesStore(StorePart):
    """Changes and samples."""

    async def changes(self, after: Place | None, *, most: int = 1000) -> Heard:
        """What changed after a place, the oldest first; None asks for the place that is the end now.

        From the first look on all changes are written, for as long as somebody looks. Repeatable.
        """
        answer: Any = await self._batch.run("read_changes", [keys.CHANGES], [str(after or ""), most, KEPT_MS])
        whole, place, entries = answer
        read = (Change.read(*entry) for entry in entries)
        return Heard(Place.parse(place), [change for change in read if change], is_whole=whole == 1)

    async def open_campaigns(self) -> list[str]:
        """The ids of campaigns with anything left to do, drafts too, in a lasting order."""
        return sorted(await self._batch.command("SMEMBERS", keys.OPEN))

    async def sample(self, campaign_id: str) -> Sample | None:
        """How a campaign is now; None where there is none."""
        now = self._now_ms()
        names = [keys.campaign(campaign_id), keys.hang_up(campaign_id), *keys.call_sets(campaign_id)]
        answer: Any = await self._batch.run("sample_campaign", names, [now, *_FIELDS])
        values, hanging_up, due, sizes = answer
        fields = dict(zip(_FIELDS, values, strict=True))
        if fields["state"] is None:
            return None
        in_flight = dict(zip(keys.IN_FLIGHT, sizes, strict=False))
        ended = dict(zip(Disposition, sizes[len(in_flight) :], strict=True))
        return Sample(
            id=campaign_id,
            name=fields["name"],
            kind=fields["kind"],
            priority=Priority(fields["priority"]),
            state=CampaignState(fields["state"]),
            reason=fields["reason"] or None,
            over_reason=fields["over_reason"] or None,
            total=int(fields["total"]),
            attempts=int(fields["attempts"] or 0),
            success=frozenset(map(Disposition, json.loads(fields["success"] or "[]"))),
            created_at=moment(fields["created_at"]),
            started_at=at_ms(fields["started_at"]),
            ended_at=at_ms(fields["ended_at"]),
            counts=in_flight | {CallState.DONE: sum(ended.values())},
            dispositions=ended,
            hanging_up=hanging_up,
            due=due,
        )

    async def workers_alive(self) -> int:
        """How many workers were heard from lately."""
        since = self._now_ms() - keys.WORKER_ALIVE_MS
        return int(await self._batch.command("ZCOUNT", keys.WORKERS, f"({since}", "+inf"))
