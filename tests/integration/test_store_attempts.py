"""Attempts as they are told on, and what the answer webhook reads."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dialer.clock import moment
from dialer.decisions import Decision
from dialer.dispositions import Disposition, Fact
from dialer.model import Attempt, Event, NewCall, Own, Priority, Terms
from dialer.providers.base import CallEvent
from dialer.store import Spoken
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, ref

HOSTILE = (
    "",
    "c1",
    "c1-1",
    "c1-0",
    "c1--1",
    "c1-1-0",
    "c1-1-9999999999999",
    "c1-x-1",
    "é-1-1",
    "-1-1",
    "c1-1-1 ",
    "c1-1-\uff11",
)


async def test_a_call_never_tried_has_no_attempts(engine: Engine) -> None:
    """Waiting or claimed, a call has no attempt yet; a call that never was has none either."""
    await engine.run_campaign(calls=2)
    await engine.claim(1)

    assert [[], [], []] == [await engine.store.attempts(call_id) for call_id in ("c1-1", "c1-2", "c1-9")]


UNBOUND = Decision(windows_version=None, opens_at=None, closes_at=None, script_version=1, list_versions={"*": 0})
"""What allows an attempt of a campaign without hours, with the text it was created with."""


async def test_an_attempt_is_told_with_events_and_figures(engine: Engine) -> None:
    """All that the carrier told of an attempt is read back, events in the order in which they came."""
    await engine.run_campaign()
    await engine.ring(uuid="u1")
    placed_ms = START_MS + 61
    engine.clock.advance_ms(1000)
    told = moment(START_MS) + timedelta(milliseconds=1234)
    await engine.store.apply_event("c1-1-1", CallEvent(kind="answered", facts=frozenset({Fact.ANSWERED}), at=told))
    engine.clock.advance_ms(1000)
    await engine.store.apply_event("c1-1-1", CallEvent(kind="input", payload={"dtmf": "1"}))
    engine.clock.advance_ms(1000)
    ended = CallEvent(
        kind="completed", facts=frozenset({Fact.TALKED}), at=told, figures={"duration_s": 2, "rate": "0.01"}
    )
    await engine.store.apply_event("c1-1-1", ended)

    assert [
        Attempt(
            id="c1-1-1",
            number=1,
            state="ended",
            placed_at=moment(placed_ms),
            uuid="u1",
            result="said live",
            facts=frozenset({Fact.ANSWERED, Fact.TALKED}),
            disposition=Disposition.ANSWERED,
            figures={"duration_s": "2", "rate": "0.01"},
            decision=UNBOUND,
            events=(
                Event(kind="answered", at=told, received_at=moment(placed_ms + 1000)),
                Event(kind="input", at=None, received_at=moment(placed_ms + 2000), payload={"dtmf": "1"}),
                Event(kind="completed", at=told, received_at=moment(placed_ms + 3000)),
            ),
        )
    ] == await engine.store.attempts("c1-1")


async def test_attempts_come_first_to_last(engine: Engine) -> None:
    """A call that was given up twice tells of three attempts."""
    await engine.run_campaign()
    for number in (1, 2):
        await engine.record(await engine.place(f"n{number}"), f"n{number}", "unknown")
        await engine.dialing.redial(ref(f"c1-1-{number}"))
        engine.clock.advance_ms(1000)
    await engine.place("n3")

    assert ["c1-1-1", "c1-1-2", "c1-1-3"] == [one.id for one in await engine.store.attempts("c1-1")]


async def test_a_refused_attempt_is_not_told(engine: Engine) -> None:
    """A request that the carrier was too busy for has left no attempt."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "back")

    assert [] == await engine.store.attempts("c1-1")
    assert None is await engine.store.attempt(ref("c1-1-1"))


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((), "placing"),
        ((Fact.STARTED,), "placed"),
        ((Fact.STARTED, Fact.RINGING), "ringing"),
        ((Fact.RINGING, Fact.ANSWERED), "answered"),
        ((Fact.HUMAN,), "answered"),
        ((Fact.BUSY,), "ended"),
        ((Fact.COMPLETED,), "placed"),
    ],
)
async def test_an_attempts_state_follows_from_what_is_known(
    engine: Engine, facts: tuple[Fact, ...], state: str
) -> None:
    """The carrier's progress in our words, for each thing that may be known."""
    await engine.run_campaign()
    await engine.place()
    for fact in facts:
        await engine.store.apply_event("c1-1-1", CallEvent(kind=fact, facts=frozenset({fact})))

    assert [state] == [one.state for one in await engine.store.attempts("c1-1")]


