"""`/v1/campaigns`: create, look at, step, list."""

from __future__ import annotations

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.runtime import Runtime

FULL = {
    "name": "Power cut",
    "kind": "notification",
    "script": {"text": "Hello {{ name }}.", "language": "en-GB", "style": 2},
    "priority": "urgent",
    "redial": {
        "busy": {
            "times": 2,
            "after_s": 90,
            "growth": 1.5,
            "most_after_s": 600,
            "then": "finish",
            "next_number": True,
            "other_hour": False,
        },
        "rejected": {
            "times": 1,
            "after_s": 0.5,
            "growth": 1,
            "most_after_s": 1,
            "then": "suppress",
            "next_number": False,
            "other_hour": True,
        },
    },
    "max_tries": 4,
    "retention_days": 30,
    "unknown": "redial",
}
SHORT = {"name": "Power cut", "kind": "notification", "script": {"text": "Hello."}}


async def test_created_campaign_is_told_as_it_was_sent(api: aiohttp.ClientSession) -> None:
    """What was sent comes back, and the new campaign is an empty draft."""
    async with api.post("/v1/campaigns", json=FULL) as response:
        campaign = await response.json()

    assert 201 == response.status
    assert f"/v1/campaigns/{campaign['id']}" == response.headers["Location"]
    assert FULL == {name: campaign[name] for name in FULL}
    assert ("draft", 0, None, None) == tuple(campaign[name] for name in ("state", "total", "started_at", "ended_at"))
    assert ["waiting", "claimed", "placing", "unknown", "live", "done"] == list(campaign["counts"])
    assert 13 == len(campaign["dispositions"])
    assert {0} == {*campaign["counts"].values(), *campaign["dispositions"].values()}


async def test_what_is_left_out_takes_its_default(api: aiohttp.ClientSession) -> None:
    """Priority, redial, unknown, language and style need not be given."""
    async with api.post("/v1/campaigns", json=SHORT) as response:
        campaign = await response.json()

    assert ("normal", {}, "hold") == (campaign["priority"], campaign["redial"], campaign["unknown"])
    assert {"text": "Hello.", "language": "nl-NL", "style": 0} == campaign["script"]


async def test_what_a_redial_leaves_out_takes_its_default(api: aiohttp.ClientSession) -> None:
    """Waits are fixed and end a call, on the same number unless it failed; what never waits needs no wait."""
    redial = {"busy": {"times": 2, "after_s": 90}, "invalid_number": {"times": 0}}
    async with api.post("/v1/campaigns", json=SHORT | {"redial": redial}) as response:
        campaign = await response.json()

    usual = {"growth": 1, "most_after_s": 2_592_000, "then": "finish", "next_number": False, "other_hour": False}
    never = usual | {"times": 0, "after_s": 0, "next_number": True}
    assert {"busy": usual | {"times": 2, "after_s": 90}, "invalid_number": never} == campaign["redial"]


async def test_unconfirmed_answer_may_be_dialed_again(api: aiohttp.ClientSession) -> None:
    """Where a key confirms, an answer alone is no success, and may have redials."""
    script, redial = {"text": "Hello.", "confirm_key": "1"}, {"answered": {"times": 2, "after_s": 60}}
    async with api.post("/v1/campaigns", json=SHORT | {"script": script, "redial": redial}) as response:
        campaign = await response.json()

    assert (["confirmed"], 2) == (campaign["success"], campaign["redial"]["answered"]["times"])


async def test_campaign_is_found_at_its_address(api: aiohttp.ClientSession) -> None:
    """The address in Location answers the same campaign."""
    async with api.post("/v1/campaigns", json=FULL) as response:
        created, address = await response.json(), response.headers["Location"]
    async with api.get(address) as response:
        assert created == await response.json()


