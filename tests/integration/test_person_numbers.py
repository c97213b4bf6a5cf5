"""Several numbers of one person: which is dialed next, which no more, and that everything else knows which it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.model import NewCall, Redial
from dialer.store import EventResult
from tests.fakes.engine import Engine, due, event

A, B, C = "+31610000001", "+31620000001", "+31630000001"
BUSY, FAILED, INVALID = Disposition.BUSY, Disposition.FAILED, Disposition.INVALID_NUMBER


async def person(engine: Engine, *others: str, redial: Mapping[Disposition, Redial] | None = None, **more: Any) -> None:
    """A running campaign over one person with these numbers besides A."""
    await engine.run_campaign(calls=0, redial=redial or {}, **more)
    await engine.store.add_calls("c1", [NewCall(number=A, others=others)], import_id="i1")
    await engine.store.end_import("c1", "i1")


async def dialed(engine: Engine, *ends: Fact) -> list[str]:
    """Let each attempt end so; the numbers that were dialed, until nobody is dialed any more."""
    numbers = []
    for number, end in enumerate(ends, 1):
        engine.clock.advance_ms(1_000)
        dials = await engine.dialing.read(await engine.claim())
        for dial in dials:
            assert Begun.BEGUN is await engine.begin(dial, f"n{number}")
            numbers.append(dial.number)
            await engine.store.apply_event(str(dial.attempt), event("end", end))
    return numbers


async def test_record_of_one_number_is_as_ever(engine: Engine) -> None:
    """Further numbers stand behind everything else in a call's record, and only where there are any."""
    await person(engine, B, C)
    await engine.store.add_calls("c1", [NewCall(number="+31610000002")], import_id="i1")
    stored = (await engine.keyspace())["campaign:c1:calls:0"]

    assert {"1": [A, None, None, None, [B, C]], "2": ["+31610000002"]} == stored


@pytest.mark.parametrize("end", [Fact.INVALID_NUMBER, Fact.FAILED])
async def test_next_number_is_dialed_at_once_where_one_cannot_be(engine: Engine, end: Fact) -> None:
    """Without any policy, an invalid or failed number makes way for the person's next one, due now."""
    await person(engine, B)
    await engine.ring()
    before = await engine.keyspace()
    result = await engine.store.apply_event("c1-1-1", event("end", end))
    changed = await engine.changed_since(before)
    changed.pop("attempt:c1-1-1")

    assert result.call is None
    assert {
        "campaign:c1:calls:0": {"1t": {"n": 1, str(result.attempt): 1, "place": 2, "spent": 1}},
        "campaign:c1:live": None,
        "campaign:c1:waiting": {"1": engine.now_ms},
        "leases": None,
        "sleeping": {"c1": engine.now_ms},
    } == changed
    engine.clock.advance_ms(1_000)
    dial = await engine.place("n2")
    assert ("c1-1-2", B) == (str(dial.attempt), dial.number)
    assert "2" == (await engine.keyspace())["attempt:c1-1-2"]["place"]


async def test_each_number_that_cannot_be_dialed_is_dialed_once(engine: Engine) -> None:
    """When the last of them has failed too, the call ends as that attempt did."""
    await person(engine, B, C)

    assert [A, B, C] == await dialed(engine, Fact.INVALID_NUMBER, Fact.FAILED, Fact.INVALID_NUMBER, Fact.BUSY)
    assert INVALID is (await engine.store.call("c1-1")).disposition


async def test_other_ends_stay_with_the_number(engine: Engine) -> None:
    """Busy is dialed again at the same number, unless the policy says otherwise."""
    await person(engine, B, redial={BUSY: Redial(2, 0)})

    assert [A, A, A] == await dialed(engine, *[Fact.BUSY] * 5)


async def test_redials_go_round_the_numbers(engine: Engine) -> None:
    """With `next_number` each redial is at the next number, round and round, and a number that failed is left out."""
    await person(engine, B, C, redial={BUSY: Redial(4, 0, next_number=True)})
    ends = (Fact.BUSY, Fact.FAILED, Fact.BUSY, Fact.BUSY, Fact.BUSY)

    assert [A, B, C, A, C] == await dialed(engine, *ends)


async def test_used_up_redials_leave_the_other_numbers(engine: Engine) -> None:
    """With no redial left, each number not used up yet is dialed once more, at once."""
    await person(engine, B, redial={Disposition.NO_ANSWER: Redial(1, 0, next_number=True)})

    assert [A, B, A] == await dialed(engine, *[Fact.TIMEOUT] * 5)


async def test_cap_counts_all_numbers(engine: Engine) -> None:
    """The campaign's cap is over all numbers of a call."""
    await person(engine, B, C, max_tries=2)

    assert [A, B] == await dialed(engine, *[Fact.INVALID_NUMBER] * 4)


async def test_policy_may_keep_to_a_failed_number(engine: Engine) -> None:
    """A policy that does not go on to the next number ends the call with the first."""
    await person(engine, B, redial={FAILED: Redial(1, 0)})

    assert [A, A] == await dialed(engine, *[Fact.FAILED] * 4)


async def test_late_fact_takes_back_its_own_number_alone(engine: Engine) -> None:
    """The second number was a machine after all and did not fail; the first one is used up as it was."""
    await person(engine, B, C, redial={Disposition.MACHINE: Redial(1, 5_000)})
    assert [A, B] == await dialed(engine, Fact.FAILED, Fact.FAILED)
    await engine.store.apply_event("c1-1-2", event("late", Fact.MACHINE, Fact.COMPLETED))

    stored = (await engine.keyspace())["campaign:c1:calls:0"]["1t"]
    assert {"n": 2, "failed": 1, "machine": 1, "place": 2, "spent": 1} == stored


