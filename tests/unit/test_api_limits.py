"""Limits by name: so much at once, so much a second after that, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from dialer.api.limits import Limits


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time the test moves."""

    now_s = 0.0

    def time(self) -> float:
        """Seconds, as the test has them."""
        return self.now_s


def taken(moments: Sequence[tuple[float, str]], **limits: float) -> list[bool]:
    """What comes of taking one under each name, at those seconds."""
    loop = Loop()

    async def all_of_them() -> list[bool]:
        made = Limits(**({"at_once": 2, "a_second": 1, "most": 3} | limits))  # type: ignore[arg-type] # whole where it must be
        found = []
        for loop.now_s, name in moments:
            room = made.has_room(name)
            found.append(await made.take(name))
            assert room is found[-1]
        return found

    try:
        return loop.run_until_complete(all_of_them())
    finally:
        loop.close()


def test_so_much_at_once_then_so_much_a_second() -> None:
    """Two at once; then one a second, however often it is asked for in between."""
    moments = (0, 0, 0, 0.5, 0.99, 1.01, 1.02, 60, 60, 60)

    assert [True, True, False, False, False, True, False, True, True, False] == taken([(s, "a") for s in moments])


def test_names_have_nothing_to_do_with_each_other() -> None:
    """One that asks too much takes nothing from another."""
    assert [True, True, False, True] == taken([(0, name) for name in "aaab"])


def test_no_more_names_are_kept_than_said() -> None:
    """The one that was silent longest begins anew; those that go on asking do not."""
    found = taken([(0, name) for name in "abcadba"], at_once=1, most=3)

    assert [True, True, True, False, True, True, False] == found


@pytest.mark.parametrize("names", [100, 10_000])
def test_memory_is_bounded(names: int) -> None:
    """However many strangers come."""

    async def come() -> int:
        limits = Limits(at_once=1, a_second=1, most=50)
        for number in range(names):
            assert await limits.take(str(number))
        return sum(not limits.has_room(str(number)) for number in range(names))

    assert 50 == asyncio.run(come())
