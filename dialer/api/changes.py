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
from dialer.access import Role
from dialer.api.answers import CampaignOut
from dialer.api.audited import Audit
from dialer.api.bodies import decode_json
from dialer.api.brake_bodies import BrakesBody, breaker_of, euro_cap_of
from dialer.api.etags import ETAG, IF_MATCH, campaign_answer, wanted_version
from dialer.api.hours import shown
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.ordering import ordered, require_callable
from dialer.api.problems import CHANGED_MEANWHILE, ILLEGAL_STEP
from dialer.api.retelling import told, whole
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import CampaignChange
from dialer.api.share_bodies import NO_CAPS, ShareBody, caps_of
from dialer.audit import Action
from dialer.built_in import BUILT_IN
from dialer.errors import IllegalStep, InvalidInput
from dialer.escalations.escalating import offered
from dialer.kinds import Callee, steps_of
from dialer.model import Campaign
from dialer.redialing import check_policy
from dialer.runtime import Runtime
from dialer.store.escalating import Planned

Json = Mapping[str, Any]

_LIMITS = ShareBody.model_fields.keys() | BrakesBody.model_fields.keys()

routes = Routes()
log = structlog.get_logger(__name__)


@routes.patch(
    "/v1/campaigns/{campaign_id}",
    role=Role.LAUNCH,
    answers={200: Answer(description="The campaign as it is now.", model=CampaignOut, headers=ETAG)},
    problems=(ILLEGAL_STEP, CHANGED_MEANWHILE),
    request_headers=IF_MATCH,
    audit=Audit(Action.CAMPAIGN_CHANGED, tells=tuple(CampaignChange.model_fields)),
)
async def change_campaign(request: web.Request, campaign_id: str, *, body: CampaignChange) -> web.StreamResponse:
    """Change weight, share, caps, breaker, lists, redials or the text of a campaign, also while it runs.

    Calls that begin from now on go by it. Who is on the phone already hears the text with which the call began. A limit
    that is null is taken away; of `caps` those that are left out stay; `redial`, `suppression_lists` and `script` are
    replaced as a whole. What counts as success stays as it was.
    """
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    runtime = request.app[RUNTIME]
    before = await runtime.store.campaign(campaign_id)
    version = wanted_version(request, before)
    given = body.model_dump(mode="json", exclude_unset=True)
    if not given:
        raise InvalidInput("names nothing to change: give one thing at least, such as a weight", field="body")
    after = await _changed(before, body, given, runtime)
    campaign = await runtime.store.change_campaign(before, after, version=version)
    request[LOG_FIELDS]["script_version"] = campaign.script_version
    log.info("campaign.changed", campaign_id=campaign_id, fields=sorted(given), script_version=campaign.script_version)
    return campaign_answer(campaign, await shown(runtime, campaign))


async def _changed(before: Campaign, body: CampaignChange, given: Json, runtime: Runtime) -> Campaign:
    """The campaign as it would be; of its rest nothing is checked anew. Raises InvalidInput, IllegalStep, Problem."""
    share = _share(before, given)
    await runtime.store.require_lists(share.suppression_lists, field="suppression_lists")
    caps = caps_of(share, before.priority, runtime.settings)
    after = replace(before, share=share.share(), caps=caps, lists=share.lists())
    if given.keys() & BrakesBody.model_fields.keys():
        brakes = _brakes(before, given)
        breaker = breaker_of(brakes, before.priority, before.kind, runtime.settings)
        after = replace(after, euro_cap=euro_cap_of(brakes, runtime.settings), breaker=breaker)
    if before.id in BUILT_IN.values() and given.keys() - _LIMITS:
        raise IllegalStep(
            f"{before.id} holds single calls, each with a script of its own: change its share or its caps"
        )
    if "redial" in given:
        after = replace(after, redial=body.redials())
        check_policy(after.redial, after.success, escalates=after.escalation is not None)
    if "max_tries" in given:
        after = replace(after, max_tries=body.max_tries)
    return await _with_script(after, given, runtime) if "script" in given else after


def _share(before: Campaign, given: Json) -> ShareBody:
    """Share, caps and lists, with what is given in the place of what was. Raises Problem."""
    known = told(before)
    after = {name: given.get(name, known[name]) for name in ShareBody.model_fields}
    # Null takes all caps away; it does not ask for those of all campaigns again.
    after["caps"] = known["caps"] | given["caps"] if given.get("caps") else after["caps"] or NO_CAPS
    return decode_json(json.dumps(after).encode(), ShareBody)


def _brakes(before: Campaign, given: Json) -> BrakesBody:
    """Caps in euro and breaker likewise; null takes either away. Raises Problem."""
    known = told(before)
    after = {name: given.get(name, known[name]) for name in BrakesBody.model_fields}
    if given.get("euro_cap"):
        after["euro_cap"] = (known["euro_cap"] or {}) | given["euro_cap"]
    after["breaker"] = after["breaker"] or "off"
    return decode_json(json.dumps(after).encode(), BrakesBody)


async def _with_script(before: Campaign, given: Json, runtime: Runtime) -> Campaign:
    """The same with another script, and what follows from it for how calls are placed. Raises InvalidInput, Problem."""
    if before.kind not in {notification.KIND, scripts.KIND}:
        raise InvalidInput(f"a {before.kind} keeps its script", field="script")
    order = ordered(whole(before, {"name": before.name, "script": given["script"]}), runtime.settings)
    await require_callable(order.steps, runtime.store)
    after = replace(before, script=order.script, terms=order.terms)
    _check_script(before, after)
    return after


def _check_script(before: Campaign, after: Campaign) -> None:
    """Raises InvalidInput where calls that were added for the old text could not be told the new one."""
    old, new = (steps_of(one.kind, json.dumps(one.script), Callee()) for one in (before, after))
    further = sorted(new.variables() - old.variables())
    if further:
        message = f"needs {', '.join(further)}, which the calls that were added may lack; use the variables of before"
        raise InvalidInput(message, field="script")
    untold = sorted(Planned.from_dict(before.escalation).wanted - offered(new.variables())) if before.escalation else ()
    if untold:
        message = f"must go on to need what the escalation says as {', '.join(untold)}: later calls could lack it"
        raise InvalidInput(message, field="script")
    if new.connects() > old.connects():
        raise InvalidInput("must not connect to more than before: the budget is set aside already", field="script")
