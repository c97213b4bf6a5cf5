"""The API while no replica confirms: nothing is acknowledged that a failover could lose, and reading goes on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.settings import Settings
from tests.fakes.redis_group import RedisGroup, open_group
from tests.integration.api.conftest import CAMPAIGN


@pytest.fixture
async def group() -> AsyncIterator[RedisGroup]:
    """A primary and its replica."""
    async with open_group(replicas=1) as opened:
        yield opened


@pytest.fixture
async def redis(group: RedisGroup) -> Redis:
    """The primary."""
    return group.servers[0].client


@pytest.fixture
def settings(settings: Settings, group: RedisGroup) -> Settings:
    """The API on that group."""
    return settings.model_copy(update={"redis_url": group.url, "redis_replicas_acknowledged": 1})


@pytest.mark.parametrize(
    ("request_line", "body"),
    [
        ("POST /v1/campaigns", CAMPAIGN),
        ("POST /v1/campaigns/ID/start", {}),
        ("POST /v1/campaigns/ID/cancel", {}),
        ("POST /v1/campaigns/ID/calls", [{"number": "+31201234567", "name": "Fenna"}]),
        ("POST /v1/calls", {"number": "+31201234567", "script": {"text": "Hello."}}),
        ("POST /v1/suppressions/add", {"number": "+31201234567"}),
    ],
)
async def test_no_change_is_acknowledged(
    request_line: str, body: Any, api: aiohttp.ClientSession, campaign_id: str, group: RedisGroup
) -> None:
    """Whoever changes something is told that no replica has it; sent again once one follows, it is done."""
    method, path = request_line.replace("ID", campaign_id).split()
    group.servers[1].freeze()
    async with api.request(method, path, json=body, headers={"Idempotency-Key": "k"}) as response:
        problem = await response.json()
        assert (503, "1") == (response.status, response.headers["Retry-After"]), problem
    group.servers[1].thaw()
    await group.until_followed(group.servers[0], 1)
    async with api.request(method, path, json=body, headers={"Idempotency-Key": "k"}) as response:
        assert response.ok, await response.text()

    assert "DIALER_REDIS_REPLICAS_ACKNOWLEDGED" in problem["detail"]


async def test_reading_goes_on(api: aiohttp.ClientSession, campaign_id: str, group: RedisGroup) -> None:
    """Who only looks is answered at once."""
    paths = ["/v1/campaigns", f"/v1/campaigns/{campaign_id}", f"/v1/campaigns/{campaign_id}/explain", "/readyz"]
    usual_s = await _looked(api, paths)
    group.servers[1].freeze()
    took_s = await _looked(api, paths)
    group.servers[1].thaw()

    assert took_s < usual_s + 0.9


async def _looked(api: aiohttp.ClientSession, paths: Sequence[str]) -> float:
    """Seconds that all of these took."""
    began = time.monotonic()
    for path in paths:
        async with api.get(path) as response:
            assert 200 == response.status, await response.text()
    return time.monotonic() - began


async def test_who_picks_up_hears_his_call(stranger: aiohttp.ClientSession, webhook: str, group: RedisGroup) -> None:
    """What a call says is served at once, while the event beside it is to be repeated."""
    group.servers[1].freeze()
    began = time.monotonic()
    async with stranger.get(f"{webhook}/answer") as response:
        assert 200 == response.status, await response.text()
    took_s = time.monotonic() - began
    async with stranger.post(f"{webhook}/event", json={"status": "ringing"}) as response:
        assert 503 == response.status
    group.servers[1].thaw()
    async with stranger.post(f"{webhook}/event", json={"status": "ringing"}) as response:
        assert 204 == response.status

    assert took_s < 0.9
