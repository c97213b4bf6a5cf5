"""A request to place a call, checked as the carrier checks it: all mistakes at once, each with the field's name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

_NUMBER = re.compile(r"\+?[0-9]{7,15}", re.ASCII)  # an error text of Vonage lets a leading plus pass
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?", re.ASCII)
_DTMF = re.compile(r"[0-9*#p]+", re.ASCII)
MAX_URI = 50
BEEP_TIMEOUTS_S = range(30, 121)  # the specification's; SDKs send 45 and more
MAX_LENGTH_TIMER_S = 7200
MAX_RINGING_TIMER_S = 120


class Problem(NamedTuple):
    """One thing that is wrong with a request."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How machines are told from people. `mode`: basic, or default, detect and detect_beep of the advanced one."""

    behavior: str
    mode: str = "basic"
    beep_timeout_s: int = 45

    @classmethod
    def advanced(cls, value: Mapping[str, Any]) -> Detection:
        """From the object in a request or an action, which has been checked."""
        return cls(
            behavior=value.get("behavior", "continue"),
            mode=value.get("mode", "detect"),
            beep_timeout_s=value.get("beep_timeout", 45),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A call to place, as the carrier understood it. Numbers are digits only.

    Attributes:
        to: a number, or the URI of a `sip` or `websocket` endpoint.
        dtmf_answer: keys to press for whoever answers.
        headers: those told to a `sip` or `websocket` endpoint.
    """

    to: str
    from_: str
    answer_url: str | None
    answer_method: str
    event_url: str | None
    event_method: str
    detection: Detection | None
    length_timer_s: int
    ringing_timer_s: int
    ncco: Sequence[Any] | None
    endpoint_type: str = "phone"
    dtmf_answer: str | None = None
    headers: Mapping[str, Any] | None = None


class _Reader:
    """Reads the fields of one body and gathers what is wrong with them."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.problems: list[Problem] = []

    def wrong(self, field: str, reason: str) -> None:
        self.problems.append(Problem(field, reason))

    def url(self, field: str) -> str | None:
        value = self.body.get(field)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 1:
            self.wrong(field, "Must be an array of one URL.")
        elif not isinstance(value[0], str) or not _URL.fullmatch(value[0]):
            self.wrong(field, "Must be a valid URL.")
        else:
            return value[0]
        return None

    def choice(self, field: str, allowed: tuple[str, ...], default: str | None) -> str | None:
        value = self.body.get(field, default)
        if value is not None and value not in allowed:
            self.wrong(field, f"Must be one of {', '.join(allowed)}.")
        return str(value) if value is not None else None

    def seconds(self, field: str, most: int, default: int) -> int:
        value = self.body.get(field, default)
        if type(value) is not int or not 1 <= value <= most:
            self.wrong(field, f"Must be between 1 and {most}.")
            return default
        return value

    def to(self) -> str:
        value = self.body.get("to")
        if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
            self.wrong("to", "Must be an array of one endpoint." if value is not None else "Is required.")
            return ""
        return self.endpoint("to", value[0], ("phone", "sip", "websocket"))

    def from_(self) -> str:
        value = self.body.get("from")
        if not isinstance(value, dict):
            self.wrong("from", "Must be an endpoint object." if value is not None else "Is required.")
            return ""
        return self.endpoint("from", value, ("phone",))

    def detection(self, *, advanced: bool) -> Detection | None:
        basic = self.choice("machine_detection", ("continue", "hangup"), None)
        value = self.body.get("advanced_machine_detection") if advanced else None
        if value is None:
            return Detection(behavior=basic) if basic else None
        problem = wrong_detection(value)
        if problem is not None:
            self.wrong(f"advanced_machine_detection.{problem}", "Is not supported.")
            return None
        return Detection.advanced(value)

    def endpoint(self, field: str, endpoint: Mapping[str, Any], types: tuple[str, ...]) -> str:
        if endpoint.get("type") not in types:
            self.wrong(f"{field}.type", "Is required." if "type" not in endpoint else "Is not supported.")
            return ""
        return self.phone(field, endpoint) if endpoint["type"] == "phone" else self.uri(field, endpoint)

    def phone(self, field: str, endpoint: Mapping[str, Any]) -> str:
        number = endpoint.get("number")
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            self.wrong("number", "can contain up to 15 digits prefixed with +")
            return ""
        keys = endpoint.get("dtmfAnswer")
        if keys is not None and not (isinstance(keys, str) and _DTMF.fullmatch(keys)):
            self.wrong(f"{field}.dtmfAnswer", "Must consist of 0-9, *, # and p.")
        return number.removeprefix("+")

    def uri(self, field: str, endpoint: Mapping[str, Any]) -> str:
        uri = endpoint.get("uri")
        if not isinstance(uri, str) or not 0 < len(uri) <= MAX_URI:
            self.wrong(f"{field}.uri", f"Must be a URI of up to {MAX_URI} characters.")
            return ""
        return uri


def wrong_detection(value: Any) -> str | None:
    """The field of an advanced detection that is not as it should be, or None."""
    if not isinstance(value, dict):
        return "behavior"
    allowed = {
        "behavior": ("continue", "hangup"),
        "mode": ("default", "detect", "detect_beep"),
        "beep_timeout": BEEP_TIMEOUTS_S,
    }
    return next((field for field, each in value.items() if each not in allowed.get(field, ())), None)


def read_order(body: Any, *, inline_ncco: bool, advanced_detection: bool = True) -> Order | list[Problem]:
    """The call that a decoded body asks for, or everything that is wrong with it."""
    if not isinstance(body, dict):
        return [Problem("body", "Must be a JSON object.")]
    reader = _Reader(body)
    order = _order(reader, advanced_detection=advanced_detection)
    _check_script(reader, order, inline_ncco=inline_ncco)
    return reader.problems or order


def number_of(body: Any) -> str | None:
    """The number a body wants to reach, however wrong the rest of it is; for the log."""
    try:
        return str(body["to"][0]["number"]).removeprefix("+")
    except (KeyError, IndexError, TypeError):
        return None


def _order(reader: _Reader, *, advanced_detection: bool) -> Order:
    ncco = reader.body.get("ncco")
    return Order(
        to=reader.to(),
        from_=reader.from_(),
        answer_url=reader.url("answer_url"),
        answer_method=reader.choice("answer_method", ("GET", "POST"), "GET") or "GET",
        event_url=reader.url("event_url"),
        event_method=reader.choice("event_method", ("GET", "POST"), "POST") or "POST",
        detection=reader.detection(advanced=advanced_detection),
        length_timer_s=reader.seconds("length_timer", MAX_LENGTH_TIMER_S, MAX_LENGTH_TIMER_S),
        ringing_timer_s=reader.seconds("ringing_timer", MAX_RINGING_TIMER_S, 60),
        ncco=ncco if isinstance(ncco, list) else None,
        **_further(reader.body),
    )


def _further(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an endpoint has besides its address; nothing where it is wrong, which was told."""
    match body.get("to"):
        case [{"type": "phone", "dtmfAnswer": str() as keys}]:
            return {"dtmf_answer": keys}
        case [{"type": "sip" | "websocket" as kind, **more}]:
            headers = more.get("headers")
            return {"endpoint_type": kind, "headers": headers if isinstance(headers, dict) else None}
        case _:
            return {}


def _check_script(reader: _Reader, order: Order, *, inline_ncco: bool) -> None:
    has_ncco = "ncco" in reader.body
    if has_ncco and not inline_ncco:
        reader.wrong("ncco", "Is not supported.")
    elif has_ncco and (order.ncco is None or "answer_url" in reader.body):
        reader.wrong("ncco", "Must be an array, and excludes answer_url.")
    elif not has_ncco and "answer_url" not in reader.body:
        reader.wrong("answer_url", "Is required.")
