"""Callbacks from the step that ends a call to the customer's own system, which is a real HTTP server here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.callbacks.dead_letters import KEPT_MS, DeadLetters
from dialer.callbacks.events import CallbackEvent, Callbacks
from dialer.callbacks.outbox import LEASE_MS, Outbox
from dialer.callbacks.sending import Sender
from dialer.clock import moment
from dialer.dispositions import Fact
from dialer.settings import Settings
from jobs.callbacks import AT_ONCE, ROUND, CallbackRounds
from jobs.context import Context
from tests.fakes.engine import Engine, event, make_engine
from tests.fakes.names import FixedNames
from tests.fakes.receiver import SECRET, Receiver, receiver

EVERYTHING = frozenset(CallbackEvent)


@pytest.fixture
def engine(redis: Redis) -> Engine:
    """Store and dialing on the emptied server."""
    return make_engine(redis)


@pytest.fixture
async def crm() -> AsyncIterator[Receiver]:
    """A customer's system."""
    async with receiver() as taking:
        yield taking


class Rounds:
    """What one worker does, step by step."""

    def __init__(self, engine: Engine, *origins: str, sender: Sender | None = None, **settings: Any) -> None:
        chosen = Settings(callback_secret=SECRET, callback_origins=frozenset(origins), **settings)
        context = SimpleNamespace(runtime=engine, settings=chosen, stopping=asyncio.Event())
        self.clock = engine.clock
        self.outbox = Outbox(engine.batch, engine.clock)
        self.rounds = CallbackRounds(cast("Context", context), sender)

    async def once(self) -> None:
        """Sort all lines, then one round with every receiver that has something due."""
        while await self.outbox.sort():
            pass
        self.clock.advance_ms(1)  # what is sorted in this millisecond is due in the next
        await asyncio.gather(*(self.rounds.serve(held) for held in await self.outbox.take(10)))

    async def all(self) -> None:
        """Until nothing is due any more."""
        for _ in range(60):
            await self.once()


async def _end_call(engine: Engine, url: str, *, events: frozenset[str] = EVERYTHING, campaign_id: str = "c1") -> None:
    await engine.run_campaign(campaign_id, callbacks=Callbacks(url, events))
    await _end(engine)


async def _end(engine: Engine) -> None:
    engine.clock.advance_ms(1_000)
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))


def _dead(engine: Engine) -> DeadLetters:
    return DeadLetters(engine.batch, engine.clock)


async def _left(engine: Engine) -> list[str]:
    return sorted(key for key in await engine.keyspace() if key.startswith("callbacks"))


async def test_what_became_of_a_call_is_told(engine: Engine, crm: Receiver) -> None:
    """Its attempt, then the call, then the campaign, each signed and under its own id; nothing is left behind."""
    await _end_call(engine, crm.url)
    await engine.leases.complete_campaigns()
    await Rounds(engine, crm.origin).all()

    assert ["c1-1-1-ended-busy", "c1-1-ended"] == [i for i in crm.ids if i != "c1-ended"]
    assert "c1-ended" in crm.ids
    assert {"campaign_id": "c1", "call_id": "c1-1", "external_id": None, "number": "+31610000001",
            "disposition": "busy"} == dict(crm.got)["c1-1-ended"]["data"]  # fmt: skip
    assert [] == await _left(engine)


async def test_keys_are_told_while_the_call_goes_on(engine: Engine, crm: Receiver) -> None:
    """A confirmation and an opt-out are told at once, and each once, however often the carrier repeats them."""
    await engine.run_campaign("c1", callbacks=Callbacks(crm.url, EVERYTHING))
    dial = await engine.ring()
    for fact in (Fact.CONFIRMED, Fact.CONFIRMED, Fact.OPTED_OUT):
        await engine.store.apply_event(str(dial.attempt), event("input", fact))
    await Rounds(engine, crm.origin).all()

    assert ["c1-1-1-confirmed", "c1-1-1-opted-out"] == crm.ids


async def test_only_what_was_asked_for_is_told(engine: Engine, crm: Receiver) -> None:
    """A campaign that asks for ended calls gets these, one that asks for nothing writes nothing."""
    await _end_call(engine, crm.url, events=frozenset({"call.ended"}))
    await engine.run_campaign("c2")
    await _end(engine)
    await Rounds(engine, crm.origin).all()

    assert ["c1-1-ended"] == crm.ids


async def test_no_number_where_it_is_not_to_be_told(engine: Engine, crm: Receiver) -> None:
    """Only ids leave the house then."""
    await _end_call(engine, crm.url)
    await Rounds(engine, crm.origin, callback_numbers=False).all()

    assert all("number" not in told["data"] for _, told in crm.got)


