"""What becomes of one placed call, told by webhooks: it rings, somebody answers or not, it ends with its figures.

A story that was written beforehand (a scenario) is recited instead, event by event.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Leg
from dialer.simulator.phones import Outcome, ScenarioEvent, ring_s
from dialer.simulator.player import Player

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange

PERSON_AFTER_S = 1.0
MACHINE_AFTER_S = 4.0
"""Carrier seconds from the answer until machine detection is sure: a greeting is long, "hello?" is short."""


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
        self._detection: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Tell it to the end."""
        if self._leg.turn.events is None:
            await self._live()
        else:
            await Recital(self._leg, self._exchange, self._player).run(self._leg.turn.events)
        self._exchange.webhooks.flush(self._leg)

    async def _live(self) -> None:
        missed = _MISSED.get(self._leg.turn.outcome)
        if missed is None or missed.rings:
            self._status("ringing")
        status = await self._ring(missed)
        if status == "answered":
            await self._talk()
            self._tell(events.completed(self._leg, self._config.rate_eur), "completed")
        else:
            self._miss(status, missed)

    async def _ring(self, missed: _Missed | None) -> str:
        leg, timer_s = self._leg, self._leg.order.ringing_timer_s
        after_s = leg.turn.after_s
        if after_s is None:
            after_s = missed.after_s if missed else ring_s(self._config, leg.order.to, leg.nth)
        await leg.pause(min(after_s, timer_s) * self._config.time_scale)
        if leg.over:
            return "cancelled"
        if after_s >= timer_s:
            return "timeout"
        return missed.status if missed else "answered"

    def _miss(self, status: str, missed: _Missed | None) -> None:
        leg = self._leg
        leg.end("platform")
        extra: dict[str, Any] = {}
        if missed and status == missed.status:
            told = {"detail": leg.turn.detail or missed.detail, "sip_code": missed.sip_code}
            extra = {key: value for key, value in told.items() if value is not None}
        leg.finish(self._config.time_scale)
        self._status(status, **extra)
        if self._config.completed_after_failure and (missed is None or missed.completed):
            # Tells the figures only: the call keeps the status of its failure.
            self._exchange.webhooks.tell(leg, events.completed(leg, self._config.rate_eur))

    async def _talk(self) -> None:
        leg, webhooks = self._leg, self._exchange.webhooks
        leg.answer()
        webhooks.tell(leg, events.answered(leg))
        with contextlib.closing(self._limits()):
            order = leg.order
            flow = order.ncco if order.answer_url is None else await self._player.fetch(
                order.answer_url, order.answer_method
            )  # fmt: skip
            await self._player.play(list(flow or ()))
            self._detect_at_last()
        leg.end("platform")
        leg.finish(self._config.time_scale)

    def _limits(self) -> _Timers:
        leg, scale = self._leg, self._config.time_scale
        loop = asyncio.get_running_loop()
        timers = _Timers([loop.call_later(leg.order.length_timer_s * scale, leg.end, "platform")])
        if leg.turn.hangs_up_after_s is not None:
            timers.handles.append(loop.call_later(leg.turn.hangs_up_after_s * scale, leg.end, "user"))
        if leg.order.machine_detection is not None:
            machine = leg.turn.outcome is Outcome.VOICEMAIL
            after_s = (MACHINE_AFTER_S if machine else PERSON_AFTER_S) * scale
            self._detection = loop.call_later(after_s, self._detect)
            timers.handles.append(self._detection)
        return timers

    def _detect(self) -> None:
        self._detection = None
        machine = self._leg.turn.outcome is Outcome.VOICEMAIL
        who = "machine" if machine else "human"
        self._tell(events.detected(self._leg, who), who if machine else self._leg.status)
        if machine and self._leg.order.machine_detection == "hangup":
            self._leg.end("platform")

    def _detect_at_last(self) -> None:
        # A text so short that it ends before the detection does: the result is told all the same.
        if self._detection is not None and not self._leg.over:
            self._detect()

    def _status(self, word: str, **extra: Any) -> None:
        self._tell(events.status(self._leg, word, **extra), word)

    def _tell(self, payload: dict[str, Any], status: str) -> None:
        self._leg.status = status
        self._exchange.webhooks.tell(self._leg, payload)


class _Timers:
    """Deadlines of one conversation, dropped together."""

    def __init__(self, handles: list[asyncio.TimerHandle]) -> None:
        self.handles = handles

    def close(self) -> None:
        for handle in self.handles:
            handle.cancel()


class Recital:
    """A call told beforehand: nothing happens in it but what is written."""

    def __init__(self, leg: Leg, exchange: Exchange, player: Player) -> None:
        self._leg = leg
        self._exchange = exchange
        self._player = player
        self._told: dict[str, dict[str, Any]] = {}

    async def run(self, steps: tuple[ScenarioEvent, ...]) -> None:
        """Recite; times are carrier seconds from the first step on. A hang-up by request cuts it short."""
        told_s = steps[0].after_s if steps else 0.0
        for step in steps:
            await self._leg.pause((step.after_s - told_s) * self._exchange.config.time_scale)
            told_s = step.after_s
            if self._leg.over:
                break
            await self._recite(step)
        self._leg.end("platform")
        self._leg.finished = True  # with the figures it was given

    async def _recite(self, step: ScenarioEvent) -> None:
        if step.name == "ANSWER_WEBHOOK":
            await self._listen()
        elif step.name.islower():  # the others are replies, not events
            self._exchange.webhooks.tell(self._leg, self._payload(step))

    async def _listen(self) -> None:
        order = self._leg.order
        flow = await self._player.fetch(order.answer_url, order.answer_method) if order.answer_url else order.ncco
        for action in flow or ():
            if isinstance(action, dict) and action.get("action") == "talk":
                self._exchange.journal.speak(order.to, str(action.get("text")))

    def _payload(self, step: ScenarioEvent) -> dict[str, Any]:
        extra = dict(step.extra)
        if extra.pop("retry", False) and step.name in self._told:
            return self._told[step.name]
        self._told[step.name] = {**self._form(step), **extra}
        return self._told[step.name]

    def _form(self, step: ScenarioEvent) -> dict[str, Any]:
        leg, rate_eur = self._leg, self._exchange.config.rate_eur
        if step.name == "error":
            return events.error(leg, str(step.extra.get("reason", "")))
        if step.name in {"human", "machine"}:
            return events.detected(leg, step.name)
        if step.name == "answered":
            leg.answer()
            return events.answered(leg)
        if step.name == "completed":
            return self._completed(step, rate_eur)
        leg.status = step.name
        return events.status(leg, step.name)

    def _completed(self, step: ScenarioEvent, rate_eur: str) -> dict[str, Any]:
        leg = self._leg
        leg.duration_s = int(step.extra.get("duration", 0))
        leg.status = "completed" if leg.answered_at is not None or leg.status == "started" else leg.status
        return events.completed(leg, rate_eur)
