"""Events that come late or end a call for now: labels that change, redials by policy, and who is not dialed again."""

from __future__ import annotations

from dialer import keys
from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.model import Redial, UnknownPolicy
from dialer.providers.base import CallEvent
from dialer.store import Applied, EventResult
from tests.fakes.engine import Engine, event, order, ref


async def apply(engine: Engine, *events: CallEvent, attempt_id: str = "c1-1-1") -> EventResult:
    """Apply these one after the other; returns what the last one changed."""
    results = [await engine.store.apply_event(attempt_id, event) for event in events]
    return results[-1]


async def test_a_late_fact_changes_the_label(engine: Engine) -> None:
    """A machine that is recognised after the end relabels the call, which ended when it ended."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("answered", Fact.ANSWERED), event("completed", Fact.TALKED))
    ended = engine.now_ms
    before = await engine.keyspace()
    engine.clock.advance_ms(10_000)
    machine = event("machine", Fact.MACHINE)

    result = await apply(engine, machine)
    assert (EventResult(Applied.APPLIED), 0) == (result, result.began_ms), "it has ended before"
    changed = await engine.changed_since(before)
    assert "machine" == changed.pop("attempt:c1-1-1")["disposition"]
    assert {
        "campaign:c1:calls:0": {"1t": {"n": 1, "answered": 0, "machine": 1}},
        "campaign:c1:done:answered": None,
        "campaign:c1:done:machine": {"1": ended},
    } == changed


async def test_whoever_listens_hears_of_a_label_that_changes_when_it_does(engine: Engine) -> None:
    """Where the call stands now, and the moment at which that was told."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("answered", Fact.ANSWERED), event("completed", Fact.TALKED))
    heard = await engine.store.changes(None)
    engine.clock.advance_ms(10_000)
    await apply(engine, event("machine", Fact.MACHINE))
    (change,) = (await engine.store.changes(heard.place)).changes

    assert ("c1-1", Disposition.MACHINE, moment(engine.now_ms)) == (change.subject, change.disposition, change.at)


async def test_a_late_label_is_told_where_somebody_asked_for_it_since_the_end(engine: Engine) -> None:
    """Single calls share a campaign: whom it tells may be another one by then."""
    await engine.run_campaign()
    await engine.ring()
    await apply(engine, event("answered", Fact.ANSWERED), event("completed", Fact.TALKED))
    await engine.batch.command("HSET", keys.campaign("c1"), "tells", "call.ended")
    await apply(engine, event("machine", Fact.MACHINE))

    told = [f"call.ended c1-1 machine {engine.now_ms}"]
    assert told == await engine.batch.command("LRANGE", keys.CALLBACKS_TOLD, 0, -1)


async def test_a_call_that_was_cancelled_in_line_again_stays_so(engine: Engine) -> None:
    """Its attempt was given up, and its campaign cancelled; what is told of that late is the attempt's alone."""
    await engine.run_campaign(unknown=UnknownPolicy.REDIAL)
    await engine.record(await engine.place(), "n1", "unknown")
    await engine.dialing.redial(ref("c1-1-1"))
    await engine.store.step("c1", "cancel")
    result = await apply(engine, event("completed", Fact.COMPLETED, Fact.TALKED))
    (attempt,) = await engine.store.attempts("c1-1")

    assert EventResult(Applied.APPLIED, Disposition.ANSWERED) == result
    assert Disposition.ANSWERED is attempt.disposition
    assert Disposition.CANCELLED is (await engine.store.call("c1-1")).disposition


async def test_an_undetermined_call_is_relabelled_by_a_late_webhook(engine: Engine) -> None:
    """We stopped waiting, and then the webhook came: the call shows what it was."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    await apply(engine, event("given_up", Fact.LOST, at_s=None))
    given_up = (await engine.store.call("c1-1")).disposition
    await apply(engine, event("busy", Fact.BUSY))

    assert (Disposition.UNDETERMINED, Disposition.BUSY) == (
        given_up,
        (await engine.store.call("c1-1")).disposition,
    )


async def test_an_event_after_a_refusal_keeps_the_call(engine: Engine) -> None:
    """Events of a call that the carrier had called malformed: it stays failed until they tell another end."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "failed")
    await apply(engine, event("started", Fact.STARTED), event("answered", Fact.ANSWERED))
    meanwhile = (await engine.store.call("c1-1")).disposition
    await apply(engine, event("completed", Fact.TALKED))

    assert (Disposition.FAILED, Disposition.ANSWERED) == (meanwhile, (await engine.store.call("c1-1")).disposition)


