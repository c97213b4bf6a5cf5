"""Explanations: every reason with its code, and the moment told is the one at which a call goes, and not before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from dialer import keys, pacing
from dialer.clock import moment, to_ms
from dialer.dialing import Begun, Pace
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.errors import NotFound
from dialer.explaining.explainer import Explainer
from dialer.explaining.reasons import Code, Reason
from dialer.explaining.rules import REFUSALS
from dialer.holding import SPAN, Held
from dialer.model import Breaker, Caps, EuroCap, NewCall, Priority, Redial, Share, UnknownPolicy
from dialer.providers.base import Refusal, Refused
from dialer.states import CallState
from dialer.trunk_breaker import policy_of
from dialer.window_text import parse_windows
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, draft, event, new_calls
from tests.fakes.explaining import UNKNOWN_HOLD_MS, explainer_of, let_a_worker_live

HOUR_MS = 3_600_000
NUMBER = "+31610000001"
TRIPS = Breaker(failures=1, of=1, wait_ms=60_000)
FROM_TEN, FROM_NINE = parse_windows("10:00-12:00"), parse_windows("09:00-12:00")


@pytest.fixture
async def explainer(engine: Engine) -> Explainer:
    """It sees what a worker would, and there is one."""
    await let_a_worker_live(engine)
    return explainer_of(engine)


async def why(explainer: Explainer, engine: Engine, call_id: str = "c1-1") -> Reason:
    """The reason of a call, while a worker lives."""
    await let_a_worker_live(engine)
    return (await explainer.call(call_id)).explained.reason


async def groups(explainer: Explainer, engine: Engine, campaign_id: str = "c1") -> dict[Code, int]:
    """The reasons of a campaign; they add up to its size."""
    await let_a_worker_live(engine)
    told = await explainer.campaign(campaign_id)
    assert told.seen.campaign.total == sum(group.calls for group in told.groups)
    return {group.reason.code: group.calls for group in told.groups}


async def goes_at(engine: Engine, until_ms: int) -> Begun:
    """Nothing can be claimed a millisecond before that moment; at it a call is, and this is what becomes of it."""
    engine.clock.set_us((until_ms - 1) * 1000)
    assert [] == (await engine.dialing.claim(1)).claims
    engine.clock.set_us(until_ms * 1000)
    (dial,) = await engine.dialing.read((await engine.dialing.claim(1)).claims)
    return await engine.begin(dial, "later")


def until(reason: Reason) -> int:
    """The moment told, in ms."""
    assert reason.until is not None
    return to_ms(reason.until)


async def test_a_draft_waits_for_its_start(engine: Engine, explainer: Explainer) -> None:
    """Its calls are due, and somebody must start it: no moment, but what to do."""
    await engine.store.create_campaign(draft())
    assert Code.EMPTY is (await explainer.campaign("c1")).explained.reason.code
    await engine.store.add_calls("c1", new_calls(3), import_id="i1")
    engine.clock.advance_ms(1)
    reason = await why(explainer, engine)

    assert (Code.DRAFT, None, True) == (reason.code, reason.until, "dialer campaign start c1" in reason.words)
    assert {Code.DRAFT: 3} == await groups(explainer, engine)


async def test_a_pause_is_told_with_its_reason(engine: Engine, explainer: Explainer) -> None:
    """Why the dialer paused it stands in the words; what is under way has reasons of its own, and all add up."""
    await engine.run_campaign(calls=4)
    await engine.ring()
    await engine.store.step("c1", "pause", reason="the access token was refused")
    reason = await why(explainer, engine, "c1-2")

    assert (Code.PAUSED, True) == (reason.code, "(the access token was refused)" in reason.words)
    assert {Code.LIVE: 1, Code.PAUSED: 3} == await groups(explainer, engine)


async def test_every_state_has_its_reason(engine: Engine, explainer: Explainer) -> None:
    """Placing, unknown, live, claimed, done by disposition: each is told, with the moment at which somebody looks."""
    await engine.run_campaign(calls=7, unknown=UnknownPolicy.HOLD)
    busy, live, unknown, placing = [await engine.place(f"n{number}") for number in range(4)]
    await engine.record(live, "n1", "live")
    await engine.record(unknown, "n2", "unknown")
    since = engine.now_ms
    await engine.store.apply_event(str(busy.attempt), event("end", Fact.BUSY))
    claimed = await engine.claim_one()

    assert {
        Code.DONE: 1, Code.LIVE: 1, Code.PLACING: 1, Code.UNKNOWN: 1, Code.CLAIMED: 1, Code.IN_LINE: 2
    } == await groups(explainer, engine)  # fmt: skip
    codes = {str(dial.claim.call): await why(explainer, engine, str(dial.claim.call)) for dial in (busy, live, placing)}
    assert [Code.DONE, Code.LIVE, Code.PLACING] == [reason.code for reason in codes.values()]
    assert since + UNKNOWN_HOLD_MS == until(await why(explainer, engine, str(unknown.claim.call)))
    assert claimed.claim.place_at_us // 1000 == until(await why(explainer, engine, str(claimed.claim.call)))


async def test_windows_end_at_the_moment_told(engine: Engine, explainer: Explainer) -> None:
    """Asked before any worker looked, the opening is told; it holds to the millisecond."""
    await engine.run_campaign(calls=2, windows=FROM_TEN)
    engine.clock.advance_ms(1)
    before = await why(explainer, engine)
    await engine.claim()
    after = await why(explainer, engine)

    assert (Code.OUT_OF_HOURS, START_MS + HOUR_MS) == (before.code, until(before))
    assert before == after
    assert "Europe/Amsterdam" in before.words
    assert {Code.OUT_OF_HOURS: 2} == await groups(explainer, engine)
    assert Begun.BEGUN is await goes_at(engine, until(before))


async def test_each_cohort_opens_at_its_own_moment(engine: Engine, explainer: Explainer) -> None:
    """While Amsterdam is open, those in London are parked; each is told its own opening, on its own clock."""
    people = [
        replace(call, timezone=zone) for call, zone in zip(new_calls(4), [None, "Europe/London"] * 2, strict=True)
    ]
    await engine.run_campaign(calls=0, windows=FROM_NINE)
    await engine.store.add_calls("c1", people, import_id="i1")
    engine.clock.advance_ms(1)
    seen = [await why(explainer, engine, f"c1-{seq}") for seq in (1, 2)]
    assert [Code.IN_LINE, Code.OUT_OF_HOURS] == [reason.code for reason in seen]
    assert (True, START_MS + HOUR_MS) == ("(Fri 09:00 in Europe/London)" in seen[1].words, until(seen[1]))
    assert {Code.IN_LINE: 4} == await groups(explainer, engine)
    await engine.claim()
    await engine.claim()

    assert {Code.CLAIMED: 2, Code.OUT_OF_HOURS: 2} == await groups(explainer, engine)
    assert seen[1] == await why(explainer, engine, "c1-2")
    await engine.store.change_windows("c1", None)
    assert {Code.CLAIMED: 2, Code.IN_LINE: 2} == await groups(explainer, engine)
    assert Code.IN_LINE is (await why(explainer, engine, "c1-2")).code


async def test_hours_that_never_come_are_told_so(engine: Engine, explainer: Explainer) -> None:
    """No moment then, but what to do."""
    closed = parse_windows("10:00-12:00")
    far = replace(closed, not_before=moment(START_MS + 90 * 24 * HOUR_MS))
    await engine.run_campaign(windows=replace(closed, hours=(replace(closed.hours[0], days=frozenset()),)))
    engine.clock.advance_ms(1)
    reason = await why(explainer, engine)
    await engine.store.change_windows("c1", far)

    assert (Code.OUT_OF_HOURS, None, True) == (reason.code, reason.until, "dialer campaign windows c1" in reason.words)
    assert START_MS + 91 * 24 * HOUR_MS > until(await why(explainer, engine)) > START_MS + 89 * 24 * HOUR_MS


async def test_overridden_windows_are_told(engine: Engine, explainer: Explainer) -> None:
    """It is dialed at any hour, and that is said."""
    await engine.run_campaign(windows=FROM_TEN, override_windows=True, priority=Priority.URGENT)
    engine.clock.advance_ms(1)
    reason = await why(explainer, engine)

    assert (Code.IN_LINE, True) == (reason.code, "windows are overridden" in reason.words)


@pytest.mark.parametrize(
    ("caps", "code", "wait_ms"),
    [
        (Caps(spacing_ms=90_000), Code.SPACING, 90_000),
        (Caps(day=1), Code.DAY_CAP, 24 * HOUR_MS),
        (Caps(week=1), Code.WEEK_CAP, 168 * HOUR_MS),
    ],
)
async def test_caps_end_at_the_moment_told(
    engine: Engine, explainer: Explainer, caps: Caps, code: Code, wait_ms: int
) -> None:
    """Told before the last look has found it, and after; with the moment of the try that counts."""
    await engine.run_campaign("c0", calls=0)
    await engine.store.add_calls("c0", [NewCall(number=NUMBER)], import_id="i1")
    await engine.store.apply_event(str((await engine.place()).attempt), event("end", Fact.BUSY))
    tried = engine.now_ms
    await engine.run_campaign("c1", calls=0, caps=caps)
    await engine.store.add_calls("c1", [NewCall(number=NUMBER)], import_id="i1")
    engine.clock.advance_ms(1)
    before = await why(explainer, engine)
    assert Begun.HELD is await engine.begin(await engine.claim_one())
    after = await why(explainer, engine)

    assert (code, tried + wait_ms) == (before.code, until(before))
    assert before == after
    assert (await explainer.call("c1-1")).of_call.dialed_ms == [tried]
    assert {code: 1} == await groups(explainer, engine)
    assert Begun.BEGUN is await goes_at(engine, until(after))


async def test_a_number_that_is_up_names_the_other_call(engine: Engine, explainer: Explainer) -> None:
    """The call to wait for is named, and when somebody looks again."""
    for campaign_id in ("c1", "c2"):
        await engine.run_campaign(campaign_id, calls=0)
        await engine.store.add_calls(campaign_id, [NewCall(number=NUMBER)], import_id="i1")
    first = await engine.ring()
    waits = "c2-1" if str(first.claim.call) == "c1-1" else "c1-1"
    engine.clock.advance_ms(400)
    before = await why(explainer, engine, waits)
    assert (Code.NUMBER_UP, None, True) == (before.code, before.until, str(first.claim.call) in before.words)
    assert Begun.HELD is await engine.begin(await engine.claim_one())
    reason = await why(explainer, engine, waits)

    assert (Code.NUMBER_UP, True) == (reason.code, str(first.claim.call) in reason.words)
    assert {Code.NUMBER_UP: 1} == await groups(explainer, engine, waits[:2])
    await engine.store.apply_event(str(first.attempt), event("end", Fact.BUSY))
    assert Begun.BEGUN is await goes_at(engine, until(reason))


async def test_a_redial_is_due_when_told(engine: Engine, explainer: Explainer) -> None:
    """With what the last try came to."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 300_000)})
    await engine.store.apply_event(str((await engine.place()).attempt), event("end", Fact.BUSY))
    reason = await why(explainer, engine)

    assert (Code.DUE_LATER, engine.now_ms + 300_000, True) == (reason.code, until(reason), "busy" in reason.words)
    assert {Code.DUE_LATER: 1} == await groups(explainer, engine)
    assert until(reason) == until((await explainer.campaign("c1")).explained.reason)
    assert Begun.BEGUN is await goes_at(engine, until(reason))


async def test_how_many_campaigns_of_each_class_stand_in_line(engine: Engine, explainer: Explainer) -> None:
    """Those before a campaign, and those that share with it, are told from these."""
    for count, priority in enumerate(Priority, 1):
        for number in range(count):
            await engine.run_campaign(f"{priority}{number}", priority=priority)

    assert (1, 2, 3) == tuple((await explainer.campaign("background0")).seen.trunk.ready)


async def test_slots_of_the_campaign(engine: Engine, explainer: Explainer) -> None:
    """The next one goes when one of those that are up ends."""
    await engine.run_campaign(calls=3, share=Share(slots=1))
    dial = await engine.ring()
    engine.clock.advance_ms(1000)
    reason = await why(explainer, engine, "c1-2")

    assert (Code.SLOTS_FULL, None, True) == (reason.code, reason.until, "1 of 1" in reason.words)
    assert [] == await engine.claim()
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    assert Code.IN_LINE is (await why(explainer, engine, "c1-2")).code
    assert 1 == len(await engine.claim())


async def test_a_pace_of_its_own_ends_at_the_moment_told(engine: Engine, explainer: Explainer) -> None:
    """With no other campaign beside it, to the millisecond."""
    await engine.run_campaign(calls=3, share=Share(calls_per_second=0.1))
    await engine.ring()
    engine.clock.advance_ms(1000)
    reason = await why(explainer, engine, "c1-2")

    assert (Code.OWN_PACE, True) == (reason.code, "0.1 calls a second" in reason.words)
    assert Begun.BEGUN is await goes_at(engine, until(reason))


