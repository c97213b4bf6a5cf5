"""`/v1/trunks`: the carrier accounts that this dialer calls through, and how each is now."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.keys import RUNTIME
from dialer.api.models import Outgoing
from dialer.api.routing import Answer, Routes
from dialer.settings import Settings
from dialer.store import TrunkNow

routes = Routes()


class TrunkOut(Outgoing):
    """One carrier account."""

    name: str
    from_number: str | None = Field(description="Caller id where a campaign has none of its own.")
    calls_per_second: float = Field(description="What its carrier takes.")
    burst: int = Field(description="Calls that may start at one moment after a pause.")
    accepted: int = Field(description="Calls that its carrier ever accepted.")
    refused: int = Field(description="Calls that it ever refused or left in doubt, or that were not sent.")
    margin: float = Field(description="What the pacing adds to its interval after being refused, such as 0.015.")
    gate_s: float = Field(description="For how many seconds nothing goes out, after a refusal; 0: open.")
    breaker: str = Field(description="So many failures of so many last attempts by it stop it, such as 40/50, or off.")
    stopped_until: datetime | None = Field(
        description="Its breaker is open: nothing goes out before, then probes; null while it is closed."
    )
    seen: str | None = Field(description="Failures of last attempts when it opened, such as 40/50.")
    slots: int | None = Field(description="Calls that may be up at the same time; null: any number.")
    up: int | None = Field(description="Calls that are up or about to be; null where slots are not counted.")

    @classmethod
    def of(cls, name: str, settings: Settings, now: TrunkNow) -> Self:
        """The answer for one trunk, with the settings for calls over it."""
        return cls(
            name=name,
            from_number=settings.from_number,
            calls_per_second=settings.calls_per_second,
            burst=settings.burst,
            accepted=now.budget.accepted,
            refused=now.budget.refused,
            margin=now.budget.margin_ppm / 1_000_000,
            gate_s=now.gate_ms / 1000,
            breaker=settings.trunk_breaker,
            stopped_until=now.tripped.until if now.tripped else None,
            seen=f"{now.tripped.failures}/{now.tripped.of}" if now.tripped else None,
            slots=settings.slots or None,
            up=now.up,
        )


class TrunksOut(Outgoing):
    """All of them, `main` first."""

    trunks: list[TrunkOut]


@routes.get(
    "/v1/trunks", role=Role.READ, answers={200: Answer(description="All of them, `main` first.", model=TrunksOut)}
)
async def list_trunks(request: web.Request) -> web.StreamResponse:
    """The carrier accounts: pace, what was accepted and refused, whether gate and breaker are open, slots."""
    runtime = request.app[RUNTIME]
    settings = runtime.settings
    found = await runtime.store.trunks(settings.trunk_names)
    answer = TrunksOut(trunks=[TrunkOut.of(name, settings.over(name), now) for name, now in found.items()])
    return web.json_response(text=answer.model_dump_json())
