"""Data that is older than what was seen of it is told from it, and nothing is dialed from it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dialer import keys
from dialer.audit import DIALER, Action, Entry, Outcome
from dialer.dialing import Begun, Dialing, Pace
from dialer.errors import NotReplicated
from dialer.redis.batch import Batch
from dialer.redis.life import UNTIL_ALL_LOOKED_MS, Life, Told
from dialer.redis.seen import Seen
from dialer.states import CallState
from dialer.store import AuditFilter
from tests.fakes.backup import Backups, open_backups
from tests.fakes.engine import PLACING_LEASE_MS, Engine, make_engine
from tests.fakes.waiting import until

DONE = Entry(action=Action.DATA_RESTORED, actor=DIALER, outcome=Outcome.DONE, on_behalf_of="anna")
_PROMPT_S = 10.0


@pytest.fixture
async def backups(redis_url: str) -> AsyncIterator[Backups]:
    """Of the Redis of these tests."""
    async with open_backups(redis_url) as opened:
        yield opened


class Process:
    """One that dials, from its start."""

    def __init__(self, engine: Engine, disk: Seen | None) -> None:
        self.engine = engine
        self.life = Life(engine.batch, engine.clock, disk)
        self.dialing = Dialing(engine.batch, engine.clock, Pace(100, 10), life=self.life)

    async def begin(self, nonce: str = "n") -> Begun:
        """Claim a call and begin it."""
        self.engine.clock.advance_ms(100)
        (claim, *_) = (await self.dialing.claim(1)).claims
        (dial,) = await self.dialing.read([claim])
        self.engine.clock.set_us(dial.claim.place_at_us)
        return await self.dialing.begin(dial, f"{nonce}{dial.claim.token}", lease_ms=PLACING_LEASE_MS)


async def started(engine: Engine, disk: Path | None = None) -> Process:
    """A process that has looked at the data."""
    process = Process(engine, Seen(disk) if disk else None)
    await process.life.look()
    return process


async def restored_by(engine: Engine) -> list[str]:
    """Who said that a restore was dealt with."""
    wanted = AuditFilter(action=Action.DATA_RESTORED)
    return [entry.told()["on_behalf_of"] async for page in engine.store.all_audit(wanted) for entry in page]


async def waiting(engine: Engine) -> int:
    """How many calls of the campaign wait."""
    return int(await engine.redis.zcard(keys.calls_in("c1", CallState.WAITING)))


async def test_attempts_are_counted_in_the_step_that_begins_them(engine: Engine) -> None:
    """All processes are in one life; each is told how far it is."""
    await engine.run_campaign(calls=5)
    one, other = await started(engine), await started(engine)
    begun = [await one.begin(), await one.begin(), await other.begin()]
    stored = await engine.batch.command("HMGET", keys.LIFE, "id", "begun", "at")

    assert [Begun.BEGUN] * 3 == begun
    assert (one.life.id, "3", str(engine.now_ms)) == tuple(stored)
    assert (one.life.id, 2, 3) == (other.life.id, one.life.begun, other.life.begun)
    await one.life.look()
    assert Told(one.life.id, 3, 0, (), engine.now_ms) == one.life.told


async def test_an_attempt_begun_again_is_counted_once(engine: Engine) -> None:
    """The run whose answer was lost asks again and learns the same."""
    await engine.run_campaign()
    process = await started(engine)
    engine.clock.advance_ms(1)
    (dial,) = await process.dialing.read((await process.dialing.claim(1)).claims)
    engine.clock.set_us(dial.claim.place_at_us)
    begun = [await process.dialing.begin(dial, "n", lease_ms=PLACING_LEASE_MS) for _ in range(2)]

    assert [Begun.BEGUN] * 2 == begun
    assert "1" == await engine.batch.command("HGET", keys.LIFE, "begun")


async def test_who_dialed_on_begins_nothing_on_a_backup(engine: Engine, backups: Backups) -> None:
    """The last look refuses before anybody has looked; the call waits on and costs no try."""
    await engine.run_campaign(calls=6)
    process = await started(engine)
    await process.begin()
    backup = await backups.take()
    await process.begin()
    await backups.put_back(backup)
    before = await waiting(engine)
    begun = await process.begin("later")
    held_at_once = process.life.holds
    await process.life.look()

    assert (Begun.OLD_DATA, True, True) == (begun, held_at_once, process.life.is_old)
    assert before == await waiting(engine)
    assert ["1", "2"] == await engine.batch.command("HMGET", keys.LIFE, "begun", "known")


async def test_others_learn_of_it_from_redis(engine: Engine, backups: Backups) -> None:
    """One process that lived through the restore is enough: the others know nothing, and begin nothing."""
    await engine.run_campaign(calls=6)
    process = await started(engine)
    backup = await backups.take()
    await process.begin()
    await backups.put_back(backup)
    newcomer = await started(engine)
    await process.life.look()
    begun = await newcomer.begin()
    await newcomer.life.look()

    assert (Begun.OLD_DATA, True) == (begun, newcomer.life.is_old)


async def test_on_another_server_nothing_begins_until_all_have_looked(engine: Engine, backups: Backups) -> None:
    """Who has begun nothing since the backup finds nothing wrong, and would dial before others tell what is missing."""
    await engine.run_campaign(calls=6)
    ignorant, knowing = await started(engine), await started(engine)
    backup = await backups.take()
    await knowing.begin()
    await backups.put_back(backup)
    await _elsewhere(engine)
    begun = [await ignorant.begin()]
    await ignorant.life.look()
    held = ignorant.life.holds
    begun.append(await ignorant.begin("early"))
    await knowing.life.look()
    engine.clock.advance_ms(UNTIL_ALL_LOOKED_MS)
    begun.append(await ignorant.begin("late"))

    assert ([Begun.OLD_DATA] * 3, True, True) == (begun, held, knowing.life.is_old)


async def test_where_nothing_is_missing_calls_go_on_by_themselves(engine: Engine) -> None:
    """A restart or a failover: seconds later the same calls begin. Whoever starts meanwhile waits as long."""
    await engine.run_campaign(calls=6)
    process = await started(engine)
    await process.begin()
    await _elsewhere(engine)
    await process.life.look()
    newcomer = await started(engine)
    held = [process.life.holds, newcomer.life.holds]
    engine.clock.advance_ms(UNTIL_ALL_LOOKED_MS - 1)
    await process.life.look()
    held.append(process.life.holds)
    engine.clock.advance_ms(1)
    await process.life.look()
    begun = await process.begin()

    assert [True, True, True] == held
    assert (Begun.BEGUN, False) == (begun, process.life.holds)


async def test_the_next_look_is_when_calls_may_go_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than he must."""
    monkeypatch.setattr("dialer.redis.life.UNTIL_ALL_LOOKED_MS", 50)
    process = await started(engine)
    await _elsewhere(engine)
    await process.life.look()

    await asyncio.wait_for(process.life.rest(60), 5)


