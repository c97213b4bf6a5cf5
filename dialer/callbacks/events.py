"""What can be told to the customer's own system: the names of the events, and nothing else."""

from __future__ import annotations

from enum import StrEnum


class CallbackEvent(StrEnum):
    """What can be told."""

    CALL_ENDED = "call.ended"
    ATTEMPT_ENDED = "attempt.ended"
    CAMPAIGN_ENDED = "campaign.ended"
    CALL_CONFIRMED = "call.confirmed"
    NUMBER_OPTED_OUT = "number.opted_out"
