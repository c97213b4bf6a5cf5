"""Redial policies on the real scripts: growing waits, a cap over all dispositions, suppression once none is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.dispositions import REDIALABLE, Disposition, Fact
from dialer.model import MOST_AFTER_MS, NewCall, Redial
from dialer.providers.base import CallEvent
from tests.fakes.engine import Engine, clean_engine, event, ref

A, B, C = "+31610000001", "+31620000001", "+31630000001"
BUSY, REJECTED = Disposition.BUSY, Disposition.REJECTED
DAY_MS = 86_400_000


async def ended(engine: Engine, number: int, *facts: Fact) -> Disposition | None:
    """Place the call's next attempt and end it so; how the call ended, None if it is dialed again."""
    await engine.place(f"n{number}")
    result = await engine.store.apply_event(f"c1-1-{number}", event("end", *facts))
    return result.call


async def waits(engine: Engine, redial: Redial) -> list[int]:
    """Be busy until the call is done; how long each redial waited."""
    await engine.run_campaign(redial={BUSY: redial})
    found: list[int] = []
    while await ended(engine, len(found) + 1, Fact.BUSY) is None:
        due_at = (await engine.store.call("c1-1")).due_at
        assert due_at is not None
        found.append(round(due_at.timestamp() * 1000) - engine.now_ms)
        engine.clock.advance_ms(found[-1])
    return found


@pytest.mark.parametrize(
    ("expected", "redial"),
    [
        ([30_000, 30_000, 30_000], Redial(3, 30_000)),
        ([1_000, 2_000, 4_000, 8_000], Redial(4, 1_000, 200)),
        ([1_000, 2_000, 3_000, 3_000], Redial(4, 1_000, 200, 3_000)),
        ([7, 9, 11, 14], Redial(4, 7, 133)),
        ([0, 0, 0], Redial(3, 0, 1_000)),
        ([DAY_MS, 10 * DAY_MS, 30 * DAY_MS, 30 * DAY_MS], Redial(4, DAY_MS, 1_000)),
    ],
)
async def test_each_redial_waits_as_much_longer(engine: Engine, expected: list[int], redial: Redial) -> None:
    """Each wait is the one before times the growth, in whole ms, never beyond the longest."""
    assert expected == await waits(engine, redial)


async def test_a_hundred_growing_redials_stay_bounded(engine: Engine) -> None:
    """However often a wait has grown, it is the longest and no more."""
    found = await waits(engine, Redial(100, 3_600_000, 1_000))

    assert (100, MOST_AFTER_MS) == (len(found), found[-1])


async def test_late_fact_gives_the_redial_back(engine: Engine) -> None:
    """What seemed busy and was no answer has used no busy redial, so the next busy waits the first, short time."""
    redial = {BUSY: Redial(2, 1_000, 1_000), Disposition.MACHINE: Redial(1, 0)}
    await engine.run_campaign(redial=redial)
    await ended(engine, 1, Fact.BUSY)
    await engine.store.apply_event("c1-1-1", event("late", Fact.MACHINE, Fact.COMPLETED))
    engine.clock.advance_ms(1_000)
    await ended(engine, 2, Fact.BUSY)

    stored = (await engine.keyspace())["campaign:c1:calls:0"]["1t"]
    assert {"n": 2, "busy": 1, "machine": 1} == stored
    assert {"1": engine.now_ms + 1_000} == (await engine.keyspace())["campaign:c1:waiting"]


async def test_tries_are_capped_over_all_dispositions(engine: Engine) -> None:
    """Whatever redials are left, no call is tried more often than its campaign allows."""
    await engine.run_campaign(redial={BUSY: Redial(9, 0), Disposition.NO_ANSWER: Redial(9, 0)}, max_tries=3)
    ends = []
    for number, fact in enumerate((Fact.BUSY, Fact.TIMEOUT, Fact.BUSY), 1):
        ends.append(await ended(engine, number, fact))
        engine.clock.advance_ms(1_000)

    assert [None, None, BUSY] == ends
    assert [] == await engine.claim()


async def test_attempt_in_doubt_counts_for_the_cap(engine: Engine) -> None:
    """An attempt that may have rung is a try: with none left it is undetermined, until its webhook tells more."""
    await engine.run_campaign(max_tries=1)
    await engine.record(await engine.place(), "n1", "unknown")

    assert await engine.dialing.redial(ref("c1-1-1"))
    assert Disposition.UNDETERMINED is (await engine.store.call("c1-1")).disposition
    await engine.store.apply_event("c1-1-1", event("busy", Fact.BUSY))
    assert BUSY is (await engine.store.call("c1-1")).disposition


async def test_number_is_suppressed_once_no_redial_is_left(engine: Engine) -> None:
    """Rejected for the second time, the number is suppressed in the step that ends the call."""
    await engine.run_campaign(redial={REJECTED: Redial(1, 0, then="suppress")})
    await ended(engine, 1, Fact.REJECTED)
    once = "suppressed" in await engine.keyspace()
    engine.clock.advance_ms(1_000)
    await engine.ring("n2")
    before = await engine.keyspace()
    await engine.store.apply_event("c1-1-2", event("end", Fact.REJECTED))
    changed = await engine.changed_since(before)
    changed.pop("attempt:c1-1-2")

    assert not once
    assert {
        "campaign:c1:calls:0": {"1t": {"n": 2, "rejected": 2}},
        "campaign:c1:live": None,
        "campaign:c1:done:rejected": {"1": engine.now_ms},
        "leases": None,
        "suppressed": {A: engine.now_ms},
        "suppression": {"*": "1"},
    } == changed


