"""`/v1/campaigns/{campaign_id}/hang-up`: end every call of a campaign. The workers do it (`jobs/hang_up.py`)."""

from __future__ import annotations

import math

from aiohttp import web

from dialer.access import OPERATE_OR_LAUNCH, Role
from dialer.api.answers import HangUpOut
from dialer.api.audited import Audit
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Nothing
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.processes.heartbeat import read_fleet
from dialer.runtime import Runtime
from dialer.states import UP

BEGINS_WITHIN_S = 1
"""The workers look for calls to hang up more often than that; the first request takes its time."""

routes = Routes()


@routes.get(
    "/v1/campaigns/{campaign_id}/hang-up",
    role=Role.READ,
    answers={200: Answer(description="What it would mean now.", model=HangUpOut)},
)
async def preview_hang_up(request: web.Request, campaign_id: str) -> web.StreamResponse:
    """How many calls hanging up everything would end now, and how long that would take. Changes nothing."""
    runtime = request.app[RUNTIME]
    await runtime.store.campaign(campaign_id)
    [progress] = await runtime.store.progress([campaign_id])
    calls = max(progress.hanging_up or 0, sum(progress.counts[state] for state in UP))
    return web.json_response(text=await _answer(runtime, campaign_id, calls))


@routes.post(
    "/v1/campaigns/{campaign_id}/hang-up",
    role=OPERATE_OR_LAUNCH,
    repeatable="nobody is hung up on twice",
    answers={202: Answer(description="It begins; `hanging_up` of the campaign tells what is left.", model=HangUpOut)},
    audit=Audit(Action.CAMPAIGN_HUNG_UP),
)
async def hang_up_campaign(request: web.Request, campaign_id: str, *, body: Nothing) -> web.StreamResponse:  # noqa: ARG001 - declares that nothing is taken
    """Hang up everything: pause the campaign and end all its calls that are up.

    Stop means stop: a running campaign is paused in the same step, so that nothing new goes out, and stays so until
    it is resumed. Nobody who was hung up on is dialed again.
    """
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    runtime = request.app[RUNTIME]
    calls = await runtime.store.hang_up_all(campaign_id)
    return web.json_response(text=await _answer(runtime, campaign_id, calls), status=202)


async def _answer(runtime: Runtime, campaign_id: str, calls: int) -> str:
    fleet = await read_fleet(runtime.batch)
    seconds = fleet.seconds_for(calls, runtime.settings.other_requests_per_second)
    expected = math.ceil(BEGINS_WITHIN_S + seconds) if calls else 0
    return HangUpOut(campaign_id=campaign_id, calls=calls, seconds=expected).model_dump_json()