async def test_steps_lead_from_draft_to_cancelled(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Each step answers the campaign in its new state."""
    states = []
    for step in ("start", "pause", "resume", "cancel"):
        async with api.post(f"/v1/campaigns/{campaign_id}/{step}") as response:
            states.append((await response.json())["state"])

    assert ["running", "paused", "running", "cancelled"] == states


async def test_step_may_be_repeated(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A step to the state that is there already answers 200."""
    for _ in range(2):
        async with api.post(f"/v1/campaigns/{campaign_id}/start", json={}) as response:
            assert (200, "running") == (response.status, (await response.json())["state"])


async def test_campaigns_come_newest_first_page_by_page(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """The pages of a list hold every campaign once, and the last has no cursor."""
    created = []
    for _ in range(3):
        async with api.post("/v1/campaigns", json=SHORT) as response:
            created.append((await response.json())["id"])
        await runtime.clock.sleep_until(runtime.clock.now_us() + 2_000)
    async with api.get("/v1/campaigns", params={"limit": 2}) as response:
        first = await response.json()
    async with api.get("/v1/campaigns", params={"limit": 2, "cursor": first["next_cursor"]}) as response:
        second = await response.json()

    assert created[::-1] == [campaign["id"] for campaign in first["campaigns"] + second["campaigns"]]
    assert second["next_cursor"] is None


async def test_same_key_and_body_create_one_campaign(api: aiohttp.ClientSession) -> None:
    """A repetition gets the first answer again, marked as such."""
    answers = []
    for _ in range(2):
        async with api.post("/v1/campaigns", json=SHORT, headers={"Idempotency-Key": "k 1"}) as response:
            told = (response.status, response.headers["Location"], await response.text())
            answers.append((told, response.headers.get("Idempotency-Replayed")))
    async with api.get("/v1/campaigns") as response:
        campaigns = (await response.json())["campaigns"]

    assert answers[0][0] == answers[1][0]
    assert [None, "true"] == [replayed for _, replayed in answers]
    assert 1 == len(campaigns)


async def test_same_meaning_written_otherwise_is_the_same_request(api: aiohttp.ClientSession) -> None:
    """The order of fields and a default that is spelled out make no other request."""
    ids = []
    for body in (SHORT, {"priority": "normal", **dict(reversed(SHORT.items()))}):
        async with api.post("/v1/campaigns", json=body, headers={"Idempotency-Key": "k"}) as response:
            ids.append((await response.json())["id"])

    assert ids[0] == ids[1]


async def test_key_of_another_request_is_refused(api: aiohttp.ClientSession) -> None:
    """The same key with another body is a mistake of the client's."""
    await api.post("/v1/campaigns", json=SHORT, headers={"Idempotency-Key": "k"})
    async with api.post("/v1/campaigns", json=FULL, headers={"Idempotency-Key": "k"}) as response:
        problem = await response.json()

    told = (response.status, problem["type"], problem["field"])
    assert (422, "/problems/idempotency-key-reused", "Idempotency-Key") == told


async def test_refused_request_leaves_its_key_free(api: aiohttp.ClientSession) -> None:
    """After a refusal the mended request may use the same key."""
    statuses = []
    for body in ({**SHORT, "kind": "lottery"}, SHORT):
        async with api.post("/v1/campaigns", json=body, headers={"Idempotency-Key": "k"}) as response:
            statuses.append(response.status)

    assert [422, 201] == statuses


async def test_retry_after_a_crash_finds_what_was_created(api: aiohttp.ClientSession, redis: Redis) -> None:
    """Where the answer was never kept, the retry still creates nothing more."""
    ids = []
    for _ in range(2):
        async with api.post("/v1/campaigns", json=SHORT, headers={"Idempotency-Key": "k"}) as response:
            ids.append((await response.json())["id"])
        # As after a crash between creating and keeping, and the marker's end.
        assert 1 == await redis.delete(*[key async for key in redis.scan_iter("*idempotency*")])

    assert ids[0] == ids[1]


async def test_without_a_key_each_request_creates(api: aiohttp.ClientSession) -> None:
    """Two equal requests without a key are two campaigns."""
    ids = set()
    for _ in range(2):
        async with api.post("/v1/campaigns", json=SHORT) as response:
            ids.add((await response.json())["id"])

    assert 2 == len(ids)


@pytest.mark.parametrize("name", ["caf\u00e9 \U0001f600", "'; DROP", "{dialer}:x"])
async def test_any_visible_name_is_kept(name: str, api: aiohttp.ClientSession) -> None:
    """A name is text, whatever it looks like."""
    async with api.post("/v1/campaigns", json={**SHORT, "name": name}) as response:
        assert name == (await response.json())["name"]