async def test_calls_that_end_with_their_campaign_are_told_one_by_one(engine: Engine, crm: Receiver) -> None:
    """Cancelling ends many in one stroke; each is told once, and so is the one that had ended by itself."""
    await engine.run_campaign("c1", calls=1_200, callbacks=Callbacks(crm.url, frozenset({"call.ended"})))
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("asked", Fact.HUNG_UP))
    await engine.store.apply_event(str(dial.attempt), event("cancelled", Fact.CANCELLED))
    await engine.store.step("c1", "cancel")
    await Rounds(engine, crm.origin).all()

    assert sorted(f"c1-{number}-ended" for number in range(1, 1_201)) == sorted(crm.ids)
    assert {"cancelled"} == {told["data"]["disposition"] for _, told in crm.got}
    assert [] == await _left(engine)


async def test_calls_that_expire_with_their_campaign_are_told(engine: Engine, crm: Receiver) -> None:
    """What a campaign has not dialed by its end is told as expired."""
    callbacks = Callbacks(crm.url, frozenset({"call.ended"}))
    await engine.run_campaign("c1", calls=3, callbacks=callbacks, expires_at=moment(engine.now_ms + 60_000))
    engine.clock.advance_ms(61_000)
    await engine.leases.expire_campaigns()
    await Rounds(engine, crm.origin).all()

    assert ["c1-1-ended", "c1-2-ended", "c1-3-ended"] == sorted(crm.ids)


async def test_a_receiver_that_fails_is_asked_again_later(engine: Engine, crm: Receiver) -> None:
    """After 500 it waits, in order; then the same message comes under the same id."""
    crm.statuses = [500]
    await _end_call(engine, crm.url)
    rounds = Rounds(engine, crm.origin)
    await rounds.all()
    before = list(crm.ids)
    engine.clock.advance_ms(5_100)
    await rounds.all()

    assert ["c1-1-1-ended-busy"] == before
    assert ["c1-1-1-ended-busy", "c1-1-ended"] == crm.ids[1:]
    assert crm.got[0] == crm.got[1]


async def test_a_receiver_may_ask_for_a_longer_wait(engine: Engine, crm: Receiver) -> None:
    """Retry-After counts where it is longer than ours."""
    crm.statuses, crm.headers = [429], {"Retry-After": "60"}
    await _end_call(engine, crm.url, events=frozenset({"call.ended"}))
    rounds = Rounds(engine, crm.origin)
    await rounds.all()
    engine.clock.advance_ms(59_000)
    await rounds.all()

    assert 1 == len(crm.got)
    engine.clock.advance_ms(2_000)
    await rounds.all()
    assert 2 == len(crm.got)


async def test_a_redirect_is_not_followed(engine: Engine, crm: Receiver) -> None:
    """An answer that leads elsewhere is no delivery."""
    crm.statuses, crm.headers = [307], {"Location": crm.url}
    await _end_call(engine, crm.url, events=frozenset({"call.ended"}))
    await Rounds(engine, crm.origin).all()

    assert 1 == len(crm.got)
    assert ["callbacks", "callbacks:due", "callbacks:pending"] == [k for k in await _left(engine) if ":to:" not in k]


async def test_gone_is_final_and_can_be_retried(engine: Engine, crm: Receiver) -> None:
    """After 410 nobody is asked again, until a person says so: then the same message comes under the same id."""
    crm.statuses = [410]
    await _end_call(engine, crm.url, events=frozenset({"call.ended"}))
    rounds = Rounds(engine, crm.origin)
    await rounds.all()
    (letter,) = await _dead(engine).page(offset=0, limit=10)

    assert ("c1-1-ended", 1, "answered 410") == (letter.message.id, letter.message.tries, letter.message.error)
    assert await _dead(engine).retry("c1-1-ended")
    assert not await _dead(engine).retry("c1-1-ended")
    await rounds.all()
    assert ["c1-1-ended", "c1-1-ended"] == crm.ids
    assert [] == await _left(engine)


async def test_nobody_there_for_a_day(engine: Engine) -> None:
    """A receiver that is down is tried for about a day; then a person may drop it, or it goes after 30 days."""
    url = "http://127.0.0.1:9/in"
    await _end_call(engine, url, events=frozenset({"call.ended"}))
    rounds = Rounds(engine, "http://127.0.0.1:9")
    for _ in range(11):
        await rounds.once()
        engine.clock.advance_ms(8 * 3_600_000 + 1)
    (letter,) = await _dead(engine).page(offset=0, limit=10)

    assert 11 == letter.message.tries
    assert "does not answer (ClientConnectorError)" == letter.message.error
    engine.clock.advance_ms(KEPT_MS)
    assert 1 == await _dead(engine).forget_old()
    assert [] == await _left(engine)


