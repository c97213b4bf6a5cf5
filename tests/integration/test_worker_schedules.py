"""The queue and the schedules of a worker: who stands still goes on with those of now, and who dies holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from arq.connections import ArqRedis
from arq.typing import WorkerCoroutine
from arq.worker import Function, Worker

from dialer import queue
from jobs.worker import POLL_S, make_worker
from tests.fakes.switchboard import Switchboard
from tests.fakes.waiting import until

JOB, JOB_ID = "notification", "notification:c1-1:main:1"


@pytest.fixture
async def pool(board: Switchboard) -> AsyncIterator[ArqRedis]:
    """A worker's way to its queue."""
    opened = queue.open_queue(board.context.settings)
    yield opened
    await opened.aclose(close_connection_pool=True)


class Runs:
    """How often a job has begun; it goes on until it may end."""

    def __init__(self, shell: Worker) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        known = shell.functions[JOB]
        assert isinstance(known, Function)
        shell.functions[JOB] = replace(known, coroutine=cast("WorkerCoroutine", self.run))

    async def run(self, *_: Any) -> None:
        """The job."""
        self.begun += 1
        await self.may_end.wait()


async def test_of_what_was_missed_while_standing_still_one_run_is_made_up_for(
    board: Switchboard, pool: ArqRedis
) -> None:
    """After a minute in which nothing ran each schedule runs once and is in time again, instead of late for ever."""
    shell = make_worker(pool, board.context)
    now = datetime.now(UTC)
    for schedule in shell.cron_jobs:
        schedule.next_run = now - timedelta(minutes=1)
    await shell.run_cron(now, POLL_S)

    assert len(shell.cron_jobs) == await pool.zcard(queue.QUEUE_NAME)
    assert all(schedule.next_run and schedule.next_run >= now for schedule in shell.cron_jobs)


async def test_a_dead_workers_jobs_are_off_the_queue_soon(board: Switchboard, pool: ArqRedis) -> None:
    """Everybody looks at the oldest jobs first: kept for hours, those of some crashes would let no schedule run."""
    dead, heir = make_worker(pool, board.context), make_worker(pool, board.context)
    begun, inherited = Runs(dead), Runs(heir)
    await queue.enqueue(pool, JOB, JOB_ID, [])
    await dead.start_jobs([JOB_ID.encode()])
    await until(lambda: begun.begun == 1, within_s=10)
    held_ms, lives_ms = await pool.pttl(f"arq:in-progress:{JOB_ID}"), await pool.pttl(f"arq:job:{JOB_ID}")

    # Held until it has surely expired, so that nobody runs it a second time, and not for much longer.
    assert lives_ms < held_ms <= queue.JOB_EXPIRES_MS + 15_000
    await heir.start_jobs([JOB_ID.encode()])
    assert 1 == await pool.zcard(queue.QUEUE_NAME)
    await pool.delete(f"arq:in-progress:{JOB_ID}", f"arq:job:{JOB_ID}")  # as time does
    await heir.start_jobs([JOB_ID.encode()])
    await asyncio.gather(*heir.tasks.values())
    assert 0 == await pool.zcard(queue.QUEUE_NAME)
    begun.may_end.set()
    await asyncio.gather(*dead.tasks.values())
    assert (1, 0) == (begun.begun, inherited.begun)


async def test_a_job_that_lasts_is_begun_once_by_its_worker(board: Switchboard, pool: ArqRedis) -> None:
    """Whatever the queue says of it meanwhile, it stays the one that the worker waits for at its end."""
    shell = make_worker(pool, board.context)
    runs = Runs(shell)
    await queue.enqueue(pool, JOB, JOB_ID, [])
    await shell.start_jobs([JOB_ID.encode()])
    await until(lambda: runs.begun == 1, within_s=10)
    under_way = shell.tasks[JOB_ID]
    await pool.delete(f"arq:in-progress:{JOB_ID}")
    await shell.start_jobs([JOB_ID.encode()])

    assert under_way is shell.tasks[JOB_ID]
    runs.may_end.set()
    await under_way
    assert 1 == runs.begun
