"""`/v1/campaigns/{campaign_id}/forecast`: who will be skipped, when it will be done, what it takes and costs."""

from __future__ import annotations

from aiohttp import web

from dialer.access import Role
from dialer.api.forecast_answers import ForecastOut
from dialer.api.forecast_bodies import ForecastBody
from dialer.api.kept_forecasts import fresh_forecast
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.problems import ILLEGAL_STEP
from dialer.api.routing import Answer, Routes
from dialer.errors import IllegalStep
from dialer.model import Campaign
from dialer.runtime import Runtime
from dialer.states import CampaignState

_OVER = frozenset({CampaignState.COMPLETED, CampaignState.CANCELLED})

routes = Routes()


@routes.post(
    "/v1/campaigns/{campaign_id}/forecast",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="The forecast; nothing is changed.", model=ForecastOut)},
    problems=(ILLEGAL_STEP,),
    audit=None,  # it changes nothing
)
async def check_campaign(request: web.Request, campaign_id: str, *, body: ForecastBody) -> web.StreamResponse:
    """Look ahead before it starts, or while it runs: everybody is looked at, one by one.

    A million calls take some seconds. Beside it stand the campaigns that run now and share the budget.
    """
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    runtime = request.app[RUNTIME]
    campaign = await _open(runtime, campaign_id)
    forecast = await runtime.planning.forecast(campaign, body.assumed(), whole=True)
    return web.json_response(text=ForecastOut.of(campaign, forecast).model_dump_json())


@routes.get(
    "/v1/campaigns/{campaign_id}/forecast",
    role=Role.READ,
    answers={200: Answer(description="The forecast, at most ten seconds old.", model=ForecastOut)},
    problems=(ILLEGAL_STEP,),
)
async def get_forecast(request: web.Request, campaign_id: str) -> web.StreamResponse:
    """How it stands with that now, from a sample of a thousand calls: cheap enough to be asked often."""
    runtime = request.app[RUNTIME]
    campaign = await _open(runtime, campaign_id)
    return web.json_response(text=await fresh_forecast(runtime, campaign))


async def _open(runtime: Runtime, campaign_id: str) -> Campaign:
    campaign = await runtime.store.campaign(campaign_id)
    if campaign.state in _OVER:
        raise IllegalStep(f"campaign {campaign_id} is {campaign.state}: there is nothing to look ahead to")
    return campaign
