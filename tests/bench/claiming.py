"""Part `claim`: what one claim costs as campaigns and waiting calls grow; it should hardly grow with either.

Two times are taken of each claim: that of the script alone, by Redis' own statistics, and the whole look into the line
as a worker has it, with the round trips. The clock that tokens follow is set by hand, so that there always is one. A
claim may bring fewer calls than it may take: where many campaigns are level, one look reaches only so many of them; so
it is the script's time per call that is compared.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from redis.asyncio import Redis

from tests.bench import filling
from tests.bench.arithmetic import percentile
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import open_stage
from tests.fakes.engine import Engine, draft, make_engine

_CAMPAIGNS = (10, 1_000)
_BATCHES = (1, 64)
_PER_S, _BURST = 10_000, 1_000
_FILLED_TOGETHER = 50
_MS_BETWEEN = 20  # of the clock that is set by hand: more than the tokens of a batch last


async def measure(size: Size) -> Report:
    """Each batch size with few and many campaigns and calls."""
    waiting = [10_000, size.pick(100_000, quick=30_000), *([1_000_000] if size is Size.FULL else [])]
    repeats = size.pick(150, quick=60)
    found: dict[str, Figures] = {}
    async with open_stage() as stage:
        for calls in waiting:
            for campaigns in _CAMPAIGNS:
                say(f"claims out of {calls} calls in {campaigns} campaigns ...")
                await stage.redis.flushall()
                engine = await _filled(stage.redis, campaigns, calls)
                found |= {
                    f"{batch}_of_{calls}_in_{campaigns}": await _claims(engine, batch, repeats) for batch in _BATCHES
                }
    return _report(found, waiting)


async def _filled(redis: Redis, campaigns: int, calls: int) -> Engine:
    engine = make_engine(redis, calls_per_second=_PER_S, burst=_BURST)
    for first in range(0, campaigns, _FILLED_TOGETHER):
        numbers = range(first, min(first + _FILLED_TOGETHER, campaigns))
        await asyncio.gather(*(_fill(engine, number, calls // campaigns) for number in numbers))
    engine.clock.advance_ms(1_000)
    return engine


async def _fill(engine: Engine, number: int, calls: int) -> None:
    campaign_id = f"c{number}"
    await engine.store.create_campaign(draft(campaign_id))
    await filling.add_waiting(engine.store, campaign_id, first=number * calls, count=calls)
    await engine.store.step(campaign_id, "start")


async def _claims(engine: Engine, batch: int, repeats: int) -> Figures:
    whole_us, script_us, claimed = [], [], 0
    for _ in range(repeats):
        engine.clock.advance_ms(_MS_BETWEEN)
        before_us, started = await _scripts_us(engine.redis), time.perf_counter()
        claimed += len((await engine.dialing.claim(batch)).claims)
        whole_us.append((time.perf_counter() - started) * 1e6)
        script_us.append(await _scripts_us(engine.redis) - before_us)
    if not claimed:
        raise AssertionError("nothing was claimed")
    return {
        "calls_per_claim": rounded(claimed / repeats),
        "script_us": _figures(script_us),
        "whole_us": _figures(whole_us),
        "script_us_per_call": rounded(sum(script_us) / claimed),
    }


async def _scripts_us(redis: Redis) -> int:
    """Microseconds that Redis has spent in scripts so far."""
    stats = await redis.info("commandstats")
    return int(stats["cmdstat_evalsha"]["usec"]) if "cmdstat_evalsha" in stats else 0


def _figures(values: Sequence[float]) -> dict[str, int]:
    return {"p50": round(percentile(values, 0.5)), "p99": round(percentile(values, 0.99))}


def _report(found: dict[str, Figures], waiting: Sequence[int]) -> Report:
    few, many = _CAMPAIGNS
    ratios, rows = {}, []
    for batch in _BATCHES:
        small = found[f"{batch}_of_{waiting[0]}_in_{few}"]
        large = found[f"{batch}_of_{waiting[-1]}_in_{many}"]
        ratios[f"batch_{batch}"] = {
            "script": ratio(large["script_us"]["p50"], small["script_us"]["p50"]),
            "whole": ratio(large["whole_us"]["p50"], small["whole_us"]["p50"]),
            "script_per_call": ratio(large["script_us_per_call"], small["script_us_per_call"]),
        }
        rows += [
            Row(
                f"claim of {batch}: whole, median (us)",
                f"{large['whole_us']['p50']}, brings {large['calls_per_claim']:g}",
                f"small store {small['whole_us']['p50']}, brings {small['calls_per_claim']:g}",
                ratios[f"batch_{batch}"]["whole"],
            ),
            Row(
                f"claim of {batch}: script (us per call), {waiting[-1]} calls, {many} campaigns",
                f"{large['script_us_per_call']:g}",
                f"{waiting[0]} calls, {few} campaigns: {small['script_us_per_call']:g}",
                ratios[f"batch_{batch}"]["script_per_call"],
            ),
        ]
    return Report({**found, "large_to_small": ratios}, rows)
