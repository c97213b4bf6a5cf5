"""`dialer migrate` against a real Redis, as a person uses it."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from click.testing import Result
from redis.asyncio import Redis

from dialer import keys
from dialer.redis.batch import Batch
from dialer.schema import NEEDS, WRITES, Stamp
from tests.fakes import command_line
from tests.fakes.engine import draft, make_engine, new_calls


async def migrate(redis_url: str, *words: str) -> Result:
    """Run it on this Redis."""
    with TemporaryDirectory() as folder:
        return await command_line.dialer("migrate", *words, settings={"REDIS_URL": redis_url, "DATA_DIR": folder})


async def test_old_data_is_rehearsed_migrated_and_then_done(redis: Redis, redis_url: str) -> None:
    """A rehearsal tells what would change; a second run that there is nothing to do."""
    engine = make_engine(redis)
    await engine.store.create_campaign(draft())
    await engine.store.add_calls("c1", new_calls(60), import_id="i1")
    await Batch(redis).command("HSET", keys.SCHEMA, "version", WRITES - 1, "needs", WRITES - 1)
    rehearsed = await migrate(redis_url, "--dry-run")
    kept = await engine.store.stamp()
    done = await migrate(redis_url)
    again = await migrate(redis_url)

    assert (0, 0, 0) == (rehearsed.exit_code, done.exit_code, again.exit_code)
    assert "1 campaigns and 60 calls looked at.\n0 texts would change; nothing was written." in rehearsed.stdout
    assert Stamp(WRITES - 1, WRITES - 1) == kept
    assert f"0 texts changed. The data is of version {WRITES} now." in done.stdout
    assert Stamp(WRITES, NEEDS) == await engine.store.stamp()
    assert "nothing to do" in again.stdout


async def test_data_of_a_newer_release_is_refused_with_what_to_do(redis: Redis, redis_url: str) -> None:
    """One sentence, and nothing is changed."""
    await Batch(redis).command("HSET", keys.SCHEMA, "version", WRITES + 1, "needs", WRITES + 1)
    refused = await migrate(redis_url)

    assert 1 == refused.exit_code
    assert "Start the newer release again" in refused.stderr
    assert {keys.SCHEMA} == {*await redis.keys()}
