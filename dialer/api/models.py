"""What all bodies have in common: strict and refusing where they come in, frozen and finite where they leave us."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from dialer.clock import in_utc

_DATETIME = TypeAdapter(AwareDatetime)


def _written_out(given: Any) -> datetime:
    # Pydantic also takes seconds since 1970 and what looks like them: 2026 would be half past midnight in 1970.
    with suppress(ValidationError):
        if isinstance(given, datetime) or (isinstance(given, str) and "-" in given[1:]):
            return _DATETIME.validate_python(given)
    raise ValueError("must be a date and time with its offset, such as 2026-12-24T18:00:00+01:00")


def _within_reach(given: datetime) -> datetime:
    if in_utc(given) is None:
        raise PydanticCustomError("too_far", "lies beyond the year 9999: name an earlier moment")
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_within_reach)]
"""A moment with its offset from UTC (RFC 3339)."""


class Incoming(BaseModel):
    """Sent to us: strict, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Nothing(Incoming, json_schema_extra={"examples": [{}]}):
    """No field at all."""


class Outgoing(BaseModel):
    """Sent by us."""

    # By name where we make them, by alias where a client reads them.
    model_config = ConfigDict(
        frozen=True, allow_inf_nan=False, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )
