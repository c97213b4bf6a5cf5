"""Callbacks that were given up: looked at, told once more, dropped by somebody, or by their age."""

from __future__ import annotations

import pytest

from dialer import keys
from dialer.callbacks.dead_letters import DeadLetter, DeadLetters
from dialer.callbacks.messages import Message
from dialer.clock import moment
from tests.fakes.engine import Engine

DAY_MS = 86_400_000
MESSAGES = [
    Message(event="call.ended", subject=f"c1-{number}", word="busy", at_ms=number, tries=11, error="410")
    for number in range(1, 6)
]


@pytest.fixture
async def dead(engine: Engine) -> DeadLetters:
    """Five of them, given up a day after each other, the last one now; of the second nothing is left but its id."""
    for age, message in enumerate(reversed(MESSAGES)):
        await engine.redis.zadd(keys.CALLBACKS_DEAD, {message.id: engine.now_ms - age * DAY_MS})
        if message is not MESSAGES[1]:
            await engine.redis.hset(keys.CALLBACKS, message.id, message.dump())  # type: ignore[misc] # redis-py types both ways of calling
    return DeadLetters(engine.batch, engine.clock)


async def _ids(dead: DeadLetters) -> list[str]:
    return [letter.message.id for letter in await dead.page(offset=0, limit=10)]


async def test_they_are_told_in_pages_the_oldest_first(engine: Engine, dead: DeadLetters) -> None:
    """Each with the moment at which it was given up; one that is gone by now is passed over."""
    first, second, beyond = [await dead.page(offset=offset, limit=3) for offset in (0, 3, 6)]

    assert [DeadLetter(MESSAGES[n], moment(engine.now_ms - (4 - n) * DAY_MS)) for n in (0, 2)] == first
    assert [MESSAGES[3], MESSAGES[4]] == [letter.message for letter in second]
    assert [] == beyond


async def test_one_is_told_once_more_or_dropped(engine: Engine, dead: DeadLetters) -> None:
    """Once: whoever comes second is told that it is not among them."""
    retried = [await dead.retry(one) for one in ("c1-1-ended", "c1-1-ended", "c1-2-ended", "unknown")]
    dropped = [await dead.drop(one) for one in ("c1-3-ended", "c1-3-ended", "c1-2-ended", "unknown")]

    assert ([True, False, False, False], [True, False, True, False]) == (retried, dropped)
    assert ["c1-4-ended", "c1-5-ended"] == await _ids(dead)
    assert [MESSAGES[0].line] == await engine.redis.lrange(keys.CALLBACKS_TOLD, 0, -1)  # type: ignore[misc] # as above


async def test_they_are_dropped_after_thirty_days(engine: Engine, dead: DeadLetters) -> None:
    """To the millisecond, however many there are."""
    engine.clock.advance_ms(26 * DAY_MS - 1)
    early = await dead.forget_old()
    engine.clock.advance_ms(1)
    first = await dead.forget_old()
    many = {f"old-{number}": 1 for number in range(501)}
    await engine.redis.zadd(keys.CALLBACKS_DEAD, many)
    engine.clock.advance_ms(2 * DAY_MS)

    assert (0, 1, 503, 0) == (early, first, await dead.forget_old(), await dead.forget_old())
    assert ["c1-4-ended", "c1-5-ended"] == await _ids(dead)
    assert {"c1-4-ended", "c1-5-ended"} == {*await engine.redis.hkeys(keys.CALLBACKS)}  # type: ignore[misc] # as above
