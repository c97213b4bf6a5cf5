"""`/v1/campaigns`: create, look at, start, pause, resume, cancel, and list the calls of a campaign.

Lists of calls come in through `imports.py`, results go out through `results.py`.
"""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from dialer.access import OPERATE_OR_LAUNCH, Role
from dialer.api.answers import CallOut, CallsOut, CampaignOut, CampaignsOut
from dialer.api.audited import Audit
from dialer.api.brake_bodies import breaker_of, euro_cap_of
from dialer.api.escalation_bodies import NewEscalation, read_planned
from dialer.api.etags import ETAG, campaign_answer
from dialer.api.forecast_bodies import Start
from dialer.api.forecast_refusal import require_possible
from dialer.api.hours import check_end, check_override, note_override, shown, windows_of
from dialer.api.kept_forecasts import refresh
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Nothing
from dialer.api.once import CREATED, PARAMETER, answer_once
from dialer.api.ordering import ordered, require_callable, trunks_of
from dialer.api.problems import ILLEGAL_STEP, IMPOSSIBLE_PLAN, KEY_IN_USE, KEY_REUSED
from dialer.api.queries import CallsQuery, CampaignsQuery
from dialer.api.routing import Answer, Handler, Routes
from dialer.api.schemas import NewCampaign
from dialer.api.share_bodies import caps_of
from dialer.api.telling import callbacks_of
from dialer.audit import Action
from dialer.clock import moment, now_ms
from dialer.conferences.conference import KIND as CONFERENCE
from dialer.errors import IllegalStep, InvalidInput
from dialer.escalations.escalating import OF_CALL, offered
from dialer.escalations.escalation import KIND as ESCALATION
from dialer.escalations.escalation import Person, Plan
from dialer.idempotency import KeptAnswer
from dialer.kinds import KINDS, Callee, default_success, steps_of
from dialer.model import Campaign
from dialer.redialing import check_policy
from dialer.runtime import Runtime
from dialer.scripts import CallScript
from dialer.speech import variable_name
from dialer.states import CAMPAIGN_STEPS, CampaignState
from dialer.store import Store
from dialer.store.escalating import Planned

SCOPE = "post-campaigns"
_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_LENGTH = 11  # 55 bits after the `c`; should two ever meet, the store says so

Draft = functools.partial[Campaign]
"""A campaign that lacks nothing but its id and when it was created."""

CAMPAIGN_TOLD = (
    "name", "kind", "priority", "script", "escalation", "windows", "override_windows", "trunks",
    "retention_days",
)  # fmt: skip
"""What the audit log tells of a campaign that is created."""

routes = Routes()


@routes.post(
    "/v1/campaigns",
    role=Role.LAUNCH,
    answers={
        201: Answer(
            description="The campaign, a draft.",
            model=CampaignOut,
            headers=CREATED,
        )
    },
    problems=(KEY_IN_USE, KEY_REUSED),
    request_headers=PARAMETER,
    audit=Audit(Action.CAMPAIGN_CREATED, tells=CAMPAIGN_TOLD),
)
async def create_campaign(request: web.Request, *, body: NewCampaign) -> web.StreamResponse:
    """Create a campaign. Add its calls, then start it."""
    runtime = request.app[RUNTIME]
    campaign = await draft(body, runtime)
    request[LOG_FIELDS]["override_windows"] = body.override_windows
    return await answer_once(request, SCOPE, body, functools.partial(_create, runtime, campaign))


async def draft(body: NewCampaign, runtime: Runtime) -> Draft:
    """The campaign that a body asks for. Raises InvalidInput."""
    trunks = trunks_of(body, runtime.settings)
    order = ordered(body, runtime.settings, trunks=trunks)
    await require_callable(order.steps, runtime.store)
    if body.expires_at and body.expires_at <= moment(now_ms(runtime.clock)):
        raise InvalidInput("lies in the past: nothing would ever be dialed", field="expires_at")
    check_override(body, body.priority, runtime.settings)
    windows = await windows_of(body, runtime.settings)
    check_end(windows, body.expires_at)
    success = default_success(order.steps) if body.success is None else frozenset(body.success)
    redial = body.redials()
    escalation = await _planned(body.escalation, order.steps, runtime) if body.escalation is not None else None
    check_policy(redial, success, escalates=escalation is not None)
    await runtime.store.require_lists(body.suppression_lists, field="suppression_lists")
    return functools.partial(
        Campaign,
        name=body.name,
        kind=body.kind,
        script=order.script,
        terms=order.terms,
        success=success,
        expires_at=body.expires_at,
        windows=windows,
        override_windows=body.override_windows,
        callbacks=callbacks_of(body, runtime.settings),
        escalation=escalation,
        most=KINDS[body.kind].most,
        priority=body.priority,
        redial=redial,
        max_tries=body.max_tries,
        share=body.share(),
        caps=caps_of(body, body.priority, runtime.settings),
        euro_cap=euro_cap_of(body, runtime.settings),
        breaker=breaker_of(body, body.priority, body.kind, runtime.settings),
        lists=body.lists(),
        trunks=trunks,
        retention_days=body.retention_days,
        unknown=body.unknown,
        state=CampaignState.DRAFT,
        origin=runtime.tracing.origin(),
    )


