"""What stands against a call that is due: each rule by itself, at its edges, and the sentence that is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialer import pacing
from dialer.clock import moment, to_ms
from dialer.dialing import Pace
from dialer.explaining.groups import Explained, explain_call, explain_campaign
from dialer.explaining.reasons import Code
from dialer.explaining.seen import Seen
from dialer.holding import PLACING_MS
from dialer.model import Caps, EuroCap, Priority, Share, Tripped
from dialer.states import CallState, CampaignState
from dialer.window_text import parse_windows
from tests.fakes.clock import START_MS, START_US
from tests.fakes.explaining import seen_call, seen_campaign

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW = moment(START_MS)
LEAD_MS = pacing.LEAD_US // 1000
Told = tuple[Code, int | None, str]


def of_call(seen: Seen) -> Explained:
    """What is told of the call that was seen."""
    assert seen.call is not None
    return explain_call(seen, seen.call)


def whole(explained: Explained) -> Told:
    """Code, moment (ms) and words."""
    reason = explained.reason
    return reason.code, None if reason.until is None else to_ms(reason.until), reason.words


def why(call: Mapping[str, Any] | None = None, **fields: Any) -> Told:
    """What is told of a call, seen so."""
    return whole(of_call(seen_campaign(seen_call(**(call or {})), **fields)))


def why_campaign(**fields: Any) -> Told:
    """What is told of a campaign, seen so."""
    return whole(explain_campaign(seen_campaign(**fields))[0])


def in_line(call: Mapping[str, Any] | None = None, **fields: Any) -> bool:
    """Whether nothing stands against a call, seen so."""
    return why(call, **fields)[0] is Code.IN_LINE


def test_whoever_is_next_goes_with_the_next_token() -> None:
    """Nothing is against it: the lead of a token from now, or when the budget has its next one."""
    free = "In line: 0 calls before it in its campaign; its turn comes about 2027-01-15 08:00:01 UTC"
    rough = " (a rough estimate, from the budget and its share of it)."

    assert (Code.IN_LINE, START_MS + LEAD_MS, free + rough) == why()
    assert START_MS + 5_000 == why(trunk={"tat_us": START_US + 5_000_000})[1]
    assert START_MS + 4_000 == why(trunk={"tat_us": START_US + 5_000_000}, pace=Pace(2, burst=3))[1]


@pytest.mark.parametrize(
    ("fields", "each_ms"),
    [
        ({}, 500),
        ({"trunk": {"margin_ppm": 200_000}}, 600),
        ({"trunk": {"ready": (0, 3, 9)}}, 1_500),
        ({"trunk": {"ready": (0, 0, 0)}}, 500),
        ({"trunk": {"ready": (0, 3, 0)}, "campaign": {"share": Share(weight=2)}}, 1_000),
        ({"campaign": {"share": Share(calls_per_second=0.5)}}, 2_000),
        ({"campaign": {"share": Share(calls_per_second=20)}}, 500),
    ],
)
def test_a_turn_comes_after_those_before_it(fields: dict[str, Any], each_ms: int) -> None:
    """Two calls a second, the margin, others of its class, its weight among them, or its own pace."""
    code, until, words = why({"before": 4}, **fields)

    assert (Code.IN_LINE, START_MS + LEAD_MS + 4 * each_ms) == (code, until)
    assert words.startswith("In line: 4 calls before it in its campaign; its turn comes about 2027-01-15 08:00:0")
    assert "1 call before it" in why({"before": 1}, **fields)[2]


def test_the_line_of_a_campaign_is_told_with_its_last() -> None:
    """Five calls at two a second: the first one now, the last two seconds later."""
    rough = "about 2027-01-15 08:00:01 UTC (a rough estimate, from the budget and its share of it)."
    last = "the last about 2027-01-15 08:00:02 UTC, the next one"

    assert (Code.IN_LINE, START_MS + LEAD_MS, f"In line: 5 calls due, {last} {rough}") == why_campaign(due=5)
    assert "In line: 1 call due, the last about 2027-01-15 08:00:00 UTC" in why_campaign(due=1)[2]


def test_what_is_odd_about_hours_is_told_in_line() -> None:
    """They are overridden, or closed for a part of those who wait."""
    overridden = {"override_windows": True, "windows": parse_windows("10:00-12:00")}
    mixed = {1: (START_MS, START_MS + HOUR_MS), 2: (START_MS + 1, START_MS + HOUR_MS)}

    assert why(campaign=overridden)[2].startswith("In line: its windows are overridden; 0 calls before it")
    assert why(campaign=overridden | {"windows": None})[2].startswith("In line: 0 calls before it")
    put_aside = "In line: calls whose hours are closed are put aside when they come first; 1 call due"
    assert why_campaign(stretches=mixed)[2].startswith(put_aside)
    assert why_campaign(stretches={1: mixed[1]})[2].startswith("In line: 1 call due")


def test_what_is_too_late_ends_in_the_next_sweep() -> None:
    """Its own end or its campaign's, whichever was first; at that moment it is too late, and not before."""
    words = "It was too late for it at {}: it ends as `expired` in the next sweep, about 2027-01-15 08:00:03 UTC."
    now, before = words.format("2027-01-15 08:00:00 UTC"), words.format("2027-01-15 07:59:50 UTC")
    later = {"expires_at": NOW + timedelta(milliseconds=1)}

    assert (Code.EXPIRING, START_MS + 3_000, now) == why(campaign={"expires_at": NOW})
    assert (Code.EXPIRING, START_MS + 3_000, now) == why_campaign(campaign={"expires_at": NOW})
    assert (Code.EXPIRING, START_MS + 3_000, before) == why({"expires_ms": START_MS - 10_000}, campaign=later)
    assert before == why({"expires_ms": START_MS}, campaign={"expires_at": NOW - timedelta(seconds=10)})[2]
    assert in_line({"expires_ms": START_MS + 1}, campaign=later)