async def test_a_new_life_is_waited_in_as_long(engine: Engine) -> None:
    """Whoever restores says nothing of the server."""
    process = await started(engine)
    await _elsewhere(engine)
    await process.life.look()
    before = await engine.batch.command("HMGET", keys.LIFE, "run", "from")
    await process.life.renew(DONE, engine.now_ms)

    assert before == await engine.batch.command("HMGET", keys.LIFE, "run", "from")


async def _elsewhere(engine: Engine) -> None:
    """The data was written by another server, or by this one before it was started again."""
    await engine.batch.command("HSET", keys.LIFE, "run", "0" * 40)


async def test_who_starts_on_a_backup_knows_by_its_disk(engine: Engine, backups: Backups, tmp_path: Path) -> None:
    """All were stopped for the restore, as a runbook asks; without its disk it dials as ever."""
    await engine.run_campaign(calls=6)
    lives = await started(engine, tmp_path / "one")
    backup = await backups.take()
    await lives.begin()
    await lives.life.keep()
    await backups.put_back(backup)
    stranger = await started(engine, tmp_path / "other")
    begun = await stranger.begin()
    await backups.put_back(backup)
    with capture_logs() as logged:
        again = await started(engine, tmp_path / "one")

    assert (Begun.BEGUN, False, True) == (begun, stranger.life.is_old, again.life.is_old)
    assert [("data.old", "1 attempts or more")] == [(line["event"], line["lacks"]) for line in logged]


