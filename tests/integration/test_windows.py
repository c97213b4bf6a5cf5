"""Windows in the engine: a closed campaign sleeps, closed cohorts are parked, and nothing begins outside of its hours.

It is nine in the morning in Amsterdam, on a Friday in January: eight in London, half past one in Kolkata.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dialer import keys
from dialer.callbacks.events import Callbacks
from dialer.changes import Sample
from dialer.clock import moment, to_ms
from dialer.dialing import Begun
from dialer.dispositions import Disposition, Fact
from dialer.errors import StoreUnavailable
from dialer.model import NewCall, Priority, Redial
from dialer.openings import GUARD_MS, Openings, Stretch
from dialer.pacing import HORIZON_US
from dialer.store.overview import Overview
from dialer.window_text import parse_windows
from dialer.windows import Windows
from tests.fakes.clock import START_MS
from tests.fakes.engine import PLACING_LEASE_MS, Engine, draft, due, event, make_engine, new_calls, order

MINUTE_MS, HOUR_MS, HORIZON_MS = 60_000, 3_600_000, HORIZON_US // 1000
FROM_TEN = parse_windows("10:00-12:00")
FROM_NINE = parse_windows("09:00-12:00")
OPENS_MS = START_MS + HOUR_MS  # ten o'clock in Amsterdam
PEOPLE = [
    NewCall(number="+31610000001"),
    NewCall(number="+31610000002", timezone="Europe/London"),
    NewCall(number="+31610000003"),
    NewCall(number="+31610000004", timezone="Europe/London"),
]


async def run(engine: Engine, calls: list[NewCall], **fields: Any) -> None:
    """A running campaign over these calls."""
    await engine.run_campaign(calls=0, **fields)
    await engine.store.add_calls("c1", calls, import_id="i1")
    await engine.store.end_import("c1", "i1")


def at(engine: Engine, moment_ms: float) -> None:
    """Let it be that moment."""
    engine.clock.set_us(round(moment_ms * 1000))


async def claimed(engine: Engine, most: int = 100) -> list[str]:
    """Whom a hopper gets now, one after the other."""
    return order(await engine.claim(most))


async def sampled(engine: Engine) -> Sample:
    """The campaign in little."""
    found = await engine.store.sample("c1")
    assert found
    return found


async def test_closed_campaign_sleeps_as_a_whole(engine: Engine) -> None:
    """Of a thousand calls of one country none is touched: the campaign sleeps until its opening, no token is given."""
    await engine.run_campaign(calls=1000, windows=FROM_TEN)
    before = await engine.keyspace()

    assert [] == await claimed(engine)
    assert {
        "campaign:c1": {"h1": f"{OPENS_MS} {OPENS_MS + 2 * HOUR_MS - GUARD_MS}"},
        "ready:normal": None,
        "sleeping": {"c1": OPENS_MS},
        "trunk:main": {"tat": "0", "index": "0", "seen": f"{START_MS + 1}000"},
    } == await engine.changed_since(before)


async def test_look_at_a_sleeping_campaign_changes_nothing(engine: Engine) -> None:
    """Until the opening there is nothing to do for anybody, and the next look is then."""
    await engine.run_campaign(calls=3, windows=FROM_TEN)
    await engine.claim()
    before = await engine.keyspace()
    looked = await engine.dialing.claim(100)

    assert ([], OPENS_MS * 1000) == (looked.claims, looked.look_again_us)
    assert {} == await engine.changed_since(before)


async def test_campaign_wakes_at_its_opening(engine: Engine) -> None:
    """At the opening calls go out, in the order of their list."""
    await engine.run_campaign(calls=3, windows=FROM_TEN)
    await engine.claim()
    at(engine, OPENS_MS - 1)

    assert ["c1-1", "c1-2"] == await claimed(engine)


async def test_no_token_reaches_beyond_the_closing(engine: Engine) -> None:
    """Shortly before the closing nothing is claimed, for its request could be late; then the campaign sleeps on."""
    await engine.run_campaign(calls=3, windows=FROM_NINE)
    at(engine, START_MS + 3 * HOUR_MS - GUARD_MS - 500)
    assert [] == await claimed(engine)
    at(engine, START_MS + 3 * HOUR_MS)
    assert [] == await claimed(engine)
    assert {"c1": START_MS + 24 * HOUR_MS} == (await engine.keyspace())["sleeping"]


async def test_no_more_is_claimed_than_was_asked_for_while_hours_are_looked_up(redis: Redis) -> None:
    """Whoever claims five gets five, also where the hours of the second campaign are learned in between."""
    engine = make_engine(redis, calls_per_second=1000)
    await engine.run_campaign("c1", calls=10)
    await engine.run_campaign("c2", calls=10, windows=FROM_NINE)

    found = await claimed(engine, 5)

    assert 5 == len(found) == len(set(found))
    assert {"c1", "c2"} == {name.partition("-")[0] for name in found}


async def test_a_claim_that_has_what_it_asked_for_looks_no_further(redis: Redis) -> None:
    """Who has learned the hours of a second campaign on the way has its calls looked at next, at once."""
    engine = make_engine(redis, calls_per_second=0.5)
    await engine.run_campaign("c1", priority=Priority.URGENT)
    await engine.run_campaign("c2", priority=Priority.URGENT, windows=FROM_NINE)
    engine.clock.advance_ms(1)
    found = await engine.dialing.claim(1)

    assert (["c1-1"], engine.clock.now_us(), False) == (order(found.claims), found.look_again_us, found.is_dry)


async def test_begin_is_refused_when_the_window_has_closed(engine: Engine) -> None:
    """A claim that was overtaken by a change of windows uses no try, keeps its place and waits for the opening."""
    await engine.run_campaign(windows=FROM_NINE)
    dial = await engine.claim_one()
    await engine.store.change_windows("c1", FROM_TEN)
    before = await engine.keyspace()

    assert Begun.OUT_OF_HOURS is await engine.begin(dial)
    assert {
        "campaign:c1:claimed": None,
        "campaign:c1:waiting": {"1": due(1)},
        "leases": None,
        "sleeping": {"c1": due(1)},
    } == await engine.changed_since(before)
    assert [] == await claimed(engine)
    at(engine, OPENS_MS)
    assert ["c1-1"] == await claimed(engine)


@pytest.mark.parametrize(("later_ms", "begun"), [(-1, Begun.BEGUN), (0, Begun.OUT_OF_HOURS)])
async def test_nothing_begins_whose_request_would_leave_at_the_end(engine: Engine, later_ms: int, begun: Begun) -> None:
    """Looked at ahead of its moment, while the window is open yet: it is the moment that counts."""
    closes_ms = OPENS_MS + 2 * HOUR_MS - GUARD_MS
    await engine.run_campaign(windows=FROM_NINE)
    at(engine, closes_ms - 2 * HORIZON_MS)
    dial = await engine.claim_one()
    at(engine, closes_ms - 300)
    moved = replace(dial, claim=dial.claim._replace(place_at_us=(closes_ms + later_ms) * 1000))

    assert begun is await engine.dialing.begin(moved, "n1", lease_ms=PLACING_LEASE_MS)


async def test_windows_given_while_running_hold_at_once(engine: Engine) -> None:
    """A call claimed when there were no windows is not begun in a closed one."""
    await engine.run_campaign()
    dial = await engine.claim_one()
    await engine.store.change_windows("c1", FROM_TEN)
    await engine.claim()

    assert Begun.OUT_OF_HOURS is await engine.begin(dial)


async def test_windows_taken_away_open_at_once(engine: Engine) -> None:
    """A sleeping campaign whose windows are taken away is dialed at once."""
    await engine.run_campaign(calls=2, windows=FROM_TEN)
    assert [] == await claimed(engine)
    await engine.store.change_windows("c1", None)

    assert ["c1-1", "c1-2"] == await claimed(engine)


async def test_open_cohort_is_dialed_while_a_closed_one_is_parked(engine: Engine) -> None:
    """People in Amsterdam are called at nine there, those in London at nine there, in the order of the list."""
    await run(engine, PEOPLE, windows=FROM_NINE)
    assert ["c1-1", "c1-3"] == await claimed(engine)
    stored = await engine.keyspace()
    assert {"=Europe/London": "2", "Europe/Amsterdam": "1"} == stored["campaign:c1:zones"]
    assert (
        pytest.approx({"2": OPENS_MS + 0.00125, "4": OPENS_MS + 0.00225}, abs=0.0003) == stored["campaign:c1:waiting"]
    )

    at(engine, OPENS_MS)
    assert ["c1-2", "c1-4"] == await claimed(engine)


async def test_cohort_that_closes_is_parked_until_it_opens(engine: Engine) -> None:
    """At noon in Amsterdam only London goes on."""
    await run(engine, PEOPLE, windows=FROM_NINE)
    at(engine, START_MS + 3 * HOUR_MS)
    assert ["c1-2", "c1-4"] == await claimed(engine)
    at(engine, START_MS + 24 * HOUR_MS)
    await engine.lapse_all()
    assert ["c1-1", "c1-3"] == await claimed(engine)


async def test_cohort_closes_at_its_very_moment(engine: Engine) -> None:
    """Whoever claims in that millisecond dials nobody of it, and parks them for its next opening."""
    await run(engine, PEOPLE, windows=FROM_NINE)
    at(engine, OPENS_MS + 3 * HOUR_MS - 1)
    await engine.lapse_all()
    at(engine, OPENS_MS + 3 * HOUR_MS)

    assert [] == await claimed(engine)
    opens_ms = {1: START_MS + 24 * HOUR_MS, 2: OPENS_MS + 24 * HOUR_MS}
    parked = {int(seq): at for seq, at in (await engine.keyspace())["campaign:c1:waiting"].items()}
    assert {1: opens_ms[1], 2: opens_ms[2], 3: opens_ms[1], 4: opens_ms[2]} == {s: int(at) for s, at in parked.items()}


async def test_call_that_is_parked_is_held_back_by_nothing_else(engine: Engine) -> None:
    """Who waited because his number was up when his cohort closed is told to wait for its opening, and counted so."""
    await engine.run_campaign("c2", calls=0)
    await engine.store.add_calls("c2", PEOPLE[:1], import_id="i1")
    first = await engine.claim_one()
    await engine.begin(first, str(first.attempt))
    await run(engine, PEOPLE, windows=FROM_NINE)
    again = await engine.claim_one()
    assert ("c1-1", Begun.HELD) == (str(again.claim.call), await engine.begin(again, str(again.attempt)))
    assert "1" in (await engine.keyspace())["campaign:c1:held"]

    at(engine, START_MS + 3 * HOUR_MS)
    assert ["c1-2", "c1-4"] == await claimed(engine)
    assert "campaign:c1:held" not in await engine.keyspace()


async def test_change_brings_parked_calls_back(engine: Engine) -> None:
    """When the windows become wider, those parked for an opening that is none any more are dialed, all of them."""
    londoners = [NewCall(number=f"+3161{n:07d}", timezone="Europe/London") for n in range(2, 2402)]
    await engine.run_campaign(calls=0, windows=FROM_NINE)
    for first in (0, 1000, 2000):
        await engine.store.add_calls("c1", [PEOPLE[0], *londoners][first : first + 1000], import_id="i1")
    assert ["c1-1"] == await claimed(engine)
    parked = (await engine.keyspace())["campaign:c1:waiting"]
    assert OPENS_MS < min(parked.values())
    await engine.store.change_windows("c1", parse_windows("08:00-12:00"))

    assert ["c1-2"] == await claimed(engine)
    stored = await engine.keyspace()
    assert 2399 == len(stored["campaign:c1:waiting"])
    assert max(stored["campaign:c1:waiting"].values()) <= engine.now_ms
    assert "unpark" not in stored["campaign:c1"]


async def test_change_leaves_redials_where_they_are(engine: Engine) -> None:
    """A redial that is due at the very opening for which others are parked is no parked call: it stays there."""
    policy = {Disposition.BUSY: Redial(1, HOUR_MS)}
    await run(engine, PEOPLE, windows=FROM_NINE, redial=policy)
    dial = await engine.ring()
    await engine.claim()
    at(engine, START_MS)
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    await engine.store.change_windows("c1", None)
    await engine.claim()
    await engine.claim()

    assert OPENS_MS == (await engine.keyspace())["campaign:c1:waiting"]["1"]


async def test_cohorts_are_known_before_there_are_windows(engine: Engine) -> None:
    """Windows given to a running campaign hold for calls that were added before."""
    await run(engine, PEOPLE)
    await engine.store.change_windows("c1", FROM_NINE)

    assert ["c1-1", "c1-3"] == await claimed(engine)


async def test_redial_in_closed_hours_waits_for_the_opening(engine: Engine) -> None:
    """Somebody busy at five to twelve is dialed again not ten minutes later but in the next morning's hours."""
    await engine.run_campaign(windows=FROM_NINE, redial={Disposition.BUSY: Redial(1, 10 * MINUTE_MS)})
    at(engine, START_MS + 3 * HOUR_MS - 5 * MINUTE_MS)
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))
    at(engine, START_MS + 3 * HOUR_MS + 10 * MINUTE_MS)
    assert [] == await claimed(engine)
    at(engine, START_MS + 24 * HOUR_MS)
    assert ["c1-1"] == await claimed(engine)


