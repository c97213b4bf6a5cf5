"""`.../explain`: why nothing is being dialed now, in words and as a code, and when that changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.answers import DecisionOut
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Outgoing
from dialer.api.routing import Answer, Routes
from dialer.api.share_bodies import CapsOut
from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.explaining.explainer import CallExplained, CampaignExplained, Explainer
from dialer.explaining.reasons import Code, Group, Reason
from dialer.model import Attempt
from dialer.states import CallState, CampaignState

routes = Routes()

_UNTIL = "When that ends; null where nobody knows, and `words` say what to do or what it waits for."


class ReasonOut(Outgoing):
    """A reason not to be dialed now."""

    code: Code
    until: datetime | None = Field(description=_UNTIL)
    words: str

    @classmethod
    def all_of(cls, reasons: Sequence[Reason]) -> list[Self]:
        """The answer for some."""
        return [cls.model_validate(reason, from_attributes=True) for reason in reasons]


class GroupOut(ReasonOut):
    """Calls of a campaign that are not being dialed for one reason; `until` is when the first of them is free."""

    calls: int
    disposition: Disposition | None = Field(description="How they ended, where they are done.")

    @classmethod
    def of(cls, group: Group) -> Self:
        """The answer for one group."""
        code, until, words = group.reason.code, group.reason.until, group.reason.words
        return cls(code=code, until=until, words=words, calls=group.calls, disposition=group.disposition)


class CampaignExplainOut(ReasonOut):
    """Why nothing of a campaign is being dialed now: the strongest reason, and each call's. All at one moment."""

    campaign_id: str
    state: CampaignState
    at: datetime = Field(description="The moment.")
    also: list[ReasonOut] = Field(description="What else is against it.")
    total: int
    reasons: list[GroupOut] = Field(description="All its calls by reason; `calls` add up to `total`.")

    @classmethod
    def of(cls, told: CampaignExplained) -> Self:
        """The answer for one campaign."""
        seen, reason = told.seen, told.explained.reason
        return cls(
            code=reason.code,
            until=reason.until,
            words=reason.words,
            campaign_id=seen.campaign.id,
            state=seen.campaign.state,
            at=moment(seen.now_us / 1000),
            also=ReasonOut.all_of(told.explained.also),
            total=seen.campaign.total,
            reasons=[GroupOut.of(group) for group in told.groups],
        )


class CallExplainOut(ReasonOut):
    """Why a call is not being dialed now, and what decides it."""

    call_id: str
    campaign_id: str
    campaign_name: str
    campaign_state: CampaignState
    state: CallState
    disposition: Disposition | None
    at: datetime = Field(description="The moment.")
    also: list[ReasonOut] = Field(description="What else is against it.")
    would_dial: str | None = Field(description="The number that it dials next; null where there is none.")
    suppressed: dict[str, datetime] = Field(description="Its suppressed numbers, and since when.")
    tries: int = Field(description="How many attempts were used up.")
    max_tries: int | None
    caps: CapsOut
    dialed: list[datetime] = Field(description="When that number was dialed in seven days; these count for the caps.")
    zones: list[str] = Field(description="Whose clocks its windows go by; none without windows.")
    opens_at: datetime | None = Field(description="The stretch of its windows, now or next.")
    closes_at: datetime | None
    decision: DecisionOut | None = Field(description="What allowed its last attempt.")

    @classmethod
    def of(cls, told: CallExplained) -> Self:
        """The answer for one call."""
        call, seen, of_call, campaign = told.call, told.seen, told.of_call, told.seen.campaign
        opens, closes = seen.stretches.get(of_call.cohort, (0, 0))
        reason = told.explained.reason
        return cls(
            code=reason.code,
            until=reason.until,
            words=reason.words,
            call_id=call.id,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            campaign_state=campaign.state,
            state=call.state,
            disposition=call.disposition,
            at=moment(seen.now_us / 1000),
            also=ReasonOut.all_of(told.explained.also),
            would_dial=of_call.number if call.state is not CallState.DONE else None,
            suppressed=dict(of_call.suppressed),
            tries=call.attempts,
            max_tries=campaign.max_tries,
            caps=CapsOut.of(campaign.caps),
            dialed=[moment(at) for at in of_call.dialed_ms],
            zones=list(seen.zones.get(of_call.cohort, ())),
            opens_at=moment(opens) if opens < closes else None,
            closes_at=moment(closes) if opens < closes else None,
            decision=_decision(told.last),
        )


def _decision(last: Attempt | None) -> DecisionOut | None:
    return DecisionOut.model_validate(last.decision, from_attributes=True) if last and last.decision else None


@routes.get(
    "/v1/campaigns/{campaign_id}/explain",
    role=Role.READ,
    answers={200: Answer(description="Why, and when that changes.", model=CampaignExplainOut)},
)
async def explain_campaign(request: web.Request, campaign_id: str) -> web.StreamResponse:
    """Why nothing of a campaign is being dialed now, and for all its calls why each of them is not."""
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    told = await _explainer(request).campaign(campaign_id)
    return web.json_response(text=CampaignExplainOut.of(told).model_dump_json())


@routes.get(
    "/v1/calls/{call_id}/explain",
    role=Role.READ,
    answers={200: Answer(description="Why, and when that changes.", model=CallExplainOut)},
)
async def explain_call(request: web.Request, call_id: str) -> web.StreamResponse:
    """Why a call is not being dialed now, and what decides it."""
    request[LOG_FIELDS]["call_id"] = call_id
    told = await _explainer(request).call(call_id)
    return web.json_response(text=CallExplainOut.of(told).model_dump_json())


def _explainer(request: web.Request) -> Explainer:
    runtime = request.app[RUNTIME]
    return Explainer.of(runtime.settings, runtime.store, runtime.openings)
