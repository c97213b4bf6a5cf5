"""`POST /v1/campaigns/{id}/calls`: a list of calls, streamed straight into the store.

Nothing of the list is kept: bytes become rows, rows become batches, each batch is stored before the next is read. Rows
are checked outside the event loop, so that a long list never delays a webhook. Whatever ends a list midway, what was
stored stays, and the same list sent again adds nobody twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.answers import ImportOut
from dialer.api.audited import Audit
from dialer.api.bodies import require_media_type, stream_bounded
from dialer.api.keys import IMPORT_POOL, LOG_FIELDS, RUNTIME
from dialer.api.models import Incoming
from dialer.api.problems import ILLEGAL_STEP, IMPORT_MOVED, NO_ROOM, Problem
from dialer.api.receiving import Rows, counted
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.built_in import BUILT_IN
from dialer.errors import IllegalStep, NotFound, StoreUnavailable
from dialer.escalations.escalation import KIND as ESCALATION
from dialer.forms import OUR_ID, WITHOUT_NUL
from dialer.importing import MEDIA_TYPES, XLSX, Batch, ColumnMap, RowChecks, Start, read_calls
from dialer.importing.columns import AS_NAMED
from dialer.importing.reading import FROM_START
from dialer.importing.rows import BEGINNING, FURTHER, ID, NUMBER
from dialer.kinds import Callee, steps_of
from dialer.model import Campaign
from dialer.settings import Settings
from dialer.states import CampaignState
from dialer.store import ImportRecord, ImportStep, Store

_ROW = {
    "description": "Columns by name. A row that is not right is told in `rejections`; the others are taken.",
    "properties": {name: {} for name in (NUMBER, *FURTHER, ID)},
}
_EXAMPLES = {
    "text/csv": {"example": "number,id,name\r\n+31201234567,c-17,Ann\r\n"},
    "application/x-ndjson": {"example": '{"number": "+31201234567", "id": "c-17", "name": "Ann"}\n'},
    "application/json": {
        "schema": {"type": "array", "items": _ROW},
        "example": [{"number": "+31201234567", "id": "c-17", "name": "Ann"}],
    },
}

LIST_BODIES = {media_type: _EXAMPLES.get(media_type, {}) for media_type in sorted(MEDIA_TYPES)}

routes = Routes()


def column_map(given: str | None) -> ColumnMap:
    """New names for columns as a query gives them. Raises InvalidInput."""
    return AS_NAMED if given is None else ColumnMap.parse(given)


class ListQuery(Incoming):
    """How a list is to be read."""

    map: str | None = Field(
        None,
        max_length=2000,
        description='Which column is what, as JSON: `{"number": "Telefoon", "name": "Naam"}`; others keep their names.',
    )
    sheet: str | None = Field(
        None, max_length=255, pattern=WITHOUT_NUL, description="The sheet of a spreadsheet.  By default the first."
    )


class ImportQuery(ListQuery):
    """How a list is to be taken."""

    dry_run: bool = Field(default=False, description="Check all of it and store nothing.")
    import_id: str | None = Field(
        None,
        max_length=64,
        pattern=OUR_ID,
        description="Names this import, so that it can be gone on with: best a digest of the list. One name, one list.",
    )
    offset: int = Field(0, ge=0, description="Bytes of the list before this body: the `offset` that the import tells.")


@dataclass(slots=True)
class Import:
    """One list on its way into a campaign. Belongs to one request."""

    store: Store
    campaign_id: str
    start: Start = FROM_START
    name: str | None = None
    dry: bool = False
    rows: Rows = field(default_factory=Rows)
    origin: str | None = None
    id: str = field(init=False)
    row: int = field(init=False)
    begun: bool = False

    def __post_init__(self) -> None:
        self.id = self.name or secrets.token_hex(8)
        self.row = self.start.row

    async def take(self, batch: Batch) -> None:
        """Store the calls of a batch, unless this only looks, and count all of its rows."""
        self.rows.reject(batch.rejections)
        if self.dry:
            await self._look(batch)
        else:
            await self._store(batch)

    async def _look(self, batch: Batch) -> None:
        duplicates = await self.store.count_known(self.campaign_id, [call for _, call in batch.calls])
        self.rows.duplicates += duplicates
        self.rows.accepted += len(batch.calls) - duplicates

    async def _store(self, batch: Batch) -> None:
        calls = [call for _, call in batch.calls]
        self.begun = self.begun or bool(calls)
        step = ImportStep(self.row, batch.row, batch.place, batch.rejections) if self.name else None
        added = await self.store.add_calls(self.campaign_id, calls, import_id=self.id, step=step, origin=self.origin)
        self.row = batch.row
        duplicates = sum(call.duplicate for call in added)
        self.rows.duplicates += duplicates
        self.rows.accepted += len(added) - duplicates

    async def end(self, *, done: bool) -> None:
        """Let the campaign complete. Should Redis be away, the import's lease lapses by itself."""
        done = done and self.name is not None and not self.dry
        if not (self.begun or done):
            return
        with suppress(StoreUnavailable):
            await self.store.end_import(self.campaign_id, self.id, done=done)


