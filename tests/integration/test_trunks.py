"""Several trunks: each keeps its own budget and slots, and a campaign leaves by those that it names and no others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from dialer import keys, pacing
from dialer.dialing import Begun, Pace
from dialer.dials import Claim, Dial
from dialer.dispositions import Disposition, Fact
from dialer.explaining.reasons import Code
from dialer.model import Priority, Redial, Share
from dialer.providers.base import Refusal, Refused
from tests.fakes.engine import Engine, event, make_engine, new_calls
from tests.fakes.explaining import explainer_of, let_a_worker_live

SECOND_US = 1_000_000
BOTH = ("main", "south")


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """Three calls a second by `main`, ten by `south`."""
    return make_engine(redis, calls_per_second=3, further={"south": Pace(10)})


async def _campaign(engine: Engine, campaign_id: str, trunks: Sequence[str], first: int = 1, **fields: object) -> None:
    await engine.run_campaign(campaign_id, calls=0, trunks=tuple(trunks), **fields)
    await engine.store.add_calls(campaign_id, new_calls(300, first=first), import_id="i1")


async def _pass(engine: Engine, seconds: float, *trunks: str) -> list[Claim]:
    """What hoppers that look at these trunks in turn claim within so many seconds."""
    claims = []
    for _ in range(round(seconds * 10)):
        engine.clock.advance_ms(100)
        for trunk in trunks:
            claims += await engine.claim(trunk=trunk)
    return claims


def _fullest_second(claims: Sequence[Claim]) -> int:
    moments = sorted(claim.place_at_us for claim in claims)
    return max(sum(first <= one < first + SECOND_US for one in moments) for first in moments)


def _by(trunk: str, claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.trunk == trunk]


async def _read_one(engine: Engine, trunk: str) -> Dial:
    (dial,) = await engine.dialing.read(await engine.claim(1, trunk=trunk))
    return dial


async def _ring(engine: Engine, trunk: str, nonce: str) -> Dial:
    dial = await _read_one(engine, trunk)
    assert Begun.BEGUN is await engine.begin(dial, nonce)
    await engine.record(dial, nonce, "live", uuid=f"u-{nonce}")
    return dial


async def test_a_campaign_of_both_uses_the_sum_and_each_trunk_keeps_its_pace(engine: Engine) -> None:
    """Three by one and ten by the other, in no second more, and nearly that."""
    await _campaign(engine, "c1", BOTH)
    claims = await _pass(engine, 10, *BOTH)

    assert len(claims) == len({claim.call for claim in claims})
    assert (3, 10) == tuple(_fullest_second(_by(trunk, claims)) for trunk in BOTH)
    assert len(claims) >= 0.97 * 130


async def test_a_campaign_of_one_never_leaves_by_another(engine: Engine) -> None:
    """Whoever looks for calls by another trunk does not even see it."""
    await _campaign(engine, "south-only", ["south"])
    await _campaign(engine, "main-only", ["main"])
    claims = await _pass(engine, 3, *BOTH)

    assert {("main-only", "main"), ("south-only", "south")} == {(claim.campaign_id, claim.trunk) for claim in claims}


async def test_each_trunk_is_shared_for_itself(engine: Engine) -> None:
    """Who is on one trunk alone has half of it beside one that is on both, which has the other trunk to itself."""
    await _campaign(engine, "both", BOTH, first=1)
    await _campaign(engine, "south", ["south"], first=1000)
    claims = await _pass(engine, 10, *BOTH)

    assert {"both"} == {claim.campaign_id for claim in _by("main", claims)}
    assert {"both": 53, "south": 53} == pytest.approx(Counter(c.campaign_id for c in _by("south", claims)), abs=3)


async def test_who_comes_late_starts_level_on_each_trunk(engine: Engine) -> None:
    """It neither takes all of a trunk that has served much, nor waits for one that has served little."""
    await _campaign(engine, "old", BOTH, first=1)
    await _pass(engine, 5, *BOTH)
    await _campaign(engine, "new", BOTH, first=1000)
    claims = await _pass(engine, 8, *BOTH)

    for trunk, half in (("main", 12), ("south", 40)):
        shared = Counter(claim.campaign_id for claim in _by(trunk, claims))
        assert {"old": half, "new": half} == pytest.approx(shared, abs=2)


async def test_an_urgent_call_stops_its_own_trunk_alone(engine: Engine) -> None:
    """By its trunk it takes the token of who was before it; by the other that one goes out."""
    await _campaign(engine, "c1", BOTH)
    by_main, by_south = [await _read_one(engine, trunk) for trunk in BOTH]
    await _campaign(engine, "alarm", ["south"], first=1000, priority=Priority.URGENT)

    assert Begun.BEGUN is await engine.begin(by_main)
    assert Begun.PREEMPTED is await engine.begin(by_south, "n2")
    (heir,) = await engine.claim(inherited=by_south.claim)
    assert ("alarm", "south", by_south.claim.token) == (heir.campaign_id, heir.trunk, heir.token)


async def test_a_closed_gate_leaves_the_calls_to_the_other_trunk(engine: Engine) -> None:
    """A carrier that refuses slows its own trunk; what was claimed for it goes back and leaves by the other."""
    await _campaign(engine, "c1", BOTH)
    stuck = await _read_one(engine, "south")
    refused = Refused(Refusal.RATE, "too fast", 60_000)
    await pacing.tune(engine.batch, engine.clock, refused, first_wait_ms=100, trunk="south")

    assert Begun.GATE_CLOSED is await engine.begin(stuck)
    claims = await _pass(engine, 5, *BOTH)
    assert {"main"} == {claim.trunk for claim in claims}
    assert stuck.claim.call in {claim.call for claim in claims}
    seen = await engine.store.trunks(BOTH)
    assert (0, 1) == tuple(seen[trunk].budget.refused for trunk in BOTH)
    assert seen["main"].gate_ms == 0 < seen["south"].gate_ms


async def test_pause_and_resume_reach_all_trunks(engine: Engine) -> None:
    """In no line any more, and what is claimed is not begun; then in all of them again."""
    await _campaign(engine, "c1", BOTH)
    dials = [await _read_one(engine, trunk) for trunk in BOTH]
    await engine.store.step("c1", "pause")

    assert [Begun.NOT_RUNNING] * 2 == [await engine.begin(dial) for dial in dials]
    assert not [name for name in await engine.keyspace() if name.startswith("ready:")]
    assert [] == await _pass(engine, 1, *BOTH)
    await engine.store.step("c1", "resume")
    assert set(BOTH) == {claim.trunk for claim in await _pass(engine, 1, *BOTH)}


@pytest.mark.parametrize("trunk", BOTH)
async def test_a_redial_may_leave_by_any_of_the_trunks(engine: Engine, trunk: str) -> None:
    """Whoever looks first when it is due finds it, by whichever trunk."""
    await engine.run_campaign("c1", trunks=BOTH, redial={Disposition.BUSY: Redial(1, 2000)})
    dial = await _ring(engine, "south", "n1")
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    assert [] == [claim for name in BOTH for claim in await engine.claim(trunk=name)]
    engine.clock.advance_ms(2000)

    assert [trunk] == [claim.trunk for claim in await engine.claim(trunk=trunk)]


async def test_slots_hold_for_each_trunk(redis: Redis) -> None:
    """As many calls are up by a trunk as it has slots, by the other any number; whoever ends leaves one."""
    engine = make_engine(redis, calls_per_second=100, further={"south": Pace(100, slots=2)})
    await _campaign(engine, "c1", BOTH)
    first, _ = [await _ring(engine, "south", f"n{number}") for number in range(2)]
    engine.clock.advance_ms(1000)

    assert [] == await engine.claim(trunk="south")
    assert 10 == len(await engine.claim(10, trunk="main"))
    await engine.store.apply_event(str(first.attempt), event("end", Fact.BUSY))
    assert 1 == len(await engine.claim(trunk="south"))
    assert [] == await engine.claim(trunk="south")
    seen = await engine.store.trunks(BOTH)
    assert (None, 2) == tuple(seen[name].up for name in BOTH)


async def test_a_call_that_leaves_by_another_trunk_gives_its_slot_back(redis: Redis) -> None:
    """What stepped back from one trunk and left by the other holds no slot of the first."""
    engine = make_engine(redis, calls_per_second=100, further={"south": Pace(100, slots=1)})
    await engine.run_campaign("c1", calls=1, trunks=BOTH)
    stuck = await _read_one(engine, "south")
    assert Begun.TOO_LATE is await engine.begin(stuck, late_us=pacing.LATEST_US + 1)
    await _ring(engine, "main", "n2")
    await engine.store.add_calls("c1", new_calls(2), import_id="i2")

    assert 1 == len(await engine.claim(trunk="south"))


async def test_slots_given_while_calls_are_up_count_them(redis: Redis) -> None:
    """Calls of before the limit hold slots as well; without a limit nothing is kept."""
    engine = make_engine(redis, calls_per_second=100)
    await _campaign(engine, "c1", ["main"])
    dial = await _ring(engine, "main", "n1")
    limited = make_engine(redis, calls_per_second=100)
    limited.dialing._paces["main"] = Pace(100, slots=1)
    limited.clock.set_us(engine.clock.now_us() + SECOND_US)

    assert [] == await limited.claim()
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    assert 1 == len(await limited.claim())
    engine.clock.set_us(limited.clock.now_us() + SECOND_US)
    await engine.claim(1)
    assert "trunk:main:up" not in await engine.keyspace()
    limited.clock.set_us(engine.clock.now_us() + SECOND_US)
    assert [] == await limited.claim(), "given anew, it counts those of before anew"


async def test_an_attempt_tells_by_which_trunk_it_left(engine: Engine) -> None:
    """It stands with the attempt where it is not `main`, and whoever counts its end learns it."""
    await _campaign(engine, "c1", BOTH)
    for trunk in BOTH:
        dial = await _ring(engine, trunk, trunk)
        attempt, spoken = await engine.store.attempt(dial.attempt), await engine.store.spoken(str(dial.attempt))
        ended = await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))

        assert (trunk,) * 3 == (attempt and attempt.trunk, spoken and spoken.trunk, ended.trunk)


async def test_tokens_of_the_trunks_are_counted_apart(engine: Engine) -> None:
    """A late call moves the tokens of its own trunk, and no others."""
    await _campaign(engine, "c1", BOTH)
    (dial,) = await engine.dialing.read(await engine.claim(1, trunk="south"))
    before = await engine.keyspace()
    engine.clock.set_us(dial.claim.place_at_us + 200_000)
    await engine.dialing.delay_tokens([dial.claim])
    await pacing.take_tokens(engine.batch, engine.clock, 3, calls_per_second=10, trunk="south")

    assert {"trunk:south"} == set(await engine.changed_since(before))


async def test_claims_of_an_earlier_release_are_of_main(engine: Engine) -> None:
    """What lay in the queue during the update is placed; a claim of now comes back as it was."""
    await _campaign(engine, "c1", ["south"])
    (claim,) = await engine.claim(1, trunk="south")

    assert "main" == Claim(*claim[:-1]).trunk
    assert claim == Claim(*json.loads(json.dumps(claim)))


async def test_the_campaigns_pace_holds_over_all_its_trunks(engine: Engine) -> None:
    """Two calls a second are two by both trunks together."""
    await _campaign(engine, "c1", BOTH, share=Share(calls_per_second=2))
    claims = await _pass(engine, 10, *BOTH)

    assert 3 >= _fullest_second(claims)
    assert 19 <= len(claims) <= 22


async def test_changes_leave_the_campaign_in_line_on_all_trunks(engine: Engine) -> None:
    """After another share, other windows and none, it is claimed by each trunk."""
    await _campaign(engine, "c1", BOTH)
    before = await engine.store.campaign("c1")
    assert BOTH == before.trunks
    await engine.store.change_campaign(before, replace(before, share=Share(weight=2)))
    await engine.store.change_windows("c1", None)

    assert BOTH == (await engine.store.campaign("c1")).trunks
    assert set(BOTH) == {claim.trunk for claim in await _pass(engine, 1, *BOTH)}


@pytest.mark.parametrize("how", ["cancel", "hang_up", "complete"])
async def test_whatever_ends_a_campaign_takes_it_out_of_all_lines(engine: Engine, how: str) -> None:
    """No line keeps one that dials nothing any more."""
    await engine.run_campaign("c1", trunks=BOTH)
    if how == "cancel":
        await engine.store.step("c1", "cancel")
    elif how == "hang_up":
        await engine.store.hang_up_all("c1")
    else:
        dial = await _ring(engine, "south", "n1")
        await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
        await engine.leases.complete_campaigns()

    assert not [name for name in await engine.keyspace() if name.startswith("ready:")]


async def test_a_campaign_of_a_trunk_that_this_worker_lacks_waits(redis: Redis) -> None:
    """It is in line for those who have the trunk, and is in nobody's way."""
    engine = make_engine(redis)
    await _campaign(engine, "c1", ["west"])
    await _campaign(engine, "c2", ["main"], first=1000)

    assert {"c2"} == {claim.campaign_id for claim in await _pass(engine, 2, "main")}
    assert {"c1"} == set((await engine.keyspace())[keys.ready(Priority.NORMAL, "west").removeprefix(keys.TAG)])