async def test_a_name_that_turns_private_is_not_connected_to(engine: Engine, crm: Receiver) -> None:
    """What the name resolves to when it is connected to counts, not what it did when the campaign was made."""
    port = crm.origin.rpartition(":")[2]
    sender = Sender(SECRET, (), lambda: FixedNames("127.0.0.1"))
    await _end_call(engine, f"https://crm.example.com:{port}/in", events=frozenset({"call.ended"}))
    await Rounds(engine, sender=sender).all()
    (stored,) = (await engine.keyspace())["callbacks"].values()

    assert [] == crm.got
    assert "its host leads into a private network" == stored["error"]


async def test_a_slow_receiver_holds_up_no_other(engine: Engine, crm: Receiver) -> None:
    """While one system answers nothing, another gets all of its own, and the slow one a few at once."""
    async with receiver() as slow:
        slow.held.clear()
        callbacks = Callbacks(slow.url, frozenset({"call.ended"}))
        await engine.run_campaign("c1", calls=100, callbacks=callbacks)
        await engine.store.step("c1", "cancel")
        rounds = Rounds(engine, slow.origin, crm.origin)
        await rounds.once()  # opens what ended in one stroke
        stuck = asyncio.create_task(rounds.once())
        await slow.arrived(AT_ONCE)
        await _end_call(engine, crm.url, campaign_id="c2", events=frozenset({"call.ended"}))
        await rounds.all()

        assert ["c2-1-ended"] == crm.ids
        slow.held.set()
        await stuck
        assert AT_ONCE == slow.most_at_once
        assert ROUND == len(slow.got)


async def test_two_workers_never_send_the_same_at_once(engine: Engine, crm: Receiver) -> None:
    """A receiver is in one worker's hands; another finds nothing to do."""
    crm.held.clear()
    await _end_call(engine, crm.url, events=frozenset({"call.ended"}))
    first, second = Rounds(engine, crm.origin), Rounds(engine, crm.origin)
    sending = asyncio.create_task(first.once())
    await crm.arrived(1)
    await second.all()
    crm.held.set()
    await sending

    assert ["c1-1-ended"] == crm.ids


async def test_a_worker_that_dies_leaves_all_to_the_next(engine: Engine, crm: Receiver) -> None:
    """Whether it died before or after the request, its lease lapses and the message comes under the same id."""
    await _end_call(engine, crm.url, events=frozenset({"call.ended"}))
    dying, next_one = Rounds(engine, crm.origin), Rounds(engine, crm.origin)
    await dying.outbox.sort()
    (held,) = await dying.outbox.take(10)
    await next_one.all()
    before = list(crm.ids)
    engine.clock.advance_ms(LEASE_MS)
    await next_one.all()
    await dying.outbox.release(held)

    assert [] == before
    assert ["c1-1-ended"] == crm.ids
    assert [] == await _left(engine)


async def test_a_line_is_sorted_once_by_many_workers(engine: Engine, crm: Receiver) -> None:
    """However many sort at once, each message is queued once."""
    await _end_call(engine, crm.url)
    outbox = Outbox(engine.batch, engine.clock)
    await asyncio.gather(*(outbox.sort() for _ in range(5)))
    await Rounds(engine, crm.origin).all()

    assert ["c1-1-1-ended-busy", "c1-1-ended"] == crm.ids


async def test_a_line_that_nobody_can_read_holds_up_no_other(engine: Engine, crm: Receiver) -> None:
    """It is dropped and logged; what stands behind it is told."""
    await engine.batch.command("LPUSH", keys.CALLBACKS_TOLD, "rubbish", "call.began c1-1 x 1")
    await _end_call(engine, crm.url)
    await Rounds(engine, crm.origin).all()

    assert ["c1-1-1-ended-busy", "c1-1-ended"] == crm.ids
    assert [] == await _left(engine)


async def test_a_deleted_campaign_has_nobody_to_tell(engine: Engine, crm: Receiver) -> None:
    """What waits for a campaign that is deleted goes with it."""
    await _end_call(engine, crm.url)
    rounds = Rounds(engine, crm.origin)
    await rounds.outbox.sort()
    await engine.redis.delete(keys.campaign("c1"))
    await rounds.all()

    assert [] == crm.got
    assert [] == await _left(engine)