async def test_closed_urgent_campaign_takes_no_token_of_others(engine: Engine) -> None:
    """An urgent campaign out of its hours does not make normal calls step back."""
    await engine.run_campaign("c0", priority=Priority.URGENT, windows=FROM_TEN)
    await engine.run_campaign("c1")
    dial = await engine.claim_one()

    assert Begun.BEGUN is await engine.begin(dial)


async def test_override_dials_at_any_hour(engine: Engine) -> None:
    """A campaign that overrides its windows is dialed while they are closed, and still shows them."""
    await engine.run_campaign(priority=Priority.URGENT, windows=FROM_TEN, override_windows=True)
    assert FROM_TEN == (await engine.store.campaign("c1")).windows
    assert ["c1-1"] == await claimed(engine)


async def test_an_attempt_tells_whether_its_windows_were_kept_overridden_or_none(engine: Engine) -> None:
    """What allowed it says so, with the version of the windows: those of the moment at which it was begun."""
    await engine.run_campaign(calls=3, windows=FROM_TEN, override_windows=True, priority=Priority.URGENT)
    told: list[tuple[int | None, bool, bool]] = []
    for windows in (FROM_TEN, None, None):
        attempt = await engine.store.attempt((await engine.place(f"n{len(told)}")).attempt)
        assert attempt
        assert attempt.decision
        found = attempt.decision
        assert (found.opens_at is None) is (found.closes_at is None)
        told.append((found.windows_version, found.override_windows, found.opens_at is not None))
        at(engine, to_ms(datetime.fromisoformat("2027-03-26T11:00+01:00")))
        await engine.store.change_windows("c1", windows)

    assert [(1, True, False), (2, False, True), (None, False, False)] == told


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        ("09:00-20:00 holidays=NL", "2027-04-27T10:00+02:00", "2027-04-28T09:00+02:00"),
        ("09:00-20:00 closed=2027-05-04,2027-05-05", "2027-05-04T10:00+02:00", "2027-05-06T09:00+02:00"),
        ("02:10-02:50", "2027-03-28T01:00+01:00", "2027-03-29T02:10+02:00"),
        ("02:10-02:50", "2027-10-31T02:50+02:00", "2027-10-31T02:10+01:00"),
        ("su=09:00-10:00", "2027-03-26T12:00+01:00", "2027-03-28T09:00+02:00"),
    ],
)
async def test_days_that_differ_from_others(engine: Engine, text: str, now: str, opens: str) -> None:
    """Holidays, closed dates and changes of the clock: the campaign sleeps until the right moment, and then dials."""
    at(engine, to_ms(datetime.fromisoformat(now)))
    await engine.run_campaign(windows=parse_windows(text))
    assert [] == await claimed(engine)
    assert {"c1": to_ms(datetime.fromisoformat(opens))} == (await engine.keyspace())["sleeping"]
    at(engine, to_ms(datetime.fromisoformat(opens)))
    assert ["c1-1"] == await claimed(engine)


