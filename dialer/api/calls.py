"""`/v1/calls`: one call at once, and what became of a call."""

from __future__ import annotations

import functools
from typing import Any

from aiohttp import web

from dialer.access import Role
from dialer.addresses import endpoint_of, parse_address
from dialer.api.answers import CallOut, CallWithAttemptsOut
from dialer.api.audited import Audit
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.once import CREATED, PARAMETER, answer_once
from dialer.api.ordering import ordered, require_callable
from dialer.api.problems import ID_TAKEN, INVALID_INPUT, KEY_IN_USE, KEY_REUSED, FieldError, Problem
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import NewSingleCall
from dialer.api.telling import callbacks_of_single_calls
from dialer.audit import Action
from dialer.clock import moment, now_ms
from dialer.cohorts import given_zone
from dialer.errors import InvalidInput
from dialer.idempotency import KeptAnswer
from dialer.model import Caps, NewCall, Own, Priority
from dialer.providers.base import Endpoint
from dialer.runtime import Runtime
from dialer.settings import Settings
from dialer.store.campaigns import SingleCallRules

SCOPE = "post-calls"

routes = Routes()


@routes.post(
    "/v1/calls",
    role=Role.LAUNCH,
    answers={
        201: Answer(
            description="The call; it is dialed as soon as its turn comes.",
            model=CallOut,
            headers=CREATED,
        ),
        200: Answer(description="A call of this `id` is there already; nothing was added.", model=CallOut),
    },
    problems=(KEY_IN_USE, ID_TAKEN, KEY_REUSED),
    request_headers=PARAMETER,
    audit=Audit(Action.CALL_ADDED, tells=("priority", "kind", "script", "number", "numbers")),
)
async def create_call(request: web.Request, *, body: NewSingleCall) -> web.StreamResponse:
    """Dial one number, without a campaign of its own."""
    runtime = request.app[RUNTIME]
    settings = runtime.settings
    addresses = _addresses(body, settings)
    details = body.endpoint.model_dump(exclude_none=True)
    order, *_ = [ordered(body, settings, _endpoint(address, details)) for address in addresses]
    await require_callable(order.steps, runtime.store)
    _require_variables(order.steps.check(body.variables))
    origin = runtime.tracing.origin()
    own = Own(kind=body.kind, script=order.script, terms=order.terms, endpoint=details, origin=origin)
    first, *others = addresses
    call = NewCall(
        number=first,
        others=tuple(others),
        external_id=body.id,
        variables=body.variables,
        own=own,
        timezone=given_zone(addresses, body.timezone),
        expires_at=body.expires_at,
    )
    return await answer_once(request, SCOPE, body, functools.partial(_enqueue, runtime, body.priority, call))


@routes.get(
    "/v1/calls/{call_id}",
    role=Role.READ,
    answers={200: Answer(description="The call, its attempts and their events.", model=CallWithAttemptsOut)},
)
async def get_call(request: web.Request, call_id: str) -> web.StreamResponse:
    """What became of a call: its attempts and their events."""
    request[LOG_FIELDS]["call_id"] = call_id
    runtime = request.app[RUNTIME]
    call = await runtime.store.call(call_id)
    answer = CallWithAttemptsOut.with_attempts(call, await runtime.store.attempts(call_id), runtime.tracing)
    return web.json_response(text=answer.model_dump_json())


async def _enqueue(runtime: Runtime, priority: Priority, call: NewCall, derived: str | None) -> KeptAnswer:
    if call.expires_at and call.expires_at <= moment(now_ms(runtime.clock)):
        raise InvalidInput("lies in the past: it would never be dialed", field="expires_at")
    # The caller's own id says more than the key: two keys and one id are still one call.
    key = f"id {call.external_id}" if call.external_id else derived and f"key {derived}"
    settings = runtime.settings
    caps = Caps() if priority is Priority.URGENT else settings.default_caps
    rules = SingleCallRules(settings.default_windows, callbacks_of_single_calls(settings), caps)
    added = await runtime.store.enqueue_call(priority, call, key=key, rules=rules)
    stored = await runtime.store.call(added.call_id)
    if (stored.number, stored.others) != (call.number, call.others):
        raise Problem(ID_TAKEN, f"The id belongs to call {stored.id}, to another number.", field="id")
    status = 200 if added.duplicate else 201
    return KeptAnswer(status, CallOut.of(stored).model_dump_json(), f"/v1/calls/{stored.id}")


def _addresses(body: NewSingleCall, settings: Settings) -> list[str]:
    """The numbers of the call, the first to be dialed first, each once."""
    if (body.number is None) == (body.numbers is None):
        raise InvalidInput("give one number, or `numbers` with several of the same person", field="number")
    if body.number is not None:
        return [_address(body.number, settings, "number")]
    return list(dict.fromkeys(_address(text, settings, f"numbers.{i}") for i, text in enumerate(body.numbers or ())))


def _address(text: str, settings: Settings, field: str) -> str:
    try:
        return parse_address(text, settings.default_region, settings.destinations)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=field) from None


def _endpoint(address: str, details: dict[str, Any]) -> Endpoint:
    try:
        return endpoint_of(address, details)
    except TypeError:
        names = ", ".join(details)
        message = f"{names} cannot be told to this kind of address"
        raise InvalidInput(message, field=f"endpoint.{next(iter(details))}") from None


def _require_variables(missing: list[str]) -> None:
    if missing:
        errors = [FieldError(f"variables.{name}", "required by the text, but missing") for name in missing]
        detail = f"The text needs {', '.join(missing)}."
        raise Problem(INVALID_INPUT, detail, field=errors[0].field, errors=errors)
