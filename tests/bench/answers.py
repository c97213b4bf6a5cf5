"""Part `answers`: how long somebody who picks up hears nothing, with a million calls waiting and 25 events a second.

25 people a second pick up, or press a key, at random moments, as they do; each is timed from its moment on. Beside
every one of them another asks the bare handler (`floors/handler.py`): one Redis read, the same bytes as its answer, at
the same pace and at the same time, so that whatever else the machine does meets both. The events are of other calls and
go to the same API process. What is asked: the answer of a notification with keys and personal values; its reply to a
key, which is stored before it is told; and the answer of the longest script there may be, 50 steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from dialer.model import AttemptRef, CallRef
from dialer.runtime import open_runtime
from dialer.scripts.steps import MAX_STEPS
from dialer.tokens import make_token
from tests.bench import filling, machine
from tests.bench.carrier_calls import EVENTS_PER_CALL
from tests.bench.floors.handler import SCRIPT_KEY
from tests.bench.sending import Target, sent, start_bare
from tests.bench.size import Figures, Report, Row, Size, ratio, say
from tests.bench.stage import WEBHOOK_SECRET, Stage, open_stage

_PER_S = 25
_EVENTS_TOGETHER = 25  # calls at the same step of their life: each step takes a second
_START_S = 2.5
_LIVE = 2_000  # calls that are up: more than all of the loads below need
_KEYS = {
    "text": "Good morning {{ name }}. This is a message for {{ name }}: the water is off from nine until noon.",
    "language": "en-GB",
    "confirm_key": "1",
    "repeat_key": "2",
    "opt_out_key": "9",
}
_STEP = {"do": "say", "text": "{{ name }}, this is one of many steps, each of them spoken to {{ name }} alone."}
_STEPS = {"language": "en-GB", "steps": [_STEP] * MAX_STEPS}


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that the carrier asks.

    Attributes:
        what: as `carrier_calls` calls it.
        campaign_id: of whose calls.
        first: running number of the first of them.
    """

    name: str
    what: str
    campaign_id: str
    first: int


async def measure(size: Size) -> Report:
    """Each question in turn, ours and the bare handler's at the same time."""
    waiting, seconds = size.pick(1_000_000, quick=20_000), size.pick(20, quick=3)
    found: dict[str, Figures] = {}
    async with open_stage() as stage:
        await stage.start_api()
        say(f"{waiting} calls waiting ...")
        notification, steps = await _fill(stage, waiting)
        ours, bare = Target(stage.url, stage.api_pid), await start_bare(stage, b"")
        questions = (
            Asked("answer", "answer", notification, first=1),
            Asked("reply", "reply", notification, first=1 + seconds * _PER_S),
            Asked("answer_of_50_steps", "answer", steps, first=1),
        )
        events = _events(notification, 1 + 2 * seconds * _PER_S, seconds)
        for asked in questions:
            say(f"answers: {asked.name}, {_PER_S} a second ...")
            found[asked.name] = await _beside(stage, (ours, bare), asked, next(events))
        memory = {"api_memory_mb": machine.memory_mb(ours.pid), "bare_memory_mb": machine.memory_mb(bare.pid)}
    return _report(found, memory | {"waiting_calls": waiting})


async def _fill(stage: Stage, waiting: int) -> tuple[str, str]:
    """The two campaigns: that of steps has only calls that are up."""
    steps = await stage.new_campaign(kind="script", script=_STEPS)
    notification = await stage.new_campaign(script=_KEYS)
    async with open_runtime(stage.settings()) as runtime:
        # Nobody stands in both lists: a number that is up is not dialed for another campaign.
        for campaign_id, first, live, further in (
            (steps, 0, _LIVE // 2, 0),
            (notification, _LIVE // 2, _LIVE, waiting),
        ):
            await filling.add_waiting(runtime.store, campaign_id, first=first, count=live + further)
            await stage.start_campaign(campaign_id)
            await filling.ring(runtime, live)
    return notification, steps


def _events(campaign_id: str, first: int, seconds: int) -> Iterator[Figures]:
    """The events beside each question: their calls are others every time."""
    calls = seconds * _PER_S // EVENTS_PER_CALL
    for begin in count(first, calls):
        about = {"what": "event", "campaign_id": campaign_id, "first": begin, "attempts": calls}
        yield about | {"together": _EVENTS_TOGETHER, "seconds": seconds, "per_second": _PER_S, "secret": WEBHOOK_SECRET}


async def _beside(stage: Stage, targets: tuple[Target, Target], asked: Asked, events: Figures) -> Figures:
    ours, bare = targets
    answer = await _answer(stage, asked.campaign_id)
    await stage.redis.set(SCRIPT_KEY, answer)
    await stage.until_file_rewritten()
    # All begin together, once each has started: programs that start take more than this whole load.
    events |= {"begin_s": time.monotonic() + _START_S}
    about = {"what": asked.what, "campaign_id": asked.campaign_id, "first": asked.first, "at_random": True}
    load = events | about | {"attempts": events["seconds"] * _PER_S}
    found, floor, beside = await asyncio.gather(
        sent(stage, ours, load | {"url": ours.url}),
        # Other moments than ours: at the same ones, one would only wait for the other.
        sent(stage, bare, load | {"url": bare.url, "first": asked.first + _LIVE}),
        sent(stage, ours, events | {"url": ours.url}),
    )
    return {
        "answer_bytes": len(answer),
        **found,
        "beside": {"bare_handler": floor, "events": beside},
        "to_bare_handler": {part: ratio(found["ms"][part], floor["ms"][part]) for part in found["ms"]},
    }


async def _answer(stage: Stage, campaign_id: str) -> bytes:
    """What the first call of a campaign says."""
    token = make_token(WEBHOOK_SECRET, str(AttemptRef(CallRef(campaign_id, 1), 1)))
    async with stage.http.get(f"{stage.url}/webhooks/{token}/answer") as response:
        response.raise_for_status()
        return await response.read()


def _report(found: dict[str, Figures], memory: Figures) -> Report:
    rows = [_row(name, figures) for name, figures in found.items()]
    rows.append(Row("answers: memory of the API (MB)", f"{memory['api_memory_mb']:g}",
                    f"bare handler {memory['bare_memory_mb']:g}"))  # fmt: skip
    return Report(memory | found, rows)


def _row(name: str, figures: Figures) -> Row:
    shown, beside = (" / ".join(f"{each['ms'][part]:.2f}" for part in ("p50", "p99", "max"))
                     for each in (figures, figures["beside"]["bare_handler"]))  # fmt: skip
    what = f"answers: {name.replace('_', ' ')}, {figures['answer_bytes']} bytes: p50 / p99 / max (ms)"
    return Row(what, shown, f"bare handler {beside}", figures["to_bare_handler"]["p99"])
