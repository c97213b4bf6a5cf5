"""Any order and any repetition of a call's events ends the same: property tests on the real script."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact, disposition_of
from dialer.model import Redial
from dialer.providers.base import CallEvent
from dialer.states import CallState
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, clean_engine

NO_MORE = settings(max_examples=150)

EVENTS = [
    CallEvent(kind=fact, facts=frozenset({fact}), at=moment(START_MS)) for fact in Fact if fact is not Fact.TALKED
]
EVENTS += [
    CallEvent(kind="completed", facts=frozenset({Fact.COMPLETED, Fact.TALKED}), at=moment(START_MS + 9)),
    # The time missing: these two are told apart by what they tell alone.
    CallEvent(kind="completed", facts=frozenset({Fact.COMPLETED})),
    CallEvent(kind="completed", facts=frozenset({Fact.COMPLETED, Fact.TALKED})),
    CallEvent(kind="ringing", facts=frozenset({Fact.RINGING}), at=moment(START_MS) + timedelta(seconds=2)),
    CallEvent(kind="input", payload={"dtmf": "1"}),
    CallEvent(kind="unrecognised", payload={"odd": [None, {}]}),
]
deliveries = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=8)
redials = st.sampled_from([Disposition.BUSY, Disposition.NO_ANSWER, Disposition.FAILED, Disposition.MACHINE])


def facts_in(events: Sequence[CallEvent]) -> frozenset[Fact]:
    """All that these events tell."""
    return frozenset(fact for event in events for fact in event.facts)


async def _deliver(engine: Engine, events: Sequence[CallEvent], attempt_id: str = "c1-1-1") -> None:
    for event in events:
        engine.clock.advance_ms(100)
        await engine.store.apply_event(attempt_id, event)


async def _ends_as(engine: Engine, expected: Disposition | None) -> None:
    (attempt,) = await engine.store.attempts("c1-1")
    call = await engine.store.call("c1-1")
    (progress,) = await engine.store.progress(["c1"])
    leases = (await engine.keyspace()).get("leases", {})

    assert (expected, expected) == (attempt.disposition, call.disposition)
    assert {expected: 1} if expected else {} == {name: n for name, n in progress.dispositions.items() if n}
    assert (1, call.state in {CallState.LIVE, CallState.PLACING}) == (sum(progress.counts.values()), "c1-1" in leases)


@NO_MORE
@given(events=deliveries, answered_at=st.integers(0, 8))
def test_any_order_ends_alike(redis_url: str, events: list[CallEvent], answered_at: int) -> None:
    """In whatever order, the carrier's own answer in between, attempt and call end by the facts alone."""

    async def deliver() -> None:
        async with clean_engine(redis_url) as engine:
            await engine.run_campaign()
            dial = await engine.place()
            await _deliver(engine, events[:answered_at])
            await engine.record(dial, "n1", "live")
            await _deliver(engine, events[answered_at:])

            await _ends_as(engine, disposition_of(facts_in(events)))

    asyncio.run(deliver())


@NO_MORE
@given(pair=deliveries.flatmap(lambda one: st.tuples(st.just(one), st.permutations(one + one))))
def test_shuffled_and_doubled_ends_alike(redis_url: str, pair: tuple[list[CallEvent], list[CallEvent]]) -> None:
    """Each event twice, in any order, leaves the call where each event once had left it."""

    async def deliver() -> None:
        found = []
        for events in pair:
            async with clean_engine(redis_url) as engine:
                await engine.run_campaign()
                await engine.ring()
                await _deliver(engine, events)
                call, (attempt,) = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")
                found.append((call.state, call.disposition, attempt.facts, attempt.disposition, call.attempts))

        assert found[0] == found[1]

    asyncio.run(deliver())


@NO_MORE
@given(events=deliveries, redial=redials)
def test_redial_is_decided_once(redis_url: str, events: list[CallEvent], redial: Disposition) -> None:
    """With a redial policy too the attempt ends by its facts, and the policy is applied once."""

    async def deliver() -> None:
        async with clean_engine(redis_url) as engine:
            await engine.run_campaign(redial={redial: Redial(1, 1000)})
            await engine.ring()
            await _deliver(engine, [*events, *events])
            expected = disposition_of(facts_in(events))
            call, (attempt,) = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")
            counted = (await engine.keyspace())["campaign:c1:calls:0"]["1t"]

            assert (expected, 1) == (attempt.disposition, counted.pop("n"))
            assert (1 if expected else 0) == sum(counted.values())
            if call.state is CallState.WAITING:
                assert redial is expected
            elif expected:
                assert (CallState.DONE, expected) == (call.state, call.disposition)

    asyncio.run(deliver())


@NO_MORE
@given(first=deliveries, second=deliveries, mixed=st.randoms(use_true_random=False))
def test_attempts_do_not_mix(redis_url: str, first: list[CallEvent], second: list[CallEvent], mixed: object) -> None:
    """Events of a redialed call's two attempts, shuffled together, end each attempt by its own facts."""

    async def deliver() -> None:
        async with clean_engine(redis_url) as engine:
            await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0)})
            await engine.ring()
            await _deliver(engine, [CallEvent(kind="early", facts=frozenset({Fact.BUSY}))])
            engine.clock.advance_ms(1000)
            await engine.ring("n2")
            told = [("c1-1-1", event) for event in first] + [("c1-1-2", event) for event in second]
            mixed.shuffle(told)  # type: ignore[attr-defined]
            for attempt_id, event in told:
                await _deliver(engine, [event], attempt_id)
            one, other = await engine.store.attempts("c1-1")

            assert disposition_of(facts_in(first) | {Fact.BUSY}) is one.disposition
            assert (
                disposition_of(facts_in(second)) is other.disposition is (await engine.store.call("c1-1")).disposition
            )

    asyncio.run(deliver())
