"""Reading and steering calls, with everything that is ambiguous about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialer.simulator import Simulator

NUMBER = "31612345678"
HANG_UP = {"action": "hangup"}

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Ask = Callable[..., Awaitable[tuple[int, Any]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]


def shown(page: dict[str, Any]) -> list[str]:
    """The calls on a page, by id."""
    return [call["uuid"] for call in page["_embedded"]["calls"]]


@pytest.mark.parametrize(("meaning", "first"), [("page", 2), ("row", 1)])
async def test_record_index_has_two_meanings(meaning: str, first: int, start: Start, place: Place, ask: Ask) -> None:
    """Index 1 is the second page of two, or the second row, as set."""
    sim = await start(record_index=meaning)
    uuids = [(await place(sim))[1]["uuid"] for _ in range(5)]

    _, page = await ask(sim, "GET", "?page_size=2&record_index=1")

    assert (5, 2, 1) == (page["count"], page["page_size"], page["record_index"])
    assert uuids[first : first + 2] == shown(page)


@pytest.mark.parametrize("meaning", ["page", "row"])
async def test_next_links_lead_through_the_list(meaning: str, start: Start, place: Place, ask: Ask) -> None:
    """Following the links shows every call once, whichever meaning the index has."""
    sim = await start(record_index=meaning)
    uuids = [(await place(sim))[1]["uuid"] for _ in range(5)]

    seen, query = [], "page_size=2"
    while query:
        _, page = await ask(sim, "GET", f"?{query}")
        seen += shown(page)
        query = page["_links"].get("next", {"href": ""})["href"].partition("?")[2]

    assert uuids == seen


async def test_list_has_two_shapes(start: Start, place: Place, ask: Ask) -> None:
    """Parties as arrays, times with a space and no next link, when set so."""
    sim = await start(party_shape="array", time_format="space", next_link=False)
    await place(sim)
    await place(sim)
    await sim.quiet()

    _, page = await ask(sim, "GET", "?page_size=1&order=desc")

    call = page["_embedded"]["calls"][0]
    assert [{"type": "phone", "number": NUMBER}] == call["to"]
    assert datetime.strptime(call["start_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert ["self"] == list(page["_links"])


async def test_list_is_filtered_by_time_and_status(start: Start, place: Place, ask: Ask) -> None:
    """Only calls of the asked span and status are shown."""
    sim = await start(time_scale=100)
    await place(sim)
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    queries = (f"?date_end={later}&status=ringing", f"?date_start={later}", "?status=completed")
    pages = [(await ask(sim, "GET", query))[1] for query in queries]

    assert [1, 0, 0] == [page["count"] for page in pages]


async def test_one_call_is_read(start: Start, place: Place, ask: Ask) -> None:
    """A call has its figures once it is over; an unknown one is 404."""
    sim = await start()
    _, placed = await place(sim)
    await sim.quiet()

    status, call = await ask(sim, "GET", f"/{placed['uuid']}")

    assert (200, placed["uuid"], "completed") == (status, call["uuid"], call["status"])
    assert call["duration"].isdigit()
    assert 404 == (await ask(sim, "GET", "/nobody"))[0]


@pytest.mark.parametrize("query", ["page_size=101", "page_size=x", "order=up", "date_start=yesterday"])
async def test_wrong_query_is_refused(query: str, start: Start, ask: Ask) -> None:
    """A query that makes no sense gets a 400."""
    assert 400 == (await ask(await start(), "GET", f"?{query}"))[0]


async def test_call_cannot_be_hung_up_at_once(start: Start, place: Place, ask: Ask) -> None:
    """In its first two seconds a call refuses to be steered."""
    sim = await start(time_scale=100)
    _, placed = await place(sim)

    status, refusal = await ask(sim, "PUT", f"/{placed['uuid']}", HANG_UP)

    assert (400, "BAD_REQUEST") == (status, refusal["type"])


async def test_hanging_up_a_ringing_call_cancels_it(
    start: Start, place: Place, ask: Ask, statuses: Callable[[], list[str]]
) -> None:
    """The reply has no body, the call is told as cancelled, and cannot be steered afterwards."""
    sim = await start(time_scale=100, control_grace_s=0, webhook_connections=1)
    _, placed = await place(sim)

    first = await ask(sim, "PUT", f"/{placed['uuid']}", HANG_UP)
    await sim.quiet()
    second, _ = await ask(sim, "PUT", f"/{placed['uuid']}", HANG_UP)

    assert ((204, None), 404) == (first, second)
    assert ["started", "ringing", "cancelled", "completed"] == statuses()


@pytest.mark.parametrize("body", [{"action": "dance"}, {"action": "transfer", "destination": {}}, []])
async def test_wrong_steering_is_refused(body: Any, start: Start, place: Place, ask: Ask) -> None:
    """An unknown action or a transfer to nowhere gets a 400."""
    sim = await start(time_scale=100, control_grace_s=0)
    _, placed = await place(sim)

    assert 400 == (await ask(sim, "PUT", f"/{placed['uuid']}", body))[0]


async def test_ringing_call_takes_no_speech(start: Start, place: Place, ask: Ask) -> None:
    """Before somebody listens, speech is refused."""
    sim = await start(time_scale=100, control_grace_s=0)
    _, placed = await place(sim)

    assert 400 == (await ask(sim, "PUT", f"/{placed['uuid']}/talk", {"text": "Hello?"}))[0]


async def test_answered_call_takes_speech_sound_and_keys(
    start: Start, place: Place, ask: Ask, flow: list[Any], until: Until
) -> None:
    """Each is confirmed in words, stopping too; the text is heard."""
    sim = await start(control_grace_s=0)
    flow[0]["loop"] = 0
    _, placed = await place(sim)
    await until(lambda: sim.heard(NUMBER))

    wishes = (
        ("PUT", "talk", {"text": "By the way."}),
        ("DELETE", "talk", None),
        ("PUT", "stream", {"stream_url": ["http://127.0.0.1/"]}),
        ("DELETE", "stream", None),
        ("PUT", "dtmf", {"digits": "1"}),
    )
    said = [(await ask(sim, verb, f"/{placed['uuid']}/{kind}", body))[1]["message"] for verb, kind, body in wishes]

    assert ["Talk started", "Talk stopped", "Stream started", "Stream stopped", "DTMF sent"] == said
    assert ["Good morning.", "By the way."] == sim.heard(NUMBER)


@pytest.mark.parametrize(("scenario", "seconds"), [("completed_lost", "1"), ("all_webhooks_lost", "0")])
async def test_record_has_an_end_that_no_webhook_told(
    scenario: str, seconds: str, start: Start, place: Place, ask: Ask
) -> None:
    """Whoever asks after a call whose last webhooks are lost learns that it is over, and how long was talked."""
    sim = await start()
    sim.phone(NUMBER).plays_scenario(scenario)
    _, placed = await place(sim)
    await sim.quiet()

    _, call = await ask(sim, "GET", f"/{placed['uuid']}")

    assert ("completed", seconds) == (call["status"], call["duration"])
