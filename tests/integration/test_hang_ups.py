"""Hanging up everything: the list, who takes from it, and what becomes of each call on it."""

from __future__ import annotations

import asyncio

import pytest

from dialer.dispositions import Disposition, Fact
from dialer.errors import NotFound
from dialer.hang_ups import LEASE_MS, HangUps, ToHangUp
from dialer.model import CallRef
from dialer.processes.ending import ended
from dialer.states import CallState, CampaignState
from jobs.hang_up import HangUpRounds
from tests.fakes.engine import Engine, new_calls
from tests.fakes.switchboard import Switchboard
from tests.fakes.waiting import until

REDIAL = {"no_answer": {"times": 3, "after_s": 0}, "busy": {"times": 3, "after_s": 0}}


@pytest.fixture
def hang_ups(engine: Engine) -> HangUps:
    """The list, as a worker sees it."""
    return HangUps(engine.batch, engine.clock)


def people(count: int) -> list[str]:
    """Numbers that differ."""
    return [f"+3161{number:07d}" for number in range(1, count + 1)]


async def up_in_all_ways(engine: Engine) -> None:
    """A running campaign: a live, an unknown, a placing, a claimed and a waiting call, and one that is done."""
    await engine.run_campaign(calls=6)
    await engine.ring(uuid="u1")
    for nonce, follows in (("n2", "unknown"), ("n3", "failed")):
        await engine.record(await engine.place(nonce), nonce, follows)
    await engine.place("n4")
    await engine.claim(1)


async def test_one_step_pauses_and_lists_what_is_up(engine: Engine, hang_ups: HangUps) -> None:
    """Live, doubtful and placing calls are listed as the campaign is paused; nothing else is touched."""
    await up_in_all_ways(engine)
    before = await engine.keyspace()

    assert 3 == await engine.store.hang_up_all("c1")
    now = engine.now_ms
    changed = await engine.changed_since(before)
    assert {"campaign:c1", "campaign:c1:hang_up", "hanging-up", "ready:normal"} == set(changed)
    assert ({"1": now, "2": now, "4": now}, {"c1": now}) == (changed["campaign:c1:hang_up"], changed["hanging-up"])
    assert CampaignState.PAUSED is (await engine.store.campaign("c1")).state
    taken = await hang_ups.take(10)
    assert [ToHangUp(CallRef("c1", seq), now) for seq in (1, 2, 4)] == taken


@pytest.mark.parametrize("verb", ["pause", "cancel"])
async def test_calls_of_a_stopped_campaign_are_hung_up_as_well(engine: Engine, verb: str) -> None:
    """What is up is listed though the campaign was stopped before, which it stays."""
    await engine.run_campaign(calls=2)
    await engine.ring()
    state = (await engine.store.step("c1", verb)).state

    assert (1, state) == (await engine.store.hang_up_all("c1"), (await engine.store.campaign("c1")).state)


async def test_nothing_up_leaves_no_list(engine: Engine, hang_ups: HangUps) -> None:
    """Where no call is up, the campaign is paused and there is nothing to do."""
    await engine.run_campaign()

    assert (0, []) == (await engine.store.hang_up_all("c1"), await hang_ups.take(10))
    assert "hanging-up" not in await engine.keyspace()
    (progress,) = await engine.store.progress(["c1"])
    assert progress.hanging_up is None


@pytest.mark.parametrize("campaign_id", ["c9", "", "c1:live"])
async def test_unknown_campaign_is_not_found(engine: Engine, campaign_id: str) -> None:
    """Where there is no such campaign nothing is listed."""
    await engine.run_campaign()
    before = await engine.keyspace()
    with pytest.raises(NotFound):
        await engine.store.hang_up_all(campaign_id)

    assert {} == await engine.changed_since(before)


async def test_second_asking_adds_what_came_up_and_takes_nothing_twice(engine: Engine, hang_ups: HangUps) -> None:
    """A call in a worker's hands stays there; one that came up since is added."""
    await engine.run_campaign(calls=2)
    await engine.ring("n1")
    await engine.store.hang_up_all("c1")
    (first,) = await hang_ups.take(10)
    await engine.store.step("c1", "resume")
    await engine.ring("n2")

    assert 2 == await engine.store.hang_up_all("c1")
    assert [2] == [one.call.seq for one in await hang_ups.take(10)]
    assert 1 == first.call.seq


