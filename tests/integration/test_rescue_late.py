"""Calls in doubt when the whole fleet was down for hours: the carrier's list is asked once before they are given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.clock import now_ms, to_ms
from dialer.dispositions import Disposition, Fact
from dialer.model import AttemptRef
from dialer.simulator.faults import Often, WebhookFault
from dialer.states import CallState
from jobs.context import ArqContext
from jobs.rescue import rescue
from tests.fakes.switchboard import Switchboard, open_switchboard

NUMBER, OTHER = "+31612345678", "+31612345679"
DOWN_MS = 4 * 3_600_000


@pytest.fixture
async def board(redis: Redis, redis_url: str) -> AsyncIterator[Switchboard]:
    """A dialer whose carrier's word of any call is lost."""
    assert redis is not None
    async with open_switchboard(redis_url, webhook_faults={WebhookFault.LOST: Often(share=1)}) as opened:
        yield opened


async def _placed(board: Switchboard, number: str, fault: str, **wishes: Any) -> AttemptRef:
    """A call is asked for, and the reply lost; then the fleet is down for hours."""
    board.carrier.faults.next_place(fault)
    await board.campaign([number], **wishes)
    (call,) = await board.place()
    assert CallState.UNKNOWN is (await board.call(str(call))).state
    return AttemptRef(call, 1)


async def _up_again(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweeper looks after the calls in doubt, hours later."""
    for module in ("dialer.leases", "jobs.rescue"):
        monkeypatch.setattr(f"{module}.now_ms", lambda clock: now_ms(clock) + DOWN_MS)
    await rescue(ArqContext(context=board.context))


async def _call(board: Switchboard, attempt: AttemptRef) -> tuple[CallState, Disposition | None]:
    call = await board.call(str(attempt.call))
    return call.state, call.disposition


@pytest.mark.parametrize("unknown", ["hold", "redial"])
async def test_call_that_the_list_shows(board: Switchboard, monkeypatch: pytest.MonkeyPatch, unknown: str) -> None:
    """What the carrier has is taken for the attempt's; nobody looks at it, and its phone does not ring again."""
    attempt = await _placed(board, NUMBER, "lost_reply", unknown=unknown)
    await _up_again(board, monkeypatch)

    found = await board.runtime.store.attempt(attempt)
    assert found
    assert Fact.STARTED in found.facts
    assert Fact.LOST not in found.facts
    assert CallState.WAITING is not (await _call(board, attempt))[0]


async def test_call_that_the_list_lacks(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up as before: a person looks."""
    attempt = await _placed(board, NUMBER, "reset")
    await _up_again(board, monkeypatch)

    assert (CallState.DONE, Disposition.UNDETERMINED) == await _call(board, attempt)


async def test_number_that_was_dialed_twice(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two attempts dialed a number within minutes, nobody can tell any more whose the carrier's call is."""
    attempt = await _placed(board, NUMBER, "lost_reply")
    found = await board.runtime.store.attempt(attempt)
    assert found
    assert found.placed_at
    at = to_ms(found.placed_at - timedelta(seconds=70))
    key = keys.dialed(NUMBER, at)[0]
    noted = await board.runtime.batch.command("HGET", key, NUMBER)
    call_id, *moments = (noted or str(attempt.call)).split()
    told = " ".join([call_id, str(at % keys.DAY_MS), *moments])
    await board.runtime.batch.command("HSET", key, NUMBER, told)
    asked = len(board.carrier.log)
    await _up_again(board, monkeypatch)

    assert (CallState.DONE, Disposition.UNDETERMINED) == await _call(board, attempt)
    assert asked == len(board.carrier.log)


async def test_moments_about_a_moment(board: Switchboard) -> None:
    """Of a day and the one before, whatever the time of day."""
    store, midnight = board.runtime.store, datetime.fromisoformat("2027-03-01T00:00:00+00:00")
    today, yesterday = keys.dialed(OTHER, to_ms(midnight), days=2)
    await board.runtime.batch.command("HSET", today, OTHER, "c1-7 5000 90000")
    await board.runtime.batch.command("HSET", yesterday, OTHER, f"- 1000 {keys.DAY_MS - 2000}")
    at = to_ms(midnight)

    minute = timedelta(minutes=1)
    assert [at + 5000, at - 2000] == await store.dialed_about(OTHER, midnight, minute)
    assert [at - 2000] == await store.dialed_about(OTHER, midnight - minute, minute)
    assert [] == await store.dialed_about(NUMBER, midnight, minute)
