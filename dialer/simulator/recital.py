"""A call told beforehand: nothing happens in it but what is written (see `scenarios.py` for the words)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Leg, Sense
from dialer.simulator.phones import ScenarioEvent
from dialer.simulator.player import Player

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange

STEERABLE = {"PUT_400": False, "PUT_204": True}
_UNDER_WAY = frozenset({"started", "ringing", "answered"})


class Recital:
    """Tells one call step by step."""

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
        if self._leg.steerable:
            await self._leg.pause(self._exchange.config.talk_s * self._exchange.config.time_scale)
        self._leg.end("platform")
        self._enter()

    def _enter(self) -> None:
        """The carrier's own record has the end of a call, also where no event told it."""
        leg = self._leg
        if leg.status in _UNDER_WAY:
            leg.status = "completed"
            leg.finish(self._exchange.config.time_scale)
        leg.finished = True  # else with the figures it was given

    async def _recite(self, step: ScenarioEvent) -> None:
        if step.name == "ANSWER_WEBHOOK":
            await self._listen()
        elif step.name in STEERABLE:
            self._leg.steerable = STEERABLE[step.name]
        elif step.name.islower():  # the others are replies, not events
            self._exchange.webhooks.tell(self._leg, self._payload(step))

    async def _listen(self) -> None:
        order = self._leg.order
        flow = await self._player.fetch(order.answer_url, order.answer_method) if order.answer_url else order.ncco
        for action in flow or ():
            if isinstance(action, dict) and action.get("action") == "talk":
                self._exchange.note(self._leg, Sense.HEARD, str(action.get("text")))

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
