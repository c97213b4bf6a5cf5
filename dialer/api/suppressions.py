"""`/v1/suppressions`: numbers that no campaign calls. They travel in bodies, never in paths, which others may log."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from dialer.addresses import parse_address
from dialer.api.audited import Audit
from dialer.api.keys import RUNTIME
from dialer.api.models import Incoming, Outgoing
from dialer.api.routing import Answer, Routes
from dialer.audit import Action

routes = Routes()


class SuppressionBody(Incoming):
    """One number."""

    number: str = Field(
        min_length=1,
        max_length=100,
        description="E.164, or national in the default region; or a URI.",
    )


class SuppressionsQuery(Incoming):
    """Which page of the suppressed numbers."""

    limit: int = Field(1000, ge=1, le=10_000, description="How many at most.")
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,12}$", description="`next_cursor` of the page before.")


class SuppressionOut(Outgoing):
    """How it stands with one number."""

    number: str = Field(description="`erased` in a list, where it was erased and only a hash of it is kept.")
    suppressed: bool = Field(description="Whether no campaign calls it.")
    since: datetime | None


class ChangedSuppressionOut(SuppressionOut):
    """The same after a change."""

    changed: bool = Field(description="False where it was so before.")


class SuppressionsOut(Outgoing):
    """A page of suppressed numbers, longest ago first."""

    suppressions: list[SuppressionOut]
    next_cursor: str | None


@routes.get(
    "/v1/suppressions",
    answers={200: Answer(description="A page of suppressed numbers.", model=SuppressionsOut)},
    audit=Audit(Action.SUPPRESSIONS_LISTED, tells=("cursor",)),
)
async def list_suppressions(request: web.Request, *, query: SuppressionsQuery) -> web.StreamResponse:
    """The numbers that no campaign calls, longest ago first."""
    offset = int(query.cursor or 0)
    found = await request.app[RUNTIME].store.suppressed(offset=offset, limit=query.limit + 1)
    shown = found[: query.limit]
    page = SuppressionsOut(
        suppressions=[SuppressionOut(number=one.number, suppressed=True, since=one.since) for one in shown],
        next_cursor=str(offset + query.limit) if len(found) > query.limit else None,
    )
    return web.json_response(text=page.model_dump_json())


@routes.post(
    "/v1/suppressions/add",
    answers={200: Answer(description="It is.", model=ChangedSuppressionOut)},
    audit=Audit(Action.SUPPRESSION_ADDED, tells=("number",)),
)
async def add_suppression(request: web.Request, *, body: SuppressionBody) -> web.StreamResponse:
    """Let no campaign call a number, from now on, those that are about to as well."""
    number = _number(request, body)
    return await _changed(request, number, changed=bool(await request.app[RUNTIME].store.suppress(number)))


@routes.post(
    "/v1/suppressions/remove",
    answers={200: Answer(description="It is.", model=ChangedSuppressionOut)},
    audit=Audit(Action.SUPPRESSION_REMOVED, tells=("number",)),
)
async def remove_suppression(request: web.Request, *, body: SuppressionBody) -> web.StreamResponse:
    """Let campaigns call a number again, whoever it was that asked them not to. Calls that ended so stay ended."""
    number = _number(request, body)
    return await _changed(request, number, changed=bool(await request.app[RUNTIME].store.unsuppress(number)))


@routes.post(
    "/v1/suppressions/check",
    answers={200: Answer(description="How it stands.", model=SuppressionOut)},
    audit=None,  # changes nothing, and tells of one number what the client knows already
)
async def check_suppression(request: web.Request, *, body: SuppressionBody) -> web.StreamResponse:
    """Whether a number is suppressed, and since when."""
    number = _number(request, body)
    since = await request.app[RUNTIME].store.suppressed_since(number)
    answer = SuppressionOut(number=number, suppressed=since is not None, since=since)
    return web.json_response(text=answer.model_dump_json())


def _number(request: web.Request, body: SuppressionBody) -> str:
    return parse_address(body.number, request.app[RUNTIME].settings.default_region)


async def _changed(request: web.Request, number: str, *, changed: bool) -> web.Response:
    since = await request.app[RUNTIME].store.suppressed_since(number)
    answer = ChangedSuppressionOut(number=number, suppressed=since is not None, since=since, changed=changed)
    return web.json_response(text=answer.model_dump_json())
