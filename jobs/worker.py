"""The worker: arq as a shell around the hopper, the jobs and their schedules.

arq's own ways that would dial twice or lose calls are kept away: its signal handlers (they cancel requests under way),
its pickles, its kept results, its retries, its polling as the pace. The backlog is never in its queue, which holds what
is to be placed within a second. A job put in is started at once by the worker that put it in (`start_jobs`, the method
that arq's own poll ends in); the poll is left for jobs whose worker died in between.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import structlog
from arq import cron
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.exceptions import RedisError

from dialer import metrics, queue
from dialer.dialing import Dialing, paces_of
from dialer.dials import Claim
from dialer.erasures.hashes import erasure_secret
from dialer.errors import InvalidInput, StoreUnavailable
from dialer.leases import Leases
from dialer.metrics.turns import turned
from dialer.model import MAIN
from dialer.processes.ending import ended
from dialer.processes.heartbeat import WORKER_LISTS, farewell, keep_alive, process_name
from dialer.runtime import Runtime, keep_to_data, open_runtime
from dialer.settings import CARRIER_FIELDS, Settings
from jobs.again import again
from jobs.callbacks import CallbackRounds
from jobs.conference import conference, watch_conferences
from jobs.context import Context
from jobs.erase import erase
from jobs.escalating import escalate
from jobs.escalation import escalation, watch_escalations
from jobs.hang_up import HangUpRounds
from jobs.hopper import Hopper
from jobs.notification import notification
from jobs.reap import reap
from jobs.recordings import recordings
from jobs.renewal import renew_token
from jobs.rescue import rescue
from jobs.script import script
from jobs.watched import watched

log = structlog.get_logger()

KINDS: Mapping[str, Callable[..., Awaitable[None]]] = {
    "notification": notification,
    "script": script,
    "conference": conference,
    "escalation": escalation,
}
"""The job that places the calls of each kind of campaign."""
POLL_S = 2.0
RESCUE_SECONDS = set(range(0, 60, 3))
WATCH_SECONDS = set(range(0, 60, 2))
RENEW_SECONDS = {10, 40}
RECORDING_SECONDS = set(range(1, 60, 3))
AGAIN_SECONDS = set(range(0, 60, 2))
ERASE_SECONDS = set(range(1, 60, 2))
ESCALATE_SECONDS = set(range(0, 60, 2))
RECORDING_TIMEOUT_S = 3 * 3600
"""Longer than any fetch: three tries of half an hour each, waiting for one of a worker's places included."""
JOB_TIMEOUT_S = 900
"""Longer than anything inside: a horizon, the request's limit (60 s) and an outage of Redis (600 s) with its answer."""
LAPSED_S = 10.0
"""So much longer than it lives a job is marked as under way, so that nobody runs it a second time."""
_OUT_OF_REACH = 1_000_000  # arq counts a try for each start of a job; ours are counted by the store
_RECORD_S = 10.0  # for the record behind the last answer, and for a token that it may have waited for
_HORIZON_S = 2.0  # tokens are taken up to a second ahead (`dialing.py`)
_LOOK_S = 2.0  # an idle hopper sleeps for a second
_RESTART_S = 1.0


async def run_worker(settings: Settings, *, stop: asyncio.Event | None = None) -> None:
    """Dial until cancelled or told to stop; then place what is in hand, finish what is under way, and return.

    Raises:
        InvalidInput: a setting that a worker needs is missing.
        OtherData: what is in Redis is of a release that this one cannot work with, at the start or from then on.
        StoreUnavailable: Redis does not answer at the start.
    """
    settings.require("redis_url", "webhook_secret", *CARRIER_FIELDS)
    async with open_runtime(settings) as runtime, _context(runtime) as context:
        worker_id = process_name()
        async with watched(context) as port:
            log.info("worker.started", worker=worker_id, metrics_port=port)
            try:
                await _dial(context, worker_id, stop or asyncio.Event())
            finally:
                await farewell(worker_id, runtime, WORKER_LISTS)
                log.info("worker.stopped", worker=worker_id)


@asynccontextmanager
async def _context(runtime: Runtime) -> AsyncIterator[Context]:
    settings = runtime.settings
    if runtime.provider is None:
        raise InvalidInput("the carrier's settings are missing", field="DIALER_CARRIER_CLIENT_ID")
    paces = paces_of(settings)
    dialing = Dialing(
        runtime.batch,
        runtime.clock,
        paces.pop(MAIN),
        further=paces,
        region=settings.default_region,
        erasure_secret=erasure_secret(settings),
        traced=settings.tracing,
        life=runtime.life,
    )
    yield Context(runtime, dialing, Leases(runtime.batch, runtime.clock), runtime.provider)


