"""Why a call is not being dialed now: the closed list of reasons, each with its words. No I/O.

Here alone stands how a reason is told; when it holds is decided in `explaining.py`. A new reason is a member of `Code`
and a row of `WORDS`; the manual's table is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from dialer.dispositions import Disposition


class Code(StrEnum):
    """The reasons, those of calls that cannot be dialed any more first, then from the strongest to the weakest."""

    DONE = "done"
    LIVE = "live"
    PLACING = "placing"
    UNKNOWN = "unknown"
    CLAIMED = "claimed"
    EXPIRING = "expiring"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    PAUSED = "paused"
    DUE_LATER = "due_later"
    OUT_OF_HOURS = "out_of_hours"
    NUMBER_UP = "number_up"
    SPACING = "spacing"
    DAY_CAP = "day_cap"
    WEEK_CAP = "week_cap"
    PREFIX_SHARE = "prefix_share"
    BREAKER_OPEN = "breaker_open"
    EURO_CAP = "euro_cap"
    SLOTS_FULL = "slots_full"
    OWN_PACE = "own_pace"
    GATE_CLOSED = "gate_closed"
    TRUNK_STOPPED = "trunk_stopped"
    TRUNK_FULL = "trunk_full"
    OLD_DATA = "old_data"
    NO_WORKER = "no_worker"
    HIGHER_PRIORITY = "higher_priority"
    IN_LINE = "in_line"
    EMPTY = "empty"


class _Row(NamedTuple):
    """How a reason is told: what it means, for the README; its sentence where its end is known, and where it is not."""

    about: str
    ends: str = ""
    open: str = ""


WORDS: Mapping[Code, _Row] = {
    Code.DONE: _Row("It has its disposition, which is told.", open="Ended as {detail}; it is not dialed any more."),
    Code.LIVE: _Row(
        "The carrier has it.",
        "The carrier has the call; if nothing is heard of it until {until}, the carrier is asked.",
        "The carrier has the call; what follows is decided when it ends.",
    ),
    Code.PLACING: _Row(
        "Its request is on the way to the carrier.",
        "Its request is on the way to the carrier; if no answer came by {until}, the call is looked for.",
        "Its request is on the way to the carrier.",
    ),
    Code.UNKNOWN: _Row(
        "The phone may or may not have rung; a webhook, the carrier's list or a person settles it.",
        open="The phone may or may not have rung, so it is not dialed blindly. Its webhook or the carrier's list"
        " settles it; {detail}.",
    ),
    Code.CLAIMED: _Row(
        "It has its token, and leaves within a second.",
        "It has its token and leaves within a second, about {until}.",
        "It has its token and leaves within a second.",
    ),
    Code.EXPIRING: _Row(
        "Its end, or its campaign's, has passed; the next sweep ends it.",
        "It was too late for it at {detail}: it ends as `expired` in the next sweep, about {until}.",
    ),
    Code.SUPPRESSED: _Row(
        "All numbers of its person are suppressed.",
        open="Every number of this person is suppressed ({detail}): it ends as `suppressed` when its turn comes, unless"
        " one is taken off with `dialer suppress remove`.",
    ),
    Code.CANCELLED: _Row("Its campaign is over.", open="The campaign is {detail}: nothing of it is dialed any more."),
    Code.DRAFT: _Row(
        "Its campaign was not started yet.", open="The campaign is a draft: start it with `dialer campaign start {id}`."
    ),
    Code.PAUSED: _Row(
        "Its campaign is paused, by hand or for a reason that is told.",
        open="The campaign is paused{detail}: go on with `dialer campaign resume {id}`.",
    ),
    Code.DUE_LATER: _Row(
        "It is a redial, or was put back for another reason, and not due yet.", "Not due before {until}{detail}."
    ),
    Code.OUT_OF_HOURS: _Row(
        "Its windows are closed.",
        "Out of hours until {until}{detail}.",
        "Out of hours, and they do not begin within two months{detail}: change them, `dialer campaign windows {id}`.",
    ),
    Code.NUMBER_UP: _Row(
        "Another call to its number is up.",
        "Another call to its number is up, or may be{detail}; it is looked at again at {until}.",
        "Another call to its number is up, or may be{detail}; its turn comes once that has ended.",
    ),
    Code.SPACING: _Row(
        "Its number was dialed too short a time ago.",
        "Its number was dialed a short time ago: not again before {until}{detail}.",
    ),
    Code.DAY_CAP: _Row(
        "Its number was dialed as often as it may be in 24 hours.",
        "Its number was dialed as often as it may be within 24 hours: not again before {until}{detail}.",
    ),
    Code.WEEK_CAP: _Row(
        "Its number was dialed as often as it may be in seven days.",
        "Its number was dialed as often as it may be within seven days: not again before {until}{detail}.",
    ),
    Code.PREFIX_SHARE: _Row(
        "Numbers that begin as its does have had their share of all calls for now.",
        "Numbers that begin like this one have had their share of all calls: it is given a moment at {until}{detail}.",
    ),
    Code.BREAKER_OPEN: _Row(
        "Too many of its campaign's last attempts failed.",
        "{detail}: nothing goes out before {until}, and then one call by one.",
        "{detail}: calls go out one by one until three have gone well.",
    ),
    Code.EURO_CAP: _Row(
        "Another call could cost more than its campaign may.",
        "{detail}: it goes on at {until}.",
        "{detail}: raise it, `dialer campaign change {id} --euro-cap`, or wait for the prices of calls that are up.",
    ),
    Code.SLOTS_FULL: _Row(
        "The `slots` of its campaign are taken.",
        open="As many calls of the campaign are up as may be ({detail}): the next one goes when one of them ends.",
    ),
    Code.OWN_PACE: _Row(
        "Its campaign's own `calls_per_second`.",
        "The campaign takes {detail} about {until}.",
    ),
    Code.GATE_CLOSED: _Row(
        "The carrier refused or failed, and nothing goes to it for a while.",
        "Nothing goes to the carrier until {until}: {detail}.",
    ),
    Code.TRUNK_STOPPED: _Row(
        "Too many of all last attempts by its trunk failed.",
        "{detail}: nothing goes out by it before {until}, and then one call by one.",
        "{detail}: calls go out by it one by one until three have gone well.",
    ),
    Code.TRUNK_FULL: _Row(
        "`DIALER_SLOTS` are taken.",
        open="As many calls are up, of all campaigns, as may be ({detail}): the next one goes when one of them ends.",
    ),
    Code.OLD_DATA: _Row(
        "The data in Redis is older than what was seen of it.",
        open="The data in Redis is older than what was seen of it, so nothing is dialed: whoever was called since "
        "would be called again. Settle those calls, and run `dialer restored`.",
    ),
    Code.NO_WORKER: _Row(
        "No worker is running, or its trunk is not set up.",
        open="No worker that dials for it was heard from in the last {detail} seconds: start one with `dialer worker`.",
    ),
    Code.HIGHER_PRIORITY: _Row(
        "Calls of a higher priority go first.",
        open="Calls of a higher priority go first ({detail}): its turn comes once they are dialed.",
    ),
    Code.IN_LINE: _Row(
        "Nothing is against it: its turn comes.",
        "In line: {detail} about {until} (a rough estimate, from the budget and its share of it).",
    ),
    Code.EMPTY: _Row(
        "The campaign has no calls.",
        open="The campaign has no calls yet: add some with `dialer campaign import {id} FILE`.",
    ),
}
"""A row for each code."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, as it is told.

    Attributes:
        until: when it ends; None where nobody knows, and `words` says what to do or what it waits for.
    """

    code: Code
    until: datetime | None
    words: str


class Group(NamedTuple):
    """Calls of a campaign that are not being dialed for the same reason; of those done, by how they ended.

    `until` of the reason is when the first of them is free.
    """

    reason: Reason
    calls: int
    disposition: Disposition | None = None


def told(code: Code, until: datetime | None = None, *, detail: str = "", campaign_id: str = "") -> Reason:
    """A reason with its words."""
    row = WORDS[code]
    words = row.ends if until and row.ends else row.open
    return Reason(code, until, words.format(until=until and _by_then(until), detail=detail, id=campaign_id))


def shown_moment(at: datetime) -> str:
    """A moment as words have it, in whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _by_then(at: datetime) -> str:
    """One that is still to come: the second that has begun is counted, for by its end it is surely so."""
    return shown_moment(at + timedelta(microseconds=-at.microsecond % 1_000_000))
