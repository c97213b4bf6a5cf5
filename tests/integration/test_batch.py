"""The batch: one round trip for what is asked in one turn of the loop, and an answer for everybody."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from dialer.errors import StoreUnavailable
from dialer.lua import script
from dialer.redis import batch as batch_module
from dialer.redis.batch import Batch
from dialer.redis.pipeline import Part
from dialer.redis.program import choose_program
from tests.fakes.engine import Engine, draft

COUNT_CALLS: tuple[str, list[str], list[Part]] = ("count_calls", ["{dialer}:a", "{dialer}:b"], [])


async def reads(redis: Redis) -> int:
    """How often Redis has read from a socket: once for what arrives together."""
    return int((await redis.info("stats"))["total_reads_processed"])


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Redis, Callable[[], None]]]:
    """A Redis server of this test's own on a loopback socket, and how to kill it."""
    socket = tmp_path.parent / "r"
    command = [str(choose_program(tmp_path).path), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220, S603 - returns at once; found by us
    redis = Redis.from_url(f"unix://{socket}", decode_responses=True)
    async with asyncio.timeout(10):
        while not await _answers(redis):  # noqa: ASYNC110 - a process does not tell when it is ready
            await asyncio.sleep(0.01)

    def kill() -> None:
        process.kill()
        process.wait(10)

    yield redis, kill
    kill()
    await redis.aclose()


async def _answers(redis: Redis) -> bool:
    with suppress(RedisError, OSError):
        return bool(await redis.ping())
    return False


@pytest.mark.parametrize("count", [1, 2, 100, 256])
async def test_one_turn_of_the_loop_is_one_round_trip(redis: Redis, count: int) -> None:
    """What is asked in one turn goes out together, and each gets its own answer."""
    batch = Batch(redis)
    before = await reads(redis)
    answers = await asyncio.gather(*(batch.command("ECHO", number) for number in range(count)))

    assert [str(number) for number in range(count)] == answers
    assert 1 == await reads(redis) - before - 1  # the look itself is one


async def test_a_crowd_goes_out_in_few_parts(redis: Redis) -> None:
    """A thousand commands at once are four pipelines, none so long that it keeps others waiting."""
    batch = Batch(redis)
    await asyncio.gather(*(redis.ping() for _ in range(4)))  # connections are there
    before = await reads(redis)
    answers = await asyncio.gather(*(batch.command("ECHO", number) for number in range(1000)))

    assert [str(number) for number in range(1000)] == answers
    assert 4 <= await reads(redis) - before - 1 <= 12  # the setup of connections and long packets come in parts


async def test_what_comes_while_all_are_under_way_goes_out_next(redis: Redis) -> None:
    """Many turns at once, more than may be under way: everybody is answered."""
    batch = Batch(redis)

    async def ask(number: int) -> Any:
        for _ in range(number % 7):
            await asyncio.sleep(0)
        return await batch.command("ECHO", number)

    assert [str(number) for number in range(3000)] == await asyncio.gather(*map(ask, range(3000)))


async def test_scripts_and_commands_keep_their_order(redis: Redis) -> None:
    """In one turn, what was asked first is done first, on a server that knows the scripts."""
    batch = Batch(redis)
    await batch.run(*COUNT_CALLS)
    found = await asyncio.gather(
        batch.command("ZADD", "{dialer}:a", 1, "x"), batch.run(*COUNT_CALLS), batch.command("DEL", "{dialer}:a")
    )

    assert [1, [1, 0], 1] == [*found]


async def test_a_server_that_forgot_the_scripts_is_taught(redis: Redis) -> None:
    """After SCRIPT FLUSH, or on a new server, scripts run as before; commands beside them run once."""
    batch = Batch(redis)
    for _ in range(3):
        await redis.script_flush()
        found = await asyncio.gather(
            batch.command("INCR", "n"), batch.run(*COUNT_CALLS), batch.run(*COUNT_CALLS), batch.command("INCR", "m")
        )

    assert [3, [0, 0], [0, 0], 3] == [*found]
    assert [True] == await redis.script_exists(script("count_calls").sha)


async def test_a_script_is_taught_once(redis: Redis) -> None:
    """Once a server knows the scripts, they are not sent again."""
    batch = Batch(redis)
    await batch.run(*COUNT_CALLS)
    await redis.config_resetstat()
    await batch.run(*COUNT_CALLS)

    assert {"cmdstat_evalsha", "cmdstat_zcard"} == {
        name for name in await redis.info("commandstats") if name not in {"cmdstat_config|resetstat", "cmdstat_config"}
    } - {"cmdstat_info"}


async def test_every_script_can_be_loaded(redis: Redis) -> None:
    """Redis takes each script, its includes in front, under the name that we know it by."""
    names = [path.stem for path in (Path(__file__).parents[2] / "dialer/lua").glob("*.lua")]

    assert {script(name).sha for name in names} == {await redis.script_load(script(name).text) for name in names}


async def test_an_error_of_one_command_is_its_callers_alone(redis: Redis) -> None:
    """A command that Redis refuses raises for who asked; those beside it get their answers."""
    batch = Batch(redis)
    await redis.set("text", "x")
    found = await asyncio.gather(
        batch.command("PING"),
        batch.command("LPUSH", "text", 1),
        batch.command("NOSUCHCOMMAND"),
        batch.command("ECHO", "a"),
        return_exceptions=True,
    )

    assert [True, ResponseError, ResponseError, "a"] == [
        type(one) if isinstance(one, Exception) else one for one in found
    ]


async def test_a_caller_that_gave_up_hurts_nobody(redis: Redis) -> None:
    """A cancelled caller's command may run; the others get their answers, and so does who asks next."""
    batch = Batch(redis)
    gone = [asyncio.ensure_future(batch.command("ECHO", "gone")) for _ in range(3)]
    stays = asyncio.ensure_future(batch.command("ECHO", "stays"))
    await asyncio.sleep(0)
    for one in gone:
        one.cancel()

    assert "stays" == await stays
    assert all(one.cancelled() for one in gone)
    assert "next" == await batch.command("ECHO", "next")


async def test_text_that_utf8_cannot_hold_stops_nobody(redis: Redis) -> None:
    """Half a surrogate pair is sent as a question mark, and what goes with it is sent as it is."""
    batch = Batch(redis)

    found = await asyncio.gather(batch.command("ECHO", "a\ud800b"), batch.command("ECHO", "Žofie"))

    assert ["a?b", "Žofie"] == [*found]


async def test_what_cannot_be_sent_is_answered_all_the_same(redis: Redis) -> None:
    """A part of a wrong type, which is a bug of ours, fails loudly instead of leaving anybody waiting."""
    batch = Batch(redis)
    wrong: Any = object()
    with pytest.raises(StoreUnavailable):
        await batch.command("ECHO", wrong)

    assert "next" == await batch.command("ECHO", "next")


async def test_nobody_waits_for_a_task_that_was_ended(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked is ended with the task that was to ask Redis, at once."""

    async def ending(*_: object) -> list[Any]:
        raise asyncio.CancelledError

    batch = Batch(redis)
    monkeypatch.setattr(batch_module, "exchange", ending)
    async with asyncio.timeout(10):
        answers = await asyncio.gather(batch.command("GET", "a"), batch.command("GET", "b"), return_exceptions=True)

    assert [asyncio.CancelledError] * 2 == [type(answer) for answer in answers]


async def test_without_a_server_the_store_is_unavailable(server: tuple[Redis, Callable[[], None]]) -> None:
    """A server that dies, with what was asked of it under way or not, leaves nobody waiting."""
    redis, kill = server
    batch = Batch(redis)
    await batch.run(*COUNT_CALLS)
    under_way = [asyncio.ensure_future(batch.command("BLPOP", "nothing", 0)) for _ in range(3)]
    await asyncio.sleep(0)
    kill()
    found = await asyncio.gather(*under_way, batch.command("PING"), batch.run(*COUNT_CALLS), return_exceptions=True)

    assert [StoreUnavailable] * 5 == [type(one) for one in found]
    assert "is it running and reachable?" in str(found[0])


@pytest.fixture
async def full(redis: Redis) -> AsyncIterator[Redis]:
    """A server without memory for anything more."""
    await redis.config_set("maxmemory", 1)
    yield redis
    await redis.config_set("maxmemory", 0)


async def test_a_server_without_memory_is_unavailable(full: Redis) -> None:
    """A server that is there but takes nothing in is away as well, for commands and scripts: nobody's mistake."""
    batch = Batch(full)
    with pytest.raises(StoreUnavailable):
        await batch.command("SET", "a", "b")
    with pytest.raises(StoreUnavailable):
        await batch.run("create_campaign", ["a", "b", "c", "d", "e"], ["c1", 1, "", "", "state", "draft"])

    assert [] == await full.keys()


@pytest.fixture
async def replica(redis: Redis) -> AsyncIterator[Redis]:
    """A server that follows another one, which is not there: it only reads, as after a failover."""
    await redis.replicaof("127.0.0.1", "1")
    yield redis
    await redis.replicaof("NO", "ONE")


async def test_a_server_that_only_reads_is_unavailable(replica: Redis) -> None:
    """A former primary is away for whoever wants to write."""
    batch = Batch(replica)
    with pytest.raises(StoreUnavailable):
        await batch.command("SET", "a", "b")
    with pytest.raises(StoreUnavailable):
        await batch.run("create_campaign", ["a", "b", "c", "d", "e"], ["c1", 1, "", "", "state", "draft"])


async def test_a_former_primary_is_left(redis: Redis) -> None:
    """Whoever hears that a server only reads connects anew, and by sentinels to the next primary."""
    batch = Batch(redis)
    await batch.run(*COUNT_CALLS)
    before = await redis.client_id()
    await redis.replicaof("127.0.0.1", "1")
    with pytest.raises(StoreUnavailable):
        await batch.run("create_campaign", ["a", "b", "c", "d", "e"], ["c1", 1, "", "", "state", "draft"])
    await redis.replicaof("NO", "ONE")

    assert before != await redis.client_id()


async def test_the_store_is_unavailable_without_a_server(engine: Engine) -> None:
    """Reading and writing calls say so too."""
    away = Redis.from_url("unix:///nowhere/at/all", decode_responses=True)
    store = type(engine.store)(Batch(away), engine.clock, engine.store._limits)
    with pytest.raises(StoreUnavailable):
        await store.create_campaign(draft())
    with pytest.raises(StoreUnavailable):
        await store.spoken("c1-1-1")
