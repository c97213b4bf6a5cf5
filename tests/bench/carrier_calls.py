"""The webhooks of many calls, sent as a carrier would, and how long each took: the load of the part `webhooks`.

A program of its own. It sends either so many a second, whatever comes back (as a carrier does), or, with a pace of 0,
the next one as soon as an answer is there, so many at once. At a pace, each is timed from the moment at which it was
due: whoever waits for a server that stands still is counted, and so is the wait in here. The client is the stand-in's:
light enough that it is not what is measured. Every request belongs to an attempt that nobody has told of before.
"""

from __future__ import annotations

import asyncio
import json
import random
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

_TIMEOUT_S = 10.0
_STEPS = ("started", "ringing", "answered", "completed")
EVENTS_PER_CALL = len(_STEPS)
_PRESSED = ("1", "2", "7", "9", "")  # confirms, hears it again, means nothing, opts out; nothing is pressed


class Request(NamedTuple):
    """One webhook."""

    method: str
    url: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send: its JSON is this program's argument.

    Attributes:
        what: event, answer or reply.
        first, attempts: running numbers of the calls, each with one attempt.
        per_second: 0 sends the next one when an answer is there.
        at_random: the pace holds on average, as people pick up; else the moments are even.
        begin_s: on the machine's monotonic clock, when the first is due; 0 is at once.
        at_once: how many may be under way.
        together: so many calls are at the same step of their life.
    """

    url: str
    secret: str
    campaign_id: str
    what: str
    first: int
    attempts: int
    seconds: float
    per_second: float = 0.0
    at_random: bool = False
    begin_s: float = 0.0
    at_once: int = 64
    together: int = 500

    def requests(self) -> Iterator[Request]:
        """All of them, in an order as in life: each call's events in theirs, many calls beside each other."""
        end = self.first + self.attempts
        for block in range(self.first, end, self.together):
            paths = [self._path(i) for i in range(block, min(block + self.together, end))]
            if self.what == "answer":
                yield from (Request("GET", f"{path}/answer", b"") for path in paths)
            elif self.what == "reply":
                pressed = ((path, _PRESSED[i % len(_PRESSED)]) for i, path in enumerate(paths))
                yield from (Request("POST", f"{path}/reply/0", _keys(keys, path)) for path, keys in pressed)
            else:
                for step in _STEPS:
                    yield from (Request("POST", f"{path}/event", _payload(step, path)) for path in paths)

    def moments(self) -> Iterator[float]:
        """When each is due, in seconds from the first on."""
        chance, due_s = random.Random(self.first), 0.0  # noqa: S311 - repeatable, not secret
        while True:
            yield due_s
            due_s += (chance.expovariate(1) if self.at_random else 1) / self.per_second

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
    await asyncio.sleep(load.begin_s - time.monotonic())
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
            await _deliver(request, time.monotonic(), courier, tally)
            if time.monotonic() >= until_s:
                return

    await asyncio.gather(*(sender() for _ in range(load.at_once)))


async def _paced(load: Load, requests: list[Request], courier: Courier, tally: Tally) -> None:
    first = load.begin_s or time.monotonic()
    under_way: set[asyncio.Task[None]] = set()
    for request, moment_s in zip(requests[: round(load.seconds * load.per_second)], load.moments(), strict=False):
        due_s = first + moment_s
        await asyncio.sleep(due_s - time.monotonic())
        one = asyncio.create_task(_deliver(request, due_s, courier, tally))
        under_way.add(one)
        one.add_done_callback(under_way.discard)
        if time.monotonic() > first + 2 * load.seconds:
            break  # far behind: the figures say so
    await asyncio.gather(*under_way)


async def _deliver(request: Request, due_s: float, courier: Courier, tally: Tally) -> None:
    try:
        reply = await courier.send(request.method, request.url, request.body, timeout_s=_TIMEOUT_S)
    except OSError:
        tally.failed += 1
        return
    if reply.status in {200, 204}:
        tally.taken_ms.append((time.monotonic() - due_s) * 1000)
    else:
        tally.failed += 1


def _payload(step: str, path: str) -> bytes:
    """An event as Vonage sends it."""
    figures = {"duration": "12", "price": "0.0020", "rate": "0.0100", "network": "20408"}
    told = {"status": step, "direction": "outbound"} | (figures if step == "completed" else {})
    return json.dumps(_told(path) | told).encode()


def _keys(pressed: str, path: str) -> bytes:
    """What was pressed at a question, as Vonage tells it."""
    dtmf = {"digits": pressed or None, "timed_out": not pressed}
    return json.dumps(_told(path) | {"dtmf": dtmf, "speech": {"results": []}}).encode()


def _told(path: str) -> dict[str, str]:
    """Whose call it is and when; the attempt's token stands in for the carrier's own ids, which must differ."""
    uuid = path[-36:]
    return {
        "from": "31201234567",
        "to": "31612345678",
        "uuid": uuid,
        "conversation_uuid": f"CON-{uuid}",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }


if __name__ == "__main__":
    tell(asyncio.run(send(Load(**arguments()))))
