"""What becomes of one placed call, told by webhooks: it rings, somebody answers or not, it ends with its figures.

A story that was written beforehand (a scenario) is recited instead, event by event.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.detection import Detector
from dialer.simulator.legs import Joint, Leg, Sense
from dialer.simulator.orders import MAX_LENGTH_TIMER_S
from dialer.simulator.phones import Outcome, ring_s
from dialer.simulator.player import Player
from dialer.simulator.recital import Recital
from dialer.simulator.webhooks import Address

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missed:
    """How a call that nobody answers is told."""

    status: str
    after_s: float
    rings: bool
    detail: str | None = None
    sip_code: int | None = None
    completed: bool = True


_MISSED = {
    Outcome.BUSY: _Missed(status="busy", after_s=2.0, rings=True, sip_code=486),
    Outcome.NO_ANSWER: _Missed(status="timeout", after_s=float("inf"), rings=True),
    # A rejected call is the one that gets no `completed` (Vonage KB 360057200092).
    Outcome.REJECTS: _Missed(
        status="rejected", after_s=5.0, rings=True, detail="declined", sip_code=603, completed=False
    ),
    Outcome.INVALID: _Missed(status="rejected", after_s=1.0, rings=False, detail="invalid_number", completed=False),
    Outcome.UNREACHABLE: _Missed(status="unanswered", after_s=10.0, rings=False, detail="unavailable", sip_code=480),
    Outcome.FAILS: _Missed(status="failed", after_s=1.0, rings=False, detail="cannot_route", sip_code=404),
}


class Story:
    """The life of a leg after `started`."""

    def __init__(self, leg: Leg, exchange: Exchange) -> None:
        self._leg = leg
        self._exchange = exchange
        self._config = exchange.config
        self._player = Player(leg, exchange)
        detection = leg.order.detection
        self._detector = Detector(leg, detection, exchange, self._player) if detection is not None else None

    async def run(self) -> None:
        """Tell it to the end."""
        if self._leg.turn.events is None:
            await self._live()
        else:
            await Recital(self._leg, self._exchange, self._player).run(self._leg.turn.events)
        self._exchange.webhooks.flush(self._leg)
        if self._detector is not None:
            await self._detector.settle()

    async def _live(self) -> None:
        missed = _MISSED.get(self._leg.turn.outcome)
        if (missed is None or missed.rings) and self._leg.order.endpoint_type != "websocket":
            self._status("ringing")
        status = await self._ring(missed)
        if status == "answered":
            await self._talk()
            self._end()
        else:
            await self._miss(status, missed)

    async def _ring(self, missed: _Missed | None) -> str:
        leg, timer_s = self._leg, self._leg.order.ringing_timer_s
        after_s = leg.turn.after_s
        if after_s is None:
            after_s = missed.after_s if missed else self._usual_ring_s()
        await leg.pause(min(after_s, timer_s) * self._config.time_scale)
        if leg.over:
            return "cancelled"
        if after_s >= timer_s:
            return "timeout"
        return missed.status if missed else "answered"

    def _usual_ring_s(self) -> float:
        order = self._leg.order
        return 0.0 if order.endpoint_type == "websocket" else ring_s(self._config, order.to, self._leg.nth)

    async def _miss(self, status: str, missed: _Missed | None) -> None:
        leg = self._leg
        extra: dict[str, Any] = {}
        if missed and status == missed.status:
            told = {"detail": leg.turn.detail or missed.detail, "sip_code": missed.sip_code}
            extra = {key: value for key, value in told.items() if value is not None}
        if leg.joint is not None and leg.joint.synchronous and not leg.over:
            await self._ask_what_then(leg.joint, status, extra)
        else:
            self._status(status, **extra)
        leg.end("platform")
        leg.finish(self._config.time_scale)
        if self._config.completed_after_failure and (missed is None or missed.completed):
            # Tells the figures only: the call keeps the status of its failure.
            self._exchange.webhooks.tell(leg, events.completed(leg, self._config.rate_eur))

    async def _ask_what_then(self, joint: Joint, status: str, extra: dict[str, Any]) -> None:
        leg = self._leg
        leg.status = status
        url = leg.order.event_url
        address = None if url is None else Address(leg.order.event_method, url)
        joint.reply = await self._player.report(address, events.status(leg, status, **extra))

    async def _talk(self) -> None:
        leg, order = self._leg, self._leg.order
        leg.answer()
        self._exchange.webhooks.tell(leg, events.answered(leg))
        if order.dtmf_answer is not None:
            self._exchange.note(leg, Sense.RECEIVED, order.dtmf_answer)
        with contextlib.closing(self._limits()):
            await self._converse()
            if self._detector is not None:
                self._detector.finish()
        leg.end("platform")
        leg.finish(self._config.time_scale)
        self._player.close()

    async def _converse(self) -> None:
        instead = None if self._detector is None else await self._detector.await_result()
        if instead is not None:
            await self._player.play(instead)
        elif self._leg.joint is not None:
            await self._keep_company(self._leg.joint)
        elif not self._leg.over:
            order = self._leg.order
            flow = order.ncco if order.answer_url is None else await self._player.fetch(
                order.answer_url, order.answer_method
            )  # fmt: skip
            await self._player.play(list(flow or ()))

    async def _keep_company(self, joint: Joint) -> None:
        """Hear what is said before being joined, then stay until somebody leaves."""
        leg, turn = self._leg, self._leg.turn
        if joint.on_answer is not None:
            await self._player.play(await self._player.fetch(joint.on_answer) or [])
        if leg.over or joint.partner.over:
            return
        self._exchange.note(joint.partner, Sense.CONNECTED, leg.order.to)
        self._exchange.note(leg, Sense.CONNECTED, joint.partner.order.to)
        stay_s = self._config.talk_s if turn.hangs_up_after_s is None else MAX_LENGTH_TIMER_S
        stay_s = stay_s if turn.drops_after_s is None else turn.drops_after_s
        await leg.pause(stay_s * self._config.time_scale)
        if leg.redirect is None:
            leg.end("user")
            return
        joint.left = True
        joint.partner.wake()
        await self._player.play([])

    def _limits(self) -> _Timers:
        leg, scale = self._leg, self._config.time_scale
        loop = asyncio.get_running_loop()
        timers = _Timers([loop.call_later(leg.order.length_timer_s * scale, leg.end, "platform")])
        if leg.turn.hangs_up_after_s is not None:
            timers.handles.append(loop.call_later(leg.turn.hangs_up_after_s * scale, leg.end, "user"))
        if self._detector is not None:
            self._detector.start()
            timers.detector = self._detector
        return timers

    def _end(self) -> None:
        leg = self._leg
        if leg.order.endpoint_type == "websocket" and leg.ended_by == "user":
            self._exchange.webhooks.tell(leg, events.status(leg, "disconnected"))
        self._tell(events.completed(leg, self._config.rate_eur), "completed")

    def _status(self, word: str, **extra: Any) -> None:
        self._tell(events.status(self._leg, word, **extra), word)

    def _tell(self, payload: dict[str, Any], status: str) -> None:
        self._leg.status = status
        self._exchange.webhooks.tell(self._leg, payload)


class _Timers:
    """Deadlines of one conversation, dropped together."""

    def __init__(self, handles: list[asyncio.TimerHandle]) -> None:
        self.handles = handles
        self.detector: Detector | None = None

    def close(self) -> None:
        for handle in self.handles:
            handle.cancel()
        if self.detector is not None:
            self.detector.close()