async def test_campaign_does_not_begin_before_its_start(engine: Engine) -> None:
    """Started today, it dials from the moment at which it shall begin."""
    await engine.run_campaign(windows=Windows(not_before=moment(START_MS + 90_500)))
    assert [] == await claimed(engine)
    at(engine, START_MS + 90_500)
    assert ["c1-1"] == await claimed(engine)


async def test_windows_that_this_machine_cannot_work_out_stay_closed(engine: Engine, redis: Redis) -> None:
    """A zone that is missing here keeps its cohort closed for a minute, and others are dialed."""
    await engine.run_campaign(windows=Windows(zone="Atlantis/Deep"))
    await engine.run_campaign("c2")

    with capture_logs() as logged:
        assert ["c2-1"] == await claimed(engine)
    assert START_MS + 1 + MINUTE_MS == await redis.zscore(keys.SLEEPING, "c1")
    (line,) = logged
    assert ("windows.not_understood", "Europe/Amsterdam") == (line["event"], line["cohort"])
    assert "Atlantis/Deep" in line["reason"]


async def test_a_cohort_without_a_zone_keeps_the_hours_of_the_own_region(engine: Engine) -> None:
    """Of an address nobody knows where it is; what is open is so until it closes, and then until it opens."""
    await run(engine, [NewCall(number="sip:desk@pbx.example.com")], windows=FROM_NINE)
    openings = Openings(engine.batch, engine.clock, "NL")
    nine, noon = moment(START_MS), moment(START_MS + 3 * HOUR_MS)
    opened = await openings.of(await engine.store.campaign("c1"))
    at(engine, START_MS + 3 * HOUR_MS)
    closed = await openings.of(await engine.store.campaign("c1"))

    assert [Stretch(("Europe/Amsterdam",), is_open=True, opens_at=None, closes_at=noon)] == opened
    day = timedelta(days=1)
    assert [Stretch(("Europe/Amsterdam",), is_open=False, opens_at=nine + day, closes_at=noon + day)] == closed


