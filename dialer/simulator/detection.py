"""Machine detection: telling an answering machine from a person, and hearing its beep.

The basic one and the mode `default` of the advanced one run beside the flow; `detect` and `detect_beep` keep the flow
waiting for their result, in silence. What an advanced result is answered with, if it is an NCCO, replaces the flow.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Leg
from dialer.simulator.orders import Detection
from dialer.simulator.phones import Outcome
from dialer.simulator.webhooks import Address

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange
    from dialer.simulator.player import Flow, Player

PERSON_AFTER_S = 1.0
MACHINE_AFTER_S = 4.0
"""Carrier seconds from the answer until machine detection is sure: a greeting is long, "hello?" is short."""


class Detector:
    """Detects on one leg. `close` it at the end of the call."""

    def __init__(self, leg: Leg, detection: Detection, exchange: Exchange, player: Player) -> None:
        self._leg = leg
        self._detection = detection
        self._exchange = exchange
        self._player = player
        self._timers: list[asyncio.TimerHandle] = []
        self._reports: set[asyncio.Task[None]] = set()
        self._told = False

    def start(self) -> None:
        """Begin, at the answer. Modes that keep the flow waiting do so in `await_result`."""
        if self._detection.mode not in {"basic", "default"}:
            return
        self._after(self._sure_after_s(), self._tell)
        if self._detection.mode == "default" and self._is_machine():
            self._after(self._beep_after_s(), self._tell_beep)

    async def await_result(self) -> Flow | None:
        """In the modes that keep the flow waiting: wait, tell, and give what replaces the flow."""
        mode = self._detection.mode
        if mode not in {"detect", "detect_beep"}:
            return None
        self._told = True
        machine = self._is_machine()
        for_beep = machine and mode == "detect_beep"
        wait_s = self._beep_after_s() if for_beep else self._sure_after_s()
        await self._leg.pause(wait_s * self._exchange.config.time_scale)
        if self._leg.over:
            return None
        flow = await self._report(self._beep() if for_beep else {})
        if machine and self._detection.behavior == "hangup":
            self._leg.end("platform")
        return flow

    def finish(self) -> None:
        """A flow so short that it ends before the detection does: the result is told all the same."""
        if not self._told and not self._leg.over:
            self._tell()

    def close(self) -> None:
        """The call is over: what has not been told yet is not told any more."""
        for timer in self._timers:
            timer.cancel()

    async def settle(self) -> None:
        """Wait for what is being told."""
        await asyncio.gather(*self._reports)

    def _is_machine(self) -> bool:
        return self._leg.turn.outcome is Outcome.VOICEMAIL

    def _sure_after_s(self) -> float:
        return MACHINE_AFTER_S if self._is_machine() else PERSON_AFTER_S

    def _beep_after_s(self) -> float:
        return min(self._beeps_s(), self._detection.beep_timeout_s)

    def _beeps_s(self) -> float:
        beep_s = self._leg.turn.beep_s
        return self._exchange.config.beep_s if beep_s is None else beep_s

    def _beep(self) -> dict[str, str]:
        in_time = self._beeps_s() < self._detection.beep_timeout_s
        return {"sub_state": "beep_start" if in_time else "beep_timeout"}

    def _after(self, carrier_s: float, act: Any) -> None:
        delay_s = carrier_s * self._exchange.config.time_scale
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, act))

    def _tell(self) -> None:
        if self._told:
            return
        self._told = True
        if self._detection.mode == "basic":
            self._exchange.webhooks.tell(self._leg, self._payload({}))
        else:
            self._tell_aside({})
        if self._is_machine() and self._detection.behavior == "hangup":
            self._leg.end("platform")

    def _tell_beep(self) -> None:
        if not self._leg.over:
            self._tell()  # without time between them, the beep might come first
            self._tell_aside(self._beep())

    def _tell_aside(self, extra: dict[str, str]) -> None:
        task = asyncio.get_running_loop().create_task(self._redirect(extra))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _redirect(self, extra: dict[str, str]) -> None:
        flow = await self._report(extra)
        if flow is not None and not self._leg.over:
            self._leg.send_elsewhere(flow)

    async def _report(self, extra: dict[str, str]) -> Flow | None:
        url = self._leg.order.event_url
        address = None if url is None else Address(self._leg.order.event_method, url)
        return await self._player.report(address, self._payload(extra))

    def _payload(self, extra: dict[str, str]) -> dict[str, Any]:
        who = "machine" if self._is_machine() else "human"
        self._leg.status = who if self._is_machine() else self._leg.status
        return events.detected(self._leg, who, **extra)