async def test_an_unknown_attempts_state(engine: Engine) -> None:
    """An attempt whose worker died is told as unknown."""
    await engine.run_campaign()
    await engine.place()
    engine.clock.advance_ms(60_000)
    await engine.lapse_all()

    assert ["unknown"] == [one.state for one in await engine.store.attempts("c1-1")]


async def test_spoken_gives_script_and_variables(engine: Engine) -> None:
    """The answer webhook learns the kind, the campaign's script and the call's variables."""
    await engine.store.create_campaign(draft(script={"text": "Hello {{ name }}"}))
    await engine.store.add_calls("c1", [NewCall(number="+31610000001", variables={"name": "Žofie"})], import_id="i1")
    await engine.store.step("c1", "start")
    await engine.place()

    assert Spoken(
        attempt=ref("c1-1-1"),
        kind="notification",
        script='{"text": "Hello {{ name }}"}',
        number="+31610000001",
        external_id=None,
        variables={"name": "Žofie"},
        terms=Terms(),
        facts=frozenset(),
    ) == await engine.store.spoken("c1-1-1")


async def test_spoken_prefers_the_calls_own_script(engine: Engine) -> None:
    """A single call says what it was enqueued with."""
    own = Own(kind="script", script={"steps": []}, terms=Terms(ringing_timer_s=20))
    call = NewCall(number="+31610000001", own=own)
    await engine.store.enqueue_call(Priority.NORMAL, call, key=None)
    await engine.place()
    spoken = await engine.store.spoken("direct-1-1")

    assert spoken is not None
    assert ("script", '{"steps": []}', 20) == (spoken.kind, spoken.script, spoken.terms.ringing_timer_s)


async def test_spoken_only_for_attempts_that_were_begun(engine: Engine) -> None:
    """Nothing is said for an attempt that was never placed, or was given back."""
    await engine.run_campaign(calls=2)
    await engine.record(await engine.place(), "n1", "back")
    await engine.claim(1)

    assert [None] * 4 == [await engine.store.spoken(one) for one in ("c1-1-1", "c1-2-1", "c1-1-2", "c9-1-1")]


async def test_spoken_is_one_round_trip(engine: Engine) -> None:
    """A picked-up phone waits for one answer of Redis, also when many are picked up together."""
    await engine.run_campaign(calls=3)
    await engine.ring()
    alone = await _round_trips(engine, 1)
    together = await _round_trips(engine, 20)

    assert (1, 1) == (alone, together)


async def _round_trips(engine: Engine, phones: int) -> int:
    # Redis counts each time it reads from a socket: once for what arrives together, and once for a look at the count.
    before = (await engine.redis.info("stats"))["total_reads_processed"]
    await asyncio.gather(*(engine.store.spoken("c1-1-1") for _ in range(phones)))
    after = (await engine.redis.info("stats"))["total_reads_processed"]
    return int(after) - int(before) - 1


@pytest.mark.parametrize("attempt_id", HOSTILE)
async def test_odd_ids_are_no_attempts(engine: Engine, attempt_id: str) -> None:
    """Text that is no attempt's id finds nothing to say and no attempts, and raises nothing."""
    await engine.run_campaign()
    await engine.ring()

    assert None is await engine.store.spoken(attempt_id)
    assert attempt_id == "c1-1" or [] == await engine.store.attempts(attempt_id)
