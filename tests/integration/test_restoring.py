"""Whoever was called since a backup is settled by the carrier's list of calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest

from dialer import keys
from dialer.clock import moment, now_ms
from dialer.dispositions import Disposition
from dialer.errors import CarrierError, StoreUnavailable
from dialer.model import CallRef, NewCall
from dialer.restoring import LEASE_MS, Found, Restoring, adopt
from dialer.states import CallState
from tests.fakes.backup import Backups, open_backups
from tests.fakes.engine import Engine, due, ref
from tests.fakes.keyspace import dump
from tests.fakes.switchboard import LONG_TEXT, Switchboard
from tests.fakes.waiting import until

ANN, BOB, CAS = "+31612345601", "+31612345602", "+31612345603"
SHORT = {"script": {"text": "Hello.", "language": "en-GB"}}
LONGEST = timedelta(minutes=11)
DAY_MS = 86_400_000
SINCE_S = 60


@pytest.fixture
async def backups(redis_url: str) -> AsyncIterator[Backups]:
    """Of the Redis of these tests."""
    async with open_backups(redis_url) as opened:
        yield opened


async def settle(board: Switchboard, *, since_s: float = SINCE_S) -> Counter[Found]:
    """Go through the list from so many seconds ago."""
    runtime = board.runtime
    restoring = Restoring(runtime.store, runtime.batch, runtime.clock, LONGEST)
    since = moment(now_ms(runtime.clock)) - timedelta(seconds=since_s)
    async for _ in restoring.settle(since, runtime.providers):
        pass
    return restoring.found


async def over(board: Switchboard) -> None:
    """Until nobody is on the phone, and all was told."""
    await until(lambda: board.carrier.live == 0)
    await asyncio.sleep(0.1)


async def calls_of(board: Switchboard, campaign_id: str, count: int) -> list[tuple[CallState, Disposition | None, int]]:
    """How its calls stand, and how often each was tried."""
    calls = [await board.call(str(CallRef(campaign_id, seq))) for seq in range(1, count + 1)]
    return [(call.state, call.disposition, call.attempts) for call in calls]


async def test_a_lost_attempt_is_settled_as_it_was(board: Switchboard, backups: Backups) -> None:
    """Attempt, outcome and figures are there as if nothing had been lost; whoever was not called waits on."""
    campaign_id = await board.campaign([ANN, BOB], **SHORT)
    backup = await backups.take()
    (placed,) = await board.place()
    await over(board)
    before = await board.attempt(str(placed))
    await backups.put_back(backup)
    found = await settle(board)
    after = await board.attempt(str(placed))

    assert {Found.SETTLED: 1} == found
    assert [(CallState.DONE, Disposition.ANSWERED, 1), (CallState.WAITING, None, 0)] == (
        await calls_of(board, campaign_id, 2)
    )
    assert (before.uuid, before.disposition) == (after.uuid, after.disposition)
    assert before.placed_at is not None
    assert after.placed_at is not None
    assert abs(before.placed_at - after.placed_at) < timedelta(seconds=SINCE_S)
    assert [1, 0] == [board.carrier.rings(number) for number in (ANN, BOB)]


@pytest.mark.parametrize(
    ("lost", "tries", "fields"),
    [
        ({"number": ANN, "place": 1, "trunk": "main", "uuid": "u9"}, {"n": 1}, {"uuid": "u9"}),
        (
            {"number": BOB, "place": 2, "trunk": "south", "uuid": ""},
            {"n": 1, "place": 2},
            {"place": "2", "trunk": "south"},
        ),
    ],
)
@pytest.mark.parametrize("stands", ["waiting", "claimed"])
async def test_what_is_written_down_of_a_lost_attempt(
    engine: Engine, stands: str, lost: dict[str, Any], tries: dict[str, int], fields: dict[str, str]
) -> None:
    """As of when it was dialed, by which trunk and at which of the person's numbers; the next try alone, and once."""
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [NewCall(number=ANN, others=(BOB,))], import_id="i1")
    at_ms = engine.now_ms
    engine.clock.advance_ms(7_000)
    await engine.claim() if stands == "claimed" else None
    before = await engine.keyspace()
    done = [await _adopt(engine, attempt, at_ms, lost) for attempt in ("c1-1-2", "c1-1-1", "c1-1-1")]

    assert [False, True, False] == done
    assert {
        "campaign:c1": {"attempts": "1"},
        f"campaign:c1:{stands}": None,
        "campaign:c1:unknown": {"1": at_ms},
        "campaign:c1:calls:0": {"1t": tries},
        "attempt:c1-1-1": {
            "nonce": "adopted", "at": str(at_ms), "due": str(due(1)), "result": "unknown: data_lost", **fields,
        },
        keys.dialed(lost["number"], at_ms)[0].removeprefix(keys.TAG): {lost["number"]: f"c1-1 {at_ms % DAY_MS}"},
        "leases": {"c1-1": engine.now_ms + LEASE_MS},
    } == await engine.changed_since(before)  # fmt: skip