async def test_late_fact_takes_the_turn_back(engine: Engine) -> None:
    """What seemed to have failed was busy: the call waits at the first number, which is not used up."""
    await person(engine, B, redial={Disposition.MACHINE: Redial(1, 5_000)})
    await engine.ring()
    await engine.store.apply_event("c1-1-1", event("end", Fact.FAILED))
    await engine.store.apply_event("c1-1-1", event("late", Fact.MACHINE, Fact.COMPLETED))
    stored = await engine.keyspace()

    assert {"n": 1, "failed": 0, "machine": 1} == stored["campaign:c1:calls:0"]["1t"]
    engine.clock.advance_ms(6_000)
    assert A == (await engine.claim_one()).number


async def test_refused_attempt_keeps_the_number(engine: Engine) -> None:
    """A placing that surely rang nobody costs no try, at the second number as well."""
    await person(engine, B)
    await dialed(engine, Fact.INVALID_NUMBER)
    engine.clock.advance_ms(1_000)
    await engine.record(await engine.place("n2"), "n2", "back")
    engine.clock.advance_ms(1_000)
    again = await engine.claim_one()

    assert ("c1-1-2", B) == (str(again.attempt), again.number)


async def test_number_suppressed_meanwhile_is_passed_over(engine: Engine) -> None:
    """The last look finds the number suppressed: nothing is begun, and the call is in line with the next number."""
    await person(engine, B, C)
    dial = await engine.claim_one()
    await engine.batch.command("ZADD", "{dialer}:suppressed", 1, A)
    await engine.batch.command("ZADD", "{dialer}:suppressed", 1, B)
    before = await engine.keyspace()

    assert Begun.NEXT_NUMBER is await engine.begin(dial)
    assert {
        "campaign:c1:calls:0": {"1t": {"n": 0, "place": 3}},
        "campaign:c1:claimed": None,
        "campaign:c1:waiting": {"1": due(1)},
        "leases": None,
        "sleeping": {"c1": due(1)},
    } == await engine.changed_since(before)
    engine.clock.advance_ms(1_000)
    assert C == (await engine.place("n2")).number


async def test_number_is_passed_over_until_it_is_too_late(engine: Engine) -> None:
    """A person with a number left whose campaign ended meanwhile has expired, and that is what the job is told."""
    await person(engine, B, expires_at=moment(engine.now_ms + 30))
    dial = await engine.claim_one()
    await engine.batch.command("ZADD", "{dialer}:suppressed", 1, A)

    assert Begun.EXPIRED is await engine.begin(dial)
    assert Disposition.EXPIRED is (await engine.store.call("c1-1")).disposition


async def test_person_whose_numbers_are_all_suppressed_is(engine: Engine) -> None:
    """Only when no number is left the call ends suppressed."""
    await person(engine, B)
    dial = await engine.claim_one()
    for number in (A, B):
        await engine.batch.command("ZADD", "{dialer}:suppressed", 1, number)

    assert Begun.SUPPRESSED is await engine.begin(dial)
    assert Disposition.SUPPRESSED is (await engine.store.call("c1-1")).disposition


async def test_suppressed_number_is_no_next_number(engine: Engine) -> None:
    """Where the only other number is suppressed, an invalid number ends the call as that."""
    await person(engine, B)
    await engine.batch.command("ZADD", "{dialer}:suppressed", 1, B)

    assert [A] == await dialed(engine, *[Fact.INVALID_NUMBER] * 3)
    assert INVALID is (await engine.store.call("c1-1")).disposition


async def test_opt_out_suppresses_the_number_that_was_dialed(engine: Engine) -> None:
    """Who asks at the second number not to be called has that number suppressed, though told late."""
    await person(engine, B)
    await dialed(engine, Fact.INVALID_NUMBER)
    engine.clock.advance_ms(1_000)
    await engine.ring("n2")
    await engine.store.apply_event("c1-1-2", event("input", Fact.OPTED_OUT))

    assert {B} == (await engine.keyspace())["suppressed"].keys()


async def test_everything_tells_the_number_of_the_attempt(engine: Engine) -> None:
    """What is said, and what was tried, name the number of that attempt, also after another was begun."""
    await person(engine, B)
    await dialed(engine, Fact.INVALID_NUMBER)
    engine.clock.advance_ms(1_000)
    await engine.ring("n2")
    spoken = [await engine.store.spoken(f"c1-1-{number}") for number in (1, 2)]
    call, attempts = await engine.store.call("c1-1"), await engine.store.attempts("c1-1")

    assert [A, B] == [one.number for one in spoken if one]
    assert (A, (B,)) == (call.number, call.others)
    assert [A, B] == [call.dialed(attempt) for attempt in attempts]


async def test_repeated_end_moves_on_once(engine: Engine) -> None:
    """The same end told twice is one turn: the third number stays for later."""
    await person(engine, B, C)
    await engine.ring()
    results = [await engine.store.apply_event("c1-1-1", event("end", Fact.INVALID_NUMBER)) for _ in range(3)]
    engine.clock.advance_ms(1_000)

    assert [INVALID, None, None] == [result.attempt for result in results]
    assert B == (await engine.place("n2")).number
    assert isinstance(results[0], EventResult)
