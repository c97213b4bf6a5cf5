"""Whatever fails between and beneath the programs: nobody rings twice, nobody is lost, dialing goes on by itself.

One dialer suffers one fault after the other, as one in service does. What became of all calls is judged at the end,
because the dialer asks after those of which it was told nothing only when they could be over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.faults import FAULTS
from tests.acceptance.faults_table import row, rows_told
from tests.fakes.faults import Suffered, settle, suffer
from tests.fakes.waiting import FIGURES
from tests.fakes.wired import Wired, open_wired

pytestmark = pytest.mark.timeout(150)
together = pytest.mark.asyncio(loop_scope="session")


class Course:
    """The faults so far."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired
        self._suffered: dict[str, Suffered] = {}

    async def of(self, name: str) -> Suffered:
        """What became of this one, which happens once."""
        if name not in self._suffered:
            self._suffered[name] = await suffer(self._wired, FAULTS[name])
        return self._suffered[name]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def course() -> AsyncIterator[Course]:
    """A dialer that nothing has befallen yet."""
    async with open_wired() as wired:
        yield Course(wired)


@together
@pytest.mark.parametrize("name", FAULTS)
async def test_dialing_goes_on_by_itself(course: Course, name: str) -> None:
    """The fault is seen as the manual tells, and when it is over calls are placed again without anybody's help."""
    suffered = await course.of(name)
    resumed = "calls never stopped" if suffered.resumed_s is None else f"calls again after {suffered.resumed_s:.1f} s"
    FIGURES.append(f"{name}: {resumed}")


@together
@pytest.mark.parametrize("name", FAULTS)
async def test_nobody_rings_twice_and_nobody_is_lost(course: Course, name: str) -> None:
    """Every call of the struck campaign ends in one disposition after at most one ring."""
    seen = await settle(await course.of(name))
    ended = {name: count for name, count in seen["dispositions"].items() if count}
    FIGURES.append(f"{name}: of {seen['total']} calls ended {ended}")


def test_manual_has_every_fault() -> None:
    """The table of the manual has the faults of these tests, in their words; its seconds are as they were measured."""
    assert [row(name, fault) for name, fault in FAULTS.items()] == rows_told()
