"""Playing an NCCO to whoever picked up.

Speech takes time in proportion to its text; a request for input gets the keys or words its phone was told to give, or
times out; what the dialer answers to `input` and `notify` replaces the rest of the flow. Somebody hanging up ends the
current action at once (see `legs.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.conferences import Visit
from dialer.simulator.connecting import connect
from dialer.simulator.legs import Leg, Sense
from dialer.simulator.listening import TRUE, Listener, Running
from dialer.simulator.ncco import mistake_in, spoken_length
from dialer.simulator.orders import MAX_LENGTH_TIMER_S
from dialer.simulator.recorder import Recorder, report_address
from dialer.simulator.webhooks import Address

if TYPE_CHECKING:
    from dialer.simulator.courier import Reply
    from dialer.simulator.exchange import Exchange

Flow = list[Any]
Action = Mapping[str, Any]


class Player:
    """Plays one flow after the other on a leg."""

    def __init__(self, leg: Leg, exchange: Exchange) -> None:
        self._leg = leg
        self._exchange = exchange
        self._config = exchange.config
        self._listener = Listener(leg, exchange)
        self._recorder: Recorder | None = None
        # A bargeIn holds up to the next `input`, also for what is spoken after it.
        self._barge = False
        # What is still being spoken beside the flow, and until when on the loop's clock.
        self._running: tuple[str, float] | None = None

    async def play(self, flow: Flow) -> None:
        """Play a flow, and what replaces it, to the end of both or of the call."""
        rest = self._checked(flow)
        while not self._leg.over:
            if self._leg.redirect is not None:
                rest = self._checked(await self._redirected())
            elif rest:
                replacement = await self._act(rest.popleft())
                rest = rest if replacement is None else self._checked(replacement)
            elif self._running is not None:
                await self._finish_speech()
            else:
                break

    def close(self) -> None:
        """The call is over."""
        if self._recorder is not None:
            self._recorder.close()

    async def fetch(self, url: str, method: str = "GET") -> Flow | None:
        """Ask the dialer for an NCCO; None if it gave none that can be read."""
        leg = self._leg
        reply = await self._exchange.webhooks.ask(leg, Address(method, url), events.answer_parameters(leg))
        return None if reply is None or reply.content_type != "application/json" else self._read(reply)

    async def report(self, address: Address | None, payload: dict[str, Any]) -> Flow | None:
        """Tell something whose reply, if it is an NCCO, replaces the flow."""
        if address is None:
            return None
        reply = await self._exchange.webhooks.ask(self._leg, address, payload, is_answer=False)
        if reply is None or reply.content_type != "application/json" or not reply.body.strip():
            return None
        return self._read(reply)

    async def _act(self, action: Action) -> Flow | None:
        match action["action"]:
            case "talk":
                await self._talk(action)
            case "stream":
                await self._sound(action, action["streamUrl"][0], self._config.clip_s)
            case "record":
                await self._record(action)
            case "conversation" | "transfer":
                await self._visit(action)
            case "connect":
                await self._finish_speech()
                return await connect(self._leg, self._exchange, action)
            case "input":
                return await self._input(action)
            case "notify":
                payload = events.notified(self._leg, action["payload"])
                return await self.report(report_address(self._leg, action), payload)
            case "wait":
                await self._pause(action.get("timeout", 10))
        return None

    def _checked(self, flow: Flow) -> deque[Action]:
        mistake = mistake_in(flow)
        if mistake is None:
            return deque(flow)
        self._exchange.webhooks.tell(self._leg, events.error(self._leg, mistake))
        return deque()

    def _read(self, reply: Reply) -> Flow | None:
        try:
            flow = json.loads(reply.body)
        except ValueError:
            flow = None
        if isinstance(flow, list):
            return flow
        self._checked([None])  # reports it
        return None

    async def _redirected(self) -> Flow:
        redirect, self._leg.redirect = self._leg.redirect, None
        self._running, self._barge = None, False
        flow = await self.fetch(redirect) if isinstance(redirect, str) else redirect
        return flow or []

    async def _pause(self, carrier_s: float) -> None:
        await self._leg.pause(min(carrier_s, MAX_LENGTH_TIMER_S) * self._config.time_scale)

    async def _finish_speech(self) -> None:
        left_s = self._take_running().left_s
        if left_s:
            await self._leg.pause(left_s)

    def _take_running(self) -> Running:
        running, self._running = self._running, None
        if running is None:
            return Running()
        what, ends_s = running
        return Running(what, max(0.0, ends_s - asyncio.get_running_loop().time()))

    async def _talk(self, action: Action) -> None:
        text = action["text"]
        await self._sound(action, text, spoken_length(text) / self._config.speech_characters_per_second)

    async def _sound(self, action: Action, what: str, once_s: float) -> None:
        barge = action.get("bargeIn") in TRUE
        self._barge = self._barge or barge
        if self._listener.interrupting:
            self._exchange.note(self._leg, Sense.CUT, what)
            return
        await self._finish_speech()
        if self._leg.over or self._leg.redirect is not None:
            return
        self._exchange.note(self._leg, Sense.HEARD if action["action"] == "talk" else Sense.STREAM, what)
        lasts_s = min(once_s * (action.get("loop", 1) or MAX_LENGTH_TIMER_S), MAX_LENGTH_TIMER_S)
        if self._barge and self._listener.impatient:
            await self._listener.interrupt(what)
        elif barge:
            self._running = what, asyncio.get_running_loop().time() + lasts_s * self._config.time_scale
        else:
            await self._pause(lasts_s)

    async def _record(self, action: Action) -> None:
        if self._recorder is None:
            self._recorder = Recorder(self._leg, self._exchange)
        await self._recorder.record(action, self._listener)

    async def _visit(self, action: Action) -> None:
        await self._finish_speech()
        visit = Visit.announced(self._leg, self._exchange, action)
        if visit is not None:
            await visit.stay()

    async def _input(self, action: Action) -> Flow | None:
        self._barge = False
        payload = await self._listener.ask(action, self._take_running())
        if self._leg.over or self._leg.redirect is not None:
            return None
        return await self.report(report_address(self._leg, action), payload)
