"""`dialer restored` against a real Redis, as a person uses it; the test of a whole restore has it with a carrier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from redis.asyncio import Redis

from dialer import keys
from dialer.audit import Action, Entry
from dialer.clock import RedisClock
from dialer.redis.batch import Batch
from dialer.redis.life import Life
from dialer.store import AuditFilter
from tests.fakes import command_line
from tests.fakes.engine import make_engine

CARRIER = {
    "CARRIER_URL": "http://127.0.0.1:9",
    "CARRIER_TOKEN_URL": "http://127.0.0.1:9/token",
    "CARRIER_CLIENT_ID": "tests",
    "CARRIER_CLIENT_SECRET": "tests",
    "CARRIER_APPLICATION_ID": "tests",
    "FROM_NUMBER": "+31201234567",
    "CARRIER_TIMEOUT_S": "1",
    "UNAVAILABLE_SETTLE_S": "1",
}


async def restored(redis_url: str, folder: Path, *words: str, **settings: str) -> Result:
    """Run it on this Redis."""
    given = {"REDIS_URL": redis_url, "DATA_DIR": str(folder), **settings}
    return await command_line.dialer("restored", "--by", "anna", *words, settings=given)


async def looked(redis: Redis) -> Life:
    """As a worker sees the data now."""
    clock = RedisClock(redis)
    await clock.sync()
    life = Life(Batch(redis), clock)
    await life.look()
    return life


async def entries(redis: Redis) -> list[dict[str, Any]]:
    """What the audit log has of it."""
    wanted = AuditFilter(action=Action.DATA_RESTORED)
    return [entry.told() async for page in make_engine(redis).store.all_audit(wanted) for entry in page]


async def test_by_hand_nobody_is_asked(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    """Whoever settled all himself says so, and dialing goes on; the audit log has who, and what was missing."""
    before = await looked(redis)
    before.saw(before.id, 7)
    await before.look()
    said = await restored(redis_url, tmp_path, "--by-hand")
    after = await looked(redis)
    (entry,) = await entries(redis)

    assert (0, True, False) == (said.exit_code, before.is_old, after.is_old), said.output
    assert before.id != after.id
    assert ("anna", "7 attempts or more") == (entry["on_behalf_of"], entry["details"]["lacked"])


async def test_who_is_not_the_first_is_told_so(
    redis: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another has begun a new life in that moment: it stays, and is written down once."""
    before, renew = await looked(redis), Life.renew

    async def second(self: Life, entry: Entry, now_ms: int) -> bool:
        other = Life(self._batch, self._clock)
        await other.look()
        assert await renew(other, entry, now_ms)
        return await renew(self, entry, now_ms)

    monkeypatch.setattr(Life, "renew", second)
    said = await restored(redis_url, tmp_path, "--by-hand")

    assert 0 == said.exit_code, said.output
    assert "Somebody else has begun a new life of the data meanwhile: workers dial on" in said.output
    assert 1 == len(await entries(redis))
    assert before.id != (await looked(redis)).id


@pytest.mark.parametrize("since", ["yesterday", "2026-12-01", "2026-12-01T09:30:00"])
async def test_a_moment_needs_its_offset(redis: Redis, redis_url: str, tmp_path: Path, since: str) -> None:
    """Nothing is touched."""
    said = await restored(redis_url, tmp_path, "--since", since)

    assert 2 == said.exit_code
    assert "2026-12-01T09:30:00+01:00" in said.stderr
    assert [] == await redis.keys()


async def test_data_that_does_not_tell_since_when_is_asked_for(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    """A backup without any attempt: whoever took it knows when. Workers hold meanwhile."""
    said = await restored(redis_url, tmp_path, **CARRIER)

    assert (1, True) == (said.exit_code, (await looked(redis)).is_old)
    assert "--since TIME" in said.stderr


@pytest.mark.parametrize(("settings", "words"), [({}, "DIALER_CARRIER_CLIENT_ID"), (CARRIER, "Error")])
async def test_without_the_carrier_workers_hold_on(
    redis: Redis, redis_url: str, tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    """Whether its settings are missing or it does not answer: nothing was settled."""
    life = await looked(redis)
    await Batch(redis).command("HSET", keys.LIFE, "at", 1_800_000_000_000)
    said = await restored(redis_url, tmp_path, **settings)

    assert (1, True, []) == (said.exit_code, (await looked(redis)).is_old, await entries(redis))
    assert words in said.stderr
    assert ("list of calls in 2 s" in said.stdout) == bool(settings)
    assert life.id == (await looked(redis)).id
