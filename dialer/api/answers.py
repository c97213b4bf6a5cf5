"""What a client is answered: the pydantic models of all JSON bodies that leave us, and the step from our records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, RootModel

from dialer.api.brake_bodies import BrakesOut, brakes_told
from dialer.api.hours_answers import CohortOut, WindowsOut
from dialer.api.models import Outgoing
from dialer.api.share_bodies import CapsOut
from dialer.dispositions import Disposition, Fact
from dialer.importing import Fault
from dialer.model import Attempt, Call, Campaign, Event, Priority, Progress, Redial, Then, UnknownPolicy
from dialer.openings import Stretch
from dialer.states import CallState, CampaignState
from dialer.tracing import Tracing


class RedialOut(Outgoing):
    """When a call is dialed again after one disposition."""

    times: int
    after_s: float
    growth: float = Field(description="Each further redial waits so many times longer.")
    most_after_s: float = Field(description="The longest wait.")
    then: Then = Field(description="What follows once no redial is left.")
    next_number: bool = Field(description="Whether the next try is at the person's next number.")
    other_hour: bool = Field(description="Whether it is at another hour of the day than all tries before.")

    @classmethod
    def of(cls, redial: Redial) -> Self:
        """The answer for one redial."""
        return cls(
            times=redial.times,
            after_s=redial.after_ms / 1000,
            growth=redial.growth_pct / 100,
            most_after_s=redial.most_after_ms / 1000,
            then=redial.then,
            next_number=redial.next_number,
            other_hour=redial.other_hour,
        )


class TermsOut(Outgoing):
    """How a campaign's calls are placed."""

    caller_ids: list[str]
    random_caller_id: bool
    machine_detection: str | None
    advanced_mode: str | None
    beep_timeout_s: int | None
    ringing_timer_s: int | None
    length_timer_s: int | None
    connects: int = Field(description="How many further calls one call may make; each takes a token.")


class CampaignOut(BrakesOut):
    """A campaign and how far it is. The counts add up to `total`."""

    id: str
    name: str
    kind: str
    state: CampaignState
    priority: Priority
    script: dict[str, JsonValue]
    redial: dict[Disposition, RedialOut]
    weight: int = Field(description="Within its priority, tokens are shared in proportion to it.")
    slots: int | None = Field(description="Calls up at the same time; null: any number.")
    calls_per_second: float | None = Field(description="Never faster than this; null: as its turn comes.")
    caps: CapsOut
    suppression_lists: list[str] = Field(description="Named lists of numbers that it does not call.")
    trunks: list[str] = Field(description="Carrier accounts that its calls may leave by.")
    version: int = Field(description="1, and one more for each change of its terms; in quotes it is the ETag.")
    script_version: int = Field(description="1, and one more for each change of the script.")
    escalation: dict[str, JsonValue] | None = Field(
        description="What `then: escalate` begins for a call that is given up, as `POST /v1/escalations` takes it."
    )
    max_tries: int | None = Field(description="How often one call is tried at the most; null: as `redial` says.")
    retention_days: int | None = Field(description="Days it is kept after its end; null: as for all.")
    unknown: UnknownPolicy
    terms: TermsOut
    success: list[Disposition] = Field(description="Dispositions that count as success.")
    expires_at: datetime | None = Field(description="What is not dialed by then is `expired`.")
    windows: WindowsOut | None = Field(description="When its calls may be dialed; null: always.")
    override_windows: bool = Field(description="Whether it is dialed outside of them all the same.")
    open_now: bool = Field(description="Whether calls may be dialed now, some at least.")
    cohorts: list[CohortOut] = Field(description="The same for the zones of its calls; none without windows.")
    callback_url: str | None = Field(description="Where the customer's own system is told.")
    callback_events: list[str] = Field(description="What it is told.")
    reason: str | None = Field(description="Why it is paused, where the dialer paused it by itself.")
    over_reason: str | None = Field(
        description="Why a conference or an escalation is over; of the latter `exhausted` and `expired` mean: untaken."
    )
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    finishes_at: datetime | None = Field(
        description="When it is expected to be done, at most a minute old (see `.../forecast`); null where it does not "
        "run or nobody asked lately."
    )
    total: int = Field(description="How many calls were ever added.")
    attempts: int = Field(description="How many tries were used on them; one that the carrier refused is none.")
    counts: dict[CallState, int] = Field(description="Calls by state.")
    dispositions: dict[Disposition, int] = Field(description="Calls that are done, by how they ended.")
    succeeded: int = Field(description="Calls that are done with success.")
    hanging_up: int | None = Field(description="How many calls are still to be hung up; null where nobody asked.")

    @classmethod
    def of(
        cls,
        campaign: Campaign,
        progress: Progress,
        stretches: Sequence[Stretch] = (),
        *,
        finishes_at: datetime | None = None,
        escalation: dict[str, Any] | None = None,
    ) -> Self:
        """The answer for one campaign."""
        told = {name: getattr(campaign, name) for name in cls.model_fields if name not in _COMPUTED}
        return cls(
            **told | {"script": dict(campaign.script)},
            redial={disposition: RedialOut.of(redial) for disposition, redial in campaign.redial.items()},
            counts={state: progress.counts.get(state, 0) for state in CallState},
            dispositions={d: progress.dispositions.get(d, 0) for d in Disposition},
            terms=TermsOut.model_validate(campaign.terms, from_attributes=True),
            success=sorted(campaign.success),
            weight=campaign.share.weight,
            slots=campaign.share.slots,
            calls_per_second=campaign.share.calls_per_second,
            caps=CapsOut.of(campaign.caps),
            **brakes_told(campaign),
            suppression_lists=list(campaign.lists),
            trunks=list(campaign.trunks),
            succeeded=sum(progress.dispositions.get(d, 0) for d in campaign.success),
            hanging_up=progress.hanging_up,
            windows=WindowsOut.of(campaign.windows) if campaign.windows else None,
            open_now=any(s.is_open for s in stretches) if stretches else True,
            cohorts=[CohortOut.model_validate(s, from_attributes=True) for s in stretches],
            finishes_at=finishes_at,
            escalation=escalation,
            callback_url=campaign.callbacks.url if campaign.callbacks else None,
            callback_events=sorted(campaign.callbacks.events) if campaign.callbacks else [],
        )


