"""A number whose call was given up although its phone may be up: nobody else dials it as long as that may be so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.clock import moment, to_ms
from dialer.dialing import Begun
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.explaining.reasons import Code
from dialer.model import NewCall, Redial
from jobs.rescue import _give_up
from tests.fakes.engine import PLACING_LEASE_MS, Engine, event
from tests.fakes.explaining import explainer_of, let_a_worker_live
from tests.fakes.switchboard import Switchboard, open_switchboard

NUMBER, OTHER = "+31610000001", "+31620000001"
LOOK_MS = 10_000
CONFIRMS = frozenset({Disposition.CONFIRMED})
DAY_MS = 86_400_000
UP_MS = 705_000  # ringing 45 s, talking 600 s, and a minute


async def _campaign(engine: Engine, campaign_id: str, *numbers: str, redial: Redial | None = None) -> None:
    policy = {Disposition.BUSY: redial} if redial else {}
    await engine.run_campaign(campaign_id, calls=0, redial=policy)
    call = NewCall(number=numbers[0], others=numbers[1:])
    await engine.store.add_calls(campaign_id, [call], import_id="i1")


async def _dial(engine: Engine) -> tuple[Dial, Begun]:
    dial = await engine.claim_one()
    return dial, await engine.begin(dial, str(dial.attempt))


async def _give_up_first(engine: Engine) -> tuple[Dial, int]:
    """A call that is up for all anybody knows, given up, and another campaign's call to its number."""
    await _campaign(engine, "c1", NUMBER)
    first, _ = await _dial(engine)
    await engine.record(first, str(first.attempt), "unknown")
    until = engine.now_ms + UP_MS
    lost = event("given_up", Fact.LOST)
    await engine.store.apply_event(str(first.attempt), lost, up_until_ms=until)
    await engine.store.apply_event(str(first.attempt), lost, up_until_ms=until + UP_MS)
    assert Disposition.UNDETERMINED is (await engine.store.call("c1-1")).disposition
    assert 0 == await engine.redis.zcard(keys.LEASES)
    await _campaign(engine, "c2", NUMBER)
    return first, until


async def test_a_call_given_up_keeps_its_number_as_long_as_it_may_be_up(engine: Engine) -> None:
    """Another campaign's call waits, and is told why; at the end of the longest call it goes, and nothing is left."""
    _, until = await _give_up_first(engine)

    assert Begun.HELD is (await _dial(engine))[1]
    await let_a_worker_live(engine)
    assert Code.NUMBER_UP is (await explainer_of(engine).call("c2-1")).explained.reason.code
    engine.clock.set_us((until - 2_000) * 1000)
    assert Begun.HELD is (await _dial(engine))[1]
    engine.clock.advance_ms(LOOK_MS)
    await engine.leases.forget_doubts()
    assert Begun.BEGUN is (await _dial(engine))[1]
    assert "doubtful" not in await engine.keyspace()


@pytest.mark.parametrize(("early_ms", "begun"), [(1, Begun.HELD), (0, Begun.BEGUN)])
async def test_a_doubt_ends_at_its_very_moment(engine: Engine, early_ms: int, begun: Begun) -> None:
    """Whether or not anybody has swept it by then."""
    _, until = await _give_up_first(engine)
    engine.clock.set_us((until - 300) * 1000)
    dial = await engine.claim_one()
    engine.clock.set_us((until - early_ms) * 1000)

    assert begun is await engine.dialing.begin(dial, "n1", lease_ms=PLACING_LEASE_MS)


@pytest.mark.parametrize("ending", [Fact.BUSY, Fact.COMPLETED, Fact.TALKED, Fact.TIMEOUT])
async def test_whoever_tells_the_end_frees_the_number(engine: Engine, ending: Fact) -> None:
    """A late event of the end frees it, one of an answer does not, whatever becomes of the disposition."""
    first, _ = await _give_up_first(engine)
    for fact in (Fact.RINGING, Fact.ANSWERED):
        await engine.store.apply_event(str(first.attempt), event(fact, fact))
        assert Begun.HELD is (await _dial(engine))[1]
        engine.clock.advance_ms(LOOK_MS)
    await engine.store.apply_event(str(first.attempt), event("end", ending))

    assert Begun.BEGUN is (await _dial(engine))[1]


