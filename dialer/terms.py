"""From a campaign's terms to the request that the carrier gets; also tried out on them before anything is dialed."""

from __future__ import annotations

from dialer.addresses import endpoint_of
from dialer.model import Terms
from dialer.providers.base import AdvancedDetection, CallRequest, Endpoint
from dialer.settings import Settings

_ANY_NUMBER = "+31201234567"  # stands for everybody of a list when terms are tried out


def request_for(endpoint: Endpoint, from_: str, webhooks: str, terms: Terms, settings: Settings) -> CallRequest:
    """The request for one call, whose callback addresses begin with `webhooks`."""
    return CallRequest(
        endpoint=endpoint,
        from_=from_,
        answer_url=f"{webhooks}/answer",
        event_url=f"{webhooks}/event",
        ringing_timer_s=terms.ringing_timer_s or settings.ringing_timer_s,
        length_timer_s=terms.length_timer_s or settings.length_timer_s,
        machine_detection=None if terms.advanced_mode else terms.machine_detection,
        advanced_detection=_advanced(terms),
        random_from_number=terms.random_caller_id,
    )


def trial_requests(terms: Terms, endpoint: Endpoint | None, settings: Settings) -> list[CallRequest]:
    """One request for each caller id, to be looked at by whoever knows what the carrier takes; none is sent."""
    to = endpoint or endpoint_of(_ANY_NUMBER, {})
    froms = terms.caller_ids or (settings.from_number or _ANY_NUMBER,)
    return [request_for(to, from_, settings.callback_base, terms, settings) for from_ in froms]


def longest_call_s(terms: Terms, settings: Settings) -> int:
    """From the request to the latest end that the carrier's timers allow."""
    ringing = terms.ringing_timer_s or settings.ringing_timer_s
    return ringing + (terms.length_timer_s or settings.length_timer_s)


def _advanced(terms: Terms) -> AdvancedDetection | None:
    if terms.advanced_mode is None:
        return None
    # Words that were checked when the terms were made; the adapter checks them once more.
    return AdvancedDetection(
        behavior=terms.machine_detection or "continue",  # type: ignore[arg-type]
        mode=terms.advanced_mode,  # type: ignore[arg-type]
        beep_timeout_s=terms.beep_timeout_s,
    )
