"""A campaign on a Redis that lets nobody in without a certificate, and each user do what it must and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dialer.errors import StoreUnavailable
from dialer.runtime import open_runtime
from dialer.settings import load_settings
from tests.acceptance.conftest import NewWorld
from tests.fakes.certificates import make_certificates
from tests.fakes.command_line import dialer
from tests.fakes.redis_fence import Fence
from tests.fakes.redis_group import SERVICE, open_group
from tests.fakes.redis_server import speaks_tls
from tests.fakes.world import QUICK

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("CI" not in os.environ and not speaks_tls(), reason="no redis-server with TLS is on PATH"),
]

CALLS = 100


async def test_a_campaign_over_tls_as_a_user_with_least_privilege(new_world: NewWorld, tmp_path: Path) -> None:
    """API, worker and doctor reach sentinel and primary over TLS; nothing they need is refused to their user."""
    fence = Fence(make_certificates(tmp_path / "tls"))
    async with open_group(replicas=1, sentinels=1, fence=fence) as group:
        settings = fence.settings(group.hosts, SERVICE)
        world = await new_world(QUICK, workers=1, settings=settings)
        run = await world.dial(world.people(CALLS), redial={"busy": {"times": 1, "after_s": 1}})
        seen = await run.until_done()
        examined = await dialer("doctor", "--json", settings=world.settings)
        operator: Any = group.servers[0].client
        refused = await operator.execute_command("ACL", "LOG")
        await world.close()

    assert [] == refused
    assert CALLS == seen["dispositions"]["answered"]
    assert "failed" not in examined.stdout, examined.stdout
    assert fence.password not in world.diagnosis()


@pytest.mark.parametrize("wrong", ["REDIS_PASSWORD", "REDIS_SENTINEL_PASSWORD", "REDIS_CA_FILE"])
async def test_who_may_not_is_told_without_the_secret(tmp_path: Path, wrong: str) -> None:
    """A wrong password, or a certificate of another authority, is a sentence that holds no secret."""
    fence = Fence(make_certificates(tmp_path / "tls"))
    other = make_certificates(tmp_path / "other").authority
    async with open_group(replicas=0, sentinels=1, fence=fence, min_replicas_to_write="0") as group:
        given = fence.settings(group.hosts, SERVICE)
        given["DATA_DIR"] = str(tmp_path)
        given[wrong] = str(other) if wrong == "REDIS_CA_FILE" else "wr0ng"
        with pytest.raises(StoreUnavailable, match="DIALER_REDIS_URL") as refused:
            async with open_runtime(load_settings(**{name.lower(): value for name, value in given.items()})):
                pass

    assert fence.password not in str(refused.value)
    assert "wr0ng" not in str(refused.value)