async def _adopt(engine: Engine, attempt: str, at_ms: int, lost: dict[str, Any]) -> bool:
    return await adopt(engine.batch, engine.clock, ref(attempt), at=moment(at_ms), **lost)


async def test_again_changes_nothing(board: Switchboard, backups: Backups) -> None:
    """Whoever was cut off begins anew: by then the attempts are stored."""
    await board.campaign([ANN, BOB], **SHORT)
    backup = await backups.take()
    await board.place(2)
    await over(board)
    await backups.put_back(backup)
    await settle(board)
    before = await dump(board.runtime.redis)
    found = await settle(board)

    assert {Found.STORED: 2} == found
    assert before == await dump(board.runtime.redis)


async def test_two_at_once_settle_each_call_once(board: Switchboard, backups: Backups) -> None:
    """Two people who both run it: each attempt is there once, and nobody is called again."""
    people = [f"+316123457{number:02}" for number in range(12)]
    campaign_id = await board.campaign(people, **SHORT)
    backup = await backups.take()
    await board.place(12)
    await over(board)
    await backups.put_back(backup)
    found = await asyncio.gather(*(settle(board) for _ in range(3)))

    assert 12 == sum(one[Found.SETTLED] for one in found)
    assert [(CallState.DONE, Disposition.ANSWERED, 1)] * 12 == await calls_of(board, campaign_id, 12)
    assert [1] * 12 == [board.carrier.rings(number) for number in people]


async def test_who_is_on_the_phone_is_up(board: Switchboard, backups: Backups) -> None:
    """His call goes on, its webhooks are taken again, and it ends as it does."""
    # Said twice: nobody hangs up before the list was gone through.
    twice = {"text": LONG_TEXT, "language": "en-GB", "confirm_key": "1", "no_input": 1}
    campaign_id = await board.campaign([ANN], script=twice)
    backup = await backups.take()
    await board.place()
    await until(lambda: board.leg(ANN).status == "answered")
    await backups.put_back(backup)
    await settle(board)
    up = await calls_of(board, campaign_id, 1)
    await over(board)
    await board.call_is(f"{campaign_id}-1", lambda call: call.state is CallState.DONE)

    assert [(CallState.LIVE, None, 1)] == up
    assert [(CallState.DONE, Disposition.ANSWERED, 1)] == await calls_of(board, campaign_id, 1)


async def test_who_was_up_at_the_backup_is_settled_too(board: Switchboard, backups: Backups) -> None:
    """His attempt is stored; the list tells how it ended meanwhile."""
    campaign_id = await board.campaign([ANN], **SHORT)
    await board.place()
    backup = await backups.take()
    await over(board)
    await backups.put_back(backup)
    before = await calls_of(board, campaign_id, 1)
    found = await settle(board)

    assert [(CallState.LIVE, None, 1)] == before
    assert {Found.STORED: 1} == found
    assert [(CallState.DONE, Disposition.ANSWERED, 1)] == await calls_of(board, campaign_id, 1)