@pytest.mark.parametrize(
    ("stored", "after_ms", "expected"),
    [
        ({}, 0, (0, 3 * HOUR_MS - GUARD_MS)),
        ({1: (0, 3 * HOUR_MS)}, 0, (0, 3 * HOUR_MS)),
        ({1: (5_000, HOUR_MS)}, 0, (5_000, HOUR_MS)),
        ({1: (500, 900)}, 0, (500, 900)),
        ({1: (-HOUR_MS, 0)}, 0, (0, 3 * HOUR_MS - GUARD_MS)),
        ({1: (0, 3 * HOUR_MS)}, 3 * HOUR_MS - HORIZON_MS - 1, (0, 3 * HOUR_MS)),
        ({1: (0, 3 * HOUR_MS)}, 3 * HOUR_MS - HORIZON_MS, (24 * HOUR_MS, 27 * HOUR_MS - GUARD_MS)),
    ],
)
async def test_when_a_cohort_opens_next_is_as_the_scripts_have_it(
    engine: Engine, stored: dict[int, tuple[int, int]], after_ms: int, expected: tuple[int, int]
) -> None:
    """Where they have it; what closes within the horizon of a claim is closed already."""
    openings = Openings(engine.batch, engine.clock, "NL")
    known = {number: f"{START_MS + opens} {START_MS + closes}" for number, (opens, closes) in stored.items()}
    told = await openings.stretches(FROM_NINE, {1: ""}, known, START_MS + after_ms)

    assert {1: expected} == {number: (a - START_MS, b - START_MS) for number, (a, b) in told.items()}


