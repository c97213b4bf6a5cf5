"""The watch over escalations: step follows step, once; whatever dies or is repeated in between."""

from __future__ import annotations

import pytest

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.errors import InvalidInput
from dialer.escalations.duties import PersonState
from dialer.escalations.escalation import Advance
from dialer.escalations.ladder import EscalationState, Why
from dialer.states import CallState
from tests.fakes.alarm import WAIT_S, Alarm
from tests.fakes.engine import Engine

LADDER = ("ann bob", "lead", "lead cas dan eve")


async def test_first_step_begins_once(engine: Engine) -> None:
    """Whichever of three workers sees it: the two on duty are called, once each, and nobody else."""
    alarm = await Alarm.of(engine, *LADDER)
    await alarm.watch(workers=3)
    await alarm.watch()
    seen = await alarm.look()

    assert ["ann 1.1", "bob 1.1"] == await alarm.called()
    assert (EscalationState.RUNNING, (1, 1), 1) == (seen.state, seen.on, len(seen.opened))
    assert moment(engine.now_ms + WAIT_S * 1000) == seen.next_at


async def test_steps_follow_by_time(engine: Engine) -> None:
    """After its wait a step is followed by the next, while those who ring go on ringing; not a moment before."""
    alarm = await Alarm.of(engine, *LADDER)
    await alarm.watch()
    await alarm.ring(2)
    begun = (await alarm.look()).opened[0]
    engine.clock.set_us(int(begun.timestamp() * 1_000_000) + WAIT_S * 1_000_000 - 1_000)
    await alarm.watch()
    assert ["ann 1.1", "bob 1.1"] == await alarm.called()

    alarm.wait_s(0.001)
    await alarm.watch(workers=2)
    assert ["ann 1.1", "bob 1.1", "lead 1.2"] == await alarm.called()
    assert [PersonState.RINGING, PersonState.RINGING] == [(await alarm.states())[name] for name in ("ann", "bob")]


async def test_step_without_a_chance_is_left_at_once(engine: Engine) -> None:
    """When all of a step have rejected the call, nobody waits for the clock."""
    alarm = await Alarm.of(engine, *LADDER)
    await alarm.watch()
    await alarm.ring(2)
    await alarm.tell("ann", "rejected", Fact.REJECTED)
    await alarm.watch()
    assert (1, 1) == (await alarm.look()).on

    await alarm.tell("bob", "rejected", Fact.REJECTED)
    await alarm.watch(workers=2)
    assert ((1, 2), ["ann 1.1", "bob 1.1", "lead 1.2"]) == ((await alarm.look()).on, await alarm.called())


async def test_step_that_is_to_wait_waits(engine: Engine) -> None:
    """With `after_wait` the next step begins at its time, whoever has no chance any more; nor does it complete."""
    alarm = await Alarm.of(engine, "ann", "lead", advance=Advance.AFTER_WAIT)
    await alarm.watch()
    await alarm.ring()
    await alarm.tell("ann", "rejected", Fact.REJECTED)
    for _ in range(4):
        alarm.wait_s(70)
        await alarm.watch()
        assert ([], (1, 1)) == (await engine.leases.complete_campaigns(), (await alarm.look()).on)

    alarm.wait_s(20)
    await alarm.watch()
    assert (1, 2) == (await alarm.look()).on


async def test_busy_people_are_redialed_while_the_step_lasts(engine: Engine) -> None:
    """A minute later again and again; when the step is over nobody is, and the call has ended as it did last."""
    alarm = await Alarm.of(engine, *LADDER)
    await alarm.watch()
    await alarm.ring(2)
    await alarm.tell("bob", "rejected", Fact.REJECTED)
    await alarm.busy("ann")
    for tries in (2, 3):
        alarm.wait_s(60)
        await alarm.ring()
        await alarm.busy("ann")
        await alarm.watch()
        assert (tries, CallState.WAITING) == ((call := await engine.store.call("c1-1")).attempts, call.state)

    alarm.wait_s(WAIT_S)
    before = await engine.store.call("c1-1")
    await alarm.watch(workers=2)
    call = await engine.store.call("c1-1")
    assert (CallState.DONE, Disposition.BUSY, before.attempts) == (call.state, call.disposition, call.attempts)
    assert ["lead 1.2"] == (await alarm.called())[2:]


async def test_redial_of_a_call_that_ends_after_its_step_is_ended(engine: Engine) -> None:
    """Who rang when the step was over and turns out to be busy is not called again."""
    alarm = await Alarm.of(engine, *LADDER)
    await alarm.watch()
    await alarm.ring(2)
    alarm.wait_s(WAIT_S)
    await alarm.watch()
    await alarm.busy("ann")
    await alarm.watch()

    assert Disposition.BUSY is (await engine.store.call("c1-1")).disposition
    assert ("c1-2", CallState.LIVE) == ((call := await engine.store.call("c1-2")).id, call.state)


async def test_whom_nobody_could_call_yet_is_called_after_the_step(engine: Engine) -> None:
    """Where the carrier was away for the whole step, its people are called when it is back: nobody is left out."""
    alarm = await Alarm.of(engine, "ann", "lead")
    await alarm.watch()
    alarm.wait_s(WAIT_S)
    await alarm.watch()
    alarm.wait_s(WAIT_S)
    await alarm.watch()
    assert (EscalationState.RUNNING, None) == ((seen := await alarm.look()).state, seen.reason)

    await alarm.ring(2)
    assert {"ann": PersonState.RINGING, "lead": PersonState.RINGING} == await alarm.states()


