"""The watch over conferences: what it does in each case, done again, by two workers, with webhooks in another order."""

from __future__ import annotations

from itertools import permutations

import pytest

from dialer.clock import moment
from dialer.conferences.gathering import BY_HAND, ConferenceState, MemberState
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.errors import InvalidInput
from dialer.model import Redial
from dialer.providers.steering import Act
from dialer.states import CallState
from tests.fakes.engine import Engine
from tests.fakes.gathering import ANN, BOB, CHAIR, Gathering

BUSY = {Disposition.BUSY: Redial(2, 60_000)}
IN, LEFT, WAITING = MemberState.IN, MemberState.LEFT, MemberState.WAITING


async def test_it_is_over_when_the_moderator_leaves(engine: Engine) -> None:
    """Nobody is called any more and whoever waited has expired, whichever of two workers finds out."""
    gathering = await Gathering.of(engine, CHAIR, ANN, BOB, redial=BUSY)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.tell(BOB, "busy", Fact.BUSY)
    await gathering.watch()
    assert (ConferenceState.RUNNING, WAITING) == ((await gathering.look()).state, (await gathering.states())[BOB])

    await gathering.leaves(CHAIR, ANN)
    before, now = await engine.keyspace(), str(engine.now_ms)
    await gathering.watch(workers=2)
    assert {
        "campaign:c1": {"over_at": now, "over_reason": "the moderator left", "expires_at": now, "swept_at": now},
        "campaign:c1:waiting": None,
        "campaign:c1:done:expired": before["campaign:c1:waiting"],
        "ready:normal": None,
        "sleeping": None,
    } == await engine.changed_since(before)
    assert [("conference.over", "c1"), ("campaign.expired", "c1")] == await engine.audited()
    assert {CHAIR: LEFT, ANN: LEFT, BOB: MemberState.NOT_REACHED} == await gathering.states()


async def test_watching_again_changes_nothing(engine: Engine) -> None:
    """A worker that died in the watch is followed by one that finds nothing left to do."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.leaves(ANN, CHAIR)
    await gathering.watch()
    before = await engine.keyspace()
    gathering.wait_s(60)
    await gathering.watch(workers=2)

    assert {} == await engine.changed_since(before)
    assert ["c1"] == await engine.leases.complete_campaigns()
    assert ("the moderator left", []) == ((await gathering.look()).reason, gathering.carrier.orders)


@pytest.mark.parametrize("order", [*permutations((CHAIR, ANN, BOB))])
async def test_the_moderators_end_takes_all_along_in_any_order(engine: Engine, order: tuple[str, ...]) -> None:
    """The ends of those whom the moderator takes along may be told before his: nobody of them is called again."""
    gathering = await Gathering.of(engine, CHAIR, ANN, BOB)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN, BOB)
    for name in order:
        await gathering.leaves(name)
        await gathering.watch(workers=2)
        gathering.wait_s(3)
    gathering.wait_s(60)
    await gathering.watch()

    assert dict.fromkeys((CHAIR, ANN, BOB), LEFT) == await gathering.states()
    assert [1, 1, 1] == [member.call.attempts for member in (await gathering.look()).members]


async def test_lost_word_of_the_moderators_end_calls_nobody(engine: Engine) -> None:
    """Where only the ends of the others were told, the carrier is asked first: his call is over, so all is over."""
    gathering = await Gathering.of(engine, CHAIR, ANN, BOB)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN, BOB)
    await gathering.leaves(ANN, BOB)
    gathering.carrier.over.add(gathering.uuid(CHAIR))
    gathering.wait_s(15)
    await gathering.watch(workers=2)
    assert [LEFT, LEFT] == [(await gathering.states())[name] for name in (ANN, BOB)]

    await gathering.watch()
    look = await gathering.look()
    assert (ConferenceState.OVER, "the moderator left") == (look.state, look.reason)


async def test_who_dropped_is_called_again_once(engine: Engine) -> None:
    """Some seconds after the line dropped, once whoever finds out, and not a second time after the next drop."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.leaves(ANN)
    gathering.wait_s(9.9)
    await gathering.watch()
    assert LEFT is (await gathering.states())[ANN]

    gathering.wait_s(0.1)
    await gathering.watch(workers=3)
    assert WAITING is (await gathering.states())[ANN]
    assert [gathering.uuid(CHAIR)] == list(set(gathering.carrier.asked))
    await gathering.ring(1)
    await gathering.enters(ANN)
    assert (IN, 2) == ((await gathering.states())[ANN], (await gathering.look()).members[1].stays)

    await gathering.leaves(ANN)
    gathering.wait_s(60)
    await gathering.watch()
    assert (LEFT, 2) == ((await gathering.states())[ANN], (await engine.store.call("c1-2")).attempts)


