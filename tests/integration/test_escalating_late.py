"""Whoever waits for a redial when it gets too late is given up: somebody else is alarmed, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.errors import StoreUnavailable
from dialer.leases import Leases
from dialer.model import NewCall, Redial
from dialer.redis.batch import Batch
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, event, ref
from tests.fakes.mortal import Mortal
from tests.fakes.planned import FENNA, campaign, given_up

END_MS = START_MS + 60_000
REDIAL = {Disposition.BUSY: Redial(2, 1_000, then="escalate"), Disposition.NO_ANSWER: Redial(2, 1_000)}
SOON = moment(END_MS)


async def alarmed(engine: Engine) -> list[str]:
    """Who is to be escalated."""
    return list(await engine.redis.zrange(keys.ESCALATING, 0, -1))


@pytest.mark.parametrize("when", ["never", "early", "claimed"])
async def test_nobody_is_given_up_whose_end_has_not_come(engine: Engine, when: str) -> None:
    """A sweeper that comes by for a call without an end, before it, or after the call was claimed, ends nothing."""
    await campaign(engine, redial=REDIAL, expires_at=None if when == "never" else SOON)
    await given_up(engine)
    engine.clock.set_us((END_MS - 2) * 1000)
    if when == "claimed":
        await engine.claim_one()
    before = await engine.keyspace()
    now_ms = END_MS if when == "claimed" else engine.now_ms

    assert 0 == await engine.batch.run("expire_call", keys.call_step(ref("c1-1-1")), ["c1", 1, 1, now_ms])
    assert {} == await engine.changed_since(before)


class _Interrupted:
    """Redis as a sweeper has it, where a slow process claims behind its first step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.command = engine.batch.command

    async def run(self, name: str, *args: Any) -> Any:
        answer = await self._engine.batch.run(name, *args)
        if name == "expire_campaign" and answer == -2:
            self._engine.clock.advance_ms(-5)
            assert [] == await self._engine.claim()
        return answer


class _Behind:
    """Redis as a sweeper has it, where a call is put back into the line right before all are ended in one step."""

    def __init__(self, engine: Engine, attempt_id: str) -> None:
        self._engine, self._attempt_id = engine, attempt_id
        self.command = engine.batch.command

    async def run(self, name: str, *args: Any) -> Any:
        if name == "expire_calls":
            self._engine.clock.advance_ms(-5)
            await self._engine.store.apply_event(self._attempt_id, event("end", Fact.BUSY))
            self._engine.clock.advance_ms(5)
        return await self._engine.batch.run(name, *args)


async def ends(engine: Engine, count: int) -> list[Disposition | None]:
    """How calls have ended."""
    return [(await engine.store.call(f"c1-{seq}")).disposition for seq in range(1, count + 1)]


async def test_end_of_the_campaign(engine: Engine) -> None:
    """Who was tried in vain and waits has somebody alarmed; who was not tried has not."""
    people = [NewCall(number=f"+3161000000{n}") for n in range(3)]
    await campaign(engine, *people, redial=REDIAL, expires_at=SOON)
    await given_up(engine)
    await engine.store.step("c1", "pause")
    engine.clock.set_us(END_MS * 1000)

    assert {"c1": 3} == await engine.leases.expire_campaigns()
    assert {} == await engine.leases.expire_campaigns()
    assert [Disposition.EXPIRED] * 3 == await ends(engine, 3)
    assert ["c1-1"] == await alarmed(engine)
    assert 1 == (await engine.audited()).count(("campaign.expired", "c1"))


async def test_a_slow_process_moves_nobody_at_the_end(engine: Engine) -> None:
    """While a sweeper alarms about one after the other, one whose clock is behind neither claims nor parks them."""
    await campaign(engine, redial=REDIAL, expires_at=SOON)
    await given_up(engine)
    engine.clock.set_us(END_MS * 1000)
    assert {"c1": 1} == await Leases(cast("Batch", _Interrupted(engine)), engine.clock).expire_campaigns()

    assert ([Disposition.EXPIRED], ["c1-1"]) == (await ends(engine, 1), await alarmed(engine))


