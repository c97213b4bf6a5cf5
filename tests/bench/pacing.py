"""Part `pacing-*`: how much of the budget is used, how evenly, and what that costs.

A campaign is dialed from beginning to end by the real fleet against the stand-in with its strict rolling second; the
stand-in's own log is what counts. Beside it a process of its own records how late the machine wakes a sleeper at the
same pace (`floors/wakeups.py`), and from that follows the use it would allow at best:

    margin m = (p99 of the wake-ups' lateness + width of the carrier's latency) / 1 s,   best use = 1 / (1 + m)

because request i + R, sent R intervals after request i, i.e. 1 s * (1 + m) later, must not arrive within one second of
it even when i was sent late and travelled slowly while i + R was on time and travelled fast. Lateness beyond its p99
and the wake-ups of the carrier itself are left out. Since both extremes rarely meet, a dialer that lives with a few
refusals may come out slightly above it.

CPU seconds are those of workers and Redis from the start of the campaign to its end, so Redis' share holds what the
API writes for the webhooks of these calls; at the highest rate the same is dialed with a silent carrier as well, which
is what a plain queue has to do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dialer import keys
from dialer.pacing import Budget
from dialer.simulator.remote import BASE as CONTROL
from dialer.simulator.routes import CALLS
from dialer.states import CallState
from tests.bench import children, machine
from tests.bench.arithmetic import gaps, peak, per_second, spread, variation
from tests.bench.size import Figures, Measure, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import Stage, open_stage

_LATENCY_MS = 20
_TIME_SCALE = "0.05"  # people ring and listen for half a second
_UNPLACED = (CallState.WAITING, CallState.CLAIMED, CallState.PLACING)
_REFUSED = 429
_SLACK_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One campaign to dial.

    Attributes:
        jitter_ms: the carrier's latency is 20 ms plus or minus this, before it judges.
        settled_after_s: from the first call on; what comes later is the steady state.
        webhooks: whether the carrier tells of its calls, or takes them and is silent (and nobody answers).
    """

    per_second: int
    workers: int
    calls: int
    jitter_ms: int
    settled_after_s: float
    webhooks: bool = True

    @property
    def name(self) -> str:
        """What tells it from others of its part."""
        return f"workers_{self.workers}{'' if self.webhooks else '_no_webhooks'}"


@dataclass(frozen=True, slots=True)
class Account:
    """The stand-in's log of one run: moments of arrival in seconds, in order."""

    accepted: list[float]
    refused: list[float]

    def after(self, seconds: float) -> Account:
        """What came so long after the first one."""
        from_s = self.accepted[0] + seconds if self.accepted else 0.0
        return Account([at for at in self.accepted if at >= from_s], [at for at in self.refused if at >= from_s])


def at_three(workers: Sequence[int]) -> Measure:
    """At 3 a second, 200 calls, once for each number of workers."""

    async def measure(size: Size) -> Report:
        calls = size.pick(200, quick=30)
        settled_after_s = float(size.pick(10, quick=3))
        runs = [
            Run(per_second=3, workers=count, calls=calls, jitter_ms=10, settled_after_s=settled_after_s)
            for count in workers
        ]
        return await _reported(runs)

    return measure


def at_rate(rate: int, *, silent_too: bool = False) -> Measure:
    """At a higher rate, with four workers and an even carrier, for about 20 seconds; also with a silent carrier."""

    async def measure(size: Size) -> Report:
        calls, settled_after_s = rate * size.pick(20, quick=4), float(size.pick(2, quick=1))
        run = Run(per_second=rate, workers=4, calls=calls, jitter_ms=0, settled_after_s=settled_after_s)
        return await _reported([run, replace(run, webhooks=False)] if silent_too and size is not Size.QUICK else [run])

    return measure


async def _reported(runs: Sequence[Run]) -> Report:
    figures, rows = {}, []
    for run in runs:
        say(f"{run.calls} calls at {run.per_second}/s, {run.name} ...")
        found = await dial(run)
        figures[run.name] = found
        rows += _rows(run, found)
    return Report(figures, rows)


async def dial(run: Run) -> Figures:
    """Dial one campaign and read off what happened."""
    async with open_stage() as stage:
        await _set_up(stage, run)
        campaign_id = await stage.new_campaign(count=run.calls)
        seconds = run.calls / run.per_second
        pace = {"per_second": run.per_second, "seconds": seconds}
        log = stage.log("wakeups")
        sleeper = asyncio.create_task(children.measured("floors.wakeups", log, limit_s=seconds + _SLACK_S, **pace))
        before = _cpu(stage)
        try:
            await stage.start_campaign(campaign_id)
            states = keys.IN_FLIGHT if run.webhooks else _UNPLACED
            await stage.until_over(campaign_id, limit_s=1.5 * seconds + _SLACK_S, states=states)
            after = _cpu(stage)
            late_ms = (await sleeper)["late_ms"]
        finally:
            sleeper.cancel()
        cost = {name: rounded((after[name] - before[name]) / run.calls * 1000) for name in before}
        return await _figures(stage, run, late_ms) | {
            "cpu_s_per_1000_calls": cost | {"all": rounded(sum(cost.values()))}
        }