async def test_workers_share_the_list_without_doubling(engine: Engine, hang_ups: HangUps) -> None:
    """What one worker took no other gets, until its lease lapses, as a dead worker's does."""
    await engine.run_campaign(calls=5)
    for number in range(5):
        await engine.ring(f"n{number}")
    await engine.store.hang_up_all("c1")
    other = HangUps(engine.batch, engine.clock)
    first, second = await asyncio.gather(hang_ups.take(3), other.take(3))

    assert {1, 2, 3, 4, 5} == {one.call.seq for one in [*first, *second]}
    assert (3, 2, []) == (len(first), len(second), await other.take(3))
    await hang_ups.done(first[0])
    engine.clock.advance_ms(LEASE_MS)
    assert {2, 3, 4, 5} == {one.call.seq for one in await other.take(9)}


async def test_campaign_leaves_with_its_last_call(engine: Engine, hang_ups: HangUps) -> None:
    """When the last call is off the list, nothing of it is left."""
    await engine.run_campaign()
    await engine.ring()
    before = await engine.keyspace()
    await engine.store.hang_up_all("c1")
    (one,) = await hang_ups.take(1)
    await hang_ups.later(one, 1000)
    assert [] == await hang_ups.take(1)
    engine.clock.advance_ms(1000)
    assert [one] == await hang_ups.take(1)
    await hang_ups.done(one)
    await hang_ups.later(one, 1000)

    assert [] == await hang_ups.take(1)
    assert {"campaign:c1", "ready:normal", "closing"} >= set(await engine.changed_since(before))


@pytest.mark.parametrize(("member", "unless_answered"), [("12", False), ("12?", True)])
def test_who_listens_is_spared_where_the_list_says_so(member: str, *, unless_answered: bool) -> None:
    """As at the end of an alarm: whoever has picked up is told that it is settled."""
    one = ToHangUp.of("c1", member, 5)

    assert ToHangUp(CallRef("c1", 12), 5, unless_answered) == one
    assert member == one.member


async def test_everything_is_hung_up(board: Switchboard) -> None:
    """Ringing and answered calls are ended and stay so; the API tells how many, how far it is, and when it is over."""
    numbers = people(12)
    for number in numbers[:4]:
        board.carrier.phone(number).does_not_answer()
    campaign_id = await board.campaign(numbers, redial=REDIAL)
    await board.place(12)
    await until(lambda: sum(board.leg(number).status == "answered" for number in numbers) == 8)
    preview = await board.get(f"/v1/campaigns/{campaign_id}/hang-up")
    status, told = await board.post(f"/v1/campaigns/{campaign_id}/hang-up")
    shown = await board.get(f"/v1/campaigns/{campaign_id}")
    rounds = asyncio.create_task(HangUpRounds(board.context).run())
    await until(lambda: board.carrier.live == 0, within_s=5)
    await board.call_is(f"{campaign_id}-12", lambda call: call.state is CallState.DONE)
    await ended(rounds)
    seen = await board.get(f"/v1/campaigns/{campaign_id}")

    assert (202, {"campaign_id": campaign_id, "calls": 12, "seconds": 2}, told) == (status, told, preview)
    assert (("paused", 12), ("paused", None)) == tuple((c["state"], c["hanging_up"]) for c in (shown, seen))
    assert (4, 8, ["PUT"] * 12) == (
        seen["dispositions"]["cancelled"],
        seen["dispositions"]["answered"],
        board.orders(),
    )


