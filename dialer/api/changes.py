"""`PATCH /v1/campaigns/{campaign_id}`: change a campaign, also while it runs.

Its windows have a route of their own (`hours.py`), for they are worked out anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from aiohttp import web

from dialer import notification, scripts
from dialer.api.answers import CampaignOut
from dialer.api.audited import Audit
from dialer.api.bodies import decode_json
from dialer.api.campaigns import draft
from dialer.api.hours import shown
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.problems import ILLEGAL_STEP
from dialer.api.retelling import told, whole
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import CampaignChange
from dialer.api.share_bodies import ShareBody, caps_of
from dialer.audit import Action
from dialer.errors import IllegalStep, InvalidInput
from dialer.kinds import Callee, steps_of
from dialer.model import Campaign
from dialer.runtime import Runtime
from dialer.store.campaigns import BUILT_IN

routes = Routes()
log = structlog.get_logger(__name__)


@routes.patch(
    "/v1/campaigns/{campaign_id}",
    answers={200: Answer(description="The campaign as it is now.", model=CampaignOut)},
    problems=(ILLEGAL_STEP,),
    audit=Audit(Action.CAMPAIGN_CHANGED, tells=tuple(CampaignChange.model_fields)),
)
async def change_campaign(request: web.Request, campaign_id: str, *, body: CampaignChange) -> web.StreamResponse:
    """Change weight, share, caps, lists, redials or the text of a campaign, also while it runs.

    Calls that begin from now on go by it. Who is on the phone already hears the text with which the call began. What is
    null has no limit any more.
    """
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    runtime = request.app[RUNTIME]
    before = await runtime.store.campaign(campaign_id)
    given = body.model_dump(mode="json", exclude_unset=True)
    if not given:
        raise InvalidInput("names nothing to change", field="body")
    after = await (_changed_share if campaign_id in BUILT_IN.values() else _changed)(before, given, runtime)
    campaign = await runtime.store.change_campaign(before, after)
    log.info("campaign.changed", campaign_id=campaign_id, fields=sorted(given), script_version=campaign.script_version)
    return web.json_response(text=(await shown(runtime, campaign)).model_dump_json())


async def _changed(before: Campaign, given: Mapping[str, Any], runtime: Runtime) -> Campaign:
    """The campaign as it would be, checked as a new one is. Raises InvalidInput, Problem."""
    made = await draft(whole(before, {"name": before.name} | dict(given)), runtime)
    after = made(id=before.id, created_at=before.created_at)
    same = {name: getattr(after, name) for name in ("share", "caps", "lists", "redial", "max_tries")}
    if "script" not in given:
        return replace(before, **same)
    _check_script(before, after)
    return replace(before, **same, script=after.script, terms=after.terms)


async def _changed_share(before: Campaign, given: Mapping[str, Any], runtime: Runtime) -> Campaign:
    """The same for the campaigns of single calls, which have scripts and policies of their own. Raises IllegalStep."""
    if given.keys() - ShareBody.model_fields.keys():
        raise IllegalStep(
            f"{before.id} holds single calls, each with a script of its own: change its share or its caps"
        )
    kept = {name: value for name, value in told(before).items() if name in ShareBody.model_fields}
    body = decode_json(json.dumps(kept | dict(given)).encode(), ShareBody)
    await runtime.store.require_lists(body.suppression_lists, field="suppression_lists")
    caps = caps_of(body, runtime.settings)
    return replace(before, share=body.share(), caps=caps, lists=tuple(body.suppression_lists))


def _check_script(before: Campaign, after: Campaign) -> None:
    """Raises InvalidInput where calls that were added for the old text could not be told the new one."""
    if before.kind not in {notification.KIND, scripts.KIND}:
        raise InvalidInput(f"a {before.kind} keeps its script", field="script")
    old, new = (steps_of(one.kind, json.dumps(one.script), Callee()) for one in (before, after))
    further = sorted(new.variables() - old.variables())
    if further:
        message = f"needs {', '.join(further)}, which the calls that were added may lack; use the variables of before"
        raise InvalidInput(message, field="script")
    if new.connects() > old.connects():
        raise InvalidInput("must not connect to more than before: the budget is set aside already", field="script")
