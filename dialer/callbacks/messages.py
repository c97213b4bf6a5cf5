"""What is told: an event of a call, attempt or campaign, its id, and its body. No I/O.

A message begins as the line that a script wrote (`call.ended c5hk-12 busy 1764201600000`). Its id follows from that
alone, so that whatever is repeated on the way has the same one and the receiver can tell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from dialer.callbacks.events import CallbackEvent
from dialer.clock import moment
from dialer.model import AttemptRef, CallRef

SWEPT = "calls.swept"
"""Not told but opened: all calls that ended in one stroke, with their campaign."""
_SUFFIX = {
    CallbackEvent.CALL_ENDED: "ended",
    CallbackEvent.CAMPAIGN_ENDED: "ended",
    CallbackEvent.CALL_CONFIRMED: "confirmed",
    CallbackEvent.NUMBER_OPTED_OUT: "opted-out",
}
_WAITS_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
"""Between tries; together 23.7 hours, then a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell, and how its delivery went so far.

    Attributes:
        subject: id of the campaign, call or attempt.
        word: the disposition, or the campaign's state.
        at_ms: when it happened.
        receiver: whose queue it stands in.
        tries: how often it was sent.
        error: why the last try failed.
        turn: which of the ends of a call that was called back, or of the labels of an attempt; 1 for the first.
        opened: of calls that were swept, the running number up to which they are told.
    """

    event: str
    subject: str
    word: str
    at_ms: int
    receiver: str = ""
    tries: int = 0
    error: str | None = None
    turn: int = 1
    opened: int = 0

    @classmethod
    def read(cls, line: str, receiver: str = "") -> Self:
        """From the line that a script wrote."""
        event, subject, word, at_ms, turn = [*line.split(" "), "1"][:5]
        return cls(event=event, subject=subject, word=word, at_ms=int(at_ms), turn=int(turn), receiver=receiver)

    @classmethod
    def load(cls, stored: str) -> Self:
        """From what `dump` wrote."""
        return cls(**json.loads(stored))

    def dump(self) -> str:
        """As JSON, without what has its default."""
        return json.dumps({name: value for name in self.__slots__ if (value := getattr(self, name))})

    @property
    def line(self) -> str:
        """As a script writes it."""
        again = f" {self.turn}" if self.turn > 1 else ""
        return f"{self.event} {self.subject} {self.word} {self.at_ms}{again}"

    @property
    def id(self) -> str:
        """The same for every repetition, such as `c5hk-12-ended`, `c5hk-12-1-ended-busy` or `c5hk-ended`."""
        last = self.word.replace("_", "-")
        own = {SWEPT: f"swept-{last}", CallbackEvent.ATTEMPT_ENDED: f"ended-{last}"}
        suffix = own.get(self.event) or _SUFFIX[CallbackEvent(self.event)]
        return f"{self.subject}-{suffix}" + (f"-{self.turn}" if self.turn > 1 else "")

    @property
    def attempt(self) -> AttemptRef | None:
        """The attempt it is about, where it is about one."""
        about_none = {CallbackEvent.CALL_ENDED, CallbackEvent.CAMPAIGN_ENDED, SWEPT}
        return None if self.event in about_none else AttemptRef.parse(self.subject)

    @property
    def call(self) -> CallRef | None:
        """The call it is about, where it is about one."""
        if self.event == CallbackEvent.CALL_ENDED:
            return CallRef.parse(self.subject)
        return self.attempt.call if self.attempt else None

    @property
    def campaign_id(self) -> str:
        """Whose it is."""
        return self.call.campaign_id if self.call else self.subject

    @property
    def group(self) -> str:
        """Messages of one group are sent in their order."""
        return str(self.call or self.subject)

    def failed(self, error: str) -> Message:
        """The same after another failed try."""
        return replace(self, tries=self.tries + 1, error=error)

    @property
    def next_wait_ms(self) -> int | None:
        """How long to wait after so many failed tries; None: given up."""
        return _WAITS_S[self.tries - 1] * 1000 if self.tries <= len(_WAITS_S) else None


def body(message: Message, *, number: str | None, external_id: str | None) -> str:
    """The JSON that is sent: `type`, `timestamp` and `data`, as Standard Webhooks has it. The same each time.

    Args:
        message: what to tell.
        number: None where numbers are not to be told, or the call is gone.
        external_id: the customer's own id of the call.
    """
    data: dict[str, Any] = {"campaign_id": message.campaign_id}
    if message.call:
        data |= {"call_id": str(message.call), "external_id": external_id}
        data |= {"number": number} if number else {}
    if message.attempt:
        data |= {"attempt_id": str(message.attempt)}
    data |= {"state" if message.event == CallbackEvent.CAMPAIGN_ENDED else "disposition": message.word}
    timestamp = moment(message.at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": message.event, "timestamp": timestamp, "data": data}, ensure_ascii=False)
