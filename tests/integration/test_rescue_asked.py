"""Calls that were silent for longer than they can last: the carrier is asked how each stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.clock import now_ms
from dialer.dispositions import Disposition, Fact
from dialer.errors import StoreUnavailable
from dialer.simulator.faults import Often, WebhookFault
from dialer.states import CallState
from dialer.store import Store
from jobs.context import ArqContext
from jobs.rescue import rescue
from tests.fakes.switchboard import LONG_TEXT, Switchboard, open_switchboard
from tests.fakes.waiting import until

NUMBER = "+31612345678"
LATER_MS = 4 * 3_600_000
OVER = {"completed", "failed", "busy", "unanswered"}


@pytest.fixture
async def board(redis: Redis, redis_url: str) -> AsyncIterator[Switchboard]:
    """A dialer whose carrier's word of any call is lost."""
    assert redis is not None
    async with open_switchboard(redis_url, webhook_faults={WebhookFault.LOST: Often(share=1)}) as opened:
        yield opened


async def _sweep(board: Switchboard, monkeypatch: pytest.MonkeyPatch, later_ms: int) -> int:
    """One sweep so much later; in how many ms from today's now the call is looked at again, 0 where it is over."""
    for module in ("dialer.leases", "jobs.rescue"):
        monkeypatch.setattr(f"{module}.now_ms", lambda clock: now_ms(clock) + later_ms)
    await rescue(ArqContext(context=board.context))
    leases = await board.runtime.batch.command("ZRANGE", keys.LEASES, 0, -1, "WITHSCORES")
    return int(float(leases[1])) - now_ms(board.runtime.clock) if leases else 0


async def _silent(board: Switchboard, text: str) -> str:
    await board.campaign([NUMBER], script={"text": text, "language": "en-GB"})
    (call,) = await board.place()
    return str(call)


async def test_what_was_heard_of_a_call_that_is_over_is_taken_in_half_a_minute_later(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Redis went away between the carrier's answer and the store; nobody waits as long as for a live call."""
    call_id = await _silent(board, "The water is off.")
    await until(lambda: board.leg(NUMBER).status in OVER)

    async def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("Redis does not answer")

    with monkeypatch.context() as outage:
        outage.setattr(Store, "apply_event", away)
        again_ms = await _sweep(board, monkeypatch, LATER_MS)
    assert 20_000 < again_ms - LATER_MS <= 30_000
    assert CallState.DONE is not (await board.call(call_id)).state

    assert 0 == await _sweep(board, monkeypatch, LATER_MS + 31_000)
    call = await board.call(call_id)
    assert (CallState.DONE, Disposition.ANSWERED) == (call.state, call.disposition)


async def test_a_call_that_goes_on_is_asked_about_again(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the carrier says is kept, and with it the limit of an answered call, which is not pushed on."""
    call_id = await _silent(board, LONG_TEXT)
    await until(lambda: board.leg(NUMBER).status == "answered")

    assert 0 < await _sweep(board, monkeypatch, LATER_MS) < LATER_MS
    assert Fact.ANSWERED in (await board.attempt(call_id)).facts
    assert CallState.DONE is not (await board.call(call_id)).state