async def test_nobody_is_called_again_while_the_carrier_does_not_answer(engine: Engine) -> None:
    """Whether it goes on is asked of the carrier; no answer means another look later."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.leaves(ANN)
    gathering.wait_s(30)
    gathering.carrier.away = True
    await gathering.watch()
    assert LEFT is (await gathering.states())[ANN]
    gathering.carrier.away = False
    await gathering.watch()
    assert WAITING is (await gathering.states())[ANN]


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([("rejected", Fact.REJECTED)], MemberState.DECLINED),
        ([("answered", Fact.ANSWERED), ("completed", Fact.COMPLETED)], MemberState.DECLINED),
        ([("machine", Fact.MACHINE), ("completed", Fact.COMPLETED)], MemberState.VOICEMAIL),
        ([("transfer", Fact.JOINED), ("machine", Fact.MACHINE), ("completed", Fact.TALKED)], MemberState.VOICEMAIL),
        (
            [("transfer", Fact.JOINED), ("hang_up_ordered", Fact.HUNG_UP), ("completed", Fact.TALKED)],
            LEFT,
        ),
    ],
    ids=["rejects", "does not join", "machine", "slipped in", "was dropped by us"],
)
async def test_who_did_not_drop_is_not_called_again(
    engine: Engine, ends: list[tuple[str, Fact]], state: MemberState
) -> None:
    """Who declined, was a machine, or was hung up on by us, is left alone."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring()
    await gathering.enters(CHAIR)
    for kind, fact in ends:
        await gathering.tell(ANN, kind, fact)
    gathering.wait_s(60)
    await gathering.watch()

    assert {CHAIR: IN, ANN: state} == await gathering.states()


async def test_without_a_moderator_it_goes_on_while_anybody_is_in(engine: Engine) -> None:
    """Who drops is called again while others are in; when the last has left, it is over and he is not called."""
    gathering = await Gathering.of(engine, ANN, BOB)
    await gathering.ring()
    await gathering.enters(ANN, BOB)
    await gathering.leaves(ANN)
    gathering.wait_s(15)
    await gathering.watch()
    assert {ANN: WAITING, BOB: IN} == await gathering.states()

    await gathering.leaves(BOB)
    await gathering.watch()
    assert {ANN: LEFT, BOB: LEFT} == await gathering.states()
    assert "everybody left" == (await gathering.look()).reason


async def test_it_is_not_over_before_everybody_was_called(engine: Engine) -> None:
    """One who came first and left does not end it for those whose turn has not come."""
    gathering = await Gathering.of(engine, ANN, BOB)
    await gathering.ring(1)
    await gathering.enters(ANN)
    await gathering.leaves(ANN)
    await gathering.watch()
    assert {ANN: LEFT, BOB: WAITING} == await gathering.states()

    await gathering.ring(1)
    await gathering.tell(BOB, "rejected", Fact.REJECTED)
    await gathering.watch()
    assert "everybody left" == (await gathering.look()).reason


async def test_guests_wait_for_the_moderator_until_the_deadline(engine: Engine) -> None:
    """Where he cannot be reached they wait, for he may be called again by hand; at the deadline they are hung up on."""
    deadline = moment(engine.now_ms + 120_000)
    gathering = await Gathering.of(engine, CHAIR, ANN, expires_at=deadline)
    await gathering.ring()
    await gathering.enters(ANN)
    await gathering.tell(CHAIR, "rejected", Fact.REJECTED)
    gathering.wait_s(60)
    await gathering.watch()
    assert (ConferenceState.WAITING, IN) == ((await gathering.look()).state, (await gathering.states())[ANN])

    gathering.wait_s(60)
    await gathering.watch()
    await gathering.watch()
    assert ("the moderator was not reached", []) == ((await gathering.look()).reason, gathering.carrier.orders)
    gathering.wait_s(5)
    await gathering.watch()
    assert [(gathering.uuid(ANN), Act.HANG_UP)] == gathering.carrier.orders


