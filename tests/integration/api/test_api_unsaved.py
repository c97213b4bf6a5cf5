"""Redis cannot save (its disk is full) and refuses writes: whoever only looks is answered all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from tests.fakes.redis_server import redis_server
from tests.fakes.switchboard import Switchboard, open_switchboard

READS = ("campaigns", "campaigns/{}", "campaigns/{}/calls", "campaigns/{}/explain", "campaigns/{}/forecast", "trunks")


@pytest.fixture
async def unsaved() -> AsyncIterator[tuple[Switchboard, str]]:
    """A dialer whose Redis could not save, and a running campaign."""
    with redis_server("--appendonly", "no") as url:
        async with Redis.from_url(url, decode_responses=True) as redis, open_switchboard(url) as board:
            campaign_id = await board.campaign(["+31612345601"])
            blocked = Path((await redis.config_get("dir"))["dir"]) / "dump.rdb"
            blocked.mkdir()
            await redis.config_set("save", "1 1")
            await redis.bgsave()
            async with asyncio.timeout(20):
                while (await redis.info("persistence"))["rdb_last_bgsave_status"] == "ok":  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.05)
            with pytest.raises(ResponseError, match="MISCONF"):
                await redis.set("a", 1)
            yield board, campaign_id
            await redis.config_set("save", "")  # so that it ends without saving
            blocked.rmdir()


async def test_who_only_looks_is_answered(unsaved: tuple[Switchboard, str]) -> None:
    """Campaigns, calls, why they are not dialed, and trunks; what changes anything is refused."""
    board, campaign_id = unsaved
    statuses = {}
    for path in READS:
        async with board.http.get(f"/v1/{path.format(campaign_id)}") as response:
            statuses[path] = response.status
    async with board.http.post(f"/v1/campaigns/{campaign_id}/pause") as response:
        refused = response.status

    assert dict.fromkeys(READS, 200) == statuses
    assert 503 == refused
