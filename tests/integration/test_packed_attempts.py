"""Attempts that have ended stand packed: nothing of them is lost, and whoever comes late finds them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from dialer import keys
from dialer.dispositions import Disposition, Fact
from dialer.erasures.erasure import Plan
from dialer.lua import script
from dialer.migrations import MIGRATIONS, PACKED_SINCE
from dialer.model import MAIN, NewCall, Priority, Redial
from dialer.packed import change_attempt, forget_attempts, read_attempt, read_attempts
from dialer.providers.base import CallEvent
from dialer.redis.batch import Batch
from dialer.store import Applied, Deleted, Noted
from dialer.store.erasing_calls import SETTLE_MS
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, event, ref
from tests.fakes.recordings import told

ATTEMPT = "c1-1-1"
PACKED = keys.packed(ref(ATTEMPT).call)
OVER = frozenset({Fact.COMPLETED, Fact.TALKED})
FIGURES: dict[str, str | int] = {
    "direction": "outbound",
    "duration_s": 257,
    "sip_code": 200,
    "rate": "0.01000000",
    "price": "0.04283333",
    "network": "20408",
    "disconnected_by": "platform",
    "start_time": "2026-11-27T13:32:11.000Z",
    "end_time": "2026-11-27T13:36:28.000Z",
}
UUID = "a8e54361-4edd-463f-b386-248c2c2d31e0"
TOLD = {
    "nonce": "e344c0a315f3f28c",
    "at": "1795786331432",
    "due": "1795786329143.25",
    "allowed": "3 1795766329143 1795796329143 1 12",
    "result": "placed",
    "uuid": UUID,
    "e:answer_fetched::": "[1795786332099]",
    "e:started:1795786331557:": "[1795786333923]",
    "facts": "103",
    "e:ringing:1795786331569:": "[1795786333950]",
    "e:answered:1795786331582:": "[1795786333975]",
    "e:completed:1795786332094:": "[1795786334533]",
    **{f"f:{name}": str(value) for name, value in FIGURES.items()},
    "disposition": "answered",
}
MOST_BYTES = 156  # with its header it fits 160 bytes, a size that Redis' allocator has


PART = script("read_attempts").text.partition("-- read_attempts")[0]
AS_FIRST_WRITTEN = json.loads(Path("tests/data/schema/packed-attempt.json").read_text())


async def repacked(redis: Redis, fields: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """The fields packed and unpacked again, and how many bytes they took."""
    body = "local text = pack_fields(ARGV)\nlocal told = unpack_fields(text)\ntold[#told + 1] = #text\nreturn told"
    flat = [text for pair in fields.items() for text in pair]
    *found, size = await redis.eval(f"{PART}\n{body}", 0, *flat)  # type: ignore[misc]  # async
    return dict(zip(found[::2], found[1::2], strict=True)), int(size)


MOMENTS = st.integers(10**12, 10**13 - 1).map(str)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.one_of(st.integers(-10, 10**18).map(str), st.decimals(-5, 10**9, places=8).map(str), MOMENTS)
ODD = st.sampled_from(["", "-0", "007", "1e5", "0x1F", "nan", "inf", "-inf", " 1", "1 ", "[]", "false", "-1.00000000"])
VALUES = st.one_of(
    TEXTS, NUMBERS, ODD, st.sampled_from([*TOLD.values()]), st.text("0123456789abcdefABCDEF-", max_size=40)
)
EVENT_NAMES = st.builds("e:{}:{}:{}".format, st.sampled_from(["ringing", "odd", ""]), MOMENTS | st.just(""), TEXTS)
EVENT_VALUES = st.builds("[{}{}".format, MOMENTS, st.sampled_from(["]", ',{"dtmf":{"digits":"1"}}]', ""]))
FIELDS = st.dictionaries(st.sampled_from([*TOLD]) | EVENT_NAMES | TEXTS, VALUES | EVENT_VALUES, max_size=30)


@settings(max_examples=300)
@example(TOLD)
@example(dict.fromkeys(TOLD, "-0.00000000"))
@example({"allowed": "- -  007", "f:start_time": "2006-01-02T03:04:05.000Z", "f:end_time": "1999-01-02T03:04:05.000Z"})
@given(fields=FIELDS)
async def test_nothing_is_changed_by_packing(redis_url: str, fields: dict[str, str]) -> None:
    """Whatever stands in a hash comes back, each text as it was and in its order."""
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        found, _ = await repacked(redis, fields)

    assert [*fields.items()] == [*found.items()]


async def test_what_was_packed_by_an_earlier_release_is_read(redis_url: str) -> None:
    """Every field, word and kind of event of the first one: its bytes mean what they meant, and are written yet."""
    packed, fields = base64.b64decode(AS_FIRST_WRITTEN["packed"]), AS_FIRST_WRITTEN["fields"]
    async with Redis.from_url(redis_url) as redis:
        read = await redis.eval(f"{PART}\nreturn unpack_fields(ARGV[1])", 0, packed)
        written = await redis.eval(f"{PART}\nreturn pack_fields(ARGV)", 0, *fields)

    assert fields == [one.decode() for one in read]
    assert packed == written


async def test_a_plain_attempt_takes_few_bytes(redis: Redis) -> None:
    """With all that a carrier tells of a call that was talked, inside windows."""
    _, size = await repacked(redis, TOLD)

    assert size <= MOST_BYTES


async def finished(engine: Engine, **fields: Any) -> None:
    """A call that is over, with figures."""
    await engine.run_campaign(**fields)
    await engine.ring(uuid=UUID)
    await apply(engine, event("ringing", Fact.RINGING), event("answered", Fact.ANSWERED, at_s=2))
    await apply(engine, CallEvent(kind="completed", facts=OVER, figures=FIGURES))


async def apply(engine: Engine, *events: CallEvent) -> Applied:
    """Apply these one after the other, a second apart; returns what became of the last one."""
    applied = Applied.UNKNOWN_ATTEMPT
    for one in events:
        engine.clock.advance_ms(1000)
        applied = (await engine.store.apply_event(ATTEMPT, one)).applied
    return applied


async def forms(engine: Engine, attempt_id: str = ATTEMPT) -> tuple[bool, bool]:
    """Whether the attempt stands as a hash of its own, and packed."""
    attempt = ref(attempt_id)
    return (
        bool(await engine.redis.exists(keys.attempt(attempt))),
        bool(await engine.redis.hexists(keys.packed(attempt.call), keys.packed_field(attempt))),  # type: ignore[misc]
    )


IS_HASH, IS_PACKED, IS_NOWHERE = (True, False), (False, True), (False, False)


async def test_an_attempt_is_packed_in_the_step_that_ends_it(engine: Engine) -> None:
    """Not before; and it tells all that it told."""
    await engine.run_campaign()
    await engine.ring(uuid=UUID)
    await apply(engine, event("ringing", Fact.RINGING), event("answered", Fact.ANSWERED, at_s=2))
    up = await forms(engine)
    await apply(engine, CallEvent(kind="completed", facts=OVER, figures=FIGURES))
    (attempt,) = await engine.store.attempts("c1-1")

    assert (IS_HASH, IS_PACKED) == (up, await forms(engine))
    assert ["ringing", "answered", "completed"] == [one.kind for one in attempt.events]
    assert ({name: str(value) for name, value in FIGURES.items()}, UUID) == (attempt.figures, attempt.uuid)
    assert (Disposition.ANSWERED, MAIN) == (attempt.disposition, attempt.trunk)
    assert attempt.decision is not None


async def test_one_that_the_carrier_refused_for_good_is_packed_too(engine: Engine) -> None:
    """There is nothing more to come, and a webhook that comes all the same is heard."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "failed")
    refused = await forms(engine)
    await apply(engine, event("started", Fact.STARTED))
    heard = await forms(engine)
    await apply(engine, event("completed", *OVER))

    # A fact that is no end: who is there may be talking.
    assert (IS_PACKED, IS_HASH, IS_PACKED) == (refused, heard, await forms(engine))
    assert Disposition.ANSWERED == (await engine.store.call("c1-1")).disposition


async def test_one_that_was_given_up_waits_for_its_end(engine: Engine) -> None:
    """It may be talking; the end that is told at last packs it."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    await apply(engine, event("given_up", Fact.LOST, at_s=None))
    given_up = await forms(engine)
    await apply(engine, event("busy", Fact.BUSY))

    assert (IS_HASH, IS_PACKED) == (given_up, await forms(engine))


async def test_a_late_webhook_finds_it_and_leaves_it_packed(engine: Engine) -> None:
    """What it tells counts as it would have before: the label, the call, the sums; a repeat changes nothing."""
    await finished(engine)
    machine = event("machine", Fact.MACHINE, at_s=3)

    assert Applied.APPLIED is await apply(engine, machine)
    packed, before = await forms(engine), await engine.keyspace()
    assert Applied.REPEATED is await apply(engine, machine)
    assert ({}, IS_PACKED, IS_PACKED) == (await engine.changed_since(before), packed, await forms(engine))
    (attempt,) = await engine.store.attempts("c1-1")
    assert (Disposition.MACHINE, 4) == (attempt.disposition, len(attempt.events))
    assert Disposition.MACHINE == (await engine.store.call("c1-1")).disposition


async def test_nothing_is_packed_before_every_program_can_read_it(engine: Engine) -> None:
    """Beside an older release: until the version says that none of those runs; then both forms are found."""
    await engine.redis.hset(keys.SCHEMA, mapping={"version": PACKED_SINCE - 1, "needs": 1})  # type: ignore[misc]
    await finished(engine, calls=2)
    older = await forms(engine)
    [*_] = [told async for told in engine.store.migrate(MIGRATIONS[-1])]
    await engine.ring("n2", uuid="u2")
    await engine.store.apply_event("c1-2-1", event("completed", *OVER))

    assert (IS_HASH, IS_HASH, IS_PACKED) == (older, await forms(engine), await forms(engine, "c1-2-1"))
    told = await engine.store.last_attempts([await engine.store.call(f"c1-{seq}") for seq in (1, 2)])
    assert [ATTEMPT, "c1-2-1"] == [attempt.id for attempt in told if attempt]
    # The next that is told of the older one packs it.
    await apply(engine, event("machine", Fact.MACHINE, at_s=3))
    assert IS_PACKED == await forms(engine)


async def test_whoever_reads_meanwhile_sees_one_or_the_other(engine: Engine) -> None:
    """While late webhooks come from several processes at once, it is there in every moment, and whole."""
    await finished(engine)
    batches = [Batch(engine.redis) for _ in range(4)]
    late = [event("notify", at_s=number, payload={"n": number}) for number in range(60)]
    reads = [read_attempt(batches[number % 4], ref(ATTEMPT)) for number in range(120)]
    seen, _ = await asyncio.gather(asyncio.gather(*reads), _tell(engine, late))
    (attempt,) = await engine.store.attempts("c1-1")

    assert {UUID} == {fields["uuid"] for fields in seen}
    assert (63, IS_PACKED) == (len(attempt.events), await forms(engine))


async def _tell(engine: Engine, events: list[CallEvent]) -> None:
    await asyncio.gather(*(engine.store.apply_event(ATTEMPT, one) for one in events))


async def test_a_redial_leaves_the_earlier_attempt_packed(engine: Engine) -> None:
    """Both are told, and the second one's end says what the call's is."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(times=1, after_ms=1)})
    await engine.ring()
    await apply(engine, event("busy", Fact.BUSY))
    await engine.ring("n2", uuid="u2")
    redialed = await forms(engine), await forms(engine, "c1-1-2")
    await engine.store.apply_event("c1-1-2", event("completed", *OVER))

    assert (IS_PACKED, IS_HASH) == redialed
    ended = [Disposition.BUSY, Disposition.ANSWERED]
    assert ended == [attempt.disposition for attempt in await engine.store.attempts("c1-1")]


async def test_a_run_of_the_job_that_comes_back_dials_nobody(engine: Engine) -> None:
    """What it placed has ended and is packed: its late word is written down, and the call stays over."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.store.apply_event(ATTEMPT, event("completed", *OVER))
    recorded = await engine.record(dial, "n1", "live", uuid=UUID)
    (attempt,) = await engine.store.attempts("c1-1")

    assert (False, UUID, "said live") == (recorded.taken, attempt.uuid, attempt.result)
    assert IS_PACKED == await forms(engine)


async def test_a_recording_that_is_told_after_the_end_belongs_to_it(engine: Engine) -> None:
    """And leaves it when it is deleted."""
    await finished(engine)

    assert Noted.NEW is await engine.store.note_recording(ATTEMPT, told())
    assert IS_PACKED == await forms(engine)
    assert Noted.KNOWN is await engine.store.note_recording(ATTEMPT, told())
    noted = (await engine.store.attempts("c1-1"))[0].recordings
    assert IS_PACKED == await forms(engine)
    assert (Deleted.NOW, "c1") == await engine.store.delete_recording(told().id)
    assert ((told().id,), ()) == (noted, (await engine.store.attempts("c1-1"))[0].recordings)
    assert IS_PACKED == await forms(engine)


async def test_what_it_said_is_found_after_its_end(engine: Engine) -> None:
    """A reply that comes behind the end is answered by what the call said; an order to it changes that alone."""
    await finished(engine)
    await engine.store.override_script(ATTEMPT, {"steps": []})
    await engine.store.mark(ATTEMPT, "muted", is_so=True)
    replaced = await engine.store.spoken(ATTEMPT)
    await engine.store.override_script(ATTEMPT, None)
    spoken = await engine.store.spoken(ATTEMPT)

    assert replaced is not None
    assert spoken is not None
    assert (True, False, Fact.TALKED in spoken.facts) == (replaced.replaced, spoken.replaced, True)
    assert (True, IS_PACKED) == ((await engine.store.attempts("c1-1"))[0].muted, await forms(engine))
    assert (None, UUID) == (await engine.store.spoken("c1-1-2"), await engine.store.carrier_id(ref(ATTEMPT)))
    assert not await change_attempt(engine.batch, ref("c1-1-2"), "HSET", "muted", 1)
    assert IS_NOWHERE == await forms(engine, "c1-1-2")


async def test_an_erasure_takes_the_person_out_of_it(engine: Engine) -> None:
    """Digits, carrier's id and payload go, what it cost stays; a later webhook brings nothing back."""
    await finished(engine)
    await apply(engine, event("input", at_s=3, payload={"to": "31610000001", "dtmf": "5511"}))
    engine.clock.advance_ms(SETTLE_MS + 1)
    asked = {"by": "x", "salt": "5", "number_digest": "d", "requested_ms": 1}
    plan = Plan(number="+31610000001", suppress=False, hang_up=False, **asked)  # type: ignore[arg-type]
    await engine.store.begin_erasure("e1", plan)
    for _ in range(20):
        erasure = await engine.store.erase_some("e1")
    late = event("input", Fact.OPTED_OUT, at_s=4, payload={"to": "31610000001"}, uuid=UUID)
    await engine.store.apply_event(ATTEMPT, late)
    fields = await read_attempt(engine.batch, ref(ATTEMPT))

    assert ("checked", []) == (erasure.step, erasure.left)
    assert {"1", "0.04283333"} == {fields["erased"], fields["f:price"]}
    assert not re.search(r"31610000001|5511|a8e54361|e344", " ".join([*fields, *fields.values()]))
    assert IS_PACKED == await forms(engine)


async def test_it_goes_with_its_campaign(engine: Engine) -> None:
    """And an event that comes then is nobody's."""
    await finished(engine)
    await engine.leases.complete_campaigns()
    engine.clock.advance_ms(1)

    assert 1 == await engine.store.reap(engine.now_ms)
    assert Applied.UNKNOWN_ATTEMPT is await apply(engine, event("machine", Fact.MACHINE))
    assert not [name async for name in engine.redis.scan_iter("*attempt*")]


async def test_that_of_a_single_call_goes_with_the_call(engine: Engine) -> None:
    """Its neighbours' stay."""
    for number in ("+31612345678", "+31612345679"):
        await engine.store.enqueue_call(Priority.NORMAL, NewCall(number=number), key=None)
        dial = await engine.place(nonce=number)
        engine.clock.advance_ms(10_000)
        await engine.store.apply_event(str(dial.attempt), event("completed", *OVER))
    both = await forms(engine, "direct-1-1"), await forms(engine, "direct-2-1")

    assert 1 == await engine.store.reap(engine.now_ms - 5_000)
    assert (IS_PACKED, IS_PACKED) == both
    assert (IS_NOWHERE, IS_PACKED) == (await forms(engine, "direct-1-1"), await forms(engine, "direct-2-1"))


async def test_many_are_read_and_forgotten_in_their_order(engine: Engine) -> None:
    """Whatever form they have, and none where there is none; forgetting none is nothing."""
    await finished(engine, calls=2)
    await engine.ring("n2", uuid="u2")
    refs = [ref(f"c1-{seq}-1") for seq in (2, 9, 1)] * 40
    found = await read_attempts(engine.batch, refs)
    await forget_attempts(engine.batch, [])
    await forget_attempts(engine.batch, [ref(ATTEMPT), ref("c1-1-2")])
    await forget_attempts(engine.batch, [ref(ATTEMPT), ref("c1-1-2")])

    assert ["u2", None, UUID] * 40 == [fields.get("uuid") for fields in found]
    assert (IS_NOWHERE, IS_HASH) == (await forms(engine), await forms(engine, "c1-2-1"))


@pytest.mark.parametrize("verdict", [Disposition.MACHINE, Disposition.CONFIRMED])
async def test_both_forms_hear_alike(engine: Engine, verdict: Disposition) -> None:
    """The same events leave the same Redis, whether the attempt was packed between them or not."""
    left = []
    for needs in (1, PACKED_SINCE):
        await engine.redis.flushall()
        engine.clock.set_us(START_MS * 1000)
        await engine.redis.hset(keys.SCHEMA, mapping={"version": PACKED_SINCE, "needs": needs})  # type: ignore[misc]
        await finished(engine, redial={Disposition.ANSWERED: Redial(1, 60_000)})
        late = event("input", Fact(verdict), at_s=3, payload={"dtmf": "1"}, figures={"price": "0.05"})
        await apply(engine, late, event("notify", at_s=5), late)
        left.append(await engine.keyspace())

    assert left[0] == left[1]
