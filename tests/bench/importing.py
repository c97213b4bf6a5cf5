"""Part `import`: a long list through the API, what the API's memory does meanwhile, and what a call costs in Redis.

Two lists are sent one after the other, the second ten times as long. The first finds a fresh process, so its time holds
the start of the processes that check rows; whether memory is flat is seen at both: how far the API's peak rises above
what it held before. Beside it, in the same run: the library that checks numbers, alone on one core, and as many rows
pushed into the same Redis by `redis-cli --pipe`, as the three writes that an import makes of a row, without any check.

Bytes are Redis' `used_memory` before and after, divided by calls. A finished call takes what it took while it waited,
and by how much calls of the first list let the memory grow that are dialed and talked to their end, as far as the store
knows: tries, attempts with the events and figures of the stand-in, the moment at which each number was dialed. The keys
that expire within 15 minutes are counted out separately. Hashes that many calls share fill with `--full` alone, which
finishes the whole list; of its first thousands, each call takes some 130 bytes more.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dialer import keys
from dialer.runtime import open_runtime
from tests.bench import children, filling, machine, people
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import Stage, open_stage

_FLOOR_LIMIT_S = 90.0
_TOGETHER = 1_000


async def measure(size: Size) -> Report:
    """Rows a second, memory, bytes."""
    rows, more = size.pick(100_000, quick=20_000), size.pick(1_000_000, quick=20_000)
    async with open_stage() as stage:
        await stage.start_api()
        lists = [_write(stage.folder / f"list-{count}.csv", at, count) for at, count in ((0, rows), (rows, more))]
        floors = await _floors(stage, lists[0], more)
        await stage.redis.flushall()
        async with open_runtime(stage.settings()) as runtime:
            await runtime.store.check_schema()  # as a dialer on a new Redis begins
        empty = await _used_bytes(stage)
        campaign_id = await stage.new_campaign()
        first = await _import(stage, campaign_id, lists[0], rows)
        waiting_bytes = (await _used_bytes(stage) - empty) / rows
        calls = rows if size is Size.FULL else size.pick(3_000, quick=1_000)
        finished = await _finish(stage, campaign_id, calls, waiting_bytes)
        second = await _import(stage, await stage.new_campaign(), lists[1], more)
    sizes = {"bytes_per_waiting_call": rounded(waiting_bytes), **finished}
    return _report({"rows": more, "first_list": first, "second_list": second, **sizes}, floors)


def _write(path: Path, first: int, rows: int) -> Path:
    people.write_csv(path, first=first, count=rows)
    return path


async def _floors(stage: Stage, csv: Path, rows: int) -> Figures:
    say("phonenumbers alone, and the same writes by redis-cli --pipe ...")
    most = min(rows, 30_000)
    checked = await children.measured(
        "floors.validation", stage.log("validation"), limit_s=_FLOOR_LIMIT_S, csv=str(csv), most=most
    )
    pushed = await children.measured(
        "floors.commands",
        stage.log("commands"),
        limit_s=_FLOOR_LIMIT_S,
        path=str(stage.folder / "commands"),
        rows=min(rows, 300_000),
        redis_url=stage.redis_url,
    )
    return {
        "phonenumbers_per_s": rounded(checked["per_s"]),
        "redis_cli_rows_per_s": rounded(pushed["per_s"]),
        "redis_cli_bytes_per_row": rounded(pushed["bytes_per_row"]),
    }


async def _import(stage: Stage, campaign_id: str, csv: Path, rows: int) -> Figures:
    say(f"{rows} rows through the API ...")
    below = machine.descendants(stage.api_pid)
    machine.forget_peak(stage.api_pid)
    before_mb, cpu_before = machine.memory_mb(stage.api_pid), _cpu(stage)
    started = time.monotonic()
    await stage.import_csv(campaign_id, csv)
    taken_s = time.monotonic() - started
    peak_mb, cpu = machine.memory_mb(stage.api_pid, peak=True), _cpu(stage)
    checkers = machine.descendants(stage.api_pid)
    return {
        "rows_per_s": rounded(rows / taken_s),
        "api_memory_before_mb": before_mb,
        "api_memory_peak_mb": peak_mb,
        "api_memory_growth_mb": rounded(peak_mb - before_mb),
        "checkers_started": len(set(checkers) - set(below)),
        "checkers_memory_peak_mb": rounded(sum(machine.memory_mb(pid, peak=True) for pid in checkers)),
        "cpu_s": {name: rounded(cpu[name] - cpu_before[name]) for name in cpu},
    }


def _cpu(stage: Stage) -> dict[str, float]:
    checkers = machine.descendants(stage.api_pid)
    pids = {"api": [stage.api_pid], "checkers": checkers, "redis": [stage.redis_pid]}
    return {name: machine.cpu_s(some) for name, some in pids.items()}


async def _finish(stage: Stage, campaign_id: str, calls: int, waiting_bytes: float) -> Figures:
    say(f"{calls} calls dialed to their end ...")
    before, started = await _used_bytes(stage), time.monotonic()
    async with open_runtime(stage.settings()) as runtime:
        await stage.start_campaign(campaign_id)
        await filling.talk(runtime, calls)
    taken_s = time.monotonic() - started
    with_expiring = await _used_bytes(stage) - before
    await _drop(stage, keys.carrier_uuid("*"))
    return {
        "bytes_per_finished_call": rounded(waiting_bytes + (await _used_bytes(stage) - before) / calls),
        "bytes_per_finished_call_in_first_15_min": rounded(waiting_bytes + with_expiring / calls),
        "finished_per_s": rounded(calls / taken_s),
    }


async def _used_bytes(stage: Stage) -> int:
    """Redis' memory, once it does not rewrite its file."""
    await stage.until_file_rewritten()
    memory: dict[str, Any] = await stage.redis.info("memory")
    return int(memory["used_memory"])


