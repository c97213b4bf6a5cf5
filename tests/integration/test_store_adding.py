"""Adding calls: each contact once, in order, whoever adds them and however often."""

from __future__ import annotations

import asyncio
import json

import pytest

from dialer.clock import moment
from dialer.errors import IllegalStep, ImportMoved, NotFound
from dialer.importing import Fault, Place, Rejection
from dialer.model import NewCall, Own, Priority
from dialer.store.imports import ImportStep
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, due, new_calls, order


async def test_add_stores_records_in_line_and_known(engine: Engine) -> None:
    """Added calls have a record, stand in line in their order and are known; the import is under way."""
    await engine.store.create_campaign(draft())
    before = await engine.keyspace()
    added = await engine.store.add_calls(
        "c1",
        [
            NewCall(number="+31610000001"),
            NewCall(number="+31610000002", external_id="a-2", variables={"name": "Žofie"}),
        ],
        import_id="i1",
    )
    changed = await engine.changed_since(before)
    known = {name: content for name, content in changed.items() if ":known:" in name}

    assert [("c1-1", False), ("c1-2", False)] == [(one.call_id, one.duplicate) for one in added]
    assert {"1", "2"} == {seq for content in known.values() for seq in content.values()}
    assert {
        "campaign:c1": {"total": "2", "touched_at": str(START_MS)},
        "campaign:c1:calls:0": {"1": ["+31610000001"], "2": ["+31610000002", "a-2", {"name": "Žofie"}]},
        "campaign:c1:waiting": {"1": due(1), "2": due(2)},
        "campaign:c1:imports": {"i1": START_MS + 60_000},
        "campaign:c1:zones": {"Europe/Amsterdam": "1"},
    } == {name: content for name, content in changed.items() if name not in known}


async def test_add_to_a_running_campaign_makes_it_ready(engine: Engine) -> None:
    """A running campaign that had run dry stands ready again."""
    await engine.run_campaign(calls=0)
    await engine.claim()
    await engine.leases.complete_campaigns()
    before = await engine.keyspace()
    await engine.store.add_calls("c1", new_calls(1), import_id="i1")
    changed = await engine.changed_since(before)

    assert ({"c1": 0}, {"c1"}) == (changed["ready:normal"], changed["closing"])


async def test_the_same_list_again_adds_nobody(engine: Engine) -> None:
    """A list sent twice answers with the calls that were there, as duplicates, and adds nothing."""
    await engine.store.create_campaign(draft())
    first = await engine.store.add_calls("c1", new_calls(120), import_id="i1")
    before = await engine.keyspace()
    again = await engine.store.add_calls("c1", new_calls(120), import_id="i1")

    assert [one.call_id for one in first] == [one.call_id for one in again]
    assert all(one.duplicate for one in again)
    assert {} == await engine.changed_since(before)


async def test_a_contact_twice_in_one_list_is_added_once(engine: Engine) -> None:
    """Within one list, too, the own id tells a contact, else the number; the first one stays."""
    await engine.store.create_campaign(draft())
    calls = [
        NewCall(number="+31610000001"),
        NewCall(number="+31610000001"),
        NewCall(number="+31610000001", external_id="a"),
        NewCall(number="+31610000002", external_id="a"),
        NewCall(number="+31610000003"),
    ]
    added = await engine.store.add_calls("c1", calls, import_id="i1")

    assert [("c1-1", False), ("c1-1", True), ("c1-2", False), ("c1-2", True), ("c1-3", False)] == [
        (one.call_id, one.duplicate) for one in added
    ]


async def test_an_own_id_is_not_taken_for_a_number(engine: Engine) -> None:
    """An own id that looks like another contact's number is no duplicate of it."""
    await engine.store.create_campaign(draft())
    calls = [NewCall(number="+31610000001"), NewCall(number="+31610000002", external_id="+31610000001")]
    added = await engine.store.add_calls("c1", calls, import_id="i1")

    assert [False, False] == [one.duplicate for one in added]


async def test_the_same_list_from_two_at_once_adds_each_contact_once(engine: Engine) -> None:
    """Two clients that send one list at the same time get the same calls; each is new for exactly one of them."""
    await engine.store.create_campaign(draft())
    chunks = [new_calls(100, first=first) for first in (1, 101, 201)]

    async def send(import_id: str) -> list[tuple[str, bool]]:
        found = [await engine.store.add_calls("c1", chunk, import_id=import_id) for chunk in chunks]
        return [(one.call_id, one.duplicate) for chunk in found for one in chunk]

    one, other = await asyncio.gather(send("i1"), send("i2"))
    (progress,) = await engine.store.progress(["c1"])

    assert [call_id for call_id, _ in one] == [call_id for call_id, _ in other]
    assert all(mine is not theirs for (_, mine), (_, theirs) in zip(one, other, strict=True))
    assert (300, 300) == (sum(progress.counts.values()), (await engine.store.campaign("c1")).total)


