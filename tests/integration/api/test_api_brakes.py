"""What stops a campaign by itself, as a client sends, changes and sees it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

SHORT: dict[str, Any] = {"name": "Power cut", "kind": "notification", "script": {"text": "Hello."}}
BREAKER = {"failures": 8, "of": 10, "wait_s": 30, "resume": "person"}
CLOSED = {"open_until": None, "seen": None}


async def _create(api: aiohttp.ClientSession, **fields: Any) -> dict[str, Any]:
    async with api.post("/v1/campaigns", json=SHORT | fields) as response:
        assert 201 == response.status, await response.text()
        created: dict[str, Any] = await response.json()
        return created


async def _change(api: aiohttp.ClientSession, campaign_id: str, **fields: Any) -> dict[str, Any]:
    async with api.patch(f"/v1/campaigns/{campaign_id}", json=fields) as response:
        assert 200 == response.status, await response.text()
        changed: dict[str, Any] = await response.json()
        return changed


async def test_brakes_are_told_as_they_were_sent(api: aiohttp.ClientSession) -> None:
    """With what was spent, which is nothing, and the breaker closed."""
    cap = {"total": 250.5, "day": 40, "per_call": 0.05}
    created = await _create(api, euro_cap=cap, breaker=BREAKER)

    assert (cap, BREAKER | CLOSED) == (created["euro_cap"], created["breaker"])
    assert (0, 0) == (created["spent"], created["spent_today"])


async def test_what_is_left_out_takes_its_default(api: aiohttp.ClientSession) -> None:
    """A breaker for all but urgent campaigns and conferences; no cap; ten cents reserved for a call."""
    normal, urgent = await _create(api), await _create(api, priority="urgent")
    capped = await _create(api, euro_cap={"total": 5})

    assert {"failures": 12, "of": 15, "wait_s": 60, "resume": "probe"} | CLOSED == normal["breaker"]
    assert (None, None) == (normal["euro_cap"], urgent["breaker"])
    assert {"total": 5, "day": None, "per_call": 0.1} == capped["euro_cap"]
    assert None is (await _create(api, breaker="off"))["breaker"]


async def test_brakes_change_one_by_one(api: aiohttp.ClientSession) -> None:
    """What is not given stays; null takes a limit away."""
    campaign_id = (await _create(api, euro_cap={"total": 5, "day": 2}, breaker=BREAKER))["id"]
    raised = await _change(api, campaign_id, euro_cap={"total": 9})
    off = await _change(api, campaign_id, breaker="off")
    gone = await _change(api, campaign_id, euro_cap=None)
    no_total = await _change(api, (await _create(api, euro_cap={"total": 5, "day": 2}))["id"], euro_cap={"total": None})

    assert {"total": 9, "day": 2, "per_call": 0.1} == raised["euro_cap"] == off["euro_cap"]
    assert BREAKER | CLOSED == raised["breaker"]
    assert (None, None) == (off["breaker"], gone["euro_cap"])
    assert {"total": None, "day": 2, "per_call": 0.1} == no_total["euro_cap"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"euro_cap": {"total": 0}}, "euro_cap.total"),
        ({"euro_cap": {"day": "5"}}, "euro_cap.day"),
        ({"euro_cap": {"total": 1, "per_call": 2}}, "euro_cap.per_call"),
        ({"euro_cap": {"total": 1, "per_call": 1e-9}}, "euro_cap.per_call"),
        ({"breaker": {"failures": 3, "of": 2}}, "breaker.failures"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(api: aiohttp.ClientSession, wrong: dict[str, Any], field: str) -> None:
    """For a new campaign and for a change, which leaves everything as it was."""
    before = await _create(api)
    async with api.post("/v1/campaigns", json=SHORT | wrong) as response:
        created = await response.json()
    async with api.patch(f"/v1/campaigns/{before['id']}", json=wrong) as response:
        changed = await response.json()
    async with api.get(f"/v1/campaigns/{before['id']}") as response:
        after = await response.json()

    assert (422, field) == (created["status"], created["field"])
    assert (422, field) == (changed["status"], changed["field"])
    assert before == after
