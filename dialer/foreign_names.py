"""Looking up names that came from outside: one whose server is silent holds up whoever asks for it, and nobody else.

The C library asks a silent server in vain for ten seconds and more, and nobody can stop it. So these names are looked
up in threads of their own, and each in one at a time, however many ask for it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from concurrent.futures import Future
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

from dialer.threads import begin

MOST = 128
"""Names looked up at once by this process."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV

_Asked = tuple[str, int, socket.AddressFamily]
_under_way: dict[_Asked, Future[list[ResolveResult]]] = {}


class ForeignNames(AbstractResolver):
    """The system's name service, each lookup in a thread of its own."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises OSError where it leads nowhere, or too many are looked up already."""
        found = await asyncio.wrap_future(_lookup((host, port, family)))
        return list(found)

    async def close(self) -> None:
        """Nothing is open."""


def _lookup(asked: _Asked) -> Future[list[ResolveResult]]:
    under_way = _under_way.get(asked)
    if under_way is None:
        if len(_under_way) >= MOST:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        under_way = _under_way[asked] = begin(partial(_found, *asked))
        under_way.add_done_callback(lambda _: _under_way.pop(asked, None))
    return under_way


def _found(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    known = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(hostname=host, host=str(at[0]), port=int(at[1]), family=kind, proto=proto, flags=_NUMERIC)
        for kind, _, proto, _, at in known
    ]