async def test_calls_go_on_in_a_new_life_the_backup_stays_old(engine: Engine, backups: Backups, tmp_path: Path) -> None:
    """Once somebody has said that it was dealt with; and to put the same backup back once more is seen too."""
    await engine.run_campaign(calls=9)
    process = await started(engine, tmp_path)
    await process.begin()
    backup = await backups.take()
    await process.begin()
    await backups.put_back(backup)
    await process.life.look()
    said = await process.life.renew(DONE, engine.now_ms)
    begun = await process.begin("new")
    said_by = await restored_by(engine)
    again = await started(engine, tmp_path)
    await backups.put_back(backup)
    running, restarted = await process.begin("old"), await started(engine, tmp_path)

    assert (True, Begun.BEGUN, False) == (said, begun, again.life.is_old)
    assert ["anna"] == said_by
    assert (Begun.OLD_DATA, True) == (running, restarted.life.is_old)
    assert restarted.life.told is not None
    assert "another restore" in restarted.life.told.lacks


async def test_two_who_say_so_begin_one_life(engine: Engine) -> None:
    """The second is told that it was done."""
    one, other = await started(engine), await started(engine)
    said = await asyncio.gather(*(process.life.renew(DONE, engine.now_ms) for process in (one, other)))

    assert [False, True] == sorted(said)
    assert one.life.id == other.life.id
    assert ["anna"] == await restored_by(engine)


async def test_an_emptied_redis_is_new_and_not_old(engine: Engine, tmp_path: Path) -> None:
    """FLUSHALL is meant: nobody waits in it. The first attempt looks, and the next one begins."""
    await engine.run_campaign(calls=3)
    process = await started(engine, tmp_path)
    await process.begin()
    await process.life.keep()
    await engine.redis.flushall()
    await engine.run_campaign(calls=3)
    refused = await process.begin()
    await process.life.look()
    begun = await process.begin()

    assert (Begun.OLD_DATA, Begun.BEGUN, False) == (refused, begun, process.life.holds)
    assert not (await started(engine, tmp_path)).life.is_old


async def test_a_doubt_has_the_data_looked_at_now(engine: Engine) -> None:
    """Whoever waits for the next look waits no longer."""
    await engine.run_campaign(calls=3)
    process = await started(engine)
    resting = asyncio.create_task(process.life.rest(60))
    await engine.batch.command("HSET", keys.LIFE, "id", "0123456789abcdef")
    begun = await process.begin()
    await asyncio.wait_for(resting, 1)
    await process.life.look()

    assert (Begun.OLD_DATA, False) == (begun, process.life.holds)


async def test_what_is_found_out_is_told_once(engine: Engine, backups: Backups) -> None:
    """However often it is looked at: that there is a life, and that the data is old."""
    await engine.run_campaign(calls=6)
    with capture_logs() as logged:
        process = await started(engine)
        await process.life.look()
        await process.begin()
        backup = await backups.take()
        await process.begin()
        shown = [REGISTRY.get_sample_value("dialer_data_old")]
        await backups.put_back(backup)
        await process.life.look()
        await process.life.look()
        shown.append(REGISTRY.get_sample_value("dialer_data_old"))

    known = [(line["event"], line.get("life"), line.get("attempts"), line.get("lacks")) for line in logged]
    assert [("data.life", process.life.id, 0, None), ("data.old", None, None, "1 attempts or more")] == known
    assert "dialer restored" in logged[-1]["advice"]
    assert [0, 1] == shown


async def test_the_disk_learns_while_a_process_waits_for_the_next_look(engine: Engine, tmp_path: Path) -> None:
    """Killed a moment later, it would not know otherwise what it did."""
    await engine.run_campaign(calls=3)
    process = await started(engine, tmp_path)
    resting = asyncio.create_task(process.life.rest(60))
    await process.begin()
    await until(lambda: Seen(tmp_path).read(process.life.id) == 1, within_s=5)
    resting.cancel()


async def test_who_waits_for_the_next_look_takes_no_time_of_the_processor(engine: Engine) -> None:
    """Beside a conference that must not stutter."""
    process = await started(engine)
    began = time.process_time()
    await process.life.rest(1)

    assert time.process_time() - began < 0.2


