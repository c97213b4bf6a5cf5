"""What changes in campaigns and calls, as those hear of it who listen (`GET /v1/events`).

The scripts that move calls write one line for each change into a stream (`lua/parts/changes.lua`), but only where there
is one: whoever begins to listen makes it, and it expires two minutes after the last look. So nothing is written while
nobody listens. A place in the stream means the same to every process. What came after a place is known for as long as
an entry at that place or before it is left; else whoever was there begins anew (`read_changes.lua`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.errors import InvalidInput
from dialer.model import CallRef, Priority
from dialer.states import CallState, CampaignState

_PLACE = re.compile(r"([0-9]{1,15})-([0-9]{1,15})", re.ASCII)


class Place(NamedTuple):
    """A place in the stream: the id of an entry."""

    ms: int
    seq: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text, such as `1790000000000-0`. Raises InvalidInput."""
        found = _PLACE.fullmatch(text)
        if not found:
            raise InvalidInput("not an id of this stream; leave it out to begin anew", field="Last-Event-ID")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        """As Redis writes it."""
        return f"{self.ms}-{self.seq}"


class What(StrEnum):
    """What an entry tells of; the first word of its line."""

    CALL = "call"  # one call stands in another set, or has moved within its own
    CALLS = "calls"  # many calls of a campaign do
    OVER = "over"  # a campaign has nothing left to do
    GONE = "gone"  # a campaign was deleted


@dataclass(frozen=True, slots=True)
class Change:
    """One entry.

    Attributes:
        subject: the id of the call, or of the campaign.
        state: where the call stands now, or the calls; None for a change of the campaign.
    """

    place: Place
    what: What
    subject: str
    state: CallState | None = None
    disposition: Disposition | None = None
    at: datetime | None = None

    @classmethod
    def read(cls, place: str, line: str) -> Self | None:
        """From the stream; None for the entry with which it was begun."""
        word, *rest = line.split(" ")
        what = next((one for one in What if one == word), None)
        if what is None:
            return None
        found = Place.parse(place)
        if len(rest) == 1:
            return cls(found, what, rest[0])
        subject, standing, at = rest
        state, _, disposition = standing.partition(":")
        ended = Disposition(disposition) if disposition else None
        return cls(found, what, subject, CallState(state), ended, moment(at))

    @property
    def campaign_id(self) -> str:
        """Whose change it is."""
        ref = CallRef.parse(self.subject) if self.what is What.CALL else None
        return ref.campaign_id if ref else self.subject


class Heard(NamedTuple):
    """What one look brought.

    Attributes:
        place: up to where everything is known now.
        is_whole: False where changes after the place that was asked for may be missing; then there are none here.
    """

    place: Place
    changes: Sequence[Change]
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A campaign in little, as it was at one moment.

    Attributes:
        due: how many of its calls are due and wait for a token.
        hanging_up: how many are still to be hung up.
    """

    id: str
    name: str
    kind: str
    priority: Priority
    state: CampaignState
    reason: str | None
    over_reason: str | None
    total: int
    attempts: int
    success: frozenset[Disposition]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    counts: dict[CallState, int]
    dispositions: dict[Disposition, int]
    hanging_up: int
    due: int
