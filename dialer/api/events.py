"""`GET /v1/events`: what happens, as it happens (server-sent events, HTML section 9.2).

Whoever was cut off comes back with `Last-Event-ID`, to any process of this dialer, and is told what it missed. Whoever
does not read is cut off; nothing is kept for it.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field, StringConstraints

from dialer.access import Role
from dialer.api.auth import Caller
from dialer.api.event_answers import EVENTS
from dialer.api.feed import Feed
from dialer.api.keys import CALLER, DOORKEEPER, FEED, LOG_FIELDS, REQUEST_ID, RUNTIME
from dialer.api.listening import Listener, Wish
from dialer.api.middleware import REQUEST_ID_HEADER
from dialer.api.models import Incoming
from dialer.api.problems import NOT_FOUND, ROLE_MISSING, TOO_MANY_LISTENERS, UNAUTHORIZED, Problem
from dialer.api.routing import Answer, Routes
from dialer.changes import Place
from dialer.errors import StoreUnavailable
from dialer.forms import OUR_ID

MEDIA_TYPE = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
MOST_CAMPAIGNS = 100
SLOW_S = 10
"""Whoever takes nothing for so long is cut off: connection and kernel hold some hundred KB for it until then."""
KEY_CHECKED_EVERY_S = 30

routes = Routes()
log = structlog.get_logger(__name__)

_Id = Annotated[str, StringConstraints(pattern=OUR_ID, max_length=64)]


class EventsQuery(Incoming):
    """What to hear."""

    campaign_id: list[_Id] = Field(
        default_factory=list,
        max_length=MOST_CAMPAIGNS,
        description="Only of these campaigns, whether or not they are over, and of their calls; may be repeated.",
    )
    calls: bool | None = Field(
        None, description="Whether changes of calls are told; if left out, where `campaign_id` is given."
    )


@routes.get(
    "/v1/events",
    role=Role.READ,
    answers={
        200: Answer(
            description="A stream without end.",
            media_types=(MEDIA_TYPE,),
            events=EVENTS,
        )
    },
    problems=(TOO_MANY_LISTENERS, NOT_FOUND),
    request_headers={
        LAST_EVENT_ID: {
            "description": "The last `id` that was read: what came after it is told first.",
            "schema": {"type": "string"},
        }
    },
)
async def listen(request: web.Request, *, query: EventsQuery) -> web.StreamResponse:
    """Campaigns, calls and the budget, as they change: server-sent events.

    First comes a `campaign` for each campaign that is not over, or for those that are asked for; then one whenever one
    of them changed, at most once a second. A `budget` comes once a second, a `call` when a call changed, `calls` when
    many did in one stroke, `gone` when a campaign was deleted. Whoever comes back with `Last-Event-ID` is told every
    `call` that it missed, or a `reset` where that is not known any more. Who does not read is cut off.
    """
    wish = _wish(request, query)
    feed, store = request.app[FEED], request.app[RUNTIME].store
    await asyncio.gather(*map(store.campaign, wish.campaigns))
    caller = request[CALLER]
    _require_place(feed, caller, request.app[RUNTIME].settings.most_listeners)
    async with feed.listening(wish.campaigns, caller.id):
        response = web.StreamResponse(headers=_headers(request))
        await response.prepare(request)
        if request.method != "HEAD":
            request[LOG_FIELDS]["ended"] = await _tell(request, response, Listener(feed, store, wish), feed)
    return response


def _require_place(feed: Feed, caller: Caller, most: int) -> None:
    """Raise Problem where all places are taken, or half of them by this key: one system's fault shuts nobody else out.

    DIALER_API_KEY has no such limit, as it has none of requests.
    """
    if feed.listeners >= most or feed.is_closed:
        detail = "As many listeners as may be (DIALER_MOST_LISTENERS) are connected; try again shortly."
        raise Problem(TOO_MANY_LISTENERS, detail, headers={"Retry-After": "5"})
    if caller.key is not None and feed.listeners_of(caller.id) >= max(1, most // 2):
        detail = (
            f"The key {caller.id} ({caller.name}) has half of all places to listen (DIALER_MOST_LISTENERS): end "
            "streams that nobody reads, or listen once and hand it on."
        )
        raise Problem(TOO_MANY_LISTENERS, detail, headers={"Retry-After": "5"})


def _headers(request: web.Request) -> dict[str, str]:
    return {
        "Content-Type": MEDIA_TYPE,
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",  # nginx would keep events back
        REQUEST_ID_HEADER: request[REQUEST_ID],
    }


def _wish(request: web.Request, query: EventsQuery) -> Wish:
    last = request.headers.get(LAST_EVENT_ID, "").strip()
    calls = bool(query.campaign_id) if query.calls is None else query.calls
    return Wish(frozenset(query.campaign_id), calls, Place.parse(last) if last else None)


async def _tell(request: web.Request, response: web.StreamResponse, listener: Listener, feed: Feed) -> str:
    """Send until one of both ends it; returns why."""
    checked_at = monotonic()
    try:
        async for piece in listener.pieces():
            with feed.sending(request.transport):
                async with asyncio.timeout(SLOW_S):
                    await response.write(piece)
            if monotonic() - checked_at >= KEY_CHECKED_EVERY_S:
                checked_at = monotonic()
                await _check_key(request)
    except TimeoutError:
        _cut_off(request)
        return "too_slow"
    except Problem:
        return "key_ended"
    except ConnectionError:
        return "client_gone"
    except StoreUnavailable:
        return "store_unavailable"
    return "closed"


async def _check_key(request: web.Request) -> None:
    """Raises Problem where the key was revoked or has lapsed since; what cannot be told now is told the next time."""
    try:
        caller = await request.app[DOORKEEPER].caller(request.headers.get("Authorization"), request.remote)
        caller.require((Role.READ,))
    except Problem as problem:
        if problem.kind in {UNAUTHORIZED, ROLE_MISSING}:
            raise
    except StoreUnavailable:
        return


def _cut_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def end_listening(app: web.Application) -> None:
    """End all streams, before the server waits for requests under way."""
    await app[FEED].close()
