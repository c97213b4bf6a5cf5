"""Part `replicas`: what it costs that replicas of Redis must confirm each change, beside one server alone.

A step is one change by one process, from asking to its answer; a hundred at once share a pipeline and its confirmation.
Calls a second are those of the part `no-budget`, with one worker. All servers sync every write to the same disk and
share this machine's cores, and no network lies between: real replicas are quicker by the one and slower by the other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from dialer.redis.batch import Batch
from tests.bench import no_budget
from tests.bench.arithmetic import spread
from tests.bench.size import Figures, Report, Row, Size, ratio, say
from tests.bench.stage import open_stage
from tests.fakes.redis_group import Node, open_group

_STEPS, _TOGETHER = 50, 100
_WAYS: Mapping[str, tuple[int, str, int]] = {
    "alone": (0, "0", 0),
    "followed": (2, "0", 0),
    "min_replicas_1": (2, "1", 0),
    "confirmed_by_1": (1, "1", 1),
    "confirmed_by_2": (2, "1", 1),
}
"""Replicas, `min-replicas-to-write`, and how many must confirm at least: all that follow do."""


async def measure(size: Size) -> Report:
    """Each way beside one server alone."""
    say("steps, each way in turn ...")
    found = await _steps(size.pick(60, quick=10))
    for name, (replicas, least, confirming) in _WAYS.items():
        say(f"{name}: calls ...")
        async with open_group(replicas=replicas, min_replicas_to_write=least) as group:
            found[name] |= await _calls(group.servers[0], confirming, size.pick(8_000, quick=2_000))
    return Report(found, _rows(found))


async def _steps(rounds: int) -> dict[str, Figures]:
    """In turn, so that whatever else the machine does disturbs all ways alike."""
    one_ms: dict[str, list[float]] = {name: [] for name in _WAYS}
    many_ms: dict[str, list[float]] = {name: [] for name in _WAYS}
    async with open_group(replicas=0) as alone, open_group(replicas=1) as one, open_group(replicas=2) as two:
        for _ in range(rounds):
            for name, (replicas, least, confirming) in _WAYS.items():
                client = (alone, one, two)[replicas].servers[0].client
                await client.config_set("min-replicas-to-write", least)
                batch = Batch(client, replicas=confirming)
                one_ms[name] += [await _timed(batch, 1) for _ in range(_STEPS)]
                many_ms[name] += [await _timed(batch, _TOGETHER) for _ in range(_STEPS // 10)]
    return {name: {"step_ms": spread(one_ms[name]), f"steps_{_TOGETHER}_ms": spread(many_ms[name])} for name in _WAYS}


async def _timed(batch: Batch, count: int) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(batch.command("HSET", "steps", number, number) for number in range(count)))
    return (time.perf_counter() - started) * 1000


async def _calls(server: Node, confirming: int, calls: int) -> Figures:
    async with open_stage(server, REDIS_REPLICAS_ACKNOWLEDGED=str(confirming)) as stage:
        await asyncio.gather(stage.start_bare_carrier(), stage.start_api())
        await stage.start_workers(1, calls_per_second=no_budget.UNLIMITED)
        dialed = await no_budget.dial(stage, calls, first=0)
        return {"calls_per_s": dialed["per_s"]}


def _rows(found: Mapping[str, Figures]) -> list[Row]:
    alone = found["alone"]
    rows = []
    for name, one in found.items():
        step, per_s = one["step_ms"], one["calls_per_s"]
        beside = f"alone {alone['step_ms']['p50']} and {alone['step_ms']['p99']}"
        rows.append(Row(f"replicas, {name}: ms a step, p50 and p99", f"{step['p50']} and {step['p99']}", beside))
        rows.append(
            Row(
                f"replicas, {name}: calls/s",
                f"{per_s:.0f}",
                f"alone {alone['calls_per_s']:.0f}",
                ratio(per_s, alone["calls_per_s"]),
            )
        )
    return rows
