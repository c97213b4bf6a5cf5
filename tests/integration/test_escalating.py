"""A call that is given up has somebody else alarmed: once, whoever dies, repeats or comes late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer import keys
from dialer.dispositions import Disposition, Fact
from dialer.errors import StoreUnavailable
from dialer.escalations.escalating import escalation_id
from dialer.escalations.ladder import EscalationState, Why
from dialer.model import MOST_AFTER_MS, NewCall, Redial
from dialer.store import Store
from dialer.store.base import deadlines
from dialer.store.escalating import ESCALATE_LEASE_MS
from tests.fakes.alarm import person
from tests.fakes.engine import Engine, clean_engine, event
from tests.fakes.mortal import Mortal
from tests.fakes.planned import ESCALATES, FENNA, begun, campaign, given_up, look

BUSY = Disposition.BUSY
ID = escalation_id("c1-1")


async def line(engine: Engine) -> list[str]:
    """Who is to be escalated."""
    return list(await engine.redis.zrange(keys.ESCALATING, 0, -1))


async def heard(engine: Engine) -> list[dict[str, str]]:
    """The values that those of the escalation are told."""
    return [dict(duty.call.variables) for duty in (await engine.store.escalation(ID)).duties]


async def test_a_call_given_up_begins_its_escalation(engine: Engine) -> None:
    """Its people are called, urgent or not as it says, and told the values of the call, not each other's."""
    await campaign(engine)
    await given_up(engine)
    assert ["c1-1"] == await line(engine)
    await look(engine)

    seen = await engine.store.escalation(ID)
    assert (EscalationState.RUNNING, "c1-1", (1, 1)) == (seen.state, seen.of, seen.on)
    told = {"call_name": "Fenna de Boer", "call_number": "+31 6 12345678", "call_id": "klant-77"}
    assert [told | {"step": "1", "round": "1"}] * 2 == await heard(engine)
    assert [] == await line(engine)
    assert ID == (await engine.store.call("c1-1")).escalation_id
    assert ("escalation.begun", ID) in await engine.audited()
    assert seen.campaign.expires_at is not None
    assert seen.plan.longest_s + 3600 == round(seen.campaign.expires_at.timestamp() - engine.now_ms / 1000)


async def test_not_before_the_last_redial(engine: Engine) -> None:
    """As long as a redial is left nobody is alarmed."""
    await campaign(engine, redial={BUSY: Redial(1, 1_000, then="escalate")})
    await given_up(engine)
    assert [] == await line(engine)
    engine.clock.advance_ms(1_000)
    await given_up(engine)
    assert ["c1-1"] == await line(engine)


async def test_not_before_the_last_number(engine: Engine) -> None:
    """Whoever is dialed at another number next is not given up yet."""
    two = NewCall(number="+31610000001", others=("+31620000001",))
    await campaign(engine, two, redial={BUSY: Redial(0, 0, then="escalate", next_number=True)})
    await given_up(engine)
    assert [] == await line(engine)
    await given_up(engine)
    assert ["c1-1"] == await line(engine)


async def test_redials_that_are_not_to_come_are_none(engine: Engine) -> None:
    """A call is given up as well where `max_tries` or the campaign's end leaves no room for its redials."""
    await campaign(engine, redial={BUSY: Redial(9, MOST_AFTER_MS, then="escalate")}, max_tries=1)
    await given_up(engine)
    assert ["c1-1"] == await line(engine)


async def test_other_ends_begin_nothing(engine: Engine) -> None:
    """Neither another disposition, nor a call that we hung up, nor one of a cancelled campaign."""
    people = [NewCall(number=f"+3161000000{n}") for n in range(3)]
    await campaign(engine, *people)
    await given_up(engine, Fact.TIMEOUT)
    await given_up(engine, Fact.BUSY, Fact.HUNG_UP)
    dial = await engine.ring()
    await engine.store.step("c1", "cancel")
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    assert [] == await line(engine)
    assert [None] * 3 == [(await engine.store.call(f"c1-{n}")).escalation_id for n in (1, 2, 3)]


