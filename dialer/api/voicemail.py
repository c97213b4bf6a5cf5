"""A machine picked up and the script has words for it: the carrier is told to fetch what the call says once more.

The answer webhook, asked again, knows by then that a machine listens. It is an order to a live call, given at once and
once; should it fail or this process end, the machine has heard the text that is meant for people.
"""

from __future__ import annotations

import structlog

from dialer.answering import Answering
from dialer.errors import CarrierError
from dialer.providers.base import CallEvent
from dialer.providers.steering import Transfer
from dialer.runtime import Runtime
from dialer.tokens import callback_url

log = structlog.get_logger(__name__)

_BEEPS = frozenset({"beep_start", "beep_timeout"})


async def speak_to_machine(runtime: Runtime, attempt_id: str, event: CallEvent) -> None:
    """Let the call say what its script has for a voicemail, if anything; where a beep will be told, at the beep."""
    spoken = await runtime.store.spoken(attempt_id)
    if spoken is None or not runtime.providers:
        return
    waits_for_beep = spoken.terms.advanced_mode == "default"
    settings = runtime.over(spoken.trunk)
    webhooks = callback_url(settings, attempt_id)
    answering = Answering(spoken, webhooks, settings.from_number or "", settings.carrier_generation)
    uuid = event.uuid or await runtime.store.carrier_id(spoken.attempt)
    if not uuid or not answering.leaves_voicemail or waits_for_beep is not (event.about in _BEEPS):
        return
    try:
        with runtime.tracing.step("voicemail", attempt_id, trunk=spoken.trunk):
            await runtime.carrier(spoken.trunk).steer(uuid, Transfer(f"{webhooks}/answer"))
    except CarrierError as error:
        log.warning("voicemail.not_spoken", attempt_id=attempt_id, reason=str(error))
