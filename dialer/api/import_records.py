"""`GET /v1/campaigns/{id}/imports/{import_id}`: how far a named import is, and the rows that it did not take."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Literal, Self

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.answers import RejectionOut
from dialer.api.audited import Audit
from dialer.api.keys import RUNTIME
from dialer.api.models import Incoming, Outgoing
from dialer.api.problems import NOT_FOUND
from dialer.api.receiving import told_rejection
from dialer.api.result_rows import csv_text, harmless
from dialer.api.routing import Answer, Routes
from dialer.api.streaming import CSV, NDJSON, send_file
from dialer.audit import Action
from dialer.importing import Rejection
from dialer.store import ImportRecord

_FORMATS = {"csv": CSV, "ndjson": NDJSON}
_COLUMNS = tuple(RejectionOut.model_fields)

routes = Routes()


class ImportStateOut(Outgoing):
    """How far a named import is."""

    id: str
    state: Literal["open", "done"] = Field(description="`done`: its list was read to its end.")
    offset: int = Field(description="Bytes of the list that need not be sent again: go on with the byte behind them.")
    rows: int = Field(description="The number of the last row that was looked at; at the offset or behind it.")
    accepted: int
    duplicates: int
    rejected: int
    kept: int = Field(description="How many of the rejected rows are kept, unless an erasure took them away.")
    begun_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, record: ImportRecord) -> Self:
        """The answer for one record."""
        named = ("id", "accepted", "duplicates", "rejected", "kept", "begun_at", "changed_at")
        told = {name: getattr(record, name) for name in named}
        return cls(state="done" if record.done else "open", offset=record.place.offset, rows=record.row, **told)


class RejectedQuery(Incoming):
    """In which form."""

    format: Literal["csv", "ndjson"] = "csv"


@routes.get(
    "/v1/campaigns/{campaign_id}/imports/{import_id}",
    role=Role.READ,
    answers={200: Answer(description="How far it is.", model=ImportStateOut)},
)
async def get_import(request: web.Request, campaign_id: str, import_id: str) -> web.StreamResponse:
    """How far an import is that was given an `import_id`: what is stored, and from which byte to go on.

    The counts are exact however often it broke off: they are written in the step that stores the rows.
    """
    record = await request.app[RUNTIME].store.import_record(campaign_id, import_id)
    return web.json_response(text=ImportStateOut.of(record).model_dump_json())


@routes.get(
    "/v1/campaigns/{campaign_id}/imports/{import_id}/rejected",
    role=Role.READ,
    answers={200: Answer(description="Rows that were not taken, in their order.", media_types=(CSV, NDJSON))},
    problems=(NOT_FOUND,),
    audit=Audit(Action.REJECTED_EXPORTED),
)
async def get_rejected(
    request: web.Request, campaign_id: str, import_id: str, *, query: RejectedQuery
) -> web.StreamResponse:
    """The rows that a named import did not take: row, column, value, code, reason and remedy, as CSV or NDJSON.

    The first 100,000 are kept, until the campaign goes or a person is erased: what is wrong with a row may tell of
    anybody. No cell of the CSV begins like a formula.
    """
    store = request.app[RUNTIME].store
    await store.import_record(campaign_id, import_id)
    media_type = _FORMATS[query.format]
    pieces = _pieces(store.rejected_rows(campaign_id, import_id), media_type)
    return await send_file(request, pieces, name=f"{campaign_id}-{import_id}-rejected", media_type=media_type)


async def _pieces(chunks: AsyncIterator[list[Rejection]], media_type: str) -> AsyncIterator[bytes]:
    if media_type == CSV:
        yield rejected_header()
    async for chunk in chunks:
        told = list(map(told_rejection, chunk))
        yield rejected_rows(told) if media_type == CSV else "".join(f"{o.model_dump_json()}\n" for o in told).encode()


def rejected_header() -> bytes:
    """The first line of a CSV of rejected rows."""
    return csv_text([_COLUMNS]).encode()


def rejected_rows(told: Iterable[RejectionOut]) -> bytes:
    """Rejected rows as CSV, without its first line."""
    return csv_text([one.row, *map(harmless, _texts(one))] for one in told).encode()


def _texts(told: RejectionOut) -> list[str]:
    return [str(getattr(told, name) or "") for name in _COLUMNS[1:]]
