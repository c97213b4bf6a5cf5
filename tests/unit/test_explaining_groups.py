"""Why a call, and each of a campaign's calls, is not being dialed: which of all reasons is told, and with what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dialer.clock import moment, to_ms
from dialer.dialing import CLAIM_LEASE_MS
from dialer.dispositions import Disposition
from dialer.explaining.groups import Explained, explain_call, explain_campaign
from dialer.explaining.reasons import Code, Group, Reason
from dialer.holding import Held
from dialer.model import UnknownPolicy
from dialer.states import CallState, CampaignState
from tests.fakes.clock import START_MS
from tests.fakes.explaining import UNKNOWN_HOLD_MS, seen_call, seen_campaign

HOUR_MS = 3_600_000
LATER = START_MS + HOUR_MS
OPENS = {1: (LATER, LATER + HOUR_MS)}
ZONES = {1: ("Europe/Amsterdam",)}
NINE = "2027-01-15 09:00:00 UTC"
IT_HAS_IT = "The carrier has the call"
ON_THE_WAY = "Its request is on the way to the carrier"
Told = tuple[Code, int | None, str]


def whole(reason: Reason) -> Told:
    """Code, moment (ms) and words."""
    return reason.code, None if reason.until is None else to_ms(reason.until), reason.words


def of_call(call: dict[str, Any], **fields: Any) -> Explained:
    """What is told of a call, seen so."""
    asked = seen_call(**call)
    return explain_call(seen_campaign(**fields), asked)


def why(call: dict[str, Any], **fields: Any) -> Told:
    """Its reason."""
    return whole(of_call(call, **fields).reason)


def of_campaign(**fields: Any) -> tuple[Explained, list[Group]]:
    """What is told of a campaign with nobody due, seen so."""
    return explain_campaign(seen_campaign(**{"due": 0} | fields))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"where": Disposition.BUSY}, (Code.DONE, None, "Ended as busy; it is not dialed any more.")),
        (
            {"where": CallState.LIVE, "lease_ms": LATER},
            (Code.LIVE, LATER, f"{IT_HAS_IT}; if nothing is heard of it until {NINE}, the carrier is asked."),
        ),
        (
            {"where": CallState.LIVE},
            (Code.LIVE, None, f"{IT_HAS_IT}; what follows is decided when it ends."),
        ),
        (
            {"where": CallState.PLACING, "lease_ms": LATER},
            (Code.PLACING, LATER, f"{ON_THE_WAY}; if no answer came by {NINE}, the call is looked for."),
        ),
        ({"where": CallState.PLACING}, (Code.PLACING, None, f"{ON_THE_WAY}.")),
        (
            {"where": CallState.CLAIMED, "lease_ms": LATER + CLAIM_LEASE_MS},
            (Code.CLAIMED, LATER, "It has its token and leaves within a second, about 2027-01-15 09:00:00 UTC."),
        ),
        ({"where": CallState.CLAIMED}, (Code.CLAIMED, None, "It has its token and leaves within a second.")),
    ],
)
def test_a_call_on_its_way_or_done_has_one_reason(call: dict[str, Any], told: Told) -> None:
    """Whatever stands against those that wait."""
    explained = of_call(call, trunk={"workers": 0}, campaign={"state": CampaignState.PAUSED})

    assert (told, ()) == (whole(explained.reason), explained.also)


def test_a_doubtful_call_tells_what_becomes_of_it() -> None:
    """A person must look, after a while; or it is dialed again, as the campaign has it."""
    doubt = (
        "The phone may or may not have rung, so it is not dialed blindly. Its webhook or the carrier's list settles it;"
    )
    call = {"where": CallState.UNKNOWN, "at_ms": START_MS}
    look = f"{doubt} else a person must look, about 2027-01-15 08:01:00 UTC."
    again = f"{doubt} else it is dialed again after the longest possible call."

    assert (Code.UNKNOWN, START_MS + UNKNOWN_HOLD_MS, look) == why(call)
    assert (Code.UNKNOWN, None, f"{doubt} else a person must look.") == why(call | {"at_ms": 0})
    assert (Code.UNKNOWN, None, again) == why(call, campaign={"unknown": UnknownPolicy.REDIAL})


@pytest.mark.parametrize(
    ("held", "call", "told"),
    [
        (
            Held.NUMBER_UP,
            {"other_up": "c2-7"},
            "Another call to its number is up, or may be (c2-7); it is looked at again at 2027-01-15 09:00:00 UTC.",
        ),
        (
            Held.NUMBER_UP,
            {},
            "Another call to its number is up, or may be; it is looked at again at 2027-01-15 09:00:00 UTC.",
        ),
        (
            Held.SPACING,
            {"dialed_ms": [START_MS - 1_000]},
            f"Its number was dialed a short time ago: not again before {NINE} (dialed 2027-01-15 07:59:59 UTC).",
        ),
        (
            Held.WEEK_CAP,
            {"other_up": "c2-7"},
            "Its number was dialed as often as it may be within seven days: not again before 2027-01-15 09:00:00 UTC.",
        ),
        (
            Held.PREFIX_SHARE,
            {"dialed_ms": [START_MS - 1_000]},
            f"Numbers that begin like this one have had their share of all calls: it is given a moment at {NINE}.",
        ),
    ],
)
def test_a_call_that_is_held_back_tells_why_and_until_when(held: Held, call: dict[str, Any], told: str) -> None:
    """As the last look wrote it down; unless its cap was loosened since, or the moment has come."""
    waits = {"at_ms": LATER, "held": (held, LATER)} | call

    assert (Code[held.name], LATER, told) == why(waits)
    assert Code.IN_LINE is why({"at_ms": START_MS, "held": (held, LATER)})[0]
    assert Code.DUE_LATER is why({"at_ms": LATER, "held": (held, START_MS)})[0]


def test_a_call_that_was_loosened_is_in_line() -> None:
    """Though it was written down to be due later."""
    held = {"at_ms": LATER, "held": (Held.DAY_CAP, LATER)}

    assert Code.IN_LINE is why(held, release=frozenset({Held.DAY_CAP}))[0]
    assert Code.DAY_CAP is why(held, release=frozenset({Held.SPACING}))[0]


def test_a_call_that_is_parked_is_out_of_hours() -> None:
    """Just after the opening at which it was put, as all of its campaign are; a redial at that moment is due later."""
    parked = {"parked": ((LATER, 3), (LATER + 1_000, 2)), "stretches": OPENS, "zones": ZONES}
    closed = "Out of hours until 2027-01-15 09:00:00 UTC (Fri 10:00 in Europe/Amsterdam)."

    assert (Code.OUT_OF_HOURS, LATER, closed) == why({"at_ms": LATER + 0.00025}, **parked)
    assert (Code.OUT_OF_HOURS, LATER) == why({"at_ms": LATER + 21 * 0.00025}, **parked)[:2]
    assert (Code.OUT_OF_HOURS, LATER + 1_000) == why({"at_ms": LATER + 1_000.00025}, **parked)[:2]
    assert [Code.DUE_LATER, Code.DUE_LATER] == [
        why({"at_ms": at}, **parked)[0] for at in (float(LATER), LATER + 22 * 0.00025)
    ]
    assert Code.IN_LINE is why({"at_ms": LATER + 0.00025}, unpark=(LATER,))[0]
    assert Code.DUE_LATER is why({"at_ms": LATER + 0.00025}, unpark=(LATER + 1_000,))[0]


def test_a_redial_tells_what_the_last_try_came_to() -> None:
    """And when it is due; a call that never was tried was put back."""
    due = "Not due before 2027-01-15 09:00:00 UTC"

    assert (Code.DUE_LATER, LATER, f"{due}.") == why({"at_ms": LATER})
    assert (
        f"{due}: its last try ended busy, and this is the next one."
        == why({"at_ms": LATER, "last": Disposition.BUSY})[2]
    )
    assert Code.IN_LINE is why({"at_ms": START_MS, "last": Disposition.BUSY})[0]


def test_what_else_stands_against_a_call_is_told_beside_its_own_reason() -> None:
    """Not the same twice, and not that it would be in line."""
    paused = of_call({"at_ms": LATER}, campaign={"state": CampaignState.PAUSED}, trunk={"workers": 0})
    parked = of_call({"at_ms": LATER + 0.00025}, parked=((LATER, 1),), stretches=OPENS, trunk={"workers": 0})

    assert (Code.DUE_LATER, [Code.PAUSED, Code.NO_WORKER]) == (paused.reason.code, [one.code for one in paused.also])
    assert (Code.OUT_OF_HOURS, [Code.NO_WORKER]) == (parked.reason.code, [one.code for one in parked.also])
    assert () == of_call({"at_ms": LATER}).also
    assert () == of_call({}).also


def test_every_call_of_a_campaign_is_in_a_group() -> None:
    """With how many there are, when the first of them is free, and how those that are done ended; none of nobody."""
    told, groups = of_campaign(
        due=4,
        later=5,
        later_ms=LATER,
        dispositions={Disposition.BUSY: 2, Disposition.CANCELLED: 0, Disposition.ANSWERED: 3},
        states={CallState.LIVE: 6, CallState.PLACING: 7, CallState.UNKNOWN: 8, CallState.CLAIMED: 9},
        unknown_since_ms=START_MS,
        held={Held.NUMBER_UP: (1, LATER), Held.SPACING: (0, LATER), Held.DAY_CAP: (2, LATER + 1_000)},
        parked=((LATER, 3), (LATER + 1, 0)),
        stretches=OPENS | {2: (START_MS, LATER)},
        zones=ZONES,
    )
    nine = "2027-01-15 09:00:0"

    assert [
        (Code.DONE, None, 2, Disposition.BUSY),
        (Code.DONE, None, 3, Disposition.ANSWERED),
        (Code.LIVE, None, 6, None),
        (Code.PLACING, None, 7, None),
        (Code.UNKNOWN, START_MS + UNKNOWN_HOLD_MS, 8, None),
        (Code.CLAIMED, START_MS + 600, 9, None),
        (Code.NUMBER_UP, LATER, 1, None),
        (Code.DAY_CAP, LATER + 1_000, 2, None),
        (Code.OUT_OF_HOURS, LATER, 3, None),
        (Code.DUE_LATER, LATER, 5, None),
        (Code.IN_LINE, START_MS + 60, 4, None),
    ] == [(*whole(group.reason)[:2], group.calls, group.disposition) for group in groups]
    assert Code.IN_LINE is told.reason.code
    ended = [f"Ended as {how}; it is not dialed any more." for how in ("busy", "answered")]
    assert ended == [group.reason.words for group in groups[:2]]
    assert groups[6].reason.words.endswith(f"or may be; it is looked at again at {nine}0 UTC.")
    assert groups[7].reason.words.endswith(f"not again before {nine}1 UTC, the first of them.")
    assert groups[8].reason.words == f"Out of hours until {nine}0 UTC (Fri 10:00 in Europe/Amsterdam)."
    assert groups[9].reason.words == f"Not due before {nine}0 UTC, the first of them."


def test_a_campaign_with_calls_that_are_due_tells_why_they_do_not_go() -> None:
    """The strongest reason, and the others beside it, but not that they would be in line."""
    full, _ = of_campaign(due=1, trunk={"up": 1, "workers": 0}, pace=seen_campaign().pace._replace(slots=1))
    free, _ = of_campaign(due=1)

    assert (Code.TRUNK_FULL, [Code.NO_WORKER]) == (full.reason.code, [one.code for one in full.also])
    assert (Code.IN_LINE, ()) == (free.reason.code, free.also)


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED, CampaignState.DRAFT])
def test_a_campaign_that_does_not_run_tells_that_first(state: CampaignState) -> None:
    """Whenever its calls would be due; with none that waits, what becomes of the others."""
    stopped = {"campaign": {"state": state}, "trunk": {"workers": 0}}
    waits, _ = of_campaign(later=1, later_ms=LATER, states={CallState.WAITING: 1}, **stopped)
    live, _ = of_campaign(states={CallState.LIVE: 1}, **stopped)
    code = Code[state.name]

    assert (code, [Code.NO_WORKER]) == (waits.reason.code, [one.code for one in waits.also])
    assert (Code.LIVE, ()) == (live.reason.code, live.also)


def test_a_campaign_that_is_over_time_tells_that_first() -> None:
    """Its calls are swept, whenever they would be due."""
    ends = {"expires_at": moment(START_MS) - timedelta(seconds=1)}
    told, _ = of_campaign(later=1, later_ms=LATER, states={CallState.WAITING: 1}, campaign=ends)

    assert Code.EXPIRING is told.reason.code


def test_an_empty_campaign_tells_what_to_do() -> None:
    """And that it is not started, where it is not."""
    empty, groups = of_campaign(trunk={"workers": 0})
    unstarted, _ = of_campaign(campaign={"state": CampaignState.DRAFT}, trunk={"workers": 0})
    words = "The campaign has no calls yet: add some with `dialer campaign import c1 FILE`."

    assert ((Code.EMPTY, None, words), (), []) == (whole(empty.reason), empty.also, groups)
    assert (Code.EMPTY, [Code.DRAFT]) == (unstarted.reason.code, [one.code for one in unstarted.also])


def test_of_calls_that_are_not_due_the_next_is_told() -> None:
    """Whatever they wait for, the soonest moment; an end that nobody knows comes last."""
    waits: dict[str, Any] = {"states": {CallState.WAITING: 3, CallState.LIVE: 2}, "trunk": {"workers": 0}}
    later, _ = of_campaign(later=1, later_ms=LATER, parked=((LATER + 1, 1),), **waits)
    parked, _ = of_campaign(
        later=1, later_ms=LATER, parked=((LATER - 1, 1),), stretches={1: (LATER - 1, LATER)}, **waits
    )
    held, _ = of_campaign(held={Held.PREFIX_SHARE: (1, LATER - 1)}, later=1, later_ms=LATER, **waits)

    assert [Code.DUE_LATER, Code.OUT_OF_HOURS, Code.PREFIX_SHARE] == [
        told.reason.code for told in (later, parked, held)
    ]
    assert [[Code.NO_WORKER]] * 3 == [[one.code for one in told.also] for told in (later, parked, held)]


def test_of_calls_under_way_the_first_is_told() -> None:
    """And of those that are over how they ended, when all are."""
    live, _ = of_campaign(dispositions={Disposition.BUSY: 1}, states={CallState.LIVE: 1, CallState.CLAIMED: 1})
    claimed, _ = of_campaign(dispositions={Disposition.BUSY: 1}, states={CallState.CLAIMED: 1})
    over, _ = of_campaign(dispositions={Disposition.BUSY: 1, Disposition.FAILED: 1})

    assert (Code.LIVE, Code.CLAIMED) == (live.reason.code, claimed.reason.code)
    assert ((Code.DONE, None, "Ended as busy; it is not dialed any more."), ()) == (whole(over.reason), over.also)
