"""Numbers with one beginning get no more than their share of the budget; the others lose nothing by it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from dialer.clock import moment
from dialer.dialing import Begun, Dialing, Pace
from dialer.dials import Claim
from dialer.model import NewCall, Priority
from dialer.settings import Settings
from tests.fakes.engine import Engine

SHARE = 0.25
SECOND_US = 1_000_000


def _people(prefix: str, count: int) -> list[NewCall]:
    return [NewCall(number=f"{prefix}{number:06d}", external_id=f"{prefix}-{number}") for number in range(count)]


async def _dial(engine: Engine, dialing: Dialing, *, steps: int) -> list[tuple[int, str]]:
    """Claim and begin for so many tenths of a second, handing tokens on; when which number was begun."""
    left: list[tuple[int, str]] = []

    async def begin(claims: list[Claim]) -> None:
        for dial in await dialing.read(claims):
            await engine.clock.sleep_until(dial.claim.place_at_us)
            begun = await dialing.begin(dial, str(dial.attempt), lease_ms=50_000)
            if begun is Begun.BEGUN:
                left.append((dial.claim.place_at_us, dial.number))
            elif begun is Begun.HELD:
                await begin((await dialing.claim(1, inherited=dial.claim)).claims)

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