async def escalation_draft(
    body: NewEscalation, expires_at: datetime | None, runtime: Runtime, *, of_call: Collection[str] = ()
) -> tuple[Draft, Plan]:
    """The campaign that an escalation is, and its plan; texts may say `of_call`, too. Raises InvalidInput."""
    plan = body.plan(runtime.settings)
    try:
        campaign = await draft(body.campaign(expires_at), runtime)
    except InvalidInput as error:  # it says where the fault stands in the campaign's body
        raise InvalidInput(str(error), field=str(error.field).removeprefix("script.")) from None
    _require_values(campaign, plan, of_call)
    return campaign, plan


async def _planned(given: Mapping[str, Any], steps: CallScript, runtime: Runtime) -> dict[str, Any]:
    """What a campaign of these steps begins for a call that is given up, as stored. Raises InvalidInput, Problem."""
    body = read_planned(given)
    try:
        made, plan = await escalation_draft(body, None, runtime, of_call=offered(steps.variables()))
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"escalation.{error.field}") from None
    return Planned(made(id="", created_at=moment(0)), plan).to_dict()


def _require_values(campaign: Draft, plan: Plan, of_call: Collection[str]) -> None:
    steps = steps_of(ESCALATION, json.dumps(campaign.keywords["script"]), Callee())
    for number, step in enumerate(plan.steps):
        for place, person in enumerate(step.people):
            try:
                _require_values_of(person, steps, of_call)
            except InvalidInput as error:
                field = f"steps.{number}.people.{place}.variables.{error.field}"
                raise InvalidInput(str(error), field=field) from None


def _require_values_of(person: Person, steps: CallScript, of_call: Collection[str]) -> None:
    taken = [name for name in person.variables if variable_name(name).startswith(OF_CALL)] if of_call else []
    if taken:
        raise InvalidInput("is told of the call that is given up: choose another name", field=taken[0])
    missing = steps.check(dict.fromkeys(of_call, "told") | dict(person.call(1, 1).variables))
    if missing:
        there = f"; of the call that is given up there are {', '.join(sorted(of_call))}" if of_call else ""
        raise InvalidInput(f"the text needs a value for {missing[0]!r}{there}", field=missing[0])


async def _create(runtime: Runtime, campaign: Draft, derived: str | None) -> KeptAnswer:
    campaign_id = await store_draft(runtime, campaign, derived)
    answer = await shown(runtime, await runtime.store.campaign(campaign_id))
    return KeptAnswer(201, answer.model_dump_json(), f"/v1/campaigns/{campaign_id}")


async def store_draft(runtime: Runtime, campaign: Draft, derived: str | None) -> str:
    """Create the campaign and return its id; under the same derived name only once."""
    campaign_id = _campaign_id(derived)
    created_at = moment(now_ms(runtime.clock))
    # With a derived id False means that the first request, whose answer was lost, created it.
    while not await runtime.store.create_campaign(campaign(id=campaign_id, created_at=created_at)) and not derived:
        campaign_id = _campaign_id(None)
    note_override(await runtime.store.campaign(campaign_id))
    return campaign_id


def _campaign_id(derived: str | None) -> str:
    return f"c{derived[:_ID_LENGTH] if derived else ''.join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))}"


@routes.get(
    "/v1/campaigns", role=Role.READ, answers={200: Answer(description="A page of campaigns.", model=CampaignsOut)}
)
async def list_campaigns(request: web.Request, *, query: CampaignsQuery) -> web.StreamResponse:
    """The campaigns, newest first.

    With a filter a page may hold fewer than `limit`, even none, while there is a next one.
    """
    runtime = request.app[RUNTIME]
    found, cursor = await runtime.store.campaigns(
        limit=query.limit, cursor=query.cursor, state=query.state, kind=query.kind
    )
    shown_all = await asyncio.gather(*(shown(runtime, campaign) for campaign in found))
    page = CampaignsOut(campaigns=list(shown_all), next_cursor=cursor)
    return web.json_response(text=page.model_dump_json())


