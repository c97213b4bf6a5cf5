"""Erasing a person: nothing stays by which the person could be told, and all sums hold."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.callbacks.outbox import Outbox
from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.erasures.erasure import Erasure, Plan
from dialer.erasures.hashes import suppressed_digest
from dialer.erasures.traces import spellings
from dialer.errors import IllegalStep, InvalidInput
from dialer.escalations.escalation import Person, Step
from dialer.escalations.escalation import Plan as EscalationPlan
from dialer.hang_ups import HangUps
from dialer.idempotency import IdempotencyKey, KeptAnswer, KeyReused, begin, keep
from dialer.model import CallRef, NewCall, Own, Priority, Redial
from dialer.recordings.claims import RecordingClaims
from dialer.redis.batch import Batch
from dialer.states import CallState
from dialer.store.erasing_calls import SETTLE_MS
from tests.fakes.engine import Engine, event, make_engine, new_calls
from tests.fakes.recordings import told

SECRET = "a secret of sixteen or more"
NUMBER, OTHER = "+31612345678", "+31201234567"
PERSON = ("31612345678", "0612345678", "201234567", "Fenna", "klant-77", "Kade 4", "u-1", "conv-1", "5511")
ANN = NewCall(
    number=NUMBER, external_id="klant-77", variables={"name": "Fenna de Boer", "street": "Kade 4"}, others=(OTHER,)
)


@pytest.fixture
async def engine(redis: Redis) -> Engine:
    """One whose store has the secret."""
    made = make_engine(redis, erasure_secret=SECRET)
    await made.store.stamp()
    return made


def plan(**fields: Any) -> Plan:
    """What is asked for."""
    told: dict[str, Any] = {"number": NUMBER, "suppress": False, "hang_up": False, "by": "the office"}
    return Plan(**(told | {"salt": "5a", "number_digest": "d1", "requested_ms": 1} | fields))


async def erased(engine: Engine, erasure_id: str = "e1", **fields: Any) -> Erasure:
    """Ask for it, and go on for as long as anything changes."""
    await engine.store.begin_erasure(erasure_id, plan(**fields))
    return await go_on(engine, erasure_id)


async def go_on(engine: Engine, erasure_id: str = "e1") -> Erasure:
    """Step by step until it waits or has nothing left to do."""
    for _ in range(20):
        erasure = await engine.store.erase_some(erasure_id)
        if erasure.step in {"checked", "ended"}:
            return erasure
    return erasure


async def traces(engine: Engine) -> list[str]:
    """What can be told of the person by all of Redis, but for the erasure's own plan."""
    keyspace = await engine.keyspace()
    text = json.dumps({name: kept for name, kept in keyspace.items() if not name.startswith("erasure:")}, default=str)
    return [word for word in PERSON if word in text]


async def a_busy_life(engine: Engine) -> None:
    """A person in three campaigns and a single call: tried, recorded, answered, waiting, and told of."""
    await engine.run_campaign("c1", calls=0, redial={Disposition.BUSY: Redial(3, 1000)})
    await engine.store.add_calls("c1", [ANN], import_id="i1")
    dial = await engine.ring(uuid="u-1")
    attempt_id = str(dial.attempt)
    payload = {"to": "31612345678", "from": "31201234567", "conversation_uuid": "conv-1", "dtmf": "5511"}
    await engine.store.apply_event(attempt_id, event("ringing", Fact.RINGING, uuid="u-1"))
    await engine.store.apply_event(attempt_id, event("input", payload=payload, figures={"digits": "5511"}))
    await engine.store.note_recording(attempt_id, told())
    await engine.store.apply_event(attempt_id, event("busy", Fact.BUSY, payload=payload, at_s=3))
    await engine.run_campaign("c2", calls=0)
    await engine.store.add_calls("c2", [*new_calls(2), NewCall(number=OTHER, others=(NUMBER,))], import_id="i1")
    own = Own(kind="notification", script={"text": "Beste Fenna"})
    single = NewCall(number=NUMBER, external_id="klant-77", own=own)
    await engine.store.enqueue_call(Priority.NORMAL, single, key="id klant-77")
    key = IdempotencyKey(scope="post-calls", key="k1", body="{}")
    await keep(Batch(engine.redis), key, KeptAnswer(201, json.dumps({"number": NUMBER}), "/v1/calls/direct-1"))


