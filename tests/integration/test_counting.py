"""Calls and attempts as they are counted: once, by the kind of their campaign, where their state changes."""

from __future__ import annotations

from datetime import timedelta

from dialer.clock import moment
from dialer.counting import count_change
from dialer.dispositions import Disposition, Fact
from dialer.metrics import ATTEMPTS, CALLS
from dialer.model import NewCall
from dialer.tracing import OFF
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, event, new_calls


def ended(disposition: Disposition, kind: str) -> float:
    """How many calls of that kind this process has counted so far."""
    return float(CALLS.labels(disposition, kind)._value.get())


async def test_call_that_ends_is_counted_once_by_kind(engine: Engine) -> None:
    """The event that ends it counts call and attempt; its repeat, and what comes after it, count nothing."""
    before = ended(Disposition.BUSY, "script"), ATTEMPTS.labels("main", "busy")._value.get()
    await engine.run_campaign(kind="script")
    await engine.ring()
    for kind, fact in (("busy", Fact.BUSY), ("busy", Fact.BUSY), ("completed", Fact.COMPLETED)):
        count_change(await engine.store.apply_event("c1-1-1", event(kind, fact)), OFF)

    after = ended(Disposition.BUSY, "script"), ATTEMPTS.labels("main", "busy")._value.get()
    assert (1, 1) == (after[0] - before[0], after[1] - before[1])


async def test_claimed_call_knows_its_kind(engine: Engine) -> None:
    """What the last look, or the carrier's refusal, ends is counted by kind without another question."""
    await engine.run_campaign(kind="escalation")

    assert "escalation" == (await engine.claim_one()).kind


async def test_calls_that_expire_are_counted_once_by_kind(engine: Engine) -> None:
    """Those of a campaign past its end, and one with an end of its own; the next sweep counts nothing."""
    before = ended(Disposition.EXPIRED, "script")
    await engine.run_campaign(calls=0, kind="script", expires_at=moment(START_MS) + timedelta(hours=1))
    own = NewCall(number="+31610000009", expires_at=moment(START_MS) + timedelta(minutes=1))
    await engine.store.add_calls("c1", [*new_calls(2), own], import_id="i1")
    engine.clock.advance_ms(60_000)
    assert 1 == await engine.leases.expire_calls(100)
    engine.clock.advance_ms(3_600_000)
    for _ in range(2):
        await engine.leases.expire_campaigns()
        await engine.leases.expire_calls(100)

    assert 3 == ended(Disposition.EXPIRED, "script") - before
