"""`/v1/calls/{call_id}/orders`: call control. What an order does lies in `dialer/steering.py`; here is its way in."""

from __future__ import annotations

import functools
from typing import Any

from aiohttp import web

from dialer import pacing
from dialer.access import Role
from dialer.api.answers import OrderOut
from dialer.api.audited import Audit
from dialer.api.keys import CALLER, LOG_FIELDS, RUNTIME
from dialer.api.once import PARAMETER, REPLAY, answer_once
from dialer.api.order_bodies import AnyOrder, OrderBody, TransferBody
from dialer.api.ordering import require_callable
from dialer.api.problems import (
    CALL_OVER,
    CARRIER_FAILED,
    INVALID_INPUT,
    KEY_IN_USE,
    KEY_REUSED,
    NO_CARRIER,
    NOT_ANSWERED,
    NOT_PLACED,
    TOO_EARLY,
    FieldError,
    Problem,
)
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.connecting import check_connects, check_destinations
from dialer.errors import InvalidInput
from dialer.idempotency import KeptAnswer
from dialer.model import MAIN, Call
from dialer.providers.steering import Transfer
from dialer.runtime import Runtime
from dialer.scripts import CallScript
from dialer.settings import CARRIER_FIELDS, Settings, environment_name
from dialer.steering import CallControl, Steered
from dialer.tokens import callback_url

routes = Routes()


@routes.post(
    "/v1/calls/{call_id}/orders",
    role=Role.OPERATE,
    answers={200: Answer(description="It was done, once.", model=OrderOut, headers=REPLAY)},
    request_headers=PARAMETER,
    problems=(KEY_IN_USE, KEY_REUSED, CALL_OVER, NOT_PLACED, NOT_ANSWERED, TOO_EARLY, CARRIER_FAILED, NO_CARRIER),
    audit=Audit(Action.CALL_ORDERED, tells=("do", "script", "text", "url")),
)
async def order_call(request: web.Request, call_id: str, *, body: OrderBody) -> web.StreamResponse:
    """Do something to a call that is up: hang up, mute, send elsewhere, speak, play, press keys.

    It acts on the call's newest attempt, at once. The first two seconds of a call, in which the carrier takes no
    orders, are waited out. Whoever is hung up on is not dialed again. A transfer to a url, or to a script that connects
    to somebody, needs the role `launch` besides.
    """
    wanted = body.root
    request[LOG_FIELDS] |= {"call_id": call_id, "order": wanted.do}
    return await answer_once(
        request, f"post-orders-{call_id}", body, functools.partial(_done, request, call_id, wanted)
    )


async def _done(request: web.Request, call_id: str, wanted: AnyOrder, _derived: str | None) -> KeptAnswer:
    runtime = request.app[RUNTIME]
    control = control_of(runtime)
    if isinstance(wanted, TransferBody):
        done = await _transfer(request, control, call_id, wanted)
    else:
        done = await control.steer(call_id, wanted.order(runtime.settings.default_language))
    answer = OrderOut(do=done.do, call_id=call_id, attempt_id=done.attempt_id)
    return KeptAnswer(200, answer.model_dump_json(), None)


def control_of(runtime: Runtime) -> CallControl:
    """What gives orders to calls. Raises Problem where this process has no carrier."""
    if not runtime.providers:
        names = ", ".join(map(environment_name, CARRIER_FIELDS))
        raise Problem(NO_CARRIER, f"This API was started without the carrier's settings: set {names}, and restart it.")
    return CallControl(runtime.store, runtime.carrier, runtime.clock, runtime.tracing)


async def _transfer(request: web.Request, control: CallControl, call_id: str, wanted: TransferBody) -> Steered:
    runtime = request.app[RUNTIME]
    if (wanted.script is None) == (wanted.url is None):
        raise InvalidInput("give either a script or a url, exactly one of them", field="script")
    if wanted.script is None:
        request[CALLER].require((Role.LAUNCH,))  # nobody knows whom that connects to
        try:
            return await control.steer(call_id, Transfer(str(wanted.url)))
        except InvalidInput as error:  # the order calls both of them its script
            raise InvalidInput(str(error), field="url") from None
    _, attempt = await control.newest(call_id)
    trunk = attempt.trunk if attempt else MAIN
    script = _script(wanted.script, runtime.over(trunk))
    await require_callable(script, runtime.store)
    _require_variables(script, await runtime.store.call(call_id))
    if script.connects():
        request[CALLER].require((Role.LAUNCH,))
        await control.up(call_id, wanted.do)  # a call that cannot be transferred takes no tokens, however often asked
        pace, further = runtime.over(trunk).calls_per_second, script.connects()
        await pacing.take_tokens(runtime.batch, runtime.clock, further, calls_per_second=pace, trunk=trunk)
    return await control.transfer(call_id, script.to_dict(), functools.partial(_answer_url, runtime.settings))


def _script(given: dict[str, Any], settings: Settings) -> CallScript:
    script = CallScript.from_dict(given, default_language=settings.default_language)
    script.check_voices(settings.carrier_generation)
    check_connects(script)
    check_destinations(script, settings.destinations)
    return script.with_caller_id(settings.from_number) if settings.from_number else script


def _require_variables(script: CallScript, call: Call) -> None:
    missing = script.check(call.variables)
    if missing:
        message = f"names {', '.join(missing)}, for which this call has no value"
        raise Problem(INVALID_INPUT, f"The script {message}.", field="script", errors=[FieldError("script", message)])


def _answer_url(settings: Settings, attempt_id: str) -> str:
    return f"{callback_url(settings, attempt_id)}/answer"
