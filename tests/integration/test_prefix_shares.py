"""Numbers with one beginning get no more than their share of the budget; the others lose nothing by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Begun, Dialing, Pace
from dialer.dials import Claim, Dial
from dialer.model import NewCall, Priority
from dialer.pacing import LEAD_US
from dialer.settings import Settings
from tests.fakes.engine import Engine, make_engine

SHARE = 0.25
SECOND_US = 1_000_000
AHEAD_US = 20 * SECOND_US  # no moment is given further ahead


def _people(prefix: str, count: int) -> list[NewCall]:
    return [NewCall(number=f"{prefix}{number:06d}", external_id=f"{prefix}-{number}") for number in range(count)]


async def _dial(engine: Engine, dialing: Dialing, *, steps: int) -> list[tuple[int, str]]:
    """Claim and begin for so many tenths of a second, handing tokens on; when which number was begun."""
    left: list[tuple[int, str]] = []

    async def begin(claims: Sequence[Claim]) -> None:
        line = list(claims)
        while line:
            for dial in await dialing.read([line.pop(0)]):
                await engine.clock.sleep_until(dial.claim.place_at_us)
                begun = await dialing.begin(dial, str(dial.attempt), lease_ms=50_000)
                if begun is Begun.BEGUN:
                    left.append((dial.claim.place_at_us, dial.number))
                elif begun is Begun.HELD:
                    line = [*(await dialing.claim(1, inherited=dial.claim)).claims, *line]

    for _ in range(steps):
        engine.clock.advance_ms(100)
        await begin((await dialing.claim(10)).claims)
    return left


async def test_a_prefix_gets_its_share_and_the_rest_goes_to_others(engine: Engine, redis: Redis) -> None:
    """A list that begins with 60 numbers of one city loses no time by them: the others come first."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(3, prefix_shares={"+3120": SHARE}))
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [*_people("+3120", 60), *_people("+3130", 200)], import_id="i1")
    left = await _dial(engine, dialing, steps=1600)
    capped = [at for at, number in left if number.startswith("+3120")]
    others = [at for at, number in left if number.startswith("+3130")]
    took_s = (max(others) - left[0][0]) / SECOND_US

    assert (60, 200) == (len(capped), len(others))
    assert len([at for at, _ in left if at <= max(others)]) >= took_s * 2.94
    apart = SECOND_US / 3 / SHARE
    assert all(late - early > 3 * apart for early, late in zip(capped, capped[5:], strict=False)), "too many at once"


async def test_nobody_is_forgotten_where_all_share_a_prefix(engine: Engine, redis: Redis) -> None:
    """With nobody else in line the prefix still has its share only, and everyone is dialed once."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(30, prefix_shares={"+3120": SHARE, "+31": 0.9}))
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", _people("+3120", 60), import_id="i1")
    left = await _dial(engine, dialing, steps=150)
    took_s = (left[-1][0] - left[0][0]) / SECOND_US

    assert 60 == len({number for _, number in left}) == len(left)
    assert 60 / took_s == pytest.approx(30 * SHARE, rel=0.1)


async def test_after_a_pause_no_moments_have_piled_up(engine: Engine, redis: Redis) -> None:
    """Calls that were given a moment and could not go then are given another."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(30, prefix_shares={"+3120": SHARE}))
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", _people("+3120", 60), import_id="i1")
    await _dial(engine, dialing, steps=5)
    await engine.store.step("c1", "pause")
    engine.clock.advance_ms(600_000)
    await engine.store.step("c1", "resume")
    left = await _dial(engine, dialing, steps=30)
    took_s = (left[-1][0] - left[0][0]) / SECOND_US

    assert len(left) <= took_s * 30 * SHARE + 1


async def test_moments_of_a_cancelled_campaign_keep_nobody_waiting_for_long(engine: Engine, redis: Redis) -> None:
    """However many of its calls were told to wait, another campaign has the share to itself within half a minute."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(30, prefix_shares={"+3120": 0.1}))
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", _people("+3120", 500), import_id="i1")
    await _dial(engine, dialing, steps=100)
    await engine.store.step("c1", "cancel")
    await engine.run_campaign("c2", calls=0)
    others = [NewCall(number=f"+31205{number:05d}") for number in range(100)]
    await engine.store.add_calls("c2", others, import_id="i2")
    await _dial(engine, dialing, steps=250)
    left = await _dial(engine, dialing, steps=100)
    took_s = (left[-1][0] - left[0][0]) / SECOND_US

    assert len(left) >= 0.8 * took_s * 3


async def test_a_clock_that_went_back_gives_the_share_back(engine: Engine, redis: Redis) -> None:
    """What was given in an hour that comes again holds nobody back."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(3, prefix_shares={"+3120": SHARE}))
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", _people("+3120", 60), import_id="i1")
    await engine.set_budget(**{"share:+3120": engine.clock.now_us() + 3_600_000_000})

    assert 5 <= len(await _dial(engine, dialing, steps=150))


