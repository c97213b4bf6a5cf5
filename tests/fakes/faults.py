"""How a fault is held against a campaign that runs: it strikes amid it, lasts, and is over; nobody helps the dialer on.

Then every call is judged, and it is measured how long it took until calls were placed again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

import aiohttp

from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.waiting import until
from tests.fakes.wired import Wired

CALLS = 70
_BEFORE = 15
_ON_ITS_WAY_S = 0.6
_BUSY = 2
_STILL_S = 1.0
_RESUME_S = 30.0
_DONE_S = 120.0
"""A call whose webhooks were lost is asked after half a minute behind its timers, and once more a minute later."""
_BROKE = '"level": "error", "logger": "arq.worker"'
"""Of a job that ended by an error that nobody expected."""
_DRAFT = {"name": "Meanwhile", "kind": "notification", "script": {"text": "Hello."}}

Strike = Callable[[Wired], AbstractAsyncContextManager[None]]
"""Makes it happen on entering, and ends it on leaving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        strike: it, in deed.
        lasts_s: for so long.
        seen: what a user sees meanwhile, in words.
        alert: the one of `deploy/alerts.md` that tells where it lasts; '' for none.
        lost: what is, in words.
        logged: words that a worker's log has of it; '' where it has none.
        reads: what the API answers whoever reads meanwhile; None where it does not answer while it lasts.
        writes: likewise whoever changes something.
        stops: whether it keeps calls from being placed.
        echoes: whether requests that were given up arrive when it is over, and are not taken for new ones.
    """

    strike: Strike
    lasts_s: float = 2.5
    seen: str
    alert: str = ""
    lost: str = "nothing"
    logged: str = ""
    reads: HTTPStatus | None = HTTPStatus.OK
    writes: HTTPStatus | None = HTTPStatus.CREATED
    stops: bool = True
    echoes: bool = False


class Suffered(NamedTuple):
    """A campaign that a fault struck.

    Attributes:
        resumed_s: from the end of the fault until a call was placed; None where calls never stopped.
    """

    run: CampaignRun
    resumed_s: float | None


async def suffer(wired: Wired, fault: Fault) -> Suffered:
    """Let it happen amid a campaign, judge what is seen meanwhile, and wait until calls are placed again."""
    world = wired.world
    before = world.carrier.journal.placings
    run = await world.dial(world.people(CALLS))
    await world.until_placings(before + _BEFORE)
    logs = [(worker, worker.log_size) for worker in world.workers]
    async with fault.strike(wired):
        await asyncio.gather(_last(wired, fault), _judge_answers(wired, run, fault))
        placed = world.carrier.journal.placings
    resumed_s = await _resumed_s(wired, fault, placed) if fault.stops else None
    assert any(fault.logged in worker.written(size) for worker, size in logs), f"no worker told of {fault.logged}"
    return Suffered(run, resumed_s)


async def settle(suffered: Suffered) -> Json:
    """Wait until every call has its end, and judge each; the campaign as it is then."""
    run = suffered.run
    seen = await run.until_done(within_s=_DONE_S)
    calls = await run.judge_done()
    world = run.world
    rang = [call for call in calls if call["disposition"] == "undetermined" and world.carrier.rings(call["number"])]
    assert not rang
    placed = Counter(record.number for record in world.placings() if record.rang)
    assert {1} == {*placed.values()}, "a phone rang twice"
    assert all(program.runs for program in [world.api, *world.workers])
    assert not [line for worker in world.workers for line in worker.written(0).splitlines() if _BROKE in line]
    return seen


async def _last(wired: Wired, fault: Fault) -> None:
    """Wait while it lasts; towards its end no call may be placed if it stops them."""
    journal = wired.world.carrier.journal
    await asyncio.sleep(max(_ON_ITS_WAY_S, fault.lasts_s - _STILL_S))
    placed = journal.placings
    await asyncio.sleep(_STILL_S)
    assert not fault.stops or placed == journal.placings, "calls were placed all the same"


async def _judge_answers(wired: Wired, run: CampaignRun, fault: Fault) -> None:
    await asyncio.sleep(_ON_ITS_WAY_S)
    reads, writes = await asyncio.gather(
        _asked(wired, "GET", run.path, None, _within_s(fault, fault.reads)),
        _asked(wired, "POST", "/v1/campaigns", _DRAFT, _within_s(fault, fault.writes)),
    )
    assert (fault.reads, fault.writes) == (reads, writes), f"{reads} to who reads, {writes} to who changes something"


def _within_s(fault: Fault, answer: HTTPStatus | None) -> float:
    """How long an answer is waited for; a busy machine may take longer, and so long the fault lasts on."""
    return (fault.lasts_s - _ON_ITS_WAY_S) * (1 if answer is None else _BUSY)


async def _asked(wired: Wired, method: str, path: str, body: Json | None, within_s: float) -> HTTPStatus | None:
    """The status of an answer, None where none came; one that refuses says what to do."""
    try:
        timeout = aiohttp.ClientTimeout(total=within_s)
        async with wired.world.http.request(method, path, json=body, timeout=timeout) as response:
            told = await response.json()
            assert response.ok or told["detail"], told
            return HTTPStatus(response.status)
    except (TimeoutError, aiohttp.ClientConnectionError):
        return None


async def _resumed_s(wired: Wired, fault: Fault, placed: int) -> float:
    began, journal = time.monotonic(), wired.world.carrier.journal
    if fault.echoes:
        await asyncio.sleep(_ON_ITS_WAY_S)
        placed = journal.placings
    await until(lambda: journal.placings > placed, within_s=_RESUME_S)
    return time.monotonic() - began