def test_a_person_without_a_number_left_is_told_since_when() -> None:
    """Each number with its moment."""
    since = {"+31610000001": NOW, "+31620000002": NOW - timedelta(days=1)}
    told = "+31610000001 since 2027-01-15 08:00:00 UTC, +31620000002 since 2027-01-14 08:00:00 UTC"
    code, until, words = why({"number": None, "suppressed": since})

    assert (Code.SUPPRESSED, None) == (code, until)
    assert words.startswith(f"Every number of this person is suppressed ({told}): it ends as `suppressed`")
    assert words.endswith("unless one is taken off with `dialer suppress remove`.")
    assert in_line({"suppressed": since})


@pytest.mark.parametrize(
    ("state", "reason", "code", "words"),
    [
        ("cancelled", None, Code.CANCELLED, "The campaign is cancelled: nothing of it is dialed any more."),
        ("completed", None, Code.CANCELLED, "The campaign is completed: nothing of it is dialed any more."),
        ("draft", None, Code.DRAFT, "The campaign is a draft: start it with `dialer campaign start c1`."),
        ("paused", None, Code.PAUSED, "The campaign is paused: go on with `dialer campaign resume c1`."),
        ("paused", "no 1", Code.PAUSED, "The campaign is paused (no 1): go on with `dialer campaign resume c1`."),
    ],
)
def test_a_campaign_that_does_not_run_says_what_to_do(state: str, reason: str | None, code: Code, words: str) -> None:
    """For its calls, and for itself."""
    campaign = {"state": CampaignState(state), "reason": reason}
    assert (code, None, words) == why(campaign=campaign) == why_campaign(campaign=campaign)


OPENS = {1: (START_MS + HOUR_MS, START_MS + 3 * HOUR_MS), 2: (START_MS + 2 * HOUR_MS, START_MS + 3 * HOUR_MS)}
ZONES = {1: ("Europe/Amsterdam",), 2: ("Europe/London",)}