async def test_redial_follows_the_policy_up_to_its_times(engine: Engine) -> None:
    """Busy twice is redialed twice, each time after the policy's pause; busy a third time is the end."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(2, 30_000)})
    ends = []
    for number in (1, 2, 3):
        await engine.place(f"n{number}")
        result = await apply(engine, event("busy", Fact.BUSY), attempt_id=f"c1-1-{number}")
        ends.append((result.attempt, result.call))
        early = await engine.claim()
        engine.clock.advance_ms(30_000)
        assert [] == early

    assert [(Disposition.BUSY, None), (Disposition.BUSY, None), (Disposition.BUSY, Disposition.BUSY)] == ends


async def test_each_disposition_has_redials_of_its_own(engine: Engine) -> None:
    """A call that was busy once and then not answered has used one redial of each."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0), Disposition.NO_ANSWER: Redial(1, 0)})
    ends = []
    for number, fact in enumerate((Fact.BUSY, Fact.TIMEOUT, Fact.BUSY), 1):
        await engine.place(f"n{number}")
        ends.append((await apply(engine, event(fact, fact), attempt_id=f"c1-1-{number}")).call)
        engine.clock.advance_ms(1000)

    assert [None, None, Disposition.BUSY] == ends


async def test_a_redial_waits_its_time(engine: Engine) -> None:
    """A redialed call stands in line with its due time, and its campaign sleeps until then."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 30_000)})
    await engine.ring()
    before = await engine.keyspace()
    await apply(engine, event("busy", Fact.BUSY))
    again = engine.now_ms + 30_000
    changed = await engine.changed_since(before)
    changed.pop("attempt:c1-1-1")

    assert {
        "campaign:c1:calls:0": {"1t": {"n": 1, "busy": 1}},
        "campaign:c1:live": None,
        "campaign:c1:waiting": {"1": again},
        "leases": None,
        "sleeping": {"c1": again},
    } == changed


async def test_who_was_reached_after_all_is_not_redialed(engine: Engine) -> None:
    """A call waits because it seemed busy; the events that follow tell of a talk: it is done."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0)})
    await engine.ring()
    await apply(engine, event("busy", Fact.BUSY))
    result = await apply(engine, event("answered", Fact.ANSWERED), event("completed", Fact.TALKED))
    engine.clock.advance_ms(1000)

    assert EventResult(Applied.APPLIED, Disposition.ANSWERED, Disposition.ANSWERED) == result
    assert [] == await engine.claim()
    assert {"answered": 1} == await _dispositions(engine)


async def test_a_redial_under_way_is_not_called_back(engine: Engine) -> None:
    """With the second attempt begun, what is still told of the first is its own matter."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0)})
    await engine.ring()
    await apply(engine, event("busy", Fact.BUSY))
    engine.clock.advance_ms(1000)
    await engine.place("n2")
    before = await engine.keyspace()
    result = await apply(engine, event("completed", Fact.TALKED))

    assert EventResult(Applied.APPLIED, Disposition.ANSWERED) == result
    assert {"attempt:c1-1-1"} == set(await engine.changed_since(before))


async def test_an_event_takes_a_given_up_call_out_of_the_line(engine: Engine) -> None:
    """Behind a 503 the call was put in line again; then its phone rings: it is live and nobody dials it."""
    await engine.run_campaign()
    await engine.record(await engine.place(), "n1", "unknown")
    await engine.dialing.redial(ref("c1-1-1"))
    await apply(engine, event("ringing", Fact.RINGING))
    engine.clock.advance_ms(1000)

    assert [] == order(await engine.claim())
    assert "live" == (await engine.store.call("c1-1")).state


async def test_a_busy_call_of_a_cancelled_campaign_is_cancelled(engine: Engine) -> None:
    """What would be redialed ends as cancelled with its campaign; the attempt tells that it was busy."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0)})
    await engine.ring()
    await engine.store.step("c1", "cancel")

    assert EventResult(Applied.APPLIED, Disposition.BUSY, Disposition.CANCELLED) == await apply(
        engine, event("busy", Fact.BUSY)
    )


async def test_an_answered_call_of_a_cancelled_campaign_is_answered(engine: Engine) -> None:
    """A call that was under way when its campaign was cancelled ends as it ended."""
    await engine.run_campaign()
    await engine.ring()
    await engine.store.step("c1", "cancel")
    await apply(engine, event("answered", Fact.ANSWERED), event("completed", Fact.TALKED))

    assert {"answered": 1} == await _dispositions(engine)


async def _dispositions(engine: Engine) -> dict[str, int]:
    (progress,) = await engine.store.progress(["c1"])
    return {str(name): count for name, count in progress.dispositions.items() if count}
