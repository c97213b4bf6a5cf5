"""What the dialer asks of a carrier, and the few answers it understands.

Placing is the one request that cannot be repeated, so its ends are values: `Placed`, `Refused` (surely no call) or
`Unknown` (perhaps a call). Everything else may raise `CarrierError`. What is said to a live call is in `steering`,
applications and recordings in `assets`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol

from dialer.dispositions import Fact
from dialer.providers.assets import Access, Applications, Recording, RecordingSink
from dialer.providers.steering import CallOver, NotAnswered, Order, TooEarly

__all__ = [
    "AdvancedDetection",
    "CallEvent",
    "CallOver",
    "CallRequest",
    "CarrierCall",
    "Doubt",
    "Endpoint",
    "NotAnswered",
    "Phone",
    "PlaceResult",
    "Placed",
    "Provider",
    "Refusal",
    "Refused",
    "Sip",
    "TooEarly",
    "Unknown",
    "Websocket",
]


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone. `dtmf_answer`: keys to press when it is answered, `p` waits half a second."""

    number: str
    dtmf_answer: str | None = None


@dataclass(frozen=True, slots=True)
class Sip:
    """A SIP address. `headers` go into the INVITE as `X-name: value`, where the carrier takes them."""

    uri: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Websocket:
    """A server that hears and speaks. `headers` are told to it in its first message."""

    uri: str
    content_type: str = "audio/l16;rate=16000"
    headers: Mapping[str, Any] = field(default_factory=dict)


Endpoint = Phone | Sip | Websocket


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancedDetection:
    """The carrier's paid machine detection; where it is asked for, it replaces the basic one.

    Attributes:
        behavior: what follows on a machine.
        mode: `default` reports beside the script, `detect` before it, `detect_beep` waits for the beep.
        beep_timeout_s: the longest wait for that beep.
    """

    behavior: Literal["continue", "hangup"] = "continue"
    mode: Literal["default", "detect", "detect_beep"] = "default"
    beep_timeout_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """One call to place. Numbers are E.164 with the leading plus; the adapter writes them as its carrier wants.

    Attributes:
        to: the phone to call; counts only where `endpoint` is None.
        endpoint: whom to call instead: a phone with keys to press, a SIP address, a websocket.
        machine_detection: `continue` or `hangup`, which the adapter checks.
        random_from_number: let the carrier choose among the application's numbers; `from_` is then left out.
    """

    to: str = ""
    from_: str
    answer_url: str
    event_url: str
    ringing_timer_s: int
    length_timer_s: int
    machine_detection: str | None = None
    endpoint: Endpoint | None = None
    advanced_detection: AdvancedDetection | None = None
    random_from_number: bool = False

    @property
    def callee(self) -> Endpoint:
        """Whom to call, however it was told."""
        return self.endpoint or Phone(self.to)


@dataclass(frozen=True, slots=True)
class Placed:
    """The carrier has the call."""

    uuid: str
    conversation_uuid: str | None = None


class Refusal(StrEnum):
    """Why there is surely no call, and so what follows."""

    RATE = "rate"  # over the calls-per-second limit: widen the margin, slow the fleet
    QUOTA = "quota"  # a longer allowance is used up: slow the fleet until it is reset
    NOT_SENT = "not_sent"  # nothing left this machine: try again
    TOKEN = "token"  # noqa: S105 - the access token was not accepted: renew it, try again
    BAD_REQUEST = "bad_request"  # this call's data were not taken: it fails
    MISCONFIGURED = "misconfigured"  # product, application or path is wrong: stop the campaign


@dataclass(frozen=True, slots=True)
class Refused:
    """There is surely no call.

    Attributes:
        retry_after_ms: how long the carrier asked us to wait, from now; None where it said nothing.
        detail: the carrier's words, shortened, for people. Never holds a secret.
    """

    reason: Refusal
    detail: str = ""
    retry_after_ms: int | None = None


class Doubt(StrEnum):
    """Why we cannot tell whether there is a call."""

    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    UNREADABLE = "unreadable"  # a success whose body was cut off or makes no sense
    SERVER_ERROR = "server_error"  # 500, 502, 504 and the like: the gateway may hide a placed call
    UNAVAILABLE = "unavailable"  # 503: tried again once nothing has been heard or listed for some seconds


@dataclass(frozen=True, slots=True)
class Unknown:
    """There may be a call: the phone may be ringing."""

    reason: Doubt
    detail: str = ""
    retry_after_ms: int | None = None