def test_a_call_is_told_its_own_hours() -> None:
    """On its own clock; a campaign is told the first of its openings, unless somebody's hours are open."""
    first = "Out of hours until 2027-01-15 09:00:00 UTC (Fri 10:00 in Europe/Amsterdam)."
    second = "Out of hours until 2027-01-15 10:00:00 UTC (Fri 10:00 in Europe/London)."
    now_open = OPENS | {2: (START_MS, START_MS + HOUR_MS)}

    assert (Code.OUT_OF_HOURS, START_MS + HOUR_MS, first) == why(stretches=OPENS, zones=ZONES)
    assert (Code.OUT_OF_HOURS, START_MS + 2 * HOUR_MS, second) == why({"cohort": 2}, stretches=OPENS, zones=ZONES)
    assert (Code.OUT_OF_HOURS, START_MS + HOUR_MS, first) == why_campaign(stretches=OPENS, zones=ZONES)
    assert Code.OUT_OF_HOURS is why(stretches=now_open)[0]
    assert in_line({"cohort": 2}, stretches=now_open)
    assert Code.IN_LINE is why_campaign(stretches=now_open)[0]
    assert START_MS + HOUR_MS == why({"cohort": 3}, stretches=OPENS, zones=ZONES)[1], "a cohort nobody looked up"


def test_hours_that_end_with_the_campaign_are_told_so() -> None:
    """It opens at that end or after it: there is nothing to wait for, and it is the end that the clocks show."""
    clocks = ("08:00:00 UTC (Fri 09:00", "09:00:00 UTC (Fri 10:00")
    early, last = (
        f"Out of hours until 2027-01-15 {clock} in Europe/Amsterdam); and that is its campaign's end."
        for clock in clocks
    )
    told = [
        why_campaign(due=1, stretches=OPENS, zones=ZONES, campaign={"expires_at": NOW + timedelta(milliseconds=later)})
        for later in (1, HOUR_MS, HOUR_MS + 1)
    ]

    assert (Code.OUT_OF_HOURS, START_MS + 1, early.replace("08:00:00", "08:00:01")) == told[0]
    assert (Code.OUT_OF_HOURS, START_MS + HOUR_MS, last) == told[1]
    assert (Code.OUT_OF_HOURS, START_MS + HOUR_MS, last.replace("; and that is its campaign's end", "")) == told[2]


def test_hours_that_never_come_say_what_to_do() -> None:
    """On whose clock they were looked for; of several cohorts the one that does open is told."""
    never = (START_MS + 1, START_MS)
    change = "change them, `dialer campaign windows c1`."
    nowhere = "Out of hours, and they do not begin within two months"

    assert (Code.OUT_OF_HOURS, None, f"{nowhere}: {change}") == why(stretches={1: never})
    assert (
        f"{nowhere} (on the clock of Europe/Amsterdam): {change}"
        == why(stretches={1: (START_MS + 1, START_MS + 1)}, zones=ZONES)[2]
    )
    assert START_MS + 2 * HOUR_MS == why_campaign(stretches={1: never, 2: OPENS[2]}, zones=ZONES)[1]


def test_only_the_first_zones_are_named() -> None:
    """Three of them, in the order of the alphabet."""
    zones = ("Europe/Rome", "Asia/Tokyo", "Europe/London", "America/New_York")
    three = "Fri 04:00 in America/New_York, Fri 18:00 in Asia/Tokyo, Fri 09:00 in Europe/London"

    assert f" ({three}, ...)." in why(stretches={1: OPENS[1]}, zones={1: zones})[2]
    assert f" ({three})." in why(stretches={1: OPENS[1]}, zones={1: zones[1:]})[2]
    assert (
        "(on the clock of America/New_York and Asia/Tokyo and Europe/London):"
        in why(stretches={1: (START_MS + 1, START_MS)}, zones={1: zones})[2]
    )