async def _drop(stage: Stage, pattern: str) -> None:
    found = [key async for key in stage.redis.scan_iter(match=pattern, count=_TOGETHER)]
    for start in range(0, len(found), _TOGETHER):
        await stage.redis.delete(*found[start : start + _TOGETHER])


def _report(figures: Figures, floors: Figures) -> Report:
    first, second = figures["first_list"], figures["second_list"]
    speed, library = second["rows_per_s"], floors["phonenumbers_per_s"]
    ratios = {
        "to_phonenumbers": ratio(speed, library),
        "to_redis_cli": ratio(speed, floors["redis_cli_rows_per_s"]),
        "bytes_to_redis_cli": ratio(figures["bytes_per_waiting_call"], floors["redis_cli_bytes_per_row"]),
    }
    plain = floors["redis_cli_bytes_per_row"]
    rows = [
        Row(
            "import: rows/s, first list / second",
            f"{first['rows_per_s']:.0f} / {speed:.0f}",
            f"phonenumbers alone {library:.0f}",
            ratios["to_phonenumbers"],
        ),
        Row(
            "import: rows/s",
            f"{speed:.0f}",
            f"redis-cli --pipe, three writes each: {floors['redis_cli_rows_per_s']:.0f}",
            ratios["to_redis_cli"],
        ),
        Row(
            "import: growth of the API's memory (MB)",
            f"{first['api_memory_growth_mb']} / {second['api_memory_growth_mb']}",
            f"held {first['api_memory_before_mb']}, {figures['rows']} rows the second",
        ),
        Row(
            "import: Redis bytes per waiting call",
            f"{figures['bytes_per_waiting_call']:.0f}",
            f"the three writes {plain:.0f}",
            ratios["bytes_to_redis_cli"],
        ),
        Row(
            "import: Redis bytes per finished call",
            f"{figures['bytes_per_finished_call']:.0f}",
            f"in its first 15 min {figures['bytes_per_finished_call_in_first_15_min']:.0f}",
        ),
    ]
    return Report({**figures, "beside": floors | ratios}, rows)
