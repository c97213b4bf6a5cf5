"""What can go wrong between carrier and dialer, how often, and the choice for the next request.

A fault happens by share (seeded by number and how-manieth request, so independent of the order of arrivals), every
so-manieth time, or once because a test asked for it (`next_place`). The table can be changed while the carrier runs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from dialer.simulator.dice import roll


class PlaceFault(StrEnum):
    """What can go wrong with a request to place a call. `_placed`: the phone rings all the same."""

    RESET = "reset"  # connection reset before anything is looked at; no call
    STATUS_302 = "302"  # a redirect; no call
    STATUS_401 = "401"  # the token is not taken, though it is valid; no call
    STATUS_403 = "403"
    STATUS_404 = "404"
    STATUS_429 = "429"  # refused, though within the rate; no call
    STATUS_500 = "500"
    STATUS_502 = "502"
    STATUS_503 = "503"
    STATUS_504 = "504"
    HTML = "html"  # 504 with a page instead of JSON; no call
    STATUS_500_PLACED = "500_placed"
    STATUS_502_PLACED = "502_placed"
    STATUS_503_PLACED = "503_placed"
    STATUS_504_PLACED = "504_placed"
    HTML_PLACED = "html_placed"
    LOST_REPLY = "lost_reply"  # call accepted, connection closed without a reply
    SLOW_REPLY = "slow_reply"  # call accepted, the 201 comes after `slow_reply_s`
    CUT_REPLY = "cut_reply"  # call accepted, the 201 breaks off half-way
    STARTED_FIRST = "started_first"  # the `started` webhook is acknowledged before the 201 leaves

    @property
    def status(self) -> int | None:
        """The HTTP status it answers with, None where the fault is of another kind."""
        text = "504" if self.startswith("html") else self.partition("_")[0]
        return int(text) if text.isdigit() else None

    @property
    def places(self) -> bool:
        """Whether the phone rings."""
        return self.endswith("_placed") or self in _REPLY_FAULTS


_REPLY_FAULTS = frozenset(
    {PlaceFault.LOST_REPLY, PlaceFault.SLOW_REPLY, PlaceFault.CUT_REPLY, PlaceFault.STARTED_FIRST}
)


class WebhookFault(StrEnum):
    """What can go wrong with an event on its way to the dialer."""

    SWAPPED = "swapped"  # comes after the call's next event
    DOUBLED = "doubled"
    LOST = "lost"
    LATE = "late"  # by `late_webhook_s`
    GET = "get"  # as GET with a query, nested values as JSON text
    ODD_STATUS = "odd_status"  # an event with a status nobody has documented goes before it
    UNSIGNED = "unsigned"  # without its signature, where there should be one
    FORGED = "forged"  # signed with another secret


class RecordingFault(StrEnum):
    """What can go wrong with the download of a recording."""

    SLOW = "slow"  # comes after `slow_download_s`
    CUT = "cut"  # breaks off half-way
    HTTP_500 = "http_500"


@dataclass(frozen=True, slots=True)
class Often:
    """How often a fault happens: a share of all, seeded, or every so-manieth (0: never)."""

    share: float = 0.0
    every: int = 0

    @classmethod
    def parse(cls, text: str) -> Often:
        """`0.05` is a share, `1/20` is every twentieth. Raises ValueError for anything else."""
        if text.startswith("1/"):
            return cls(every=int(text[2:]))
        share = float(text)
        if not 0 <= share <= 1:
            raise ValueError(f"{text}: a share lies between 0 and 1")
        return cls(share=share)

    def hits(self, count: int, chance: float) -> bool:
        """Whether the `count`th request, with this throw of the dice, is hit."""
        return (self.every > 0 and count % self.every == 0) or chance < self.share


_Fault = TypeVar("_Fault", PlaceFault, WebhookFault, RecordingFault)


@dataclass(frozen=True, slots=True)
class _Awaited:
    fault: WebhookFault
    status: str | None


class Faults:
    """The table of faults, and those asked for by name for the next occasions."""

    def __init__(
        self,
        seed: int,
        place: Mapping[PlaceFault, Often],
        webhooks: Mapping[WebhookFault, Often],
        recordings: Mapping[RecordingFault, Often] | None = None,
    ) -> None:
        self._seed = seed
        self._place = dict(place)
        self._webhooks = dict(webhooks)
        self._recordings = dict(recordings or {})
        self._next_place: deque[PlaceFault] = deque()
        self._next_recording: deque[RecordingFault] = deque()
        self._next_webhooks: list[_Awaited] = []
        self._counts: Counter[str] = Counter()

    def next_place(self, fault: PlaceFault | str, *, count: int = 1) -> None:
        """The next `count` requests to place a call meet this fault (after the ones already asked for)."""
        self._next_place.extend([PlaceFault(fault)] * count)

    def next_webhook(self, fault: WebhookFault | str, *, status: str | None = None, count: int = 1) -> None:
        """The next `count` events, or events of this status, meet this fault.

        Events without a status are asked for as `record`, `transfer` or `error`.
        """
        self._next_webhooks.extend([_Awaited(WebhookFault(fault), status)] * count)

    def next_recording(self, fault: RecordingFault | str, *, count: int = 1) -> None:
        """The next `count` downloads of a recording meet this fault."""
        self._next_recording.extend([RecordingFault(fault)] * count)

    def set_place(self, fault: PlaceFault | str, often: Often) -> None:
        """From now on requests to place a call meet this fault this often."""
        self._place[PlaceFault(fault)] = often

    def set_webhook(self, fault: WebhookFault | str, often: Often) -> None:
        """From now on events meet this fault this often."""
        self._webhooks[WebhookFault(fault)] = often

    def set_recording(self, fault: RecordingFault | str, often: Often) -> None:
        """From now on downloads of recordings meet this fault this often."""
        self._recordings[RecordingFault(fault)] = often

    def clear(self) -> None:
        """No fault from now on."""
        for table in (self._place, self._webhooks, self._recordings):
            table.clear()
        for queue in (self._next_place, self._next_webhooks, self._next_recording):
            queue.clear()

    def draw_place(self, number: str) -> PlaceFault | None:
        """The fault that this request to place a call meets."""
        if self._next_place:
            return self._next_place.popleft()
        return self._draw(self._place, number) if self._place else None

    def draw_webhook(self, number: str, status: str | None) -> WebhookFault | None:
        """The fault that this event meets."""
        awaited = next((a for a in self._next_webhooks if a.status in {None, status}), None)
        if awaited is not None:
            self._next_webhooks.remove(awaited)
            return awaited.fault
        return self._draw(self._webhooks, number) if self._webhooks else None

    def draw_recording(self, file_id: str) -> RecordingFault | None:
        """The fault that this download meets."""
        if self._next_recording:
            return self._next_recording.popleft()
        return self._draw(self._recordings, file_id) if self._recordings else None

    def _draw(self, table: Mapping[_Fault, Often], number: str) -> _Fault | None:
        hit = None
        for fault, often in table.items():
            self._counts[fault] += 1
            if self._hits(fault, often, number):
                hit = hit or fault
        return hit

    def _hits(self, fault: PlaceFault | WebhookFault | RecordingFault, often: Often, key: str) -> bool:
        chance = 1.0
        if often.share > 0:
            counted = f"{fault}:{key}"
            self._counts[counted] += 1
            chance = next(roll(self._seed, counted, self._counts[counted]))
        return often.hits(self._counts[fault], chance)
