"""What a listener hears from a place on, and when it must begin anew."""

from __future__ import annotations

import pytest

from dialer import keys
from dialer.changes import Place, What
from dialer.store.changes import KEPT_MS
from tests.fakes.engine import Engine

WRITTEN = {"5-2": "call c1-1 live 1", "5-10": "over c1", "12-0": "gone c1"}
"""Told in this order, in which their texts do not stand."""


@pytest.fixture
async def told(engine: Engine) -> Engine:
    """A stream with three entries."""
    for place, line in WRITTEN.items():
        await engine.redis.xadd(keys.CHANGES, {"what": line}, place)
    return engine


@pytest.mark.parametrize(
    ("after", "heard"),
    [
        ("5-2", ["5-10", "12-0"]), ("5-3", ["5-10", "12-0"]), ("5-9", ["5-10", "12-0"]), ("5-10", ["12-0"]),
        ("5-11", ["12-0"]), ("6-0", ["12-0"]), ("11-20", ["12-0"]), ("12-0", []),
    ],
)  # fmt: skip
async def test_what_came_after_a_place(told: Engine, after: str, heard: list[str]) -> None:
    """All that stands behind it, and where to go on from, though nothing stands at the place itself any more."""
    found = await told.store.changes(Place.parse(after))

    assert (True, heard, "12-0") == (found.is_whole, [str(one.place) for one in found.changes], str(found.place))


@pytest.mark.parametrize("after", ["4-99", "5-1", "0-0", "12-1", "13-0", "100-0"])
async def test_a_place_of_which_it_is_not_known(told: Engine, after: str) -> None:
    """Before the oldest that is left something may have been; and behind the newest nobody can have been."""
    found = await told.store.changes(Place.parse(after))

    assert (False, [], "12-0") == (found.is_whole, found.changes, str(found.place))


async def test_a_page_of_changes(told: Engine) -> None:
    """So many at the most, and the place goes no further than they do."""
    found = await told.store.changes(Place.parse("5-2"), most=1)

    assert [What.OVER] == [one.what for one in found.changes]
    assert "5-10" == str(found.place)


async def test_whoever_begins_hears_nothing_of_before(told: Engine) -> None:
    """Without a place the end is told, and what is written from then on."""
    found = await told.store.changes(None)

    assert (True, [], "12-0") == (found.is_whole, found.changes, str(found.place))


async def test_the_first_look_begins_the_stream(engine: Engine) -> None:
    """It is kept for some time after each look, and its beginning is no change."""
    first = await engine.store.changes(None)
    await engine.redis.pexpire(keys.CHANGES, 5000)
    second = await engine.store.changes(first.place)

    assert (True, [], first.place) == (second.is_whole, second.changes, second.place)
    assert KEPT_MS - 5000 < await engine.redis.pttl(keys.CHANGES) <= KEPT_MS
    assert 1 == await engine.redis.xlen(keys.CHANGES)