async def test_a_number_that_several_wait_for_is_left_to_a_person(board: Switchboard, backups: Backups) -> None:
    """Nobody knows which of them was dialed; one that would rather ring twice waits on, a draft is not meant."""
    one, other = await board.campaign([ANN], **SHORT), await board.campaign([ANN], **SHORT)
    rather = await board.campaign([ANN], unknown="redial", **SHORT)
    backup = await backups.take()
    await board.place()
    await over(board)
    await backups.put_back(backup)
    first, again = await settle(board), await settle(board)
    ends = [(await calls_of(board, campaign_id, 1))[0] for campaign_id in (one, other, rather)]

    assert ({Found.IN_DOUBT: 1}, {Found.STORED: 1}) == (first, again)
    assert [(CallState.DONE, Disposition.UNDETERMINED, 1)] * 2 + [(CallState.WAITING, None, 0)] == ends


async def test_who_dies_over_a_doubt_is_followed(
    board: Switchboard, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts that were written down and not given up yet: neither call is dialed, and neither gets the outcome."""
    one, other = await board.campaign([ANN], **SHORT), await board.campaign([ANN], **SHORT)
    backup = await backups.take()
    await board.place()
    await over(board)
    await backups.put_back(backup)
    with monkeypatch.context() as dying:
        dying.setattr(Restoring, "_give_up", AsyncMock(side_effect=StoreUnavailable("Redis is away")))
        with pytest.raises(StoreUnavailable):
            await settle(board)
    between = [(await calls_of(board, campaign_id, 1))[0] for campaign_id in (one, other)]
    found = await settle(board)
    ends = [(await calls_of(board, campaign_id, 1))[0] for campaign_id in (one, other)]

    assert [(CallState.UNKNOWN, None, 1)] * 2 == between
    assert {Found.STORED: 1} == found
    assert [(CallState.DONE, Disposition.UNDETERMINED, 1)] * 2 == ends


async def test_a_lost_redial_follows_the_try_before(board: Switchboard, backups: Backups) -> None:
    """Both tries of one call were lost: the first has him waiting for the second, which the list has as well."""
    board.carrier.phone(ANN).is_busy().then().answers()
    campaign_id = await board.campaign([ANN], redial={"busy": {"times": 2, "after_s": 0}}, **SHORT)
    backup = await backups.take()
    await board.place()
    await over(board)
    await board.place()
    await over(board)
    await backups.put_back(backup)
    found = await settle(board)

    assert {Found.SETTLED: 2} == found
    assert [(CallState.DONE, Disposition.ANSWERED, 2)] == await calls_of(board, campaign_id, 1)


async def test_calls_of_others_are_passed_over(board: Switchboard, backups: Backups) -> None:
    """The account makes calls for somebody else too."""
    backup = await backups.take()
    await board.campaign([ANN], **SHORT)
    await board.place()
    await over(board)
    await backups.put_back(backup)
    campaign_id = await board.campaign([BOB], **SHORT)

    assert {Found.STRANGE: 1} == await settle(board)
    assert [(CallState.WAITING, None, 0)] == await calls_of(board, campaign_id, 1)


async def test_calls_from_before_the_backup_are_passed_over(board: Switchboard, backups: Backups) -> None:
    """Whoever waits for that number now was added since, or is to be called once more."""
    campaign_id = await board.campaign([ANN], **SHORT)
    backup = await backups.take()
    await board.place()
    await over(board)
    await backups.put_back(backup)

    assert {Found.STRANGE: 1} == await settle(board, since_s=-1)
    assert [(CallState.WAITING, None, 0)] == await calls_of(board, campaign_id, 1)


async def test_a_list_that_cannot_be_read_ends_it(board: Switchboard) -> None:
    """Nobody is told that all were settled."""
    await board.campaign([ANN], **SHORT)
    board.carrier.token_server_up = False
    board.carrier.revoke_tokens()
    with pytest.raises(CarrierError):
        await settle(board)
