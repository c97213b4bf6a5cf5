"""A carrier's events: each code of the script, what an event moves, and what a late or repeated one leaves."""

from __future__ import annotations

import asyncio

import pytest

from dialer.dispositions import REDIALABLE, Disposition, Fact
from dialer.lua import FACT_BIT, fact_bits
from dialer.model import Redial, Terms
from dialer.providers.base import CallEvent
from dialer.states import CallState
from dialer.store import Applied, EventResult
from tests.fakes.clock import START_MS
from tests.fakes.engine import REASON_MS, RINGING_MS, TALKING_MS, Engine, event

UNKNOWN_IDS = (
    "c1-1-2",
    "c1-2-1",
    "c9-1-1",
    "c1-1",
    "c1",
    "",
    "c1-1-0",
    "c1-1--1",
    "c1-1-1e3",
    "c1-01-1",
    "c1-1-" + 13 * "9",
)


async def apply(engine: Engine, *events: CallEvent, attempt_id: str = "c1-1-1") -> EventResult:
    """Apply these one after the other; returns what the last one changed."""
    results = [await engine.store.apply_event(attempt_id, event) for event in events]
    return results[-1]


async def test_ringing_makes_a_placing_call_live(engine: Engine) -> None:
    """An event that overtakes the carrier's answer shows that the call is there."""
    await engine.run_campaign()
    await engine.place()
    before = await engine.keyspace()
    now = engine.now_ms

    assert EventResult(Applied.APPLIED) == await apply(engine, event("ringing", Fact.RINGING, uuid="u1"))
    assert {
        "attempt:c1-1-1": {
            "uuid": "u1",
            "facts": str(FACT_BIT[Fact.RINGING]),
            f"e:ringing:{START_MS + 1000}:": [now],
        },
        "campaign:c1:placing": None,
        "campaign:c1:live": {"1": now},
        "leases": {"c1-1": now + RINGING_MS},
    } == await engine.changed_since(before)


@pytest.mark.parametrize(
    ("terms", "ringing_ms", "talking_ms"),
    [
        (Terms(ringing_timer_s=100, length_timer_s=7000), 130_000, 7_030_000),
        (Terms(ringing_timer_s=100), 130_000, TALKING_MS),
        (Terms(length_timer_s=7000), RINGING_MS, 7_030_000),
    ],
)
async def test_a_campaigns_own_timers_say_how_long_silence_may_last(
    engine: Engine, terms: Terms, ringing_ms: int, talking_ms: int
) -> None:
    """While it rings and while somebody talks, each by its own timer."""
    await engine.run_campaign(terms=terms)
    await engine.place()
    leases = []
    for kind, fact in (("ringing", Fact.RINGING), ("answered", Fact.ANSWERED)):
        await apply(engine, event(kind, fact, uuid="u1"))
        leases.append((await engine.keyspace())["leases"]["c1-1"] - engine.now_ms)

    assert [ringing_ms, talking_ms] == leases


async def test_started_says_whose_the_carriers_call_is(engine: Engine) -> None:
    """The first event keeps the carrier's id for look-ups of its list; the first attempt to claim an id has it."""
    await engine.run_campaign(calls=2)
    await engine.place()
    await apply(engine, event("started", Fact.STARTED, uuid="u1"))
    await engine.store.own_uuid("u1", "c1-2-1")
    ttl = await engine.redis.pttl("{dialer}:carrier-uuid:u1")

    assert "c1-1-1" == (await engine.keyspace())["carrier-uuid:u1"]
    assert 0 < ttl <= 900_000


async def test_an_event_that_names_no_id_leaves_it_to_the_next(engine: Engine) -> None:
    """The first id that is told is kept, whenever that is."""
    await engine.run_campaign()
    await engine.place()
    told = [await apply(engine, event("ringing", Fact.RINGING)), (await engine.store.attempts("c1-1"))[0].uuid]
    await apply(engine, event("answered", Fact.ANSWERED, uuid="u1"), event("notify", uuid="u2"))

    assert [EventResult(Applied.APPLIED), None] == told
    assert "u1" == (await engine.store.attempts("c1-1"))[0].uuid


async def test_answered_gives_the_call_time_to_talk(engine: Engine) -> None:
    """Picked up, the call may be silent for as long as a call may last; since when it is live does not change."""
    await engine.run_campaign()
    await engine.ring()
    since = engine.now_ms
    engine.clock.advance_ms(6000)
    await apply(engine, event("answered", Fact.ANSWERED))
    after = await engine.keyspace()

    assert ({"1": since}, {"c1-1": since + 6000 + TALKING_MS}) == (after["campaign:c1:live"], after["leases"])