async def test_person_of_two_steps(engine: Engine) -> None:
    """Who is up is not called a second time in a later step, but is when that call has ended without a word."""
    alarm = await Alarm.of(engine, "ann lead", "lead cas")
    await alarm.watch()
    await alarm.ring(2)
    await alarm.tell("ann", "rejected", Fact.REJECTED)
    alarm.wait_s(WAIT_S)
    await alarm.watch()
    assert ["ann 1.1", "lead 1.1", "cas 1.2"] == await alarm.called()

    await alarm.tell("lead", "timeout", Fact.TIMEOUT)
    await alarm.watch()  # ends the redial of the first step
    await alarm.watch(workers=2)
    assert ["ann 1.1", "lead 1.1", "cas 1.2", "lead 1.2"] == await alarm.called()


async def test_who_has_confirmed_is_not_called_again(engine: Engine) -> None:
    """Where two are needed, the one who has confirmed is left out of the later step."""
    alarm = await Alarm.of(engine, "ann bob", "bob cas", needed=2)
    await alarm.watch()
    await alarm.ring(2)
    await alarm.confirms("bob")
    await alarm.ends("bob")
    await alarm.tell("ann", "rejected", Fact.REJECTED)
    await alarm.watch()

    assert ((1, 2), ["ann 1.1", "bob 1.1", "cas 1.2"]) == ((await alarm.look()).on, await alarm.called())
    await alarm.ring()
    await alarm.confirms("cas")
    assert (["bob", "cas"], Why.CONFIRMED) == (await alarm.confirmed_by(), (await alarm.look()).reason)


async def test_rounds_begin_again_with_the_first_step(engine: Engine) -> None:
    """With two rounds everybody is called twice, in order, and then it is exhausted."""
    alarm = await Alarm.of(engine, "ann", "lead", repeat=2)
    for name in ("ann", "lead", "ann", "lead"):
        await alarm.watch()
        await alarm.ring()
        await alarm.tell(name, "rejected", Fact.REJECTED)
    assert ["ann 1.1", "lead 1.2", "ann 2.1", "lead 2.2"] == await alarm.called()

    await alarm.watch(workers=2)
    seen = await alarm.look()
    assert (EscalationState.OVER, Why.EXHAUSTED) == (seen.state, seen.reason)
    assert (["c1"], {"ann": PersonState.DECLINED, "lead": PersonState.DECLINED}) == (
        await engine.leases.complete_campaigns(),
        await alarm.states(),
    )


async def test_it_is_not_exhausted_while_somebody_listens(engine: Engine) -> None:
    """Who is on the phone when the last wait is over may confirm yet."""
    alarm = await Alarm.of(engine, "ann")
    await alarm.watch()
    await alarm.ring()
    await alarm.picks_up("ann")
    alarm.wait_s(WAIT_S)
    await alarm.watch()
    assert EscalationState.RUNNING is (await alarm.look()).state

    await alarm.confirms("ann")
    assert Why.CONFIRMED is (await alarm.look()).reason


async def test_deadline(engine: Engine) -> None:
    """When its end has come nobody else is called, and what waits has expired; who listens may confirm, late."""
    alarm = await Alarm.of(engine, "ann bob", "lead", expires_at=moment(engine.now_ms + 120_000))
    await alarm.watch()
    await alarm.ring()
    await alarm.picks_up("ann")
    alarm.wait_s(120)
    await alarm.watch(workers=2)
    await alarm.hang_up()
    assert (Why.EXPIRED, Disposition.EXPIRED) == (
        (await alarm.look()).reason,
        (await engine.store.call("c1-2")).disposition,
    )
    alarm.wait_s(1)
    await alarm.confirms("ann")

    seen = await alarm.look()
    assert ([("ann", True)], Why.TAKEN_OVER) == (
        [(one.person.key, one.late) for one in seen.confirmations],
        seen.reason,
    )
    assert [] == alarm.carrier.orders


async def test_paused_escalation_begins_no_step(engine: Engine) -> None:
    """While it is paused nobody is called; after that the step whose time has come begins."""
    alarm = await Alarm.of(engine, "ann", "lead")
    await alarm.watch()
    await engine.store.step("c1", "pause")
    alarm.wait_s(WAIT_S)
    await alarm.watch()
    assert (EscalationState.PAUSED, ["ann 1.1"]) == ((await alarm.look()).state, await alarm.called())

    await engine.store.step("c1", "resume")
    await alarm.watch()
    assert ["ann 1.1", "lead 1.2"] == await alarm.called()


async def test_worker_dies_between_a_step_and_its_calls(engine: Engine) -> None:
    """A step that was begun by a worker which then died has its calls from the next one."""
    alarm = await Alarm.of(engine, *LADDER)
    assert await engine.store.open_step("c1", 1)
    assert not await engine.store.open_step("c1", 1)
    assert not await engine.store.open_step("c1", 3)
    assert ([], (1, 1)) == (await alarm.called(), (await alarm.look()).on)

    await alarm.watch(workers=2)
    assert ["ann 1.1", "bob 1.1"] == await alarm.called()


async def test_draft_and_broken_ones_are_left_alone(engine: Engine) -> None:
    """One that nobody started is not touched, and one that cannot be read keeps nobody from the others."""
    await engine.run_campaign("c0", calls=0, kind="escalation", script={"text": 5})
    alarm = await Alarm.of(engine, "ann")
    await engine.batch.command("HSET", "{dialer}:campaign:c1", "state", "draft")
    before = await engine.keyspace()
    with pytest.raises(InvalidInput):  # the job has failed, which somebody is told
        await alarm.watch()
    assert (EscalationState.DRAFT, {}) == ((await alarm.look()).state, await engine.changed_since(before))

    await engine.batch.command("HSET", "{dialer}:campaign:c1", "state", "running")
    with pytest.raises(InvalidInput):
        await alarm.watch()
    assert ["ann 1.1"] == await alarm.called()