async def _dial(context: Context, worker_id: str, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        pool = queue.open_queue(context.settings)
        stack.push_async_callback(pool.aclose, close_connection_pool=True)
        shell = make_worker(pool, context)
        hopper = Hopper(context, _starter(pool, shell))
        hopping = asyncio.create_task(hopper.run())
        tasks = [
            hopping,
            asyncio.create_task(_kept_running(shell)),
            asyncio.create_task(keep_alive(worker_id, context.runtime, WORKER_LISTS)),
            asyncio.create_task(HangUpRounds(context).run()),
            asyncio.create_task(CallbackRounds(context).run()),
            asyncio.create_task(keep_to_data(context.runtime)),
        ]
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            context.lets_go = any(task.done() for task in tasks)
            await _drain(shell, context, hopping)
            await ended(waiting, *tasks, *shell.tasks.values())
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()  # whatever ended by itself tells why


class _Shell(Worker):
    """arq's worker, which after a standstill goes on with the schedule of now, and keeps no queue full of dead jobs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Of a dead worker's jobs arq marks each as under way for as long as the longest may take: for hours all would
        # look at them first, and at enough of them at nothing else. What runs for longer is known to have expired.
        self.in_progress_timeout_s = (queue.JOB_EXPIRES_MS / 1000) + LAPSED_S

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """As arq does it, but none again that is under way here."""
        await super().start_jobs([job_id for job_id in job_ids if job_id.decode() not in self.tasks])

    async def run_cron(self, n: datetime, delay: float, num_windows: int = 2) -> None:
        """As arq does it, but of several runs missed only one is made up for: all, one a poll, it would do for ever."""
        await super().run_cron(n, delay, num_windows)
        for schedule in self.cron_jobs:
            if schedule.next_run is not None and schedule.next_run < n:
                schedule.calculate_next(n)


def make_worker(pool: ArqRedis, context: Context) -> Worker:
    """Make arq's worker with our jobs and without its traps."""
    placing: dict[str, Any] = {"keep_result": 0, "timeout": JOB_TIMEOUT_S, "max_tries": _OUT_OF_REACH}
    return _Shell(
        functions=[func(_timed(job), name=name, **placing) for name, job in KINDS.items()],  # type: ignore[arg-type]
        cron_jobs=[
            cron(_timed(rescue), name="rescue", second=RESCUE_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
            cron(_timed(watch_conferences), name="watch_conferences", second=WATCH_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
            cron(_timed(watch_escalations), name="watch_escalations", second=WATCH_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
            cron(_timed(escalate), name="escalate", second=ESCALATE_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
            cron(_timed(reap), name="reap", minute={17}, second={27}, timeout=600, max_tries=1),  # type: ignore[arg-type]
            cron(_timed(again), name="again", second=AGAIN_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
            cron(_timed(erase), name="erase", second=ERASE_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
            cron(
                _timed(recordings),  # type: ignore[arg-type]
                name="recordings",
                second=RECORDING_SECONDS,
                timeout=RECORDING_TIMEOUT_S,
                max_tries=1,
            ),
            cron(_timed(renew_token), name="renew_token", second=RENEW_SECONDS, timeout=60, max_tries=1),  # type: ignore[arg-type]
        ],
        redis_pool=pool,
        queue_name=queue.QUEUE_NAME,
        handle_signals=False,
        max_jobs=context.settings.max_jobs,
        poll_delay=POLL_S,
        queue_read_limit=10 * context.settings.max_jobs,
        keep_result=0,
        log_results=False,
        allow_abort_jobs=False,
        job_serializer=queue.serialize,
        job_deserializer=queue.deserialize,
        ctx={"context": context},
    )


def _timed(job: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The job, its duration and end counted."""

    @functools.wraps(job)
    async def timed(*args: Any) -> None:
        started, result = time.perf_counter(), "failed"
        try:
            await job(*args)
            result = "done"
            if job.__name__ not in KINDS:
                turned(job.__name__)
        except StoreUnavailable as error:
            # Everything it left open has a lease; its next run finds it.
            log.warning("job.interrupted", job=job.__name__, reason=str(error))
        finally:
            metrics.JOB_SECONDS.labels(job.__name__, result).observe(time.perf_counter() - started)

    return timed


def _starter(pool: ArqRedis, shell: Worker) -> Any:
    async def put_in(kind: str, job_id: str, claims: Sequence[Claim]) -> None:
        await queue.enqueue(pool, kind, job_id, claims)
        if shell.allow_pick_jobs:
            await shell.start_jobs([job_id.encode()])

    return put_in


async def _kept_running(shell: Worker) -> None:
    """Start arq again whenever an outage of Redis outlasted its client's patience."""
    while True:
        try:
            await shell.async_run()
        except (RedisError, OSError) as error:
            log.warning("queue.waiting", reason=str(error))
        await asyncio.sleep(_RESTART_S)


async def _drain(shell: Worker, context: Context, hopping: asyncio.Task[None]) -> None:
    """Claim nothing more; let what is in hand leave at its moment, and requests under way end and be recorded.

    A token that is given back too late for anybody else is budget that nobody uses: so calls in hand are placed here.
    """
    context.stopping.set()
    # The last look started its calls when it ends. Without Redis it takes longer, and has none.
    await asyncio.wait([hopping], timeout=_LOOK_S)
    shell.allow_pick_jobs = False
    log.info("worker.draining", placings=len(context.placings))
    with suppress(TimeoutError):
        async with asyncio.timeout(_HORIZON_S + context.settings.carrier_timeout_s + _RECORD_S):
            # Again and again: a job that was only picked starts its placings yet.
            while under_way := _placing(shell) | context.placings:
                await asyncio.wait(under_way)


def _placing(shell: Worker) -> set[asyncio.Task[Any]]:
    """The jobs that place calls, not those of the schedules."""
    return {job for job_id, job in shell.tasks.items() if job_id.partition(":")[0] in KINDS and not job.done()}
