"""Looks up host names and keeps back every address that is not of the public internet.

It is asked by the connector itself, so the address that was judged is the one that is connected to: a name that
answers differently the second time gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Collection

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from dialer.providers.kpn.recording_addresses import is_public


class PrivateAddressError(OSError):
    """The name leads into a network that is not the public internet."""


class PublicNames(AbstractResolver):
    """A resolver for addresses that came from outside.

    Args:
        exempt: host names that may lead anywhere, because somebody allowed them.
        names: who looks them up.
    """

    def __init__(self, exempt: Collection[str] = (), names: AbstractResolver | None = None) -> None:
        self._exempt = frozenset(exempt)
        self._names = names or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a name. Raises PrivateAddressError if it has others only."""
        found = await self._names.resolve(host, port, family)
        kept = [each for each in found if host in self._exempt or is_public(each["host"])]
        if found and not kept:
            raise PrivateAddressError(None, f"{host} has no public address")
        return kept

    async def close(self) -> None:
        """Close who looks names up."""
        await self._names.close()
