"""Random walks over all that can happen to campaigns, on ordinary days and on odd ones (`tests/fakes/walk`)."""

from __future__ import annotations

from datetime import datetime

import pytest

from dialer.clock import to_ms
from dialer.dialing import Pace
from dialer.trunk_breaker import policy_of
from tests.fakes.engine import clean_engine
from tests.fakes.walk.steps import Walk

STEPS_EACH = 400
SHARES = {"+3161000000": 0.4, "+3162": 0.3}


def _paces(rate: int) -> dict[str, Pace]:
    return {"main": Pace(rate, prefix_shares=SHARES), "south": Pace(10, slots=4, breaker=policy_of("3/5"))}


@pytest.mark.parametrize("rate", [3, 30])
@pytest.mark.parametrize("seed", range(8))
async def test_random_walk(redis_url: str, seed: int, rate: int) -> None:
    """Whatever happens in whatever order, scripts and model agree, and the promises hold after every step."""
    async with clean_engine(redis_url, further=_paces(rate)) as engine:
        await Walk(engine, seed, _paces(rate)).walk(STEPS_EACH)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "begins",
    [
        "2027-03-28T00:40:00+00:00",  # summer time begins in Europe at one
        "2027-10-31T00:40:00+00:00",  # and ends
        "2027-11-07T05:40:00+00:00",  # it ends in New York at six
        "2027-04-26T21:40:00+00:00",  # at ten the King's birthday begins in Amsterdam
        "2027-07-04T03:40:00+00:00",  # at four Independence Day begins in New York
        "2027-12-31T22:40:00+00:00",  # at eleven New Year's Day begins in Amsterdam
    ],
)
async def test_random_walk_over_odd_days(redis_url: str, begins: str, seed: int) -> None:
    """The same on days with an hour more or less, and into holidays."""
    async with clean_engine(redis_url, further=_paces(30)) as engine:
        engine.clock.set_us(to_ms(datetime.fromisoformat(begins)) * 1000)
        await Walk(engine, seed, _paces(30)).walk(STEPS_EACH // 2)
