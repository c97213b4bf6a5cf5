"""`/webhooks/{token}/...`: where the carrier fetches what a call says and tells how it goes.

Somebody is on the phone and hears silence until `answer` returns: it takes one Redis round trip, and notes that it was
asked only afterwards. `reply` takes two: what a key means is stored before the person hears that it was understood.
`event` is applied by one script before it is acknowledged, so nothing is lost in between; the carrier tries once more
after a 503 and after no other refusal (REFERENCE 8.3). The token in the path is what all are trusted by, and the
carrier's signature besides where its secret is set; neither is ever logged.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web
from pydantic_core import from_json, to_json

from dialer import metrics
from dialer.answering import Answering, Said
from dialer.api.keys import BACKGROUND, LOG_FIELDS, RUNTIME
from dialer.api.problems import MALFORMED_JSON, TOO_LARGE, UNAUTHORIZED, Problem
from dialer.api.routing import Answer, Routes
from dialer.api.trust import count_ignored, ignored, raw_body, trusted
from dialer.api.voicemail import speak_to_machine
from dialer.connecting import connected
from dialer.counting import count_change, count_recording
from dialer.dispositions import Fact
from dialer.errors import InvalidInput, StoreUnavailable
from dialer.escalations.climbing import climb
from dialer.escalations.escalation import KIND as ESCALATION
from dialer.metrics.timing import timed
from dialer.providers.base import CallEvent
from dialer.providers.kpn.events import decode_query, parse_event
from dialer.recordings.records import told_recording
from dialer.runtime import Runtime
from dialer.scripts import Position, read_input
from dialer.store import Applied, EventResult, Noted, Store
from dialer.tokens import callback_url

FETCHED = CallEvent(kind="answer_fetched")
TOO_LATE = CallEvent(kind="too_late", figures={"too_late": 1})
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
    attempt_id = await trusted(request)
    with timed(metrics.ANSWER_SECONDS, attempt_id, request.app[RUNTIME].tracing):
        answering = await _answering(request, attempt_id)
        body = to_json((await _said(request, attempt_id, answering)).ncco)
    request.app[BACKGROUND].start(_note(request.app[RUNTIME].store, attempt_id, FETCHED))
    return web.Response(body=body, content_type="application/json")


async def post_reply(request: web.Request) -> web.StreamResponse:
    """What the call says after keys were pressed, or were not. Without anything more to say the call ends: 204."""
    attempt_id = await trusted(request)
    payload = await _payload(request)
    return await _reply(request, attempt_id, payload)


async def get_reply(request: web.Request) -> web.StreamResponse:
    """The same as query parameters; nested values are JSON text."""
    attempt_id = await trusted(request)
    return await _reply(request, attempt_id, decode_query(request.query))


async def _reply(request: web.Request, attempt_id: str, payload: dict[str, Any]) -> web.Response:
    event = parse_event(payload)
    metrics.CALLBACKS.labels("input").inc()
    with timed(metrics.ANSWER_SECONDS, attempt_id, request.app[RUNTIME].tracing):
        answering = await _passing_over(await _answering(request, attempt_id), request.app[RUNTIME].store)
        script, position = _asked(request)
        try:
            said = answering.go_on(position, read_input(payload), asked_by=script)
        except InvalidInput as error:
            raise ignored("unknown_position") from error
        figures: dict[str, str | int] = {f"keys:{at}": keys for at, keys in said.keys.items()}
        told = CallEvent(
            kind="input", facts=said.facts, uuid=event.uuid, at=event.at, figures=figures, about=str(position)
        )
        _count(await request.app[RUNTIME].store.apply_event(attempt_id, told), request)
    if Fact.CONFIRMED in said.facts and answering.spoken.kind == ESCALATION:
        # Beside the answer: whoever pressed the key hears at once that it counts.
        request.app[BACKGROUND].start(_climb(request.app[RUNTIME], answering.spoken.attempt.call.campaign_id))
    if not said.ncco:
        return web.Response(status=_TAKEN)
    return web.Response(body=to_json(said.ncco), content_type="application/json")


async def _climb(runtime: Runtime, campaign_id: str) -> None:
    await climb(campaign_id, runtime.store, runtime.clock)


async def post_event(request: web.Request) -> web.StreamResponse:
    """How the call goes, as JSON. A repeat and a kind that nobody knows are taken like any other."""
    attempt_id = await trusted(request)
    return await _apply(request, attempt_id, parse_event(await _payload(request)))


async def get_event(request: web.Request) -> web.StreamResponse:
    """How the call goes, as query parameters; nested values are JSON text."""
    attempt_id = await trusted(request)
    return await _apply(request, attempt_id, parse_event(decode_query(request.query)))


async def post_leg(request: web.Request) -> web.StreamResponse:
    """How a call goes that this one's `connect` made: kept with the attempt, but it says nothing of the attempt."""
    attempt_id = await trusted(request)
    return await _keep_leg(request, attempt_id, await _payload(request))


async def get_leg(request: web.Request) -> web.StreamResponse:
    """The same as query parameters."""
    attempt_id = await trusted(request)
    return await _keep_leg(request, attempt_id, decode_query(request.query))


async def _keep_leg(request: web.Request, attempt_id: str, payload: dict[str, Any]) -> web.Response:
    event = parse_event(payload)
    beside = CallEvent(kind=f"leg_{event.kind}", at=event.at, payload=event.payload, about=event.about)
    metrics.CALLBACKS.labels(event.kind).inc()
    result = await request.app[RUNTIME].store.apply_event(attempt_id, beside)
    if result.applied is Applied.UNKNOWN_ATTEMPT:
        raise ignored("unknown_attempt")
    return web.Response(status=_TAKEN)


