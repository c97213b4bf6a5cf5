"""The steps of a campaign: every verb from every state, and what each moves."""

from __future__ import annotations

import pytest

from dialer.callbacks.events import Callbacks
from dialer.clock import moment
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep
from dialer.model import Redial
from dialer.states import CAMPAIGN_STEPS, CallState, CampaignState
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, due, event

TABLE = [(verb, state) for verb in CAMPAIGN_STEPS for state in CampaignState]


async def put_into(engine: Engine, state: CampaignState) -> None:
    """A campaign without calls in that state, by legal steps alone."""
    if state is CampaignState.COMPLETED:
        await engine.run_campaign()
        await engine.record(await engine.place(), "n1", "failed")
        await engine.leases.complete_campaigns()
        return
    await engine.store.create_campaign(draft())
    for verb in {"running": ["start"], "paused": ["start", "pause"], "cancelled": ["cancel"]}.get(state, []):
        await engine.store.step("c1", verb)


@pytest.mark.parametrize(("verb", "state"), TABLE)
async def test_each_step_is_allowed_from_its_states_only(engine: Engine, verb: str, state: CampaignState) -> None:
    """A step leads from its source states to its target, stays where it is there already, and is refused elsewhere."""
    sources, target = CAMPAIGN_STEPS[verb]
    await put_into(engine, state)
    before = await engine.keyspace()
    if state in sources or state is target:
        assert target is (await engine.store.step("c1", verb)).state
    else:
        with pytest.raises(IllegalStep, match=f"cannot {verb} campaign c1: it is {state}"):
            await engine.store.step("c1", verb)
        assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("state", [CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.CANCELLED])
async def test_a_step_that_was_taken_changes_nothing(engine: Engine, state: CampaignState) -> None:
    """Whoever asks again for the state that is there changes nothing but wakes a hopper."""
    verb = {"running": "start", "paused": "pause", "cancelled": "cancel"}[state]
    await put_into(engine, state)
    before = await engine.keyspace()
    engine.clock.advance_ms(1000)
    await engine.store.step("c1", verb)

    assert {} == await engine.changed_since(before)


@pytest.mark.parametrize("events", [{"campaign.ended"}, {"campaign.ended", "call.ended"}, {"call.ended"}])
async def test_the_end_is_told_where_it_was_asked_for(engine: Engine, events: set[str]) -> None:
    """Once, whatever else the campaign tells."""
    await engine.run_campaign(callbacks=Callbacks("https://example.org/told", frozenset(events)))
    await engine.record(await engine.place(), "n1", "failed")
    for _ in range(2):
        await engine.leases.complete_campaigns()
    told = [line.split()[0] for line in (await engine.keyspace())["callbacks:told"]]

    assert sorted(events) == sorted(told)


async def test_start_makes_a_campaign_ready(engine: Engine) -> None:
    """Started, a campaign stands in its class, level with the one served least, and one hopper is woken."""
    await engine.run_campaign("c0", calls=2)
    await engine.claim(2)
    await engine.store.create_campaign(draft())
    await engine.redis.delete("{dialer}:wake", "{dialer}:closing")
    before = await engine.keyspace()
    await engine.store.step("c1", "start")

    assert {
        "campaign:c1": {
            "state": "running",
            "reason": "",
            **dict.fromkeys(("started_at", "touched_at"), str(START_MS + 1)),
        },
        "ready:normal": {"c0": 2, "c1": 2},
        "closing": {"c1"},
        "wake": ["1"],
    } == await engine.changed_since(before)


async def test_pause_takes_a_campaign_out_of_the_line(engine: Engine) -> None:
    """Paused with a reason, a campaign is neither ready nor sleeping; its calls stand where they stood."""
    await engine.run_campaign(calls=2, redial={Disposition.BUSY: Redial(1, 5000)})
    await engine.record(await engine.place(), "n1", "busy")
    before = await engine.keyspace()
    paused = await engine.store.step("c1", "pause", reason="the carrier refused")
    now = str(engine.now_ms)

    assert (CampaignState.PAUSED, "the carrier refused") == (paused.state, paused.reason)
    assert {
        "campaign:c1": {"state": "paused", "reason": "the carrier refused", "touched_at": now},
        "ready:normal": None,
        "sleeping": None,
    } == await engine.changed_since(before)


