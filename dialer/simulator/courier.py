"""An HTTP/1.1 client for one purpose: very many tiny requests to one or two addresses.

A call causes five webhooks, so at thousands of calls a second their sending costs more than everything else here.
aiohttp's client, which does far more, made a whole call four times as expensive (measured: 260 calls a second against
1070 on the same busy machine), so that the stand-in was the bottleneck of every benchmark. This one keeps connections
open, reads replies of known length, chunked or up to the end, follows nothing and retries nothing; http and https.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
MAX_REPLY = 1_000_000
"""Bytes of a reply that are read at most; an NCCO is far smaller."""


class Reply(NamedTuple):
    """What came back."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    """What the head of a reply tells about its body."""

    status: int
    content_type: str
    length: int | None
    chunked: bool
    closes: bool

    @classmethod
    @lru_cache(maxsize=256)  # a server says the same within a second, but for the length
    def read(cls, text: bytes) -> _Head:
        status_line, *lines = text.decode("latin-1").split("\r\n")
        version, status = status_line.split(" ", 2)[:2]
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        bodiless = status in {"204", "304"}
        length = "0" if bodiless else fields.get("content-length")
        return cls(
            status=int(status),
            content_type=fields.get("content-type", "").partition(";")[0].strip().lower(),
            length=None if length is None else int(length),
            chunked=fields.get("transfer-encoding", "").lower() == "chunked",
            closes=fields.get("connection", "").lower() == "close" or version == "HTTP/1.0",
        )


class _Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self.usable = True
        self._buffer = b""
        self._head: _Head | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_connection makes; for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        try:
            self._read()
        except ValueError as problem:
            self._fail(ConnectionError(f"not an HTTP reply: {problem}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        head = self._head
        if exc is None and head is not None and head.length is None and not head.chunked:
            self._finish(head, self._buffer)  # such a body ends with the connection
        self._fail(exc or ConnectionResetError("closed before the reply was complete"))

    def exchange(self, request: bytes, timeout_s: float) -> asyncio.Future[Reply]:
        """Send a request; the future brings its reply, ConnectionError or TimeoutError."""
        loop = asyncio.get_running_loop()
        reply = self._reply = loop.create_future()
        self._timer = loop.call_later(timeout_s, self._time_out)
        self._transport.write(request)
        return reply

    def close(self) -> None:
        self.usable = False
        self._transport.abort()

    def _read(self) -> None:
        if self._head is None:
            end = self._buffer.find(HEAD_END)
            if end < 0:
                return
            self._head, self._buffer = _Head.read(self._buffer[:end]), self._buffer[end + len(HEAD_END) :]
        head = self._head
        if len(self._buffer) > MAX_REPLY:
            raise ValueError("too long")
        if head.chunked:
            body = _unchunk(self._buffer)
            if body is not None:
                self._finish(head, body)
        elif head.length is not None and len(self._buffer) >= head.length:
            self._finish(head, self._buffer[: head.length])

    def _finish(self, head: _Head, body: bytes) -> None:
        self._buffer, self._head = b"", None
        self.usable = self.usable and not head.closes
        reply = self._settle()
        if reply is not None and not reply.done():
            reply.set_result(Reply(head.status, head.content_type, body))

    def _time_out(self) -> None:
        self._fail(TimeoutError("no reply in time"))

    def _settle(self) -> asyncio.Future[Reply] | None:
        reply, self._reply = self._reply, None
        if self._timer is not None:
            self._timer.cancel()
        return reply

    def _fail(self, problem: Exception) -> None:
        reply = self._settle()
        self.close()
        if reply is not None and not reply.done():
            reply.set_exception(problem)


class Courier:
    """Sends requests over connections that are kept and shared."""

    def __init__(self, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._idle: dict[str, list[_Connection]] = {}

    async def send(self, method: str, url: str, body: bytes, *, timeout_s: float, authorization: str = "") -> Reply:
        """One request; raises OSError (ConnectionError, TimeoutError, ssl.SSLError) and ValueError for a bad URL."""
        scheme, _, rest = url.partition("://")
        netloc, _, path = rest.partition("/")
        address = f"{scheme}://{netloc}"
        head = _head(f"{method} /{path}", netloc, authorization, None if method == "GET" else len(body))
        connection = self._take(address) or await self._open(address)
        try:
            reply = await connection.exchange(head + body, timeout_s)
        except asyncio.CancelledError:
            connection.close()
            raise
        if connection.usable:
            self._idle.setdefault(address, []).append(connection)
        else:
            connection.close()
        return reply

    def close(self) -> None:
        """Drop all idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _take(self, address: str) -> _Connection | None:
        idle = self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
        return None

    async def _open(self, address: str) -> _Connection:
        url = urlsplit(address)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError(f"{address} is no address of a web server")
        tls = True if url.scheme == "https" else None
        port = url.port or (443 if tls else 80)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_timeout_s):
            _, connection = await loop.create_connection(_Connection, url.hostname, port, ssl=tls)
        return connection


def _head(line: str, netloc: str, authorization: str, length: int | None) -> bytes:
    agent = "Apache-HttpAsyncClient/4.1 (Java/1.8.0_66)"
    head = f"{line} HTTP/1.1\r\nHost: {netloc}\r\nUser-Agent: {agent}\r\n"
    if authorization:
        head += f"Authorization: {authorization}\r\n"
    if length is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
    return f"{head}\r\n".encode()


def _unchunk(text: bytes) -> bytes | None:
    """The body of a chunked reply, None while it is not all there."""
    parts: list[bytes] = []
    while True:
        size_line, found, rest = text.partition(b"\r\n")
        if not found:
            return None
        size = int(size_line.partition(b";")[0], 16)
        if len(rest) < size + 2:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(rest[:size])
        text = rest[size + 2 :]