async def test_nothing_of_the_person_stays(engine: Engine) -> None:
    """Neither the number in any spelling, nor name, id, values, keys, the carrier's ids: anywhere in Redis."""
    await a_busy_life(engine)
    before = await traces(engine)
    engine.clock.advance_ms(SETTLE_MS + 1)
    erasure = await erased(engine)
    waits = erasure.step
    await files_deleted(engine)
    erasure = await go_on(engine)
    # What was cancelled after a try waits for its last webhooks.
    engine.clock.advance_ms(SETTLE_MS + 1)
    await engine.store.erase_some("e1")
    await files_deleted(engine)
    erasure = await go_on(engine)
    await engine.redis.delete(keys.carrier_uuid("u-1"))  # ends by itself within 15 minutes

    assert [word for word in PERSON if word != "0612345678"] == before
    assert ("calls", "checked") == (waits, erasure.step)
    assert [] == await traces(engine)
    assert [] == await engine.store.calls_of(NUMBER) == await engine.store.calls_of(OTHER)
    assert [] == list(erasure.left)
    assert {"calls": 3, "attempts": 1, "calls_cancelled": 3, "answers": 1} == {
        name: erasure.counts[name] for name in ("calls", "attempts", "calls_cancelled", "answers")
    }
    assert ([told().id], ["c1", "c2", "direct"]) == (list(erasure.recordings), list(erasure.touched))


async def files_deleted(engine: Engine) -> None:
    """A worker works off the marks of deleted recordings."""
    claims = RecordingClaims(engine.batch, engine.clock)
    for recording_id in await claims.due(10):
        claim = await claims.claim(recording_id)
        assert claim
        await claims.end_deletion(claim)


async def test_sums_and_dispositions_hold(engine: Engine) -> None:
    """Each call stays as a row that counts; how tries ended, when and at what price stays too."""
    await engine.run_campaign()
    dial = await engine.ring(uuid="u-1")
    ended = event("completed", Fact.ANSWERED, Fact.COMPLETED, Fact.TALKED, figures={"duration_s": 4, "network": "1"})
    await engine.store.apply_event(str(dial.attempt), ended)
    before = await engine.store.progress(["c1"])
    engine.clock.advance_ms(SETTLE_MS + 1)
    erasure = await erased(engine, number="+31610000001")
    call, attempt = await engine.store.call("c1-1"), await engine.store.attempt(dial.attempt)

    assert "checked" == erasure.step
    assert before == await engine.store.progress(["c1"])
    assert ("erased", CallState.DONE, Disposition.ANSWERED, 1) == (
        call.number, call.state, call.disposition, call.attempts,
    )  # fmt: skip
    assert attempt
    assert ({"duration_s": "4"}, None, Disposition.ANSWERED) == (attempt.figures, attempt.uuid, attempt.disposition)
    assert [("completed", {})] == [(one.kind, one.payload) for one in attempt.events]


async def test_what_stays_of_a_call(engine: Engine) -> None:
    """When it was dialed and by what it was allowed, how it ended, what it cost, and when it was told of: no more."""
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [replace(ANN, expires_at=moment(engine.now_ms + 500_000))], import_id="i1")
    dial = await engine.ring(uuid="u-1")
    figures = {"duration_s": "4", "price": "0.02", "rate": "0.1"}
    for word in (
        event("input", payload={"to": "31612345678"}, figures={"digits": "5511"}),
        event("completed", Fact.ANSWERED, Fact.COMPLETED, Fact.TALKED, figures=figures | {"network": "1"}),
    ):
        await engine.store.apply_event(str(dial.attempt), word)
    before = await engine.keyspace()
    engine.clock.advance_ms(SETTLE_MS - 1)
    assert ["c1-1"] == list((await erased(engine)).waiting_for)
    engine.clock.advance_ms(1)
    counts = (await go_on(engine)).counts
    after, attempt = await engine.keyspace(), before[f"attempt:{dial.attempt}"]

    kept = {name: attempt[name] for name in ("at", "due", "allowed", "facts", "disposition")}
    kinds = {f"e:{kind}:1800000001000:": [engine.now_ms - SETTLE_MS] for kind in ("input", "completed")}
    figures = {f"f:{name}": value for name, value in figures.items()}
    assert {**kept, **kinds, **figures, "result": "said", "erased": "1"} == after[f"attempt:{dial.attempt}"]
    tries = before["campaign:c1:calls:0"]["1t"]
    assert {"1": ["erased"], "1t": {**tries, "erased": 1}} == after["campaign:c1:calls:0"]
    assert {"expiring:calls"} == {name for name in ("expiring:calls",) if name in before and name not in after}
    assert (1, 1, 7, 3) == tuple(counts[name] for name in ("calls", "attempts", "attempt_fields", "index_entries"))