async def test_an_end_that_was_told_before_leaves_no_doubt(engine: Engine) -> None:
    """Where only the reason of the end is missing, the number is free."""
    await _campaign(engine, "c1", NUMBER)
    first, _ = await _dial(engine)
    await engine.store.apply_event(str(first.attempt), event("completed", Fact.COMPLETED))
    await engine.store.apply_event(str(first.attempt), event("no_reason", Fact.LOST), up_until_ms=engine.now_ms + UP_MS)

    assert "doubtful" not in await engine.keyspace()


async def test_a_call_that_is_soon_too_late_waits_for_its_number_up_to_its_end(engine: Engine) -> None:
    """It is looked at while there is time, and goes where the number is free by then."""
    first, _ = await _give_up_first(engine)
    await engine.store.step("c2", "pause")
    await engine.run_campaign("c3", calls=0, expires_at=moment(engine.now_ms + 6_000))
    await engine.store.add_calls("c3", [NewCall(number=NUMBER)], import_id="i1")
    assert Begun.HELD is (await _dial(engine))[1]
    await engine.store.apply_event(str(first.attempt), event("end", Fact.BUSY))
    engine.clock.advance_ms(4_000)

    assert Begun.BEGUN is (await _dial(engine))[1]


async def test_the_end_of_a_later_attempt_says_nothing_about_one_given_up(engine: Engine) -> None:
    """The person's second number was busy; the first may be talking yet, and nobody else dials it."""
    await engine.run_campaign(calls=0, redial={Disposition.ANSWERED: Redial(1, 0, next_number=True)}, success=CONFIRMS)
    await engine.store.add_calls("c1", [NewCall(number=NUMBER, others=(OTHER,))], import_id="i1")
    first, _ = await _dial(engine)
    await engine.store.apply_event(str(first.attempt), event("answered", Fact.ANSWERED))
    lost = event("given_up", Fact.LOST)
    await engine.store.apply_event(str(first.attempt), lost, up_until_ms=engine.now_ms + UP_MS)
    second, begun = await _dial(engine)
    assert (OTHER, Begun.BEGUN) == (second.number, begun)
    await engine.store.apply_event(str(second.attempt), event("end", Fact.BUSY))
    await _campaign(engine, "c2", NUMBER)

    assert Begun.HELD is (await _dial(engine))[1]


@pytest.mark.parametrize("begins_ms", [0, DAY_MS - 1_000])
async def test_talking_on_one_number_leaves_the_persons_others_free(engine: Engine, begins_ms: int) -> None:
    """Once the first number was busy and the second is up, another campaign dials the first, and not the second.

    So too where midnight (UTC) is between the two.
    """
    engine.clock.set_us(((engine.now_ms // DAY_MS + 1) * DAY_MS + begins_ms) * 1000)
    await _campaign(engine, "c1", NUMBER, OTHER, redial=Redial(1, 0, next_number=True))
    first, _ = await _dial(engine)
    engine.clock.advance_ms(1_000)
    await engine.store.apply_event(str(first.attempt), event("end", Fact.BUSY))
    second, _ = await _dial(engine)
    assert OTHER == second.number
    await _campaign(engine, "c2", NUMBER)
    await _campaign(engine, "c3", OTHER)

    assert {("c2", Begun.BEGUN), ("c3", Begun.HELD)} == {
        (dial.claim.campaign_id, begun) for dial, begun in [await _dial(engine), await _dial(engine)]
    }


@pytest.fixture
async def board(redis: Redis, redis_url: str) -> AsyncIterator[Switchboard]:
    """A dialer on an empty Redis, and its carrier."""
    assert redis is not None
    async with open_switchboard(redis_url) as opened:
        yield opened


async def test_the_sweeper_keeps_the_number_by_the_carriers_timers(board: Switchboard) -> None:
    """From the request on, ringing and talking as long as the carrier lets it; its end at the carrier frees it."""
    call_id = await board.up()
    attempt = await board.attempt(call_id)
    await _give_up(attempt, board.context)
    assert attempt.placed_at
    command = board.runtime.batch.command

    assert to_ms(attempt.placed_at) + UP_MS == int(float(await command("ZSCORE", keys.DOUBTFUL, call_id)))
    await board.order(call_id, do="hang_up")
    await board.attempt_is(call_id, lambda one: Fact.TALKED in one.facts)
    assert None is await command("ZSCORE", keys.DOUBTFUL, call_id)
