"""`/v1/numbers`: in which calls a number stands, over all campaigns. It travels in bodies, never in paths."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.addresses import parse_address
from dialer.api.audited import Audit
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Incoming, Outgoing
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.dispositions import Disposition
from dialer.errors import NotFound
from dialer.model import Call, Campaign
from dialer.runtime import Runtime
from dialer.states import CallState, CampaignState

routes = Routes()


class FindBody(Incoming, json_schema_extra={"examples": [{"number": "+31201234567"}]}):
    """Which number."""

    number: str = Field(min_length=1, max_length=100, description="E.164, or national in the default region; or a URI.")
    limit: int = Field(1000, ge=1, le=10_000, description="How many calls to show at most.")


class FoundCallOut(Outgoing):
    """A call in which the number is the first or a further one."""

    campaign_id: str
    campaign_name: str
    campaign_state: CampaignState
    call_id: str
    external_id: str | None
    state: CallState
    disposition: Disposition | None
    due_at: datetime | None
    tries: int

    @classmethod
    def of(cls, call: Call, campaign: Campaign) -> Self:
        """The answer for one call."""
        return cls(
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            campaign_state=campaign.state,
            call_id=call.id,
            external_id=call.external_id,
            state=call.state,
            disposition=call.disposition,
            due_at=call.due_at,
            tries=call.attempts,
        )


class FoundOut(Outgoing):
    """Where a number stands."""

    number: str
    suppressed: bool = Field(description="Whether no campaign calls it.")
    since: datetime | None
    total: int = Field(description="In how many calls it stands.")
    calls: list[FoundCallOut] = Field(description="Of the newest campaign first, in each the latest first.")


@routes.post(
    "/v1/numbers/find",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="Where it stands.", model=FoundOut)},
    audit=Audit(Action.NUMBER_FOUND, tells=("number",)),
)
async def find_number(request: web.Request, *, body: FindBody) -> web.StreamResponse:
    """Every call of every campaign, single calls too, in which this is one of the person's numbers.

    Calls with an `id` or with further numbers that an earlier release stored are not found by those.
    """
    runtime = request.app[RUNTIME]
    number = parse_address(body.number, runtime.settings.default_region)
    found, since = await asyncio.gather(runtime.store.calls_of(number), runtime.store.suppressed_since(number))
    request[LOG_FIELDS]["calls"] = len(found)
    shown = found[: body.limit]
    campaigns = await _campaigns(runtime, shown)
    calls = [FoundCallOut.of(call, campaigns[call.campaign_id]) for call in shown if call.campaign_id in campaigns]
    answer = FoundOut(number=number, suppressed=since is not None, since=since, total=len(found), calls=calls)
    return web.json_response(text=answer.model_dump_json())


async def _campaigns(runtime: Runtime, calls: list[Call]) -> Mapping[str, Campaign]:
    """The campaigns of these calls, but for those that were deleted this moment."""
    ids = list({call.campaign_id for call in calls})
    found = await asyncio.gather(*(runtime.store.campaign(one) for one in ids), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, NotFound):
            raise one
    return {one.id: one for one in found if isinstance(one, Campaign)}