async def test_a_claimed_call_is_not_dialed(engine: Engine) -> None:
    """One that was about to leave is not begun any more."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await erased(engine, number="+31610000001")

    assert Begun.GONE is await engine.begin(dial)
    assert (Disposition.CANCELLED, "erased") == await ended(engine, "c1-1")


async def ended(engine: Engine, call_id: str) -> tuple[Disposition | None, str]:
    """How a call ended, and its number."""
    call = await engine.store.call(call_id)
    return call.disposition, call.number


@pytest.mark.parametrize("hang_up", [False, True])
async def test_a_call_that_is_up_is_waited_for_and_not_dialed_again(*, hang_up: bool, engine: Engine) -> None:
    """It ends as it ends; its redial does not follow, and where that was asked for it is hung up."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(3, 0, next_number=True)})
    dial = await engine.ring()
    erasure = await erased(engine, number="+31610000001", hang_up=hang_up)
    to_hang_up = (await engine.keyspace()).get("campaign:c1:hang_up", {})
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    busy = await ended(engine, "c1-1")
    settling = await engine.store.erase_some("e1")
    engine.clock.advance_ms(SETTLE_MS + 1)
    last = await go_on(engine)

    assert (["c1-1"], ["c1-1"]) == (list(erasure.waiting_for), list(settling.waiting_for))
    assert hang_up is ("1" in to_hang_up)
    assert ((Disposition.BUSY, "+31610000001"), "checked") == (busy, last.step)
    assert (Disposition.BUSY, "erased") == await ended(engine, "c1-1")


async def test_two_that_erase_a_call_at_once_do_so_once(engine: Engine) -> None:
    """The second finds another record than it has read, and counts nothing."""
    await engine.run_campaign()
    await engine.store.begin_erasure("e1", plan(number="+31610000001"))
    ref = CallRef("c1", 1)
    outcomes = await asyncio.gather(*(engine.store._erased("e1", ref, plan()) for _ in range(2)))

    assert ["ERASED", "CHANGED"] == [outcome.name for outcome in outcomes if outcome is not None]
    assert {"calls": "1", "calls_cancelled": "1"} == {
        name[2:]: count for name, count in (await engine.keyspace())["erasure:e1"].items() if name.startswith("n:call")
    }


async def test_a_call_that_is_begun_between_look_and_step_is_looked_at_again(engine: Engine) -> None:
    """It has an attempt more than was read, of which something would stay."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    outcome, begun = await asyncio.gather(engine.store._erased("e1", CallRef("c1", 1), plan()), engine.begin(dial))

    assert outcome is not None
    assert (Begun.BEGUN, "CHANGED") == (begun, outcome.name)


async def test_whoever_is_being_hung_up_stays_with_the_worker_who_does_it(engine: Engine) -> None:
    """The call is listed once, and asked for again it is nobody else's."""
    await engine.run_campaign()
    await engine.ring()
    await erased(engine, number="+31610000001", hang_up=True)
    assert {"c1": engine.now_ms} == (await engine.keyspace())["hanging-up"]
    hang_ups = HangUps(engine.batch, engine.clock)
    assert ["c1-1"] == [str(one.call) for one in await hang_ups.take(1)]
    engine.clock.advance_ms(1)
    await engine.store.erase_some("e1")

    assert [] == await hang_ups.take(1)


async def test_an_attempt_whose_answer_is_on_the_way_is_no_exception(engine: Engine) -> None:
    """Refused after the asking, it goes back into no line."""
    await engine.run_campaign()
    dial = await engine.place()
    await erased(engine, number="+31610000001")
    await engine.record(dial, "n1", "back")

    assert (Disposition.EXPIRED, "+31610000001") == await ended(engine, "c1-1")
    assert "checked" == (await go_on(engine)).step
    assert (Disposition.EXPIRED, "erased") == await ended(engine, "c1-1")


