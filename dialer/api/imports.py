"""`POST /v1/campaigns/{id}/calls`: a list of calls, streamed straight into the store.

Nothing of the list is kept: bytes become rows, rows become batches, each batch is stored before the next is read. Rows
are checked outside the event loop, so that a long list never delays a webhook. Whatever ends a list midway, what was
stored stays, and the same list sent again adds nobody twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from dialer.access import Role
from dialer.api.answers import ImportOut
from dialer.api.audited import Audit
from dialer.api.bodies import require_media_type, stream_bounded
from dialer.api.keys import IMPORT_POOL, LOG_FIELDS, RUNTIME
from dialer.api.problems import ILLEGAL_STEP
from dialer.api.receiving import Rows, counted
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.errors import IllegalStep, StoreUnavailable
from dialer.escalation import KIND as ESCALATION
from dialer.importing import MEDIA_TYPES, Batch, RowChecks, read_calls
from dialer.importing.rows import FURTHER, ID, NUMBER
from dialer.kinds import Callee, steps_of
from dialer.model import Campaign
from dialer.states import CampaignState
from dialer.store import Store
from dialer.store.campaigns import BUILT_IN

_ROW = {
    "type": "object",
    "required": ["number"],
    "properties": {name: {"type": ["string", "number"]} for name in (NUMBER, *FURTHER, ID)},
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
_BODIES = {
    "text/csv": {"example": "number,id,name\r\n+31201234567,c-17,Ann\r\n"},
    "application/x-ndjson": {"example": '{"number": "+31201234567", "id": "c-17", "name": "Ann"}\n'},
    "application/json": {"schema": {"type": "array", "items": _ROW}},
}

routes = Routes()


@dataclass(slots=True)
class Import:
    """One list on its way into a campaign. Belongs to one request."""

    store: Store
    campaign_id: str
    rows: Rows = field(default_factory=Rows)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    begun: bool = False

    async def take(self, batch: Batch) -> None:
        """Store the calls of a batch, and count all of its rows."""
        self.rows.reject(batch.rejections)
        calls = [call for _, call in batch.calls]
        self.begun = self.begun or bool(calls)
        added = await self.store.add_calls(self.campaign_id, calls, import_id=self.id)
        duplicates = sum(call.duplicate for call in added)
        self.rows.duplicates += duplicates
        self.rows.accepted += len(added) - duplicates

    async def end(self) -> None:
        """Let the campaign complete. Should Redis be away, the import's lease lapses by itself."""
        if not self.begun:
            return
        with suppress(StoreUnavailable):
            await self.store.end_import(self.campaign_id, self.id)


@routes.post(
    "/v1/campaigns/{campaign_id}/calls",
    role=Role.LAUNCH,
    answers={200: Answer(description="What became of the rows.", model=ImportOut)},
    streamed={media_type: _BODIES.get(media_type, {}) for media_type in sorted(MEDIA_TYPES)},
    problems=(ILLEGAL_STEP,),
    audit=Audit(Action.CALLS_ADDED),
)
async def add_calls(request: web.Request, campaign_id: str) -> web.StreamResponse:
    """Add a list of calls: CSV with a header, NDJSON, or a JSON array of objects.

    `number` is E.164 or national in the default region; several numbers of one person are separated by semicolons, or
    stand in `number2` to `number5`. `id`, if given, is your own id of the contact and tells
    duplicates, else the number does; `timezone` is where the person is, where the number does not tell; `expires_at` is
    when it is too late for this call; every other column is a variable of the text. A row that is wrong is told and the
    others are taken. A list that cannot be read to its end is refused with the counts so far in `accepted`,
    `duplicates` and `rejected`: those rows are in, and the mended list adds nobody twice.
    """
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    store = request.app[RUNTIME].store
    campaign = await store.campaign(campaign_id)
    _require_open(campaign)
    media_type = require_media_type(request, sorted(MEDIA_TYPES))
    importing = Import(store, campaign_id)
    try:
        with counted(request, importing.rows):
            async for batch in _batches(request, campaign, media_type):
                await importing.take(batch)
    finally:
        await importing.end()
    return importing.rows.answer()


def _require_open(campaign: Campaign) -> None:
    if campaign.id in BUILT_IN.values():
        # It has no script of its own: whoever picked up would hear nothing.
        raise IllegalStep(f"{campaign.id} takes no lists, only single calls: POST /v1/calls")
    if campaign.kind == ESCALATION:
        raise IllegalStep(f"campaign {campaign.id} is an escalation and calls the people of its steps alone")
    if campaign.state in {CampaignState.COMPLETED, CampaignState.CANCELLED}:
        raise IllegalStep(f"campaign {campaign.id} is {campaign.state} and takes no more calls; create a new one")


def _batches(request: web.Request, campaign: Campaign, media_type: str) -> AsyncIterator[Batch]:
    settings = request.app[RUNTIME].settings
    steps = steps_of(campaign.kind, json.dumps(campaign.script), Callee(campaign.id))
    return read_calls(
        stream_bounded(request, settings.max_import_bytes),
        media_type=media_type,
        charset=request.charset,
        checks=RowChecks(settings.default_region, steps.variables(), settings.destinations, campaign.windows),
        executor=request.app[IMPORT_POOL].executor(request.content_length),
    )
