"""What all bodies have in common: strict and refusing where they come in, frozen and finite where they leave us."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Incoming(BaseModel):
    """Sent to us: strict, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Nothing(Incoming):
    """No field at all."""


class Outgoing(BaseModel):
    """Sent by us."""

    # By name where we make them, by alias where a client reads them.
    model_config = ConfigDict(
        frozen=True, allow_inf_nan=False, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )
