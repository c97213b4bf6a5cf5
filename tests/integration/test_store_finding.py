"""Finding the calls of a number: by an index that is written with each call and goes with it."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from dialer.clock import moment
from dialer.known import digest_of, slot_of, slots_of
from dialer.model import CallRef, NewCall, Priority
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, clean_engine, draft, new_calls

NUMBER, OTHER, THIRD = "+31612345678", "+31612345679", "+31612345670"


def indexes(keyspace: dict[str, object]) -> dict[str, object]:
    """The hashes by which contacts are known and found."""
    return {name: content for name, content in keyspace.items() if ":known:" in name}


async def found(engine: Engine, number: str) -> list[str]:
    """The ids of its calls."""
    return [call.id for call in await engine.store.calls_of(number)]


async def test_calls_of_all_campaigns_are_found(engine: Engine) -> None:
    """With an id or without, as the first number or a further one, in a list or alone: newest campaign first."""
    for position, campaign_id in enumerate(("c1", "c2", "c3", "c4")):
        await engine.store.create_campaign(draft(campaign_id, created_at=moment(START_MS + position)))
    await engine.store.add_calls("c1", [*new_calls(3), NewCall(number=NUMBER)], import_id="i1")
    await engine.store.add_calls("c2", [NewCall(number=NUMBER, external_id="a", others=(OTHER,))], import_id="i1")
    await engine.store.add_calls("c3", [NewCall(number=THIRD, others=(OTHER, NUMBER))], import_id="i1")
    await engine.store.add_calls("c4", [NewCall(number=THIRD)], import_id="i1")
    engine.clock.advance_ms(10)
    for _ in range(2):
        await engine.store.enqueue_call(Priority.URGENT, NewCall(number=OTHER, others=(NUMBER,)), key=None)

    assert ["direct-urgent-2", "direct-urgent-1", "c3-1", "c2-1", "c1-4"] == await found(engine, NUMBER)
    assert ["direct-urgent-2", "direct-urgent-1", "c3-1", "c2-1"] == await found(engine, OTHER)
    assert ["c4-1", "c3-1"] == await found(engine, THIRD)
    assert [] == await found(engine, "+31612345671")


async def test_a_list_sent_again_is_not_found_twice(engine: Engine) -> None:
    """Nothing in the index changes, neither for contacts with ids nor for further numbers."""
    await engine.store.create_campaign(draft())
    calls = [NewCall(number=NUMBER, external_id=str(n), others=(OTHER,)) for n in range(30)] + [NewCall(number=NUMBER)]
    await engine.store.add_calls("c1", calls, import_id="i1")
    before = await engine.keyspace()
    await engine.store.add_calls("c1", calls, import_id="i1")

    assert {} == await engine.changed_since(before)
    assert [f"c1-{seq}" for seq in range(31, 0, -1)] == await found(engine, NUMBER)
    assert [f"c1-{seq}" for seq in range(30, 0, -1)] == await found(engine, OTHER)


@pytest.mark.parametrize("count", [1, 30, 1500])
async def test_a_number_with_many_calls_is_found_in_all(count: int, engine: Engine) -> None:
    """A switchboard's number may stand in any number of calls, and no value of the index gets long."""
    await engine.store.create_campaign(draft())
    for first in range(0, count, 1000):
        some = range(first, min(first + 1000, count))
        calls = [NewCall(number=NUMBER, external_id=str(n)) for n in some]
        await engine.store.add_calls("c1", calls, import_id="i1")
    slot = slot_of("c1", NUMBER)
    values = await engine.batch.command("HVALS", slot.key)

    assert [f"c1-{seq}" for seq in range(count, 0, -1)] == await found(engine, NUMBER)
    assert 64 >= max(map(len, values))


async def test_the_index_costs_few_bytes(engine: Engine) -> None:
    """A call with an id takes less than 20 bytes more than one without, which its number is known by anyway."""
    sizes = []
    for campaign_id, with_id in (("c1", False), ("c2", True)):
        await engine.store.create_campaign(draft(campaign_id))
        calls = [NewCall(number=f"+3161{n:07}", external_id=f"{n:07}" if with_id else None) for n in range(50_000)]
        before = await _known_bytes(engine, campaign_id)
        for first in range(0, len(calls), 1000):
            await engine.store.add_calls(campaign_id, calls[first : first + 1000], import_id="i1")
        sizes.append(await _known_bytes(engine, campaign_id) - before)

    assert 20 > (sizes[1] - sizes[0]) / 50_000


