"""Part `day`: a day at full rate, 3 calls a second for 24 hours, by a clock that is set by hand.

Everything that the store does for a call is done: claimed, begun, answered by the carrier, told of by four events and
ended; and what the sweeper looks for between. What the last hours cost is held beside the first: it must not grow with
what was done. Nothing of it is the carrier's or a worker's time, so it goes as fast as Redis and one process can.
"""

from __future__ import annotations

import asyncio
import os
import time

from dialer.dialing import Begun
from dialer.dispositions import Fact
from tests.bench import filling, machine
from tests.bench.arithmetic import spread
from tests.bench.script_times import script_times
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import open_stage
from tests.fakes.engine import Engine, draft, event, make_engine

_PER_S, _BURST = 3, 200
_TOGETHER = 120
_STEP_MS = _TOGETHER * 1000 // _PER_S
_HOURS = 24
_CALL = "day"
_EVENTS = (
    event("started", Fact.STARTED),
    event("ringing", Fact.RINGING),
    event("answered", Fact.ANSWERED),
    event("completed", Fact.ANSWERED, Fact.COMPLETED),
)


async def measure(size: Size) -> Report:
    """A whole day at full size, a tenth of it else."""
    hours = {Size.QUICK: 0.4, Size.NORMAL: 2.4, Size.FULL: float(_HOURS)}[size]
    parts, steps = 4, round(hours * 3_600_000 / _STEP_MS / 4)
    async with open_stage() as stage:
        engine = make_engine(stage.redis, calls_per_second=_PER_S, burst=_BURST)
        say(f"{hours:g} hours at {_PER_S} a second, {parts * steps * _TOGETHER} calls ...")
        await engine.store.create_campaign(draft(_CALL))
        await filling.add_waiting(engine.store, _CALL, first=0, count=parts * steps * _TOGETHER)
        await engine.store.step(_CALL, "start")
        found = []
        for part in range(parts):
            say(f"quarter {part + 1} of {parts} ...")
            async with script_times(stage.redis_url) as times:
                figures = await _quarter(engine, steps)
            figures |= {"claim_us": spread(times["claim_due_calls"]), "event_us": spread(times["apply_event"])}
            found.append(figures | await _left(engine))
    return _report(hours, found)


async def _quarter(engine: Engine, steps: int) -> Figures:
    started, done = time.perf_counter(), 0
    for _ in range(steps):
        engine.clock.advance_ms(_STEP_MS)
        claims = (await engine.dialing.claim(_TOGETHER)).claims
        dials = await engine.dialing.read(claims)
        begun = await asyncio.gather(*(engine.dialing.begin(dial, "n", lease_ms=50_000) for dial in dials))
        if {*begun} - {Begun.BEGUN}:
            raise AssertionError(f"some attempts could not begin: {begun}")
        await asyncio.gather(*(engine.record(dial, "n", "live", uuid="u") for dial in dials))
        for told in _EVENTS:
            await asyncio.gather(*(engine.store.apply_event(str(dial.attempt), told) for dial in dials))
        await engine.lapse_all()
        await engine.leases.complete_campaigns()
        done += len(dials)
    return {"calls": done, "calls_per_s": rounded(done / (time.perf_counter() - started))}


async def _left(engine: Engine) -> Figures:
    """What lies in Redis, and what is held here."""
    memory = await engine.redis.info("memory")
    return {
        "redis_mb": rounded(memory["used_memory"] / 1e6),
        "process_mb": machine.memory_mb(os.getpid()),
        "in_flight": await engine.redis.zcard("{dialer}:leases"),
    }


def _report(hours: float, found: list[Figures]) -> Report:
    first, last = found[0], found[-1]
    ratios = {
        "claim": ratio(last["claim_us"]["p50"], first["claim_us"]["p50"]),
        "event": ratio(last["event_us"]["p50"], first["event_us"]["p50"]),
        "process_memory": ratio(last["process_mb"], first["process_mb"]),
        "redis_growth": ratio(last["redis_mb"] - found[-2]["redis_mb"], found[1]["redis_mb"] - first["redis_mb"]),
    }
    rows = [
        Row(
            f"{hours:g} h at 3/s: {name} script, last quarter p50 / p99 (us)",
            f"{last[f'{name}_us']['p50']:.0f} / {last[f'{name}_us']['p99']:.0f}",
            f"first {first[f'{name}_us']['p50']:.0f} / {first[f'{name}_us']['p99']:.0f}",
            ratios[name],
        )
        for name in ("claim", "event")
    ]
    rows += [
        Row(
            f"{hours:g} h at 3/s: memory of the process (MB)",
            f"{last['process_mb']:.0f}",
            f"after the first quarter {first['process_mb']:.0f}",
            ratios["process_memory"],
        ),
        Row(
            f"{hours:g} h at 3/s: what the last quarter added to Redis (MB)",
            f"{last['redis_mb'] - found[-2]['redis_mb']:.1f}",
            f"the second added {found[1]['redis_mb'] - first['redis_mb']:.1f}",
            ratios["redis_growth"],
        ),
        Row(f"{hours:g} h at 3/s: calls/s", f"{last['calls_per_s']:g}", f"first quarter {first['calls_per_s']:g}"),
    ]
    return Report({"quarters": found, "last_to_first": ratios}, rows)