@pytest.mark.parametrize(
    ("caps", "code", "wait_ms", "within"),
    [
        (Caps(spacing_ms=90_000), Code.SPACING, 90_000, "a short time ago"),
        (Caps(day=1), Code.DAY_CAP, DAY_MS, "as often as it may be within 24 hours"),
        (Caps(week=1), Code.WEEK_CAP, 7 * DAY_MS, "as often as it may be within seven days"),
    ],
)
def test_a_cap_tells_the_tries_that_count(caps: Caps, code: Code, wait_ms: int, within: str) -> None:
    """Until it holds no more; five of them at the most."""
    tried = START_MS - 80_000
    words = f"Its number was dialed {within}: not again before {{}} (dialed 2027-01-15 07:58:40 UTC)."
    told = why({"dialed_ms": [tried]}, campaign={"caps": caps})
    dialed = "dialed " + " ".join(f"2027-01-15 07:58:{second} UTC," for second in (40, 39, 38, 37))
    often = why({"dialed_ms": [tried - 1_000 * back for back in range(6)]}, campaign={"caps": caps})

    assert (code, tried + wait_ms) == told[:2]
    assert words.format(f"{moment(tried + wait_ms):%Y-%m-%d %H:%M:%S} UTC") == told[2]
    assert often[2].endswith(f"({dialed} 2027-01-15 07:58:36 UTC).")
    assert in_line({"dialed_ms": [START_MS - wait_ms]}, campaign={"caps": caps})


def test_a_number_that_is_up_names_the_call() -> None:
    """Also where a cap would hold it longer, until it is known whether it rings at all."""
    up = "Another call to its number is up, or may be (c2-7); its turn comes once that has ended."
    day, spacing = {"caps": Caps(day=1)}, {"caps": Caps(spacing_ms=PLACING_MS)}
    lately, long_ago = [START_MS - PLACING_MS + 1], [START_MS - PLACING_MS]

    assert (Code.NUMBER_UP, None, up) == why({"other_up": "c2-7"})
    assert (Code.NUMBER_UP, None, up) == why({"other_up": "c2-7", "dialed_ms": lately}, campaign=day)
    assert Code.DAY_CAP is why({"other_up": "c2-7", "dialed_ms": long_ago}, campaign=day)[0]
    assert Code.DAY_CAP is why({"dialed_ms": lately}, campaign=day)[0]
    assert Code.SPACING is why({"other_up": "c2-7", "dialed_ms": lately}, campaign=spacing)[0]


def test_an_open_breaker_tells_how_it_goes_on() -> None:
    """Nothing before a moment, one by one after it; once none is up the next one goes."""
    failed = "4 of the campaign's last 9 attempts failed"
    closed = Tripped(until=NOW + timedelta(milliseconds=1), failures=4, of=9)
    probing = replace(closed, until=NOW)
    live = {CallState.LIVE: 1}

    assert (
        Code.BREAKER_OPEN,
        START_MS + 1,
        f"{failed}: nothing goes out before 2027-01-15 08:00:01 UTC, and then one call by one.",
    ) == why(campaign={"tripped": closed})
    assert (
        Code.BREAKER_OPEN,
        None,
        f"{failed}: calls go out one by one until three have gone well.",
    ) == why(campaign={"tripped": probing}, states=live)
    assert in_line(campaign={"tripped": probing}, states={CallState.WAITING: 5})


UP = {CallState.CLAIMED: 1, CallState.LIVE: 1, CallState.WAITING: 9}
"""Two are up."""
RAISE = "raise it, `dialer campaign change c1 --euro-cap`, or wait for the prices of calls that are up."


def test_money_in_all_is_reserved_for_each_call_that_is_up() -> None:
    """The dearest one cost 0.70: with two up and the next one 2.10 are reserved, and 7.90 of ten may be spent."""
    capped = {"euro_cap": EuroCap(total=Decimal(10), per_call=Decimal("0.5")), "dearest": Decimal("0.7")}
    spent = f"7.91 of 10.00 euros are spent, 0.70 reserved for each call: {RAISE}"

    assert (Code.EURO_CAP, None, spent) == why(campaign=capped | {"spent": Decimal("7.91")}, states=UP)
    assert in_line(campaign=capped | {"spent": Decimal("7.9")}, states=UP)
    assert in_line(campaign=capped | {"spent": Decimal("7.91"), "dearest": Decimal(0)}, states=UP)


