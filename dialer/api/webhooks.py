"""`/webhooks/{token}/...`: where the carrier fetches what a call says and tells how it goes.

Somebody is on the phone and hears silence until `answer` returns: it takes one Redis round trip, and notes that it was
asked only afterwards. `event` is applied by one script before it is acknowledged, so nothing is lost in between; the
carrier tries once more after a 503 and after no other refusal (REFERENCE 8.3). The token in the path is what both are
trusted by; it is checked before a body is read, and never logged.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from pydantic_core import from_json, to_json

from dialer import metrics
from dialer.api.bodies import read_bounded
from dialer.api.keys import BACKGROUND, LOG_FIELDS, RUNTIME, WEBHOOK_SECRET
from dialer.api.kinds import KINDS, Ncco
from dialer.api.problems import MALFORMED_JSON, NOT_FOUND, TOO_LARGE, Problem
from dialer.api.routing import Answer, Routes
from dialer.counting import count_change
from dialer.dispositions import Fact
from dialer.providers.base import CallEvent
from dialer.providers.kpn.events import decode_query, parse_event
from dialer.recordings.records import told_recording
from dialer.store import Applied, EventResult, Noted, Spoken, Store
from dialer.tokens import read_token

MAX_EVENT_BYTES = 65_536  # the largest known, a transcription's, has some 2 KB
FETCHED = CallEvent(kind="answer_fetched")
UNSPOKEN = CallEvent(kind="answer_failed", facts=frozenset({Fact.SCRIPT_ERROR}))


_TAKEN = web.HTTPNoContent.status_code
_IGNORED = {
    Applied.UNKNOWN_ATTEMPT: "unknown_attempt",
    Applied.REPEATED: "repeated",
    Applied.NOTHING_NEW: "nothing_new",
}

routes = Routes()


async def get_answer(request: web.Request) -> web.StreamResponse:
    """What the call says: an NCCO, the JSON array of actions that the carrier carries out.

    Parameters or a body that the carrier adds are not read: the token says which attempt it is.
    """
    with metrics.ANSWER_SECONDS.time():
        attempt_id = _attempt_id(request)
        store = request.app[RUNTIME].store
        spoken = await store.spoken(attempt_id)
        if spoken is None:
            raise _ignored("unknown_attempt")
        try:
            body = to_json(_actions(spoken))
        except RuntimeError:
            # Somebody picked up and hears nothing: that is no success, whatever the carrier tells of the call.
            request.app[BACKGROUND].start(_note(store, attempt_id, UNSPOKEN))
            raise
    request.app[BACKGROUND].start(_note(store, attempt_id, FETCHED))
    return web.Response(body=body, content_type="application/json")


async def post_event(request: web.Request) -> web.StreamResponse:
    """How the call goes, as JSON. A repeat and a kind that nobody knows are taken like any other."""
    attempt_id = _attempt_id(request)
    return await _apply(request, attempt_id, parse_event(await _payload(request)))


async def get_event(request: web.Request) -> web.StreamResponse:
    """How the call goes, as query parameters; nested values are JSON text."""
    return await _apply(request, _attempt_id(request), parse_event(decode_query(request.query)))


async def _apply(request: web.Request, attempt_id: str, event: CallEvent) -> web.Response:
    request[LOG_FIELDS]["event_kind"] = event.kind
    runtime = request.app[RUNTIME]
    metrics.CALLBACKS.labels(event.kind).inc()
    if event.at is not None:
        metrics.CALLBACK_LAG_SECONDS.observe(max(0.0, runtime.clock.now_us() / 1_000_000 - event.at.timestamp()))
    with metrics.CALLBACK_SECONDS.time():
        result = await _applied(runtime.store, attempt_id, event)
    if result.applied is Applied.UNKNOWN_ATTEMPT:
        raise _ignored("unknown_attempt")
    _count(result)
    return web.Response(status=_TAKEN)


async def _applied(store: Store, attempt_id: str, event: CallEvent) -> EventResult:
    told = told_recording(event)
    if told is None:
        return await store.apply_event(attempt_id, event)
    # In one pipeline, and whatever the event's name says: one that came before may have lost just this half.
    result, noted = await asyncio.gather(store.apply_event(attempt_id, event), store.note_recording(attempt_id, told))
    if noted is Noted.NEW:
        metrics.RECORDINGS.labels("told").inc()
    return result


def _count(result: EventResult) -> None:
    if result.applied in _IGNORED:
        metrics.CALLBACKS_IGNORED.labels(_IGNORED[result.applied]).inc()
    count_change(result)


def _actions(spoken: Spoken) -> Ncco:
    try:
        return KINDS[spoken.kind].spoken(spoken.script, spoken.variables)
    except Exception as error:
        # Whatever it is, it is ours: the script was checked when it was taken, the variables too.
        raise RuntimeError(f"the script of kind {spoken.kind} cannot be spoken") from error


async def _note(store: Store, attempt_id: str, event: CallEvent) -> None:
    await store.apply_event(attempt_id, event)


def _attempt_id(request: web.Request) -> str:
    attempt_id = read_token(request.app[WEBHOOK_SECRET], request.match_info["token"])
    if attempt_id is None:
        raise _ignored("forged_token")
    request[LOG_FIELDS]["attempt_id"] = attempt_id
    return attempt_id


async def _payload(request: web.Request) -> dict[str, Any]:
    try:
        return _decoded(await read_bounded(request, MAX_EVENT_BYTES))
    except Problem:
        metrics.CALLBACKS_IGNORED.labels("unreadable").inc()
        raise


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        payload = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(MALFORMED_JSON, f"The body is not JSON: {error}.", field="body") from None
    if not isinstance(payload, dict):
        raise Problem(MALFORMED_JSON, "A JSON object is needed.", field="body")
    return payload


def _ignored(reason: str) -> Problem:
    # The same words for a forged token and a deleted attempt: whoever guesses learns nothing.
    metrics.CALLBACKS_IGNORED.labels(reason).inc()
    return Problem(NOT_FOUND, "There is nothing at this address.")


_NCCO = {200: Answer(description="The NCCO.", media_types=("application/json",))}
_NO_CONTENT = {_TAKEN: Answer(description="Taken.")}
_ANSWER, _EVENT = "/webhooks/{token}/answer", "/webhooks/{token}/event"
routes.add("GET", _ANSWER, get_answer, answers=_NCCO, public=True)
routes.add("POST", _ANSWER, get_answer, answers=_NCCO, public=True, name="post_answer")
routes.add("POST", _EVENT, post_event, answers=_NO_CONTENT, public=True, problems=(MALFORMED_JSON, TOO_LARGE))
routes.add("GET", _EVENT, get_event, answers=_NO_CONTENT, public=True)
