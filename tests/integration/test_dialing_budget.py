"""The budget: how it follows the carrier's answers, and that no second ever holds more than it may."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count, cycle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer import pacing
from dialer.dialing import Begun
from dialer.dials import Dial
from dialer.model import NewCall, Priority, Terms
from dialer.pacing import LATEST_US, MARGIN_LEAST_PPM, MARGIN_PPM, MARGIN_REMEMBERED_MS, MARGIN_STEP_PPM
from dialer.providers.base import Doubt, Placed, PlaceResult, Refusal, Refused, Unknown
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, clean_engine

TRUNK = "trunk:main"
FIRST_WAIT_MS = 300
SECOND_US = 1_000_000
LEAST, MOST = 0.9, 1.3  # the jitter of a wait


async def tune(engine: Engine, result: PlaceResult) -> dict[str, str]:
    """Let the pace follow this answer; returns the budget after it."""
    await pacing.tune(engine.batch, engine.clock, result, first_wait_ms=FIRST_WAIT_MS)
    fields: dict[str, str] = (await engine.keyspace())[TRUNK]
    return fields


def closed_for(engine: Engine, budget: dict[str, str]) -> int:
    """How long the gate is closed, in ms."""
    return int(budget["gate"]) - engine.clock.now_us() // 1000


async def refuse(engine: Engine) -> int:
    """Be refused once, as the first request after the gate opened; returns how long it is closed."""
    budget = await tune(engine, Refused(Refusal.RATE))
    closed = closed_for(engine, budget)
    engine.clock.advance_ms(closed)
    return closed


async def test_a_refusal_widens_the_margin_and_closes_the_gate(engine: Engine) -> None:
    """Refused for the pace, the fleet waits about one token's time and goes on with a wider margin."""
    budget = await tune(engine, Refused(Refusal.RATE))

    assert FIRST_WAIT_MS * LEAST <= closed_for(engine, budget) <= FIRST_WAIT_MS * MOST
    assert {
        TRUNK: {
            "margin": str(MARGIN_PPM + MARGIN_STEP_PPM),
            "floor": str(MARGIN_PPM + MARGIN_STEP_PPM // 2),
            "floor_until": str(START_MS + MARGIN_REMEMBERED_MS),
            "gate": budget["gate"],
            "closed_by": "rate",
            "streak": "1",
            "refused": "1",
        }
    } == await engine.keyspace()


async def test_a_burst_of_refusals_widens_once(engine: Engine) -> None:
    """Requests that were on their way when the gate closed are refused too, and tell nothing new."""
    first = await tune(engine, Refused(Refusal.RATE))
    for _ in range(20):
        last = await tune(engine, Refused(Refusal.RATE))

    assert first | {"refused": "21"} == last


async def test_each_refusal_in_a_row_doubles_the_wait(engine: Engine) -> None:
    """Refused again when the gate opens, the fleet waits twice as long each time, up to a minute."""
    waits = [await refuse(engine) for _ in range(12)]
    wanted = [min(FIRST_WAIT_MS * 2**streak, 60_000) for streak in range(12)]

    assert all(want * LEAST - 1 <= wait <= want * MOST for want, wait in zip(wanted, waits, strict=True)), waits


async def test_an_acceptance_ends_the_doubling(engine: Engine) -> None:
    """After a call went through, the next refusal's wait is a first one."""
    for _ in range(5):
        await refuse(engine)
    await tune(engine, Placed("u1"))

    assert FIRST_WAIT_MS * MOST >= await refuse(engine)


@pytest.mark.parametrize("asked_ms", [1, 5_000, 3_600_000])
async def test_the_carriers_wait_is_kept(engine: Engine, asked_ms: int) -> None:
    """Asked to wait so long, the fleet waits just so long."""
    budget = await tune(engine, Refused(Refusal.RATE, retry_after_ms=asked_ms))

    assert asked_ms == closed_for(engine, budget)


async def test_a_longer_wait_is_believed_behind_a_closed_gate(engine: Engine) -> None:
    """Of two answers to requests sent together the longer wait counts; a shorter one changes nothing."""
    await tune(engine, Refused(Refusal.RATE, retry_after_ms=2_000))
    longer = await tune(engine, Refused(Refusal.RATE, retry_after_ms=9_000))
    shorter = await tune(engine, Refused(Refusal.RATE, retry_after_ms=1_000))

    assert 9_000 == closed_for(engine, longer) == closed_for(engine, shorter)


async def test_nobody_is_believed_for_days(engine: Engine) -> None:
    """A carrier that asks to wait a year is asked again after six hours."""
    budget = await tune(engine, Refused(Refusal.QUOTA, retry_after_ms=365 * 86_400_000))

    assert 6 * 3_600_000 == closed_for(engine, budget)


@pytest.mark.parametrize(
    "result",
    [Refused(Refusal.NOT_SENT), Refused(Refusal.TOKEN), Refused(Refusal.QUOTA), Unknown(Doubt.UNAVAILABLE),
     Unknown(Doubt.TIMED_OUT), Unknown(Doubt.CONNECTION_LOST), Unknown(Doubt.SERVER_ERROR)],
    ids=str,
)  # fmt: skip
async def test_trouble_closes_the_gate_and_leaves_the_margin(engine: Engine, result: PlaceResult) -> None:
    """A carrier that is ill is given a second's rest; its illness says nothing of the pace."""
    budget = await tune(engine, result)

    assert 1000 * LEAST <= closed_for(engine, budget) <= 1000 * MOST
    assert "margin" not in budget


@pytest.mark.parametrize("reason", [Refusal.BAD_REQUEST, Refusal.MISCONFIGURED])
async def test_a_wrong_request_says_nothing_of_the_pace(engine: Engine, reason: Refusal) -> None:
    """What is wrong with one call or campaign leaves the fleet's pace."""
    await pacing.tune(engine.batch, engine.clock, Refused(reason), first_wait_ms=FIRST_WAIT_MS)

    assert {} == await engine.keyspace()


async def test_an_acceptance_is_counted(engine: Engine) -> None:
    """An accepted request opens nothing and closes nothing."""
    await tune(engine, Placed("u1"))
    await tune(engine, Unknown(Doubt.UNREADABLE))

    assert {TRUNK: {"accepted": "2"}} == await engine.keyspace()


async def test_the_margin_shrinks_by_a_hundredth_each_hundred_calls(engine: Engine) -> None:
    """Ninety-nine calls change nothing, the hundredth a hundredth, and the least margin stays."""
    margins = [(await tune(engine, Placed("u1"))).get("margin") for _ in range(300)]

    assert [None, "14850", "14701", "14553"] == [margins[98], margins[99], margins[199], margins[299]]
    await engine.set_budget(margin=MARGIN_LEAST_PPM + 1, accepted=99)
    assert str(MARGIN_LEAST_PPM) == (await tune(engine, Placed("u1")))["margin"]


@pytest.mark.parametrize("before", [0, 1, 99, 100, 150])
@pytest.mark.parametrize("count", [1, 99, 100, 256])
async def test_many_acceptances_at_once_count_as_many_one_by_one(engine: Engine, before: int, count: int) -> None:
    """Whether they are told together or not: the same count, the same margin."""
    await engine.set_budget(accepted=before, streak=2)
    await pacing.accept(engine.batch, engine.clock, count)
    together = await engine.keyspace()
    await engine.set_budget(accepted=before, streak=2, margin=MARGIN_PPM)
    for _ in range(count):
        await tune(engine, Placed("u1"))

    assert {"margin": str(MARGIN_PPM), **together[TRUNK]} == (await engine.keyspace())[TRUNK]


async def test_a_refused_margin_is_remembered_for_an_hour(engine: Engine) -> None:
    """The margin does not shrink to where it was refused; an hour later it may."""
    await refuse(engine)
    floor = MARGIN_PPM + MARGIN_STEP_PPM // 2
    await engine.set_budget(margin=floor + 1, accepted=99)
    remembered = (await tune(engine, Placed("u1")))["margin"]
    engine.clock.advance_ms(MARGIN_REMEMBERED_MS)
    await engine.set_budget(accepted=199)

    assert (str(floor), str(floor * 99 // 100)) == (remembered, (await tune(engine, Placed("u1")))["margin"])


async def test_the_margin_has_an_end(engine: Engine) -> None:
    """Refused for ever, the fleet goes no slower than half again the interval."""
    for _ in range(100):
        await refuse(engine)

    assert "500000" == (await engine.keyspace())[TRUNK]["margin"]


async def test_the_overview_shows_the_budget(engine: Engine) -> None:
    """Margin, gate and counts are read back."""
    await tune(engine, Placed("u1"))
    await tune(engine, Refused(Refusal.RATE, retry_after_ms=5_000))
    seen = (await engine.store.overview()).trunks["main"]

    assert (MARGIN_PPM + MARGIN_STEP_PPM, 1, 1, 5_000) == (
        seen.budget.margin_ppm, seen.budget.accepted, seen.budget.refused, seen.gate_ms,
    )  # fmt: skip


lateness = st.lists(
    st.one_of(st.sampled_from([-25_000, 0, LATEST_US]), st.integers(-25_000, LATEST_US)), min_size=1, max_size=12
)


@settings(max_examples=40)
@given(late_us=lateness, rate=st.sampled_from([1, 3, 10, 30]), urgent_at=st.sets(st.integers(0, 60), max_size=5))
def test_no_second_holds_more_than_the_rate(redis_url: str, late_us: list[int], rate: int, urgent_at: set[int]) -> None:
    """With calls always due, each as late as it may be or on time, and urgent ones between, the rate holds."""

    async def dial() -> None:
        async with clean_engine(redis_url, calls_per_second=rate) as engine:
            left = await _dial(engine, 2 * rate + 60, late_us, urgent_at)
            left.sort()

        assert all(late - early >= SECOND_US for early, late in zip(left, left[rate:], strict=False))

    asyncio.run(dial())


@pytest.mark.parametrize(("connects", "tokens"), [(0, 1), (1, 2), (3, 4)])
def test_a_call_that_connects_takes_the_tokens_of_its_further_calls(redis_url: str, connects: int, tokens: int) -> None:
    """Twelve such calls take as long as all the calls they may make, as even as the tokens given ahead allow."""

    async def dial() -> None:
        async with clean_engine(redis_url, calls_per_second=3) as engine:
            left = await _dial(engine, 12, [0], set(), terms=Terms(connects=connects))
        interval_us = pacing.interval_us(3)
        # Those whose tokens were given before the first of them began are not moved any more: at most a horizon's.
        given_ahead = pacing.HORIZON_US // interval_us + 1

        assert left[-1] - left[0] >= (11 * tokens - given_ahead * connects) * interval_us
        assert all(late - early >= SECOND_US for early, late in zip(left, left[3:], strict=False))

    asyncio.run(dial())


async def test_a_transferred_script_takes_the_next_tokens(engine: Engine) -> None:
    """What a live call goes on with may connect: so many tokens are left to it, whenever that is."""
    await engine.run_campaign(calls=3)
    first = (await engine.claim_one()).claim
    await pacing.take_tokens(engine.batch, engine.clock, 2, calls_per_second=3)
    engine.clock.advance_ms(10_000)
    await pacing.take_tokens(engine.batch, engine.clock, 1, calls_per_second=3)
    (second,) = await engine.claim(1)

    assert first.token + 4 == second.token
    assert second.place_at_us >= engine.clock.now_us() - 1_000 + pacing.interval_us(3)


async def _dial(engine: Engine, calls: int, late_us: list[int], urgent_at: set[int], **fields: Any) -> list[int]:
    """A hopper and its jobs, one event after the other by the clock; returns when requests left."""
    await engine.run_campaign("many", calls=calls, **fields)
    await engine.run_campaign("fire", calls=0, priority=Priority.URGENT)
    engine.clock.advance_ms(1)
    lates, order, left = cycle(late_us), count(), list[int]()
    events: list[tuple[int, int, Dial | None]] = [(engine.clock.now_us(), next(order), None)]
    while events and len(left) < calls:
        at, number, dial = heapq.heappop(events)
        await engine.clock.sleep_until(at)
        if number in urgent_at:
            await engine.store.add_calls("fire", [_new_call(number)], import_id="i1")
        if dial is None:
            claimed = await engine.dialing.claim(100)
            heapq.heappush(events, (max(at + 1_000, claimed.look_again_us), next(order), None))
            dials = await engine.dialing.read(claimed.claims)
        else:
            dials = await _begin(engine, dial, left)
        for heir in dials:
            heapq.heappush(events, (heir.claim.place_at_us + next(lates), next(order), heir))
    return left


def _new_call(number: int) -> NewCall:
    return NewCall(number=f"+3162{number:07d}")


async def _begin(engine: Engine, dial: Dial, left: list[int]) -> list[Dial]:
    begun = await engine.dialing.begin(dial, str(dial.attempt), lease_ms=50_000)
    if begun is Begun.BEGUN:
        left.append(max(engine.clock.now_us(), dial.claim.place_at_us))
    if begun is not Begun.PREEMPTED:
        return []
    return await engine.dialing.read((await engine.dialing.claim(1, inherited=dial.claim)).claims)


async def test_a_request_that_leaves_late_moves_the_tokens_not_given_yet(engine: Engine) -> None:
    """Whoever leaves 100 ms after its moment delays every token not given yet by as much, once however often told."""
    await engine.run_campaign(calls=10)
    claim = (await engine.claim_one()).claim
    tat = int((await engine.keyspace())["trunk:main"]["tat"])
    engine.clock.advance_ms((claim.place_at_us - engine.clock.now_us()) / 1000 + 100)
    for _ in range(2):
        await engine.dialing.delay_tokens([claim])

    late_us = engine.clock.now_us() - claim.place_at_us
    assert tat + late_us == pytest.approx(int((await engine.keyspace())["trunk:main"]["tat"]), abs=2)


async def test_requests_that_leave_late_together_move_the_tokens_as_one_after_the_other(engine: Engine) -> None:
    """The one whose token is longest ago counts, wherever it stands."""
    await engine.run_campaign(calls=10)
    first, second = await engine.claim(2)
    engine.clock.set_us(second.place_at_us + 50_000)
    late_us = engine.clock.now_us() - first.place_at_us
    tat = int((await engine.keyspace())[TRUNK]["tat"])
    await engine.dialing.delay_tokens([second, first])
    together = int((await engine.keyspace())[TRUNK]["tat"])
    for claim in (first, second):
        await engine.dialing.delay_tokens([claim])

    assert tat + late_us == pytest.approx(together, abs=3)
    assert together == int((await engine.keyspace())[TRUNK]["tat"])


async def test_an_acceptance_behind_a_closed_gate_does_not_open_it_for_good(engine: Engine) -> None:
    """What was on its way when the carrier refused does not end the doubling of the waits."""
    refused = await tune(engine, Refused(Refusal.RATE))

    assert refused["streak"] == (await tune(engine, Placed("u1")))["streak"]


async def test_many_transferred_scripts_keep_all_their_tokens(engine: Engine) -> None:
    """However many calls are connected at once, the carrier counts each of them: dialing waits for all."""
    await engine.run_campaign(calls=1)
    for _ in range(20):
        await pacing.take_tokens(engine.batch, engine.clock, 5, calls_per_second=3)
    begun_us = engine.clock.now_us()
    await engine.claim()
    tat = int((await engine.keyspace())["trunk:main"]["tat"])

    assert tat >= begun_us + 100 * pacing.interval_us(3)