async def test_a_call_that_was_given_up_is_waited_for_as_long_as_it_may_be_up(engine: Engine) -> None:
    """Whoever opts out in it is suppressed, in the end by the hash; nobody waits longer than a call can last."""
    for campaign_id, opts_out in (("c1", True), ("c2", False)):
        await engine.run_campaign(campaign_id, calls=0)
        number = f"+3161000000{campaign_id[1]}"
        await engine.store.add_calls(campaign_id, [NewCall(number=number)], import_id="i1")
        dial = await engine.ring()
        until = engine.now_ms + 700_000
        await engine.store.apply_event(str(dial.attempt), event("given_up", Fact.LOST), up_until_ms=until)
        engine.clock.advance_ms(SETTLE_MS + 1)
        erasure_id = f"e{campaign_id[1]}"
        waits = await erased(engine, erasure_id, number=number)
        if opts_out:
            await engine.store.apply_event(str(dial.attempt), event("input", Fact.OPTED_OUT))
            await engine.store.apply_event(str(dial.attempt), event("completed", Fact.TALKED))
            engine.clock.advance_ms(SETTLE_MS + 1)
        else:
            engine.clock.set_us(until * 1000)
        last = await go_on(engine, erasure_id)

        assert ([f"{campaign_id}-1"], "checked") == ([*waits.waiting_for], last.step)
        assert opts_out is (await engine.store.suppressed_since(number) is not None)
        assert "erased" == (await engine.store.call(f"{campaign_id}-1")).number
    assert "3161000000" not in json.dumps((await engine.keyspace()).get("suppressed"))


async def test_a_late_webhook_brings_nothing_back(engine: Engine) -> None:
    """A fact counts; payload, keys, carrier's id and recording do not, and nobody is suppressed under no number."""
    await engine.run_campaign(redial={Disposition.NO_ANSWER: Redial(0, 0, then="suppress")})
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    engine.clock.advance_ms(SETTLE_MS + 1)
    await erased(engine, number="+31610000001")
    payload = {"to": "31610000001", "conversation_uuid": "conv-1"}
    before = await engine.keyspace()
    for kind, fact in (("input", Fact.OPTED_OUT), ("answered", Fact.ANSWERED), ("unanswered", Fact.UNANSWERED)):
        late = event(kind, fact, payload=payload, uuid="u-1", figures={"digits": "5511"})
        await engine.store.apply_event(str(dial.attempt), late)
    await engine.store.note_recording(str(dial.attempt), told())
    text = json.dumps(await engine.changed_since(before), default=str)

    assert not [word for word in ("31610000001", "conv-1", "u-1", "5511", told().url) if word in text]
    assert "suppressed" not in await engine.keyspace()
    assert "erased" == (await engine.store.call("c1-1")).number


async def test_a_suppressed_number_stays_so_by_its_hash(engine: Engine) -> None:
    """Since when it was, listed without the number, added and taken off by the number as any other."""
    await engine.store.suppress(NUMBER)
    since = await engine.store.suppressed_since(NUMBER)
    engine.clock.advance_ms(5)
    erasure = await erased(engine)
    keyspace = await engine.keyspace()

    assert [suppressed_digest(NUMBER, SECRET)] == list(keyspace["suppressed"])
    assert ("hash", since) == (erasure.suppression, await engine.store.suppressed_since(NUMBER))
    assert [(True, since)] == [(one.is_erased, one.since) for one in await engine.store.suppressed(offset=0, limit=9)]
    assert 0 == await engine.store.suppress(NUMBER)
    assert (1, None) == (await engine.store.unsuppress(NUMBER), await engine.store.suppressed_since(NUMBER))


async def test_a_hash_stands_on_the_list_on_which_the_number_was(engine: Engine) -> None:
    """A named list holds back for its own campaigns alone, after the erasure too."""
    await engine.store.suppress(NUMBER, on="vip")
    await erased(engine)

    assert {"suppressed:vip": [suppressed_digest(NUMBER, SECRET)]} == {
        name: list(kept) for name, kept in (await engine.keyspace()).items() if name.startswith("suppressed")
    }
    assert (None, True) == (
        await engine.store.suppressed_since(NUMBER),
        await engine.store.suppressed_since(NUMBER, on="vip") is not None,
    )


