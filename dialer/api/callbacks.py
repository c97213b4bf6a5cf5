"""`/v1/callbacks`: what the customer's own system did not take, to be told once more or dropped."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.audited import Audit
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Incoming, Nothing, Outgoing
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.callbacks.dead_letters import DeadLetter, DeadLetters
from dialer.clock import moment
from dialer.errors import NotFound
from dialer.forms import PLACE_CURSOR

routes = Routes()


class CallbacksQuery(Incoming):
    """Which page of the callbacks that were given up."""

    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(None, pattern=PLACE_CURSOR, description="`next_cursor` of the page before.")


class CallbackOut(Outgoing):
    """A callback that was given up."""

    id: str = Field(description="The `webhook-id` under which it was sent.")
    event: str
    campaign_id: str
    call_id: str | None
    attempt_id: str | None
    happened_at: datetime
    dead_since: datetime
    tries: int
    error: str | None = Field(description="Why the last try failed.")

    @classmethod
    def of(cls, letter: DeadLetter) -> CallbackOut:
        """The answer for one."""
        message = letter.message
        return cls(
            id=message.id,
            event=message.event,
            campaign_id=message.campaign_id,
            call_id=str(message.call) if message.call else None,
            attempt_id=str(message.attempt) if message.attempt else None,
            happened_at=moment(message.at_ms),
            dead_since=letter.dead_since,
            tries=message.tries,
            error=message.error,
        )


class CallbacksOut(Outgoing):
    """A page of callbacks that were given up."""

    callbacks: list[CallbackOut]
    next_cursor: str | None


@routes.get("/v1/callbacks", role=Role.READ, answers={200: Answer(description="A page of them.", model=CallbacksOut)})
async def list_callbacks(request: web.Request, *, query: CallbacksQuery) -> web.StreamResponse:
    """Callbacks that were given up after about a day, or refused for good (410), longest ago first."""
    offset = int(query.cursor or 0)
    found = await _dead(request).page(offset=offset, limit=query.limit + 1)
    page = CallbacksOut(
        callbacks=[CallbackOut.of(letter) for letter in found[: query.limit]],
        next_cursor=str(offset + query.limit) if len(found) > query.limit else None,
    )
    return web.json_response(text=page.model_dump_json())


@routes.post(
    "/v1/callbacks/{callback_id}/retry",
    role=Role.OPERATE,
    repeatable="it goes out under its own id, by which your system knows a second one",
    answers={202: Answer(description="It is sent again, under the same id.")},
    audit=Audit(Action.CALLBACK_RETRIED),
)
async def retry_callback(request: web.Request, callback_id: str, *, body: Nothing) -> web.StreamResponse:  # noqa: ARG001 - declares that nothing is taken
    """Send a callback again that was given up, with all its tries."""
    request[LOG_FIELDS]["callback_id"] = callback_id
    _require(callback_id, found=await _dead(request).retry(callback_id))
    return web.Response(status=202)


@routes.delete(
    "/v1/callbacks/{callback_id}",
    role=Role.OPERATE,
    answers={204: Answer(description="It is dropped.")},
    audit=Audit(Action.CALLBACK_DROPPED),
)
async def drop_callback(request: web.Request, callback_id: str) -> web.StreamResponse:
    """Drop a callback that was given up."""
    request[LOG_FIELDS]["callback_id"] = callback_id
    _require(callback_id, found=await _dead(request).drop(callback_id))
    return web.Response(status=204)


def _dead(request: web.Request) -> DeadLetters:
    runtime = request.app[RUNTIME]
    return DeadLetters(runtime.batch, runtime.clock)


def _require(callback_id: str, *, found: bool) -> None:
    if not found:
        raise NotFound(f"there is no callback {callback_id!r} among those that were given up")
