"""What a process whose clock is behind does at the end of a campaign, which a sweeper has seen before."""

from __future__ import annotations

import pytest

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep
from dialer.leases import Freed
from dialer.model import Redial
from dialer.states import CampaignState
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, event, lapsed, new_calls

END_MS = START_MS + 60_000
BEHIND_MS = 5


async def _end(engine: Engine) -> None:
    """The sweeper has seen the end; whoever comes next is a little behind."""
    engine.clock.set_us(END_MS * 1000)
    await engine.leases.expire_campaigns()
    engine.clock.advance_ms(-BEHIND_MS)


async def _disposition(engine: Engine) -> Disposition | None:
    """How the call has ended; its campaign must be complete with it."""
    assert ["c1"] == await engine.leases.complete_campaigns()
    assert CampaignState.COMPLETED is (await engine.store.campaign("c1")).state
    return (await engine.store.call("c1-1")).disposition


async def test_claim_that_comes_back_has_expired(engine: Engine) -> None:
    """It is not put into a line at which nobody looks any more."""
    await engine.run_campaign(expires_at=moment(END_MS))
    dial = await engine.claim_one()
    await _end(engine)

    assert Freed.REQUEUED is await engine.leases.lapse(lapsed(str(dial.attempt), dial.claim.deadline_ms))
    assert Disposition.EXPIRED is await _disposition(engine)


async def test_refused_placing_has_expired(engine: Engine) -> None:
    """So has what the carrier refused in that moment."""
    await engine.run_campaign(expires_at=moment(END_MS))
    dial = await engine.place()
    await _end(engine)

    await engine.record(dial, "n1", "back")
    assert Disposition.EXPIRED is await _disposition(engine)


async def test_redial_is_not_waited_for(engine: Engine) -> None:
    """A call whose redial would be due at once keeps how it ended last."""
    await engine.run_campaign(expires_at=moment(END_MS), redial={Disposition.BUSY: Redial(1, 0)})
    dial = await engine.ring()
    await _end(engine)

    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    assert Disposition.BUSY is await _disposition(engine)


async def test_no_call_is_added(engine: Engine) -> None:
    """A list that comes in at that moment is refused."""
    await engine.run_campaign(expires_at=moment(END_MS))
    await _end(engine)

    with pytest.raises(IllegalStep, match="expired"):
        await engine.store.add_calls("c1", new_calls(2), import_id="i1")
    assert Disposition.EXPIRED is await _disposition(engine)


async def test_nobody_is_called_again(engine: Engine) -> None:
    """A conference that is at its end calls nobody back into it."""
    await engine.run_campaign(expires_at=moment(END_MS), kind="conference")
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    call = await engine.store.call("c1-1")
    await _end(engine)

    with pytest.raises(IllegalStep, match="over"):
        await engine.store.recall(call)
    assert Disposition.BUSY is await _disposition(engine)