@pytest.mark.parametrize(("refusal", "said"), [(Refusal.RATE, "pace too fast"), (Refusal.NOT_SENT, "did not answer")])
async def test_the_gate_tells_why_it_is_closed(
    engine: Engine, explainer: Explainer, refusal: Refusal, said: str
) -> None:
    """What was claimed before is begun when it opens, and not before."""
    await engine.run_campaign(calls=3)
    await engine.place()
    dial = await engine.claim_one()
    await pacing.tune(engine.batch, engine.clock, Refused(refusal), first_wait_ms=2000)
    assert Begun.GATE_CLOSED is await engine.begin(dial)
    reason = await why(explainer, engine, "c1-3")

    assert (Code.GATE_CLOSED, True) == (reason.code, said in reason.words)
    assert {Code.PLACING: 1, Code.GATE_CLOSED: 2} == await groups(explainer, engine)
    engine.clock.set_us((until(reason) - 1) * 1000)
    assert Code.GATE_CLOSED is (await why(explainer, engine, "c1-3")).code
    engine.clock.set_us(until(reason) * 1000)
    assert Code.IN_LINE is (await why(explainer, engine, "c1-3")).code
    assert Begun.BEGUN is await engine.begin(await engine.claim_one(), "later")


async def test_slots_of_the_trunk(engine: Engine) -> None:
    """All campaigns together."""
    await engine.run_campaign(calls=3)
    await engine.ring()
    explainer = explainer_of(engine, slots=1)
    reason = await why(explainer, engine, "c1-2")

    assert (Code.TRUNK_FULL, True) == (reason.code, "1 of 1" in reason.words)


