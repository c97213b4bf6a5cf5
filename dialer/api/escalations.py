"""`/v1/escalations`: begin an alarm, see how far it is and who has confirmed, confirm for somebody, and end it.

An escalation is a campaign of its kind. Beginning one creates the campaign, stores its plan and starts it, in this
order: what a crash leaves in between is a draft that dials nobody, and the same request, sent again under its key,
finishes it. The workers let step follow step (`jobs/escalation.py`).
"""

from __future__ import annotations

import functools
from datetime import timedelta

from aiohttp import web

from dialer.access import OPERATE_OR_LAUNCH, Role
from dialer.addresses import parse_address
from dialer.api.audited import Audit
from dialer.api.campaigns import Draft, escalation_draft, store_draft
from dialer.api.escalation_answers import EscalationOut, EscalationsOut
from dialer.api.escalation_bodies import ConfirmBody, EscalationsQuery, NewEscalation
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Nothing
from dialer.api.once import CREATED, PARAMETER, answer_once
from dialer.api.problems import ILLEGAL_STEP, KEY_IN_USE, KEY_REUSED
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.clock import moment, now_ms
from dialer.errors import InvalidInput
from dialer.escalations.climbing import climb, end
from dialer.escalations.escalation import AFTER_LAST_S, Plan
from dialer.escalations.ladder import Escalation, Why
from dialer.idempotency import KeptAnswer
from dialer.runtime import Runtime
from dialer.states import CampaignState

SCOPE = "post-escalations"

routes = Routes()


@routes.post(
    "/v1/escalations",
    role=Role.LAUNCH,
    answers={
        201: Answer(
            description="The escalation; its first step begins.",
            model=EscalationOut,
            headers=CREATED,
        )
    },
    problems=(KEY_IN_USE, KEY_REUSED),
    request_headers=PARAMETER,
    audit=Audit(Action.ESCALATION_BEGUN, tells=("name", "priority", "text", "needed", "repeat", "retention_days")),
)
async def create_escalation(request: web.Request, *, body: NewEscalation) -> web.StreamResponse:
    """Begin an escalation: call the people of the first step, then of the next, until enough have confirmed."""
    runtime = request.app[RUNTIME]
    latest = moment(now_ms(runtime.clock)) + timedelta(seconds=body.plan(runtime.settings).longest_s + AFTER_LAST_S)
    campaign, plan = await escalation_draft(body, body.expires_at or latest, runtime)
    return await answer_once(request, SCOPE, body, functools.partial(_begin, runtime, campaign, plan))


@routes.get(
    "/v1/escalations", role=Role.READ, answers={200: Answer(description="A page of escalations.", model=EscalationsOut)}
)
async def list_escalations(request: web.Request, *, query: EscalationsQuery) -> web.StreamResponse:
    """The escalations, newest first."""
    found, cursor = await request.app[RUNTIME].store.escalations(limit=query.limit, cursor=query.cursor)
    page = EscalationsOut(escalations=[EscalationOut.of(one) for one in found], next_cursor=cursor)
    return web.json_response(text=page.model_dump_json())


@routes.get(
    "/v1/escalations/{escalation_id}",
    role=Role.READ,
    answers={200: Answer(description="The escalation.", model=EscalationOut)},
)
async def get_escalation(request: web.Request, escalation_id: str) -> web.StreamResponse:
    """An escalation as it is at this moment: which step is on, who has confirmed, how everybody stands."""
    return await _answer(request.app[RUNTIME], escalation_id)


@routes.post(
    "/v1/escalations/{escalation_id}/end",
    role=OPERATE_OR_LAUNCH,
    repeatable="one that is over stays so",
    answers={202: Answer(description="It is over; the workers hang up what rings.", model=EscalationOut)},
    audit=Audit(Action.ESCALATION_ENDED),
)
async def end_escalation(request: web.Request, escalation_id: str, *, body: Nothing) -> web.StreamResponse:  # noqa: ARG001 - declares that nothing is taken
    """End an escalation: nobody is called any more, and what rings is hung up.

    Whoever is listening is not cut off, and hears after the key that it is settled.
    """
    request[LOG_FIELDS]["campaign_id"] = escalation_id
    runtime = request.app[RUNTIME]
    await end(await runtime.store.escalation(escalation_id), Why.BY_HAND, runtime.store, runtime.clock)
    return await _answer(runtime, escalation_id, status=202)


@routes.post(
    "/v1/escalations/{escalation_id}/confirm",
    role=OPERATE_OR_LAUNCH,
    repeatable="whoever has confirmed counts once",
    answers={200: Answer(description="The escalation; the confirmation counts.", model=EscalationOut)},
    problems=(ILLEGAL_STEP,),
    audit=Audit(Action.ESCALATION_CONFIRMED, tells=("by",)),
)
async def confirm_escalation(request: web.Request, escalation_id: str, *, body: ConfirmBody) -> web.StreamResponse:
    """Confirm for one of the people, who has told it in another way; it is noted as by hand."""
    request[LOG_FIELDS]["campaign_id"] = escalation_id
    runtime = request.app[RUNTIME]
    person = _person(await runtime.store.escalation(escalation_id), body.person, runtime.settings.default_region)
    await runtime.store.confirm_by_hand(escalation_id, person, body.by)
    await climb(escalation_id, runtime.store, runtime.clock)
    return await _answer(runtime, escalation_id)


async def _begin(runtime: Runtime, campaign: Draft, plan: Plan, derived: str | None) -> KeptAnswer:
    store = runtime.store
    escalation_id = await store_draft(runtime, campaign, derived)
    if (await store.campaign(escalation_id)).state is CampaignState.DRAFT:
        await store.store_plan(escalation_id, plan, until=campaign.keywords["expires_at"])
        await store.step(escalation_id, "start")
        await climb(escalation_id, store, runtime.clock)
    answer = EscalationOut.of(await store.escalation(escalation_id))
    return KeptAnswer(201, answer.model_dump_json(), f"/v1/escalations/{escalation_id}")


async def _answer(runtime: Runtime, escalation_id: str, *, status: int = 200) -> web.Response:
    answer = EscalationOut.of(await runtime.store.escalation(escalation_id))
    return web.json_response(text=answer.model_dump_json(), status=status)


def _person(seen: Escalation, named: str, region: str) -> str:
    """Who is meant by an id or a number. Raises InvalidInput."""
    people = seen.plan.people
    if named in people:
        return named
    try:
        number = parse_address(named, region)
    except InvalidInput:
        number = named
    found = [key for key, person in people.items() if number in {person.number, *person.others}]
    if len(found) != 1:
        many = f"{len(found)} are so: give the id" if found else "nobody is"
        raise InvalidInput(f"must be the id or number of one of the people; {many}", field="person")
    return found[0]
