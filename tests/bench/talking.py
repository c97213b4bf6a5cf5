"""What the carrier tells of one call that was talked, in the words of the stand-in: for filling a store without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from dialer.api.webhooks import FETCHED
from dialer.clock import moment
from dialer.providers.base import CallEvent
from dialer.providers.kpn.events import parse_event
from dialer.simulator import events
from dialer.simulator.legs import Leg
from dialer.simulator.orders import Order
from dialer.simulator.phones import Turn

_RATE_EUR = "0.01000000"
_RINGS_S, _ANSWERS_S, _TALKS_S = 1.5, 9.25, 34
_ORDER = Order(
    to="31201234567",
    from_="31207654321",
    answer_url=None,
    answer_method="GET",
    event_url=None,
    event_method="POST",
    detection=None,
    length_timer_s=600,
    ringing_timer_s=45,
    ncco=None,
)


def told_of_a_call(placed_ms: int) -> Iterator[CallEvent]:
    """Its events in their order, at the moments of a call that rang, was answered and ended by itself."""
    leg = Leg(uuid=str(uuid4()), conversation_uuid=f"CON-{UUID(int=1)}", order=_ORDER, turn=Turn(), nth=1)
    leg.answered_at = placed_ms / 1000 + _ANSWERS_S
    leg.ended_by, leg.duration_s = "platform", _TALKS_S
    payloads = (
        (0.1, events.status(leg, "started")),
        (_RINGS_S, events.status(leg, "ringing")),
        (_ANSWERS_S, events.answered(leg)),
        (_ANSWERS_S + _TALKS_S, events.completed(leg, _RATE_EUR)),
    )
    yield FETCHED
    for since_s, payload in payloads:
        yield replace(parse_event(payload), at=moment(placed_ms) + timedelta(seconds=since_s))
