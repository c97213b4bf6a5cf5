"""What the carrier remembers for whoever checks it: every request, every ring, every text that was spoken.

With `keep_log` off, it stays small however many calls come: counts, eight bytes for each accepted arrival, one count
for each number.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from dialer.simulator.rates import Arrivals

RECENT = 1000
"""Requests kept when the log is not: enough to see what just happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request as the carrier judged it.

    Attributes:
        arrived_s: when it was judged, on the monotonic clock, in seconds.
        number: the phone it wanted to reach, digits only; None for other requests.
        accepted: whether the rate limit let it in.
        rang: whether a phone rang because of it.
        status: the HTTP status meant for it; 0 where the connection was cut instead.
        fault: the fault it met on purpose.
    """

    arrived_s: float
    method: str
    path: str
    number: str | None = None
    accepted: bool = True
    rang: bool = False
    status: int = 200
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The carrier's own account of a run."""

    requests: int  # all of them
    placings: int  # requests to place a call that came with a good token, of any outcome
    accepted: int  # placings (and `connect` actions) that the rate limit let in
    refused: int  # placings over the limit
    rings: int  # phones that rang, by placing
    max_rings: int  # most often that one number rang
    peak: int  # most accepted in any rolling second
    live: int  # calls up now
    webhooks: int  # deliveries made
    webhook_failures: int  # deliveries given up
    webhooks_outstanding: int  # deliveries under way
    others: int  # requests other than placings, with a good token, that their rate limit let in
    others_refused: int  # those over that limit
    others_peak: int  # most of them let in within any rolling second


class Journal:
    """Keeps the account. `listener` is told of each request as it is judged."""

    def __init__(self, *, keep: bool) -> None:
        self.records: deque[RequestRecord] = deque(maxlen=None if keep else RECENT)
        self.arrivals = Arrivals()
        self.rings: Counter[str] = Counter()
        self.heard: dict[str, list[str]] = {}
        self.requests = 0
        self.placings = 0
        self.refused = 0
        self.others = Arrivals()
        self.others_refused = 0
        self.listener: Callable[[RequestRecord], None] | None = None
        self.keeps = keep

    def add(self, record: RequestRecord) -> None:
        """Keep one judged request."""
        self.requests += 1
        self.records.append(record)
        if self.listener is not None:
            self.listener(record)

    def let_in(self, now_s: float, *, admitted: bool) -> None:
        """Count a placing at the edge: let in, or refused for the rate."""
        self.placings += 1
        if admitted:
            self.arrivals.add(now_s)
        else:
            self.refused += 1

    def let_other_in(self, now_s: float, *, admitted: bool) -> None:
        """Count another request at the edge: let in, or refused for its rate."""
        if admitted:
            self.others.add(now_s)
        else:
            self.others_refused += 1

    def speak(self, number: str, text: str) -> None:
        """Keep what somebody was told."""
        self.heard.setdefault(number, []).append(text)
