"""A cable between two of our programs, or the carrier, that can be cut or troubled in all ways in which a network is.

It carries bytes and knows nothing of what they say. Its near end is a port on loopback; it leads to a port or to a
unix socket. What is said while it hangs arrives when it goes on, as packets do that are sent again and again: also the
request of somebody who has long given up waiting for the reply.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.fakes.fleet import free_port

_CHUNK = 65_536
_POLL_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What befalls whatever is said while it lasts.

    Attributes:
        hangs: connections are taken, and nothing comes through in either direction: a black hole.
        reply_bytes: so much of each reply comes through, then its connection is cut.
        delay_s: so much later it arrives.
        bytes_per_s: so slowly it comes through.
    """

    hangs: bool = False
    reply_bytes: int | None = None
    delay_s: float = 0.0
    bytes_per_s: float | None = None


NONE = Trouble()


class Cable:
    """Carries connections to where it leads; starts cut: then nobody listens at its near end.

    Attributes:
        trouble: what befalls all that is said from now on.
        port: its near end, on 127.0.0.1.
    """

    def __init__(self) -> None:
        self.trouble = NONE
        self.port = free_port()
        self._far = ""
        self._tls: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    @property
    def origin(self) -> str:
        """Its near end for whoever speaks HTTP."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.trouble = NONE
        await self.cut()

    async def mend(self, far: str | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        """Lead to this address from now on (`http://…`, `unix://…`), or where it led before.

        With `tls` the near end shows that certificate, and the far one speaks without.
        """
        await self.cut()
        self._far, self._tls = far or self._far, tls or self._tls
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port, ssl=self._tls)

    async def cut(self) -> None:
        """End all connections and refuse new ones."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.drop()
        if server is not None:
            await server.wait_closed()

    def drop(self) -> None:
        """End all connections at once, and take new ones."""
        for end in tuple(self._ends):
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await _connected(self._far)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._ends |= ends
        if self._server is None:  # cut at this moment
            self.drop()
        try:
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer, is_reply=True))
        finally:
            self._ends -= ends

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_reply: bool = False
    ) -> None:
        with suppress(OSError):
            while part := await reader.read(_CHUNK):
                trouble = await self._suffered(part)
                if is_reply and trouble.reply_bytes is not None and len(part) > trouble.reply_bytes:
                    writer.write(part[: trouble.reply_bytes])
                    await writer.drain()
                    break
                writer.write(part)
                await writer.drain()
        writer.close()

    async def _suffered(self, part: bytes) -> Trouble:
        """Wait for as long as this part is on its way; what befalls it when it arrives."""
        while self.trouble.hangs:  # noqa: ASYNC110 - trouble is a plain value, also for tests
            await asyncio.sleep(_POLL_S)
        trouble = self.trouble
        slowly_s = len(part) / trouble.bytes_per_s if trouble.bytes_per_s else 0.0
        await asyncio.sleep(trouble.delay_s + slowly_s)
        return trouble


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""Of a connection."""


async def _connected(far: str) -> End:
    url = urlsplit(far)
    if url.scheme == "unix":
        return await asyncio.open_unix_connection(url.path)
    return await asyncio.open_connection(url.hostname, url.port)


async def carried(near: End, far: End) -> None:
    """Give on whatever comes from either to the other, until both have said all."""
    await asyncio.gather(_copy(near[0], far[1]), _copy(far[0], near[1]))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(_CHUNK):
            writer.write(part)
            await writer.drain()
    writer.close()
