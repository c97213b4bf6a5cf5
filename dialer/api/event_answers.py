"""What the events of the live stream say: the model of each, by the name of the event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from dialer.api.models import Outgoing
from dialer.changes import Change, Place, Sample
from dialer.dispositions import Disposition
from dialer.model import Priority
from dialer.settings import Settings
from dialer.states import CallState, CampaignState
from dialer.store import TrunkNow


class CampaignEvent(Outgoing):
    """A campaign in little, after it changed. The counts add up to `total`; all else is at `/v1/campaigns/{id}`."""

    id: str
    name: str
    kind: str
    priority: Priority
    state: CampaignState
    reason: str | None = Field(description="Why it is paused, where the dialer paused it by itself.")
    over_reason: str | None = Field(
        description="Why a conference or an escalation is over; of the latter `exhausted` and `expired` mean: untaken."
    )
    total: int
    attempts: int
    counts: dict[CallState, int] = Field(description="Calls by state.")
    dispositions: dict[Disposition, int] = Field(description="Calls that are done, by how they ended.")
    succeeded: int = Field(description="Calls that are done with success.")
    due: int = Field(description="Calls that are due and wait for their turn.")
    hanging_up: int | None = Field(description="How many calls are still to be hung up; null where nobody asked.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """The event for one campaign."""
        told = {name: getattr(sample, name) for name in cls.model_fields if name not in {"succeeded", "hanging_up"}}
        succeeded = sum(sample.dispositions[disposition] for disposition in sample.success)
        return cls(**told, succeeded=succeeded, hanging_up=sample.hanging_up or None)


class TrunkEvent(Outgoing):
    """How a carrier account is: the differences of two events are what was placed between them."""

    trunk: str
    calls_per_second: float = Field(description="What its carrier takes.")
    accepted: int = Field(description="Calls that its carrier ever accepted.")
    refused: int = Field(description="Calls that it ever refused or left in doubt, or that were not sent.")
    gate_s: float = Field(description="For how many seconds nothing goes out, after a refusal; 0: open.")

    @classmethod
    def of(cls, trunk: str, settings: Settings, now: TrunkNow) -> Self:
        """The part for one trunk, with the settings for calls over it."""
        return cls(
            trunk=trunk,
            calls_per_second=settings.calls_per_second,
            accepted=now.budget.accepted,
            refused=now.budget.refused,
            gate_s=now.gate_ms / 1000,
        )


class BudgetEvent(Outgoing):
    """The pace of the whole fleet, once a second."""

    at: datetime = Field(description="By the fleet's clock.")
    trunks: list[TrunkEvent]
    live: int = Field(description="Calls that are up, of all campaigns.")
    due: int = Field(description="Calls that are due and wait for their turn.")
    workers: int = Field(description="Workers that were heard from lately.")
    data_old: bool = Field(
        description="Whether the data in Redis is older than what was seen of it, so that nothing is dialed until "
        "`dialer restored`."
    )


class CallEvent(Outgoing):
    """A call that changed: look at `/v1/calls/{id}` for the rest of it."""

    id: str
    campaign_id: str
    state: CallState
    disposition: Disposition | None
    changed_at: datetime

    @classmethod
    def of(cls, change: Change) -> Self:
        """The event for a change of one call."""
        return cls(
            id=change.subject,
            campaign_id=change.campaign_id,
            state=change.state,
            disposition=change.disposition,
            changed_at=change.at,
        )


class CallsEvent(Outgoing):
    """Many calls of a campaign changed in one stroke, which are not told one by one: they were added or ended."""

    campaign_id: str
    state: CallState = Field(description="In which they are now.")
    disposition: Disposition | None
    changed_at: datetime

    @classmethod
    def of(cls, change: Change) -> Self:
        """The event for a change of many calls."""
        given = {"state": change.state, "disposition": change.disposition, "changed_at": change.at}
        return cls(campaign_id=change.subject, **given)


class GoneEvent(Outgoing):
    """A campaign that was deleted."""

    id: str


class ResetEvent(Outgoing):
    """Changes were missed: forget what was told; all campaigns that are not over follow anew."""

    reason: Literal["too_old", "too_slow", "lost"] = Field(
        description="`too_old`: that Last-Event-ID is not known any more; `too_slow`: more was told than was read; "
        "`lost`: Redis has lost what was written."
    )


EVENTS: Mapping[str, type[Outgoing]] = {
    "campaign": CampaignEvent,
    "budget": BudgetEvent,
    "call": CallEvent,
    "calls": CallsEvent,
    "gone": GoneEvent,
    "reset": ResetEvent,
}
"""The `data` of each event, JSON in one line, by the name of the event."""


def framed(name: str, event: Outgoing) -> bytes:
    """One event as it is sent (HTML, section 9.2.5), but for its id."""
    return f"event: {name}\ndata: {event.model_dump_json()}\n\n".encode()


def id_of(place: Place) -> bytes:
    """The line before it that tells its id."""
    return f"id: {place}\n".encode()
