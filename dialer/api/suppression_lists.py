"""Whole lists of numbers that are not called: which there are, to drop one, and each of them in and out as a file.

An import is streamed like a list of calls: a thousand numbers a step, each step whole, and the same file again changes
nothing. What arrived holds at once, also for calls that are about to leave.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.answers import ImportOut
from dialer.api.audited import Audit
from dialer.api.bodies import require_media_type, stream_bounded
from dialer.api.keys import IMPORT_POOL, LOG_FIELDS, RUNTIME
from dialer.api.models import Outgoing
from dialer.api.problems import ILLEGAL_STEP, NOT_FOUND
from dialer.api.receiving import Rows, counted
from dialer.api.result_rows import csv_text
from dialer.api.routing import Answer, Routes
from dialer.api.streaming import CSV, NDJSON, send_file
from dialer.api.suppressions import ListQuery
from dialer.audit import Action
from dialer.decisions import ALL_CAMPAIGNS
from dialer.importing import NUMBER_MEDIA_TYPES, Numbers, read_numbers
from dialer.store import Store
from dialer.store.suppression import MOST_AT_ONCE, Suppressed

_FORMATS = {"csv": CSV, "ndjson": NDJSON}
_BODIES = {
    "text/plain": {"example": "+31201234567\n+31612345678\n"},
    "text/csv": {"example": "number\r\n+31201234567\r\n"},
    "application/x-ndjson": {"example": '{"number": "+31201234567"}\n'},
    "application/json": {
        "schema": {"type": "array", "items": {}},
        "example": [{"number": "+31201234567"}],
    },
}

routes = Routes()


class ExportQuery(ListQuery):
    """Which list, and in which form."""

    format: Literal["csv", "ndjson"] | None = Field(None, description="Goes before the Accept header.")


class SuppressedOut(Outgoing):
    """A number on a list."""

    number: str
    since: datetime


class SuppressionListOut(Outgoing):
    """A list."""

    name: str = Field(description="`*` is the list that every campaign keeps to.")
    size: int = Field(description="How many numbers are on it.")
    version: int = Field(description="How often it was changed; the record of an attempt names it.")


class SuppressionListsOut(Outgoing):
    """All of them, that of all campaigns first."""

    lists: list[SuppressionListOut]


class DroppedListOut(Outgoing):
    """A list that is no more."""

    name: str
    size: int = Field(description="How many numbers were on it.")


@routes.get(
    "/v1/suppression-lists",
    role=Role.READ,
    answers={200: Answer(description="All lists.", model=SuppressionListsOut)},
)
async def list_suppression_lists(request: web.Request) -> web.StreamResponse:
    """Which lists there are, how long they are, and how often they were changed."""
    found = await request.app[RUNTIME].store.suppression_lists()
    answer = SuppressionListsOut(lists=[SuppressionListOut.model_validate(one, from_attributes=True) for one in found])
    return web.json_response(text=answer.model_dump_json())


@routes.delete(
    "/v1/suppression-lists/{name}",
    role=Role.OPERATE,
    answers={200: Answer(description="It is gone.", model=DroppedListOut)},
    problems=(ILLEGAL_STEP,),
    audit=Audit(Action.SUPPRESSION_LIST_DROPPED),
)
async def drop_suppression_list(request: web.Request, name: str) -> web.StreamResponse:
    """Forget a named list and all numbers on it. Refused while campaigns that are not over keep to it."""
    size = await request.app[RUNTIME].store.drop_list(name)
    request[LOG_FIELDS]["size"] = size
    return web.json_response(text=DroppedListOut(name=name, size=size).model_dump_json())


@routes.get(
    "/v1/suppressions/export",
    role=Role.READ,
    answers={200: Answer(description="All numbers on a list, longest ago first.", media_types=(CSV, NDJSON))},
    problems=(NOT_FOUND,),
    audit=Audit(Action.SUPPRESSIONS_EXPORTED, tells=("list",)),
)
async def export_suppressions(request: web.Request, *, query: ExportQuery) -> web.StreamResponse:
    """All numbers on a list and since when, as CSV (default) or NDJSON, by `Accept` or `format`.

    A stream that ends without its last chunk broke off: ask again. The file can be imported as it is, but for numbers
    that were erased: of those there is nothing to tell but `erased`.
    """
    store = request.app[RUNTIME].store
    await store.require_list(query.list_)
    accepts_ndjson = "ndjson" in request.headers.get("Accept", "").lower()
    media_type = _FORMATS[query.format or ("ndjson" if accepts_ndjson else "csv")]
    name = "suppressed" if query.list_ == ALL_CAMPAIGNS else f"suppressed-{query.list_}"
    pieces = _pieces(store.all_suppressed(query.list_), media_type)
    return await send_file(request, pieces, name=name, media_type=media_type)


async def _pieces(pages: AsyncIterator[list[Suppressed]], media_type: str) -> AsyncIterator[bytes]:
    if media_type == CSV:
        yield csv_text([Suppressed._fields]).encode()
    async for page in pages:
        yield (_csv(page) if media_type == CSV else _ndjson(page)).encode()


def _csv(page: list[Suppressed]) -> str:
    # The dialer's own check let in no number that begins like a formula but for its plus.
    return csv_text((one.number, one.since.isoformat(timespec="milliseconds")) for one in page)


def _ndjson(page: list[Suppressed]) -> str:
    return "".join(f"{SuppressedOut(number=one.number, since=one.since).model_dump_json()}\n" for one in page)


@dataclass(slots=True)
class _Import:
    """Numbers on their way onto a list. Belongs to one request."""

    store: Store
    name: str
    rows: Rows = field(default_factory=Rows)

    async def take(self, batch: Numbers) -> None:
        """Put the numbers of some rows on the list, and count them."""
        self.rows.reject(batch.rejections)
        numbers = [number for _, found in batch.numbers for number in found]
        for first in range(0, len(numbers), MOST_AT_ONCE):
            some = numbers[first : first + MOST_AT_ONCE]
            added = await self.store.suppress(*some, on=self.name)
            self.rows.accepted += added
            self.rows.duplicates += len(some) - added


@routes.post(
    "/v1/suppressions/import",
    role=Role.OPERATE,
    repeatable="a number that is on the list already is no second one",
    answers={200: Answer(description="What became of the numbers.", model=ImportOut)},
    streamed={media_type: _BODIES.get(media_type, {}) for media_type in sorted(NUMBER_MEDIA_TYPES)},
    audit=Audit(Action.SUPPRESSIONS_IMPORTED, tells=("list",)),
)
async def import_suppressions(request: web.Request, *, query: ListQuery) -> web.StreamResponse:
    """Put all numbers of a file on a list: CSV with a header, NDJSON, a JSON array, or plain text, one number a line.

    They stand in `number`, several of one person also as in lists of calls; other columns are passed over. `accepted`
    are those that are new on the list, `duplicates` those that were on it. Makes the list where it is not there yet. A
    row that is wrong is told and the others are taken. A file that cannot be read to its end is refused with the counts
    so far: those numbers are on the list.
    """
    store = request.app[RUNTIME].store
    media_type = require_media_type(request, sorted(NUMBER_MEDIA_TYPES))
    importing = _Import(store, query.list_)
    with counted(request, importing.rows):
        async for batch in _batches(request, media_type):
            await importing.take(batch)
        # A file without a number is a list without one.
        await store.suppress(on=query.list_)
    return importing.rows.answer()


def _batches(request: web.Request, media_type: str) -> AsyncIterator[Numbers]:
    settings = request.app[RUNTIME].settings
    return read_numbers(
        stream_bounded(request, settings.max_import_bytes),
        media_type=media_type,
        charset=request.charset,
        region=settings.default_region,
        executor=request.app[IMPORT_POOL].executor(request.content_length),
    )
