"""How an escalation ends: by enough confirmations, by hand, as a campaign; wherever its calls stand at that moment."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep
from dialer.escalations.duties import PersonState
from dialer.escalations.ladder import EscalationState, Why
from dialer.providers.steering import Act
from dialer.states import CallState, CampaignState
from tests.fakes.alarm import WAIT_S, Alarm
from tests.fakes.engine import Engine


async def test_confirmation_ends_all_in_one_step(engine: Engine) -> None:
    """What waits is cancelled, what is claimed is refused, what is placed or rings is listed; nothing else changes."""
    alarm = await Alarm.in_second_step(engine)
    await alarm.ring()  # cas
    dial = await engine.claim_one()  # dan; eve waits
    await alarm.presses("bob")
    before, now = await engine.keyspace(), engine.now_ms
    await asyncio.gather(alarm.stand_down(), alarm.stand_down(), alarm.watch(workers=2))

    assert {
        "campaign:c1": {"over_at": str(now), "over_reason": "confirmed", "expires_at": str(now)},
        "campaign:c1:waiting": None,
        "campaign:c1:claimed": None,
        "campaign:c1:done:cancelled": {"4": now, "5": now},
        "campaign:c1:hang_up": {"2?": now, "3?": now},
        "campaign:c1:imports": None,
        "hanging-up": {"c1": now},
        "leases": {name: at for name, at in before["leases"].items() if name != "c1-4"},
        "expiring": None,
        "ready:normal": None,
    } == await engine.changed_since(before)
    assert Begun.GONE is await engine.begin(dial)
    assert (["bob"], Why.CONFIRMED) == (await alarm.confirmed_by(), (await alarm.look()).reason)
    await engine.leases.expire_campaigns()
    assert [("escalation.over", "c1")] == await engine.audited()


@pytest.mark.parametrize("at", ["waiting", "claimed", "placing", "ringing", "listening"])
async def test_call_of_the_second_step_when_the_key_is_pressed(engine: Engine, at: str) -> None:
    """Wherever it stands: not placed any more, hung up if it rings or is about to, left alone if somebody listens."""
    alarm = await Alarm.in_second_step(engine)
    dial = None if at == "waiting" else await engine.claim_one()
    if dial and at != "claimed":
        assert Begun.BEGUN is await engine.begin(dial)
    await alarm.confirms("bob") if at in {"waiting", "claimed", "placing"} else None
    if dial and at == "claimed":
        assert Begun.GONE is await engine.begin(dial)
    if dial and at in {"placing", "ringing", "listening"}:
        await engine.record(dial, "n1", "live", uuid="u-cas")
    if at == "listening":
        await alarm.picks_up("cas")
    await alarm.confirms("bob")
    await alarm.hang_up()

    hung_up = at in {"placing", "ringing"}
    assert ([("u-cas", Act.HANG_UP)] if hung_up else []) == alarm.carrier.orders
    if hung_up:
        await alarm.tell("cas", "cancelled", Fact.CANCELLED)
    states = await alarm.states()
    assert (PersonState.NOT_CALLED, PersonState.NOT_CALLED) == (states["eve"], states["fay"])
    expected = {
        "waiting": Disposition.CANCELLED, "claimed": Disposition.CANCELLED, "placing": Disposition.CANCELLED,
        "ringing": Disposition.CANCELLED, "listening": None,
    }  # fmt: skip
    assert expected[at] == (await engine.store.call("c1-3")).disposition
    alarm.wait_s(10 * WAIT_S)
    await alarm.watch()
    assert ([], 5) == (await engine.claim(), len(await alarm.called()))


async def test_refused_placing_comes_back_to_nothing(engine: Engine) -> None:
    """A request that the carrier refused when all was over is not sent again, and the campaign completes."""
    alarm = await Alarm.in_second_step(engine)
    dial = await engine.place()
    await alarm.confirms("bob")
    await engine.record(dial, "n1", "back")
    await alarm.watch()
    await alarm.ends("bob")

    assert ([], ["c1"]) == (await engine.claim(), await engine.leases.complete_campaigns())
    seen = await alarm.look()
    assert (CampaignState.COMPLETED, Why.CONFIRMED) == (seen.campaign.state, seen.reason)


async def test_worker_whose_clock_is_behind_calls_nobody(engine: Engine) -> None:
    """What one whose clock is some milliseconds behind puts back into the line is ended by the next look."""
    alarm = await Alarm.in_second_step(engine)
    dial = await engine.place()
    await alarm.confirms("bob")
    engine.clock.advance_ms(-5)
    await engine.record(dial, "n1", "back")
    assert CallState.WAITING is (await engine.store.call("c1-3")).state
    with pytest.raises(IllegalStep, match="is over and takes no more calls"):
        await engine.store.add_calls("c1", [(await alarm.look()).plan.people["fay"].call(3, 1)], import_id="x")
    engine.clock.advance_ms(5)
    await alarm.watch()

    assert Disposition.CANCELLED is (await engine.store.call("c1-3")).disposition


async def test_many_are_needed(engine: Engine) -> None:
    """It goes on until two have confirmed; one who does so twice, or in two calls, counts once."""
    alarm = await Alarm.in_second_step(engine, needed=2)
    await alarm.ring(3)
    await alarm.confirms("bob")
    await alarm.confirms("bob")
    await alarm.watch()
    assert (EscalationState.RUNNING, ["bob"]) == ((await alarm.look()).state, await alarm.confirmed_by())

    await alarm.confirms("dan")
    await alarm.hang_up()
    assert (Why.CONFIRMED, ["bob", "dan"]) == ((await alarm.look()).reason, await alarm.confirmed_by())
    assert {("u-c1-3-1", Act.HANG_UP), ("u-c1-5-1", Act.HANG_UP)} == set(alarm.carrier.orders)


async def test_later_confirmations_are_recorded_too(engine: Engine) -> None:
    """Who listened on when it was settled and presses the key stands among those who confirmed, as late."""
    alarm = await Alarm.in_second_step(engine)
    await alarm.ring()
    await alarm.picks_up("cas")
    await alarm.confirms("bob")
    alarm.wait_s(5)
    await alarm.confirms("cas")
    before = await engine.keyspace()
    await alarm.confirms("cas")  # a repeated webhook
    assert {} == {name: value for name, value in (await engine.changed_since(before)).items() if "attempt" not in name}

    seen = await alarm.look()
    assert [("bob", "1", "c1-2-1", False), ("cas", "1", "c1-3-1", True)] == [
        (one.person.key, one.key, one.attempt_id, one.late) for one in seen.confirmations
    ]


async def test_late_word_of_the_key(engine: Engine) -> None:
    """A webhook that comes after the call has ended, and after its step, counts all the same."""
    alarm = await Alarm.in_second_step(engine)
    await alarm.ends("bob")
    await alarm.ring(2)
    await alarm.tell("bob", "input", Fact.CONFIRMED)
    await alarm.watch()  # the API died before it looked
    await alarm.hang_up()

    assert (Why.CONFIRMED, ["bob"]) == ((await alarm.look()).reason, await alarm.confirmed_by())
    assert 2 == len(alarm.carrier.orders)


async def test_worker_dies_while_it_hangs_up(engine: Engine) -> None:
    """What it had taken is hung up by another when the lease lapses."""
    alarm = await Alarm.in_second_step(engine)
    await alarm.ring(2)
    await alarm.confirms("bob")
    alarm.carrier.away = True
    await alarm.hang_up()
    alarm.carrier.away, alarm.carrier.orders = False, []
    alarm.wait_s(20)
    await alarm.hang_up()

    assert {("u-c1-3-1", Act.HANG_UP), ("u-c1-4-1", Act.HANG_UP)} == set(alarm.carrier.orders)


async def test_confirmed_by_hand(engine: Engine) -> None:
    """The desk confirms for somebody: it counts as one, says who said so, and is over if that was enough."""
    alarm = await Alarm.in_second_step(engine)
    await alarm.ring(3)
    await engine.store.confirm_by_hand("c1", "fay", "desk two")
    await engine.store.confirm_by_hand("c1", "fay", "desk three")
    await alarm.stand_down()
    await alarm.hang_up()

    (one,) = (await alarm.look()).confirmations
    assert ("fay", True, "desk two", None) == (one.person.key, one.by_hand, one.by, one.key)
    assert (Why.CONFIRMED, 3) == ((await alarm.look()).reason, len(alarm.carrier.orders))
    assert PersonState.CONFIRMED is (await alarm.states())["fay"]


async def test_who_is_confirmed_by_hand_is_not_called(engine: Engine) -> None:
    """Where two are needed: neither for the first time nor again, while the others are."""
    alarm = await Alarm.of(engine, "ann bob cas", needed=2)
    await alarm.watch()
    await alarm.ring()
    await alarm.busy("ann")
    for name in ("ann", "bob"):
        await engine.store.confirm_by_hand("c1", name, None)
        await alarm.stand_down() if name == "ann" else None
    assert [Disposition.BUSY, None] == [(await engine.store.call(f"c1-{n}")).disposition for n in (1, 2)]
    await alarm.stand_down()

    assert (Why.CONFIRMED, Disposition.CANCELLED) == (
        (await alarm.look()).reason,
        (await engine.store.call("c1-3")).disposition,
    )


async def test_who_was_claimed_since_he_was_seen_waiting_is_not_ended(engine: Engine) -> None:
    """A worker is about to have the last look at his call: whoever saw it wait changes nothing, and it is placed."""
    await Alarm.in_second_step(engine)
    seen = await engine.store.call("c1-3")
    dial = await engine.claim_one()
    before = await engine.keyspace()

    assert (CallState.WAITING, seen.id) == (seen.state, str(dial.claim.call))
    assert None is await engine.store.end_waiting(seen)
    assert {} == await engine.changed_since(before)
    assert Begun.BEGUN is await engine.begin(dial)


async def test_nothing_of_a_forgotten_person_is_left(engine: Engine) -> None:
    """Neither number nor name nor what was said of one; two at once are both taken out, and the others stay."""
    alarm = await Alarm.in_second_step(engine)
    await engine.store.confirm_by_hand("c1", "fay", None)
    numbers = {name: one.number for name, one in (await alarm.look()).plan.people.items()}
    forgotten = [engine.store.forget_person("c1", numbers[name]) for name in ("fay", "eve", "fay")]
    assert 2 == sum(await asyncio.gather(*forgotten))
    assert ["ann", "bob", "cas", "dan"] == list((await alarm.look()).plan.people)
    told = str((await engine.keyspace())["campaign:c1:escalation"])
    assert [] == [word for name in ("fay", "eve") for word in (name, numbers[name]) if word in told]

    for _ in range(3):
        alarm.wait_s(WAIT_S)
        await alarm.watch()
    assert 5 == len(await alarm.called()), "a step without anybody calls nobody"
    assert 0 == await engine.store.forget_person("c9", numbers["fay"])


async def test_nothing_of_it_is_kept_for_ever(engine: Engine) -> None:
    """When it is deleted with its campaign, not one of its keys is left."""
    alarm = await Alarm.in_second_step(engine)
    await engine.store.confirm_by_hand("c1", "fay", "desk two")
    await alarm.stand_down()
    await alarm.ends("bob")
    await alarm.hang_up()
    await alarm.hang_up()
    await engine.leases.complete_campaigns()
    alarm.wait_s(60)
    assert 1 == await engine.store.reap(engine.now_ms)

    assert {"trunk:main", "audit", "audit:chain"} == await engine.names_left() - {"wake"}


async def test_ended_by_hand(engine: Engine) -> None:
    """Ended, also while it is paused: what rings is hung up, who listens is not, and nobody is called any more."""
    alarm = await Alarm.in_second_step(engine)
    await alarm.ring()
    await engine.store.step("c1", "pause")
    assert await engine.store.end_escalation("c1", Why.BY_HAND)
    assert not await engine.store.end_escalation("c1", Why.CONFIRMED)
    await alarm.hang_up()

    seen = await alarm.look()
    assert (EscalationState.OVER, Why.BY_HAND) == (seen.state, seen.reason)
    assert [("u-c1-3-1", Act.HANG_UP)] == alarm.carrier.orders
    await alarm.ends("bob")
    await alarm.tell("cas", "cancelled", Fact.CANCELLED)
    assert ["c1"] == await engine.leases.complete_campaigns()


async def test_steps_and_the_end_are_told_once(engine: Engine) -> None:
    """However many see them: each step as it begins, and by a confirmation how long that took since the first one."""
    alarm = await Alarm.of(engine, "ann", "bob")
    ended, measured, took_s = (_counted(name) for name in _CONFIRMED)
    with capture_logs() as logged:
        await alarm.watch(workers=2)
        begun = engine.now_ms
        await alarm.ring()
        alarm.wait_s(40)
        await alarm.presses("ann")
        passed_s = (engine.now_ms - begun) / 1000
        await asyncio.gather(alarm.stand_down(), alarm.watch(workers=2))

    assert [
        {"event": "escalation.step_begun", "campaign_id": "c1", "step": 1, "round": 1},
        {"event": "escalation.over", "campaign_id": "c1", "reason": str(Why.CONFIRMED)},
    ] == [{name: value for name, value in line.items() if name != "log_level"} for line in logged]
    assert (ended + 1, measured + 1) == (_counted(_CONFIRMED[0]), _counted(_CONFIRMED[1]))
    assert passed_s == pytest.approx(_counted(_CONFIRMED[2]) - took_s, abs=0.002)


_CONFIRMED = (
    "dialer_escalations_total",
    "dialer_escalation_confirmation_seconds_count",
    "dialer_escalation_confirmation_seconds_sum",
)


def _counted(name: str) -> float:
    labels = {"reason": "confirmed"} if name.endswith("total") else {}
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_an_end_that_the_sweeper_sees_first_is_told(engine: Engine) -> None:
    """What it swept is not completed before the watch has said that the alarm ran out, which is alarmed about."""
    alarm = await Alarm.of(engine, "ann", expires_at=moment(engine.now_ms + 30_000))
    await alarm.watch()
    alarm.wait_s(31)
    told = _expired()
    await engine.leases.expire_campaigns()
    assert [] == await engine.leases.complete_campaigns()
    await alarm.watch()
    await alarm.watch()

    assert told + 1 == _expired()
    assert [("escalation.over", "c1")] == [one for one in await engine.audited() if one[0] == "escalation.over"]
    assert ["c1"] == await engine.leases.complete_campaigns()
    assert Why.EXPIRED is (await alarm.look()).reason


def _expired() -> float:
    return REGISTRY.get_sample_value("dialer_escalations_total", {"reason": "expired"}) or 0


async def in_vain(engine: Engine) -> Alarm:
    """Ann is busy, Bob listens without pressing the key, and its end has come."""
    alarm = await Alarm.of(engine, "ann bob", expires_at=moment(engine.now_ms + 30_000))
    await alarm.watch()
    await alarm.ring(2)
    await alarm.busy("ann")
    await alarm.picks_up("bob")
    alarm.wait_s(31)
    await alarm.watch(workers=2)
    return alarm


async def unconfirmed(engine: Engine) -> int:
    """How many alarms wait for a person."""
    return (await engine.store.overview()).unconfirmed


async def test_alarm_in_vain_waits_for_a_person_for_a_day(engine: Engine) -> None:
    """Whichever process saw it end, and whether or not it is asked about meanwhile; then it is forgotten."""
    await in_vain(engine)
    assert 1 == await unconfirmed(engine)
    engine.clock.advance_ms(keys.SHOWN_MS)
    assert 0 == await unconfirmed(engine)
    await engine.leases.forget_doubts()
    assert not await engine.redis.exists(keys.UNCONFIRMED)


@pytest.mark.parametrize("how", [Why.CONFIRMED, Why.BY_HAND])
async def test_alarm_that_somebody_took_or_ended_waits_for_nobody(engine: Engine, how: Why) -> None:
    """Nor can it be confirmed once more by hand."""
    await Alarm.in_second_step(engine)
    await engine.store.end_escalation("c1", how)

    assert 0 == await unconfirmed(engine)
    with pytest.raises(IllegalStep, match="nothing to confirm any more"):
        await engine.store.confirm_by_hand("c1", "fay", None)


@pytest.mark.parametrize("is_complete", [False, True])
async def test_desk_takes_over_what_ended_in_vain(engine: Engine, *, is_complete: bool) -> None:
    """Whoever looks after it is written down, as late, and nobody is alarmed any more; asked twice it stays so."""
    alarm = await in_vain(engine)
    if is_complete:
        await alarm.ends("bob")
        assert ["c1"] == await engine.leases.complete_campaigns()
    alarm.wait_s(60)
    for _ in range(2):
        await engine.store.confirm_by_hand("c1", "ann", "desk two")
        await alarm.stand_down()

    (one,) = (await alarm.look()).confirmations
    assert (Why.TAKEN_OVER, "ann", "desk two", True) == ((await alarm.look()).reason, one.person.key, one.by, one.late)
    assert 0 == await unconfirmed(engine)
    with pytest.raises(IllegalStep, match="nothing to confirm any more"):
        await engine.store.confirm_by_hand("c1", "bob", "desk three")


async def test_what_ended_in_vain_is_taken_over_also_after_it_is_shown_no_more(engine: Engine) -> None:
    """Days later somebody writes down who looked after it: its page asks for that for as long as it is kept."""
    alarm = await in_vain(engine)
    engine.clock.advance_ms(2 * keys.SHOWN_MS)
    await engine.leases.forget_doubts()
    await engine.store.confirm_by_hand("c1", "ann", "desk two")

    assert (Why.TAKEN_OVER, 0) == ((await alarm.look()).reason, await unconfirmed(engine))


async def test_who_listens_yet_takes_over_what_ended_in_vain(engine: Engine) -> None:
    """The key counts after the end as well: nobody is alarmed any more, whoever sees it first."""
    alarm = await in_vain(engine)
    alarm.wait_s(5)
    await alarm.presses("bob")
    assert 1 == await unconfirmed(engine)
    await asyncio.gather(alarm.watch(workers=2), alarm.stand_down())

    assert (Why.TAKEN_OVER, ["bob"], 0) == (
        (await alarm.look()).reason,
        await alarm.confirmed_by(),
        await unconfirmed(engine),
    )


async def test_alarm_that_was_deleted_waits_for_nobody_and_stays_deleted(engine: Engine) -> None:
    """Deleted within the day, it is shown no longer, and a late key does not bring a part of it back."""
    alarm = await in_vain(engine)
    await alarm.ends("bob")
    await engine.leases.complete_campaigns()
    alarm.wait_s(60)
    assert 1 == await engine.store.reap(engine.now_ms)
    await engine.store.take_over("c1")

    assert 0 == await unconfirmed(engine)
    assert not await engine.redis.exists(keys.campaign("c1"))


async def test_cancelled_as_a_campaign(engine: Engine) -> None:
    """Cancelled like any campaign it is over by hand, and the watch begins no step of it."""
    alarm = await Alarm.in_second_step(engine)
    await engine.store.step("c1", "cancel")
    alarm.wait_s(WAIT_S)
    await alarm.watch()

    assert (Why.BY_HAND, 5) == ((await alarm.look()).reason, len(await alarm.called()))
