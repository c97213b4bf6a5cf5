"""What can be told to the customer's own system: the names of the events, and which of them a campaign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CallbackEvent(StrEnum):
    """What can be told."""

    CALL_ENDED = "call.ended"
    ATTEMPT_ENDED = "attempt.ended"
    CAMPAIGN_ENDED = "campaign.ended"
    CALL_CONFIRMED = "call.confirmed"
    NUMBER_OPTED_OUT = "number.opted_out"


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What a campaign tells the customer's own system, and where; `events` are names such as `call.ended`."""

    url: str
    events: frozenset[str]
