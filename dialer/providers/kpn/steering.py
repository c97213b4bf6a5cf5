"""Steering a live call: one request, and the patience that a new call needs.

A call cannot be steered within its first two seconds: the carrier answers 400, and 400 as well where the call is over,
not answered yet, or the order is wrong (REFERENCE 5). What it is, the call itself tells. Only "too early" is waited
out; nothing is sent again whose answer leaves open whether it was done, or keys could be pressed twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus as Http
from typing import Any

from dialer.dispositions import Fact
from dialer.errors import CarrierError
from dialer.providers.base import CarrierCall
from dialer.providers.kpn.answers import Answer
from dialer.providers.kpn.channel import Channel
from dialer.providers.kpn.dialect import Dialect
from dialer.providers.kpn.orders import Written, write_order
from dialer.providers.kpn.outcomes import is_unknown
from dialer.providers.steering import Act, CallOver, NotAnswered, Order, TooEarly

TOO_EARLY_PAUSES_S = (2.0, 2.0)
"""Two seconds are what the carrier's support advises; once more for a call whose request was answered late."""

_BEFORE_ANSWER = frozenset({Fact.STARTED, Fact.RINGING})
_UNDER_WAY = _BEFORE_ANSWER | {Fact.ANSWERED, Fact.HUMAN, Fact.MACHINE}

Sleep = Callable[[float], Awaitable[None]]
GetCall = Callable[[str], Awaitable[CarrierCall | None]]


class Steering:
    """Gives orders to live calls.

    Args:
        get_call: asks the carrier for a call; None where it knows none.
    """

    def __init__(self, channel: Channel, dialect: Dialect, *, get_call: GetCall, sleep: Sleep) -> None:
        self._channel = channel
        self._dialect = dialect
        self._get_call = get_call
        self._sleep = sleep

    async def steer(self, uuid: str, order: Order) -> None:
        """Do it once. Raises InvalidInput, CallOver, NotAnswered, TooEarly, CarrierError."""
        written = write_order(order, self._dialect)
        for pause_s in (*TOO_EARLY_PAUSES_S, None):
            answer = await self._send(uuid, written)
            if answer.status != Http.BAD_REQUEST:
                self._conclude(answer)
                return
            error = await self._meaning(uuid, answer, written, is_last=pause_s is None)
            if pause_s is None or not isinstance(error, TooEarly):
                raise error
            await self._sleep(pause_s)

    async def hang_up(self, uuid: str) -> None:
        """End a call, ringing or answered; one that is over is no error. Raises CarrierError."""
        try:
            await self.steer(uuid, Act.HANG_UP)
        except CallOver:
            return

    async def _send(self, uuid: str, written: Written) -> Answer:
        url = self._channel.call_address(uuid, *filter(None, [written.part]))
        options: dict[str, Any] = {} if written.body is None else {"json": written.body}
        return await self._channel.ask(written.method, url, once=written.is_heard, **options)

    def _conclude(self, answer: Answer) -> None:
        if is_unknown(answer):
            raise CallOver(status=answer.status)
        self._channel.successful(answer)

    async def _meaning(self, uuid: str, answer: Answer, written: Written, *, is_last: bool) -> CarrierError:
        """What a 400 means: the order itself, or the state in which the call is.

        A ringing call may be too young for anything but speech; once it is old enough, only an answer can be wanting.
        """
        if answer.fields().get("invalid_parameters"):
            return CarrierError(self._channel.said(answer), status=answer.status, retryable=False)
        call = await self._get_call(uuid)
        if call is None or not call.facts <= _UNDER_WAY:
            return CallOver(status=answer.status)
        needs_answer = written.is_heard or (is_last and not written.is_end)
        if needs_answer and call.facts and call.facts <= _BEFORE_ANSWER:
            return NotAnswered(status=answer.status)
        return TooEarly(self._channel.said(answer), status=answer.status)
