"""ETag and If-Match: of two who change a campaign that both have read, the second is told that there was a first."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

WEEKDAYS = {"windows": {"hours": [{"days": "mo-fr", "from": "09:00", "to": "20:00"}]}}


async def tag_of(api: aiohttp.ClientSession, campaign_id: str) -> str:
    """The tag of the campaign as it is now."""
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        return response.headers["ETag"]


async def change(api: aiohttp.ClientSession, campaign_id: str, tag: str | None, **body: Any) -> tuple[int, str, str]:
    """Change it; returns status, the tag that was answered, and the problem's type."""
    headers = {} if tag is None else {"If-Match": tag}
    windows = body == WEEKDAYS
    path = f"/v1/campaigns/{campaign_id}" + ("/windows" if windows else "")
    async with api.request("PUT" if windows else "PATCH", path, json=body, headers=headers) as response:
        return response.status, response.headers.get("ETag", ""), (await response.json()).get("type", "")


@pytest.mark.parametrize("body", [{"weight": 3}, WEEKDAYS])
async def test_first_of_two_changes_and_second_is_told(
    body: dict[str, Any], api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """By either way of changing; nothing of the second is done, until it was read again."""
    tag = await tag_of(api, campaign_id)
    first = await change(api, campaign_id, tag, slots=5)
    second = await change(api, campaign_id, tag, **body)
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        between = await response.json()
    third = await change(api, campaign_id, first[1], **body)

    assert (200, '"2"') == first[:2]
    assert (412, "", "/problems/changed-meanwhile") == second
    assert (5, 1, None) == (between["slots"], between["weight"], between["windows"])
    assert (200, '"3"') == third[:2]
    assert '"3"' == await tag_of(api, campaign_id)


async def test_of_many_at_once_one_changes_it(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Whether the tag holds is looked at in the step that changes it: no two go by the same one."""
    tag = await tag_of(api, campaign_id)
    done = await asyncio.gather(*(change(api, campaign_id, tag, weight=2 + number) for number in range(20)))

    assert [200, *[412] * 19] == sorted(status for status, *_ in done)


async def test_refusal_tells_what_to_do(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """It names the field and where to read the campaign."""
    headers = {"If-Match": '"7"'}
    async with api.patch(f"/v1/campaigns/{campaign_id}", json={"weight": 2}, headers=headers) as response:
        problem = await response.json()

    assert (412, "If-Match") == (response.status, problem["field"])
    assert f"GET /v1/campaigns/{campaign_id}" in problem["detail"]


async def test_calls_and_steps_leave_the_tag(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """It is that of what can be changed: whoever read it before the campaign was started may change it."""
    tag = await tag_of(api, campaign_id)
    row = '{"number": "+31201234567", "name": "Ann"}'
    await api.post(f"/v1/campaigns/{campaign_id}/calls", data=row, headers={"Content-Type": "application/x-ndjson"})
    async with api.post(f"/v1/campaigns/{campaign_id}/start") as started:
        assert (200, tag) == (started.status, started.headers["ETag"])
    await change(api, campaign_id, None, weight=1)

    assert tag == await tag_of(api, campaign_id)


@pytest.mark.parametrize(
    ("tag", "status"),
    [(None, 200), ("*", 200), ('"1"', 200), ('"9", "1"', 200), ('W/"1"', 412), ('"01"', 412), ("1", 422), ("", 422)],
)
async def test_which_tags_hold(tag: str | None, status: int, api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Its own among several, any, or none; a weak one never does, and what is none is refused."""
    assert status == (await change(api, campaign_id, tag, weight=2))[0]
