"""`POST .../again`: a campaign from those whom another did not reach."""

from __future__ import annotations

import aiohttp
import pytest

from dialer.dispositions import Disposition
from dialer.model import Priority
from dialer.runtime import Runtime

OTHER = {
    "name": "First",
    "kind": "notification",
    "script": {"text": "Hello {{ name }}.", "language": "en-GB", "confirm_key": "1"},
    "priority": "background",
    "redial": {"busy": {"times": 2, "after_s": 300}},
    "caller_ids": ["+31201234567"],
    "ringing_timer_s": 30,
    "advanced_detection": None,
}


async def _made(api: aiohttp.ClientSession) -> str:
    async with api.post("/v1/campaigns", json=OTHER) as response:
        return str((await response.json())["id"])


async def test_it_is_as_the_other_but_for_what_is_given(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Script, terms and policies are taken over; the name and what differs are given; the workers get their plan."""
    other = await _made(api)
    async with api.post(f"/v1/campaigns/{other}/again", json={"name": "Second", "priority": "normal"}) as response:
        made = await response.json()
    async with api.get(f"/v1/campaigns/{other}") as response:
        first = await response.json()
    async with api.get(f"/v1/campaigns/{made['id']}/again") as response:
        plan = await response.json()

    differ = {name for name in made if made[name] != first[name]}
    assert {"id", "name", "priority", "created_at"} == differ
    assert (other, False, 0) == (plan["of"], plan["ended"], plan["looked_at"])
    assert {"confirmed", "opted_out", "suppressed"} == set(Disposition) - set(plan["dispositions"])
    assert [made["id"]] == await runtime.store.take_copying(5)


async def test_hours_are_taken_over(api: aiohttp.ClientSession) -> None:
    """Nobody is called at night in a second round because the first one's windows were forgotten."""
    windows = {
        "hours": [{"days": "mo-fr", "from": "09:00", "to": "20:00"}],
        "closed": ["2026-12-31"],
        "timezone": "Asia/Tokyo",
    }
    body = {"name": "First", "kind": "notification", "script": {"text": "Hello."}, "windows": windows}
    async with api.post("/v1/campaigns", json=body) as response:
        first = await response.json()
    async with api.post(f"/v1/campaigns/{first['id']}/again", json={"name": "Second"}) as response:
        second = await response.json()

    assert "mo-fr" == first["windows"]["hours"][0]["days"]
    assert first["windows"] == second["windows"]


async def test_the_same_request_makes_one_campaign(api: aiohttp.ClientSession) -> None:
    """Under one Idempotency-Key the first answer is given again."""
    other, headers = await _made(api), {"Idempotency-Key": "again-1"}
    answers = []
    for _ in range(2):
        async with api.post(f"/v1/campaigns/{other}/again", json={"name": "Second"}, headers=headers) as response:
            answers.append((response.status, (await response.json())["id"]))

    assert 1 == len(set(answers))
    assert 202 == answers[0][0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "dispositions": ["opted_out"]}, "dispositions"),
        ({"name": "x", "dispositions": []}, "dispositions"),
        ({"name": "x", "script": {"text": ""}}, "script.text"),
        ({"name": "x", "callback_url": "http://10.0.0.1/"}, "callback_url"),
    ],
)
async def test_what_is_wrong_is_named(body: dict[str, object], field: str, api: aiohttp.ClientSession) -> None:
    """Nothing is made of a body that is wrong."""
    other = await _made(api)
    async with api.post(f"/v1/campaigns/{other}/again", json=body) as response:
        told = await response.json()
    async with api.get("/v1/campaigns") as response:
        campaigns = (await response.json())["campaigns"]

    assert (422, field) == (told["status"], told["field"])
    assert [other] == [campaign["id"] for campaign in campaigns]


async def test_single_calls_are_no_campaign_to_copy(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Each has a script of its own."""
    campaign_id = await runtime.store.built_in(Priority.NORMAL)
    async with api.post(f"/v1/campaigns/{campaign_id}/again", json={"name": "x"}) as response:
        assert 409 == response.status
