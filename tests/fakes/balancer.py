"""A load balancer in front of several API processes, as simple as they come: connections go to those that are ready.

It asks each for `/readyz` ten times a second, and gives a new connection to the next one that said yes; whoever does
not take it is passed over. What is carried is not looked at, so a connection stays with its process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from tests.fakes.cable import carried
from tests.fakes.fleet import free_port

ASKED_EVERY_S = 0.1


class Balancer:
    """Open it with `async with`; behind it is nobody at first.

    Attributes:
        origin: the address that everybody is told.
        turned_away: connections for which nobody was ready.
    """

    def __init__(self) -> None:
        self._port = free_port()
        self._ready: deque[str] = deque()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self.origin = f"http://127.0.0.1:{self._port}"
        self.turned_away = 0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1))
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port, backlog=512)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for asking in self._asking.values():
            asking.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        self._server.close()
        await self._http.close()

    def add(self, origin: str) -> None:
        """Ask this one too from now on, for good."""
        self._asking[origin] = asyncio.create_task(self._ask(origin))

    def has(self, origin: str) -> bool:
        """Whether it is given connections."""
        return origin in self._ready

    async def _ask(self, origin: str) -> None:
        while True:
            is_ready = False
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.get(f"{origin}/readyz") as answer:
                    is_ready = answer.ok
            if is_ready != self.has(origin):
                (self._ready.append if is_ready else self._ready.remove)(origin)
            await asyncio.sleep(ASKED_EVERY_S)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(len(self._ready)):
            self._ready.rotate()
            url = urlsplit(self._ready[0])
            with suppress(OSError):
                far = await asyncio.open_connection(url.hostname, url.port)
                await carried((reader, writer), far)
                return
        self.turned_away += 1
        writer.close()
