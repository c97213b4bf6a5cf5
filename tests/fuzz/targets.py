"""What is fuzzed, and by which rule each is judged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from multidict import CIMultiDict, MultiDict
from pydantic import BaseModel
from pydantic_core import from_json

from dialer.addresses import parse_address
from dialer.api.answers import EventOut, ImportOut
from dialer.api.app import ROUTES
from dialer.api.bodies import decode_json
from dialer.api.problems import Problem
from dialer.api.receiving import Rows
from dialer.api.webhooks import _decoded
from dialer.callbacks.sending import check_callback_url
from dialer.errors import CarrierError, InvalidInput
from dialer.importing import RowChecks, read_calls
from dialer.ncco import parse_ncco, to_wire
from dialer.notification import NotificationScript
from dialer.providers.base import CallEvent
from dialer.providers.kpn.events import EventKind, decode_query, parse_event
from dialer.providers.kpn.recording_addresses import check_recording_url
from dialer.public_names import is_address, is_public
from dialer.scripts import CallScript, Position, Urls, read_input, render
from dialer.speech import MAX_PART, SpokenText, spoken_length
from dialer.store.attempts import _event, _event_field, _event_value
from dialer.webhook_signature import verify

Target = Callable[[bytes], object]
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
URLS = Urls("https://dialer.example.com/webhooks/c1-1-1.token")
LONGEST = 4096
"""Bytes of a try: what breaks a reader by its length alone has tests of its own."""


class _Inline(Executor):
    """Checks rows at once, where they were read."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


_RUNNER = asyncio.Runner()
_INLINE = _Inline()
_BODIES: tuple[type[BaseModel], ...] = tuple(dict.fromkeys(route.body for route in ROUTES if route.body))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _told(event: CallEvent) -> None:
    """An event is kept in few bytes, read back, and told as JSON."""
    assert event.kind in list(EventKind)
    assert all(len(str(value)) <= 300 for value in event.figures.values())
    name, value = _event_field(event), _event_value(event, 1)
    assert len(name) < 120
    kept = _event(name, value.encode("utf-8", "replace").decode())
    json.loads(EventOut.of(kept).model_dump_json())


def event_body(data: bytes) -> None:
    """`POST /webhooks/{token}/event`."""
    with suppress(Problem):
        payload = _decoded(data)
        read_input(payload)
        _told(parse_event(payload))


def event_query(data: bytes) -> None:
    """The same as parameters."""
    payload = decode_query(MultiDict(parse_qsl(_text(data), keep_blank_values=True)))
    read_input(payload)
    _told(parse_event(payload))


def signature(data: bytes) -> None:
    """The carrier's signature: nothing that was not signed is believed."""
    header, _, body = data.partition(b"\n")
    told = CIMultiDict({"Authorization": header.decode("utf-8", "surrogateescape")})
    assert verify(told["Authorization"], body, secret="a secret that nobody knows", now=NOW) is not None


def _list(media_type: str) -> Target:
    def run(data: bytes) -> None:
        with suppress(InvalidInput):
            _RUNNER.run(_read(data, media_type))

    return run


async def _read(data: bytes, media_type: str) -> None:
    rows = Rows()
    checks = RowChecks("NL", frozenset({"name"}))
    async for batch in read_calls(
        _arriving(data), media_type=media_type, charset=None, checks=checks, executor=_INLINE
    ):
        rows.reject(batch.rejections)
        for _, call in batch.calls:
            assert len(call.number) <= 50
            assert call.variables["name"].strip()
            json.dumps(dict(call.variables), ensure_ascii=False).encode()
    json.loads(ImportOut(**rows.told()).model_dump_json())


async def _arriving(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 700):
        yield data[at : at + 700]


def body(data: bytes) -> None:
    """A JSON body of the API; the first byte says of which route."""
    model = _BODIES[data[0] % len(_BODIES)] if data else _BODIES[0]
    refused = None
    try:
        decode_json(data[1:], model)
    except Problem as problem:
        refused = problem
    if refused:
        assert 400 <= refused.kind.status < 500
        assert refused.response().body


def _json(data: bytes) -> Any:
    try:
        return from_json(data, allow_inf_nan=False)
    except ValueError:
        return None


def ncco(data: bytes) -> None:
    """Actions of the carrier's; what is taken is written as JSON in both generations."""
    given = _json(data)
    with suppress(InvalidInput):
        actions = parse_ncco(given)
        for generation in ("2018", "today"):
            with suppress(InvalidInput):
                json.dumps(to_wire(actions, generation), allow_nan=False)


def script(data: bytes) -> None:
    """A script of our own; what is taken can be spoken from its start."""
    given = _json(data)
    if not isinstance(given, dict):
        return
    for kind in (CallScript, NotificationScript):
        with suppress(InvalidInput):
            made = kind.from_dict(given, default_language="nl-NL")
            steps = made.call_script if isinstance(made, NotificationScript) else made
            values = dict.fromkeys(steps.variables(), "Ann & <Bob>")
            json.dumps(to_wire(render(steps, values, URLS, at=Position()).actions, "2018"), allow_nan=False)


def text(data: bytes) -> None:
    """A text to be spoken, with a value: taken, it is cut into parts that the carrier takes."""
    template, _, value = _text(data).partition("\n\n")
    with suppress(InvalidInput):
        spoken = SpokenText(template)
        values: Mapping[str, str] = dict.fromkeys(spoken.variables(), value)
        spoken.render(values)
        assert all(spoken_length(part) <= MAX_PART for part in spoken.in_parts(values))


def address(data: bytes) -> None:
    """Where a call, a callback or a recording leads."""
    given = _text(data)
    with suppress(InvalidInput):
        found = parse_address(given, "NL")
        assert found == parse_address(found, "NL")
    with suppress(InvalidInput):
        host = check_callback_url(given, ()).raw_host or ""
        assert is_public(host) or not is_address(host)
    with suppress(CarrierError):
        assert f".{check_recording_url(given).raw_host}".endswith((".nexmo.com", ".vonage.com"))
    with suppress(InvalidInput):
        assert str(Position.parse(given))


TARGETS: Mapping[str, Target] = {
    "event_body": event_body,
    "event_query": event_query,
    "signature": signature,
    "csv": _list("text/csv"),
    "ndjson": _list("application/x-ndjson"),
    "json": _list("application/json"),
    "body": body,
    "ncco": ncco,
    "script": script,
    "text": text,
    "address": address,
}