@routes.get(
    "/v1/campaigns/{campaign_id}",
    role=Role.READ,
    answers={200: Answer(description="The campaign.", model=CampaignOut, headers=ETAG)},
)
async def get_campaign(request: web.Request, campaign_id: str) -> web.StreamResponse:
    """A campaign and how far it is.

    Its ETag is that of what can be changed, for `If-Match`; the counts change on, so it is always told in full.
    """
    runtime = request.app[RUNTIME]
    campaign = await runtime.store.campaign(campaign_id)
    answer, _ = await asyncio.gather(shown(runtime, campaign), refresh(request, campaign))
    return campaign_answer(campaign, answer)


@routes.get(
    "/v1/campaigns/{campaign_id}/calls",
    role=Role.READ,
    answers={200: Answer(description="A page of calls.", model=CallsOut)},
)
async def list_calls(request: web.Request, campaign_id: str, *, query: CallsQuery) -> web.StreamResponse:
    """A campaign's calls, by state and disposition."""
    calls, cursor = await request.app[RUNTIME].store.calls(
        campaign_id, state=query.state, disposition=query.disposition, cursor=query.cursor, limit=query.limit
    )
    page = CallsOut(calls=[CallOut.of(call) for call in calls], next_cursor=cursor)
    return web.json_response(text=page.model_dump_json())


def _step(verb: str) -> Handler:
    async def step(request: web.Request, campaign_id: str, *, body: Nothing) -> web.StreamResponse:  # noqa: ARG001 - declares that nothing is taken
        return await _stepped(request, campaign_id, verb)

    return step


async def _start(request: web.Request, campaign_id: str, *, body: Start) -> web.StreamResponse:
    runtime = request.app[RUNTIME]
    await _require_moderator(runtime.store, campaign_id)
    if not body.force:
        await require_possible(runtime, campaign_id)
    return await _stepped(request, campaign_id, "start")


async def _stepped(request: web.Request, campaign_id: str, verb: str) -> web.StreamResponse:
    request[LOG_FIELDS]["campaign_id"] = campaign_id
    runtime = request.app[RUNTIME]
    campaign = await runtime.store.step(campaign_id, verb)
    return campaign_answer(campaign, await shown(runtime, campaign))


async def _require_moderator(store: Store, campaign_id: str) -> None:
    """Raises IllegalStep for a conference that could never begin, since nobody in its list is its moderator."""
    campaign = await store.campaign(campaign_id)
    if campaign.kind != CONFERENCE or campaign.state is not CampaignState.DRAFT:
        return
    seen = await store.conference(campaign_id)
    if seen.script.moderator is not None and seen.moderator is None:
        raise IllegalStep(
            f"nobody in the list has the moderator {seen.script.moderator!r} as id or number (as in +31201234567):"
            " everybody would wait for him; add him first"
        )


_STEPS_ABOUT = {
    "start": "Begin to dial a draft. One that cannot be done in time is refused with what would mend it, unless it is "
    "urgent, a conference or an escalation, or `force` is set.",
    "pause": "Let nothing new go out; calls under way end by themselves.",
    "resume": "Go on after a pause.",
    "cancel": "End it for good; what has not gone out becomes `cancelled`.",
}
_STEPS_AUDITED = {
    "start": Action.CAMPAIGN_STARTED,
    "pause": Action.CAMPAIGN_PAUSED,
    "resume": Action.CAMPAIGN_RESUMED,
    "cancel": Action.CAMPAIGN_CANCELLED,
}
for _verb in CAMPAIGN_STEPS:
    routes.add(
        "POST",
        f"/v1/campaigns/{{campaign_id}}/{_verb}",
        _start if _verb == "start" else _step(_verb),
        name=f"{_verb}_campaign",
        about=_STEPS_ABOUT[_verb],
        role=Role.LAUNCH if _verb == "start" else OPERATE_OR_LAUNCH,
        answers={200: Answer(description="The campaign after the step.", model=CampaignOut, headers=ETAG)},
        repeatable="a campaign that is there already stays so",
        audit=Audit(_STEPS_AUDITED[_verb], ("force",) if _verb == "start" else ()),
        problems=(ILLEGAL_STEP, IMPOSSIBLE_PLAN) if _verb == "start" else (ILLEGAL_STEP,),
    )
