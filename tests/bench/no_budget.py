"""Part `no-budget`: calls a second when neither the carrier nor a budget limits them.

Each call goes its whole durable way: claimed, intent stored and synced to disk, posted, answer recorded and synced. The
carrier is `floors/carrier.py`, which takes everything; it tells no events, as those are the API's work. It counts from
the first arrival to the last. Beside it, against the same carrier and the same Redis: aiohttp's client posting without
anything around it, the scripts a second that Redis takes in pipelines, and plain arq with one job for each call
(`peers/arq_calls.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from dialer.simulator.routes import CALLS
from dialer.states import CallState
from tests.bench import children, machine
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import Stage, open_stage

UNLIMITED = 10_000.0  # the most that the setting takes
_AT_ONCE = 200
_TOGETHER = 100
_LIMIT_S = 90.0
_FLOOR_LIMIT_S = 30.0


async def measure(size: Size) -> Report:
    """One worker, two, and what limits them."""
    calls = size.pick(15_000, quick=4_000)
    async with open_stage() as stage:
        await asyncio.gather(stage.start_bare_carrier(), stage.start_api())
        floors = await _floors(stage, size)
        arq = await _arq(stage, size.pick(4_000, quick=600))
        figures: Figures = {}
        for workers in (1, 2):
            say(f"{calls} calls with {workers} worker(s), no budget ...")
            await stage.start_workers(1, calls_per_second=UNLIMITED)
            figures[f"workers_{workers}"] = await dial(stage, calls, first=calls * workers)
    return _report(figures, floors, arq)


async def _floors(stage: Stage, size: Size) -> Figures:
    seconds = size.pick(4, quick=2)
    say("aiohttp's client alone, and scripts in pipelines ...")
    posts = await children.measured(
        "floors.posts",
        stage.log("posts"),
        limit_s=_FLOOR_LIMIT_S,
        url=stage.carrier + CALLS,
        seconds=seconds,
        at_once=_AT_ONCE,
    )
    scripts = await children.measured(
        "floors.scripts",
        stage.log("scripts"),
        limit_s=_FLOOR_LIMIT_S,
        redis_url=stage.redis_url,
        seconds=seconds,
        together=_TOGETHER,
    )
    return {"posts_per_s": rounded(posts["per_s"]), "scripts_per_s": rounded(scripts["per_s"])}


async def _arq(stage: Stage, jobs: int) -> Figures:
    """Plain arq, with every write synced to disk as ours are, and with none, as it is mostly run."""
    figures = {}
    for name, sync in (("synced", "always"), ("unsynced", "no")):
        say(f"{jobs} jobs with plain arq, {name} ...")
        await stage.redis.config_set("appendfsync", sync)
        figures[name] = await _arq_once(stage, jobs, name)
        await stage.redis.flushall()
    await stage.redis.config_set("appendfsync", "always")
    return figures


async def _arq_once(stage: Stage, jobs: int, name: str) -> Figures:
    told: dict[str, Any] = {"redis_url": stage.redis_url, "url": stage.carrier + CALLS}
    filled = await children.measured(
        "peers.arq_calls", stage.log(f"arq-fill-{name}"), limit_s=_LIMIT_S, do="fill", count=jobs, **told
    )
    await _reset(stage)
    worker = await children.start_program("peers.arq_calls", stage.log(f"arq-work-{name}"), do="work", **told)
    try:
        await _until_taken(stage, 1, worker)
        before = {"worker": machine.cpu_s([worker.pid]), "redis": machine.cpu_s([stage.redis_pid])}
        taken = (await _carrier(stage))["calls"]
        await _until_taken(stage, jobs, worker)
        after = {"worker": machine.cpu_s([worker.pid]), "redis": machine.cpu_s([stage.redis_pid])}
    finally:
        await worker.end()
    return {
        "per_s": rounded(_rate(await _carrier(stage))),
        "enqueued_per_s": rounded(filled["per_s"]),
        "cpu_s_per_1000_calls": {n: rounded((after[n] - before[n]) / (jobs - taken) * 1000) for n in before},
    }


async def dial(stage: Stage, calls: int, *, first: int) -> Figures:
    """Dial so many people of the list as fast as it goes; what that took."""
    campaign_id = await stage.new_campaign(first=first, count=calls)
    await _reset(stage)
    before, commands = _cpu(stage), await _commands(stage)
    await stage.start_campaign(campaign_id)
    await _until_taken(stage, calls, *stage.workers)
    await _until_recorded(stage, campaign_id, calls)
    after, commands_after = _cpu(stage), await _commands(stage)
    seen = await _carrier(stage)
    if seen["calls"] != calls:
        raise AssertionError(f"{seen['calls']} requests for {calls} calls")
    return {
        "calls": calls,
        "per_s": rounded(_rate(seen)),
        "cpu_s_per_1000_calls": {name: rounded((after[name] - before[name]) / calls * 1000) for name in before},
        "redis_commands_per_call": {
            name: rounded((count - commands.get(name, 0)) / calls)
            for name, count in commands_after.items()
            if count - commands.get(name, 0) > calls // 100
        },
    }


def _cpu(stage: Stage) -> dict[str, float]:
    return {"workers": machine.cpu_s(stage.worker_pids), "redis": machine.cpu_s([stage.redis_pid])}


async def _commands(stage: Stage) -> dict[str, int]:
    """How often Redis ran each command, scripts' own ones too."""
    stats = await stage.redis.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(stat["calls"]) for name, stat in stats.items()}