_COMPUTED = {
    "redial", "counts", "dispositions", "terms", "success", "succeeded", "hanging_up", "windows", "open_now", "cohorts",
    "callback_url", "callback_events", "weight", "slots", "calls_per_second", "caps", "suppression_lists", "trunks",
    "finishes_at", "escalation", *BrakesOut.model_fields,
}  # fmt: skip


class HangUpOut(Outgoing):
    """What hanging up everything means."""

    campaign_id: str
    calls: int = Field(description="How many calls are up, or may be, and are ended.")
    seconds: int = Field(description="How long that takes at the pace that the carrier allows.")


class CampaignsOut(Outgoing):
    """A page of campaigns, newest first."""

    campaigns: list[CampaignOut]
    next_cursor: str | None


class EventOut(Outgoing):
    """A carrier's event as it was kept."""

    kind: str
    at: datetime | None = Field(description="By the carrier's clock.")
    received_at: datetime
    payload: dict[str, JsonValue]

    @classmethod
    def of(cls, event: Event) -> Self:
        """The answer for one event."""
        return cls(kind=event.kind, at=event.at, received_at=event.received_at, payload=dict(event.payload))


class DecisionOut(Outgoing):
    """By which rules an attempt was let go."""

    windows_version: int | None = Field(description="Of the campaign's windows; null where it had none.")
    override_windows: bool = Field(description="Whether they were overridden, and may have been closed.")
    opens_at: datetime | None = Field(description="The stretch of them in which it was begun; null in an override.")
    closes_at: datetime | None
    script_version: int = Field(description="Of the text that the call says.")
    list_versions: dict[str, int] = Field(description="Of the suppression lists; `*` is that of all campaigns.")


