"""A cable between the dialer and its carrier that can be cut: then nobody listens at the carrier's address."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.fakes.fleet import free_port

_CHUNK = 65_536


class Cable:
    """Carries connections to where it leads; starts cut."""

    def __init__(self) -> None:
        self._port = free_port()
        self._far = ("127.0.0.1", 0)
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.origin = f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def mend(self, far: str) -> None:
        """Lead to this address from now on."""
        url = urlsplit(far)
        self._far = (url.hostname or "", url.port or 80)
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def cut(self) -> None:
        """End all connections and refuse new ones."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for end in tuple(self._ends):
            end.close()
        if server is not None:
            await server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._far)
        ends = {writer, far_writer}
        self._ends |= ends
        await carried((reader, writer), (far_reader, far_writer))
        self._ends -= ends


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""Of a connection."""


async def carried(near: End, far: End) -> None:
    """Give on whatever comes from either to the other, until both have said all."""
    await asyncio.gather(_copy(near[0], far[1]), _copy(far[0], near[1]))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(_CHUNK):
            writer.write(part)
            await writer.drain()
    writer.close()
