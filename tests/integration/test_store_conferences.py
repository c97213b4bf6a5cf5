"""Calling a member again and ending a conference: what each script changes, what it refuses, and all of it twice."""

from __future__ import annotations

import asyncio

import pytest

from dialer.callbacks.events import Callbacks
from dialer.clock import moment
from dialer.conferences.conference import MOST_MEMBERS
from dialer.conferences.gathering import MemberState
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep, NotFound
from dialer.kinds import KINDS
from dialer.model import NewCall, Redial
from dialer.states import CallState
from tests.fakes.engine import Engine, event, new_calls, ref
from tests.fakes.gathering import ANN, BOB, CHAIR, Gathering

BUSY = {Disposition.BUSY: Redial(1, 60_000)}
TOLD = Callbacks("https://crm.example.com/in", frozenset({"call.ended"}))


@pytest.fixture
async def left(engine: Engine) -> Gathering:
    """The chair is in; Ann was, and dropped."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    await gathering.leaves(ANN)
    return gathering


@pytest.mark.parametrize("dropped", [True, False])
async def test_recall_puts_a_call_that_is_done_in_line(left: Gathering, engine: Engine, *, dropped: bool) -> None:
    """The call waits and is due now, for a next attempt; nothing else changes."""
    call, before = await engine.store.call("c1-2"), await engine.keyspace()
    recall = engine.store.recall_dropped if dropped else engine.store.recall
    await recall(call)

    by_hand = {} if dropped else {"campaign:c1:calls:0": {"2t": {"answered": 1, "n": 1, "recalled": 1}}}
    assert {
        "campaign:c1:done:answered": None,
        "campaign:c1:waiting": {"2": float(engine.now_ms)},
        "sleeping": {"c1": float(engine.now_ms)},
        **by_hand,
    } == await engine.changed_since(before)
    assert f"{call.id}-2" == str((await engine.claim_one()).attempt)
    assert left.people == [CHAIR, ANN]


async def test_recall_by_many_at_once_is_one(left: Gathering, engine: Engine) -> None:
    """Five workers that see one drop put the call in line once, and none of them after its next attempt."""
    call = await engine.store.call(left.call_id(ANN))
    done = await asyncio.gather(*(engine.store.recall_dropped(call) for _ in range(5)))
    await left.ring(1)
    before = await engine.keyspace()

    assert 1 == done.count(True)
    assert not await engine.store.recall_dropped(call)
    assert {} == await engine.changed_since(before)


async def test_recall_of_a_waiting_call_makes_it_due(engine: Engine) -> None:
    """Who was busy and would be called in a minute is called at once, if a person asks for it; not by the watch."""
    gathering = await Gathering.of(engine, CHAIR, ANN, redial=BUSY)
    await gathering.ring()
    await gathering.tell(ANN, "busy", Fact.BUSY)
    call = await engine.store.call("c1-2")

    assert not await engine.store.recall_dropped(call)
    await engine.store.recall(call)
    assert moment(engine.now_ms) == (await engine.store.call("c1-2")).due_at


async def test_drop_that_was_seen_before_the_next_attempt_is_none(left: Gathering, engine: Engine) -> None:
    """Called again, in again and gone again: who still goes by the first drop calls nobody."""
    seen = await engine.store.call("c1-2")
    await engine.store.recall_dropped(seen)
    await left.ring(1)
    await left.enters(ANN)
    await left.leaves(ANN)
    before = await engine.keyspace()

    assert not await engine.store.recall_dropped(seen)
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("facts", [(Fact.ANSWERED,), (Fact.JOINED, Fact.HUNG_UP), (Fact.HUNG_UP,)])
async def test_only_who_was_in_and_not_hung_up_on_has_dropped(engine: Engine, facts: tuple[Fact, ...]) -> None:
    """Whatever the watch made of it: at the last look nobody is called again who never joined, or whom we ended."""
    gathering = await Gathering.of(engine, CHAIR, ANN)
    await gathering.ring()
    for fact in facts:
        await gathering.tell(ANN, str(fact), fact)
    await gathering.leaves(ANN)
    call, before = await engine.store.call("c1-2"), await engine.keyspace()

    assert call.disposition
    assert not await engine.store.recall_dropped(call)
    assert {} == await engine.changed_since(before)


async def test_each_end_of_a_member_is_told(engine: Engine) -> None:
    """Called again after the end, a call is not over any more; that it ends again, dialed or not, is another end."""
    gathering = await Gathering.of(engine, CHAIR, ANN, callbacks=TOLD)
    await engine.store.add_calls(
        "c1", [NewCall(number="+31612345699", expires_at=moment(engine.now_ms + 60_000))], import_id="i2"
    )
    gathering.people.append(BOB)
    await gathering.ring()
    await gathering.enters(ANN, BOB)
    await gathering.leaves(ANN, BOB)
    first = engine.now_ms
    for name in (ANN, BOB):
        await engine.store.recall(await engine.store.call(gathering.call_id(name)))
    waiting = (await engine.keyspace())["campaign:c1:calls:0"]
    await gathering.ring(1)
    await gathering.enters(ANN)
    await gathering.leaves(ANN)
    second = engine.now_ms
    gathering.wait_s(60)
    await engine.leases.expire_calls(10)

    assert {"n": 1, "answered": 1, "ends": 1, "recalled": 1} == waiting["2t"]
    assert [
        f"call.ended c1-2 answered {first}",
        f"call.ended c1-3 answered {first}",
        f"call.ended c1-2 answered {second} 2",
        f"call.ended c1-3 expired {engine.now_ms} 2",
    ] == (await engine.keyspace())["callbacks:told"]


@pytest.mark.parametrize("ends", ["end", "pause", "cancel", "expire", "ring"])
async def test_recall_is_refused_with_the_reason(engine: Engine, ends: str) -> None:
    """Over, paused, cancelled, past its deadline, or on the phone: nobody is called, and the reason is told."""
    gathering = await Gathering.of(engine, CHAIR, ANN, expires_at=moment(engine.now_ms + 60_000))
    await gathering.ring()
    await gathering.enters(CHAIR, ANN)
    match ends:
        case "end":
            await engine.store.end_conference("c1", "ended by hand")
        case "pause" | "cancel":
            await engine.store.step("c1", ends)
        case "expire":
            gathering.wait_s(61)
    if ends != "ring":
        await gathering.leaves(ANN)
    words = {"end": "over", "pause": "paused", "cancel": "cancelled", "expire": "over", "ring": "on the phone"}
    call, before = await engine.store.call("c1-2"), await engine.keyspace()

    with pytest.raises(IllegalStep, match=words[ends]):
        await engine.store.recall(call)
    assert not await engine.store.recall_dropped(call)
    assert {} == await engine.changed_since(before)


async def test_only_members_of_conferences_are_called_again(engine: Engine) -> None:
    """A call of any other campaign that is done stays so."""
    await engine.run_campaign("c2")
    await engine.record(await engine.place(), "n1", "failed")
    with pytest.raises(NotFound, match="no conference"):
        await engine.store.recall(await engine.store.call("c2-1"))
    with pytest.raises(NotFound, match="notification"):
        await engine.store.conference("c2")
    with pytest.raises(NotFound, match="no conference"):
        await engine.store.end_conference("c2", "ended by hand")


async def test_end_of_a_conference(left: Gathering, engine: Engine) -> None:
    """It is over from now on with the reason that was told first, and so is its deadline; a second time nothing is."""
    before = await engine.keyspace()
    assert await engine.store.end_conference("c1", "ended by hand")
    now = engine.now_ms
    assert {
        "campaign:c1": {"over_at": str(now), "over_reason": "ended by hand", "expires_at": str(now)},
        "expiring": {"c1": float(now)},
    } == await engine.changed_since(before)

    left.wait_s(1)
    before = await engine.keyspace()
    assert not await engine.store.end_conference("c1", "the moderator left")
    assert {} == await engine.changed_since(before)


async def test_late_word_after_a_recall_is_decided_anew(left: Gathering, engine: Engine) -> None:
    """Word that Ann opted out comes after she was put in line again: she is not called."""
    await engine.store.recall_dropped(await engine.store.call("c1-2"))
    await left.tell(ANN, "input", Fact.OPTED_OUT)

    assert (CallState.DONE, Disposition.OPTED_OUT) == (
        (call := await engine.store.call("c1-2")).state,
        call.disposition,
    )


async def test_fifty_members_and_no_more(engine: Engine) -> None:
    """The fifty-first is refused and nothing of its list is added; who is in it already, or comes twice, is none."""
    most = KINDS["conference"].most
    await engine.run_campaign(calls=0, kind="conference", most=most, script={"text": "Hello.", "language": "en-GB"})
    await engine.store.add_calls("c1", new_calls(MOST_MEMBERS - 1), import_id="i1")
    before = await engine.keyspace()
    with pytest.raises(IllegalStep, match="at most 50"):
        await engine.store.add_calls("c1", new_calls(2, first=MOST_MEMBERS), import_id="i1")
    assert {} == await engine.changed_since(before)

    again = new_calls(1, first=MOST_MEMBERS) * 2
    added = await engine.store.add_calls("c1", [*new_calls(MOST_MEMBERS - 1), *again], import_id="i1")
    assert [True] * (MOST_MEMBERS - 1) + [False, True] == [one.duplicate for one in added]
    assert MOST_MEMBERS == len((await engine.store.conference("c1")).members)


async def test_conferences_are_listed_newest_first_until_they_are_deleted(engine: Engine) -> None:
    """The list has conferences only, and of those that are open the watch is told."""
    for number in range(3):
        created = moment(engine.now_ms + number)
        kind = "notification" if number == 1 else "conference"
        script = {"text": "Hello.", "language": "en-GB"}
        await engine.run_campaign(f"c{number}", calls=0, kind=kind, script=script, created_at=created)
    found, _ = await engine.store.conferences(limit=10)
    assert ["c2", "c0"] == [one.campaign.id for one in found]
    assert ["c0", "c2"] == await engine.store.open_conferences()

    await engine.store.step("c0", "cancel")
    await engine.leases.complete_campaigns()
    assert ["c2"] == await engine.store.open_conferences()
    engine.clock.advance_ms(10_000)
    assert 1 == await engine.store.reap(engine.now_ms)
    assert ["c2"] == [one.campaign.id for one in (await engine.store.conferences(limit=10))[0]]


async def test_member_who_was_added_is_called(left: Gathering, engine: Engine) -> None:
    """Somebody who is added to a running conference is in line at once."""
    await engine.store.add_calls("c1", [NewCall(number="+31612345699", external_id=BOB)], import_id="i2")
    assert MemberState.WAITING is (await left.states())[BOB]
    assert "c1-3-1" == str((await engine.claim_one()).attempt)


async def test_late_word_takes_nobody_out_of_the_line_whom_a_person_recalled(left: Gathering, engine: Engine) -> None:
    """What the attempt before was is told by its new label; who was asked for by hand is called all the same."""
    await engine.store.recall(await engine.store.call("c1-2"))
    before = await engine.store.attempt(ref("c1-2-1"))
    await engine.store.apply_event("c1-2-1", event("human", Fact.CONFIRMED))
    after, call = await engine.store.attempt(ref("c1-2-1")), await engine.store.call("c1-2")
    dial = await engine.place()

    assert before is not None
    assert after is not None
    assert before.disposition is not after.disposition
    assert (CallState.WAITING, f"{left.call_id(ANN)}-2") == (call.state, str(dial.attempt))
