"""Which request brought a call: kept once for all calls of a list, and found again when one of them is dialed."""

from __future__ import annotations

import pytest

from dialer import keys
from dialer.dialing import Dialing, Pace
from dialer.dials import Claim
from dialer.model import NewCall, Own, Priority
from tests.fakes.engine import Engine, draft, new_calls

FIRST, SECOND, MADE = (f"00-{n * 32}-{n * 16}-01" for n in "abc")


@pytest.fixture
def traced(engine: Engine) -> Dialing:
    """A worker that makes traces."""
    return Dialing(engine.batch, engine.clock, Pace(100.0), traced=True)


async def _origins(traced: Dialing, engine: Engine, *numbers: int) -> list[tuple[str | None, ...]]:
    """Those of calls of c1."""
    claims = [Claim("c1", number, engine.now_ms, 1, 1, 1, 1) for number in numbers]
    return [dial.origins for dial in await traced.read(claims)]


async def test_each_call_is_of_the_list_that_brought_it(engine: Engine, traced: Dialing) -> None:
    """However lists come between each other; what was there before stays that of the first."""
    await engine.store.create_campaign(draft(origin=MADE))
    for first, origin in ((1, FIRST), (101, FIRST), (201, SECOND), (1, SECOND), (301, FIRST)):
        await engine.store.add_calls("c1", new_calls(100, first=first), import_id="i", origin=origin)
    kept = await engine.redis.zrange(keys.origins("c1"), 0, -1, withscores=True)

    assert [(f"{FIRST} 1", 1), (f"{SECOND} 201", 201), (f"{FIRST} 301", 301)] == kept
    brought = [FIRST, FIRST, FIRST, SECOND, SECOND, FIRST, FIRST]
    assert [(one, MADE) for one in brought] == await _origins(traced, engine, 1, 101, 200, 201, 300, 301, 400)


async def test_a_single_call_keeps_its_own(engine: Engine, traced: Dialing) -> None:
    """With the script that it has of its own."""
    own = Own(kind="notification", script={"text": "Hello."}, origin=FIRST)
    await engine.store.enqueue_call(Priority.NORMAL, NewCall(number="+31612345678", own=own), key=None)
    (dial,) = await traced.read([Claim("direct", 1, engine.now_ms, 1, 1, 1, 1)])

    assert (FIRST, None) == dial.origins


async def test_without_traces_nothing_is_kept_and_nothing_asked(engine: Engine) -> None:
    """No key, no field, no word more to Redis for a call that is dialed."""
    await engine.run_campaign(calls=2)
    await engine.redis.config_resetstat()
    (claim, _) = await engine.claim()
    untraced = Dialing(engine.batch, engine.clock, Pace(100.0))
    assert [(None, None)] == await _origins(untraced, engine, claim.seq)
    told = await engine.redis.info("commandstats")

    assert "cmdstat_zrevrangebyscore" not in told
    assert 0 == await engine.redis.exists(keys.origins("c1"))
    assert "origin" not in await engine.redis.hkeys(keys.campaign("c1"))  # type: ignore[misc] # redis-py types both ways of calling
