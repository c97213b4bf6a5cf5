"""Erasing a person takes out of escalations what they tell of the person, and leaves nobody to be alarmed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialer import keys
from dialer.dispositions import Fact
from dialer.erasures.erasure import Erasure, Plan
from dialer.escalations.climbing import climb
from dialer.escalations.escalating import escalation_id
from dialer.escalations.ladder import Why
from dialer.store import Store
from dialer.store.base import deadlines
from dialer.store.erasing_calls import SETTLE_MS
from tests.fakes.alarm import person, plan
from tests.fakes.engine import Engine, event
from tests.fakes.mortal import Mortal
from tests.fakes.planned import FENNA, begun, campaign, given_up, look, planned

ID = escalation_id("c1-1")
TRACES = ("612345678", "12345678", "Fenna", "klant-77", "Kade 4")


async def erased(engine: Engine, number: str = FENNA.number) -> Erasure:
    """Ask for it, and go on for as long as anything changes."""
    told = Plan(number=number, suppress=False, hang_up=False, salt="5a", number_digest="d1", requested_ms=1, by=None)
    await engine.store.begin_erasure("e1", told)
    return await go_on(engine)


async def go_on(engine: Engine) -> Erasure:
    """Step by step until it waits or has nothing left to do."""
    for _ in range(30):
        erasure = await engine.store.erase_some("e1")
        if erasure.step == "checked":
            break
    return erasure


async def traces(engine: Engine) -> list[str]:
    """What tells of the person yet, outside of the erasure's own plan."""
    kept = {name: content for name, content in (await engine.keyspace()).items() if name != "erasure:e1"}
    text = json.dumps(kept, default=str)
    return [word for word in TRACES if word in text]


async def test_who_is_erased_is_not_escalated(engine: Engine) -> None:
    """The call leaves the line, and tells of no escalation that never was."""
    await campaign(engine)
    await given_up(engine)
    engine.clock.advance_ms(SETTLE_MS + 1)
    assert "checked" == (await erased(engine)).step
    assert [] == await engine.redis.zrange(keys.ESCALATING, 0, -1)
    await look(engine)
    assert ([], []) == (await begun(engine), await traces(engine))
    assert (await engine.store.call("c1-1")).escalation_id is None
    assert "escalated" not in (await engine.keyspace())["campaign:c1:calls:0"]["1t"]


async def test_a_worker_that_has_read_the_call_begins_nothing(engine: Engine) -> None:
    """The person is erased between the worker's look and its step."""
    await campaign(engine)
    await given_up(engine)
    engine.clock.advance_ms(SETTLE_MS + 1)

    class Slow(Mortal):
        async def run(self, name: str, keys: Any, args: Any) -> Any:
            assert "checked" == (await erased(engine)).step
            return await super().run(name, keys, args)

    store = Store(Slow(engine.batch, 100), engine.clock, deadlines(45, 600))
    assert await store.begin_escalation("c1-1") is None
    assert ([], []) == (await begun(engine), await traces(engine))


async def test_what_was_begun_tells_nothing_any_more(engine: Engine) -> None:
    """Plan and calls, also of a step to come, keep their people and lose the person's values; it goes on."""
    await campaign(engine)
    await given_up(engine)
    await look(engine)
    engine.clock.advance_ms(SETTLE_MS + 1)
    before = await traces(engine)
    erasure = await erased(engine)

    assert (["12345678", "Fenna", "klant-77"], []) == ([w for w in before if w in TRACES[1:4]], await traces(engine))
    assert ("checked", []) == (erasure.step, list(erasure.left))
    assert {"c1", ID} == set(erasure.touched)
    seen = await engine.store.escalation(ID)
    assert (2, ["ann", "bob", "cas"]) == (len(seen.duties), list(seen.plan.people))
    blank = {"call_name": "", "call_number": "", "call_id": ""}
    assert [blank | {"step": "1", "round": "1"}] * 2 == [dict(duty.call.variables) for duty in seen.duties]
    engine.clock.advance_ms(300_000)
    await climb(ID, engine.store, engine.clock)
    assert [] == await traces(engine)


async def test_a_call_added_from_an_old_look_is_found_in_the_end(engine: Engine) -> None:
    """A worker that had read the plan before adds its call while the person is being erased."""
    await campaign(engine)
    await given_up(engine)
    await look(engine)
    old = (await engine.store.escalation(ID)).plan
    engine.clock.advance_ms(SETTLE_MS + 1)
    await erased_until(engine, "check")
    await engine.store.add_calls(ID, [old.people["cas"].call(2, 1)], import_id="step")
    assert "Fenna" in await traces(engine)
    await go_on(engine)
    assert [] == await traces(engine)


async def erased_until(engine: Engine, step: str) -> None:
    """Erase until this step is the next."""
    told = Plan(
        number=FENNA.number, suppress=False, hang_up=False, salt="5a", number_digest="d1", requested_ms=1, by=None
    )
    await engine.store.begin_erasure("e1", told)
    while (await engine.store.erase_some("e1")).step != step:
        pass


@pytest.mark.parametrize("seconds", [0, 40])
async def test_whose_call_is_up_is_not_escalated_after_it(engine: Engine, seconds: int) -> None:
    """Asked for while the phone rings: it ends in vain, and nobody is alarmed."""
    await campaign(engine)
    dial = await engine.ring()
    assert "calls" == (await erased(engine)).step
    engine.clock.advance_ms(seconds * 1000)
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    await look(engine)
    assert ([], None) == (await begun(engine), (await engine.store.call("c1-1")).escalation_id)
    engine.clock.advance_ms(SETTLE_MS + 1)
    assert ("checked", []) == ((await go_on(engine)).step, await traces(engine))


async def test_who_would_be_alarmed_leaves_the_plan(engine: Engine) -> None:
    """One of the people of an escalation that was not begun yet is erased: he is not called when it is."""
    await campaign(engine)
    erasure = await erased(engine, person("ann").number)
    assert 1 == erasure.counts["planned_people"]
    await given_up(engine)
    await look(engine)
    assert ["bob", "cas"] == list((await engine.store.escalation(ID)).plan.people)
    kept = {name: content for name, content in (await engine.keyspace()).items() if name != "erasure:e1"}
    assert person("ann").number[1:] not in json.dumps(kept, default=str)


async def test_nobody_left_to_be_alarmed(engine: Engine) -> None:
    """All of the people were erased: it begins, for the log to tell, and is exhausted at once."""
    await campaign(engine, escalation=planned(plan("ann")))
    assert 1 == (await erased(engine, person("ann").number)).counts["planned_people"]
    await given_up(engine)
    await look(engine)
    await climb(ID, engine.store, engine.clock)
    await climb(ID, engine.store, engine.clock)
    assert Why.EXHAUSTED is (await engine.store.escalation(ID)).reason
