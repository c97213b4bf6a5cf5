"""A worker that ends: asked to, it places what it holds, and loses no token; in trouble it puts all of it back."""

from __future__ import annotations

import asyncio

import pytest

from dialer import keys
from dialer.errors import OtherData
from dialer.schema import WRITES
from dialer.settings import Settings
from dialer.states import CallState
from jobs.worker import run_worker
from tests.fakes.switchboard import Switchboard
from tests.fakes.waiting import until

PER_SECOND = 20
CALLS = 100
SOME = 20
MOST_UNUSED = 2  # a starved machine gives single tokens back; those in hand are a dozen


def _settings(board: Switchboard) -> Settings:
    return board.runtime.settings.model_copy(update={"calls_per_second": PER_SECOND, "worker_metrics_port": 0})


async def _unused(board: Switchboard) -> int:
    """Tokens that were given and by which no request left."""
    given = await board.runtime.batch.command("HGET", keys.TRUNK, "index")
    return int(given) - board.carrier.journal.placings


async def _in(board: Switchboard, campaign_id: str, state: CallState) -> int:
    return int(await board.runtime.batch.command("ZCARD", keys.calls_in(campaign_id, state)))


async def test_whoever_is_asked_to_end_places_what_it_holds(board: Switchboard) -> None:
    """Nothing is left claimed, each token was used, and the rest waits for others."""
    campaign_id = await board.campaign([f"+3161234{number:04d}" for number in range(CALLS)])
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(_settings(board), stop=stop))
    await until(lambda: board.carrier.journal.placings >= SOME)
    stop.set()
    await asyncio.wait_for(working, 10)

    assert await _unused(board) <= MOST_UNUSED
    assert 0 == await _in(board, campaign_id, CallState.CLAIMED)
    assert SOME < board.carrier.journal.placings < CALLS
    assert CALLS == board.carrier.journal.placings + await _in(board, campaign_id, CallState.WAITING)


async def test_whoever_cannot_work_on_the_data_puts_back_what_it_holds(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer release took it: nothing more is placed than what was on its way, and the rest waits."""
    monkeypatch.setattr("dialer.runtime.LOOK_S", 0.02)
    campaign_id = await board.campaign([f"+3161234{number:04d}" for number in range(CALLS)])
    working = asyncio.create_task(run_worker(_settings(board)))
    await until(lambda: board.carrier.journal.placings >= SOME)
    await board.runtime.batch.command("HSET", keys.SCHEMA, "version", WRITES + 1, "needs", WRITES + 1)
    with pytest.raises(OtherData, match="newer release"):
        await asyncio.wait_for(working, 10)

    assert await _unused(board) > MOST_UNUSED
    assert 0 == await _in(board, campaign_id, CallState.CLAIMED)
    assert CALLS == board.carrier.journal.placings + await _in(board, campaign_id, CallState.WAITING)