async def test_two_redis_share_a_disk(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    """Environments with one data folder are told apart by the life of their data, whatever their addresses are."""
    async with Redis.from_url(redis_url, db=1, decode_responses=True) as second:
        here, there = make_engine(redis), make_engine(second)
        await here.run_campaign(calls=3)
        process = await started(here, tmp_path)
        await process.begin()
        await process.life.keep()
        other = await started(there, tmp_path)

    assert process.life.id != other.life.id
    assert not other.life.is_old
    assert 2 == len([*(tmp_path / "seen").iterdir()])


async def test_what_replicas_did_not_confirm_is_no_evidence(engine: Engine) -> None:
    """A failover may lose it, and would be taken for a restore."""
    life = Life(Batch(engine.redis, replicas=1), engine.clock)
    with pytest.raises(NotReplicated):
        await life.look()

    assert ("", 0, True) == (life.id, life.begun, life.holds)


async def test_without_a_folder_it_is_told_once_and_works_on(engine: Engine, tmp_path: Path) -> None:
    """Of a restart alone nothing would be known then."""
    (tmp_path / "seen").write_text("no folder")
    await engine.run_campaign(calls=3)
    with capture_logs() as logged:
        process = await started(engine, tmp_path)
        begun = await process.begin()
        await process.life.look()

    assert Begun.BEGUN is begun
    assert ["data.past_not_kept"] == [line["event"] for line in logged if line["log_level"] == "warning"]


class StoppedDisk(Seen):
    """One that stands still once it is stopped, and goes on when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.goes = threading.Event()
        self.goes.set()
        self.asked = 0

    def keep(self, life: str, number: int) -> None:
        """As a disk in the network does whose server is away."""
        self.asked += 1
        self.goes.wait(timeout=30)
        super().keep(life, number)

    def read(self, life: str) -> int:
        """Likewise."""
        self.goes.wait(timeout=30)
        return super().read(life)


async def test_a_disk_that_stands_still_holds_up_nobody(engine: Engine, tmp_path: Path) -> None:
    """Calls begin and the data is looked at as ever; the disk is left alone until it goes on, and then learns all."""
    await engine.run_campaign(calls=3)
    disk = StoppedDisk(tmp_path)
    process = Process(engine, disk)
    await process.life.look()
    asked = disk.asked
    disk.goes.clear()
    try:
        with capture_logs() as logged:
            begun = [await process.begin()]
            await asyncio.wait_for(process.life.look(), _PROMPT_S)
            begun.append(await process.begin())
            await asyncio.wait_for(process.life.keep(), _PROMPT_S)

        assert [Begun.BEGUN] * 2 == begun
        assert ["it does not answer"] == [line["reason"] for line in logged if line["event"] == "data.past_not_kept"]
        assert asked + 1 == disk.asked
    finally:
        disk.goes.set()
    await process.life.keep()
    assert 2 == Seen(tmp_path).read(process.life.id)


async def test_who_starts_while_the_disk_stands_still_says_what_it_waits_for(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dials nothing until it knows what was done before, and then it knows."""
    monkeypatch.setattr("dialer.redis.life._DISK_S", 0.1)
    await engine.run_campaign(calls=3)
    before = await started(engine, tmp_path)
    await before.begin()
    await before.life.keep()
    disk = StoppedDisk(tmp_path)
    disk.goes.clear()
    life = Life(engine.batch, engine.clock, disk)
    with capture_logs() as logged:
        looking = asyncio.create_task(life.look())
        await until(lambda: "data.past_waited_for" in {line["event"] for line in logged}, within_s=10)
        assert life.holds
        disk.goes.set()
        await looking

    assert (False, 1) == (life.holds, life.begun)
    assert ["the disk does not answer"] == [
        line["reason"] for line in logged if line["event"] == "data.past_waited_for"
    ]


async def test_whoever_holds_needs_not_have_looked_before(engine: Engine) -> None:
    """Nobody dials from then on, he himself included."""
    await engine.run_campaign(calls=3)
    holding, other = Life(engine.batch, engine.clock), Life(engine.batch, engine.clock)
    await holding.hold()
    await other.look()

    assert (True, True) == (holding.is_old, other.is_old)