def test_money_of_a_day_goes_on_at_midnight() -> None:
    """Where what is spent stands against another call; else when those that are up have their prices."""
    capped = {"euro_cap": EuroCap(day=Decimal(10), per_call=Decimal("0.5"))}
    spent = "of 10.00 euros of this day (UTC) are spent"
    midnight = START_MS // DAY_MS * DAY_MS + DAY_MS

    assert (Code.EURO_CAP, midnight, f"9.60 {spent}: it goes on at 2027-01-16 00:00:00 UTC.") == why(
        campaign=capped | {"spent_today": Decimal("9.6")}
    )
    assert (Code.EURO_CAP, None, f"9.50 {spent}: {RAISE}") == why(
        campaign=capped | {"spent_today": Decimal("9.5")}, states=UP
    )
    assert in_line(campaign=capped | {"spent_today": Decimal("9.5"), "spent": Decimal(99)})


def test_slots_of_a_campaign_are_told_with_those_that_are_up() -> None:
    """Whoever waits takes none."""
    slots = "2 of 2"
    assert (
        Code.SLOTS_FULL,
        None,
        f"As many calls of the campaign are up as may be ({slots}): the next one goes when one of them ends.",
    ) == why(campaign={"share": Share(slots=2)}, states=UP)
    assert in_line(campaign={"share": Share(slots=3)}, states=UP)


def test_a_pace_of_its_own_tells_whose_turn_it_is() -> None:
    """Half a call a second: the next one at its moment, whoever has two before it four seconds later."""
    fields: dict[str, Any] = {"campaign": {"share": Share(calls_per_second=0.5)}, "pace_at_us": START_US + 5_000_001}
    free = START_MS + 5_000 - LEAD_MS + 1
    takes = "The campaign takes 0.5 calls a second at the most:"
    turn = f"{takes} the turn of this one, 2 calls before it, comes about 2027-01-15 08:00:09 UTC."

    assert (Code.OWN_PACE, free, f"{takes} the next one goes about 2027-01-15 08:00:05 UTC.") == why(**fields)
    assert (Code.OWN_PACE, free + 4_000, turn) == why({"before": 2}, **fields)
    assert (Code.OWN_PACE, free) == why_campaign(**fields)[:2]
    assert in_line(**fields | {"pace_at_us": START_US + pacing.LEAD_US})
    assert in_line(pace_at_us=START_US + 5_000_000)


@pytest.mark.parametrize(
    ("trunk", "said"),
    [
        ({"closed_by": "rate"}, "it found the pace too fast (429)"),
        ({"closed_by": "trouble"}, "it did not answer, failed, or refused the access token or the quota"),
        (
            {"closed_by": None, "name": "south"},
            "it did not answer, failed, or refused the access token or the quota, by the trunk south",
        ),
    ],
)
def test_a_closed_gate_tells_why(trunk: dict[str, Any], said: str) -> None:
    """And until when."""
    words = f"Nothing goes to the carrier until 2027-01-15 08:00:01 UTC: {said}."

    assert (Code.GATE_CLOSED, START_MS + 1_000, words) == why(trunk=trunk | {"gate_ms": START_MS + 1_000})
    assert in_line(trunk=trunk | {"gate_ms": START_MS})


def test_a_stopped_trunk_tells_how_it_goes_on() -> None:
    """Urgent campaigns that have no other wait for no breaker."""
    failed = "4 of the last 9 attempts by the trunk south failed"
    tripped = Tripped(until=NOW + timedelta(seconds=2), failures=4, of=9)
    stopped, urgent = {"name": "south", "tripped": tripped, "ready": (1, 0, 0)}, {"priority": Priority.URGENT}

    assert (
        Code.TRUNK_STOPPED,
        START_MS + 2_000,
        f"{failed}: nothing goes out by it before 2027-01-15 08:00:02 UTC, and then one call by one.",
    ) == why(trunk=stopped)
    assert (
        Code.TRUNK_STOPPED,
        None,
        f"{failed}: calls go out by it one by one until three have gone well.",
    ) == why(trunk=stopped | {"tripped": replace(tripped, until=NOW)})
    assert in_line(campaign=urgent, trunk=stopped)
    assert Code.TRUNK_STOPPED is why(campaign=urgent | {"trunks": ("main", "south")}, trunk=stopped)[0]