async def test_resume_forgets_the_reason_and_keeps_the_start(engine: Engine) -> None:
    """Resumed, a campaign is ready again; when it was started first is not overwritten."""
    await engine.run_campaign()
    await engine.store.step("c1", "pause", reason="the carrier refused")
    before = await engine.keyspace()
    engine.clock.advance_ms(5000)
    resumed = await engine.store.step("c1", "resume")

    assert None is resumed.reason
    assert {
        "campaign:c1": {"state": "running", "reason": "", "touched_at": str(engine.now_ms)},
        "ready:normal": {"c1": 0},
    } == await engine.changed_since(before)


async def test_cancel_ends_what_has_not_gone_out(engine: Engine) -> None:
    """Waiting and claimed calls end as cancelled; one whose request is under way keeps its lease and its way."""
    await engine.run_campaign(calls=4)
    placing = await engine.place()
    await engine.claim(1)
    before = await engine.keyspace()
    now = engine.clock.now_us() // 1000
    await engine.store.step("c1", "cancel")

    assert {
        "campaign:c1": {"state": "cancelled", "ended_at": str(now), "touched_at": str(now)},
        "campaign:c1:waiting": None,
        "campaign:c1:claimed": None,
        "campaign:c1:done:cancelled": {"2": now, "3": due(3), "4": due(4)},
        "leases": {str(placing.claim.call): before["leases"]["c1-1"]},
        "ready:normal": None,
    } == await engine.changed_since(before)


async def test_cancelled_calls_ended_with_their_campaign(engine: Engine) -> None:
    """A cancelled call's end is the moment of the cancel, however long it had been due or would have waited."""
    await engine.run_campaign(calls=2, redial={Disposition.BUSY: Redial(1, 3_600_000)})
    await engine.record(await engine.place(), "n1", "busy")
    engine.clock.advance_ms(10_000)
    cancelled = await engine.store.step("c1", "cancel")
    calls, _ = await engine.store.calls("c1", disposition=Disposition.CANCELLED)

    assert cancelled.ended_at is not None
    assert [cancelled.ended_at] * 2 == [call.ended_at for call in calls]


async def test_what_comes_back_to_a_cancelled_campaign_is_cancelled(engine: Engine) -> None:
    """A refused request of a cancelled campaign is not dialed again: its call ends as cancelled."""
    await engine.run_campaign()
    dial = await engine.place()
    await engine.store.step("c1", "cancel")
    before = await engine.keyspace()
    recorded = await engine.record(dial, "n1", "back")

    assert Disposition.CANCELLED is recorded.call
    assert {
        "attempt:c1-1-1": None,
        "campaign:c1": {"attempts": "0"},
        "campaign:c1:calls:0": {"1t": {"n": 0}},
        "campaign:c1:placing": None,
        engine.dialed(dial): None,
        "campaign:c1:done:cancelled": {"1": engine.clock.now_us() // 1000},
        "leases": None,
    } == await engine.changed_since(before)


async def test_a_claimed_call_of_a_cancelled_campaign_cannot_begin(engine: Engine) -> None:
    """A claim taken before the cancel holds nothing any more."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.store.step("c1", "cancel")
    before = await engine.keyspace()

    assert Begun.GONE is await engine.begin(dial)
    assert {} == await engine.changed_since(before)


async def test_a_finished_call_is_not_cancelled(engine: Engine) -> None:
    """Cancelling leaves the dispositions of calls that are done."""
    await engine.run_campaign(calls=2)
    await engine.record(await engine.place(), "n1", "failed")
    await engine.store.step("c1", "cancel")
    (progress,) = await engine.store.progress(["c1"])

    assert {"failed": 1, "cancelled": 1} == {name: count for name, count in progress.dispositions.items() if count}
    assert 2 == progress.counts[CallState.DONE]


async def test_cancelling_keeps_who_was_hung_up_before(engine: Engine) -> None:
    """Calls that were hung up on stay cancelled as of their own end when the rest of their campaign is cancelled."""
    await engine.run_campaign(calls=3)
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("hung_up", Fact.HUNG_UP))
    await engine.store.apply_event(str(dial.attempt), event("cancelled", Fact.CANCELLED))
    hung_up_at = (await engine.store.call("c1-1")).ended_at
    engine.clock.advance_ms(5000)
    await engine.store.step("c1", "cancel")
    calls, _ = await engine.store.calls("c1", disposition=Disposition.CANCELLED)

    assert hung_up_at == moment(engine.now_ms - 5000)
    assert {"c1-1": hung_up_at, "c1-2": moment(engine.now_ms), "c1-3": moment(engine.now_ms)} == {
        call.id: call.ended_at for call in calls
    }
