"""A carrier that takes every call at once and does nothing else: the lightest server that Python makes.

It is no aiohttp server, because on two cores it would take most of one and be the limit itself. Paths are not looked
at beyond what tells a token from a call; `/summary` and `/reset` are for the benchmark.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid

from tests.bench.children import arguments

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_TOKEN = {"token_type": "Bearer", "access_token": "benchmark", "expires_in": "3599", "status": "approved"}


class Count:
    """How many calls were taken, the first and the last one when (monotonic seconds)."""

    def __init__(self) -> None:
        self.calls = 0
        self.first_s = self.last_s = 0.0

    def add(self) -> None:
        """Count one in."""
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.calls += 1


class Carrier(asyncio.Protocol):
    """One connection."""

    count = Count()

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(_HEAD_END)) >= 0:
            head = self._buffer[:end]
            whole = end + len(_HEAD_END) + _body_length(head)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._transport.write(_answer(head))


def _answer(head: bytes) -> bytes:
    path = head.split(b" ", 2)[1]
    if path.endswith(b"/voice/calls"):
        Carrier.count.add()
        placed = {"uuid": str(uuid.uuid4()), "status": "started", "direction": "outbound", "conversation_uuid": "CON-1"}
        return _reply(b"201 Created", placed)
    if path == b"/reset":
        Carrier.count = Count()
    if path in {b"/summary", b"/reset"}:
        return _reply(b"200 OK", vars(Carrier.count))
    return _reply(b"200 OK", _TOKEN | {"issued_at": str(int(time.time() * 1000))})


def _body_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    return int(lowered[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _reply(status: bytes, body: object) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text)


async def serve(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Carrier, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(arguments()["port"]))
