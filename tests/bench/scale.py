"""Part `scale`: the whole dialer amid much of everything, beside the same dialer amid little.

Much is one campaign with most of the calls, which leave by ten trunks, a thousand campaigns that share the rest, a
hundred trunks and, at full size, a million calls and sixteen workers. Little is thirty thousand calls in a hundred
campaigns over one trunk, with as many workers. Both are dialed at 3, 30 and 300 calls a second over all trunks and as
fast as it goes, by a carrier that takes every call and tells nothing. Of each: calls a second, Redis' own time for a
claim, the slowest script, what those wait who look (`looks.py`), memory and processor time. What grows with size shows
as a ratio above one; a machine that is busy makes both slower.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dialer import keys
from dialer.redis.embedded import EmbeddedRedis
from dialer.runtime import Runtime, open_runtime
from tests.bench import filling, machine
from tests.bench.arithmetic import spread
from tests.bench.looks import look_ms
from tests.bench.script_times import script_times
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import Stage, open_stage
from tests.fakes.engine import draft

_RATES: Mapping[str, float] = {"3": 3, "30": 30, "300": 300, "max": 10_000}
_CLAIM = "claim_due_calls"
_BIG = "big"
_BIG_TRUNKS = 10
_AT_ONCE = 50
_WARM_S = 3.0
_LOOKS = 15
_SHOWN = 5
_TELLING = 10


@dataclass(frozen=True, slots=True)
class Amount:
    """How much there is of everything.

    Attributes:
        calls: of the big campaign.
        further: campaigns, of a hundred calls each.
    """

    calls: int
    further: int
    trunks: int
    workers: int

    @property
    def trunk_names(self) -> list[str]:
        """All of them, `main` first."""
        return ["main", *(f"t{number}" for number in range(1, self.trunks))]

    def settings(self, per_second: float) -> dict[str, str]:
        """The variables of all trunks but `main`, which share this pace evenly."""
        names = self.trunk_names[1:]
        of_each = {
            "CARRIER_CLIENT_ID": "benchmark",
            "CARRIER_CLIENT_SECRET": "benchmark",
            "CARRIER_APPLICATION_ID": "benchmark",
            "FROM_NUMBER": "+31201234567",
            "CALLS_PER_SECOND": f"{per_second / self.trunks:g}",
        }
        given = {f"DIALER_TRUNK_{name.upper()}_{field}": value for name in names for field, value in of_each.items()}
        return {"DIALER_TRUNKS": ",".join(names), **given} if names else {}


async def measure(size: Size) -> Report:
    """Little first, then much, each at all rates."""
    workers = {Size.QUICK: 2, Size.NORMAL: 4, Size.FULL: 16}[size]
    calls = {Size.QUICK: 20_000, Size.NORMAL: 200_000, Size.FULL: 1_000_000}[size]
    little = Amount(size.pick(20_000, quick=4_000), size.pick(100, quick=50), 1, workers)
    much = Amount(calls, size.pick(1_000, quick=200), size.pick(100, quick=20), workers)
    seconds = size.pick(10, quick=4)
    found = {name: await _measured(name, amount, seconds) for name, amount in (("little", little), ("much", much))}
    return _report(found, much)


async def _measured(name: str, amount: Amount, seconds: float) -> Figures:
    with TemporaryDirectory(prefix="dialer-bench-") as folder:
        async with EmbeddedRedis(Path(folder)) as server:
            async with open_stage(server) as stage, open_runtime(stage.settings()) as runtime:
                say(f"{name}: {amount.calls} calls, {amount.further} campaigns, {amount.trunks} trunks ...")
                await _fill(runtime, amount)
            return {rate: await _at_rate(server, amount, per_second, seconds) for rate, per_second in _RATES.items()}


async def _at_rate(server: EmbeddedRedis, amount: Amount, per_second: float, seconds: float) -> Figures:
    async with open_stage(server) as stage:
        say(f"at {per_second:g} a second, {amount.workers} workers ...")
        # No trunk waits for a token of the pace before; and each has one in this time: half a minute at 3 a second.
        interval_s = amount.trunks / per_second
        seconds = interval_s * math.ceil(seconds / interval_s)
        for name in amount.trunk_names:
            await stage.redis.hdel(keys.trunk(name), "tat")  # type: ignore[misc]  # redis-py's annotation mixes sync and async
        stage.given |= amount.settings(per_second)
        await asyncio.gather(stage.start_bare_carrier(), stage.start_api())
        await stage.start_workers(amount.workers, calls_per_second=per_second / amount.trunks)
        await stage.until_file_rewritten()
        await asyncio.sleep(max(_WARM_S, interval_s))
        before, cpu, started = await stage.taken(), _cpu(stage), time.monotonic()
        async with script_times(stage.redis_url) as times:
            looks, _ = await asyncio.gather(look_ms(stage, _BIG, times=_LOOKS), asyncio.sleep(seconds))
        took_s = time.monotonic() - started
        return {
            "calls_per_s": rounded((await stage.taken() - before) / took_s),
            "cpu_share": {part: rounded((used - cpu[part]) / took_s) for part, used in _cpu(stage).items()},
            "claim_us": spread(times[_CLAIM]),
            "claims_per_s": rounded(len(times[_CLAIM]) / took_s),
            "slowest_ms": _slowest(times),
            "scripts_us": {name: spread(values) for name, values in times.items() if len(values) >= _TELLING},
            "looks_ms": looks,
            "memory_mb": await _memory_mb(stage),
        }


def _cpu(stage: Stage) -> dict[str, float]:
    pids = {"workers": stage.worker_pids, "redis": [stage.redis_pid], "api": [stage.api_pid]}
    return {part: machine.cpu_s(of_part) for part, of_part in pids.items()}


def _slowest(times: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """The longest time of those that took longest."""
    longest = sorted(((max(values) / 1000, name) for name, values in times.items() if values), reverse=True)
    return {name: rounded(took_ms) for took_ms, name in longest[:_SHOWN]}


async def _memory_mb(stage: Stage) -> dict[str, float]:
    return {
        "redis": rounded((await stage.redis.info("memory"))["used_memory"] / 1e6),
        "api": machine.memory_mb(stage.api_pid),
        "worker": max(machine.memory_mb(pid) for pid in stage.worker_pids),
    }


async def _fill(runtime: Runtime, amount: Amount) -> None:
    names = amount.trunk_names
    store = runtime.store
    await store.create_campaign(draft(_BIG, trunks=tuple(sorted(names[:_BIG_TRUNKS]))))
    await filling.add_waiting(store, _BIG, first=0, count=amount.calls)
    await store.step(_BIG, "start")
    for start in range(0, amount.further, _AT_ONCE):
        await asyncio.gather(
            *(_further(runtime, amount, n) for n in range(start, min(amount.further, start + _AT_ONCE)))
        )


async def _further(runtime: Runtime, amount: Amount, number: int) -> None:
    campaign_id = f"c{number}"
    trunk = amount.trunk_names[number % amount.trunks]
    await runtime.store.create_campaign(draft(campaign_id, trunks=(trunk,)))
    await filling.add_waiting(runtime.store, campaign_id, first=amount.calls + number * 100, count=100)
    await runtime.store.step(campaign_id, "start")


def _report(found: dict[str, Figures], much: Amount) -> Report:
    little, ours = found["little"], found["much"]
    ratios, rows = {}, []
    for rate, figures in ours.items():
        beside = little[rate]
        ratios[rate] = {
            "claim": ratio(figures["claim_us"]["p50"], beside["claim_us"]["p50"]),
            **{
                f"{look}_look": ratio(times["p50"], beside["looks_ms"][look]["p50"])
                for look, times in figures["looks_ms"].items()
            },
            **{
                f"{part}_memory": ratio(mb, beside["memory_mb"][part])
                for part, mb in figures["memory_mb"].items()
                if part != "redis"
            },
        }
        rows += _rows(rate, figures, beside, ratios[rate])
    say(f"much: {much}")
    return Report({**found, "much_to_little": ratios, "amount": asdict(much)}, rows)


def _rows(rate: str, figures: Figures, beside: Figures, ratios: Mapping[str, float | None]) -> list[Row]:
    """Lines of the table for one rate."""
    name = f"scale at {rate if rate != 'max' else 'any'}/s"
    claim, plain = figures["claim_us"], beside["claim_us"]
    looks, quick = figures["looks_ms"], beside["looks_ms"]
    memory, small = figures["memory_mb"], beside["memory_mb"]
    shown = ("campaigns", "campaign", "page", "status")
    return [
        Row(f"{name}: calls/s", f"{figures['calls_per_s']:g}", f"little {beside['calls_per_s']:g}"),
        Row(
            f"{name}: claim script p50 / p99 (us)",
            f"{claim['p50']:.0f} / {claim['p99']:.0f}",
            f"little {plain['p50']:.0f} / {plain['p99']:.0f}",
            ratios["claim"],
        ),
        *(
            Row(
                f"{name}: {look} p50 / worst (ms)",
                f"{looks[look]['p50']:.1f} / {looks[look]['max']:.1f}",
                f"little {quick[look]['p50']:.1f} / {quick[look]['max']:.1f}",
                ratios[f"{look}_look"],
            )
            for look in shown
        ),
        Row(
            f"{name}: MB of Redis / API / a worker",
            f"{memory['redis']:.0f} / {memory['api']:.0f} / {memory['worker']:.0f}",
            f"little {small['redis']:.0f} / {small['api']:.0f} / {small['worker']:.0f}",
            ratios["worker_memory"],
        ),
        Row(
            f"{name}: processor, workers / Redis / API",
            " / ".join(f"{used:.2f}" for used in figures["cpu_share"].values()),
            "little " + " / ".join(f"{used:.2f}" for used in beside["cpu_share"].values()),
        ),
        Row(
            f"{name}: slowest in Redis (ms)", ", ".join(f"{what} {ms:g}" for what, ms in figures["slowest_ms"].items())
        ),
    ]
