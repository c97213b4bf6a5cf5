"""Delivery to the dialer, as Vonage does it: two tries at most, short time limits, many at once, nothing kept.

A second try follows a time limit, a closed or reset connection, 429, 503 and 504, and nothing else (Vonage KB
115016024247). An event that fails twice is gone. Events wait in line for one of a bounded number of senders; an
answer webhook never waits, as somebody is on the phone and hears silence.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.courier import Courier, Reply
from dialer.simulator.faults import Faults, WebhookFault
from dialer.simulator.legs import Leg
from dialer.simulator.signing import Signer, Signing

AGAIN = frozenset({429, 503, 504})
TAKEN = range(200, 206)
_json = json.JSONEncoder(separators=(",", ":")).encode


_SIGNINGS = {WebhookFault.UNSIGNED: Signing.NONE, WebhookFault.FORGED: Signing.FORGED}


class Address(NamedTuple):
    """Where something is told."""

    method: str
    url: str


class Letter(NamedTuple):
    """One webhook, ready to be sent.

    Attributes:
        signed: what a signature would be made over.
        done: set after delivery, if anybody waits for it.
    """

    method: str
    url: str
    body: bytes
    signed: bytes
    application_id: str = ""
    signing: Signing = Signing.GOOD
    done: asyncio.Future[None] | None = None


class Webhooks:
    """Sends events and asks for NCCOs. `close` it."""

    def __init__(self, config: SimulatorConfig, faults: Faults, on_rest: Callable[[], None]) -> None:
        self._config = config
        self._faults = faults
        self._on_rest = on_rest
        self._courier = Courier(config.webhook_connect_timeout_s)
        self._signer = Signer(config)
        self._line: deque[list[Letter]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._sending = 0
        self._closed = False
        self.outstanding = 0
        self.sent = 0
        self.failures = 0

    async def close(self) -> None:
        """Drop what is under way."""
        self._closed = True
        self._line.clear()
        for sender in tuple(self._senders):
            sender.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)
        self._courier.close()

    def tell(
        self,
        leg: Leg,
        payload: dict[str, Any],
        *,
        to: Address | None = None,
        done: asyncio.Future[None] | None = None,
    ) -> bool:
        """Send an event of a call without waiting for it, to its event URL unless told otherwise.

        False: nothing goes out now, and `done` will not be set.
        """
        order = leg.order
        url = order.event_url if to is None else to.url
        if url is None:
            return False
        fault = self._faults.draw_webhook(order.to, _kind(payload))
        if fault is WebhookFault.LOST:
            return False
        if fault is WebhookFault.SWAPPED and leg.held is None:
            leg.held = payload
            return False
        method = order.event_method if to is None else to.method
        if fault is WebhookFault.GET:
            method = "GET"
        letters = [_letter(leg, Address(method, url), each) for each in self._payloads(leg, payload, fault)]
        if fault in _SIGNINGS:
            letters = [letter._replace(signing=_SIGNINGS[fault]) for letter in letters]
        if done is not None:
            letters[-1] = letters[-1]._replace(done=done)
        self._post(letters, late=fault is WebhookFault.LATE)
        return True

    def flush(self, leg: Leg) -> None:
        """Send the event that was kept back for a next one that never came."""
        held, leg.held = leg.held, None
        if held is not None and leg.order.event_url is not None:
            address = Address(leg.order.event_method, leg.order.event_url)
            self._post([_letter(leg, address, held)], late=False)

    async def ask(self, leg: Leg, to: Address, payload: Mapping[str, Any], *, is_answer: bool = True) -> Reply | None:
        """Deliver something whose reply matters: the answer webhook, input, notify. None if it failed."""
        timeout_s = self._config.answer_read_timeout_s if is_answer else self._config.event_read_timeout_s
        self.outstanding += 1
        try:
            return await self._deliver(_letter(leg, to, payload), timeout_s)
        finally:
            self._settle()

    def _payloads(self, leg: Leg, payload: dict[str, Any], fault: WebhookFault | None) -> list[dict[str, Any]]:
        payloads = [payload]
        if leg.held is not None:
            payloads.append(leg.held)
            leg.held = None
        if fault is WebhookFault.DOUBLED:
            payloads.append(payload)
        elif fault is WebhookFault.ODD_STATUS:
            payloads.insert(0, {**payload, "status": "network_pending", "sub_state": "odd"})
        return payloads

    def _post(self, letters: list[Letter], *, late: bool) -> None:
        self.outstanding += 1
        if late:
            delay_s = self._config.late_webhook_s * self._config.time_scale
            asyncio.get_running_loop().call_later(delay_s, self._queue, letters)
        else:
            self._queue(letters)

    def _queue(self, letters: list[Letter]) -> None:
        if self._closed:
            return  # a late one
        self._line.append(letters)
        if self._sending < self._config.webhook_connections:
            self._sending += 1
            sender = asyncio.get_running_loop().create_task(self._send_line())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)

    async def _send_line(self) -> None:
        """Send until nobody waits in line."""
        while self._line:
            for letter in self._line.popleft():
                await self._deliver(letter, self._config.event_read_timeout_s)
                if letter.done is not None and not letter.done.done():
                    letter.done.set_result(None)
            self._settle()
        # At once, not when the task is done: a letter that comes in between would find nobody.
        self._sending -= 1

    async def _deliver(self, letter: Letter, timeout_s: float) -> Reply | None:
        reply = await self._try(letter, timeout_s)
        if reply is None or reply.status in AGAIN:
            reply = await self._try(letter, timeout_s)
        self.sent += 1
        if reply is None or reply.status not in TAKEN:
            self.failures += 1
            return None
        return reply

    async def _try(self, letter: Letter, timeout_s: float) -> Reply | None:
        """One request. None: it may be tried again."""
        pass_ = self._signer.authorization(letter.signed, letter.application_id, letter.signing)
        try:
            return await self._courier.send(
                letter.method, letter.url, letter.body, timeout_s=timeout_s, authorization=pass_
            )
        except (ssl.SSLError, ValueError):
            return Reply(0, "", b"")  # not tried again
        except OSError:  # TimeoutError is one
            return None

    def _settle(self) -> None:
        self.outstanding -= 1
        if not self.outstanding:
            self._on_rest()


def _letter(leg: Leg, to: Address, payload: Mapping[str, Any]) -> Letter:
    # Written out at once: a text waits in line more cheaply than a dictionary, and cannot change there.
    method, url = to
    if method != "GET":
        body = _json(payload).encode()
        return Letter(method, url, body, body, leg.application_id)
    parameters = {key: _plain(value) for key, value in payload.items() if value is not None}
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in parameters.items())
    signed = _json(parameters).encode()
    return Letter(method, f"{url}{'&' if '?' in url else '?'}{query}", b"", signed, leg.application_id)


def _kind(payload: Mapping[str, Any]) -> str | None:
    """The name by which a fault is asked for an event: its status, or what it is where it has none."""
    if "status" in payload:
        return str(payload["status"])
    kinds = {"recording_url": "record", "conversation_uuid_to": "transfer", "reason": "error"}
    return next((kind for key, kind in kinds.items() if key in payload), None)


def _plain(value: Any) -> str:
    """Scalars as text, nested values as JSON."""
    return value if isinstance(value, str) else _json(value)