async def _until_taken(stage: Stage, calls: int, *watched: children.Child) -> None:
    async def taken() -> bool:
        return bool((await _carrier(stage))["calls"] >= calls)

    await children.until(taken, limit_s=_LIMIT_S, every_s=0.1, watched=watched)


async def _until_recorded(stage: Stage, campaign_id: str, calls: int) -> None:
    async def recorded() -> bool:
        return await stage.count(campaign_id, CallState.LIVE) == calls

    await children.until(recorded, limit_s=_LIMIT_S, every_s=0.1)


async def _carrier(stage: Stage) -> Figures:
    async with stage.http.get(f"{stage.carrier}/summary") as response:
        summary: Figures = await response.json()
        return summary


async def _reset(stage: Stage) -> None:
    async with stage.http.get(f"{stage.carrier}/reset") as response:
        await response.read()


def _rate(seen: Figures) -> float:
    return float((seen["calls"] - 1) / (seen["last_s"] - seen["first_s"]))


def _report(figures: Figures, floors: Figures, arq: Figures) -> Report:
    rows = []
    limits = {
        "posts": ("bare POST loop", floors["posts_per_s"]),
        "arq_synced": ("plain arq, synced as ours", arq["synced"]["per_s"]),
        "arq_unsynced": ("plain arq, nothing synced", arq["unsynced"]["per_s"]),
    }
    for name, found in figures.items():
        label = f"no budget, {name[-1]} worker{'s' * (name[-1] > '1')}"
        found["ratios"] = {limit: ratio(found["per_s"], per_s) for limit, (_, per_s) in limits.items()}
        rows += [
            Row(f"{label}: calls/s", f"{found['per_s']:.0f}", f"{words} {per_s:.0f}", found["ratios"][limit])
            for limit, (words, per_s) in limits.items()
        ]
        ours = found["cpu_s_per_1000_calls"]
        found["cpu_ratios"] = {name: ratio(sum(ours.values()), sum(_arq_cost(arq, name).values())) for name in arq}
        rows += [
            Row(
                f"{label}: CPU s per 1,000 calls, workers / Redis",
                f"{ours['workers']:.2f} / {ours['redis']:.2f}",
                f"arq, {name}: {_arq_cost(arq, name)['worker']:.2f} / {_arq_cost(arq, name)['redis']:.2f}",
                found["cpu_ratios"][name],
            )
            for name in arq
        ]
    return Report({**figures, "beside": floors | {"arq": arq}}, rows)


def _arq_cost(arq: Figures, name: str) -> dict[str, float]:
    cost: dict[str, float] = arq[name]["cpu_s_per_1000_calls"]
    return cost