async def _set_up(stage: Stage, run: Run) -> None:
    told = (f"latency_ms={_LATENCY_MS}", f"latency_jitter_ms={run.jitter_ms}", "latency_where=before")
    options = [*(word for one in told for word in ("--set", one)), "--time-scale", _TIME_SCALE]
    if not run.webhooks:
        options += ["--share", "no_answer=1", "--webhook-fault", "lost=1"]
    await asyncio.gather(
        stage.start_stand_in(*options, calls_per_second=run.per_second),
        stage.start_api(),
        stage.start_workers(run.workers, calls_per_second=run.per_second),
    )


def _cpu(stage: Stage) -> dict[str, float]:
    return {"workers": machine.cpu_s(stage.worker_pids), "redis": machine.cpu_s([stage.redis_pid])}


async def _figures(stage: Stage, run: Run, wake_up_ms: list[float]) -> Figures:
    account = await read_account(stage)
    settled = account.after(run.settled_after_s)
    used, best = per_second(settled.accepted) / run.per_second, best_use(wake_up_ms, run.jitter_ms)
    trunk = await _trunk(stage.redis)
    return {
        "limit_per_s": run.per_second,
        "calls": run.calls,
        "accepted": len(account.accepted),
        "settled_after_s": run.settled_after_s,
        "used_settled": rounded(used),
        "used_whole": rounded(per_second(account.accepted) / run.per_second),
        "peak_accepted_in_a_second": peak(account.accepted),
        "peak_sent_in_a_second": peak(sorted(account.accepted + account.refused)),
        "refused": len(account.refused),
        "refused_settled": len(settled.refused),
        "gap_variation_settled": rounded(variation(gaps(settled.accepted))),
        "late_ms": spread(read_lateness(worker.log for worker in stage.workers)),
        "margin_at_end": trunk.margin_ppm / 1e6,
        "beside": {
            "wake_up_late_ms": spread(wake_up_ms),
            "latency_width_ms": 2 * run.jitter_ms,
            "use_at_best": rounded(best),
        },
        "used_to_best": ratio(used, best),
    }


async def _trunk(redis: Any) -> Budget:
    return Budget.from_fields(await redis.hgetall(keys.TRUNK))


def best_use(wake_up_ms: Sequence[float], jitter_ms: float) -> float:
    """The use of the budget that machine and carrier allow without a refusal; see above."""
    return 1 / (1 + (spread(wake_up_ms)["p99"] + 2 * jitter_ms) / 1000)


async def read_log(stage: Stage) -> list[dict[str, Any]]:
    """The stand-in's log: every request to place a call."""
    async with stage.http.get(f"{stage.carrier}{CONTROL}/log") as response:
        records = [json.loads(line) async for line in response.content]
    return [record for record in records if record["path"] == CALLS and record["method"] == "POST"]


async def read_account(stage: Stage) -> Account:
    """When calls were accepted, and when refused for the rate."""
    records = await read_log(stage)
    accepted = [record["arrived_s"] for record in records if record["accepted"]]
    refused = [record["arrived_s"] for record in records if record["status"] == _REFUSED]
    return Account(sorted(accepted), sorted(refused))


def read_lateness(logs: Any) -> list[float]:
    """How late after its place_at each request left, in whole ms rounded down, from what the workers log of it."""
    return [late for log in logs for late in _lateness(log)]


def _lateness(log: Path) -> list[float]:
    lines = (line for line in log.read_text().splitlines() if '"attempt.answered"' in line)
    return [float(json.loads(line)["late_ms"]) for line in lines]


def _rows(run: Run, found: Figures) -> list[Row]:
    workers = f"{run.workers} worker{'s' * (run.workers > 1)}"
    beside, name = found["beside"], f"{run.per_second}/s, {workers}{'' if run.webhooks else ', no webhooks'}"
    late, wake_up = found["late_ms"], beside["wake_up_late_ms"]
    cost = found["cpu_s_per_1000_calls"]
    return [
        Row(
            f"{name}: budget used, settled",
            f"{found['used_settled']:.4f}",
            f"{beside['use_at_best']:.4f} at best",
            found["used_to_best"],
        ),
        Row(
            f"{name}: most accepted / sent in a second",
            f"{found['peak_accepted_in_a_second']} / {found['peak_sent_in_a_second']}",
            f"limit {run.per_second}",
        ),
        Row(f"{name}: refused, all / settled", f"{found['refused']} / {found['refused_settled']}", f"of {run.calls}"),
        Row(
            f"{name}: late p50 / p99 (ms)",
            f"{late['p50']:.0f} / {late['p99']:.0f}",
            f"wake-ups {wake_up['p50']:.2f} / {wake_up['p99']:.2f}, max {wake_up['max']:.2f}",
        ),
        Row(
            f"{name}: variation of gaps, margin at end",
            f"{found['gap_variation_settled']:.3f}, {found['margin_at_end']:.4f}",
        ),
        Row(
            f"{name}: CPU s per 1,000 calls",
            f"{cost['all']:.2f}",
            f"workers {cost['workers']:.2f}, Redis {cost['redis']:.2f}",
        ),
    ]