async def test_hoppers_that_look_at_once_share_the_calls(engine: Engine) -> None:
    """When several look up the same hours at one moment, each call is claimed once."""
    await run(engine, PEOPLE, windows=parse_windows("08:00-12:00"))
    engine.clock.advance_ms(1)
    looks = await asyncio.gather(*(engine.dialing.claim(1) for _ in range(6)))

    assert ["c1-1", "c1-2"] == sorted(order([claim for look in looks for claim in look.claims]))


async def test_hopper_that_dies_before_it_told_the_hours_is_followed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The campaign is not forgotten: whoever looks next looks its hours up."""
    await engine.run_campaign(windows=FROM_NINE)

    async def died(_: str) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(engine.dialing._openings, "turn", died)
        with pytest.raises(StoreUnavailable):
            await engine.claim()
    assert ["c1-1"] == await claimed(engine)


async def test_hours_of_old_windows_are_not_written(engine: Engine) -> None:
    """A hopper that worked out hours while the windows were changed writes nothing."""
    await engine.run_campaign(windows=FROM_TEN)
    await engine.store.change_windows("c1", FROM_NINE)
    assert 0 == await engine.batch.run("store_hours", [keys.campaign("c1")], ["1", "h1", "1 2"])


async def test_calls_are_due_from_the_very_moment_at_which_their_campaign_opens(engine: Engine) -> None:
    """In little it tells none of them before."""
    await run(engine, new_calls(2), windows=FROM_TEN)
    await claimed(engine)
    at(engine, OPENS_MS - 1)
    before = (await sampled(engine)).due
    at(engine, OPENS_MS)

    assert (0, 2) == (before, (await sampled(engine)).due)


async def test_nobody_waits_long_in_closed_hours(engine: Engine) -> None:
    """The metric of who has waited longest does not count a night."""
    await engine.run_campaign(windows=FROM_TEN)
    await engine.claim()
    at(engine, OPENS_MS - 1)
    seen: Overview = await engine.store.overview()

    assert 0 == seen.oldest_due_ms[Priority.NORMAL]
    assert 0 == (await sampled(engine)).due


@pytest.mark.parametrize("windows", [None, FROM_NINE])
async def test_who_is_due_counts_while_another_waits_for_a_redial(engine: Engine, windows: Windows | None) -> None:
    """An urgent one that no worker takes is told and alarmed about, also behind somebody who was busy."""
    redial = {Disposition.BUSY: Redial(1, HOUR_MS)}
    await engine.run_campaign(calls=3, windows=windows, redial=redial, priority=Priority.URGENT)
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("end", Fact.BUSY))
    engine.clock.advance_ms(2 * MINUTE_MS)
    seen: Overview = await engine.store.overview()

    assert 2 * MINUTE_MS <= seen.oldest_due_ms[Priority.URGENT] < 3 * MINUTE_MS
    assert 2 == (await sampled(engine)).due


def _ending(seconds: float) -> NewCall:
    return NewCall(number="+31610000001", expires_at=moment(START_MS) + timedelta(seconds=seconds))


async def test_call_expires_at_its_own_end(engine: Engine) -> None:
    """What is not dialed by then is expired; whole keyspace: it stands there alone and nothing looks for it again."""
    await run(engine, [_ending(60), *new_calls(1, first=2)], windows=FROM_TEN)
    assert 0 == await engine.leases.expire_calls(100)
    at(engine, START_MS + MINUTE_MS)
    before = await engine.keyspace()

    assert 1 == await engine.leases.expire_calls(100)
    assert {
        "campaign:c1:done:expired": {"1": START_MS + MINUTE_MS},
        "campaign:c1:waiting": {"2": due(2)},
        "expiring:calls": None,
    } == await engine.changed_since(before)
    call = await engine.store.call("c1-1")
    assert (Disposition.EXPIRED, moment(START_MS + MINUTE_MS)) == (call.disposition, call.ended_at)
    assert moment(START_MS + MINUTE_MS) == call.expires_at


async def test_call_that_ends_by_itself_is_told_by_itself(engine: Engine) -> None:
    """It is marked, for one line tells of all that end with their campaign; and it stays where it ended."""
    callbacks = Callbacks("https://crm.example.com/in", frozenset({"call.ended"}))
    end = START_MS + 2 * MINUTE_MS
    await run(engine, [_ending(60), *new_calls(2, first=2)], callbacks=callbacks, expires_at=moment(end))
    await engine.store.step("c1", "pause")
    at(engine, START_MS + MINUTE_MS)
    await engine.leases.expire_calls(100)
    told = f"call.ended c1-1 expired {START_MS + MINUTE_MS}"
    stored = await engine.keyspace()
    assert [told] == stored["callbacks:told"]
    assert {"n": 0, "x": START_MS + MINUTE_MS, "told": 1, "ends": 1} == stored["campaign:c1:calls:0"]["1t"]
    at(engine, end)

    assert {"c1": 2} == await engine.leases.expire_campaigns()
    after = await engine.keyspace()
    assert {"1", "2", "3"} == after["campaign:c1:done:expired"].keys()
    assert [told, f"calls.swept c1 expired {end}"] == after["callbacks:told"]
    assert "campaign:c1:waiting" not in after


async def test_claimed_call_expires_in_the_last_look(engine: Engine) -> None:
    """A call whose end comes between claim and request is not dialed."""
    await run(engine, [_ending(0.1)])
    dial = await engine.claim_one()
    assert Begun.EXPIRED is await engine.begin(dial, late_us=60_000)


async def test_redial_beyond_its_own_end_ends_as_it_did_last(engine: Engine) -> None:
    """Somebody busy whose redial would come too late stays busy."""
    await run(engine, [_ending(60)], redial={Disposition.BUSY: Redial(1, 2 * MINUTE_MS)})
    dial = await engine.ring()
    await engine.store.apply_event(str(dial.attempt), event("busy", Fact.BUSY))

    assert Disposition.BUSY is (await engine.store.call("c1-1")).disposition


async def test_call_under_way_at_its_end_is_looked_at_again(engine: Engine) -> None:
    """What is live at its end goes on; should it come back into the line it is found there."""
    await run(engine, [_ending(60)])
    await engine.ring()
    at(engine, START_MS + MINUTE_MS)

    assert 0 == await engine.leases.expire_calls(100)
    assert {"c1-1": START_MS + MINUTE_MS + 30_000} == (await engine.keyspace())["expiring:calls"]


async def test_zone_that_the_number_tells_is_not_stored(engine: Engine) -> None:
    """A zone of a call's own stands in its record; what the number says by itself takes no byte."""
    await run(engine, PEOPLE[:2])
    calls = [await engine.store.call(f"c1-{number}") for number in (1, 2)]

    assert [None, "Europe/London"] == [call.timezone for call in calls]
    assert ["+31610000001"] == (await engine.keyspace())["campaign:c1:calls:0"]["1"]


async def test_deleted_campaign_leaves_nothing_of_its_cohorts(engine: Engine, redis: Redis) -> None:
    """Zones and cohorts go with their campaign."""
    await run(engine, PEOPLE, windows=FROM_TEN)
    await engine.store.step("c1", "cancel")
    at(engine, START_MS + 10 * HOUR_MS)
    await engine.leases.complete_campaigns()
    assert 1 == await engine.store.reap(START_MS + 5 * HOUR_MS)

    assert [] == [key async for key in redis.scan_iter("*c1*")]


async def test_stored_windows_are_those_that_were_given(engine: Engine) -> None:
    """Whatever a campaign was given is read again."""
    windows = Windows(
        hours=FROM_TEN.hours,
        closed=frozenset({date(2027, 5, 4)}),
        holidays="NL",
        not_before=datetime(2027, 2, 1, tzinfo=UTC),
        zone="Europe/Amsterdam",
    )
    await engine.store.create_campaign(draft(windows=windows))
    assert windows == (await engine.store.campaign("c1")).windows
