"""`/v1/forecasts`: look ahead for a campaign that is not created; nothing is stored and nobody is called.

A list is read and checked as an import does it, row by row as it arrives, and counted as it passes by.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from dialer.access import Role
from dialer.api.bodies import CHUNK_TIMEOUT_S, MAX_JSON_BYTES, decode_json, refuse_large, require_media_type, too_large
from dialer.api.campaigns import draft
from dialer.api.forecast_answers import ForecastOut, ListForecastOut
from dialer.api.forecast_bodies import NewForecast, PlannedCampaign
from dialer.api.imports import ListQuery, row_checks
from dialer.api.keys import IMPORT_POOL, RUNTIME
from dialer.api.problems import BAD_REQUEST, INVALID_INPUT, NO_ROOM, TOO_SLOW, UNSUPPORTED_MEDIA_TYPE, Problem
from dialer.api.receiving import Rows, counted
from dialer.api.routing import Answer, Routes
from dialer.clock import moment, now_ms
from dialer.errors import InvalidInput
from dialer.importing import MEDIA_TYPES, XLSX, read_calls
from dialer.model import Campaign
from dialer.runtime import Runtime
from dialer.store.prospects import Prospects

_FORM = "multipart/form-data"
_PLAN, _LIST = "plan", "list"
_BODY = {
    "schema": {
        "type": "object",
        "required": [_PLAN, _LIST],
        "additionalProperties": False,
        "properties": {
            _PLAN: {"type": "object", "description": "As `POST /v1/forecasts` takes it, without `calls`."},
            _LIST: {"type": "string", "contentMediaType": "text/csv"},
        },
    },
    "example": {
        _PLAN: {"campaign": {"name": "Power cut", "kind": "notification", "script": {"text": "The power is back."}}},
        _LIST: "number\r\n+31201234567\r\n",
    },
    "encoding": {_PLAN: {"contentType": "application/json"}, _LIST: {"contentType": ", ".join(sorted(MEDIA_TYPES))}},
}

routes = Routes()


class PlannedListQuery(ListQuery):
    """How a list is to be read."""


@routes.post(
    "/v1/forecasts",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="The forecast; nothing is created.", model=ForecastOut)},
    audit=None,  # it changes nothing
)
async def look_ahead(request: web.Request, *, body: NewForecast) -> web.StreamResponse:
    """Look ahead for a campaign that is not created, of so many people.

    They are taken to have one number each, in the dialer's own region. Beside it stand the campaigns that run now.
    """
    runtime = request.app[RUNTIME]
    campaign = await _drafted(body, runtime)
    people = runtime.planning.prospects(campaign).people_like(body.calls)
    forecast = await runtime.planning.forecast_of(campaign, people, body.assumed())
    return web.json_response(text=ForecastOut.of(None, forecast).model_dump_json())


@routes.post(
    "/v1/forecasts/list",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="The rows, and the forecast; nothing is stored.", model=ListForecastOut)},
    streamed={_FORM: _BODY},
    problems=(BAD_REQUEST, NO_ROOM),
    audit=None,  # it changes nothing
)
async def look_ahead_for_list(request: web.Request, *, query: PlannedListQuery) -> web.StreamResponse:
    """Check a list for a campaign that is not created, and look ahead for the people on it.

    The form has the part `plan`, JSON, and behind it the part `list`, of a media type that an import takes. Rows are
    checked as an import would; whom the list names twice only an import tells.
    """
    require_media_type(request, (_FORM,))
    runtime = request.app[RUNTIME]
    form = await _form(request)
    body = decode_json(await _whole(await _part(form, _PLAN)), PlannedCampaign)
    campaign = await _drafted(body, runtime)
    prospects, rows = runtime.planning.prospects(campaign), Rows()
    with counted(request, rows):
        await _read(request, await _part(form, _LIST), query, campaign, (prospects, rows))
        await _end(form)
    forecast = await runtime.planning.forecast_of(campaign, prospects.people(), body.assumed())
    answer = ListForecastOut(**rows.told(), forecast=ForecastOut.of(None, forecast))
    return web.json_response(text=answer.model_dump_json())


async def _drafted(body: PlannedCampaign, runtime: Runtime) -> Campaign:
    try:
        made = await draft(body.campaign, runtime)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"campaign.{error.field}") from None
    return made(id="planned", created_at=moment(now_ms(runtime.clock)))


async def _read(
    request: web.Request,
    part: BodyPartReader,
    query: PlannedListQuery,
    campaign: Campaign,
    into: tuple[Prospects, Rows],
) -> None:
    settings, (prospects, rows) = request.app[RUNTIME].settings, into
    media_type = (part.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        message = f"Content-Type of the part must be {', '.join(sorted(MEDIA_TYPES))}."
        raise Problem(UNSUPPORTED_MEDIA_TYPE, message, field=_LIST)
    reading = read_calls(
        _pieces(part, settings.max_import_bytes),
        media_type=media_type,
        charset=part.get_charset("") or None,
        checks=row_checks(campaign, settings, query.map),
        executor=request.app[IMPORT_POOL].executor(None if media_type == XLSX else request.content_length),
        sheet=query.sheet,
    )
    async with aclosing(reading) as batches:
        async for batch in batches:
            rows.reject(batch.rejections)
            rows.accepted += len(batch.calls)
            await prospects.take([call for _, call in batch.calls])


async def _form(request: web.Request) -> MultipartReader:
    refuse_large(request, request.app[RUNTIME].settings.max_import_bytes + MAX_JSON_BYTES)
    try:
        return await request.multipart()
    except (AssertionError, ValueError):
        raise Problem(BAD_REQUEST, "The form has no boundary.", field="Content-Type") from None


async def _next(form: MultipartReader) -> MultipartReader | BodyPartReader | None:
    try:
        async with asyncio.timeout(CHUNK_TIMEOUT_S):
            return await form.next()
    except TimeoutError:
        raise Problem(TOO_SLOW, f"Nothing arrived for {CHUNK_TIMEOUT_S} s.", field="body") from None
    except (ValueError, RuntimeError, HttpProcessingError):
        raise Problem(BAD_REQUEST, "The form is broken.", field="body") from None


async def _end(form: MultipartReader) -> None:
    """Nothing comes behind the list."""
    if await _next(form) is not None:
        message = f"The form has the parts `{_PLAN}` and `{_LIST}`, and nothing behind them."
        raise Problem(INVALID_INPUT, message, field="body")


async def _part(form: MultipartReader, name: str) -> BodyPartReader:
    """The next part, which must have this name."""
    part = await _next(form)
    if not isinstance(part, BodyPartReader) or part.name != name:
        message = f"The form needs the parts `{_PLAN}` and `{_LIST}`, in this order."
        raise Problem(INVALID_INPUT, message, field=name)
    return part


async def _whole(part: BodyPartReader) -> bytes:
    return b"".join([piece async for piece in _pieces(part, MAX_JSON_BYTES)])


async def _pieces(part: BodyPartReader, limit: int) -> AsyncIterator[bytes]:
    """A part piece by piece; ends in 413 past `limit` bytes, in 408 when the client stops sending."""
    size = 0
    while True:
        try:
            async with asyncio.timeout(CHUNK_TIMEOUT_S):
                piece = await part.read_chunk(65_536)
        except TimeoutError:
            raise Problem(TOO_SLOW, f"Nothing arrived for {CHUNK_TIMEOUT_S} s.", field="body") from None
        except (AssertionError, ValueError, web.RequestPayloadError):
            raise Problem(BAD_REQUEST, "The form is broken.", field="body") from None
        if not piece:
            return
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        yield piece