class AttemptOut(Outgoing):
    """One try at a call."""

    id: str
    number: int = Field(description="1 for the first.")
    dialed: str = Field(description="The number that it dialed.")
    trunk: str = Field(description="The carrier account that it left by.")
    state: str
    placed_at: datetime | None
    uuid: str | None = Field(description="The carrier's id of it.")
    result: str | None = Field(description="What the carrier answered to the request.")
    facts: list[Fact]
    disposition: Disposition | None
    keys: str = Field(description="What was pressed, question by question.")
    figures: dict[str, str | int] = Field(description="Duration, price and the like, as the carrier told.")
    muted: bool = Field(description="Whether the others were made not to hear this party.")
    earmuffed: bool = Field(description="Whether this party was made not to hear the others.")
    recordings: list[str] = Field(description="Ids of its recordings, see `/v1/recordings/{recording_id}`.")
    decision: DecisionOut | None = Field(description="What allowed it, as it stood when it was begun.")
    trace_id: str | None = Field(description="The trace of it, where one is made.")
    events: list[EventOut]

    @classmethod
    def of(cls, attempt: Attempt, dialed: str, trace_id: str | None) -> Self:
        """The answer for one attempt."""
        given = {"events", "dialed", "decision", "trace_id"}
        told: dict[str, Any] = {name: getattr(attempt, name) for name in cls.model_fields if name not in given}
        told |= {"facts": sorted(attempt.facts), "figures": dict(attempt.figures)}
        told |= {"recordings": list(attempt.recordings)}
        decision = DecisionOut.model_validate(attempt.decision, from_attributes=True) if attempt.decision else None
        told |= {"dialed": dialed, "decision": decision, "trace_id": trace_id}
        return cls(**told, events=[EventOut.of(event) for event in attempt.events])


class CallOut(Outgoing):
    """The duty to reach one person, and how it stands."""

    id: str
    campaign_id: str
    number: str
    others: list[str] = Field(description="Further numbers of the same person.")
    external_id: str | None = Field(description="Your own id of it.")
    variables: dict[str, str]
    state: CallState
    due_at: datetime | None = Field(description="When it may be dialed next.")
    disposition: Disposition | None
    ended_at: datetime | None
    tries: int = Field(description="How many attempts were used up.")
    timezone: str | None = Field(description="Where the person is, if that was told; null: as the number says.")
    expires_at: datetime | None = Field(description="Its own end; null: as its campaign's.")
    escalation_id: str | None = Field(
        description="The escalation that is begun for it, since it was given up: it is there within seconds."
    )

    @classmethod
    def of(cls, call: Call) -> Self:
        """The answer for one call."""
        return cls(**_told(call))


class CallWithAttemptsOut(CallOut):
    """A call with all that was tried and heard."""

    attempts: list[AttemptOut]

    @classmethod
    def with_attempts(cls, call: Call, attempts: Sequence[Attempt], tracing: Tracing) -> Self:
        """The answer for one call and all that is known of it."""
        told = [AttemptOut.of(one, call.dialed(one), tracing.trace_id(one.id)) for one in attempts]
        return cls(**_told(call), attempts=told)


class OrderOut(Outgoing):
    """An order that was carried out."""

    do: str
    call_id: str
    attempt_id: str


class CallsOut(Outgoing):
    """A page of calls."""

    calls: list[CallOut]
    next_cursor: str | None


class RejectionOut(Outgoing):
    """A row that was not taken."""

    row: int = Field(description="1 is the first row after the header, or the first element.")
    column: str | None
    value: str | None
    code: Fault = Field(description="Which kind of fault it is; codes stay as they are.")
    reason: str
    remedy: str


class ImportOut(Outgoing):
    """What became of a list."""

    accepted: int
    duplicates: int
    rejected: int
    rejections: list[RejectionOut] = Field(description="The first 1000 of the rejected.")


class FieldErrorOut(Outgoing):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemOut(Outgoing):
    """Problem details (RFC 9457)."""

    type: str = Field(description="A stable relative URI that names the kind of problem.")
    title: str
    status: int
    detail: str = Field(description="What is wrong and how to mend it, for people.")
    field: str = Field(default="", description="Dotted path of the first field to mend, where there is one.")
    errors: list[FieldErrorOut] = Field(default=[], description="All fields to mend, where there are several.")


class TargetGroup(Outgoing):
    """Processes of one role, as Prometheus' HTTP service discovery takes them."""

    targets: list[str] = Field(description="Host and port of each.")
    labels: dict[str, str] = Field(description="`role`: `api` or `worker`.")


class TargetsOut(RootModel[list[TargetGroup]]):
    """Where all processes tell their metrics."""


class HealthOut(Outgoing):
    """Whether it is well, and what was looked at."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = Field(default={}, description="What was looked at, and what was found.")


def _told(call: Call) -> dict[str, Any]:
    told = {name: getattr(call, name) for name in CallOut.model_fields if name != "tries"}
    return {**told, "variables": dict(call.variables), "others": list(call.others), "tries": call.attempts}