async def test_without_a_worker_somebody_must_start_one(engine: Engine) -> None:
    """A worker is gone when it was not heard from for a while."""
    await engine.run_campaign()
    explainer = explainer_of(engine)
    engine.clock.advance_ms(1)
    assert Code.NO_WORKER is (await explainer.call("c1-1")).explained.reason.code
    await let_a_worker_live(engine)
    assert Code.IN_LINE is (await explainer.call("c1-1")).explained.reason.code
    engine.clock.advance_ms(keys.WORKER_ALIVE_MS + 1)
    reason = (await explainer.call("c1-1")).explained.reason
    assert (Code.NO_WORKER, None, True) == (reason.code, reason.until, "dialer worker" in reason.words)


async def test_what_stands_against_the_next_call_is_told_before_it_is_due(engine: Engine) -> None:
    """A campaign that waits for a redial says, too, that there is nobody to dial it."""
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 300_000)})
    await engine.store.apply_event(str((await engine.place()).attempt), event("end", Fact.BUSY))
    told = (await explainer_of(engine).campaign("c1")).explained

    assert (Code.DUE_LATER, [Code.NO_WORKER]) == (told.reason.code, [one.code for one in told.also])


async def test_urgent_calls_go_first(engine: Engine, explainer: Explainer) -> None:
    """Others wait for them; urgent ones wait for nobody, and a background campaign for normal ones too."""
    await engine.run_campaign("c1", calls=2, priority=Priority.NORMAL)
    await engine.run_campaign("c2", calls=2, priority=Priority.BACKGROUND)
    engine.clock.advance_ms(1)
    assert [Code.IN_LINE, Code.HIGHER_PRIORITY] == [(await why(explainer, engine, i)).code for i in ("c1-1", "c2-1")]
    await engine.run_campaign("c3", calls=2, priority=Priority.URGENT)
    engine.clock.advance_ms(1)

    assert [Code.HIGHER_PRIORITY, Code.HIGHER_PRIORITY, Code.IN_LINE] == [
        (await why(explainer, engine, i)).code for i in ("c1-1", "c2-1", "c3-1")
    ]