async def _known_bytes(engine: Engine, campaign_id: str) -> int:
    names = [name async for name in engine.redis.scan_iter(f"*campaign:{campaign_id}:known:*", count=10_000)]
    async with engine.redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.memory_usage(name, samples=0)
        return sum(await pipe.execute())


async def test_a_deleted_single_call_leaves_the_index(engine: Engine) -> None:
    """What retention deletes is not found any more, and leaves nothing behind; the others stay."""
    for number in (NUMBER, OTHER):
        await engine.store.enqueue_call(Priority.NORMAL, NewCall(number=number, others=(THIRD,)), key=None)
    dial = await engine.ring()
    await engine.record(dial, "n1", "failed")
    await engine.store.reap(START_MS + 1)  # nothing is old enough
    assert 2 == len(await found(engine, THIRD))
    await engine.redis.zadd("{dialer}:campaign:direct:done:failed", {"1": START_MS - 1})
    await engine.redis.zrem("{dialer}:campaign:direct:live", "1")
    await engine.store.reap(START_MS)

    assert ([], ["direct-2"], ["direct-2"]) == (
        await found(engine, NUMBER),
        await found(engine, OTHER),
        await found(engine, THIRD),
    )
    kept = {f"{slot.key}".partition(":")[2] for slot in slots_of("direct", (OTHER, THIRD))}
    left = {name for name in indexes(await engine.keyspace()) if not name.endswith(f":{START_MS // 86_400_000}")}
    assert kept == left


numbers = st.sampled_from([f"+3161234567{last}" for last in range(4)])
people = st.lists(numbers, min_size=1, max_size=3, unique=True)
steps = st.lists(st.one_of(people, st.integers(0, 40)), max_size=60)


@settings(max_examples=30)
@given(steps=steps)
@example(steps=[*[[NUMBER, OTHER]] * 150, *range(0, 120, 3), *[[NUMBER]] * 20, *[0] * 60, *[50] * 60])
def test_the_index_is_that_of_the_calls_there(steps: Sequence[list[str] | int], redis_url: str) -> None:
    """Whatever is added and deleted, in any order: each number is found in exactly the calls that have it."""
    import asyncio  # noqa: PLC0415 - one example, one loop

    asyncio.run(_walk(redis_url, steps))


async def _walk(redis_url: str, steps: Sequence[list[str] | int]) -> None:
    async with clean_engine(redis_url) as engine:
        there: dict[int, list[str]] = {}
        added = 0
        for step in steps:
            if isinstance(step, list):
                added += 1
                await engine.store.enqueue_call(
                    Priority.NORMAL, NewCall(number=step[0], others=tuple(step[1:])), key=None
                )
                there[added] = step
            elif there:
                seq = sorted(there)[step % len(there)]
                await engine.store._delete_call(CallRef("direct", seq))
                await engine.redis.zrem("{dialer}:campaign:direct:waiting", seq)
                del there[seq]
        for number in {number for listed in there.values() for number in listed} | {NUMBER}:
            wanted = [f"direct-{seq}" for seq in sorted(there, reverse=True) if number in there[seq]]
            assert wanted == await found(engine, number)
        slots = {slot.key.partition(":")[2] for listed in there.values() for slot in slots_of("direct", listed)}
        days = {name for name in indexes(await engine.keyspace()) if int(name.rpartition(":")[2]) >= 1 << 14}
        assert slots == indexes(await engine.keyspace()).keys() - days


def test_a_digest_is_no_slot() -> None:
    """The fields of one hash never meet: a slot has a letter and a number, a digest twelve letters."""
    assert 12 == len(digest_of("a", NUMBER)) == len(digest_of(None, NUMBER))
    assert 1 == len(slot_of("c1", NUMBER).letter)