async def test_a_late_ringing_does_not_shorten_the_talk(engine: Engine) -> None:
    """Ringing that arrives after answered leaves the longer deadline."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("answered", Fact.ANSWERED), event("ringing", Fact.RINGING))

    assert {"c1-1": engine.now_ms + TALKING_MS} == (await engine.keyspace())["leases"]


async def test_a_bare_completed_waits_for_its_reason(engine: Engine) -> None:
    """Completed without a conversation leaves the call live for some seconds, in which the reason may follow."""
    await engine.run_campaign()
    await engine.ring()

    assert EventResult(Applied.APPLIED) == await apply(engine, event("completed", Fact.COMPLETED))
    assert {"c1-1": engine.now_ms + REASON_MS} == (await engine.keyspace())["leases"]
    assert EventResult(Applied.APPLIED, Disposition.BUSY, Disposition.BUSY) == await apply(
        engine, event("busy", Fact.BUSY)
    )


async def test_an_ending_event_ends_the_call(engine: Engine) -> None:
    """The call is done with its disposition, its try counted, its lease gone, figures kept."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("answered", Fact.ANSWERED))
    before = await engine.keyspace()
    left = engine.now_ms
    engine.clock.advance_ms(30_000)
    ended = event("completed", Fact.COMPLETED, Fact.TALKED, at_s=30, figures={"duration_s": 24, "price": "0.0093"})
    result = await apply(engine, ended)
    now = engine.now_ms

    assert EventResult(Applied.APPLIED, Disposition.ANSWERED, Disposition.ANSWERED) == result
    assert left == result.began_ms
    assert {
        "attempt:c1-1-1": {
            "disposition": "answered",
            "facts": str(fact_bits(frozenset({Fact.ANSWERED, Fact.COMPLETED, Fact.TALKED}))),
            f"e:completed:{START_MS + 30_000}:": [now],
            "f:duration_s": "24",
            "f:price": "0.0093",
        },
        "campaign:c1:calls:0": {"1t": {"n": 1, "answered": 1}},
        "campaign:c1": {"spent": "930000", "spent_day": f"{now // 86_400_000} 930000", "dearest": "930000"},
        "campaign:c1:live": None,
        "campaign:c1:done:answered": {"1": now},
        "leases": None,
    } == await engine.changed_since(before)


async def test_an_ending_event_settles_an_unknown_attempt(engine: Engine) -> None:
    """A reply was lost, the webhook comes: the call ends as the webhook says and is not dialed again."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    await apply(engine, event("answered", Fact.ANSWERED), event("completed", Fact.TALKED))
    engine.clock.advance_ms(600_000)

    assert ([], []) == (await engine.lapse_all(), await engine.claim())
    assert Disposition.ANSWERED is (await engine.store.call("c1-1")).disposition


@pytest.mark.parametrize("attempt_id", UNKNOWN_IDS)
async def test_an_event_for_no_attempt_leaves_no_trace(engine: Engine, attempt_id: str) -> None:
    """An event that names an attempt which never was, or no attempt at all, is reported and not kept."""
    await engine.run_campaign()
    await engine.ring()
    before = await engine.keyspace()

    assert EventResult(Applied.UNKNOWN_ATTEMPT) == await apply(engine, event("busy", Fact.BUSY), attempt_id=attempt_id)
    assert {} == await engine.changed_since(before)


async def test_a_repeat_changes_nothing(engine: Engine) -> None:
    """The same event again, later and with the same content, is a repeat."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("ringing", Fact.RINGING))
    before = await engine.keyspace()
    engine.clock.advance_ms(10_000)

    assert EventResult(Applied.REPEATED) == await apply(engine, event("ringing", Fact.RINGING))
    assert {} == await engine.changed_since(before)


async def test_many_at_once_apply_once(engine: Engine) -> None:
    """Ten deliveries of one event at the same time: one is applied, nine are repeats."""
    await engine.run_campaign()
    await engine.ring()
    found = await asyncio.gather(*(engine.store.apply_event("c1-1-1", event("busy", Fact.BUSY)) for _ in range(10)))

    assert (1, 9) == (
        [one.applied for one in found].count(Applied.APPLIED),
        [one.applied for one in found].count(Applied.REPEATED),
    )


async def test_a_repeat_that_tells_more_is_heard(engine: Engine) -> None:
    """Two events that look alike, as when their time is missing, both count for what they tell."""
    await engine.run_campaign()
    await engine.ring()
    bare = event("completed", Fact.COMPLETED, at_s=None)
    result = await apply(engine, bare, event("completed", Fact.COMPLETED, Fact.TALKED, at_s=None))

    assert EventResult(Applied.APPLIED, Disposition.ANSWERED, Disposition.ANSWERED) == result


