"""The schedules of a worker: one that stood still goes on with those of now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dialer import queue
from jobs.worker import POLL_S, make_worker
from tests.fakes.switchboard import Switchboard


async def test_of_what_was_missed_while_standing_still_one_run_is_made_up_for(board: Switchboard) -> None:
    """After a minute in which nothing ran each schedule runs once and is in time again, instead of late for ever."""
    pool = queue.open_queue(board.context.settings)
    try:
        shell = make_worker(pool, board.context)
        now = datetime.now(UTC)
        for schedule in shell.cron_jobs:
            schedule.next_run = now - timedelta(minutes=1)
        await shell.run_cron(now, POLL_S)

        assert len(shell.cron_jobs) == await pool.zcard(queue.QUEUE_NAME)
        assert all(schedule.next_run and schedule.next_run >= now for schedule in shell.cron_jobs)
    finally:
        await pool.aclose(close_connection_pool=True)