async def test_call_without_an_id_is_hung_up_when_it_has_one(board: Switchboard) -> None:
    """A call of which the carrier has told nothing yet stays on the list until it has an id, and is ended then."""
    board.carrier.faults.next_place("lost_reply")
    board.carrier.faults.next_webhook("lost", count=2)
    board.carrier.phone("+31612345678").answers(after_s=20)
    campaign_id = await board.campaign(["+31612345678"])
    await board.place()
    call_id, rounds = f"{campaign_id}-1", HangUpRounds(board.context)
    await board.post(f"/v1/campaigns/{campaign_id}/hang-up")
    (one,) = await rounds._taken(1)
    await rounds.end(one)
    facts = (await board.attempt(call_id)).facts
    await board.attempt_is(call_id, lambda attempt: attempt.uuid is not None)
    await rounds.end(one)
    call = await board.call_is(call_id, lambda call: call.state is CallState.DONE)

    assert (frozenset(), Disposition.ANSWERED, ["PUT"]) == (facts, call.disposition, board.orders())


async def test_hanging_up_is_repeated_harmlessly(board: Switchboard) -> None:
    """A worker that died behind its request is followed by one that does the same again; nothing changes."""
    call_id = await board.up()
    await board.post(f"/v1/campaigns/{call_id.rpartition('-')[0]}/hang-up")
    rounds = HangUpRounds(board.context)
    (one,) = await rounds._taken(1)
    await rounds._control.hang_up(await board.attempt(call_id))
    await rounds.end(one)
    call = await board.call_is(call_id, lambda call: call.state is CallState.DONE)
    await rounds.end(one)

    assert (Disposition.ANSWERED, 1, []) == (call.disposition, call.attempts, await rounds._taken(1))


async def test_later_attempt_is_not_meant(board: Switchboard) -> None:
    """A call that ended and was dialed again after a resume is none of those that were up when it was asked."""
    call_id = await board.up()
    await board.post(f"/v1/campaigns/{call_id.rpartition('-')[0]}/hang-up")
    rounds = HangUpRounds(board.context)
    (one,) = await rounds._taken(1)
    await rounds.end(ToHangUp(one.call, one.asked_ms - 60_000))

    assert ([], []) == (board.orders(), await rounds._list.take(1))
    assert Fact.HUNG_UP not in (await board.attempt(call_id)).facts


async def test_carrier_that_is_away_is_asked_again_later(board: Switchboard) -> None:
    """What the carrier did not do stays on the list."""
    call_id = await board.up()
    campaign_id = call_id.rpartition("-")[0]
    await board.post(f"/v1/campaigns/{campaign_id}/hang-up")
    rounds = HangUpRounds(board.context)
    (one,) = await rounds._taken(1)
    board.carrier.revoke_tokens()
    board.carrier.token_server_up = False
    await rounds.end(one)

    assert 1 == (await board.get(f"/v1/campaigns/{campaign_id}"))["hanging_up"]
    assert Fact.HUNG_UP in (await board.attempt(call_id)).facts


async def test_one_worker_takes_no_more_than_it_can_end(engine: Engine, hang_ups: HangUps) -> None:
    """Of however many campaigns, so many calls in all and no more: what it cannot end within the lease is others'."""
    for first, campaign_id in enumerate(("c1", "c2", "c3")):
        await engine.run_campaign(campaign_id, calls=0)
        await engine.store.add_calls(campaign_id, new_calls(2, first=10 * first), import_id="i1")
        for number in range(2):
            await engine.ring(f"{campaign_id}{number}", uuid=f"u{campaign_id}{number}")
        await engine.store.hang_up_all(campaign_id)
    taken = [await hang_ups.take(4), await hang_ups.take(4), await hang_ups.take(4)]

    assert [4, 2, 0] == [len(some) for some in taken]
    assert 6 == len({str(one.call) for some in taken for one in some})


async def test_an_error_of_redis_ends_no_worker(board: Switchboard) -> None:
    """Its list cannot be read for a while; it goes on where it was, and tells that it does not come round."""
    call_id = await board.up()
    await board.post(f"/v1/campaigns/{call_id.partition('-')[0]}/hang-up")
    redis, listed = board.runtime.redis, "{dialer}:hanging-up"
    await redis.rename(listed, "kept")
    await redis.set(listed, "of another type")
    rounds = asyncio.create_task(HangUpRounds(board.context).run())
    await asyncio.sleep(0.6)
    runs = not rounds.done()
    await redis.rename("kept", listed)
    await until(lambda: board.carrier.live == 0, within_s=5)
    await ended(rounds)

    assert runs
    assert ["PUT"] == board.orders()