async def test_the_turn_in_line_is_about_right(engine: Engine, explainer: Explainer) -> None:
    """The tenth call of a campaign alone at three a second, and beside another: within a token's time."""
    await engine.run_campaign("c1", calls=10)
    engine.clock.advance_ms(1)
    told = until(await why(explainer, engine, "c1-10"))
    await engine.run_campaign("c2", calls=10)
    engine.clock.advance_ms(1)
    beside = until(await why(explainer, engine, "c1-10"))
    dials: list[Dial] = []
    while not any(str(dial.claim.call) == "c1-10" for dial in dials):
        engine.clock.advance_ms(100)
        dials += await engine.dialing.read((await engine.dialing.claim(5)).claims)
    (went,) = [dial.claim.place_at_us // 1000 for dial in dials if str(dial.claim.call) == "c1-10"]

    assert told == pytest.approx(engine.now_ms - (engine.now_ms - START_MS) + 3_100, abs=350)
    assert beside == pytest.approx(went, abs=700)


async def test_suppressed_numbers_and_the_one_that_is_dialed_instead(engine: Engine, explainer: Explainer) -> None:
    """A suppressed number is passed over; with the last one, the call ends, and that is told before it does."""
    other = "+31620000001"
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [NewCall(number=NUMBER, others=(other,))], import_id="i1")
    await engine.store.suppress(NUMBER)
    engine.clock.advance_ms(1)
    told = await explainer.call("c1-1")
    assert (Code.IN_LINE, other) == (told.explained.reason.code, told.of_call.number)
    await engine.store.suppress(other)
    reason = await why(explainer, engine)

    assert (Code.SUPPRESSED, True) == (reason.code, f"{NUMBER} since" in reason.words)
    assert Begun.SUPPRESSED is await engine.begin(await engine.claim_one())
    assert Code.DONE is (await why(explainer, engine)).code


async def test_what_is_too_late_is_swept(engine: Engine, explainer: Explainer) -> None:
    """Between its end and the next sweep, for a campaign and for a call with an end of its own."""
    await engine.run_campaign("c1", expires_at=moment(START_MS + 1_000))
    await engine.run_campaign("c2", calls=0)
    await engine.store.add_calls("c2", [NewCall(number=NUMBER, expires_at=moment(START_MS + 1_000))], import_id="i1")
    engine.clock.advance_ms(1_000)

    assert [Code.EXPIRING] * 2 == [(await why(explainer, engine, i)).code for i in ("c1-1", "c2-1")]
    await engine.leases.expire_campaigns()
    await engine.leases.expire_calls(10)
    assert [Code.DONE] * 2 == [(await why(explainer, engine, i)).code for i in ("c1-1", "c2-1")]


async def test_what_is_not_there_is_not_explained(explainer: Explainer) -> None:
    """Neither a campaign nor a call."""
    for asked in (explainer.campaign("c9"), explainer.campaign("c1:held"), explainer.call("c9-1"), explainer.call("x")):
        with pytest.raises(NotFound):
            await asked


