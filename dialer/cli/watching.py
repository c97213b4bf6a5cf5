"""Following a campaign to its end, through restarts of the API and of its Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dialer.api.answers import CampaignOut
from dialer.cli.pace import Pace
from dialer.cli.screens import Screen, counts_text
from dialer.client import ApiRefusal, AsyncDialer
from dialer.errors import DialerError
from dialer.states import CampaignState

_EVERY_S = 0.5
_ABSENT_S = 60.0  # an API that restarts is back long before
_UNAVAILABLE = 503  # it is there, its Redis is not
_ENDED = {CampaignState.COMPLETED, CampaignState.CANCELLED}


def has_ended(view: CampaignOut) -> bool:
    """Whether it is completed or cancelled."""
    return view.state in _ENDED


def is_hung_up(view: CampaignOut) -> bool:
    """Whether none of its calls is to be hung up any more."""
    return view.hanging_up is None


async def watch(
    dialer: AsyncDialer,
    campaign_id: str,
    *,
    screen: Screen,
    budget: float,
    until: Callable[[CampaignOut], bool] = has_ended,
) -> CampaignOut:
    """Show a campaign until it has ended, or until something else is so, and give it as it is then."""
    clock, pace = asyncio.get_running_loop().time, Pace(budget)
    while True:
        view = await _look(dialer, campaign_id, screen)
        screen.campaign(pace.look(clock(), view))
        if until(view):
            return view
        await asyncio.sleep(_EVERY_S)


def summary(view: CampaignOut) -> str:
    """One line about a campaign that ended."""
    how = counts_text(view.dispositions) or "nothing"
    return f"Campaign {view.id} is {view.state}: {view.total} calls ({how})."


async def _look(dialer: AsyncDialer, campaign_id: str, screen: Screen) -> CampaignOut:
    give_up_at = asyncio.get_running_loop().time() + _ABSENT_S
    told = False
    while True:
        try:
            return await dialer.campaigns.get(campaign_id)
        except DialerError as error:
            final = isinstance(error, ApiRefusal) and error.status != _UNAVAILABLE
            if final or asyncio.get_running_loop().time() > give_up_at:
                raise
            if not told:
                screen.say("The API does not answer; waiting for it to come back ...")
                told = True
            await asyncio.sleep(_EVERY_S)
