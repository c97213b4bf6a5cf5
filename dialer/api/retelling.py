"""A campaign as the body that would create it, but for what is given otherwise: to make another, or to change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dialer.api.answers import RedialOut
from dialer.api.brake_bodies import brakes_retold
from dialer.api.escalation_bodies import NewEscalation
from dialer.api.hours_answers import WindowsOut
from dialer.api.problems import invalid_input
from dialer.api.schemas import NewCampaign
from dialer.api.share_bodies import CapsOut
from dialer.escalations.escalation import KIND as ESCALATION
from dialer.escalations.escalation import SETTLED, Person, Plan
from dialer.model import Campaign
from dialer.notification import KIND as NOTIFICATION
from dialer.store.escalating import Planned


def whole(source: Campaign, given: Mapping[str, Any]) -> NewCampaign:
    """The body of a campaign that is as the other, but for the fields given (JSON), a name too. Raises Problem."""
    known = told(source)
    if source.callbacks is None and given.get("callback_url"):
        del known["callback_events"]  # it tells nothing, this one tells what the dialer tells by default
    try:
        return NewCampaign.model_validate_json(json.dumps(known | dict(given)))
    except ValidationError as error:
        raise invalid_input(error, whole="body") from None


def told(source: Campaign) -> dict[str, Any]:
    """The fields of the body, without what is this campaign's alone: its name and its end."""
    terms, callbacks = source.terms, source.callbacks
    advanced = {"mode": terms.advanced_mode, "beep_timeout_s": terms.beep_timeout_s} if terms.advanced_mode else None
    return {
        # Those whom an escalation did not reach hear the same, but nobody is called step by step.
        "kind": NOTIFICATION if source.kind == ESCALATION else source.kind,
        "script": {name: value for name, value in source.script.items() if name != SETTLED},
        "priority": source.priority,
        "redial": {disposition: RedialOut.of(rule).model_dump() for disposition, rule in source.redial.items()},
        "escalation": escalation_told(source),
        "max_tries": source.max_tries,
        "weight": source.share.weight,
        "slots": source.share.slots,
        "calls_per_second": source.share.calls_per_second,
        "caps": CapsOut.of(source.caps).model_dump(),
        "suppression_lists": list(source.lists),
        "trunks": list(source.trunks),
        **brakes_retold(source),
        "retention_days": source.retention_days,
        "unknown": source.unknown,
        "success": sorted(source.success),
        "caller_ids": list(terms.caller_ids),
        "random_caller_id": terms.random_caller_id,
        "ringing_timer_s": terms.ringing_timer_s,
        "length_timer_s": terms.length_timer_s,
        "advanced_detection": advanced,
        "windows": WindowsOut.of(source.windows).model_dump(mode="json", by_alias=True) if source.windows else None,
        "override_windows": source.override_windows,
        "callback_url": callbacks.url if callbacks else None,
        "callback_events": sorted(callbacks.events) if callbacks else [],
    }


def escalation_told(source: Campaign) -> dict[str, Any] | None:
    """The body of the escalation that a campaign begins; None where it has none, or nobody of it is left."""
    if source.escalation is None:
        return None
    campaign, plan = Planned.from_dict(source.escalation)
    if not plan.people:
        return None
    known = told(campaign) | dict(campaign.script) | {"name": campaign.name} | _plan_told(plan)
    return {name: known[name] for name in NewEscalation.model_fields if known.get(name) is not None}


def _plan_told(plan: Plan) -> dict[str, Any]:
    # Whoever was erased has left a gap.
    steps = (step for step in plan.steps if step.people)
    return {
        "steps": [
            {"people": list(map(_person_told, step.people)), "wait_s": step.wait_s, "advance": step.advance}
            for step in steps
        ],
        "needed": min(plan.needed, len(plan.people)),
        "repeat": plan.repeat,
    }


def _person_told(person: Person) -> dict[str, Any]:
    variables = dict(person.variables)
    known = {
        "number": person.number,
        "id": person.external_id,
        "name": variables.pop("name", None),
        "others": list(person.others),
        "variables": variables,
        "timezone": person.timezone,
    }
    return {name: value for name, value in known.items() if value}
