"""Addresses that came from outside: how they are read, and what of them belongs to the public internet.

A webhook or a client names an address, and we ask it. So a URL is judged by its parsed host, with the parser that the
request is made with, never by what occurs in its text; and what a name resolves to must be an address of the public
internet, or somebody could make us ask machines of our own network. `PublicNames` is asked by the connector itself, so
the address that was judged is the one that is connected to: a name that answers differently the second time gains
nothing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from dialer.foreign_names import ForeignNames

_LONGEST = 2048
_TRANSLATED = tuple(IPv6Network(each) for each in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
"""NAT64 (RFC 6052), IPv4-compatible (RFC 4291) and IPv4-translated (RFC 2765): IPv4 stands in the last 32 bits."""
_OURS = tuple(
    ip_network(each)
    for each in (
        "64:ff9b:1::/48",  # NAT64 of a network of one's own (RFC 8215)
        "fec0::/10",  # site-local (RFC 3879), which routers of old still know
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segments of a provider's own network (RFC 9602)
        "192.0.0.0/24",  # a machine's and its network's own affairs (RFC 6890), a cloud's metadata among them
        "192.88.99.0/24",  # relays of old (RFC 7526)
        "168.63.129.16/32",  # Azure's host, which tells a machine about itself
    )
)
"""What Python takes for public and what is not, or not everywhere."""
_NUMERAL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\.?")  # yarl has written a host in small letters


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
        self._names = names or ForeignNames()

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


def plain_url(text: str) -> URL:
    """The address, if all parsers read it alike. Raises ValueError."""
    # Backslashes, blanks and letters beyond ASCII are read differently by different parsers, and nobody needs them.
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or set(text) & {" ", "\\"}:
        raise ValueError("it is not written as a plain URL")
    try:
        url = URL(text)
        url.origin()  # raises for what has no host
        _ = url.explicit_port
    except (ValueError, IndexError) as error:  # IndexError: yarl 1.25 at https://[a]@
        raise ValueError("it is not written as a plain URL") from error
    if url.user is not None or url.password is not None:
        raise ValueError("it has a user name")
    if _is_ambiguous(url.raw_host or ""):
        raise ValueError("its host is neither a name nor an address as it is usually written")
    return url


def is_exempt(url: URL, origins: Collection[str]) -> bool:
    """Whether it lies at one of the origins that somebody allowed by name."""
    return any(url.origin() == URL(origin).origin() for origin in origins)


def is_public(address: str) -> bool:
    """Whether an IP address, also one that hides in another, belongs to the public internet."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return all(_is_of_all(each) for each in (found, *_hidden(found)))


def _is_of_all(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in _OURS)


def _is_ambiguous(host: str) -> bool:
    """Whether some programs take it for an address (2130706433, 0x7f.1, 127.1) and others for a name, or none."""
    last = host.removesuffix(".").rpartition(".")[2]
    return "%" in host or (not is_address(host) and _NUMERAL.fullmatch(last) is not None)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, for which no resolver is asked."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _hidden(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    is_translated = any(address in network for network in _TRANSLATED)
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if is_translated else None
    return [each for each in (*inner, translated) if each]