async def test_an_event_without_facts_is_kept_whole(engine: Engine) -> None:
    """What says nothing about the call's way is kept with its content, and moves nothing."""
    await engine.run_campaign()
    await engine.ring()
    before = await engine.keyspace()
    pressed = event("input", payload={"dtmf": {"digits": "1"}}, figures={"digits": "1"})

    assert EventResult(Applied.NO_FACT) == await apply(engine, pressed)
    assert {
        "attempt:c1-1-1": {
            f"e:input:{START_MS + 1000}:": [engine.now_ms, {"dtmf": {"digits": "1"}}],
            "f:digits": "1",
        }
    } == await engine.changed_since(before)


async def test_text_that_utf8_cannot_hold_is_kept_as_well_as_may_be(engine: Engine) -> None:
    """Half a surrogate pair in an event stops neither this event nor those sent with it."""
    await engine.run_campaign()
    await engine.ring()
    odd, plain = event("input", payload={"speech": "\ud800"}), event("ringing", Fact.RINGING)
    found = await asyncio.gather(*(engine.store.apply_event("c1-1-1", one) for one in (odd, plain)))

    assert [Applied.NO_FACT, Applied.APPLIED] == [one.applied for one in found]


async def test_another_event_with_known_facts_is_kept_only(engine: Engine) -> None:
    """A second ringing, at another time, is kept and moves nothing."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("ringing", Fact.RINGING))
    before = await engine.keyspace()

    assert EventResult(Applied.NOTHING_NEW) == await apply(engine, event("ringing", Fact.RINGING, at_s=2))
    assert {"attempt:c1-1-1": {f"e:ringing:{START_MS + 2000}:": [engine.now_ms]}} == await engine.changed_since(before)


async def test_a_flood_of_events_cannot_keep_a_call_from_ending(engine: Engine) -> None:
    """An attempt keeps a bounded number of events, and hears the one that ends it all the same."""
    await engine.run_campaign()
    await engine.ring()
    for number in range(300):
        await apply(engine, event("notify", at_s=number))
    kept = await engine.redis.hlen("{dialer}:attempt:c1-1-1")  # type: ignore[misc]
    result = await apply(engine, event("completed", Fact.TALKED))

    assert 161 == kept
    assert EventResult(Applied.APPLIED, Disposition.ANSWERED, Disposition.ANSWERED) == result


async def test_hanging_up_is_no_news_of_the_phone(engine: Engine) -> None:
    """That we want a call ended does not make it live: only the carrier tells whether there is one."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.store.apply_event(str(dial.attempt), event("hung_up", Fact.HUNG_UP))

    assert CallState.PLACING is (await engine.store.call("c1-1")).state


@pytest.mark.parametrize("end", [Fact.BUSY, Fact.UNANSWERED, Fact.CANCELLED, Fact.FAILED])
async def test_who_was_hung_up_on_is_not_dialed_again(engine: Engine, end: Fact) -> None:
    """Ended by us before an answer, a call is cancelled for good, whatever the carrier calls it."""
    redial = {disposition: Redial(3, 0) for disposition in REDIALABLE}
    await engine.run_campaign(redial=redial)
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("hung_up", Fact.HUNG_UP))
    result = await engine.store.apply_event(str(dial.attempt), event("end", end))

    assert (Disposition.CANCELLED, Disposition.CANCELLED) == (result.attempt, result.call)


async def test_machine_that_was_hung_up_on_is_not_dialed_again(engine: Engine) -> None:
    """A machine stays a machine when we hung up on it, and its redials are not taken."""
    await engine.run_campaign(redial={Disposition.MACHINE: Redial(3, 0)})
    dial = await engine.ring()
    for name, fact in (("m", Fact.MACHINE), ("hung_up", Fact.HUNG_UP), ("end", Fact.TALKED)):
        result = await engine.store.apply_event(str(dial.attempt), event(name, fact))

    assert (Disposition.MACHINE, Disposition.MACHINE) == (result.attempt, result.call)


async def test_doubtful_call_that_was_hung_up_on_is_not_dialed_again(engine: Engine) -> None:
    """Given up as never placed, an attempt that we hung up on is cancelled instead of redialed."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.record(dial, "n1", "unknown")
    await engine.store.apply_event(str(dial.attempt), event("hung_up", Fact.HUNG_UP))

    assert not await engine.dialing.redial(dial.attempt)
    assert Disposition.CANCELLED is (await engine.store.call("c1-1")).disposition