async def test_repeated_event_begins_nothing_more(engine: Engine) -> None:
    """The carrier tells the end twice, before and after the escalation was begun."""
    await campaign(engine)
    told = await given_up(engine)
    await engine.store.apply_event("c1-1-1", told)
    await look(engine)
    await engine.store.apply_event("c1-1-1", told)
    await engine.store.apply_event("c1-1-1", event("again", Fact.BUSY))
    await look(engine)
    assert ([], [ID]) == (await line(engine), await begun(engine))


async def test_late_event_changes_nothing_of_it(engine: Engine) -> None:
    """Who turns out to have been reached is labelled so; what was escalated stays escalated."""
    await campaign(engine)
    await given_up(engine)
    await engine.store.apply_event("c1-1-1", event("late", Fact.ANSWERED, Fact.CONFIRMED, Fact.COMPLETED))
    call = await engine.store.call("c1-1")
    assert (Disposition.CONFIRMED, ID) == (call.disposition, call.escalation_id)
    await look(engine)
    assert [ID] == await begun(engine)


async def test_late_label_escalates_once(engine: Engine) -> None:
    """What seemed no answer and was busy is given up as busy; told again, that begins nothing more."""
    await campaign(engine)
    await given_up(engine, Fact.TIMEOUT)
    await look(engine)
    assert [] == await begun(engine)
    await engine.store.apply_event("c1-1-1", event("late", Fact.BUSY))
    assert (BUSY, ["c1-1"]) == ((await engine.store.call("c1-1")).disposition, await line(engine))
    await look(engine)
    await engine.store.apply_event("c1-1-1", event("later", Fact.INVALID_NUMBER))
    await look(engine)
    assert [ID] == await begun(engine)


async def test_two_workers_begin_one(engine: Engine) -> None:
    """Both see the call at once, also where the lease of the first has lapsed."""
    await campaign(engine)
    await given_up(engine)
    assert ["c1-1"] == await engine.store.take_escalating(5)
    assert [] == await engine.store.take_escalating(5)
    engine.clock.advance_ms(ESCALATE_LEASE_MS)
    assert ["c1-1"] == await engine.store.take_escalating(5)
    first, second = await engine.store.begin_escalation("c1-1"), await engine.store.begin_escalation("c1-1")
    assert (ID, None) == (first and first.id, second)
    await look(engine, workers=2)
    assert [ID] == await begun(engine)
    assert 1 == (await engine.audited()).count(("escalation.begun", ID))


async def test_many_at_once_on_two_workers(engine: Engine) -> None:
    """Each call given up has an escalation of its own, however many workers look."""
    people = [NewCall(number=f"+3161000{n:04d}") for n in range(15)]
    await campaign(engine, *people)
    for _ in people:
        await given_up(engine)
    await look(engine, workers=3)
    assert {escalation_id(f"c1-{n}") for n in range(1, 16)} == set(await begun(engine))
    assert [2] * 15 == [len((await engine.store.escalation(one)).duties) for one in await begun(engine)]


async def test_death_behind_any_step_begins_one(engine: Engine) -> None:
    """Killed behind the first step, the second and so on: whoever looks next brings it to the same end."""
    wanted = None
    for steps in range(60):
        await engine.redis.flushall()
        engine.clock.set_us(1_800_000_000_000_000)
        await campaign(engine)
        await given_up(engine)
        store = Store(Mortal(engine.batch, steps), engine.clock, deadlines(45, 600))
        died = False
        try:
            await store.take_escalating(5)
            await store.begin_escalation("c1-1")
        except StoreUnavailable:
            died = True
        engine.clock.set_us(1_800_000_600_000_000)
        await look(engine, workers=2)
        seen = await engine.store.escalation(ID)
        assert [ID] == await begun(engine)
        assert 1 == (await engine.audited()).count(("escalation.begun", ID)), f"behind step {steps}"
        found = (await line(engine), seen.of, len(seen.plan.people), seen.state)
        wanted = wanted or found
        assert wanted == found
        if not died:
            assert steps > 3
            return
    raise AssertionError("it never came to its end")


async def test_confirmed_escalation_is_not_begun_again(engine: Engine) -> None:
    """Over, and seen once more by a worker that was away: it stays over."""
    await campaign(engine)
    await given_up(engine)
    await look(engine)
    await engine.store.confirm_by_hand(ID, "ann", "desk")
    await engine.store.end_escalation(ID, Why.CONFIRMED)
    await engine.redis.zadd(keys.ESCALATING, {"c1-1": 0})
    await look(engine)
    seen = await engine.store.escalation(ID)
    assert ("confirmed", [], [ID]) == (str(seen.reason), await line(engine), await begun(engine))