async def _apply(request: web.Request, attempt_id: str, event: CallEvent) -> web.Response:
    request[LOG_FIELDS]["event_kind"] = event.kind
    runtime = request.app[RUNTIME]
    metrics.CALLBACKS.labels(event.kind).inc()
    if event.at is not None:
        lag_s = max(0.0, runtime.clock.now_us() / 1_000_000 - event.at.timestamp())
        metrics.CALLBACK_LAG_SECONDS.observe(lag_s, runtime.tracing.exemplar(attempt_id))
    with timed(metrics.CALLBACK_SECONDS, attempt_id, runtime.tracing):
        result = await _applied(runtime.store, attempt_id, event)
    if result.applied is Applied.UNKNOWN_ATTEMPT:
        raise ignored("unknown_attempt")
    _count(result, request)
    if Fact.MACHINE in event.facts and result.applied is not Applied.REPEATED and not result.attempt:
        request.app[BACKGROUND].start(speak_to_machine(runtime, attempt_id, event))
    return web.Response(status=_TAKEN)


async def _applied(store: Store, attempt_id: str, event: CallEvent) -> EventResult:
    told = told_recording(event)
    if told is None:
        return await store.apply_event(attempt_id, event)
    # In one pipeline, and whatever the event's name says: one that came before may have lost just this half.
    result, noted = await asyncio.gather(store.apply_event(attempt_id, event), store.note_recording(attempt_id, told))
    if noted is Noted.NEW:
        count_recording("told")
    return result


def _count(result: EventResult, request: web.Request) -> None:
    if result.applied in _IGNORED:
        count_ignored(_IGNORED[result.applied])
    count_change(result, request.app[RUNTIME].tracing)


async def _answering(request: web.Request, attempt_id: str) -> Answering:
    runtime = request.app[RUNTIME]
    spoken = await runtime.store.spoken(attempt_id)
    if spoken is None:
        raise ignored("unknown_attempt")
    if spoken.over:
        request.app[BACKGROUND].start(_note(runtime.store, attempt_id, TOO_LATE))
    settings = runtime.over(spoken.trunk)
    return Answering(
        spoken=spoken,
        webhooks=callback_url(settings, attempt_id),
        caller_id=spoken.terms.caller_id(spoken.attempt, settings.from_number or ""),
        generation=settings.carrier_generation,
    )


async def _passing_over(answering: Answering, store: Store) -> Answering:
    """The same without those whom nobody calls. One look more, where a script connects to somebody."""
    others = [one.address for one in connected(answering.steps)]
    return replace(answering, barred=await store.suppressed_among(others)) if others else answering


async def _said(request: web.Request, attempt_id: str, answering: Answering) -> Said:
    """The beginning of what a call says, with everything stored that must be."""
    store = request.app[RUNTIME].store
    try:
        said = (await _passing_over(answering, store)).begin()
    except StoreUnavailable:
        raise
    except Exception as error:
        # Somebody picked up and hears nothing: that is no success, whatever the carrier tells of the call. And it is
        # ours: the script was checked when it was taken, the variables too.
        request.app[BACKGROUND].start(_note(store, attempt_id, UNSPOKEN))
        raise RuntimeError(f"the script of kind {answering.spoken.kind} cannot be spoken") from error
    if said.facts:
        _count(await store.apply_event(attempt_id, CallEvent(kind="answer_fetched", facts=said.facts)), request)
    return said


def _asked(request: web.Request) -> tuple[str, Position]:
    """The mark of the script that asked, and where in it."""
    script, _, position = request.match_info["position"].rpartition(":")
    try:
        return script, Position.parse(position)
    except InvalidInput as error:
        raise ignored("unknown_position") from error


async def _note(store: Store, attempt_id: str, event: CallEvent) -> None:
    await store.apply_event(attempt_id, event)


async def _payload(request: web.Request) -> dict[str, Any]:
    raw = await raw_body(request)
    try:
        return _decoded(raw)
    except Problem:
        count_ignored("unreadable")
        raise


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        payload = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(MALFORMED_JSON, f"The body is not JSON: {error}.", field="body") from None
    if not isinstance(payload, dict):
        raise Problem(MALFORMED_JSON, "A JSON object is needed.", field="body")
    return payload


_NCCO = {200: Answer(description="The NCCO.", media_types=("application/json",))}
_NO_CONTENT = {_TAKEN: Answer(description="Taken.")}
_WITH_BODY = (MALFORMED_JSON, TOO_LARGE, UNAUTHORIZED)
_PATH = "/webhooks/{token}"
routes.add("GET", f"{_PATH}/answer", get_answer, answers=_NCCO, public=True, problems=(UNAUTHORIZED,))
routes.add("POST", f"{_PATH}/answer", get_answer, answers=_NCCO, public=True, name="post_answer", problems=_WITH_BODY)
for _method, _path, _handler, _answers in (
    ("POST", "reply/{position}", post_reply, _NCCO | _NO_CONTENT),
    ("GET", "reply/{position}", get_reply, _NCCO | _NO_CONTENT),
    ("POST", "event", post_event, _NO_CONTENT),
    ("GET", "event", get_event, _NO_CONTENT),
    ("POST", "leg", post_leg, _NO_CONTENT),
    ("GET", "leg", get_leg, _NO_CONTENT),
):
    _problems = _WITH_BODY if _method == "POST" else (UNAUTHORIZED,)
    routes.add(_method, f"{_PATH}/{_path}", _handler, answers=_answers, public=True, problems=_problems)
