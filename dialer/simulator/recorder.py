"""Recording a call: beside the flow, or as an answering machine does, until silence or a key ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Leg, Sense
from dialer.simulator.listening import TRUE, Listener
from dialer.simulator.orders import MAX_LENGTH_TIMER_S
from dialer.simulator.recordings import Recording
from dialer.simulator.webhooks import Address

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange

Action = Mapping[str, Any]


def report_address(leg: Leg, action: Action) -> Address | None:
    """Where an action's event goes: where it says, else to the call's own address."""
    url = action.get("eventUrl", [leg.order.event_url])[0]
    return None if url is None else Address(action.get("eventMethod", "POST"), url)


class Recorder:
    """Makes the recordings of one leg. `close` it at the end of the call."""

    def __init__(self, leg: Leg, exchange: Exchange) -> None:
        self._leg = leg
        self._exchange = exchange
        self._scale = exchange.config.time_scale
        self._running: dict[Recording, tuple[Action, asyncio.TimerHandle]] = {}

    def close(self) -> None:
        """The call is over, and so is what still runs beside it."""
        for recording in tuple(self._running):
            self._end(recording)

    async def record(self, action: Action, listener: Listener) -> None:
        """Begin one; wait for its end where silence or a key is to end it."""
        recording = self._begin(action)
        if "endOnSilence" in action or "endOnKey" in action:
            await self._speak(action, listener)
            self._end(recording)

    def _begin(self, action: Action) -> Recording:
        channels = action.get("channels", 2 if "split" in action else 1)
        beep = action.get("beepStart") in TRUE
        if beep:
            self._exchange.note(self._leg, Sense.BEEP, "")
        recording = self._exchange.archive.add(Recording.of(self._leg, channels=channels, beep=beep))
        lasts_s = action.get("timeOut", MAX_LENGTH_TIMER_S) * self._scale
        timer = asyncio.get_running_loop().call_later(lasts_s, self._end, recording)
        self._running[recording] = (action, timer)
        return recording

    async def _speak(self, action: Action, listener: Listener) -> None:
        leg, speaks_s = self._leg, self._leg.turn.speaks_s
        speaks_s = self._exchange.config.clip_s if speaks_s is None else speaks_s
        pressed = "endOnKey" in action and listener.press(str(action["endOnKey"]))
        silence_s = 0 if pressed else action.get("endOnSilence", 0)
        longest_s = action.get("timeOut", MAX_LENGTH_TIMER_S)
        await leg.pause(min(speaks_s + silence_s, longest_s) * self._scale)
        if not pressed and "endOnSilence" not in action and speaks_s < longest_s:
            leg.end("user")  # has said everything, and does not know of the key

    def _end(self, recording: Recording) -> None:
        begun = self._running.pop(recording, None)
        if begun is None:
            return
        action, timer = begun
        timer.cancel()
        recording.end(self._scale)
        address = report_address(self._leg, action)
        if address is not None:
            told = events.recorded(recording, self._exchange.archive.url(recording))
            self._exchange.webhooks.tell(self._leg, told, to=address)
