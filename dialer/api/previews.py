"""`POST /v1/imports/preview`: the head of a list as an import would read it. Nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.answers import RejectionOut
from dialer.api.bodies import MAX_JSON_BYTES, require_media_type, stream_bounded
from dialer.api.imports import LIST_BODIES, ListQuery, column_map
from dialer.api.keys import RUNTIME
from dialer.api.models import Outgoing
from dialer.api.problems import NO_ROOM, NOT_FOUND
from dialer.api.receiving import told_rejection
from dialer.api.routing import Answer, Routes
from dialer.errors import InvalidInput
from dialer.importing import MEDIA_TYPES, XLSX, RowChecks
from dialer.importing.columns import OWN, ColumnMap
from dialer.importing.preview import How, Look, look
from dialer.importing.sheets import MAX_SHEET_BYTES
from dialer.kinds import Callee, steps_of
from dialer.model import NewCall
from dialer.ncco import Talk
from dialer.notification import NotificationScript
from dialer.scripts import CallScript, Urls, render
from dialer.speech import variable_name
from dialer.windows import Windows

MOST_ROWS = 100
_FORMATS = {"text/csv": "csv", "application/json": "json", XLSX: "xlsx"}
_NOWHERE = Urls("https://preview.invalid")  # nobody calls back what is only shown
_SHOWN_CHARACTERS = 2_000

routes = Routes()


class PreviewQuery(ListQuery):
    """How a list is to be read, and by which text its rows are judged."""

    campaign_id: str | None = Field(None, max_length=64, description="By whose text and windows rows are judged.")
    text: str | None = Field(
        None, max_length=_SHOWN_CHARACTERS, description="The text of a notification that is no campaign yet."
    )
    language: str | None = Field(None, max_length=20, description="Its language, such as `nl-NL`.")
    rows: int = Field(5, ge=1, le=MOST_ROWS, description="How many rows to show at the most.")
    cut: bool = Field(
        default=False, description="The body is only the head of the list: a row that has no end there is left out."
    )


class ColumnOut(Outgoing):
    """A column of the list."""

    column: str = Field(description="Its name as it stands there.")
    name: str = Field(description="What it is called in calls and texts.")
    use: Literal["number", "id", "timezone", "expires_at", "variable"]


class SpeechOut(Outgoing):
    """Something that is said, up to the first question's answer."""

    language: str
    text: str = Field(description="As the carrier is given it.")


class PreviewRowOut(Outgoing):
    """A row as it would be taken."""

    row: int
    numbers: list[str] = Field(description="E.164, or SIP and websocket addresses.")
    id: str | None
    zones: list[str] = Field(description="Where the person may be; none where nothing is known.")
    expires_at: datetime | None
    variables: dict[str, str]
    speech: list[SpeechOut] = Field(description="What this person hears; empty without a text.")


class PreviewOut(Outgoing):
    """The head of a list as an import reads it."""

    format: Literal["csv", "xlsx", "ndjson", "json"]
    encoding: str | None = Field(description="None of a spreadsheet.")
    delimiter: str | None
    columns: list[ColumnOut] = Field(description="With the new names of `map`.")
    map: dict[str, str] = Field(
        description="What was stated, and what is proposed for usual names: send it as `map` with the import."
    )
    missing: list[str] = Field(description="`number`, and the variables of the text, that no column has.")
    rows: list[PreviewRowOut]
    rejections: list[RejectionOut]
    complete: bool = Field(description="Whether these are all rows of the list.")


@routes.post(
    "/v1/imports/preview",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="How the list is read.", model=PreviewOut)},
    streamed=LIST_BODIES,
    problems=(NOT_FOUND, NO_ROOM),
    audit=None,  # nothing is changed
)
async def preview_import(request: web.Request, *, query: PreviewQuery) -> web.StreamResponse:
    """Look at the head of a list: its form, its columns, its first rows, and what these people will hear.

    The body is the list or its first bytes (`cut=true`; 131,072 are looked at, 1 MiB is taken); a spreadsheet is sent
    whole. Rows are judged by the text of `campaign_id`, or by `text` and `language`, or by their numbers alone. Where
    no column is called `number`, usual names such as `telefoon` or `phone` are proposed in `map`, and the rows are
    shown as if it was stated; an import itself takes no column on a guess.
    """
    media_type = require_media_type(request, sorted(MEDIA_TYPES))
    script, windows = await _judged_by(request, query)
    settings = request.app[RUNTIME].settings
    required = script.variables() if script else frozenset()
    checks = RowChecks(settings.default_region, required, settings.destinations, windows, column_map(query.map))
    seen = await look(
        stream_bounded(request, MAX_SHEET_BYTES if media_type == XLSX else MAX_JSON_BYTES),
        media_type=media_type,
        charset=request.charset,
        checks=checks,
        how=How(query.rows, query.cut, query.sheet),
    )
    return web.json_response(text=_told(seen, media_type, script).model_dump_json())


async def _judged_by(request: web.Request, query: PreviewQuery) -> tuple[CallScript | None, Windows | None]:
    if query.campaign_id is not None and query.text is not None:
        raise InvalidInput("give the campaign or a text, not both", field="text")
    if query.campaign_id is not None:
        campaign = await request.app[RUNTIME].store.campaign(query.campaign_id)
        return steps_of(campaign.kind, json.dumps(campaign.script), Callee(campaign.id)), campaign.windows
    if query.text is None:
        return None, None
    script = {"text": query.text} | ({"language": query.language} if query.language else {})
    default = request.app[RUNTIME].settings.default_language
    return NotificationScript.from_dict(script, default_language=default).call_script, None


def _told(seen: Look, media_type: str, script: CallScript | None) -> PreviewOut:
    names = ColumnMap.of(seen.proposed)
    columns = [_column(column, names.renamed(variable_name(column))) for column in seen.columns]
    wanted = {"number", *(script.variables() if script else ())}
    return PreviewOut(
        format=_FORMATS.get(media_type, "ndjson"),
        encoding=None if media_type == XLSX else seen.layout.encoding,
        delimiter=None if media_type == XLSX else seen.layout.delimiter or None,
        columns=columns,
        map=seen.proposed,
        missing=sorted(wanted - {column.name for column in columns}),
        rows=[_row(row, call, script) for row, call in seen.batch.calls],
        rejections=list(map(told_rejection, seen.batch.rejections)),
        complete=seen.complete,
    )


def _column(column: str, name: str) -> ColumnOut:
    use: Any = name if name in {"number", "id", "timezone", "expires_at"} else "number" if name in OWN else "variable"
    return ColumnOut(column=column, name=name, use=use)


def _row(row: int, call: NewCall, script: CallScript | None) -> PreviewRowOut:
    zones = [zone for zone in (call.cohort or "").removeprefix("=").split("+") if zone]
    return PreviewRowOut(
        row=row,
        numbers=[call.number, *call.others],
        id=call.external_id,
        zones=zones,
        expires_at=call.expires_at,
        variables=dict(call.variables),
        speech=_speech(script, call) if script else [],
    )


def _speech(script: CallScript, call: NewCall) -> Sequence[SpeechOut]:
    actions = render(script, call.variables, _NOWHERE).actions
    return [SpeechOut(language=a.language, text=a.text) for a in actions if isinstance(a, Talk)]
