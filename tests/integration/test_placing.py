"""A worker places what it claimed: what becomes of the token, and of the others, when one does not go out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from dialer import keys, pacing
from dialer.dialing import Begun, Dialing
from dialer.errors import StoreUnavailable
from dialer.states import CallState
from jobs.place import place_all
from tests.fakes.engine import Engine
from tests.fakes.switchboard import Switchboard
from tests.fakes.waiting import until

NUMBERS = [f"+3161234{number:04d}" for number in range(12)]


async def test_the_token_of_a_suppressed_number_goes_to_the_next_call(board: Switchboard) -> None:
    """Eleven people who opted out cost the twelfth no time: he is called with the first one's token."""
    store, batch = board.runtime.store, board.runtime.batch
    for number in NUMBERS[:-1]:
        await batch.command("ZADD", keys.SUPPRESSED, 1, number)
    campaign_id = await board.campaign(NUMBERS)
    await board.place()
    calls, _ = await store.calls(campaign_id)

    assert ["suppressed"] * 11 == [call.disposition for call in calls[:-1]]
    assert CallState.LIVE is calls[-1].state
    assert "1" == await batch.command("HGET", keys.TRUNK, "index")


async def test_what_requests_tell_of_the_pace_costs_one_script_however_many_they_are(board: Switchboard) -> None:
    """Twelve calls accepted in one turn of the event loop, and two that left late, are two scripts and all counted."""
    batch, reports = board.runtime.batch, board.context.reports
    await board.campaign(NUMBERS)
    dialing = board.context.dialing
    claim = (await dialing.claim(1)).claims[0]
    await asyncio.gather(
        pacing.accept(batch, board.runtime.clock, 0), dialing.delay_tokens([claim])
    )  # the server knows both
    tat = int(await batch.command("HGET", keys.TRUNK, "tat"))
    await board.runtime.redis.config_resetstat()
    for _ in range(12):
        reports.accepted(claim.trunk)
    for ago in (0, 100):
        reports.late(claim._replace(token=claim.token - ago))
    await asyncio.sleep(0)
    accepted, moved = await batch.command("HMGET", keys.TRUNK, "accepted", "tat")

    assert "12" == accepted
    assert int(moved) > tat
    assert 2 == (await board.runtime.redis.info("commandstats"))["cmdstat_evalsha"]["calls"]


async def test_tokens_of_a_campaign_whose_breaker_opens_go_to_others(board: Switchboard) -> None:
    """What was claimed before it opened costs the other campaigns nothing."""
    failing = await board.campaign(NUMBERS[:1])
    batch = board.runtime.batch
    claims = (await board.context.dialing.claim(1)).claims
    other = await board.campaign(NUMBERS[1:2])
    await batch.command("HSET", keys.campaign(failing), "tripped_until", 10**15)
    await place_all(claims, board.context)
    (call,), _ = await board.runtime.store.calls(other)

    assert CallState.LIVE is call.state
    assert "1" == await batch.command("HGET", keys.TRUNK, "index")


@pytest.mark.parametrize("left", [CallState.WAITING, CallState.CLAIMED])
async def test_an_intent_whose_answer_is_lost_rings_nobody(
    left: CallState, board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request leaves and no try counts; who had been stored waits again, who had not stays claimed for a while."""
    begin, again = Dialing.begin, int(left is CallState.WAITING)

    async def cut_off(self: Dialing, *args: Any, **options: Any) -> Begun:
        assert not again or Begun.BEGUN is await begin(self, *args, **options)
        raise StoreUnavailable("Redis does not answer")

    campaign_id = await board.campaign(NUMBERS[:1])
    with monkeypatch.context() as away:
        away.setattr(Dialing, "begin", cut_off)
        await place_all((await board.context.dialing.claim(1)).claims, board.context)
    (call,), _ = await board.runtime.store.calls(campaign_id)
    placings = board.carrier.journal.placings
    if again:
        await board.place()
        await until(lambda: board.carrier.rings(NUMBERS[0]) > 0)

    assert (left, 0, 0) == (call.state, call.attempts, placings)
    assert (again, again) == (board.carrier.journal.placings, board.carrier.rings(NUMBERS[0]))


async def test_a_record_that_cannot_be_read_keeps_no_other_call_from_being_placed(engine: Engine) -> None:
    """Whatever wrote it, perhaps another release, the calls of the same moment are read all the same."""
    await engine.run_campaign(calls=3)
    await engine.batch.command("HSET", keys.bucket("c1", 1), 2, '["+31612345678",null,null,{"text":"Hello"}]')
    engine.clock.advance_ms(1000)
    first, odd = await engine.claim()

    with capture_logs() as logs:
        dials = await engine.dialing.read([odd, first])

    assert ["c1-1-1"] == [str(dial.attempt) for dial in dials]
    assert [("call.not_read", "c1-2")] == [(line["event"], line["call_id"]) for line in logs]
