"""`POST /v1/campaigns/{id}/again`: a new campaign from those whom another did not reach."""

from __future__ import annotations

import functools
from typing import Any

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.answers import CampaignOut
from dialer.api.audited import Audit
from dialer.api.campaigns import CAMPAIGN_TOLD, Draft, draft, store_draft
from dialer.api.hours import shown
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Outgoing
from dialer.api.once import CREATED, PARAMETER, answer_once
from dialer.api.problems import ILLEGAL_STEP, KEY_IN_USE, KEY_REUSED
from dialer.api.retelling import whole
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import CampaignAgain
from dialer.audit import Action
from dialer.built_in import BUILT_IN
from dialer.dispositions import Disposition
from dialer.errors import IllegalStep, InvalidInput, NotFound
from dialer.idempotency import KeptAnswer
from dialer.model import Campaign
from dialer.runtime import Runtime
from dialer.store.copies import NEVER_AGAIN

routes = Routes()


class AgainOut(Outgoing):
    """From where a campaign's calls come, and how far that is."""

    of: str = Field(description="The other campaign.")
    dispositions: list[Disposition] = Field(description="Who comes along.")
    looked_at: int = Field(description="How many of the other's calls were looked at.")
    left_out: int = Field(description="Suppressed by now, or without a value that the script needs.")
    ended: bool = Field(description="Whether all were looked at.")
    reason: str | None = Field(description="Why it ended before that.")


@routes.post(
    "/v1/campaigns/{campaign_id}/again",
    role=Role.LAUNCH,
    answers={
        202: Answer(
            description="The new campaign, a draft; its calls are being added.",
            model=CampaignOut,
            headers=CREATED,
        )
    },
    problems=(KEY_IN_USE, KEY_REUSED, ILLEGAL_STEP),
    request_headers=PARAMETER,
    audit=Audit(Action.CAMPAIGN_MADE_AGAIN, tells=(*CAMPAIGN_TOLD, "dispositions")),
)
async def create_again(request: web.Request, campaign_id: str, *, body: CampaignAgain) -> web.StreamResponse:
    """Make a draft from a campaign's calls that are done without success, or ended in given ways.

    Script, terms and policies are the other's, but for `expires_at` and what is given here. The workers add the calls,
    with their ids, variables, zones and ends still ahead, as they are by then; `total` grows meanwhile, and
    `GET .../again` says when that has ended. Whoever opted out or is suppressed never comes along. It may be started
    at once.
    """
    request[LOG_FIELDS]["of_campaign_id"] = campaign_id
    runtime = request.app[RUNTIME]
    source = await runtime.store.campaign(campaign_id)
    if campaign_id in BUILT_IN.values():
        raise IllegalStep(f"{campaign_id} holds single calls, each with a script of its own; name a campaign of a list")
    given = body.model_dump(mode="json", exclude_unset=True, exclude={"dispositions"})
    made, plan = await draft(whole(source, given), runtime), (campaign_id, _dispositions(source, body))
    request[LOG_FIELDS]["override_windows"] = made.keywords["override_windows"]
    create = functools.partial(_create, runtime, made, plan)
    return await answer_once(request, f"post-again-{campaign_id}", body, create)


@routes.get(
    "/v1/campaigns/{campaign_id}/again",
    role=Role.READ,
    answers={200: Answer(description="How far it is.", model=AgainOut)},
)
async def get_again(request: web.Request, campaign_id: str) -> web.StreamResponse:
    """From which campaign's calls this one is made, and how far that is."""
    store = request.app[RUNTIME].store
    await store.campaign(campaign_id)
    copying = await store.copying(campaign_id)
    if copying is None:
        raise NotFound(f"campaign {campaign_id} is made from no other")
    told: dict[str, Any] = {name: getattr(copying, name) for name in AgainOut.model_fields}
    return web.json_response(text=AgainOut(**told | {"dispositions": sorted(copying.dispositions)}).model_dump_json())


async def _create(
    runtime: Runtime,
    made: Draft,
    source: tuple[str, frozenset[Disposition]],
    derived: str | None,
) -> KeptAnswer:
    campaign_id = await store_draft(runtime, made, derived)
    # Asked again under the same key after a crash in between, it begins now; begun before, it stays as it is.
    await runtime.store.begin_copying(campaign_id, *source)
    answer = await shown(runtime, await runtime.store.campaign(campaign_id))
    return KeptAnswer(202, answer.model_dump_json(), f"/v1/campaigns/{campaign_id}")


def _dispositions(source: Campaign, body: CampaignAgain) -> frozenset[Disposition]:
    if body.dispositions is None:
        return frozenset(Disposition) - source.success - NEVER_AGAIN
    refused = NEVER_AGAIN & set(body.dispositions)
    if refused:
        raise InvalidInput(f"{', '.join(sorted(refused))}: nobody is called again after that", field="dispositions")
    return frozenset(body.dispositions)
