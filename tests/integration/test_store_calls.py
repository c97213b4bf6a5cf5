"""Reading calls: one, a page, or all of them, each exactly once."""

from __future__ import annotations

import pytest

from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.errors import InvalidInput, NotFound
from dialer.model import Call, NewCall
from dialer.states import CallState
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, due, new_calls

HOSTILE = (
    "", "c1", "c1-", "c1-0", "c1-01", "c1--1", "c1-1.0", "c1-1e3", "c1-9999999999999", "c1:waiting-1", "c1-calls:0-1",
    "-1", "c1-1 ", "c1-\u0661", "c1-\ud800", "c1-999999999999",
)  # fmt: skip


async def fill(engine: Engine, count: int) -> None:
    """A draft with so many calls, added in chunks."""
    await engine.store.create_campaign(draft())
    for first in range(1, count + 1, 1000):
        await engine.store.add_calls("c1", new_calls(min(1000, count + 1 - first), first=first), import_id="i1")
        engine.clock.advance_ms(1)


async def pages(engine: Engine, limit: int, **filters: object) -> list[list[str]]:
    """The calls of all pages, from the first to the last."""
    found, cursor = [], None
    while True:
        calls, cursor = await engine.store.calls("c1", limit=limit, cursor=cursor, **filters)  # type: ignore[arg-type]
        found.append([call.id for call in calls])
        if cursor is None:
            return found


def ids(numbers: range) -> list[str]:
    """The calls with these running numbers."""
    return [f"c1-{number}" for number in numbers]


async def test_a_waiting_call_is_told_whole(engine: Engine) -> None:
    """A call is read with all that was added, and with when it is due."""
    await engine.store.create_campaign(draft())
    added = NewCall(number="+31610000001", external_id="a-1", variables={"name": "Žofie", "day": "2"})
    await engine.store.add_calls("c1", [added], import_id="i1")

    assert Call(
        id="c1-1",
        campaign_id="c1",
        number="+31610000001",
        external_id="a-1",
        variables={"name": "Žofie", "day": "2"},
        state=CallState.WAITING,
        due_at=moment(due(1)),
        disposition=None,
        ended_at=None,
        attempts=0,
    ) == await engine.store.call("c1-1")


async def test_a_done_call_tells_how_and_when_it_ended(engine: Engine) -> None:
    """A call that is done has a disposition, an end and its tries, and is not due."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "failed")
    call = await engine.store.call("c1-1")

    assert (CallState.DONE, None, Disposition.FAILED, moment(START_MS + 61), 1) == (
        call.state,
        call.due_at,
        call.disposition,
        call.ended_at,
        call.attempts,
    )


@pytest.mark.parametrize("what", ["claimed", "placing", "unknown", "live"])
async def test_a_call_in_flight_tells_where_it_stands(engine: Engine, what: str) -> None:
    """A call in flight is in its state, not due and not ended, alone and on a page of that state."""
    await engine.run_campaign(calls=3)
    if what == "claimed":
        await engine.claim(1)
    else:
        dial = await engine.place()
        await engine.record(dial, "n1", what) if what != "placing" else None
    call = await engine.store.call("c1-1")

    assert (what, None, None, None) == (call.state, call.due_at, call.disposition, call.ended_at)
    assert [["c1-1"]] == await pages(engine, 10, state=CallState(what))


@pytest.mark.parametrize("call_id", HOSTILE)
async def test_odd_ids_are_no_calls(engine: Engine, call_id: str) -> None:
    """Text that names no call is not found, whatever else it might name."""
    await engine.run_campaign()
    with pytest.raises(NotFound):
        await engine.store.call(call_id)


@pytest.mark.parametrize("limit", [1, 7, 50, 1000])
async def test_pages_hold_each_call_once_in_order(engine: Engine, limit: int) -> None:
    """From page to page every call comes once, in the order of the list, whatever the page's size."""
    await fill(engine, 53)

    assert ids(range(1, 54)) == [call_id for page in await pages(engine, limit) for call_id in page]


async def test_pages_of_three_thousand_calls(engine: Engine) -> None:
    """A long list is paged through completely; so is a filter that matches all of it."""
    await fill(engine, 3000)
    everything = [call_id for page in await pages(engine, 1000) for call_id in page]
    waiting = [call_id for page in await pages(engine, 700, state=CallState.WAITING) for call_id in page]

    assert ids(range(1, 3001)) == everything == waiting


async def test_a_filter_on_few_of_many_calls_finds_them(engine: Engine) -> None:
    """Two calls that are done among 6,000 waiting ones are found by state, over pages that may be empty."""
    await fill(engine, 6000)
    await engine.store.step("c1", "start")
    for number in (1, 2):
        await engine.record(await engine.place(f"n{number}"), f"n{number}", "failed")
        engine.clock.advance_ms(1000)
    found = await pages(engine, 100, state=CallState.DONE)

    assert 2 == len(found)
    assert ["c1-1", "c1-2"] == [call_id for page in found for call_id in page]


async def test_pages_by_disposition(engine: Engine) -> None:
    """A disposition's calls come once each, in the order in which they ended, with `done` or without."""
    await engine.run_campaign(calls=7)
    for number, what in enumerate(["busy", "failed", "busy", "busy", "failed", "busy", "busy"]):
        await engine.record(await engine.place(f"n{number}"), f"n{number}", what)
        engine.clock.advance_ms(1000)
    busy = await pages(engine, 2, disposition=Disposition.BUSY)

    assert ["c1-1", "c1-3", "c1-4", "c1-6", "c1-7"] == [call_id for page in busy for call_id in page]
    assert busy == await pages(engine, 2, disposition=Disposition.BUSY, state=CallState.DONE)


async def test_a_disposition_with_another_state_is_empty(engine: Engine) -> None:
    """No call that waits has a disposition."""
    await fill(engine, 3)

    assert [[]] == await pages(engine, 10, disposition=Disposition.BUSY, state=CallState.WAITING)


async def test_an_empty_campaign_has_an_empty_page(engine: Engine) -> None:
    """No calls: one empty page and nothing after it."""
    await engine.store.create_campaign(draft())

    assert [[]] == await pages(engine, 10)


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", " 1", "1" * 13, "\u0661", "1e3"])
async def test_a_cursor_of_our_own_is_asked_for(engine: Engine, cursor: str) -> None:
    """Text that is no cursor is refused by name."""
    await fill(engine, 3)
    with pytest.raises(InvalidInput, match="next_cursor") as caught:
        await engine.store.calls("c1", cursor=cursor)

    assert "cursor" == caught.value.field


async def test_a_cursor_behind_the_end_is_the_end(engine: Engine) -> None:
    """A cursor beyond the last call gives an empty last page."""
    await fill(engine, 3)

    assert ([], None) == await engine.store.calls("c1", cursor="999999999999")


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1203])
async def test_all_calls_come_in_list_order(engine: Engine, count: int) -> None:
    """All calls, in chunks, in the order in which they were added."""
    await fill(engine, count)
    chunks = [[call.id for call in chunk] async for chunk in engine.store.all_calls("c1")]

    assert ids(range(1, count + 1)) == [call_id for chunk in chunks for call_id in chunk]
    assert all(len(chunk) <= 500 for chunk in chunks)


async def test_all_calls_of_no_campaign(engine: Engine) -> None:
    """A campaign that is not there is not found."""
    with pytest.raises(NotFound):
        _ = [chunk async for chunk in engine.store.all_calls("c9")]
