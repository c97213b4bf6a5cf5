"""The webhooks of many calls, sent as a carrier would, and how long each took: the load of the part `webhooks`.

A program of its own. It sends either so many a second, whatever comes back (as a carrier does), or, with a pace of 0,
the next one as soon as an answer is there, so many at once. The client is the stand-in's: light enough that it is not
what is measured. Every request belongs to an attempt that nobody has told of before.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dialer.model import AttemptRef, CallRef
from dialer.simulator.courier import Courier
from dialer.tokens import make_token
from tests.bench.arithmetic import spread
from tests.bench.children import arguments, tell
from tests.bench.size import Figures

_BLOCK = 500  # so many calls are at the same step of their life
_TIMEOUT_S = 10.0
_STEPS = ("started", "ringing", "answered", "completed")


class Request(NamedTuple):
    """One webhook."""

    method: str
    url: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send: its JSON is this program's argument.

    Attributes:
        what: event or answer.
        first, attempts: running numbers of the calls, each with one attempt.
        per_second: 0 sends the next one when an answer is there.
        at_once: how many may be under way.
    """

    url: str
    secret: str
    campaign_id: str
    what: str
    first: int
    attempts: int
    seconds: float
    per_second: float = 0.0
    at_once: int = 64

    def requests(self) -> Iterator[Request]:
        """All of them, in an order as in life: each call's events in theirs, many calls beside each other."""
        for block in range(self.first, self.first + self.attempts, _BLOCK):
            paths = [self._path(i) for i in range(block, min(block + _BLOCK, self.first + self.attempts))]
            if self.what == "answer":
                yield from (Request("GET", f"{path}/answer", b"") for path in paths)
                continue
            for step in _STEPS:
                yield from (Request("POST", f"{path}/event", _payload(step, path)) for path in paths)

    def _path(self, seq: int) -> str:
        token = make_token(self.secret, str(AttemptRef(CallRef(self.campaign_id, seq), 1)))
        return f"{self.url}/webhooks/{token}"


@dataclass(slots=True)
class Tally:
    """What came back."""

    taken_ms: list[float] = field(default_factory=list)
    failed: int = 0


async def send(load: Load) -> Figures:
    """Send until the time is over or everything was told."""
    requests = list(load.requests())
    tally, courier = Tally(), Courier(connect_timeout_s=_TIMEOUT_S)
    started = time.monotonic()
    run = _paced if load.per_second else _closed
    await run(load, requests, courier, tally)
    seconds = time.monotonic() - started
    courier.close()
    sent = len(tally.taken_ms)
    return {
        "per_s": sent / seconds,
        "taken": sent,
        "failed": tally.failed,
        "ms": spread(tally.taken_ms),
    }


async def _closed(load: Load, requests: list[Request], courier: Courier, tally: Tally) -> None:
    until_s, left = time.monotonic() + load.seconds, iter(requests)

    async def sender() -> None:
        for request in left:
            await _deliver(request, courier, tally)
            if time.monotonic() >= until_s:
                return

    await asyncio.gather(*(sender() for _ in range(load.at_once)))


async def _paced(load: Load, requests: list[Request], courier: Courier, tally: Tally) -> None:
    first = time.monotonic()
    under_way: set[asyncio.Task[None]] = set()
    for number, request in enumerate(requests[: round(load.seconds * load.per_second)]):
        await asyncio.sleep(first + number / load.per_second - time.monotonic())
        one = asyncio.create_task(_deliver(request, courier, tally))
        under_way.add(one)
        one.add_done_callback(under_way.discard)
        if time.monotonic() > first + 2 * load.seconds:
            break  # far behind: the figures say so
    await asyncio.gather(*under_way)


async def _deliver(request: Request, courier: Courier, tally: Tally) -> None:
    sent = time.monotonic()
    try:
        reply = await courier.send(request.method, request.url, request.body, timeout_s=_TIMEOUT_S)
    except OSError:
        tally.failed += 1
        return
    if reply.status in {200, 204}:
        tally.taken_ms.append((time.monotonic() - sent) * 1000)
    else:
        tally.failed += 1


def _payload(step: str, path: str) -> bytes:
    """An event as Vonage sends it; the attempt's token stands in for the carrier's own ids, which must differ."""
    uuid = path[-36:]
    told = {
        "from": "31201234567",
        "to": "31612345678",
        "uuid": uuid,
        "conversation_uuid": f"CON-{uuid}",
        "status": step,
        "direction": "outbound",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }
    figures = {"duration": "12", "price": "0.0020", "rate": "0.0100", "network": "20408"}
    return json.dumps(told | (figures if step == "completed" else {})).encode()


if __name__ == "__main__":
    tell(asyncio.run(send(Load(**arguments()))))
