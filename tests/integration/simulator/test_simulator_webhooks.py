"""Delivery of events: tried twice at most, and on demand swapped, doubled, lost, late or as GET."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dialer.simulator import Faults, Often, Shares, Simulator, SimulatorConfig, Turn, WebhookFault
from dialer.simulator.legs import Leg
from dialer.simulator.orders import Order, read_order
from dialer.simulator.webhooks import Webhooks

NUMBER = "31612345678"
MIXED = Shares(busy=0.3, no_answer=0.3, rejected=0.2)
IN_LINE = 1
"""Connections: one, so that the order of events is the order of sending."""

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Told = list[dict[str, Any]]
Statuses = Callable[[], list[str]]


@pytest.mark.parametrize("reaction", [503, 504, 429, "reset", "hang"])
async def test_event_is_tried_again_once_where_it_may_help(
    reaction: Any, start: Start, place: Place, statuses: Statuses, says: list[Any]
) -> None:
    """A time limit, a reset, 429, 503 and 504 bring one more try, and then no more."""
    sim = await start(webhook_connections=IN_LINE, event_read_timeout_s=0.1)
    sim.phone(NUMBER).is_invalid()
    says.extend([reaction, reaction])

    await place(sim)
    await sim.quiet()

    assert ["started", "started", "rejected"] == statuses()
    assert 1 == sim.webhook_failures


@pytest.mark.parametrize(("reaction", "failures"), [(200, 0), (205, 0), (400, 1), (404, 1), (500, 1)])
async def test_other_answers_bring_no_second_try(
    reaction: int, failures: int, start: Start, place: Place, says: list[Any]
) -> None:
    """What is taken, or refused for good, is sent once."""
    sim = await start(webhook_connections=IN_LINE)
    sim.phone(NUMBER).is_invalid()
    says.append(reaction)

    await place(sim)
    await sim.quiet()

    assert (failures, 2) == (sim.webhook_failures, sim.summary().webhooks)


async def test_second_try_may_succeed(start: Start, place: Place, says: list[Any]) -> None:
    """An event that is taken at the second try is no failure."""
    sim = await start(webhook_connections=IN_LINE)
    says.append(503)

    await place(sim)
    await sim.quiet()

    assert 0 == sim.webhook_failures


async def test_silent_dialer_blocks_no_placing(start: Start, place: Place) -> None:
    """Where nobody listens for events, calls are placed and end all the same."""
    sim = await start(webhook_connect_timeout_s=0.05)

    status, _ = await place(sim, event_url=["http://127.0.0.1:9/event"])
    await sim.quiet()

    assert 201 == status
    assert sim.webhook_failures >= 4


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"lost": "busy"}, ["started", "ringing", "completed"]),
        ({"doubled": "busy"}, ["started", "ringing", "busy", "busy", "completed"]),
        ({"swapped": "busy"}, ["started", "ringing", "completed", "busy"]),
        ({"swapped": "completed"}, ["started", "ringing", "busy", "completed"]),
        ({"late": "started"}, ["ringing", "busy", "completed", "started"]),
        ({"odd_status": "busy"}, ["started", "ringing", "network_pending", "busy", "completed"]),
        ({"get": "busy"}, ["started", "ringing", "busy", "completed"]),
    ],
)
async def test_event_goes_astray(
    fault: dict[str, str], expected: list[str], start: Start, place: Place, statuses: Statuses
) -> None:
    """Each fault of delivery shows in the order and number of what arrives."""
    sim = await start(webhook_connections=IN_LINE, late_webhook_s=60)
    sim.phone(NUMBER).is_busy()
    for name, status in fault.items():
        sim.faults.next_webhook(name, status=status)

    await place(sim)
    await sim.quiet()

    assert expected == statuses()


async def test_get_events_carry_nested_values_as_json(start: Start, place: Place, told: Told) -> None:
    """As GET, an event is a query; objects in it are JSON, nulls are left out."""
    sim = await start(webhook_faults={WebhookFault.GET: Often(share=1)})

    await place(sim)
    await sim.quiet()

    answered = next(event for event in told if event.get("status") == "answered")
    assert "{}" == answered["headers"]
    assert "rate" not in answered


async def test_same_seed_gives_the_same_people_in_any_order(start: Start, place: Place, told: Told) -> None:
    """What a number does on its nth call depends on seed and number, not on who was called before."""
    numbers = [f"3161234{index:04}" for index in range(20)]
    endings = []
    for order in (numbers, numbers[::-1]):
        told.clear()
        sim = await start(seed=7, shares=MIXED, completed_after_failure=False)
        for number in order:
            await place(sim, number)
        await sim.quiet()
        calls = [event for event in told if "status" in event and event["status"] not in {"started", "ringing"}]
        endings.append({(event["to"], event["status"]) for event in calls})

    assert endings[0] == endings[1]
    assert len({status for _, status in endings[0]}) > 2


async def test_event_told_as_the_last_sender_leaves_is_sent(site: str, statuses: Statuses) -> None:
    """An event that comes in the moment in which the line got empty finds somebody to send it."""
    webhooks = Webhooks(SimulatorConfig(webhook_connections=1), Faults(1, {}, {}), lambda: None)
    order = read_order(
        {
            "to": [{"type": "phone", "number": NUMBER}],
            "from": {"type": "phone", "number": "31201234567"},
            "answer_url": [f"{site}/answer"],
            "event_url": [f"{site}/event"],
        },
        inline_ncco=False,
    )
    assert isinstance(order, Order)
    leg = Leg(uuid="1", conversation_uuid="CON-1", order=order, turn=Turn(), nth=1)

    for status in ("started", "ringing"):
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        webhooks.tell(leg, {"status": status}, done=told)
        await told
    await webhooks.close()

    assert ["started", "ringing"] == statuses()