async def test_a_hashed_number_is_not_dialed(engine: Engine) -> None:
    """Imported again, it ends as suppressed in the last look, and its person's other number is dialed."""
    await erased(engine, suppress=True)
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [NewCall(number=NUMBER), NewCall(number=OTHER, others=(NUMBER,))], import_id="i")

    assert Begun.SUPPRESSED is await engine.begin(await engine.claim_one())
    assert Begun.BEGUN is await engine.begin(await engine.claim_one())


async def test_suppression_is_asked_for_with_the_erasure(engine: Engine) -> None:
    """Without it nobody is suppressed; with it the hash is there before anything else is done."""
    await erased(engine)
    assert None is await engine.store.suppressed_since(NUMBER)
    await engine.store.begin_erasure("e2", plan(suppress=True))
    assert None is not await engine.store.suppressed_since(NUMBER)


async def test_without_the_secret_a_suppressed_number_is_not_erased(redis: Redis) -> None:
    """It would be called again: that is refused, and nothing changes."""
    engine = make_engine(redis)
    await engine.store.suppress(NUMBER)
    before = await engine.keyspace()
    for fields in ({}, {"number": OTHER, "suppress": True}):
        with pytest.raises(IllegalStep, match="DIALER_ERASURE_SECRET"):
            await engine.store.begin_erasure("e1", plan(**fields))

    assert before == await engine.keyspace()


@pytest.mark.parametrize("other", ["", "another secret than that"])
async def test_a_process_with_another_secret_does_not_start(other: str, engine: Engine) -> None:
    """It could not tell whom nobody may call. Without a hash any secret will do."""
    elsewhere = make_engine(engine.redis, erasure_secret=other)
    await elsewhere.store.check_erasure_secret()
    await erased(engine, suppress=True)
    await engine.store.check_erasure_secret()
    with pytest.raises(InvalidInput, match="DIALER_ERASURE_SECRET"):
        await elsewhere.store.check_erasure_secret()
    await engine.store.unsuppress(NUMBER)
    await elsewhere.store.check_erasure_secret()


async def test_a_kept_answer_does_not_let_the_person_be_called_again(engine: Engine) -> None:
    """The request sent again under its key is refused: it adds no call."""
    key = IdempotencyKey(scope="post-calls", key="k1", body="{}")
    other = IdempotencyKey(scope="post-calls", key="k2", body="{}")
    await keep(Batch(engine.redis), key, KeptAnswer(201, json.dumps({"number": NUMBER}), "/v1/calls/direct-1"))
    await keep(Batch(engine.redis), other, KeptAnswer(201, json.dumps({"number": OTHER}), "/v1/calls/direct-2"))
    before = await engine.redis.ttl(key.name)
    await erased(engine)

    with pytest.raises(KeyReused):
        await begin(Batch(engine.redis), key)
    assert await begin(Batch(engine.redis), other)
    assert before - 1 <= await engine.redis.ttl(key.name) <= before


async def test_erased_rows_come_along_to_no_other_campaign(engine: Engine) -> None:
    """A second round of those who were not reached leaves them out; others come."""
    await engine.run_campaign(calls=2)
    await engine.store.step("c1", "cancel")
    await erased(engine, number="+31610000001")
    await engine.run_campaign("c2", calls=0)
    await engine.store.begin_copying("c2", "c1", [Disposition.CANCELLED])
    while await engine.store.copy_some("c2"):
        pass

    assert ["+31610000002"] == [call.number async for chunk in engine.store.all_calls("c2") for call in chunk]


async def test_callbacks_that_wait_tell_no_number(engine: Engine) -> None:
    """They hold ids alone; the number is read when they are sent, and there is none by then."""
    outbox = Outbox(engine.batch, engine.clock)
    await engine.run_campaign()
    told = ("callback_url", "https://a.example", "tells", "call.ended")
    await engine.batch.command("HSET", keys.campaign("c1"), *told)
    await erased(engine, number="+31610000001")
    await outbox.sort()
    (held,) = await outbox.take(1)
    (due,) = await outbox.due(held.receiver, 1)

    assert ("call.ended", None, None) == (due.message.event, due.number, due.external_id)


