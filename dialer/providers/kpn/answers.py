"""An HTTP answer of the carrier, whatever it looks like, and the words for people in it. No I/O.

Behind one address sit KPN's gateway (Apigee) and Vonage, and errors come in every shape of both: the gateway's fault,
KPN's envelope, three generations of Vonage errors, RFC 9457, HTML, nothing at all (REFERENCE 2.4). Nothing in here
fails on a body; what cannot be read is shown as text or left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dialer.phone import mask

LONGEST_DETAIL = 300
"""Characters: enough for a title and two named parameters, short enough for one line of a log."""

_LONGEST_PAGE = 4096
_TITLES = ("title", "error_title", "name", "error", "ErrorCode")
_SENTENCES = ("detail", "message", "info", "error_description", "Error", "msg_error")
# A phone number as people and machines write it: 7 digits or more with at most one separator between two of them.
_NUMBER = re.compile(r"\+?[0-9](?:[ .()/-]?[0-9]){6,}")
_BEARER = re.compile(r"(?i)\bbearer\s+[^\s\"'<>,;]+")
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and as much of the body as was read (it may be cut off)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The header of this name in any spelling, stripped."""
        found = (value for key, value in self.headers.items() if key.lower() == name.lower())
        return next((value.strip() for value in found), None)

    def fields(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        found = read_json(self.body)
        return found if isinstance(found, dict) else {}

    def fault_code(self) -> str:
        """The code of an Apigee fault, else empty.

        Only the gateway's own shape counts. A code that merely occurs somewhere in a text proves nothing, and a wrong
        "surely no call" would ring a phone twice.
        """
        code = inside(self.fields(), "fault", "detail", "errorcode")
        return code.strip() if isinstance(code, str) else ""


def read_json(text: bytes | str) -> Any:
    """The JSON value of a text, None if it has none. Never raises."""
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _no_number(_name: str) -> None:
    """NaN and Infinity are no JSON and must not get into ours."""
    return


_DECODER = json.JSONDecoder(parse_constant=_no_number)
"""One for all answers: json.loads would make one for each."""


def inside(value: Any, *path: str) -> Any:
    """Follow keys through nested objects; None where the path ends early."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def describe(answer: Answer, hide: Iterable[str] = ()) -> str:
    """The answer for a person: `HTTP 400: Bad Request; number: ...`. Without secrets, numbers masked, one line."""
    secrets = tuple(hide)
    words = _words(answer) or _plain(_hidden(answer.body.decode("utf-8", "replace"), secrets))
    return clean(f"HTTP {answer.status}: {words}" if words else f"HTTP {answer.status}", secrets)


def clean(text: str, hide: Iterable[str] = ()) -> str:
    """Make a foreign text fit to be shown: no secrets, no phone numbers, no control characters, at most 300 long."""
    text = _BEARER.sub("Bearer ***", _hidden(text, hide))
    text = _NUMBER.sub(lambda found: mask(found[0]), text)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[: LONGEST_DETAIL - 3]}..."


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _plain(text: str) -> str:
    """HTML without its tags. Cut first: taking tags out of 64 KiB of hostile text could last seconds."""
    return _TAG.sub(" ", text[:_LONGEST_PAGE]).strip()


def _words(answer: Answer) -> str:
    """What the fields for people say; empty if none of them is there."""
    fields = answer.fields()
    fault = inside(fields, "fault", "faultstring")
    if isinstance(fault, str):
        return "; ".join(part for part in (fault, answer.fault_code()) if part)
    said = (_first(fields, _TITLES), *_sentences(fields), *_parameters(fields))
    return "; ".join(part for part in said if part)


def _first(fields: Mapping[str, Any], names: Iterable[str]) -> str:
    found = (fields.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")


def _sentences(fields: Mapping[str, Any]) -> Iterable[str]:
    found = (fields.get(name) for name in _SENTENCES)
    return (value for value in found if isinstance(value, str))


def _parameters(fields: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with which field: a mapping in 2018, a list of objects in later answers."""
    wrong = fields.get("invalid_parameters")
    pairs = wrong.items() if isinstance(wrong, dict) else _named(wrong)
    return (f"{name}: {reason}" for name, reason in pairs if isinstance(name, str) and isinstance(reason, str))


def _named(listed: Any) -> Iterable[tuple[Any, Any]]:
    entries = listed if isinstance(listed, list) else []
    return ((inside(entry, "name"), inside(entry, "reason")) for entry in entries)
