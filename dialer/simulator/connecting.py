"""`connect`: a second phone is called for somebody who is on the line, and the two are joined.

The second leg is a call like any other, with its own id and events; it takes one of the calls per second, and rings a
phone of the same world. The first one hears the ringing, then talks; when the second leaves, its flow goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Joint, Leg, Sense
from dialer.simulator.orders import MAX_LENGTH_TIMER_S, Detection, Order
from dialer.simulator.recorder import report_address

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange

Action = Mapping[str, Any]
OVER_LIMIT = "Capacity limit exceeded: too many calls per second."
LONG_S = 86_400.0
"""Our seconds until a pause looks around without having been woken."""


async def connect(leg: Leg, exchange: Exchange, action: Action) -> list[Any] | None:
    """Call the other one and wait for the end of it; an NCCO where the reply to a failure brought one."""
    if leg.over or leg.redirect is not None:
        return None
    # Over the limit there is an event instead of a status.
    if not exchange.let_in():
        exchange.webhooks.tell(leg, events.error(leg, OVER_LIMIT))
        return None
    order = order_of(leg, action)
    joint = Joint(partner=leg, on_answer=_on_answer(action), synchronous=action.get("eventType") == "synchronous")
    _ring_back(leg, exchange, action)
    second = exchange.place(order, exchange.turn(order.to), joint=joint)
    try:
        while not (second.over or joint.left or leg.over or leg.redirect is not None):
            await leg.pause(LONG_S)
    finally:
        if not joint.left:
            second.end("platform")
    return joint.reply


def order_of(leg: Leg, action: Action) -> Order:
    """The call that an action asks for."""
    endpoint = action["endpoint"][0]
    address = report_address(leg, action)
    return Order(
        to=address_of(endpoint),
        from_=str(action.get("from", leg.order.from_)).removeprefix("+"),
        answer_url=None,
        answer_method="GET",
        event_url=None if address is None else address.url,
        event_method="POST" if address is None else address.method,
        detection=_detection(action),
        length_timer_s=action.get("limit", MAX_LENGTH_TIMER_S),
        ringing_timer_s=action.get("timeout", 60),
        ncco=None,
        endpoint_type=endpoint["type"],
        dtmf_answer=endpoint.get("dtmfAnswer"),
        headers=endpoint.get("headers"),
    )


def address_of(endpoint: Mapping[str, Any]) -> str:
    """Whom an endpoint names: a number in digits, or a URI."""
    if "number" in endpoint:
        return str(endpoint["number"]).removeprefix("+")
    if "uri" in endpoint:
        return str(endpoint["uri"])
    user = endpoint.get("user") or endpoint.get("extension")
    return f"{endpoint['type']}:{'@'.join(filter(None, (user, endpoint.get('domain'))))}"


def _detection(action: Action) -> Detection | None:
    advanced = action.get("advancedMachineDetection", action.get("advanced_machine_detection"))
    if advanced is not None:
        return Detection.advanced(advanced)
    return Detection(behavior=action["machineDetection"]) if "machineDetection" in action else None


def _on_answer(action: Action) -> str | None:
    said: Mapping[str, str] = action["endpoint"][0].get("onAnswer", {})
    return said.get("url")


def _ring_back(leg: Leg, exchange: Exchange, action: Action) -> None:
    said: Mapping[str, str] = action["endpoint"][0].get("onAnswer", {})
    tone = action.get("ringbackTone", said.get("ringbackTone", said.get("ringback")))
    if tone is not None:
        exchange.note(leg, Sense.RINGBACK, tone)
