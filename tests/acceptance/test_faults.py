"""Whatever fails between and beneath the programs: nobody rings twice, nobody is lost, dialing goes on by itself.

Three dialers suffer them side by side, each one fault after the other, as one in service does. What became of all calls
is judged at the end, because the dialer asks after those of which it was told nothing only when they could be over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.fault_courses import FAULTS, Courses, open_courses
from tests.acceptance.faults_table import row, rows_told
from tests.fakes.faults import settle
from tests.fakes.waiting import FIGURES

pytestmark = [
    # asyncio forgets a transport whose connecting over TLS is given up before its first turn, as on a busy machine.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <function _SelectorTransport.__del__"),
]
together = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def courses(request: pytest.FixtureRequest) -> AsyncIterator[Courses]:
    """Dialers that nothing has befallen yet, for those faults that are tested."""
    chosen = [item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")]
    async with open_courses([name for name in FAULTS if name in chosen]) as opened:
        yield opened


@together
@pytest.mark.parametrize("name", FAULTS)
async def test_dialing_goes_on_by_itself(courses: Courses, name: str) -> None:
    """The fault is seen as the manual tells, and when it is over calls are placed again without anybody's help."""
    suffered = await courses.of(name)
    resumed = "calls never stopped" if suffered.resumed_s is None else f"calls again after {suffered.resumed_s:.1f} s"
    FIGURES.append(f"{name}: {resumed}")


@together
@pytest.mark.parametrize("name", FAULTS)
async def test_nobody_rings_twice_and_nobody_is_lost(courses: Courses, name: str) -> None:
    """Every call of the struck campaign ends in one disposition after at most one ring."""
    seen = await settle(await courses.of(name))
    ended = {name: count for name, count in seen["dispositions"].items() if count}
    FIGURES.append(f"{name}: of {seen['total']} calls ended {ended}")


def test_manual_has_every_fault() -> None:
    """The table of the manual has the faults of these tests, in their words; its seconds are as they were measured."""
    assert [row(name, fault) for name, fault in FAULTS.items()] == rows_told()
