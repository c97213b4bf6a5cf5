"""Windows as a client sends and sees them, and `PUT /v1/campaigns/{campaign_id}/windows`, which changes them at once.

What needs a country's holidays goes to a thread: the first look at them takes a third of a second, and webhooks wait.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog
from aiohttp import web

from dialer.access import Role
from dialer.api.answers import CampaignOut
from dialer.api.audited import Audit
from dialer.api.etags import ETAG, IF_MATCH, campaign_answer, wanted_version
from dialer.api.hours_bodies import HoursBody, WindowsBody, WindowsChange
from dialer.api.kept_forecasts import kept_forecast
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.problems import CHANGED_MEANWHILE, ILLEGAL_STEP
from dialer.api.retelling import escalation_told
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.errors import InvalidInput
from dialer.model import Campaign, Priority
from dialer.runtime import Runtime
from dialer.settings import Settings
from dialer.states import CampaignState
from dialer.window_text import hours_of, parse_dates
from dialer.windows import Hours, Windows, check_holidays, check_zone

routes = Routes()
log = structlog.get_logger(__name__)


async def windows_of(body: WindowsChange, settings: Settings) -> Windows | None:
    """The windows that a body asks for, the dialer's default where it asks for none. Raises InvalidInput."""
    return await asyncio.to_thread(_checked, body, settings)


def _checked(body: WindowsChange, settings: Settings) -> Windows | None:
    return settings.default_windows if body.windows is None else _windows(body.windows)


def check_end(windows: Windows | None, expires_at: datetime | None) -> None:
    """Raises InvalidInput where a campaign would be over before it begins."""
    if windows and windows.not_before and expires_at and expires_at <= windows.not_before:
        raise InvalidInput("lies after expires_at: nothing would ever be dialed", field="windows.not_before")


def check_override(body: WindowsChange, priority: Priority, settings: Settings) -> None:
    """Raises InvalidInput where dialing outside of the windows is asked for without the right to it."""
    if not body.override_windows:
        return
    if priority is not Priority.URGENT:
        raise InvalidInput("is for urgent campaigns alone", field="override_windows")
    if not settings.allow_override:
        message = "is not allowed here: whoever runs this dialer sets DIALER_ALLOW_OVERRIDE"
        raise InvalidInput(message, field="override_windows")


def note_override(campaign: Campaign) -> None:
    """Leave a trace of a campaign that is dialed outside of its windows."""
    if campaign.override_windows:
        log.warning("campaign.windows_overridden", campaign_id=campaign.id)


async def shown(runtime: Runtime, campaign: Campaign) -> CampaignOut:
    """A campaign as it is answered, with how its cohorts stand and when it is expected to be done."""
    [progress], stretches, kept = await asyncio.gather(
        runtime.store.progress([campaign.id]), runtime.openings.of(campaign), kept_forecast(runtime, campaign.id)
    )
    finishes_at = kept.finishes_at if kept and campaign.state is CampaignState.RUNNING else None
    planned = escalation_told(campaign)
    return CampaignOut.of(campaign, progress, stretches, finishes_at=finishes_at, escalation=planned)


@routes.put(
    "/v1/campaigns/{campaign_id}/windows",
    role=Role.LAUNCH,
    answers={200: Answer(description="The campaign with its new windows.", model=CampaignOut, headers=ETAG)},
    problems=(ILLEGAL_STEP, CHANGED_MEANWHILE),
    request_headers=IF_MATCH,
    audit=Audit(Action.CAMPAIGN_WINDOWS_CHANGED, tells=("windows", "override_windows")),
)
async def change_windows(request: web.Request, campaign_id: str, *, body: WindowsChange) -> web.StreamResponse:
    """Give a campaign other windows, also while it runs.

    They are kept at once: what was about to leave in the old hours does not leave outside of the new ones.
    """
    request[LOG_FIELDS] |= {"campaign_id": campaign_id, "override_windows": body.override_windows}
    runtime = request.app[RUNTIME]
    before = await runtime.store.campaign(campaign_id)
    version = wanted_version(request, before)
    check_override(body, before.priority, runtime.settings)
    windows = await windows_of(body, runtime.settings)
    check_end(windows, before.expires_at)
    campaign = await runtime.store.change_windows(campaign_id, windows, override=body.override_windows, version=version)
    log.info("campaign.windows_changed", campaign_id=campaign_id, windows=windows.to_dict() if windows else None)
    note_override(campaign)
    return campaign_answer(campaign, await shown(runtime, campaign))


def _windows(body: WindowsBody) -> Windows:
    try:
        return Windows(
            hours=tuple(_hours(hours, position) for position, hours in enumerate(body.hours)),
            closed=parse_dates(body.closed),
            holidays=check_holidays(body.holidays) if body.holidays else None,
            not_before=body.not_before,
            zone=check_zone(body.timezone) if body.timezone else None,
        )
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"windows.{error.field}") from None


def _hours(body: HoursBody, position: int) -> Hours:
    try:
        return hours_of(body.days, body.from_, body.to)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"hours.{position}.{error.field}") from None
