"""`/v1/suppressions`: numbers that are not called, one by one: by no campaign, or by none that keeps to a named list.

They travel in bodies, never in paths, which others may log. Whole lists are the matter of `suppression_lists.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, StringConstraints

from dialer.access import Role
from dialer.addresses import parse_address
from dialer.api.audited import Audit
from dialer.api.keys import RUNTIME
from dialer.api.models import Incoming, Outgoing
from dialer.api.problems import NOT_FOUND
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.decisions import ALL_CAMPAIGNS
from dialer.forms import ANY_LIST, PLACE_CURSOR
from dialer.store.suppression import MOST_NAME

routes = Routes()

_WHICH = "A named list; the one of all campaigns, `*`, if left out."

AnyList = Annotated[str, StringConstraints(pattern=ANY_LIST, max_length=MOST_NAME)]
"""The list of all campaigns, or a named one."""


class ListQuery(Incoming):
    """Which list."""

    list_: AnyList = Field(ALL_CAMPAIGNS, alias="list", description=_WHICH)


class SuppressionBody(Incoming, json_schema_extra={"examples": [{"number": "+31201234567"}]}):
    """One number."""

    number: str = Field(
        min_length=1,
        max_length=100,
        description="E.164, or national in the default region; or a URI.",
    )
    list_: AnyList = Field(ALL_CAMPAIGNS, alias="list", description=_WHICH)


class SuppressionsQuery(ListQuery):
    """Which page of the suppressed numbers."""

    limit: int = Field(1000, ge=1, le=10_000, description="How many at most.")
    cursor: str | None = Field(None, pattern=PLACE_CURSOR, description="`next_cursor` of the page before.")


class SuppressionOut(Outgoing):
    """How it stands with one number."""

    number: str = Field(description="`erased` in a list, where it was erased and only a hash of it is kept.")
    list_: str = Field(alias="list", description="On which list; `*` is the one of all campaigns.")
    suppressed: bool = Field(description="Whether it is on that list: then no campaign that keeps to it calls it.")
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
    role=Role.READ,
    answers={200: Answer(description="A page of suppressed numbers.", model=SuppressionsOut)},
    problems=(NOT_FOUND,),
    audit=Audit(Action.SUPPRESSIONS_LISTED, tells=("list", "cursor")),
)
async def list_suppressions(request: web.Request, *, query: SuppressionsQuery) -> web.StreamResponse:
    """The numbers on a list, longest ago first."""
    store, offset = request.app[RUNTIME].store, int(query.cursor or 0)
    await store.require_list(query.list_)
    found = await store.suppressed(offset=offset, limit=query.limit + 1, on=query.list_)
    shown = found[: query.limit]
    page = SuppressionsOut(
        suppressions=[
            SuppressionOut(number=one.number, list_=query.list_, suppressed=True, since=one.since) for one in shown
        ],
        next_cursor=str(offset + query.limit) if len(found) > query.limit else None,
    )
    return web.json_response(text=page.model_dump_json())


@routes.post(
    "/v1/suppressions/add",
    role=Role.OPERATE,
    repeatable="a number that is on the list stays there since when it was",
    answers={200: Answer(description="It is.", model=ChangedSuppressionOut)},
    audit=Audit(Action.SUPPRESSION_ADDED, tells=("number", "list")),
)
async def add_suppression(request: web.Request, *, body: SuppressionBody) -> web.StreamResponse:
    """Let no campaign call a number, or none that keeps to a list, from now on; those that are about to as well.

    Makes the list where it is not there yet.
    """
    number = _number(request, body)
    changed = await request.app[RUNTIME].store.suppress(number, on=body.list_)
    return await _changed(request, body, number, changed=bool(changed))


@routes.post(
    "/v1/suppressions/remove",
    role=Role.OPERATE,
    repeatable="a number that is off the list stays off",
    answers={200: Answer(description="It is.", model=ChangedSuppressionOut)},
    problems=(NOT_FOUND,),
    audit=Audit(Action.SUPPRESSION_REMOVED, tells=("number", "list")),
)
async def remove_suppression(request: web.Request, *, body: SuppressionBody) -> web.StreamResponse:
    """Let campaigns call a number again, whoever it was that asked them not to. Calls that ended so stay ended."""
    number, store = _number(request, body), request.app[RUNTIME].store
    await store.require_list(body.list_)
    return await _changed(request, body, number, changed=bool(await store.unsuppress(number, on=body.list_)))


@routes.post(
    "/v1/suppressions/check",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="How it stands.", model=SuppressionOut)},
    problems=(NOT_FOUND,),
    audit=None,  # changes nothing, and tells of one number what the client knows already
)
async def check_suppression(request: web.Request, *, body: SuppressionBody) -> web.StreamResponse:
    """Whether a number is on a list, and since when."""
    number, store = _number(request, body), request.app[RUNTIME].store
    await store.require_list(body.list_)
    since = await store.suppressed_since(number, on=body.list_)
    answer = SuppressionOut(number=number, list_=body.list_, suppressed=since is not None, since=since)
    return web.json_response(text=answer.model_dump_json())


def _number(request: web.Request, body: SuppressionBody) -> str:
    return parse_address(body.number, request.app[RUNTIME].settings.default_region)


async def _changed(request: web.Request, body: SuppressionBody, number: str, *, changed: bool) -> web.Response:
    since = await request.app[RUNTIME].store.suppressed_since(number, on=body.list_)
    told: dict[str, Any] = {"suppressed": since is not None, "since": since, "changed": changed}
    answer = ChangedSuppressionOut(number=number, list_=body.list_, **told)
    return web.json_response(text=answer.model_dump_json())
