"""Part `urgent`: how long an urgent call waits behind 100,000 others at 3 a second.

From the API's answer to `POST /v1/calls` to the request's arrival at the stand-in, for calls posted at random moments.
The floor is the time to the next token: half an interval on average, which is also read off the gaps of this very run
(who comes at any time meets a long gap more often than a short one, so it is half the mean of their squares over their
mean).
"""

from __future__ import annotations

import asyncio
import random
import time

from dialer.runtime import open_runtime
from tests.bench import filling
from tests.bench.arithmetic import mean_wait, percentile
from tests.bench.pacing import read_log
from tests.bench.people import phone
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import Stage, open_stage

_PER_S = 3
_FIRST = 40_000_000  # the urgent ones stand on no other list
_BETWEEN_S = (0.8, 1.8)
_LIMIT_S = 20.0
_SETTLE_S = 3.0


async def measure(size: Size) -> Report:
    """Urgent calls at random moments into a running campaign."""
    waiting, urgent = size.pick(100_000, quick=20_000), size.pick(20, quick=6)
    async with open_stage() as stage:
        await asyncio.gather(
            stage.start_api(),
            stage.start_stand_in("--time-scale", "0.05", calls_per_second=_PER_S),
            stage.start_workers(1, calls_per_second=_PER_S),
        )
        campaign_id = await _fill(stage, waiting)
        await stage.start_campaign(campaign_id)
        await asyncio.sleep(_SETTLE_S)
        say(f"{urgent} urgent calls ...")
        answered = await _post(stage, urgent)
        arrived = await _arrivals(stage, set(answered))
        gaps_from = min(answered.values())
        all_accepted = [r["arrived_s"] for r in await read_log(stage) if r["accepted"] and r["arrived_s"] >= gaps_from]
    waits = {number: arrived[number] - at for number, at in answered.items() if number in arrived}
    return _report(list(waits.values()), len(answered), mean_wait(sorted(all_accepted)), waiting)


async def _fill(stage: Stage, waiting: int) -> str:
    say(f"{waiting} calls waiting ...")
    campaign_id = await stage.new_campaign()
    async with open_runtime(stage.settings()) as runtime:
        await filling.add_waiting(runtime.store, campaign_id, first=0, count=waiting)
    return campaign_id


async def _post(stage: Stage, count: int) -> dict[str, float]:
    """Post urgent calls; for each number when the API had answered (the machine's monotonic clock, as in the log)."""
    moments = random.Random(1)  # noqa: S311 - repeatable, not secret
    answered = {}
    for position in range(_FIRST, _FIRST + count):
        await asyncio.sleep(moments.uniform(*_BETWEEN_S))
        number = phone(position)
        body = {"number": number, "script": {"text": "Hello.", "language": "en-GB"}, "priority": "urgent"}
        await stage.client.calls.create(body)
        answered[number.lstrip("+")] = time.monotonic()
    return answered


async def _arrivals(stage: Stage, numbers: set[str]) -> dict[str, float]:
    """When each of them first arrived and was let in, as far as they do within the limit."""
    until_s = time.monotonic() + _LIMIT_S
    while True:
        log = await read_log(stage)
        found = {r["number"]: r["arrived_s"] for r in reversed(log) if r["accepted"] and r["number"] in numbers}
        if len(found) == len(numbers) or time.monotonic() > until_s:
            return found
        await asyncio.sleep(0.5)


def _report(waits: list[float], posted: int, floor_s: float, waiting: int) -> Report:
    median, worst = percentile(waits, 0.5), max(waits, default=0.0)
    beside = {"mean_to_next_token_s": rounded(1 / _PER_S / 2), "mean_to_next_gap_in_this_run_s": rounded(floor_s)}
    figures: Figures = {
        "waiting_calls": waiting,
        "posted": posted,
        "arrived": len(waits),
        "median_s": rounded(median),
        "worst_s": rounded(worst),
        "mean_s": rounded(sum(waits) / len(waits)) if waits else None,
        "beside": beside,
        "median_to_floor": ratio(median, floor_s),
    }
    rows = [
        Row(
            f"urgent behind {waiting}: median / worst of {posted} (s)",
            f"{median:.3f} / {worst:.3f}",
            f"mean to the next token {floor_s:.3f}",
            figures["median_to_floor"],
        )
    ]
    return Report(figures, rows)
