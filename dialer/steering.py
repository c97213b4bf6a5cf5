"""Call control: one order to one call that is up, on its way from whoever gives it to the carrier.

An order acts on the call's newest attempt, at once and straight from the process that was asked. Each is sent once
(`Provider.steer`); what could not be done is an exception that says why and what to do. Hanging up is written down
*before* the request leaves, so that nobody who was hung up on is ever dialed again, whatever crashes in between. What
is only told about an order afterwards (history, muted or not) never makes a done order look like a failed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from dialer import metrics
from dialer.clock import Clock, moment, now_ms
from dialer.counting import count_change
from dialer.dispositions import Fact
from dialer.errors import CarrierError, IllegalStep, StoreUnavailable
from dialer.model import Attempt, AttemptRef, CallRef
from dialer.providers.base import CallEvent, CallOver, NotAnswered, Provider, TooEarly
from dialer.providers.steering import Act, Order, SendDigits, StartStream, StartTalk, Transfer
from dialer.states import CallState
from dialer.store import Store
from dialer.tracing import OFF, Tracing

log = structlog.get_logger()

NOT_YET = {
    CallState.WAITING: "the call is not placed yet; pause or cancel its campaign to keep it from being dialed",
    CallState.CLAIMED: "the call is about to be placed; give the order again once it is up",
    CallState.PLACING: "the call is being placed at this moment; give the order again in a second",
    CallState.UNKNOWN: "nobody knows yet whether the phone rings; give the order again once the call is live",
    CallState.LIVE: "the carrier has not told its id of the call yet; give the order again in a second",
}
_MARKS: Mapping[Act, tuple[Literal["muted", "earmuffed"], bool]] = {
    Act.MUTE: ("muted", True),
    Act.UNMUTE: ("muted", False),
    Act.EARMUFF: ("earmuffed", True),
    Act.UNEARMUFF: ("earmuffed", False),
}
_WORDS: Mapping[type, str] = {Transfer: "transfer", StartStream: "play", StartTalk: "talk", SendDigits: "dtmf"}
_RESULTS: Mapping[type, str] = {CallOver: "call_over", NotAnswered: "not_answered", TooEarly: "too_early"}


class NotPlaced(IllegalStep):
    """The carrier has no such call yet: there is nothing that an order could act on."""


@dataclass(frozen=True, slots=True)
class Steered:
    """What was done: which order, to which attempt."""

    do: str
    attempt_id: str


@dataclass(frozen=True, slots=True)
class CallControl:
    """Gives orders to calls. All parts may be shared.

    Attributes:
        carrier: the account of a trunk; raises CarrierError where there is none.
    """

    store: Store
    carrier: Callable[[str], Provider]
    clock: Clock
    tracing: Tracing = OFF

    async def steer(self, call_id: str, order: Order) -> Steered:
        """Do it to this call, now.

        Raises:
            InvalidInput: the carrier does not take such an order; names the field.
            NotFound, NotPlaced: there is no such call, or it is not up yet.
            CallOver, NotAnswered, TooEarly, CarrierError: see `Provider.steer`.
        """
        attempt = await self.up(call_id, word(order))
        self.carrier(attempt.trunk).check_order(order)
        return await self._give(attempt, order)

    async def transfer(self, call_id: str, script: Mapping[str, Any], answer_url: Callable[[str], str]) -> Steered:
        """Let this call go on with another script of ours. Raises as `steer` does.

        Args:
            call_id: which call.
            script: a call script as JSON, checked before.
            answer_url: from an attempt's id to the address at which the carrier asks for what it says.
        """
        attempt = await self.up(call_id, "transfer")
        order = Transfer(answer_url(attempt.id))
        self.carrier(attempt.trunk).check_order(order)
        # Stored first: the carrier asks before it answers us.
        await self.store.override_script(attempt.id, script)
        try:
            return await self._give(attempt, order)
        except CarrierError as error:
            if _surely_not_done(error):
                await self._take_back(attempt, script)
            raise

    async def _take_back(self, attempt: Attempt, script: Mapping[str, Any]) -> None:
        """Give an attempt its script again, unless another transfer has given it a third one meanwhile."""
        ref = AttemptRef.parse(attempt.id)
        now = await self.store.attempt(ref) if ref else None
        if now is not None and now.script == dict(script):
            await self.store.override_script(attempt.id, attempt.script)

    async def hang_up(self, attempt: Attempt) -> None:
        """End an attempt that has its carrier's id; one that is over is no error. Repeatable. Raises CarrierError."""
        with suppress(CallOver):
            await self._give(attempt, Act.HANG_UP)

    async def newest(self, call_id: str) -> tuple[CallState, Attempt | None]:
        """A call's state, and its newest attempt where there is one. Raises NotFound."""
        call = await self.store.call(call_id)
        ref = CallRef.parse(call.id)
        return call.state, await self.store.attempt(AttemptRef(ref, call.attempts)) if ref and call.attempts else None

    async def up(self, call_id: str, do: str) -> Attempt:
        """The attempt on which an order acts; it has an id at the carrier. Raises NotFound, CallOver, NotPlaced."""
        state, attempt = await self.newest(call_id)
        if state is CallState.DONE:
            _count(do, "call_over")
            raise CallOver
        if state in {CallState.WAITING, CallState.CLAIMED} or attempt is None or not attempt.uuid:
            _count(do, "not_placed")
            raise NotPlaced(NOT_YET[state])
        return attempt

    async def _give(self, attempt: Attempt, order: Order) -> Steered:
        if order is Act.HANG_UP:
            told = CallEvent(kind="hang_up_ordered", facts=frozenset({Fact.HUNG_UP}))
            count_change(await self.store.apply_event(attempt.id, told), self.tracing)
        try:
            await self.carrier(attempt.trunk).steer(str(attempt.uuid), order)
        except CarrierError as error:
            await self._note(attempt, order, _result(error))
            raise
        await self._note(attempt, order, "done")
        return Steered(word(order), attempt.id)

    async def _note(self, attempt: Attempt, order: Order, result: str) -> None:
        _count(word(order), result)
        log.info("order.given", attempt_id=attempt.id, order=word(order), result=result)
        at = moment(now_ms(self.clock))
        try:
            if result == "done" and isinstance(order, Act) and order in _MARKS:
                name, is_so = _MARKS[order]
                await self.store.mark(attempt.id, name, is_so=is_so)
            payload = {"do": word(order), "result": result}
            await self.store.apply_event(attempt.id, CallEvent(kind="ordered", at=at, payload=payload))
        except StoreUnavailable:
            # The carrier's answer counts: told as failed, keys would be pressed a second time.
            log.warning("order.not_noted", attempt_id=attempt.id, order=word(order))


def word(order: Order) -> str:
    """What an order is called in the API, on the command line and in metrics."""
    return order.value if isinstance(order, Act) else _WORDS[type(order)]


def _count(do: str, result: str) -> None:
    metrics.ORDERS.labels(do, result).inc()


def _result(error: CarrierError) -> str:
    return _RESULTS.get(type(error)) or ("no_answer" if error.status is None else "refused")


def _surely_not_done(error: CarrierError) -> bool:
    return error.status is not None and error.status < 500  # noqa: PLR2004 - beyond it a gateway may hide anything