async def test_an_explanation_goes_by_the_trunk_that_takes_the_next_call(engine: Engine) -> None:
    """While one carrier is closed, by the other; where both are, by the one that opens first, which it names."""
    await _campaign(engine, "c1", BOTH)
    engine.clock.advance_ms(1000)
    await let_a_worker_live(engine)
    explainer = explainer_of(engine)
    codes = [(await explainer.campaign("c1")).explained.reason.code]
    for trunk, seconds in (("main", 60), ("south", 30)):
        refused = Refused(Refusal.RATE, "too fast", seconds * 1000)
        await pacing.tune(engine.batch, engine.clock, refused, first_wait_ms=100, trunk=trunk)
        codes.append((await explainer.campaign("c1")).explained.reason.code)
    reason = (await explainer.campaign("c1")).explained.reason

    assert [Code.IN_LINE, Code.IN_LINE, Code.GATE_CLOSED] == codes
    assert (True, True) == (", by the trunk south" in reason.words, reason.until is not None)


@pytest.mark.parametrize("further", [{}, {"south": Pace(10)}])
async def test_a_trunk_that_is_not_set_up_has_no_worker(redis: Redis, further: dict[str, Pace]) -> None:
    """Whoever asks why nothing is dialed is not told that it is about to be."""
    engine = make_engine(redis, further=further)
    await _campaign(engine, "c1", ["west"])
    engine.clock.advance_ms(1000)
    await let_a_worker_live(engine)

    assert Code.NO_WORKER is (await explainer_of(engine).campaign("c1")).explained.reason.code
