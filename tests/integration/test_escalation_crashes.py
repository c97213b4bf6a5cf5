"""A worker dies between any two of the steps of a look: whoever looks next brings it to the same end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from dialer.dispositions import Fact
from dialer.errors import StoreUnavailable
from dialer.escalations.climbing import climb
from dialer.store import Store
from dialer.store.base import deadlines
from tests.fakes.alarm import WAIT_S, Alarm
from tests.fakes.engine import Engine
from tests.fakes.keyspace import Keyspace
from tests.fakes.mortal import Mortal

_LOOKS_AT_MOST = 60


async def nobody(alarm: Alarm) -> None:
    """It has just begun."""
    assert [] == await alarm.called()


async def step_is_over(alarm: Alarm) -> None:
    """One waits for a redial that is not to come, one rings on, and the next step is due."""
    await alarm.watch()
    await alarm.ring(2)
    await alarm.busy("ann")
    alarm.wait_s(WAIT_S)


async def key_is_pressed(alarm: Alarm) -> None:
    """One has confirmed, one rings, the others wait."""
    await step_is_over(alarm)
    await alarm.watch()
    await alarm.ring()
    await alarm.presses("bob")


async def all_in_vain(alarm: Alarm) -> None:
    """The last step has ended without a chance."""
    await step_is_over(alarm)
    await alarm.tell("bob", "rejected", Fact.REJECTED)
    await alarm.watch()
    await alarm.ring(2)
    for name in ("cas", "dan"):
        await alarm.tell(name, "rejected", Fact.REJECTED)


Moment = Callable[[Alarm], Awaitable[None]]


def settled(keyspace: Keyspace) -> Keyspace:
    """What is compared: not the wake-up, the chained log, and the lease of whoever died while it added calls."""
    imports = {name: until for name, until in keyspace.get("campaign:c1:imports", {}).items() if name != "step"}
    kept = {name: content for name, content in keyspace.items() if name not in {"wake", "audit", "audit:chain"}}
    return kept | {"campaign:c1:imports": imports}


@pytest.mark.parametrize("moment", [nobody, step_is_over, key_is_pressed, all_in_vain])
async def test_death_behind_any_step_changes_nothing(engine: Engine, moment: Moment) -> None:
    """Killed behind the first step, the second and so on: after the next look all is as if nobody had died."""
    wanted: Keyspace | None = None
    for steps in range(_LOOKS_AT_MOST):
        await engine.redis.flushall()
        engine.clock.set_us(1_800_000_000_000_000)
        alarm = await Alarm.of(engine, "ann bob", "cas dan")
        await moment(alarm)
        mortal = Mortal(engine.batch, steps)
        store = Store(mortal, engine.clock, deadlines(45, 600))
        died = False
        try:
            await climb("c1", store, engine.clock)
        except StoreUnavailable:
            died = True
        await alarm.watch(workers=2)
        found = settled(await engine.keyspace())
        wanted = wanted or found
        assert wanted == found, f"behind step {steps}"
        assert len(await engine.audited()) <= 1
        if not died:
            assert steps > 3
            return
    raise AssertionError("it never came to its end")


async def test_nobody_is_passed_over_while_nobody_looks(engine: Engine) -> None:
    """Killed behind any step as the last people are to be called, and all is down for long: they are called yet."""
    for steps in range(_LOOKS_AT_MOST):
        await engine.redis.flushall()
        engine.clock.set_us(1_800_000_000_000_000)
        alarm = await Alarm.of(engine, "ann", "bob")
        await alarm.watch()
        await alarm.ring()
        await alarm.tell("ann", "rejected", Fact.REJECTED)
        died = False
        try:
            await climb("c1", Store(Mortal(engine.batch, steps), engine.clock, deadlines(45, 600)), engine.clock)
        except StoreUnavailable:
            died = True
        alarm.wait_s(2 * WAIT_S)
        await alarm.watch(workers=2)
        await alarm.watch(workers=2)

        assert ["ann 1.1", "bob 1.2"] == await alarm.called(), f"behind step {steps}"
        if not died:
            assert steps > 3
            return
    raise AssertionError("it never came to its end")