async def test_different_lists_at_once_share_the_numbers(engine: Engine) -> None:
    """Eight imports that race for running numbers leave no gap, no overlap and every record in its bucket."""
    await engine.store.create_campaign(draft())
    lists = [new_calls(37, first=1 + 37 * part) for part in range(8)]
    added = await asyncio.gather(
        *(engine.store.add_calls("c1", calls, import_id=f"i{part}") for part, calls in enumerate(lists))
    )
    numbers = {
        one.call_id: call.number
        for calls, found in zip(lists, added, strict=True)
        for call, one in zip(calls, found, strict=True)
    }
    stored = {call.id: call.number async for chunk in engine.store.all_calls("c1") for call in chunk}

    assert [f"c1-{seq}" for seq in range(1, 8 * 37 + 1)] == list(stored)
    assert numbers == stored


async def test_a_long_list_keeps_its_order_over_buckets_and_chunks(engine: Engine) -> None:
    """A list added in chunks is dialed in its order, and its records lie 50 to a bucket."""
    await engine.run_campaign(calls=0)
    for first in (1, 101, 201):
        await engine.store.add_calls("c1", new_calls(100, first=first), import_id="i1")
        engine.clock.advance_ms(0.2)  # one chunk after the other, within a millisecond
    sizes = {name: len(content) for name, content in (await engine.keyspace()).items() if ":calls:" in name}
    claimed: list[str] = []
    while len(claimed) < 300:
        claimed += order(await engine.claim())
        engine.clock.advance_ms(600)

    assert {f"campaign:c1:calls:{bucket}": 50 for bucket in range(1, 6)} | {
        "campaign:c1:calls:0": 49,
        "campaign:c1:calls:6": 1,
    } == sizes
    assert [f"c1-{seq}" for seq in range(1, 301)] == claimed


async def test_a_thousand_calls_are_one_step(engine: Engine) -> None:
    """The largest chunk fits one script, into 21 buckets."""
    await engine.store.create_campaign(draft())
    added = await engine.store.add_calls("c1", new_calls(1000), import_id="i1")

    assert [f"c1-{seq}" for seq in range(1, 1001)] == [one.call_id for one in added]
    assert 1000 == (await engine.store.campaign("c1")).total


async def test_an_empty_list_is_nothing(engine: Engine) -> None:
    """No calls to add: no answer, no change."""
    await engine.store.create_campaign(draft())
    before = await engine.keyspace()

    assert [] == await engine.store.add_calls("c1", [], import_id="i1")
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("verb", ["cancel", "complete"])
async def test_a_campaign_that_is_over_takes_no_calls(engine: Engine, verb: str) -> None:
    """Cancelled or completed, a campaign refuses further calls and stays as it is."""
    await engine.run_campaign()
    if verb == "cancel":
        await engine.store.step("c1", "cancel")
    else:
        await engine.record(await engine.place(), "n1", "failed")
        await engine.leases.complete_campaigns()
    before = await engine.keyspace()
    with pytest.raises(IllegalStep, match="takes no more calls"):
        await engine.store.add_calls("c1", new_calls(5), import_id="i2")

    assert {} == await engine.changed_since(before)


async def test_calls_for_no_campaign_are_not_found(engine: Engine) -> None:
    """Adding to a campaign that is not there says so and leaves no trace."""
    with pytest.raises(NotFound):
        await engine.store.add_calls("c9", new_calls(1), import_id="i1")

    assert {} == await engine.keyspace()


async def test_end_of_import_lets_go_and_wakes(engine: Engine) -> None:
    """An ended import holds its campaign no more, and an idle hopper is woken, once however many imports end."""
    await engine.store.create_campaign(draft())
    await engine.store.add_calls("c1", new_calls(1), import_id="i1")
    before = await engine.keyspace()
    await engine.store.end_import("c1", "i1")
    await engine.store.end_import("c1", "i1")

    assert {"campaign:c1:imports": None, "wake": ["1"]} == await engine.changed_since(before)


async def test_a_named_import_that_was_read_to_its_end_is_done(engine: Engine) -> None:
    """Also one without a row, and told twice; of a campaign that is gone nothing is written."""
    await engine.store.create_campaign(draft())
    before = await engine.keyspace()
    await engine.store.end_import("c9", "list", done=True)
    assert {"wake": ["1"]} == await engine.changed_since(before)
    for _ in range(2):
        engine.clock.advance_ms(1)
        await engine.store.end_import("c1", "list", done=True)

    assert {
        "campaign:c1:import:list": {
            "begun_at": str(START_MS + 1),
            "state": "done",
            "changed_at": str(START_MS + 2),
        },
        "campaign:c1:lists": {"list": START_MS + 1},
        "wake": ["1"],
    } == await engine.changed_since(before)