Scene = Callable[[Engine], Awaitable[Begun]]


async def _gone(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    engine.clock.advance_ms(10_000)
    await engine.lapse_all()
    return await engine.begin(dial)


async def _paused(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.store.step("c1", "pause")
    return await engine.begin(dial)


async def _gate(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    await pacing.tune(engine.batch, engine.clock, Refused(Refusal.RATE), first_wait_ms=5_000)
    return await engine.begin(dial)


async def _preempted(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.run_campaign("c2", calls=2, priority=Priority.URGENT)
    return await engine.begin(dial)


async def _too_late(engine: Engine) -> Begun:
    await engine.run_campaign()
    return await engine.begin(await engine.claim_one(), late_us=pacing.LATEST_US + 1)


async def _suppressed(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.store.suppress(dial.number)
    return await engine.begin(dial)


async def _expired(engine: Engine) -> Begun:
    await engine.run_campaign(expires_at=moment(START_MS + 30))
    return await engine.begin(await engine.claim_one())


async def _next_number(engine: Engine) -> Begun:
    await engine.run_campaign(calls=0)
    await engine.store.add_calls("c1", [NewCall(number=NUMBER, others=("+31620000001",))], import_id="i1")
    dial = await engine.claim_one()
    await engine.store.suppress(NUMBER)
    return await engine.begin(dial)


async def _out_of_hours(engine: Engine) -> Begun:
    await engine.run_campaign(windows=FROM_NINE)
    dial = await engine.claim_one()
    await engine.store.change_windows("c1", FROM_TEN)
    return await engine.begin(dial)


async def _held(engine: Engine) -> Begun:
    await engine.run_campaign(redial={Disposition.BUSY: Redial(1, 0)}, caps=Caps(day=1))
    await engine.store.apply_event(str((await engine.place()).attempt), event("end", Fact.BUSY))
    return await engine.begin(await engine.claim_one())


async def _no_slot(engine: Engine) -> Begun:
    await engine.run_campaign(calls=2, share=Share(slots=2))
    dial = await engine.claim_one()
    await engine.ring()
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, share=Share(slots=1)))
    return await engine.begin(dial)


async def _changed(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.store.suppress("+31699999999", on="vip")
    before = await engine.store.campaign("c1")
    await engine.store.change_campaign(before, replace(before, lists=("vip",)))
    return await engine.begin(dial)


async def _over_cap(engine: Engine) -> Begun:
    await engine.run_campaign(calls=3)
    dial, _ = await engine.claim_one(), await engine.ring()
    before = await engine.store.campaign("c1")
    cap = EuroCap(total=Decimal("0.15"), per_call=Decimal("0.10"))
    await engine.store.change_campaign(before, replace(before, euro_cap=cap))
    return await engine.begin(dial)


async def _breaker(engine: Engine, breaker: Breaker | None = TRIPS) -> Begun:
    await engine.run_campaign(calls=3, breaker=breaker)
    dial, failing = await engine.claim_one(), await engine.ring()
    await engine.store.apply_event(str(failing.attempt), event("end", Fact.FAILED))
    return await engine.begin(dial)


async def _stopped(engine: Engine) -> Begun:
    engine.dialing._paces["main"] = Pace(3, breaker=policy_of("1/1"))
    return await _breaker(engine, breaker=None)


async def _old(engine: Engine) -> Begun:
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.batch.command("HSET", keys.LIFE, "known", 2)
    return await engine.begin(dial)


SCENES: dict[Begun, Scene] = {
    Begun.GONE: _gone,
    Begun.NOT_RUNNING: _paused,
    Begun.GATE_CLOSED: _gate,
    Begun.PREEMPTED: _preempted,
    Begun.TOO_LATE: _too_late,
    Begun.SUPPRESSED: _suppressed,
    Begun.EXPIRED: _expired,
    Begun.NEXT_NUMBER: _next_number,
    Begun.OUT_OF_HOURS: _out_of_hours,
    Begun.HELD: _held,
    Begun.NO_SLOT: _no_slot,
    Begun.CHANGED: _changed,
    Begun.OVER_CAP: _over_cap,
    Begun.BREAKER_OPEN: _breaker,
    Begun.TRUNK_STOPPED: _stopped,
    Begun.OLD_DATA: _old,
}


@pytest.mark.parametrize("refusal", [begun for begun in Begun if begun is not Begun.BEGUN])
async def test_every_refusal_of_the_last_look_has_its_code(
    engine: Engine, explainer: Explainer, refusal: Begun
) -> None:
    """Right after the last look refused a call, its explanation says so, and so does its campaign's."""
    assert refusal is await SCENES[refusal](engine)
    engine.clock.advance_ms(1)
    code = (await why(explainer, engine)).code

    assert code in REFUSALS[refusal]
    assert code in await groups(explainer, engine)


async def test_openings_near_to_each_other_still_add_up(engine: Engine, explainer: Explainer) -> None:
    """In a list so long that what is parked at two openings mingles, and redials and held calls stand between, too."""
    await engine.run_campaign(calls=12, windows=FROM_TEN)
    engine.clock.advance_ms(1)
    opens, waiting = START_MS + HOUR_MS, keys.calls_in("c1", CallState.WAITING)
    parked = {seq: opens + (seq % 2) * 500 + (2 * seq + 1) * 0.00025 for seq in range(1, 7)}
    others = {7: opens, 8: opens + 300, 9: opens + 700, 10: opens + 5_000, 11: opens + 400}
    await engine.redis.zadd(waiting, {str(seq): due for seq, due in (parked | others).items()})
    await engine.redis.zadd(keys.held("c1"), {"11": Held.DAY_CAP * SPAN + opens + 400})
    stretches = {f"h{n}": f"{opens + (n - 1) * 500} {opens + HOUR_MS}" for n in (1, 2)}
    fields: list[tuple[str, str | int]] = [*stretches.items(), ("cohorts", 2), ("total", 4_000_000)]
    await engine.batch.command("HSET", keys.campaign("c1"), *(part for pair in fields for part in pair))
    told = await explainer.campaign("c1")
    counts = [(group.reason.code, group.calls) for group in told.groups]

    assert 12 == sum(count for _, count in counts)
    assert [(Code.DAY_CAP, 1), (Code.OUT_OF_HOURS, 8), (Code.DUE_LATER, 2), (Code.OUT_OF_HOURS, 1)] == counts


async def test_a_campaign_is_one_round_trip(engine: Engine, explainer: Explainer) -> None:
    """One script, and one look at the data's life in the same pipeline, however many calls there are."""
    await engine.run_campaign(calls=1000, windows=FROM_TEN)
    await explainer.campaign("c1")
    before: dict[str, dict[str, int]] = await engine.redis.info("commandstats")
    await explainer.campaign("c1")
    after: dict[str, dict[str, int]] = await engine.redis.info("commandstats")
    asked = {name for name, stats in after.items() if stats["calls"] != before.get(name, {"calls": 0})["calls"]}

    assert 1 == after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"]
    assert 1 == after["cmdstat_hget"]["calls"] - before["cmdstat_hget"]["calls"]
    assert {"evalsha", "hget", "hgetall", "hmget", "zcard", "zcount", "zscore"} >= {
        name.removeprefix("cmdstat_") for name in asked if not name.startswith(("cmdstat_info", "cmdstat_zrange"))
    }


async def test_explaining_changes_nothing(engine: Engine, explainer: Explainer) -> None:
    """Whatever is asked, nothing is written."""
    await engine.run_campaign(calls=5, windows=FROM_NINE, caps=Caps(day=1))
    await engine.ring()
    before = await engine.keyspace()
    await explainer.campaign("c1")
    for seq in range(1, 6):
        await explainer.call(f"c1-{seq}")

    assert {} == await engine.changed_since(before)
