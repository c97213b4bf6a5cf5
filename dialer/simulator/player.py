"""Playing an NCCO to whoever picked up.

Speech takes time in proportion to its text; a request for input gets the keys its phone was told to press, or times
out; what the dialer answers to `input` and `notify` replaces the rest of the flow. Somebody hanging up ends the
current action at once (see `legs.py`).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Leg
from dialer.simulator.ncco import mistake_in, spoken_length
from dialer.simulator.orders import MAX_LENGTH_TIMER_S
from dialer.simulator.phones import digits

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
        self._keys = deque(leg.turn.keys)
        # Carrier seconds of speech still running that a key may cut short (bargeIn).
        self._running_s = 0.0

    async def play(self, flow: Flow) -> None:
        """Play a flow, and what replaces it, to the end of both or of the call."""
        rest = self._checked(flow)
        while rest and not self._leg.over:
            action = rest.popleft()
            replacement = await self._act(action)
            if self._leg.redirect is not None:
                replacement = await self._redirected()
            if replacement is not None:
                rest = self._checked(replacement)
        await self._finish_speech()

    async def _act(self, action: Action) -> Flow | None:
        match action["action"]:
            case "talk":
                await self._talk(action)
            case "stream":
                await self._sound(action, self._config.clip_s)
            case "record":
                await self._record(action)
            case "conversation" | "transfer":
                await self._pause(self._config.talk_s)
            case "connect":
                await self._connect(action)
            case "input":
                return await self._input(action)
            case "notify":
                return await self._report(action, events.notified(self._leg, action["payload"]))
            case "wait":
                await self._pause(action.get("timeout", 10))
        return None

    async def fetch(self, url: str, method: str = "GET") -> Flow | None:
        """Ask the dialer for an NCCO; None if it gave none that can be read."""
        reply = await self._exchange.webhooks.ask(method, url, events.answer_parameters(self._leg))
        return None if reply is None or reply.content_type != "application/json" else self._read(reply)

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
        flow = await self.fetch(redirect) if isinstance(redirect, str) else redirect
        return flow or []

    async def _pause(self, carrier_s: float) -> None:
        await self._leg.pause(min(carrier_s, MAX_LENGTH_TIMER_S) * self._config.time_scale)

    async def _finish_speech(self) -> None:
        running_s, self._running_s = self._running_s, 0.0
        await self._pause(running_s)

    async def _sound(self, action: Action, once_s: float) -> None:
        await self._finish_speech()
        loops = action.get("loop", 1) or MAX_LENGTH_TIMER_S
        if action.get("bargeIn") in {True, "true"}:
            self._running_s = once_s * loops
        else:
            await self._pause(once_s * loops)

    async def _talk(self, action: Action) -> None:
        text = action["text"]
        self._exchange.journal.speak(self._leg.order.to, text)
        await self._sound(action, spoken_length(text) / self._config.speech_characters_per_second)

    async def _record(self, action: Action) -> None:
        # Runs beside the flow, unless something is to end it.
        if "endOnSilence" in action or "endOnKey" in action:
            await self._pause(self._config.clip_s)

    async def _connect(self, action: Action) -> None:
        # A connect is a new call and counts towards the same limit; over it there is an event instead of a status.
        if not self._exchange.let_in():
            reason = "Capacity limit exceeded: too many calls per second."
            self._exchange.webhooks.tell(self._leg, events.error(self._leg, reason))
            return
        number = action["endpoint"][0].get("number")
        if number:
            self._exchange.journal.rings[digits(str(number))] += 1
        await self._pause(self._config.talk_s)

    async def _input(self, action: Action) -> Flow | None:
        asked = action.get("dtmf", action)
        keys = self._keys.popleft() if self._keys else ""
        wait_s = self._config.key_press_s if keys else self._running_s + asked.get("timeOut", 3)
        self._running_s = 0.0
        await self._pause(wait_s)
        if self._leg.over:
            return None
        keys = keys.partition("#")[0] if asked.get("submitOnHash") in {True, "true"} else keys
        keys = keys[: asked.get("maxDigits", 4)]
        payload = events.pressed(self._leg, keys, timed_out=not keys, flat="type" not in action)
        return await self._report(action, payload)

    async def _report(self, action: Action, payload: dict[str, Any]) -> Flow | None:
        """Tell where the action says; an NCCO in the answer replaces the flow."""
        url = action.get("eventUrl", [self._leg.order.event_url])[0]
        if url is None:
            return None
        method = action.get("eventMethod", "POST")
        reply = await self._exchange.webhooks.ask(method, url, payload, is_answer=False)
        if reply is None or reply.content_type != "application/json" or not reply.body.strip():
            return None
        return self._read(reply)
