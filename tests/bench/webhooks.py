"""Part `webhooks`: what one API process takes of a carrier's webhooks, with 100,000 calls waiting in the store.

Three loads, sent by processes of their own (`carrier_calls.py`): answers alone, as many as go, 32 at once; events
alone, as many as go, 256 at once; and both at the pace of a campaign of 250 calls a second, which is where the answer
webhook's p50 and p99 count, as somebody is on the phone. Beside each, the same load on a handler of a few lines that
does one Redis read or write (`floors/handler.py`), in the same run and on the same Redis, synced at every write.

An event is a script that moves its call and is acknowledged when it is on disk; an answer is followed by a script that
notes it. Neither is in the bare handler. Figures per CPU second are the API process' own and bear a busy machine best.

Two things that make a tail are told with each load. Redis rewrites its file when that has doubled, and syncs are slow
meanwhile (`file_rewrites_meanwhile`). And a server that was held up for a moment gets more new connections than its
backlog holds: each of the others tries again after a second (`listen_overflows_meanwhile`, of the whole machine).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from dialer.runtime import open_runtime
from tests.bench import filling, machine
from tests.bench.carrier_calls import EVENTS_PER_CALL
from tests.bench.sending import Target, sent, start_bare
from tests.bench.size import Figures, Report, Row, Size, ratio, rounded, say
from tests.bench.stage import WEBHOOK_SECRET, Stage, open_stage

_SCRIPT = b'[{"action":"talk","text":"Hello Person 000001.","language":"en-GB","style":0}]'
_ANSWERS_AT_ONCE, _EVENTS_AT_ONCE = 32, 256
_CALLS_PER_S = 250


@dataclass(frozen=True, slots=True)
class Loads:
    """How long, and how many attempts there are for each of the three loads; answers and events each take new ones."""

    seconds: int
    attempts: int

    def common(self, target: Target, campaign_id: str) -> dict[str, Any]:
        """What all of them are told."""
        told = {"url": target.url, "secret": WEBHOOK_SECRET, "campaign_id": campaign_id}
        return told | {"attempts": self.attempts, "seconds": self.seconds}


async def measure(size: Size) -> Report:
    """Each load on the API and right after it on the bare handler: what else the machine does soon changes."""
    loads = Loads(size.pick(5, quick=1), size.pick(9_000, quick=2_500))
    found: dict[str, Figures] = {"ours": {}, "bare": {}}
    async with open_stage() as stage:
        await stage.start_api()
        waiting = size.pick(100_000, quick=10_000)
        campaign_id = await _fill(stage, waiting=waiting, live=3 * loads.attempts)
        targets = {"ours": Target(stage.url, stage.api_pid), "bare": await start_bare(stage, _SCRIPT)}
        for load in (_answers, _events, _both):
            say(f"webhooks: {load.__name__.strip('_')} ...")
            for name, target in targets.items():
                found[name] |= await load(stage, target, loads.common(target, campaign_id))
    return _report(found["ours"], found["bare"], waiting)


async def _fill(stage: Stage, *, waiting: int, live: int) -> str:
    say(f"{waiting} calls waiting, {live} attempts up ...")
    campaign_id = await stage.new_campaign()
    async with open_runtime(stage.settings()) as runtime:
        await filling.add_waiting(runtime.store, campaign_id, first=0, count=waiting + live)
        await stage.start_campaign(campaign_id)
        await filling.ring(runtime, live)
    return campaign_id


async def _answers(stage: Stage, target: Target, told: dict[str, Any]) -> Figures:
    load = told | {"what": "answer", "first": 1, "at_once": _ANSWERS_AT_ONCE}
    return {"answers": await _sent_alone(stage, target, load)}


async def _events(stage: Stage, target: Target, told: dict[str, Any]) -> Figures:
    load = told | {"what": "event", "first": 1 + told["attempts"], "at_once": _EVENTS_AT_ONCE}
    return {"events": await _sent_alone(stage, target, load)}


async def _both(stage: Stage, target: Target, told: dict[str, Any]) -> Figures:
    load = told | {"first": 1 + 2 * told["attempts"]}
    answers, events = await asyncio.gather(
        sent(stage, target, load | {"what": "answer", "per_second": _CALLS_PER_S}),
        sent(stage, target, load | {"what": "event", "per_second": _CALLS_PER_S * EVENTS_PER_CALL}),
    )
    return {"answers_at_250_calls_per_s": answers, "events_at_250_calls_per_s": events}


async def _sent_alone(stage: Stage, target: Target, load: dict[str, Any]) -> Figures:
    before = machine.cpu_s([target.pid])
    found = await sent(stage, target, load)
    return found | {"per_cpu_s": rounded(found["taken"] / (machine.cpu_s([target.pid]) - before))}


def _report(ours: Figures, floor: Figures, waiting: int) -> Report:
    paced = "answers_at_250_calls_per_s"
    ratios = {
        "answers_per_s": ratio(ours["answers"]["per_s"], floor["answers"]["per_s"]),
        "events_per_s": ratio(ours["events"]["per_s"], floor["events"]["per_s"]),
        "events_per_cpu_s": ratio(ours["events"]["per_cpu_s"], floor["events"]["per_cpu_s"]),
        "answer_p50": ratio(ours[paced]["ms"]["p50"], floor[paced]["ms"]["p50"]),
        "answer_p99": ratio(ours[paced]["ms"]["p99"], floor[paced]["ms"]["p99"]),
    }
    rows = [
        _row("answer webhooks/s", "answers", "per_s", ours, floor),
        _row("events/s", "events", "per_s", ours, floor),
        _row("events per CPU second of the server", "events", "per_cpu_s", ours, floor),
        _latency_row("answer p50 (ms), 250 calls/s", paced, "p50", ours, floor),
        _latency_row("answer p99 (ms), 250 calls/s", paced, "p99", ours, floor),
    ]
    figures = {"waiting_calls": waiting, **ours, "beside": {"bare_handler": floor}, "to_bare_handler": ratios}
    return Report(figures, rows)


def _row(name: str, load: str, figure: str, ours: Figures, floor: Figures) -> Row:
    value, limit = ours[load][figure], floor[load][figure]
    return Row(f"webhooks: {name}", f"{value:.0f}", f"bare handler {limit:.0f}", ratio(value, limit))


def _latency_row(name: str, load: str, part: str, ours: Figures, floor: Figures) -> Row:
    value, limit = ours[load]["ms"][part], floor[load]["ms"][part]
    return Row(f"webhooks: {name}", f"{value:.2f}", f"bare handler {limit:.2f}", ratio(value, limit))