def test_slots_of_a_trunk_are_told_with_those_that_are_up() -> None:
    """Of all campaigns; 0 for any number."""
    words = "As many calls are up, of all campaigns, as may be ({}): the next one goes when one of them ends."

    assert (Code.TRUNK_FULL, None, words.format("5 of 5")) == why(trunk={"up": 5}, pace=Pace(2, 1, 5))
    assert words.format("6 of 5, by the trunk south") == why(trunk={"up": 6, "name": "south"}, pace=Pace(2, 1, 5))[2]
    assert in_line(trunk={"up": 4}, pace=Pace(2, 1, 5))
    assert in_line(trunk={"up": 4}, pace=Pace(2, 1, 0))


def test_what_is_wrong_with_the_fleet_is_told() -> None:
    """Data that is older than what was seen of it, and nobody who dials."""
    nobody = "No worker that dials for it was heard from in the last 15 seconds: start one with `dialer worker`."

    assert (Code.OLD_DATA, None) == why(is_old=True)[:2]
    assert (Code.NO_WORKER, None, nobody) == why(trunk={"workers": 0})


@pytest.mark.parametrize(
    ("priority", "ready", "ahead"),
    [
        (Priority.URGENT, (5, 5, 5), None),
        (Priority.NORMAL, (1, 5, 5), "1 campaign"),
        (Priority.NORMAL, (0, 5, 5), None),
        (Priority.BACKGROUND, (2, 3, 5), "5 campaigns"),
    ],
)
def test_higher_classes_go_first(priority: Priority, ready: tuple[int, ...], ahead: str | None) -> None:
    """Those of them that have due calls are counted."""
    code, _, words = why(campaign={"priority": priority}, trunk={"ready": ready})

    assert (Code.HIGHER_PRIORITY if ahead else Code.IN_LINE) is code
    assert ahead is None or words == (
        f"Calls of a higher priority go first ({ahead} with due calls): its turn comes once they are dialed."
    )


def test_the_strongest_reason_is_told_and_the_others_beside_it() -> None:
    """All that can stand against a call at the same time, in order."""
    everything = seen_campaign(
        seen_call(number=None, dialed_ms=[START_MS], expires_ms=START_MS),
        campaign={
            "state": CampaignState.PAUSED, "caps": Caps(day=1), "share": Share(slots=1, calls_per_second=1),
            "tripped": Tripped(until=NOW + timedelta(hours=1), failures=1, of=1), "euro_cap": EuroCap(total=Decimal(0)),
            "spent": Decimal(1),
        },
        trunk={
            "gate_ms": START_MS + 1, "tripped": Tripped(until=NOW, failures=1, of=1), "up": 1, "workers": 0,
            "ready": (1, 1, 0),
        },
        states=UP, pace=Pace(2, 1, 1), pace_at_us=START_US + 9_000_000, is_old=True, stretches=OPENS, zones=ZONES,
    )  # fmt: skip
    told = of_call(everything)

    assert [
        Code.EXPIRING, Code.SUPPRESSED, Code.PAUSED, Code.OUT_OF_HOURS, Code.DAY_CAP, Code.BREAKER_OPEN, Code.EURO_CAP,
        Code.SLOTS_FULL, Code.OWN_PACE, Code.GATE_CLOSED, Code.TRUNK_STOPPED, Code.TRUNK_FULL, Code.OLD_DATA,
        Code.NO_WORKER, Code.HIGHER_PRIORITY,
    ] == [reason.code for reason in (told.reason, *told.also)]  # fmt: skip
