"""Part `peers`: what one would write instead, at the same job, beside the dialer and in the same run.

Two workers share a budget against the stand-in with its strict rolling second; the stand-in's own log tells how much of
the budget was used, the most that was sent in a second, and what that cost. Then one of two workers is killed while its
requests are under way, and the log tells who was dialed twice and who never. A job of arq that was lost with its worker
comes back when its time limit and ten seconds are over: it is set to 30 s, for the default would take five minutes.
The dialer asks the carrier for what the killed worker had begun, a minute long; whom it finds no trace of it does not
dial again, and tells a person (`undetermined`): an intent is stored 25 ms before its request, so one kill in three at
this pace leaves one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from dialer import keys
from dialer.simulator.routes import CALLS, TOKEN_PATH
from dialer.states import CallState
from tests.bench import children, machine, pacing, people
from tests.bench.arithmetic import peak, per_second
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import Stage, open_stage

_PER_S, _WORKERS, _AT_S = 30, 2, 40
_PEERS = {"arq_aiolimiter": "process", "arq_pyrate_limiter": "redis"}
_NAMES = {"dialer": "the dialer", "arq_aiolimiter": "arq + aiolimiter", "arq_pyrate_limiter": "arq + pyrate-limiter"}
_SILENT = ("--share", "no_answer=1", "--webhook-fault", "lost=1", "--time-scale", "0.05")
_JOB_LIMIT_S = 30  # whoever waits for the limiter is within it, and lost beyond it
_SETTLED_S = 2.0
_LIMIT_S = 90.0
_OVER_LIMIT_S = 240.0  # a lease of a placing, and the carrier's list asked until an attempt is given up
_QUEUE = "arq:queue"
_OPEN = (CallState.WAITING, CallState.CLAIMED, CallState.PLACING, CallState.UNKNOWN)


async def measure(size: Size) -> Report:
    """The budget over two workers, each way in turn; then the killed worker, of the dialer and of arq."""
    calls = _PER_S * size.pick(10, quick=4)
    run = pacing.Run(
        per_second=_PER_S, workers=_WORKERS, calls=calls, jitter_ms=0, settled_after_s=_SETTLED_S, webhooks=False
    )
    say(f"{calls} calls at {_PER_S}/s over {_WORKERS} workers: the dialer ...")
    ours = await pacing.dial(run)
    cost = ours["cpu_s_per_1000_calls"]["all"]
    paced = {"dialer": _paced(ours["used_settled"], ours["peak_sent_in_a_second"], ours["refused"], cost)}
    for name, kind in _PEERS.items():
        say(f"the same: {_NAMES[name]} ...")
        paced[name] = await _peer_paced(calls, kind)
    say("a worker is killed: the dialer, and arq ...")
    killed = {"dialer": await _killed(calls), "arq_aiolimiter": await _peer_killed(calls)}
    return Report({"paced": paced, "killed": killed}, [*_paced_rows(paced), *_killed_rows(killed)])


def _paced(used: float, most: int, refused: int, cpu: float) -> Figures:
    return {"used": used, "most_sent_in_a_second": most, "refused": refused, "cpu_s_per_1000_calls": cpu}


async def _peer_paced(calls: int, kind: str) -> Figures:
    async with open_stage() as stage:
        await stage.start_stand_in(
            "--set", "latency_ms=20", "--set", "latency_where=before", *_SILENT, calls_per_second=_PER_S
        )
        workers = await _start_peers(stage, calls, kind)
        await _until_worked(stage, *workers)
        cpu_s = machine.cpu_s([*(worker.pid for worker in workers), stage.redis_pid])
        account = await pacing.read_account(stage)
        sent = sorted(account.accepted + account.refused)
        used = rounded(per_second(account.after(_SETTLED_S).accepted) / _PER_S)
        return _paced(used, peak(sent), len(account.refused), rounded(cpu_s / calls * 1000))


async def _start_peers(stage: Stage, calls: int, kind: str, *, timeout_s: float = 300) -> list[children.Child]:
    """Jobs for so many calls, and two workers."""
    told: dict[str, Any] = {"redis_url": stage.redis_url, "url": stage.carrier + CALLS}
    await children.measured("peers.arq_calls", stage.log("fill"), limit_s=_LIMIT_S, do="fill", count=calls, **told)
    limited = {"kind": kind, "per_second": _PER_S, "processes": _WORKERS}
    told |= {"headers": await _headers(stage), "limited": limited, "timeout_s": timeout_s}
    starting = (
        children.start_program("peers.arq_calls", stage.log(f"peer-{number}"), do="work", **told)
        for number in range(_WORKERS)
    )
    return [stage.keep(worker) for worker in await asyncio.gather(*starting)]


async def _headers(stage: Stage) -> dict[str, str]:
    """Who asks, to the stand-in."""
    client = {"client_id": "peer", "client_secret": "peer", "grant_type": "client_credentials"}
    async with stage.http.post(stage.carrier + TOKEN_PATH, data=client, headers={"Authorization": ""}) as response:
        token = (await response.json())["access_token"]
    return {"Authorization": f"Bearer {token}", "ApplicationId": "peer"}


async def _until_worked(stage: Stage, *watched: children.Child) -> None:
    async def worked() -> bool:
        return not await stage.redis.zcard(_QUEUE)

    await children.until(worked, limit_s=_LIMIT_S, watched=watched)


async def _killed(calls: int) -> Figures:
    async with open_stage() as stage:
        await asyncio.gather(_start_slow_carrier(stage), stage.start_api())
        await stage.start_workers(_WORKERS, calls_per_second=_PER_S)
        campaign_id = await stage.new_campaign(count=calls)
        await stage.start_campaign(campaign_id)
        await _kill(stage, stage.workers[0])

        async def over() -> bool:
            return not await stage.count(campaign_id, *_OPEN)

        return await _dialed(stage, calls, over) | {"undetermined": await stage.redis.zcard(keys.UNDETERMINED)}


async def _peer_killed(calls: int) -> Figures:
    async with open_stage() as stage:
        await _start_slow_carrier(stage)
        workers = await _start_peers(stage, calls, "process", timeout_s=_JOB_LIMIT_S)
        await _kill(stage, workers[0])

        async def over() -> bool:
            return not await stage.redis.zcard(_QUEUE)

        return await _dialed(stage, calls, over) | {"undetermined": 0}


async def _start_slow_carrier(stage: Stage) -> None:
    """One whose answer comes 400 ms behind the ring: many are under way at any moment."""
    slow = ("--set", "latency_ms=400", "--set", "latency_where=after", "--time-scale", "0.05")
    await stage.start_stand_in(*slow, calls_per_second=_PER_S)


async def _kill(stage: Stage, worker: children.Child) -> None:
    async def under_way() -> bool:
        return len(await pacing.read_log(stage)) >= _AT_S

    await children.until(under_way, limit_s=_LIMIT_S, watched=(worker,))
    worker.process.kill()


async def _dialed(stage: Stage, calls: int, over: Any) -> Figures:
    """Whom the phones of the carrier's log belong to, once all is over."""
    started = time.monotonic()
    await children.until(over, limit_s=_OVER_LIMIT_S, every_s=0.5)
    rang = Counter(record["number"] for record in await pacing.read_log(stage) if record["rang"])
    wanted = {people.phone(position).lstrip("+") for position in range(calls)}
    return {
        "calls": calls,
        "rang_twice": sum(count > 1 for count in rang.values()),
        "never_dialed": len(wanted - rang.keys()),
        "over_after_s": rounded(time.monotonic() - started),
    }


def _paced_rows(paced: dict[str, Figures]) -> list[Row]:
    ours = paced["dialer"]
    return [
        Row(
            f"{_PER_S}/s, {_WORKERS} workers, {_NAMES[name]}: used, most sent in a second, refused, CPU s per 1,000",
            _told(found),
            f"the dialer {_told(ours)}" if found is not ours else "",
            ratio(ours["cpu_s_per_1000_calls"], found["cpu_s_per_1000_calls"]) if found is not ours else None,
        )
        for name, found in paced.items()
    ]


def _told(found: Figures) -> str:
    most, refused = found["most_sent_in_a_second"], found["refused"]
    return f"{found['used']:.3f}, {most}, {refused}, {found['cpu_s_per_1000_calls']:.2f}"


def _killed_rows(killed: dict[str, Figures]) -> list[Row]:
    return [
        Row(
            f"kill -9 of one of {_WORKERS}, {_NAMES[name].partition(' +')[0]}: rang twice, never dialed, told of",
            f"{found['rang_twice']}, {found['never_dialed']}, {found['undetermined']}",
            f"of {found['calls']}; over {found['over_after_s']:.0f} s later",
        )
        for name, found in killed.items()
    ]