def _step(after: int, row: int, *rejected: int) -> ImportStep:
    """The rows behind one up to another, some of which are not taken."""
    rejections = [Rejection(number, "number", "", "is missing", Fault.VALUE_MISSING) for number in rejected]
    return ImportStep(after, row, Place(10 * row, row), rejections)


@pytest.mark.parametrize(("most", "kept"), [(1, [3]), (2, [3, 5])])
async def test_a_named_import_writes_down_how_far_it_is(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, most: int, kept: list[int]
) -> None:
    """With the calls of each batch: sums, the latest place, when it began; of rows not taken so many as are kept."""
    monkeypatch.setattr("dialer.store.imports.MOST_KEPT", most)
    await engine.store.create_campaign(draft())
    steps = [_step(0, 2), _step(2, 4, 3), _step(4, 6, 5), _step(6, 8, 7), _step(8, 10)]
    for step in steps:
        engine.clock.advance_ms(1)
        await engine.store.add_calls("c1", new_calls(1), import_id="list", step=step)
    stored = await engine.keyspace()

    assert {
        "begun_at": str(START_MS + 1), "changed_at": str(START_MS + 5), "state": "open",
        "row": "10", "offset": "100", "offset_row": "10", "layout": {"encoding": None, "header": [], "delimiter": ""},
        "accepted": "1", "duplicates": "4", "rejected": "3", "kept": str(len(kept)),
    } == stored["campaign:c1:import:list"]  # fmt: skip
    assert kept == [row[0] for rows in stored["campaign:c1:import:list:rejected"] for row in json.loads(rows)]
    assert {"list": START_MS + 1} == stored["campaign:c1:lists"]
    assert {"c1/list": START_MS + 2} == stored["rejected"]


@pytest.mark.parametrize("after", [1, 4])
async def test_a_batch_that_does_not_follow_adds_nothing(engine: Engine, after: int) -> None:
    """Sent again or too early, it is told where the import stands."""
    await engine.store.create_campaign(draft())
    await engine.store.add_calls("c1", new_calls(2), import_id="list", step=_step(0, 3))
    before = await engine.keyspace()

    with pytest.raises(ImportMoved, match="at row 3 by now"):
        await engine.store.add_calls("c1", new_calls(4), import_id="list", step=_step(after, 6, 5))
    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("late_ms", [-1, 0])
async def test_from_its_end_on_a_campaign_takes_no_calls(engine: Engine, late_ms: int) -> None:
    """Also before a sweeper has seen the end: nobody is added who could not be dialed any more."""
    await engine.run_campaign(calls=0, expires_at=moment(START_MS + 60_000))
    engine.clock.advance_ms(60_000 + late_ms)
    if late_ms < 0:
        await engine.store.add_calls("c1", new_calls(1), import_id="i1")
        return
    before = await engine.keyspace()
    with pytest.raises(IllegalStep, match="expired"):
        await engine.store.add_calls("c1", new_calls(1), import_id="i1")
    assert {} == await engine.changed_since(before)


async def test_a_single_call_brings_its_own_script(engine: Engine) -> None:
    """A call enqueued alone stands in the running campaign of its priority, with what it says in its record."""
    call = NewCall(number="+31610000001", own=Own(kind="notification", script={"text": "Come home"}))
    added = await engine.store.enqueue_call(Priority.URGENT, call, key="k1")
    stored = await engine.keyspace()

    assert ("direct-urgent-1", False) == (added.call_id, added.duplicate)
    own = {"kind": "notification", "script": {"text": "Come home"}, "terms": {}, "endpoint": {}}
    assert ["+31610000001", None, None, own] == stored["campaign:direct-urgent:calls:0"]["1"]
    assert ({"direct-urgent": 0}, ["1"]) == (stored["ready:urgent"], stored["wake"])


async def test_a_key_makes_a_single_call_repeatable(engine: Engine) -> None:
    """The same key adds one call; another key, or none, adds one each time, even for the same number."""
    (call,) = new_calls(1)
    added = [await engine.store.enqueue_call(Priority.NORMAL, call, key=key) for key in ("a", "a", "b", None, None)]

    assert [("direct-1", False), ("direct-1", True), ("direct-2", False), ("direct-3", False), ("direct-4", False)] == [
        (one.call_id, one.duplicate) for one in added
    ]
