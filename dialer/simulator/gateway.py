"""The judge at the carrier's door: every request becomes a verdict in one step, without waiting for anything.

In the order of the real gateway: the token, the rate, the application, the body; then what was asked for to go wrong.
Nothing here touches the connection (`wire.py` does), so a verdict and its entry in the log are one moment.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from dialer.simulator.exchange import Exchange
from dialer.simulator.faults import PlaceFault
from dialer.simulator.orders import Order, number_of, read_order
from dialer.simulator.phones import ScenarioEvent, Turn
from dialer.simulator.rates import RollingWindow
from dialer.simulator.replies import (
    Ending,
    Verdict,
    apigee,
    bad_request,
    failure,
    html_page,
    over_limit,
    verdict,
    vonage,
)
from dialer.simulator.tokens import TokenDesk, TokenState

_TOKEN_FAULTS = {
    TokenState.EXPIRED: ("keymanagement.service.access_token_expired", "Access Token expired"),
    TokenState.UNKNOWN: ("keymanagement.service.invalid_access_token", "Invalid Access Token"),
}
_STEERING = {"HTTP_201": None, "TCP_RESET": PlaceFault.LOST_REPLY}


class Gateway:
    """Judges requests for tokens, for calls and for everything else."""

    def __init__(self, exchange: Exchange, tokens: TokenDesk) -> None:
        self._exchange = exchange
        self._config = exchange.config
        self._tokens = tokens
        self._others = RollingWindow(exchange.config.other_requests_per_second)

    def token(self, form: Mapping[str, str]) -> Verdict:
        """Judge a request for a token; `form` holds query and body together."""
        if not self._tokens.is_up():
            return failure(503)
        if form.get("grant_type") != "client_credentials":
            return apigee(400, "oauth.v2.UnsupportedGrantType", "Unsupported grant type")
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if not self._tokens.knows(client_id, secret):
            status = self._config.wrong_client_status
            return verdict(status, {"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"})
        return verdict(200, self._tokens.issue(client_id))

    def other(self, headers: Mapping[str, str], *, for_application: bool = True) -> Verdict | None:
        """Judge whether a request other than placing may pass; None lets it.

        `for_application`: whether it must name one, as all do but those about applications.
        """
        refusal = self._token_refusal(headers)
        if refusal is None and not self._let_other_in():
            refusal = over_limit(self._config)
        if refusal is None and for_application:
            refusal = self._application_refusal(headers)
        return refusal

    def _let_other_in(self) -> bool:
        now_s = time.monotonic()
        admitted = self._others.admit(now_s)
        self._exchange.journal.let_other_in(now_s, admitted=admitted)
        return admitted

    def place(self, headers: Mapping[str, str], text: bytes) -> Verdict:
        """Judge a request to place a call, and place it."""
        body = _decode(text)
        judged = self._judge_placing(headers, body)
        judged.number = number_of(body)
        return judged

    def _judge_placing(self, headers: Mapping[str, str], body: Any) -> Verdict:
        refusal = self._token_refusal(headers)
        if refusal is not None:
            refusal.accepted = False
            return refusal
        if not self._exchange.let_in():
            return over_limit(self._config)
        refusal = self._application_refusal(headers)
        if refusal is not None:
            return refusal
        config = self._config
        order = read_order(body, inline_ncco=config.inline_ncco, advanced_detection=config.advanced_detection)
        if not isinstance(order, Order):
            return bad_request(config.bad_request_style, order)
        application_id = headers["ApplicationId"]
        return self._place(self._exchange.applications.complete(order, application_id), application_id)

    def _place(self, order: Order, application_id: str) -> Verdict:
        fault = self._exchange.faults.draw_place(order.to)
        if fault is not None and not fault.places:
            return _without_call(fault)
        turn = self._exchange.turn(order.to)
        delay_s = 0.0
        if turn.events is not None:
            fault, delay_s = self._written_reply(turn.events, fault)
            if fault is not None and not fault.places:
                return _without_call(fault)
        judged = self._ring(order, turn, fault, application_id)
        judged.delay_s += delay_s
        return judged

    def _ring(self, order: Order, turn: Turn, fault: PlaceFault | None, application_id: str) -> Verdict:
        told = asyncio.get_running_loop().create_future() if fault is PlaceFault.STARTED_FIRST else None
        leg = self._exchange.place(order, turn, told=told, application_id=application_id)
        judged = verdict(201, {
            "uuid": leg.uuid,
            "status": "started",
            "direction": "outbound",
            "conversation_uuid": leg.conversation_uuid,
        })  # fmt: skip
        judged = _spoil(judged, fault)
        judged.rang = True
        judged.wait_for = told
        if fault is PlaceFault.SLOW_REPLY:
            judged.delay_s = self._config.slow_reply_s
        return judged

    def _written_reply(
        self, steps: tuple[ScenarioEvent, ...], fault: PlaceFault | None
    ) -> tuple[PlaceFault | None, float]:
        """The reply that a scenario prescribes, and our seconds after its first step at which it leaves."""
        step = next((step for step in steps if step.name.startswith(("HTTP_", "TCP_"))), None)
        if step is None:
            return fault, 0.0
        rings = any(other.name.islower() for other in steps)
        delay_s = (step.after_s - steps[0].after_s) * self._config.time_scale
        if step.name in _STEERING:
            return _STEERING[step.name], delay_s
        status = step.name.removeprefix("HTTP_")
        return PlaceFault(f"{status}_placed" if rings else status), delay_s

    def _token_refusal(self, headers: Mapping[str, str]) -> Verdict | None:
        state = self._tokens.judge(headers.get("Authorization", ""))
        if state is TokenState.VALID:
            return None
        status = self._config.wrong_token_status
        if state is TokenState.MISSING:
            return vonage(status, "UNAUTHORIZED", "Unauthorized")
        return apigee(status, *_TOKEN_FAULTS[state])

    def _application_refusal(self, headers: Mapping[str, str]) -> Verdict | None:
        given = headers.get("ApplicationId", "")
        if given and (self._config.application_id in {None, given} or given in self._exchange.applications):
            return None
        status = self._config.wrong_application_status
        return vonage(status, "UNAUTHORIZED" if status == 401 else "NOT_FOUND", "Unknown application")  # noqa: PLR2004 - HTTP


def _decode(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _without_call(fault: PlaceFault) -> Verdict:
    judged = _spoil(verdict(200), fault)
    if judged.status == 429:  # noqa: PLR2004 - HTTP
        judged.accepted = False
    return judged


def _spoil(judged: Verdict, fault: PlaceFault | None) -> Verdict:
    """Turn a good reply into what the fault makes of it."""
    if fault is None:
        return judged
    if fault in {PlaceFault.HTML, PlaceFault.HTML_PLACED}:
        judged = html_page()
    elif fault.status is not None:
        judged = failure(fault.status)
    judged.ending = _ENDINGS.get(fault, Ending.REPLY)
    judged.fault = fault.value
    return judged


_ENDINGS = {
    PlaceFault.RESET: Ending.RESET,
    PlaceFault.LOST_REPLY: Ending.CLOSE,
    PlaceFault.CUT_REPLY: Ending.CUT,
}