async def test_who_is_up_when_it_is_over_is_hung_up_on(engine: Engine) -> None:
    """The carrier has some seconds to end all calls; then those still ringing or in are ended, again until they are."""
    gathering = await Gathering.of(engine, CHAIR, ANN, BOB)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.leaves(CHAIR)
    await gathering.watch()
    gathering.wait_s(4.9)
    await gathering.watch()
    assert [] == gathering.carrier.orders

    gathering.wait_s(0.1)
    gathering.carrier.away = True
    await gathering.watch()
    gathering.carrier.away, gathering.carrier.orders = False, []
    await gathering.watch(workers=2)
    assert {(gathering.uuid(ANN), Act.HANG_UP), (gathering.uuid(BOB), Act.HANG_UP)} == set(gathering.carrier.orders)
    await gathering.leaves(ANN)
    await gathering.tell(BOB, "cancelled", Fact.CANCELLED)
    gathering.carrier.orders = []
    await gathering.watch()
    assert ([], Disposition.CANCELLED) == (gathering.carrier.orders, (await engine.store.call("c1-3")).disposition)


async def test_ending_by_hand_ends_the_moderator_first(engine: Engine) -> None:
    """His end is everybody's, so one request does it at once; whoever is up some seconds later is ended as well."""
    gathering = await Gathering.of(engine, CHAIR, ANN, BOB)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    assert await engine.store.end_conference("c1", BY_HAND)
    await gathering.watch()
    assert [(gathering.uuid(CHAIR), Act.HANG_UP)] == gathering.carrier.orders

    await gathering.leaves(CHAIR)
    gathering.carrier.orders = []
    await gathering.watch()
    assert {gathering.uuid(ANN), gathering.uuid(BOB)} == {uuid for uuid, _ in gathering.carrier.orders}


async def test_paused_conference_that_is_over_comes_to_its_end(engine: Engine) -> None:
    """What was paused by hand is let go: it dials nobody any more, and completes."""
    gathering = await Gathering.of(engine, CHAIR, ANN, redial=BUSY)
    await gathering.ring()
    await gathering.enters(CHAIR)
    await gathering.tell(ANN, "busy", Fact.BUSY)
    await engine.store.step("c1", "pause")
    await gathering.leaves(CHAIR)
    await gathering.watch()
    await gathering.watch()

    assert ["c1"] == await engine.leases.complete_campaigns()
    assert (1, MemberState.NOT_REACHED) == (
        (await engine.store.call("c1-2")).attempts,
        (await gathering.states())[ANN],
    )


async def test_claimed_call_of_a_conference_that_is_over_is_not_placed(engine: Engine) -> None:
    """Who had his token already when it ended is not called with it."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring(1)
    dial = await engine.claim_one()
    await gathering.enters(CHAIR)
    await gathering.leaves(CHAIR)
    await gathering.watch()

    assert Begun.EXPIRED is await engine.begin(dial)
    assert (CallState.DONE, Disposition.EXPIRED) == (
        (call := await engine.store.call("c1-2")).state,
        call.disposition,
    )


async def test_draft_is_left_alone(engine: Engine) -> None:
    """A conference that nobody started is not over, whoever is in its list."""
    gathering = await Gathering.of(engine, CHAIR)
    await engine.batch.command("HSET", "{dialer}:campaign:c1", "state", "draft")
    before = await engine.keyspace()
    await gathering.watch()

    assert (ConferenceState.DRAFT, {}) == ((await gathering.look()).state, await engine.changed_since(before))


async def test_one_broken_conference_does_not_keep_the_others(engine: Engine) -> None:
    """A conference whose script cannot be read is passed over, and the next one is looked after."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await engine.run_campaign("c0", calls=0, kind="conference", script={"text": 5})
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.leaves(CHAIR, ANN)
    with pytest.raises(InvalidInput):  # the job has failed, which somebody is told
        await gathering.watch()

    assert "the moderator left" == (await gathering.look()).campaign.over_reason
