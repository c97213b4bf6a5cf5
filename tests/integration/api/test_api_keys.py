"""Keys through the API: made once, listed without what they are, revoked at once, in the audit log by their ids."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.access import ApiKey, id_of
from dialer.clock import moment, now_ms
from dialer.runtime import Runtime
from dialer.store import access
from tests.fakes.keyspace import dump
from tests.integration.api.conftest import CAMPAIGN

Json = dict[str, Any]


async def make(api: aiohttp.ClientSession, **body: Any) -> Json:
    """A key just made."""
    async with api.post("/v1/keys", json={"name": "Harbour office", "roles": ["launch"]} | body) as response:
        assert 201 == response.status, await response.text()
        made: Json = await response.json()
        assert (f"/v1/keys/{made['id']}", "no-store") == (
            response.headers["Location"],
            response.headers["Cache-Control"],
        )
        return made


async def test_a_key_is_told_once_and_kept_as_a_digest(api: aiohttp.ClientSession, redis: Redis) -> None:
    """Neither Redis, nor a listing, nor the audit log holds what its holder sends."""
    made = await make(api)
    async with api.get("/v1/keys") as all_keys, api.get(f"/v1/keys/{made['id']}") as one, api.get("/v1/audit") as log:
        told = [await all_keys.json(), await one.json(), await log.json()]
    secret = made["key"].rpartition("_")[2]

    assert made["id"] == id_of(made["key"])
    assert told[0] == {"keys": [told[1]]}
    assert {"name": "Harbour office", "roles": ["launch"], "lapsed": False, "used_at": None}.items() <= told[1].items()
    assert secret not in json.dumps(told)
    assert secret not in str(await dump(redis))


async def test_what_a_key_does_stands_in_the_log_under_its_id(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession
) -> None:
    """Making and revoking it as well, with what it was made for."""
    made = await make(api, roles=["launch", "operate"])
    await stranger.post("/v1/campaigns", json=CAMPAIGN, headers={"Authorization": f"Bearer {made['key']}"})
    await api.delete(f"/v1/keys/{made['id']}")
    async with api.get("/v1/audit") as response:
        entries = list(reversed((await response.json())["entries"]))

    first = entries[0]["actor"]
    assert [
        ("key.created", first, "asked"),
        ("key.created", first, "done"),
        ("campaign.created", f"key:{made['id']}", "asked"),
        ("campaign.created", f"key:{made['id']}", "done"),
        ("key.revoked", first, "asked"),
        ("key.revoked", first, "done"),
    ] == [(entry["action"], entry["actor"], entry["outcome"]) for entry in entries]
    assert {"name": "Harbour office", "roles": ["launch", "operate"]} == entries[0]["details"]
    assert ({"key_id": made["id"]}, None) == (entries[1]["details"], entries[1]["campaign_id"])
    assert {"key_id": made["id"]} == entries[4]["details"]


async def test_ones_own_key_says_what_it_may(api: aiohttp.ClientSession, stranger: aiohttp.ClientSession) -> None:
    """Its roles, what follows from them, and until when; the first key may do everything, for ever."""
    made = await make(api, expires_at="2100-01-01T00:00:00+01:00")
    sent = {"Authorization": f"Bearer {made['key']}"}
    async with stranger.get("/v1/me", headers=sent) as one, api.get("/v1/me") as first:
        own, told = await one.json(), await first.json()

    assert {
        "id": made["id"],
        "name": "Harbour office",
        "roles": ["launch"],
        "may": ["launch", "read"],
        "expires_at": "2099-12-31T23:00:00Z",
    } == own
    assert ("DIALER_API_KEY", ["admin"], None) == (told["name"], told["roles"], told["expires_at"])
    assert {"read", "operate", "launch", "admin"} == set(told["may"])


async def test_a_change_of_keys_between_two_tries_rings_nobody_twice(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession
) -> None:
    """The same request under its Idempotency-Key is the same one, whatever API key it comes with."""
    body, made = {"number": "+31201234567", "script": {"text": "Hello."}}, await make(api)
    again = {"Authorization": f"Bearer {made['key']}", "Idempotency-Key": "alarm-4711"}
    async with api.post("/v1/calls", json=body, headers={"Idempotency-Key": "alarm-4711"}) as response:
        first = await response.json()
    async with stranger.post("/v1/calls", json=body, headers=again) as response:
        assert (first, "true") == (await response.json(), response.headers["Idempotency-Replayed"])


async def test_an_operator_starts_nothing(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, campaign_id: str
) -> None:
    """No step that it may take leads a draft into running."""
    made = await make(api, roles=["operate"])
    headers, found = {"Authorization": f"Bearer {made['key']}"}, []
    for verb in ("pause", "resume", "start"):
        async with stranger.post(f"/v1/campaigns/{campaign_id}/{verb}", headers=headers) as response:
            found.append(response.status)
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        assert ([409, 409, 403], "draft") == (found, (await response.json())["state"])


async def test_a_revoked_key_is_gone(api: aiohttp.ClientSession) -> None:
    """Revoking it twice, or looking at it, is 404."""
    made = await make(api)
    statuses = []
    for method in ("DELETE", "DELETE", "GET"):
        async with api.request(method, f"/v1/keys/{made['id']}") as response:
            statuses.append(response.status)

    assert [204, 404, 404] == statuses


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"roles": ["read"]}, "name"),
        ({"name": "", "roles": ["read"]}, "name"),
        ({"name": "x", "roles": []}, "roles"),
        ({"name": "x", "roles": ["root"]}, "roles.0"),
        ({"name": "x", "roles": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "roles": ["read"], "expires_at": "2100-01-01T00:00:00"}, "expires_at"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(
    api: aiohttp.ClientSession, redis: Redis, body: Json, field: str
) -> None:
    """The error names the field, and nothing is kept."""
    async with api.post("/v1/keys", json=body) as response:
        assert (422, field) == (response.status, (await response.json())["field"])
    assert 0 == await redis.exists(keys.API_KEYS)


async def test_there_is_an_end_to_keys(api: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays flat, however many are made at once; the refusal says what to do."""
    monkeypatch.setattr(access, "MOST_KEYS", 2)
    body = {"name": "x", "roles": ["read"]}
    answers = await asyncio.gather(*(api.post("/v1/keys", json=body) for _ in range(10)))
    made = [await response.json() for response in answers if response.status == 201]
    refused = [await response.json() for response in answers if response.status == 409]

    assert (2, 8) == (len(made), len(refused))
    assert "revoke those" in refused[0]["detail"]
    await api.delete(f"/v1/keys/{made[0]['id']}")
    await make(api)


async def test_a_taken_id_is_not_taken_over(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Should two ever meet, the first stays what it is."""
    made = await make(api)
    key = await runtime.store.known_api_key(made["id"])
    later = moment(now_ms(runtime.clock)) + timedelta(days=1)

    assert (
        await runtime.store.create_api_key(
            ApiKey(id=key.id, name="other", roles=key.roles, digest="", created_at=later)
        )
        is False
    )
    assert key == await runtime.store.known_api_key(made["id"])
