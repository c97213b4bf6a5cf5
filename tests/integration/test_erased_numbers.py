"""Numbers that were erased and must not be called: a person with several of them is not dialed at any."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from dialer.dialing import Begun, Dialing, Pace
from dialer.dispositions import Disposition
from dialer.erasures.hashes import suppressed_digest
from dialer.model import NewCall
from tests.fakes.engine import Engine

SECRET = "the secret of erasures"
NUMBERS = ("+31610000001", "+31610000002", "+31610000003")


@pytest.mark.parametrize("erased", [(0,), (0, 1), (0, 2), (0, 1, 2), (1, 2)])
async def test_an_erased_number_is_passed_over(engine: Engine, redis: Redis, erased: tuple[int, ...]) -> None:
    """The first of the others is dialed; nobody where all are erased."""
    assert redis is not None
    dialing = Dialing(engine.batch, engine.clock, Pace(3), erasure_secret=SECRET)
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [NewCall(number=NUMBERS[0], others=NUMBERS[1:])], import_id="i1")
    await engine.store.suppress(*(suppressed_digest(NUMBERS[n], SECRET) for n in erased))
    begun = Begun.NEXT_NUMBER
    looks = 0
    while begun is Begun.NEXT_NUMBER:
        engine.clock.advance_ms(400)
        (dial,) = await dialing.read((await dialing.claim(1)).claims)
        begun = await dialing.begin(dial, "n1", lease_ms=60_000)
        looks += 1
    allowed = [number for n, number in enumerate(NUMBERS) if n not in erased]

    assert looks <= 2
    if allowed:
        assert (Begun.BEGUN, allowed[0]) == (begun, dial.number)
    else:
        assert Begun.SUPPRESSED is begun
        assert Disposition.SUPPRESSED is (await engine.store.call("c1-1")).disposition
