"""Who is left of a campaign, as forecasts read it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.model import NewCall, Redial
from dialer.redialing import Tried
from dialer.store.forecasts import People
from dialer.window_text import parse_windows
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, event, new_calls

START = START_MS / 1000
WINDOWS = parse_windows("09:00-12:00")


async def add(engine: Engine, calls: list[NewCall]) -> None:
    """Add calls to the campaign."""
    for first in range(0, len(calls), 1000):
        await engine.store.add_calls("c1", calls[first : first + 1000], import_id="i1")


async def left(engine: Engine, *, whole: bool = True, sample: int = 1000) -> People:
    """Who is left."""
    return await engine.store.people_left(await engine.store.campaign("c1"), region="NL", whole=whole, sample=sample)


async def test_empty_campaign_has_nobody(engine: Engine) -> None:
    """A draft without calls."""
    await engine.store.create_campaign(draft())
    assert People(lots=(), up=(), suppressed=0, zones=((),), whole=True) == await left(engine)


async def test_people_who_stand_alike_are_one_lot(engine: Engine) -> None:
    """A list of one country, due at once, is a lot for each page that was read."""
    await engine.store.create_campaign(draft())
    await add(engine, new_calls(100))
    found = await left(engine)

    assert [(100, 0, Tried())] == [(lot.people, lot.cohort, lot.tried) for lot in found.lots]
    assert START == pytest.approx(found.lots[0].due, abs=1)


async def test_cohorts_are_told_apart_by_their_zones(engine: Engine) -> None:
    """Those whose zone the number tells are where they would be if it had been given; without windows nobody asks."""
    zones = ["Europe/Amsterdam", "Europe/London", *(f"Etc/GMT+{hours}" for hours in range(1, 12))]
    calls = [NewCall(number=f"+3161{n:07d}", timezone=zones[n % len(zones)] if n % 3 else None) for n in range(300)]
    await engine.store.create_campaign(draft(windows=WINDOWS))
    await add(engine, calls)
    found = await left(engine)
    counted: Counter[tuple[str, ...]] = Counter()
    for lot in found.lots:
        counted[found.zones[lot.cohort]] += round(lot.people)

    expected = Counter((zones[n % len(zones)] if n % 3 else "Europe/Amsterdam",) for n in range(300))
    assert expected == counted

    await engine.store.create_campaign(draft("c2"))
    assert ((),) == (await engine.store.people_left(await engine.store.campaign("c2"), region="NL")).zones


async def test_numbers_ends_and_suppressed_are_seen(engine: Engine) -> None:
    """Somebody with two numbers is suppressed when both are; an own end is known to a part of how far it lies ahead."""
    ends = moment(START_MS) + timedelta(hours=3)
    await engine.store.create_campaign(draft())
    await add(
        engine,
        [
            NewCall(number="+31610000001", others=("+31610000002",)),
            NewCall(number="+31610000003", others=("+31610000004",), variables={"name": 'a "quoted" [list]'}),
            NewCall(number="+31610000005"),
            NewCall(number="+31610000006", expires_at=ends),
            NewCall(number="sip:desk@pbx.example.com"),
        ],
    )
    for number in ("+31610000001", "+31610000003", "+31610000004", "+31610000005"):
        await engine.store.suppress(number)
    found = await left(engine)

    assert 2 == found.suppressed
    assert [1, 1, 2] == sorted(lot.tried.numbers for lot in found.lots for _ in range(round(lot.people)))
    [own] = [lot.expires - START for lot in found.lots if lot.expires < 1e12]
    assert 3 * 3600 - 120 <= own <= 3 * 3600


async def test_named_lists_count_where_a_campaign_keeps_to_them(engine: Engine) -> None:
    """Whoever is on a list of the campaign is suppressed for it; another list is none of its business."""
    first, second, third = new_calls(3)
    await engine.store.suppress(first.number, on="vip")
    await engine.store.suppress(second.number, on="staff")
    await engine.store.create_campaign(draft(lists=("vip",)))
    await add(engine, new_calls(10))
    await engine.store.suppress(third.number)

    assert 2 == (await left(engine)).suppressed


async def test_redials_stand_with_what_was_tried_and_who_is_up_apart(engine: Engine) -> None:
    """A call that was busy waits for its redial; one that is up, one that is claimed."""
    await engine.run_campaign(calls=4, redial={Disposition.BUSY: Redial(2, 600_000)})
    dial = await engine.ring("n1", uuid="u1")
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    await engine.ring("n2", uuid="u2")
    await engine.claim(1)
    found = await left(engine)
    busy = [lot for lot in found.lots if lot.tried.tries]

    assert [(1, 1)] == [(lot.people, lot.tried.counts[0]) for lot in busy]
    assert 600 == pytest.approx(busy[0].due - engine.now_ms / 1000, abs=5)
    assert 2 == sum(lot.people for lot in found.lots if not lot.tried.tries)
    assert [(1, 1)] == [(lot.people, lot.tried.tries) for lot in found.up]


@pytest.mark.parametrize("size", [1000, 1001, 2499, 5000])
async def test_sample_stands_for_all(engine: Engine, size: int) -> None:
    """Whatever the size, the lots of a sample add up to all; small campaigns are read whole."""
    await engine.store.create_campaign(draft())
    await add(engine, new_calls(size))
    found = await left(engine, whole=False, sample=200)

    assert not found.whole
    assert size == pytest.approx(sum(lot.people for lot in found.lots))
    assert (await left(engine, whole=False, sample=size)).whole


async def test_reading_changes_nothing(engine: Engine) -> None:
    """A forecast leaves no trace in the store."""
    await engine.run_campaign(calls=20, windows=WINDOWS)
    await engine.ring()
    before = await engine.keyspace()
    await left(engine)
    await left(engine, whole=False, sample=10)
    await engine.store.seen(await engine.store.campaign("c1"))
    await engine.store.others_running("c2")

    assert {} == await engine.changed_since(before)
