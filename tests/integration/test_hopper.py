"""The hoppers of several workers over several trunks: each look is one worker's, and no trunk is left without."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.dials import Claim
from dialer.looks import Looks, Share, Turn
from dialer.processes.ending import ended
from dialer.redis.batch import Batch
from dialer.runtime import open_runtime
from jobs.context import Context
from jobs.hopper import GATHER_S, Hopper
from jobs.in_hand import MOST
from jobs.worker import _context
from tests.fakes.engine import Engine
from tests.fakes.switchboard import Switchboard, open_switchboard

pytestmark = pytest.mark.usefixtures("redis")

TRUNKS = ("east", "north", "south", "west")
OF_ALL = ("main", *TRUNKS)
AT_ONCE_S = 0.45  # less than an idle hopper sleeps, and than a look lasts


def _further(per_second: float) -> dict[str, dict[str, object]]:
    account = {
        "carrier_client_id": "tests",
        "carrier_client_secret": "tests",
        "carrier_application_id": "tests",
        "from_number": "+31207654321",
        "calls_per_second": per_second,
    }
    return dict.fromkeys(TRUNKS, account)


async def _dial(board: Switchboard, trunk: str, calls: int) -> str:
    first = 31_610_000_000 + 1_000 * OF_ALL.index(trunk)
    return await board.campaign([f"+{number}" for number in range(first, first + calls)], trunks=[trunk])


class Worker:
    """A hopper whose claims go nowhere but into a list: they lapse."""

    def __init__(self, context: Context) -> None:
        self.claims: list[Claim] = []
        self.looks = 0
        self.hopper = Hopper(context, self._enqueue)

    async def _enqueue(self, _kind: str, _job_id: str, claims: Sequence[Claim]) -> None:
        self.looks += 1
        self.claims += claims


@asynccontextmanager
async def _workers(board: Switchboard) -> AsyncIterator[list[Worker]]:
    """Two at work, each with a runtime of its own."""
    async with open_runtime(board.context.settings) as runtime, _context(runtime) as other:
        workers = [Worker(board.context), Worker(other)]
        tasks = [asyncio.create_task(worker.hopper.run()) for worker in workers]
        yield workers
        await ended(*tasks)


async def _until(workers: Sequence[Worker], calls: int, *, within_s: float) -> float:
    """Wait until so many calls are claimed; returns the seconds that it took."""
    started = time.monotonic()
    async with asyncio.timeout(within_s):
        while sum(len(worker.claims) for worker in workers) < calls:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    return time.monotonic() - started


async def test_a_worker_is_told_where_to_look_and_when_to_ask_again(engine: Engine) -> None:
    """Where nobody is in line it waits to be woken; a look that it took is its own for half as long again."""
    looks = Looks(engine.batch, engine.clock, {"main": Share(0.2, 2), "east": Share(0.4, 3)})
    idle = await looks.take(8)
    await engine.run_campaign("c1")
    await engine.run_campaign("c2", trunks=("east",))
    first = await looks.take(2)
    second = await looks.take(8)
    taken = await engine.redis.zrange(keys.LOOKS, 0, -1, withscores=True)

    assert Turn([], math.inf, has_idle=True) == idle
    assert (["east"], False) == (first.trunks, first.has_idle)
    assert first.again_s <= 0, "nobody has looked at the other one"
    assert Turn(["main"], 0.6, has_idle=False) == second
    assert [("main", engine.now_ms + 300), ("east", engine.now_ms + 600)] == taken
    assert Turn([], 0.3, has_idle=False) == await looks.take(8)


async def test_whoever_looked_says_when_it_is_worth_looking_again(engine: Engine) -> None:
    """A moment that is further ahead than anybody says was said by a clock that went back since."""
    looks = Looks(engine.batch, engine.clock, {"main": Share(0.2, 2)})
    await engine.run_campaign()
    told = []
    for wait_s in (0.5, 3, 3.001):
        await looks.note({"main": wait_s, "east": 9})
        told.append(await looks.take(8))

    assert [Turn([], 0.5, has_idle=False), Turn([], 3, has_idle=False)] == told[:2]
    assert ["main"] == told[2].trunks
    assert engine.now_ms + 9_000 == await engine.redis.zscore(keys.LOOKS, "east")


async def test_what_is_said_of_looks_waits_for_no_replica(engine: Engine) -> None:
    """Where it is lost all trunks are due, which harms nobody."""
    looks = Looks(Batch(engine.redis, replicas=1), engine.clock, {"main": Share(0.2, 2)})
    await looks.note({"main": 0.5})

    assert engine.now_ms + 500 == await engine.redis.zscore(keys.LOOKS, "main")


async def test_trunks_are_looked_at_together(redis: Redis, redis_url: str) -> None:
    """What a look at all of them brings is one job."""
    async with open_switchboard(redis_url, further=_further(3)) as board:
        for name in TRUNKS:
            await _dial(board, name, 1)
        worker = Worker(board.context)
        await worker.hopper.fill()

        assert set(TRUNKS) == {claim.trunk for claim in worker.claims}
        assert worker.looks == 1
        assert set(OF_ALL) > set(await redis.zrange(keys.LOOKS, 0, -1)) == set(TRUNKS)


async def test_a_look_is_one_workers(redis_url: str) -> None:
    """Whoever comes while another one looks at a trunk asks nothing of it."""
    async with open_switchboard(redis_url, further=_further(3)) as board:
        await _dial(board, "east", 20)
        first, second = Worker(board.context), Worker(board.context)
        await first.hopper.fill()
        asked_s, _ = await second.hopper.fill()

        assert (True, []) == (bool(first.claims), second.claims)
        assert 0 < asked_s <= 1


async def test_two_workers_use_the_budget_of_every_trunk(redis_url: str) -> None:
    """Each of five trunks gives its tokens, none more than its pace, and no call is claimed twice."""
    seconds = 4
    async with open_switchboard(redis_url, further=_further(10)) as board:
        for name in TRUNKS:
            await _dial(board, name, 100)
        async with _workers(board) as workers:
            await asyncio.sleep(seconds)
        claims = [claim for worker in workers for claim in worker.claims]

    given = Counter(claim.trunk for claim in claims)
    assert len(claims) == len({claim.call for claim in claims})
    assert set(TRUNKS) == set(given)
    # As many as the time has tokens, up to the horizon, and not more than half of a look's time behind.
    assert min(given.values()) >= 10 * (seconds - GATHER_S)
    assert max(given.values()) <= 10 * (seconds + 1)
    moments = [sorted(claim.place_at_us for claim in claims if claim.trunk == name) for name in TRUNKS]
    assert all(later - at >= 1_000_000 for one in moments for at, later in zip(one, one[10:], strict=False))


async def test_a_campaign_that_starts_on_an_idle_trunk_is_seen_at_once(redis_url: str) -> None:
    """Also beside a busy one, and again when it had run out of calls just before."""
    async with open_switchboard(redis_url, further=_further(10)) as board:
        await _dial(board, "east", 100)
        async with _workers(board) as workers:
            await _until(workers, 5, within_s=5)
            for trunk, calls in (("west", 1), ("north", 1), ("west", 1)):
                await asyncio.sleep(0.5)
                before = Counter(claim.trunk for worker in workers for claim in worker.claims)[trunk]
                await _dial(board, trunk, calls)
                started = time.monotonic()
                while before == Counter(claim.trunk for worker in workers for claim in worker.claims)[trunk]:
                    await asyncio.sleep(0.005)
                    assert time.monotonic() - started < AT_ONCE_S


async def test_whoever_wakes_is_claimed_by_its_own_trunk(redis: Redis, redis_url: str) -> None:
    """A campaign that slept is put in line by a look at any trunk, and the next look, at its own, comes at once."""
    async with open_switchboard(redis_url, further=_further(10)) as board:
        campaign_id = await _dial(board, "west", 3)
        for line in keys.lines(["west"]):
            await redis.zrem(line, campaign_id)
        await redis.zadd(keys.SLEEPING, {campaign_id: time.time() * 1000 + 700})
        async with _workers(board) as workers:
            await asyncio.sleep(0.5)
            assert [] == [claim for worker in workers for claim in worker.claims]
            await _until(workers, 3, within_s=0.2 + AT_ONCE_S)


async def test_the_look_of_a_worker_that_died_lapses(redis_url: str) -> None:
    """Its trunk is looked at by another a little later than it would have been."""
    async with open_switchboard(redis_url, further=_further(10)) as board:
        await _dial(board, "east", 20)
        runtime = board.runtime
        died = Looks(runtime.batch, runtime.clock, dict.fromkeys(OF_ALL, Share(GATHER_S, 8)))
        assert ["east"] == (await died.take(8)).trunks
        async with _workers(board) as workers:
            waited_s = await _until(workers, 5, within_s=5)

    assert GATHER_S < waited_s < 1.5 * GATHER_S + AT_ONCE_S


async def test_a_clock_that_went_back_stops_nobody(redis: Redis, redis_url: str) -> None:
    """Looks noted by the old clock, minutes ahead of the new one, are due."""
    async with open_switchboard(redis_url, further=_further(10)) as board:
        await _dial(board, "east", 20)
        await redis.zadd(keys.LOOKS, dict.fromkeys(OF_ALL, time.time() * 1000 + 60_000))
        async with _workers(board) as workers:
            assert AT_ONCE_S > await _until(workers, 5, within_s=5)


async def test_a_worker_leaves_trunks_that_bring_much_to_others(redis_url: str) -> None:
    """It claims no more than it may hold, and whoever comes next looks at once where it did not."""
    async with open_switchboard(redis_url, further=_further(1_000)) as board:
        for name in TRUNKS:
            await _dial(board, name, 200)
        first, second = Worker(board.context), Worker(board.context)
        await first.hopper.fill()
        await second.hopper.fill()

    asked, left = ({claim.trunk for claim in worker.claims} for worker in (first, second))
    assert 0 < len(first.claims) <= MOST
    assert asked
    assert left
    assert not asked & left