async def _one(redis: Redis, count: int = 1, **fields: Any) -> tuple[Engine, Dial, int]:
    """An engine with calls to that city, the first of them claimed, and what lies between two of them (us)."""
    engine = make_engine(redis, prefix_shares={"+3120": SHARE})
    await engine.run_campaign(calls=0, **fields)
    await engine.store.add_calls("c1", _people("+3120", count), import_id="i1")
    dial = await engine.claim_one()
    return engine, dial, round(dial.claim.interval_us / SHARE)


async def _free(engine: Engine) -> int:
    return int((await engine.keyspace())["trunk:main"]["share:+3120"])


async def _due_ms(engine: Engine) -> float:
    found: float = (await engine.keyspace())["campaign:c1:waiting"]["1"]
    return found


async def test_the_first_of_a_prefix_takes_what_its_token_leaves(redis: Redis) -> None:
    """The next one is due when the share allows it, counted from the token before."""
    engine, dial, apart = await _one(redis)

    assert Begun.BEGUN is await engine.begin(dial)
    assert dial.claim.place_at_us - dial.claim.interval_us + apart == await _free(engine)


@pytest.mark.parametrize("early_us", [0, 1, 999, AHEAD_US])
async def test_who_comes_too_early_is_given_the_next_moment(redis: Redis, early_us: int) -> None:
    """At that very moment he goes; before it he waits for it, and those behind him for the one after."""
    engine, dial, apart = await _one(redis)
    free = dial.claim.place_at_us + early_us
    await engine.set_budget(**{"share:+3120": free})

    assert (Begun.HELD if early_us else Begun.BEGUN) is await engine.begin(dial)
    assert free + apart == await _free(engine)
    assert not early_us or -(-free // 1000) == await _due_ms(engine)


async def test_who_comes_far_too_early_asks_again(redis: Redis) -> None:
    """No moment is given more than twenty seconds ahead: he is looked at again by then, and takes nothing."""
    engine, dial, _ = await _one(redis)
    free = dial.claim.place_at_us + AHEAD_US + 1
    await engine.set_budget(**{"share:+3120": free})

    assert Begun.HELD is await engine.begin(dial)
    assert (free, engine.now_ms + AHEAD_US // 1000) == (await _free(engine), await _due_ms(engine))


@pytest.mark.parametrize(("behind_ms", "takes"), [(-1, False), (0, False), (1, True)])
async def test_a_moment_is_kept_for_those_who_reach_it_before_their_end(
    redis: Redis, behind_ms: int, *, takes: bool
) -> None:
    """Whoever is over at the moment that he would be given leaves it to the others."""
    engine, dial, apart = await _one(redis)
    free = (dial.claim.place_at_us // 1000 + 5_000) * 1000
    await engine.set_budget(**{"share:+3120": free})
    await engine.redis.hset(keys.campaign("c1"), "expires_at", str(free // 1000 + behind_ms))  # type: ignore[misc]

    assert (Begun.HELD if takes else Begun.EXPIRED) is await engine.begin(dial)
    assert free + apart * takes == await _free(engine)


@pytest.mark.parametrize(("late_us", "holds"), [(-1, True), (0, False)])
async def test_a_moment_of_ones_own_holds_a_second_longer(redis: Redis, late_us: int, *, holds: bool) -> None:
    """Until the next one and a second after it nobody else has it; from then on another is asked for."""
    engine, dial, apart = await _one(redis)
    mine = dial.claim.place_at_us + 10 * SECOND_US
    await engine.set_budget(**{"share:+3120": mine})
    await engine.begin(dial)
    place_at = mine + apart + SECOND_US + late_us
    taken = place_at + AHEAD_US + 1
    await engine.set_budget(**{"share:+3120": taken})
    engine.clock.set_us(place_at - LEAD_US)
    (again,) = await engine.dialing.read((await engine.dialing.claim(1)).claims)
    assert place_at == again.claim.place_at_us

    assert (Begun.BEGUN if holds else Begun.HELD) is await engine.begin(again)
    assert taken == await _free(engine)


async def test_urgent_calls_wait_for_nobody(engine: Engine, redis: Redis) -> None:
    """An emergency in that city is dialed at the full pace."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(3, prefix_shares={"+3120": SHARE}))
    await engine.run_campaign(calls=0, priority=Priority.URGENT)
    await engine.store.add_calls("c1", _people("+3120", 30), import_id="i1")

    assert 12 <= len(await _dial(engine, dialing, steps=50))


@pytest.mark.parametrize("text", ["+3120", "+3120=0", "+3120=1.5", "3120=0.5", "+3120=.0"])
def test_a_share_is_written_as_told(text: str) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ValidationError, match="prefix_shares"):
        Settings(prefix_shares=text)


async def test_who_expires_before_its_moment_takes_none(engine: Engine, redis: Redis) -> None:
    """A list that ends in ten seconds does not keep the next one waiting for minutes."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(30, prefix_shares={"+3120": SHARE}))
    await engine.run_campaign(calls=0, expires_at=moment(engine.now_ms + 10_000))
    await engine.store.add_calls("c1", _people("+3120", 300), import_id="i1")
    await _dial(engine, dialing, steps=101)
    await engine.run_campaign("c2", calls=0)
    await engine.store.add_calls("c2", _people("+3120", 30), import_id="i2")

    assert len(await _dial(engine, dialing, steps=40)) >= 4 * 30 * SHARE * 0.9
