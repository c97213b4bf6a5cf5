"""`/v1/calls`: one call at once, and what became of it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.clock import moment, now_ms
from dialer.runtime import Runtime

CALL: dict[str, Any] = {
    "number": "020 123 4567",
    "script": {"text": "Alarm in {{ room }}, {{ degrees }} degrees."},
    "variables": {"room": "hall 2", "degrees": 41.5},
}


@pytest.mark.parametrize(
    ("priority", "campaign"),
    [({}, "direct"), ({"priority": "urgent"}, "direct-urgent"), ({"priority": "background"}, "direct-background")],
)
async def test_single_call_waits_in_the_campaign_of_its_priority(
    priority: dict[str, str], campaign: str, api: aiohttp.ClientSession
) -> None:
    """A call on its own is due at once, in a built-in campaign."""
    async with api.post("/v1/calls", json=CALL | priority) as response:
        call = await response.json()

    assert (201, f"/v1/calls/{call['id']}") == (response.status, response.headers["Location"])
    assert (campaign, "waiting", 0) == (call["campaign_id"], call["state"], call["tries"])
    assert ("+31201234567", {"room": "hall 2", "degrees": "41.5"}) == (call["number"], call["variables"])


async def test_single_call_takes_several_numbers(api: aiohttp.ClientSession) -> None:
    """The numbers of one person are kept in their order, each once."""
    numbers = ["020 123 4567", "+31612345678", "0031201234567"]
    async with api.post("/v1/calls", json=CALL | {"number": None, "numbers": numbers}) as response:
        call = await response.json()

    assert ("+31201234567", ["+31612345678"]) == (call["number"], call["others"])


async def test_call_is_found_with_its_attempts(api: aiohttp.ClientSession) -> None:
    """A call that was never tried has no attempts."""
    async with api.post("/v1/calls", json=CALL) as response:
        created = await response.json()
    async with api.get(f"/v1/calls/{created['id']}") as response:
        assert created | {"attempts": []} == await response.json()


async def test_attempt_is_told_with_its_events(api: aiohttp.ClientSession, webhook: str, attempt_id: str) -> None:
    """What the carrier told about an attempt is shown with it."""
    event = {"status": "ringing", "uuid": "u-1", "timestamp": "2026-01-02T03:04:05.000Z"}
    await api.post(f"{webhook}/event", json=event)
    async with api.get(f"/v1/calls/{attempt_id.rpartition('-')[0]}") as response:
        call = await response.json()

    [attempt] = call["attempts"]
    assert ("live", attempt_id, "u-1", ["ringing"]) == (call["state"], attempt["id"], attempt["uuid"], attempt["facts"])
    assert [("ringing", "2026-01-02T03:04:05Z")] == [(event["kind"], event["at"]) for event in attempt["events"]]


async def test_same_id_is_dialed_once(api: aiohttp.ClientSession) -> None:
    """The caller's own id of a call tells its repetition, which answers 200."""
    answers = []
    for _ in range(2):
        async with api.post("/v1/calls", json=CALL | {"id": "alarm 7"}) as response:
            answers.append((response.status, (await response.json())["id"]))

    assert [(201, "direct-1"), (200, "direct-1")] == answers


async def test_id_of_another_number_is_refused(api: aiohttp.ClientSession) -> None:
    """An id that belongs to another number's call is not taken for a repetition."""
    await api.post("/v1/calls", json=CALL | {"id": "alarm 7"})
    async with api.post("/v1/calls", json=CALL | {"id": "alarm 7", "number": "020 123 4568"}) as response:
        problem = await response.json()

    assert (409, "/problems/id-taken", "id") == (response.status, problem["type"], problem["field"])


async def test_same_number_without_an_id_is_called_each_time(api: aiohttp.ClientSession) -> None:
    """Without key and id every request is a call of its own."""
    ids = set()
    for _ in range(2):
        async with api.post("/v1/calls", json=CALL) as response:
            ids.add((await response.json())["id"])

    assert {"direct-1", "direct-2"} == ids


async def test_same_key_is_dialed_once(api: aiohttp.ClientSession, redis: Redis) -> None:
    """A repetition under the same key gets the first answer, and creates nothing even where that was lost."""
    answers = []
    for lost in (False, True, True):
        if lost:
            await redis.delete(*[key async for key in redis.scan_iter("*idempotency*")])
        async with api.post("/v1/calls", json=CALL, headers={"Idempotency-Key": "k"}) as response:
            answers.append((await response.json())["id"])

    assert ["direct-1"] * 3 == answers


async def test_an_end_in_the_past_is_refused(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """An alarm by a clock that is wrong is told so, instead of a call that nobody ever hears; nothing is added."""
    for seconds, status, where in ((0, 422, "expires_at"), (3600, 201, "direct-1")):
        end = moment(now_ms(runtime.clock) + seconds * 1000).isoformat()
        async with api.post("/v1/calls", json=CALL | {"expires_at": end}) as response:
            told = await response.json()
            assert (status, where) == (response.status, told.get("field") or told["id"])


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00"])
async def test_an_end_that_no_calendar_has_in_utc_is_refused(api: aiohttp.ClientSession, end: str) -> None:
    """Stored, no page of calls on which it stands could be read."""
    body = {"number": "+31612345678", "script": {"text": "Hello."}, "expires_at": end}
    async with api.post("/v1/calls", json=body) as response:
        assert (422, "expires_at") == (response.status, (await response.json())["field"])
    campaign = {"name": "x", "kind": "notification", "script": {"text": "Hello."}, "windows": {"not_before": end}}
    async with api.post("/v1/campaigns", json=campaign) as response:
        assert (422, "windows.not_before") == (response.status, (await response.json())["field"])
