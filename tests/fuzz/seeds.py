"""What the fuzzer begins with: what the carrier sends, the examples of the API's document, and what is hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.fakes.hostile import BREAKERS, ENDLESS, MARKUP, TEMPLATES, UNSEEN
from tests.fuzz.targets import _BODIES

_DATA = Path(__file__).parents[1] / "data"
FOUND = Path(__file__).with_name("found")
_HOSTILE = [text for text in (*MARKUP, *TEMPLATES, *BREAKERS, *UNSEEN) if text.encode("utf-8", "ignore")]
_ADDRESSES = (
    "+31612345678", "06 1234 5678", "sip:desk@pbx.example.com;transport=tls", "wss://audio.example.com/in",
    "https://crm.example.com/in?x=1", "https://[2001:db8::1]:8443/", "https://2130706433/", "2.k1.0~3-1", "v.0",
    "https://api.nexmo.com/v3/files/x", "https://api.nexmo.com@evil.example/",
)  # fmt: skip
_TEXTS = (
    "Hello {{ name }}.",
    "<speak>Hi <sub alias='{{ a }}'>{{ b }}</sub><break time='1s'/> <p>{{ c }}</p></speak>\n\nAnn & Bob",
)


def seeds(target: str) -> Iterator[bytes]:
    """The first bytes for a target, and all that ever broke it."""
    yield from (file.read_bytes() for file in sorted(FOUND.glob(f"{target}-*")))
    yield from _OF.get(target, _hostile)()


def name_of(seed: bytes) -> str:
    """A file's name for a seed."""
    return sha256(seed).hexdigest()[:16]


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _within(value: Any, wanted: str) -> Iterator[Any]:
    """Every value of a document under a key of that name, and what is in it."""
    if isinstance(value, Mapping):
        yield from [value[wanted]] if wanted in value else []
        yield from (found for each in value.values() for found in _within(each, wanted))
    if isinstance(value, list):
        yield from (found for each in value for found in _within(each, wanted))


def _events() -> list[dict[str, Any]]:
    files = [*(_DATA / "payloads").rglob("*.json")]
    told = [json.loads(file.read_text("utf-8")) for file in files]
    examples = _within(json.loads((_DATA / "derived" / "webhook-events.json").read_text("utf-8")), "example")
    return [each for each in (*told, *examples) if isinstance(each, dict)]


def _bodies() -> Iterator[bytes]:
    for place, model in enumerate(_BODIES):
        yield from (bytes([place]) + _dumped(example) for example in _within(model.model_json_schema(), "examples"))
        yield bytes([place]) + b"{}"


def _lists() -> Iterator[bytes]:
    values = [*_HOSTILE, ENDLESS[0]]
    yield "\r\n".join(["number;name;id", *(f'+31612345678;"{value}";1' for value in values)]).encode("utf-8", "replace")
    yield "\ufeffnumber,name,timezone,expires_at\n0612345678,Ann,Europe/Amsterdam,2030-01-01T00:00:00Z\n".encode()
    yield "number\tname\n+31612345678\tZo\u00eb\n".encode("utf-16")


def _rows() -> list[dict[str, Any]]:
    return [{"number": "+31612345678", "name": value.encode("utf-8", "replace").decode()} for value in _HOSTILE]


def _hostile() -> Iterator[bytes]:
    yield from (text.encode("utf-8", "replace") for text in (*_HOSTILE, *_ADDRESSES, *_TEXTS))


def _scripts() -> Iterator[bytes]:
    say, press = {"do": "say", "text": "Hello {{ name }}."}, {"do": "confirm"}
    yield _dumped({"text": "Hello {{ name }}.", "confirm_key": "1", "repeat_key": "2", "opt_out_key": "9"})
    ask = {"do": "ask", "prompt": [say], "keys": {"1": [press], "*": [{"do": "opt_out"}]}, "repeat_key": "2"}
    rest = [{"do": "record", "end_on_silence_s": 3}, {"do": "connect", "number": "+31201234567"}, {"do": "stop"}]
    yield _dumped({"language": "nl-NL", "steps": [say, ask, *rest], "voicemail": [say]})


_OF = {
    "event_body": lambda: map(_dumped, _events()),
    "event_query": lambda: (urlencode({n: json.dumps(v) for n, v in each.items()}).encode() for each in _events()),
    "csv": _lists,
    "ndjson": lambda: ["\n".join(map(json.dumps, _rows())).encode()],
    "json": lambda: [_dumped(_rows())],
    "body": _bodies,
    "ncco": lambda: (_dumped(each) for each in _within(_nccos(), "ncco")),
    "script": _scripts,
}


def _nccos() -> Any:
    told = (json.loads(file.read_text("utf-8")) for file in (_DATA / "payloads").rglob("*.json"))
    return [{"ncco": each} for each in told if isinstance(each, list)]
