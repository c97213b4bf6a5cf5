"""The sockets on which the API listens, closed so that whoever got in is answered.

The kernel accepts connections before the process does, and sends its request's bytes on: whom it has accepted when
a listening socket is closed meets a reset, and no proxy sends a POST a second time after that. So the process takes
in all that wait, in the same step in which it closes. aiohttp then drops what comes on a connection that has not asked
yet (its server's `shutdown`; the client waits until it gives up), so each is given time to ask first. Without both, a
restart under load lost some seven requests of 20 clients; now it is those that come within microseconds.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing, suppress
from typing import Self

from aiohttp import web

from dialer.errors import InvalidInput
from dialer.settings import Settings, environment_name

LAST_S = 1.0
"""For the last that were let in: a proxy sends the request with the connection, or within a way there and back."""

_BACKLOG = 1024  # a campaign's webhooks come in waves; one that finds no room is asked for again a second later
_GLANCE_S = 0.02


class Acceptor:
    """Lets clients in to one server of aiohttp, until it is closed."""

    def __init__(self, server: web.Server, sockets: asyncio.Server) -> None:
        self._server = server
        self._sockets = sockets
        self.host, self.port = sockets.sockets[0].getsockname()[:2]

    @classmethod
    async def open(cls, server: web.Server, settings: Settings) -> Self:
        """Listen where the settings say. Raises InvalidInput where the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            sockets = await loop.create_server(server, settings.host, settings.port, backlog=_BACKLOG)
        except OSError as error:
            names = f"{environment_name('host')} and {environment_name('port')}"
            where = f"{settings.host}:{settings.port}"
            message = f"cannot listen on {where} ({error.strerror}); choose others with {names}"
            raise InvalidInput(message, field=environment_name("port")) from error
        return cls(server, sockets)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    async def close(self) -> None:
        """Let nobody in any more, but all who wait at the door. Nothing happens the second time."""
        # As long as one handle of a listening socket is open, closing another resets nobody.
        mine = [listening.dup() for listening in self._sockets.sockets]
        self._sockets.close()
        waiting = [accepted for listening in mine for accepted in _accepted_last(listening)]
        loop = asyncio.get_running_loop()
        for accepted in waiting:
            with suppress(OSError):  # it is gone already
                await loop.connect_accepted_socket(self._server, accepted)

    async def emptied(self) -> None:
        """Wait until all who were let in have been answered and are gone, LAST_S at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_S):
                await asyncio.sleep(_GLANCE_S)  # whom asyncio has just accepted becomes a connection some turns later
                while self._server.connections:  # noqa: ASYNC110 - aiohttp tells nobody when one is gone
                    await asyncio.sleep(_GLANCE_S)


def _accepted_last(listening: socket.socket) -> list[socket.socket]:
    """Whoever waits there, the socket closed behind the last one."""
    accepted: list[socket.socket] = []
    with closing(listening), suppress(OSError):  # mostly that nobody waits any more
        while len(accepted) < _BACKLOG:
            accepted.append(listening.accept()[0])
    return accepted