PlaceResult = Placed | Refused | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """A carrier's callback after translation.

    Attributes:
        kind: the carrier's own word for it (`answered`, `input`, `record`, ...), lower case, from a closed set in the
            adapter; `unrecognised` for what the adapter does not know.
        facts: what it tells about the attempt; empty for events that say nothing about how the call goes.
        uuid: the carrier's id of the leg, where the event has one.
        at: when it happened by the carrier's clock, aware UTC; None where missing or unreadable.
        figures: duration_s (int), price and rate (decimal text), network, sip_code, detail, disconnected_by,
            start_time, end_time ... only those present and not null; values are str or int.
        payload: the whole event as received (decoded JSON object), kept for kinds without facts.
        about: tells two events of one kind and moment apart; repeats of one have the same.
    """

    kind: str
    facts: frozenset[Fact] = frozenset()
    uuid: str | None = None
    at: datetime | None = None
    figures: dict[str, str | int] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)
    about: str = ""


LISTED_WITHIN = timedelta(seconds=90)
"""A call stands in the list so long before or after its request at most: clocks differ, and its moment may be the
answer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierCall:
    """A call as the carrier's own list shows it. Phone numbers are digits without a plus, other addresses URIs."""

    uuid: str
    to: str
    from_: str
    facts: frozenset[Fact]
    figures: dict[str, str | int] = field(default_factory=dict)
    started_at: datetime | None = None

    def event(self, kind: str, at: datetime) -> CallEvent:
        """What it tells of its attempt, as seen at a moment."""
        return CallEvent(kind=kind, facts=self.facts | {Fact.STARTED}, uuid=self.uuid, at=at, figures=self.figures)


class Provider(Protocol):
    """One carrier account. Implementations bound and time-limit every request and never re-send a placing."""

    async def place(self, request: CallRequest) -> PlaceResult:
        """Ask for one call, once. Never raises for anything the network or the carrier does."""
        ...

    async def make_ready(self) -> None:
        """Have at hand what placing needs (an access token), so that placing is one request. Raises CarrierError."""
        ...

    async def renew_ahead(self) -> bool:
        """Renew the access token if it is near its end; returns whether it was. Raises CarrierError."""
        ...

    def set_share(self, per_second: float) -> None:
        """How many requests other than placing this process may send a second."""
        ...

    async def get_call(self, uuid: str) -> CarrierCall | None:
        """The call as the carrier knows it now, None if it does not know it. Raises CarrierError."""
        ...

    def list_calls(self, since: datetime, until: datetime) -> AsyncIterator[CarrierCall]:
        """All calls of the account in a span of time, each once. Raises CarrierError."""
        ...

    async def hang_up(self, uuid: str) -> None:
        """End a call; ending one that is over already is no error. Raises CarrierError."""
        ...

    async def steer(self, uuid: str, order: Order) -> None:
        """Do something to a live call, once; waits out the moments in which a new call cannot be steered.

        Raises:
            InvalidInput: this carrier does not take such an order; names the field.
            CallOver: there is no such call any more.
            NotAnswered: nobody has picked up yet.
            TooEarly: it is still too young, after all that waiting.
            CarrierError: anything else.
        """
        ...

    def check_request(self, request: CallRequest) -> None:
        """Raise InvalidInput, with the field, for a call that this carrier would not take. Asks nobody."""
        ...

    def check_order(self, order: Order) -> None:
        """Raise InvalidInput, with the field, for an order that this carrier would not take. Asks nobody."""
        ...

    @property
    def applications(self) -> Applications:
        """The account's applications."""
        ...

    async def recording_token(self) -> str:
        """A token with which the carrier's recordings of this application can be fetched. Raises CarrierError."""
        ...

    async def fetch_recording(self, url: str, sink: RecordingSink) -> Recording:
        """Read a recording into `sink`, from the beginning again after a failure. Raises CarrierError."""
        ...

    async def products(self) -> frozenset[str]:
        """The names of what the carrier lets this project use; for a check at start. Raises CarrierError."""
        ...

    async def check_access(self) -> Access:
        """What the carrier grants to our credentials now; the token in use stays. Raises CarrierError."""
        ...

    def parse_event(self, payload: dict[str, Any]) -> CallEvent:
        """Translate a decoded callback. Total: anything unreadable becomes kind `unrecognised`."""
        ...