async def test_late_reason_suppresses_as_well(engine: Engine) -> None:
    """A call given up as undetermined that turns out to have been rejected suppresses its number."""
    await engine.run_campaign(redial={REJECTED: Redial(0, 0, then="suppress")})
    await ended(engine, 1, Fact.LOST)
    await engine.store.apply_event("c1-1-1", event("late", Fact.REJECTED))

    assert {A: engine.now_ms} == (await engine.keyspace())["suppressed"]


async def test_who_was_hung_up_on_is_not_suppressed(engine: Engine) -> None:
    """A call that we ended ourselves says nothing about its number."""
    await engine.run_campaign(redial={Disposition.MACHINE: Redial(0, 0, then="suppress")})
    await ended(engine, 1, Fact.MACHINE, Fact.HUNG_UP, Fact.TALKED)

    assert "suppressed" not in await engine.keyspace()


@pytest.mark.parametrize("hung_up", [True, False])
async def test_late_reason_of_who_was_hung_up_on_suppresses_nobody(engine: Engine, *, hung_up: bool) -> None:
    """It was our end and not the number's, whenever the machine is recognised."""
    await engine.run_campaign(redial={Disposition.MACHINE: Redial(0, 0, then="suppress")})
    await ended(engine, 1, Fact.TALKED, *([Fact.HUNG_UP] if hung_up else []))
    await engine.store.apply_event("c1-1-1", event("late", Fact.MACHINE))

    assert Disposition.MACHINE is (await engine.store.call("c1-1")).disposition
    assert hung_up is ("suppressed" not in await engine.keyspace())


FACTS = [fact for fact in Fact if fact not in {Fact.HUNG_UP, Fact.OPTED_OUT}]
deliveries = st.lists(st.lists(st.sampled_from(FACTS), min_size=1, max_size=6), min_size=12, max_size=12)
rules = st.builds(
    Redial,
    times=st.integers(0, 2),
    after_ms=st.integers(0, 2_000),
    growth_pct=st.integers(100, 1_000),
    then=st.sampled_from(["finish", "suppress"]),
    next_number=st.booleans(),
)
policies = st.dictionaries(st.sampled_from(REDIALABLE), rules, max_size=4)


@settings(max_examples=100)
@given(told=deliveries, redial=policies, max_tries=st.none() | st.integers(1, 5), count=st.integers(1, 3))
def test_no_call_is_tried_more_often_than_its_policy(
    redis_url: str, told: list[list[Fact]], redial: dict[Disposition, Redial], max_tries: int | None, count: int
) -> None:
    """Whatever is told of each attempt, in any order, repeated or late: tries stay within policy and cap."""

    async def tell_all() -> tuple[int, int]:
        async with clean_engine(redis_url) as engine:
            await engine.run_campaign(calls=0, redial=redial, max_tries=max_tries)
            person = NewCall(number=A, others=(B, C)[: count - 1])
            await engine.store.add_calls("c1", [person], import_id="i1")
            tries = 0
            for facts in told:
                engine.clock.advance_ms(MOST_AFTER_MS)
                tries += await _tell(engine, tries + 1, facts)
            return tries, (await engine.store.call("c1-1")).attempts

    tries, counted = asyncio.run(tell_all())
    allowed = sum(rule.times for rule in redial.values()) + count
    assert tries == counted <= min(allowed, max_tries or allowed)


async def _tell(engine: Engine, number: int, facts: Sequence[Fact]) -> bool:
    """Place the call if it is due, and tell these of it one by one, each twice, then of the attempt before."""
    dials = await engine.dialing.read(await engine.claim())
    begun = [dial for dial in dials if await engine.begin(dial, f"n{number}") == 1]
    for attempt in (number if begun else number - 1, number - 1):
        for fact in (*facts, *facts):
            await engine.store.apply_event(f"c1-1-{attempt}", CallEvent(kind=fact, facts=frozenset({fact})))
    return bool(begun)


async def test_redial_at_another_hour_of_the_day(engine: Engine) -> None:
    """Each next try lies three hours or more from all before, on the clock; with none left the wait alone counts."""
    policy = Redial(9, 60_000, other_hour=True)
    await engine.run_campaign(redial={Disposition.NO_ANSWER: policy}, max_tries=20)
    hours: list[int] = []
    for number in range(1, 10):
        dial = await engine.ring(f"n{number}", uuid=f"u{number}")
        hours.append(engine.now_ms // 3_600_000 % 24)
        await engine.store.apply_event(str(dial.attempt), event("end", Fact.UNANSWERED))
        engine.clock.set_us(int((await engine.keyspace())["campaign:c1:waiting"]["1"]) * 1000)
    apart = [min((one - other) % 24, (other - one) % 24) for n, one in enumerate(hours[:8]) for other in hours[:n]]

    assert min(apart) >= 3
    assert (hours[8] - hours[7]) % 24 in {0, 1}, "no hour is left: the wait alone counts"
