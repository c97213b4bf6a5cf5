"""What a client may say about forecasts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dialer.api.models import Incoming
from dialer.api.schemas import NewCampaign
from dialer.dispositions import Disposition
from dialer.planning import Assumed

Share = Annotated[float, Field(ge=0, le=1)]
Assumable = Literal[
    "confirmed", "answered", "opted_out", "machine", "busy", "no_answer", "rejected", "invalid_number", "failed"
]


class AssumedBody(Incoming):
    """How calls will go, in the place of what the dialer has seen or takes for likely."""

    shares: dict[Assumable, Share] = Field(
        default_factory=dict,
        description="Parts of all attempts by how they end; those left out share what is left as they did.",
    )
    ring_s: float | None = Field(None, ge=0, le=120, description="Until somebody picks up, on average.")
    talk_s: float | None = Field(None, ge=0, le=7200, description="Length of an answered call, on average.")
    price_per_minute: float | None = Field(None, ge=0, le=1000, description="Euro.")
    calls_per_second: float | None = Field(
        None, ge=0.001, le=10_000, description="The budget, instead of the dialer's."
    )

    @model_validator(mode="after")
    def _check_sum(self) -> AssumedBody:
        if sum(self.shares.values()) > 1 + 1e-9:
            raise ValueError("shares must be at most 1 in sum")
        return self


class ForecastBody(Incoming, json_schema_extra={"examples": [{"assume": {"shares": {"answered": 0.6}, "talk_s": 25}}]}):
    """What a forecast is to take for granted."""

    assume: AssumedBody = AssumedBody()

    def assumed(self) -> Assumed:
        """The same in the project's own terms."""
        told = self.assume
        return Assumed(
            shares={Disposition(name): share for name, share in told.shares.items()},
            ring_s=told.ring_s,
            talk_s=told.talk_s,
            price_per_minute=told.price_per_minute,
            calls_per_second=told.calls_per_second,
        )


class PlannedCampaign(ForecastBody):
    """A campaign that is not created, and what its forecast is to take for granted."""

    campaign: NewCampaign = Field(description="As POST /v1/campaigns takes it.")


class NewForecast(
    PlannedCampaign,
    json_schema_extra={
        "examples": [
            {
                "campaign": {"name": "Power cut", "kind": "notification", "script": {"text": "The power is back."}},
                "calls": 20000,
            }
        ]
    },
):
    """The same for so many people of whom nothing else is known."""

    calls: int = Field(ge=1, le=10_000_000, description="How many people are to be called.")


class Start(Incoming, json_schema_extra={"examples": [{"force": True}]}):
    """How to start."""

    force: bool = Field(default=False, description="Start it although not everybody can be called in time.")