async def test_redial_behind_a_sweeper_is_looked_at_again(engine: Engine) -> None:
    """Busy at its own end, by one whose clock is behind: a sweeper neither passes it over nor forgets the alarm."""
    await campaign(engine, replace(FENNA, expires_at=SOON), redial={Disposition.BUSY: Redial(2, 0, then="escalate")})
    dial = await engine.ring()
    engine.clock.set_us(END_MS * 1000)
    behind = _Behind(engine, str(dial.attempt))
    assert 0 == await Leases(cast("Batch", behind), engine.clock).expire_calls(10)
    assert ([None], []) == (await ends(engine, 1), await alarmed(engine))

    assert 1 == await engine.leases.expire_calls(10)
    assert ([Disposition.EXPIRED], ["c1-1"]) == (await ends(engine, 1), await alarmed(engine))


@pytest.mark.parametrize("shared", [True, False])
async def test_claimed_at_the_end(engine: Engine, *, shared: bool) -> None:
    """On its way out already, it is given up by the last look: at its campaign's end as at one of its own."""
    fenna = FENNA if shared else replace(FENNA, expires_at=SOON)
    await campaign(engine, fenna, redial=REDIAL, expires_at=SOON if shared else None)
    await given_up(engine)
    engine.clock.set_us((END_MS - 100) * 1000)
    dial = await engine.claim_one()
    engine.clock.set_us(END_MS * 1000)
    await engine.leases.expire_campaigns()
    await engine.leases.expire_calls(10)

    assert Begun.EXPIRED is await engine.begin(dial, late_us=200_000)
    assert ([Disposition.EXPIRED], ["c1-1"]) == (await ends(engine, 1), await alarmed(engine))


async def test_end_of_its_own(engine: Engine) -> None:
    """So it is where a call is to be dialed until some moment only."""
    people = [FENNA, NewCall(number="+31610000002"), NewCall(number="+31610000003", expires_at=SOON)]
    await campaign(engine, replace(FENNA, expires_at=SOON), *people[1:], redial=REDIAL)
    await given_up(engine)
    await engine.store.step("c1", "pause")
    engine.clock.set_us(END_MS * 1000)

    assert 2 == await engine.leases.expire_calls(10)
    assert [Disposition.EXPIRED, None, Disposition.EXPIRED] == await ends(engine, 3)
    assert ["c1-1"] == await alarmed(engine)
    assert "expiring:calls" not in await engine.keyspace()


async def test_success_since_then_alarms_nobody(engine: Engine) -> None:
    """A redial that ended otherwise, in a way that alarms nobody, counts."""
    await campaign(engine, redial=REDIAL, expires_at=SOON)
    await given_up(engine)
    engine.clock.advance_ms(1_000)
    await given_up(engine, Fact.TIMEOUT)
    engine.clock.set_us(END_MS * 1000)
    await engine.leases.expire_campaigns()

    assert ([Disposition.EXPIRED], []) == (await ends(engine, 1), await alarmed(engine))


async def test_death_behind_any_step(engine: Engine) -> None:
    """A sweeper killed behind the first step, the second and so on is followed by one that leaves nobody out."""
    people = [NewCall(number=f"+3161000000{n}") for n in range(4)]
    for steps in range(60):
        await engine.redis.flushall()
        engine.clock.set_us(START_MS * 1000)
        await campaign(engine, *people, redial=REDIAL, expires_at=SOON)
        for _ in range(3):
            await given_up(engine)
        await engine.store.step("c1", "pause")
        engine.clock.set_us(END_MS * 1000)
        died = False
        try:
            await Leases(Mortal(engine.batch, steps), engine.clock).expire_campaigns()
        except StoreUnavailable:
            died = True
        await engine.leases.expire_campaigns()

        assert [Disposition.EXPIRED] * 4 == await ends(engine, 4), f"behind step {steps}"
        assert ["c1-1", "c1-2", "c1-3"] == await alarmed(engine), f"behind step {steps}"
        if not died:
            return
    raise AssertionError("it never came to its end")
