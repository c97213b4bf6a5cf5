"""Forecasts of running campaigns, kept for whoever polls: made when somebody asks, at most every ten seconds.

What is kept stands in Redis for all API processes, and expires by itself. A poll of the campaign is never slower for
it: it tells what is kept, and where that grows old has the next one made beside it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from aiohttp import web

from dialer import keys
from dialer.api.forecast_answers import ForecastOut
from dialer.api.keys import BACKGROUND, RUNTIME
from dialer.built_in import BUILT_IN
from dialer.errors import StoreUnavailable
from dialer.model import Campaign
from dialer.runtime import Runtime
from dialer.states import CampaignState

FRESH_MS = 10_000
"""So long it is answered as it is: it takes some 0.1 s to make."""
KEPT_MS = 60_000
"""So long a poll of the campaign tells it, should nobody make another."""
_UNKNOWN = "-"


class Kept(NamedTuple):
    """A forecast that is kept.

    Attributes:
        finishes_at: when the campaign is expected to be done.
        text: the whole answer, JSON.
    """

    finishes_at: datetime | None
    text: str
    is_fresh: bool


async def kept_forecast(runtime: Runtime, campaign_id: str) -> Kept | None:
    """The forecast that is kept of a campaign."""
    key = keys.forecast(campaign_id)
    # In this order: should it expire in between, it is none, not one without an end.
    left_ms, stored = await runtime.batch.command("PTTL", key), await runtime.batch.command("GET", key)
    if stored is None:
        return None
    finishes, _, text = stored.partition(" ")
    finishes_at = None if finishes == _UNKNOWN else datetime.fromisoformat(finishes)
    return Kept(finishes_at, text, left_ms > KEPT_MS - FRESH_MS)


async def fresh_forecast(runtime: Runtime, campaign: Campaign) -> str:
    """The forecast as it is kept, or a new one if that is too old."""
    kept = await kept_forecast(runtime, campaign.id)
    return kept.text if kept and kept.is_fresh else await _make(runtime, campaign)


async def refresh(request: web.Request, campaign: Campaign) -> None:
    """Have a forecast made beside the requests if the one that is kept grows old; one process does it."""
    runtime = request.app[RUNTIME]
    if campaign.state is not CampaignState.RUNNING or campaign.id in BUILT_IN.values():
        return
    # Whoever polls is answered, also where Redis takes no write.
    with suppress(StoreUnavailable):
        kept = await kept_forecast(runtime, campaign.id)
        if kept and kept.is_fresh:
            return
        # Whoever dies with the claim is followed by another ten seconds later.
        claim = await runtime.batch.command("SET", keys.forecast_claim(campaign.id), 1, "NX", "PX", FRESH_MS)
        if claim is not None:
            request.app[BACKGROUND].start(_made(runtime, campaign))


async def _made(runtime: Runtime, campaign: Campaign) -> None:
    await _make(runtime, campaign)


async def _make(runtime: Runtime, campaign: Campaign) -> str:
    forecast = await runtime.planning.forecast(campaign)
    text = ForecastOut.of(campaign, forecast).model_dump_json()
    finishes = forecast.outlook.finishes.expected.isoformat() if forecast.outlook.finishes else _UNKNOWN
    with suppress(StoreUnavailable):  # then it is made once more for the next one
        await runtime.batch.command("SET", keys.forecast(campaign.id), f"{finishes} {text}", "PX", KEPT_MS)
    return text