async def test_doing_it_again_after_a_crash_ends_alike(engine: Engine) -> None:
    """Whichever step was the last: what was erased is not found again, and the rest is."""
    await engine.run_campaign(calls=0)
    calls = [NewCall(number=NUMBER, external_id=str(n), variables={"name": "Fenna"}) for n in range(30)]
    await engine.store.add_calls("c1", calls, import_id="i1")
    await engine.store.begin_erasure("e1", plan())
    for seq in range(1, 11):
        await engine.store._erase("e1", await engine.store.call(f"c1-{seq}"), plan())
    erasure = await go_on(engine)

    assert (30, 30) == (erasure.counts["calls"], erasure.counts["calls_cancelled"])
    assert 30 + 30 == erasure.counts["index_entries"]
    assert "Fenna" not in json.dumps(await engine.keyspace(), default=str)


async def test_an_import_afterwards_is_a_call_like_any_other(engine: Engine) -> None:
    """The same contact is added anew, and found."""
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [ANN], import_id="i1")
    await erased(engine)
    (again,) = await engine.store.add_calls("c1", [ANN], import_id="i1")

    assert ("c1-2", False) == (again.call_id, again.duplicate)
    assert ["c1-2"] == [call.id for call in await engine.store.calls_of(NUMBER)]


async def test_what_a_campaign_says_is_not_changed_but_told(engine: Engine) -> None:
    """A script that connects to the number stays as it is; the check says where the number stands."""
    await engine.run_campaign(script={"text": "Call 06-12345678 or +31612345678"})
    await engine.store.add_calls("c1", [ANN], import_id="i1")

    assert ["campaign:c1 script"] == list((await erased(engine)).left)


async def test_an_older_text_that_holds_the_number_is_told(engine: Engine) -> None:
    """Calls that began with it may refer to it yet, so it is kept; the proof says so."""
    await engine.run_campaign(script={"text": "Call +31612345678"})
    await engine.store.add_calls("c1", [ANN], import_id="i1")
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, script={"text": "Call us"}))

    assert ["campaign:c1:texts 1"] == list((await erased(engine)).left)


async def test_a_person_leaves_the_plan_of_an_escalation(engine: Engine) -> None:
    """Whoever is to be called in a later step is in no call yet, and is not called in it."""
    people = Person(number="+31612345670"), Person(number=NUMBER, variables={"name": "Fenna"})
    told = EscalationPlan(steps=tuple(Step(people=(one,), wait_s=60) for one in people)).to_dict()
    await engine.batch.command("ZADD", keys.ESCALATIONS, 1, "c9")
    await engine.batch.command("HSET", keys.escalation("c9"), "plan", json.dumps(told))
    erasure = await erased(engine)

    assert (1, []) == (erasure.counts["planned_people"], list(erasure.left))
    assert [] == await traces(engine)


async def test_a_call_of_an_escalation_leaves_nothing_by_which_it_was_known(engine: Engine) -> None:
    """It is known by its step and round as well, under the person's name."""
    await engine.run_campaign(calls=0)
    for person in (Person(number=NUMBER), Person(number=NUMBER, external_id="klant-77")):
        await engine.store.add_calls("c1", [person.call(1, 1)], import_id="i1")
    erasure = await erased(engine)

    assert (2, 4) == (erasure.counts["calls"], erasure.counts["index_entries"])
    assert [] == [name for name in await engine.keyspace() if ":known:" in name]


async def test_the_end_keeps_the_proof_alone(engine: Engine) -> None:
    """The number is in the plan until then; after that nothing tells whose it was, and the proof has its end."""
    await erased(engine)
    await engine.store.end_erasure("e1", {"ended": True}, 5_000)
    await engine.store.end_erasure("e1", {"ended": False}, 5_000)
    erasure = await engine.store.erasure("e1")

    assert (None, {"ended": True}) == (erasure.plan, erasure.proof)
    assert [] == [word for word in PERSON if word in json.dumps(await engine.keyspace(), default=str)]
    assert 0 < await engine.redis.pttl(keys.erasure("e1")) <= 5_000
    assert "erasing" not in await engine.keyspace()


def test_spellings() -> None:
    """With the country's code and nationally; a URI as it is."""
    assert ["31612345678", "0612345678"] == spellings(NUMBER)
    assert ["sip:ann@example.com"] == spellings("sip:ann@example.com")
    assert CallRef("c1", 1) == CallRef.parse("c1-1")