async def test_one_broken_call_keeps_no_other_waiting(engine: Engine) -> None:
    """What cannot be read waits for a person, under the lease; the next in line is begun."""
    await campaign(engine, FENNA, NewCall(number="+31610000001"))
    await engine.run_campaign("c2", redial=ESCALATES, escalation={"campaign": {}, "plan": {}})
    for _ in range(3):
        await given_up(engine)
    with pytest.raises(KeyError):  # the job has failed, which somebody is told
        await look(engine)
    assert {ID, escalation_id("c1-2")} == set(await begun(engine))
    assert ["c2-1"] == await line(engine)


async def test_deleted_campaign_leaves_no_line(engine: Engine) -> None:
    """Whose campaign, or call, is gone is dropped: nobody is left to be alarmed about."""
    await campaign(engine)
    await given_up(engine)
    await engine.leases.complete_campaigns()
    assert 1 == await engine.store.reap(engine.now_ms + 1)
    await look(engine)
    assert [] == await begun(engine)
    left = await engine.names_left()
    assert {"audit", "audit:chain", "trunk:main", "wake"} >= left, left


async def test_retention_deletes_the_escalation_too(engine: Engine) -> None:
    """It ends as a campaign of its own, and goes as such."""
    await campaign(engine)
    await given_up(engine)
    await look(engine)
    await engine.store.end_escalation(ID, Why.BY_HAND)
    await engine.leases.complete_campaigns()
    assert 2 == await engine.store.reap(engine.now_ms + 1)
    left = await engine.names_left()
    assert {"audit", "audit:chain", "trunk:main", "wake"} >= left, left


async def test_plan_changed_meanwhile_is_read_again(engine: Engine) -> None:
    """Somebody is erased from what the campaign begins, between a worker's look and its step: he is not called."""
    await campaign(engine)
    await given_up(engine)
    ann = person("ann")

    class Meddled(Mortal):
        async def run(self, name: str, keys: Any, args: Any) -> Any:
            if name == "begin_escalation":
                seen.append(await engine.store.forget_planned("c1", ann.number))
            return await super().run(name, keys, args)

    seen: list[int] = []
    store = Store(Meddled(engine.batch, 100), engine.clock, deadlines(45, 600))
    await store.begin_escalation("c1-1")
    assert [1, 0] == seen
    assert ["bob", "cas"] == list((await engine.store.escalation(ID)).plan.people)


TOLD = [Fact.BUSY, Fact.TIMEOUT, Fact.REJECTED, Fact.COMPLETED, Fact.ANSWERED, Fact.CONFIRMED]
LOOKS = ["look", "two look"]


@settings(max_examples=60)
@given(steps=st.lists(st.sampled_from([*TOLD, *LOOKS]), max_size=12))
def test_whatever_is_told_when_begins_one_at_most(redis_url: str, steps: list[Fact | str]) -> None:
    """Facts in any order, again and again, workers that look in between: one where it was ever busy, else none."""
    asyncio.run(_told(redis_url, steps))


async def _told(redis_url: str, steps: list[Fact | str]) -> None:
    async with clean_engine(redis_url) as engine:
        await campaign(engine)
        dial = await engine.ring()
        was_busy = False
        for step in steps:
            if isinstance(step, Fact):
                await engine.store.apply_event(str(dial.attempt), event(step, step))
            else:
                await look(engine, workers=1 + LOOKS.index(step))
            was_busy = was_busy or (await engine.store.call("c1-1")).disposition is BUSY
        await look(engine)
        assert ([ID] if was_busy else []) == await begun(engine)
        assert (ID if was_busy else None) == (await engine.store.call("c1-1")).escalation_id


@pytest.mark.parametrize("then", ["finish", "suppress"])
async def test_other_policies_stay_as_they_were(engine: Engine, then: str) -> None:
    """A campaign that has an escalation begins it only where the policy says so."""
    await campaign(engine, redial={BUSY: Redial(0, 0, then=then)})  # type: ignore[arg-type] # one of these
    await given_up(engine)
    assert [] == await line(engine)
