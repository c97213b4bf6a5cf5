"""What a new campaign and a single call have in common: a script, and the terms on which calls are placed.

Both are checked before anything is stored: whatever the carrier would refuse is refused here, with the field's name in
the body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dialer.api.schemas import NewCampaign, NewSingleCall
from dialer.conferences.conference import KIND as CONFERENCE
from dialer.connecting import check_destinations, check_not_barred, connected
from dialer.errors import InvalidInput
from dialer.kinds import KINDS, Callee
from dialer.model import MAIN, Terms
from dialer.providers.base import Endpoint
from dialer.providers.kpn.dialect import dialect_from_settings
from dialer.providers.kpn.placing import write_call
from dialer.scripts import CallScript
from dialer.settings import Settings
from dialer.store import Store
from dialer.terms import trial_requests

_FIELDS = {
    "from": "caller_ids",
    "random_from_number": "random_caller_id",
    "beep_timeout_s": "advanced_detection.beep_timeout_s",
    "mode": "advanced_detection.mode",
    "to": "number",
    "uri": "number",
    "headers": "endpoint.headers",
    "dtmf_answer": "endpoint.dtmf_answer",
    "content_type": "endpoint.content_type",
}
"""The carrier's adapter names its own fields; the body's are these."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A checked order.

    Attributes:
        script: as it is stored.
        steps: what it amounts to.
    """

    script: dict[str, Any]
    steps: CallScript
    terms: Terms


def trunks_of(body: NewCampaign, settings: Settings) -> tuple[str, ...]:
    """The trunks that a body names. Raises InvalidInput."""
    names = tuple(sorted(set(body.trunks)))
    unknown = next((name for name in names if name not in settings.trunk_names), None)
    if unknown is not None:
        raise InvalidInput(
            f"there is no trunk {unknown!r}; there are {', '.join(settings.trunk_names)}", field="trunks"
        )
    if len(names) > 1 and body.kind == CONFERENCE:
        raise InvalidInput(
            "must be one for a conference: who calls through another account hears nobody", field="trunks"
        )
    return names


def ordered(
    body: NewCampaign | NewSingleCall,
    settings: Settings,
    endpoint: Endpoint | None = None,
    *,
    trunks: Sequence[str] = (MAIN,),
) -> Ordered:
    """Script and terms of a body, such as the carriers of all these trunks take them. Raises InvalidInput."""
    return [_ordered(body, settings.over(trunk), endpoint) for trunk in trunks][-1]


async def require_callable(steps: CallScript, store: Store) -> None:
    """Whomever a script connects to must not be on the list of all campaigns. Raises InvalidInput, StoreUnavailable.

    Whoever comes on it later is passed over when the call is answered (`Answering`).
    """
    check_not_barred(steps, await store.suppressed_among([one.address for one in connected(steps)]))


def _ordered(body: NewCampaign | NewSingleCall, settings: Settings, endpoint: Endpoint | None) -> Ordered:
    kind = KINDS[body.kind]
    script = kind.checked(body.script, settings.default_language, settings.carrier_generation)
    steps = kind.steps(script, Callee())
    check_destinations(steps, settings.destinations)
    terms = _terms(body, steps)
    try:
        for request in trial_requests(terms, endpoint, settings):
            write_call(request, dialect_from_settings(settings))
    except InvalidInput as error:
        raise InvalidInput(str(error), field=_FIELDS.get(str(error.field), error.field)) from None
    return Ordered(script, steps, terms)


def _terms(body: NewCampaign | NewSingleCall, steps: CallScript) -> Terms:
    if body.random_caller_id and body.caller_ids:
        raise InvalidInput("give caller_ids or let the carrier choose, not both", field="random_caller_id")
    advanced = body.advanced_detection
    return Terms(
        caller_ids=tuple(f"+{number.removeprefix('+')}" for number in body.caller_ids),
        random_caller_id=body.random_caller_id,
        machine_detection=steps.machine_detection,
        advanced_mode=advanced.mode if advanced else None,
        beep_timeout_s=advanced.beep_timeout_s if advanced else None,
        ringing_timer_s=body.ringing_timer_s,
        length_timer_s=body.length_timer_s,
        connects=steps.connects(),
    )