@routes.post(
    "/v1/campaigns/{campaign_id}/calls",
    role=Role.LAUNCH,
    repeatable="a row is known by its `id`, else by its number, and added once, however often the list is sent",
    answers={200: Answer(description="What became of the rows.", model=ImportOut)},
    streamed=LIST_BODIES,
    problems=(ILLEGAL_STEP, IMPORT_MOVED, NO_ROOM),
    audit=Audit(Action.CALLS_ADDED, tells=("dry_run", "import_id", "offset")),
)
async def add_calls(request: web.Request, campaign_id: str, *, query: ImportQuery) -> web.StreamResponse:
    """Add a list of calls: CSV with a header, NDJSON, a JSON array of objects, or a spreadsheet (.xlsx).

    `number` is E.164 or national in the default region; several numbers of one person are separated by semicolons, or
    stand in `number2` to `number5`. `id`, if given, is your own id of the contact and tells
    duplicates, else the number does; `timezone` is where the person is, where the number does not tell; `expires_at` is
    when it is too late for this call; every other column is a variable of the text. A row that is wrong is told and the
    others are taken. A list that cannot be read to its end is refused with the counts so far in `accepted`,
    `duplicates` and `rejected`: those rows are in, and the mended list adds nobody twice. With `dry_run` nothing is
    stored, and the counts tell what would have come of it; whom the list itself names twice only an import tells.

    With `import_id` it can be gone on with after it broke off: ask `GET .../imports/{import_id}` for its `offset`, and
    send what is behind that with the same query and `offset`. Lists that have no such place (JSON arrays, spreadsheets)
    are sent whole again, and rows that were taken are passed over. The counts are those of all its requests.
    """
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    store = request.app[RUNTIME].store
    campaign = await store.campaign(campaign_id)
    _require_open(campaign)
    media_type = require_media_type(request, sorted(MEDIA_TYPES))
    importing = await _begun(store, campaign_id, query)
    importing.origin = request.app[RUNTIME].tracing.origin()
    done = False
    try:
        with counted(request, importing.rows):
            async with aclosing(_batches(request, campaign, media_type, query, importing.start)) as batches:
                async for batch in batches:
                    await importing.take(batch)
        done = True
    finally:
        await importing.end(done=done)
    return importing.rows.answer()


async def _begun(store: Store, campaign_id: str, query: ImportQuery) -> Import:
    """The import that a request is, or goes on with."""
    record = await _record(store, campaign_id, query)
    place = record.place if record else BEGINNING
    if query.offset not in {0, place.offset}:
        detail = f"The import goes on from byte {place.offset}, not {query.offset}: ask for its offset, go on there."
        raise Problem(IMPORT_MOVED, detail, field="offset", extra={"offset": place.offset})
    if record is None:
        return Import(store, campaign_id, name=query.import_id, dry=query.dry_run)
    start = Start(place if query.offset else BEGINNING, record.row)
    rows = Rows(record.accepted, record.duplicates, record.rejected)
    return Import(store, campaign_id, start, query.import_id, rows=rows)


async def _record(store: Store, campaign_id: str, query: ImportQuery) -> ImportRecord | None:
    if query.import_id is None or query.dry_run:
        return None
    try:
        record = await store.import_record(campaign_id, query.import_id)
    except NotFound:
        return None
    if record.done:
        # Rows up to the last one are passed over, so another list of this name would be lost.
        raise IllegalStep(f"import {record.id} is done already: give another list an import_id of its own")
    return record


def _require_open(campaign: Campaign) -> None:
    if campaign.id in BUILT_IN.values():
        # It has no script of its own: whoever picked up would hear nothing.
        raise IllegalStep(f"{campaign.id} takes no lists, only single calls: POST /v1/calls")
    if campaign.kind == ESCALATION:
        raise IllegalStep(f"campaign {campaign.id} is an escalation and calls the people of its steps alone")
    if campaign.state in {CampaignState.COMPLETED, CampaignState.CANCELLED}:
        raise IllegalStep(f"campaign {campaign.id} is {campaign.state} and takes no more calls; create a new one")


def _batches(
    request: web.Request, campaign: Campaign, media_type: str, query: ImportQuery, start: Start
) -> AsyncGenerator[Batch, None]:
    settings = request.app[RUNTIME].settings
    return read_calls(
        stream_bounded(request, settings.max_import_bytes),
        media_type=media_type,
        charset=request.charset,
        checks=row_checks(campaign, settings, query.map),
        # A packed list has many times the rows.
        executor=request.app[IMPORT_POOL].executor(None if media_type == XLSX else request.content_length),
        sheet=query.sheet,
        start=start,
    )


def row_checks(campaign: Campaign, settings: Settings, columns: str | None) -> RowChecks:
    """What a row must have to become a call of this campaign, the columns being named so. Raises InvalidInput."""
    steps = steps_of(campaign.kind, json.dumps(campaign.script), Callee(campaign.id))
    places = settings.destinations, campaign.windows
    return RowChecks(settings.default_region, steps.variables(), *places, column_map(columns))
