"""From where a recording may be fetched. No I/O.

The address comes out of a webhook, and the request to it carries a token. So the address is judged by its parsed host,
with the parser that the request is made with, never by what occurs in its text: `https://evil.example/?nexmo.com`
fooled one of the carrier's own SDKs (REFERENCE 6.2). And what a name resolves to must be an address of the public
internet, or a webhook could make us ask machines of our own network.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from yarl import URL

from dialer.errors import CarrierError

SUFFIXES = ("nexmo.com", "vonage.com")
"""The regions have hosts of their own, such as `api-eu.nexmo.com`."""

# Whole labels, so that neither `evilnexmo.com` nor `evil.example%2F.nexmo.com`, which yarl takes for a host, is one.
_HOST = re.compile(rf"(?:[a-z0-9-]+\.)*(?:{'|'.join(map(re.escape, SUFFIXES))})")
_LONGEST = 2048
_HTTPS_PORT = 443
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64 (RFC 6052): the IPv4 address stands in the last 32 bits


def check_recording_url(text: str, origins: Collection[str] = ()) -> URL:
    """The address, if the recording's token may be sent to it.

    Args:
        text: as the carrier told it.
        origins: `scheme://host:port` that are allowed besides the carrier's own hosts.

    Raises:
        CarrierError: it may not.
    """
    url = _parsed(text)
    if url.user is not None or url.password is not None:
        raise _refused("it has a user name")
    if is_exempt(url, origins):
        return url
    if url.scheme != "https" or url.explicit_port not in {None, _HTTPS_PORT}:
        raise _refused("it is not plain https")
    if not _HOST.fullmatch(url.raw_host or ""):
        raise _refused(f"its host is not one of {' and '.join(SUFFIXES)}")
    return url


def is_exempt(url: URL, origins: Collection[str]) -> bool:
    """Whether it lies at one of the origins that somebody allowed by name."""
    return any(url.origin() == URL(origin).origin() for origin in origins)


def is_public(address: str) -> bool:
    """Whether an IP address, also one that hides in another, belongs to the public internet."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *_hidden(found)))


def _parsed(text: str) -> URL:
    # Backslashes, blanks and letters beyond ASCII are read differently by different parsers, and the carrier uses none.
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or set(text) & {" ", "\\"}:
        raise _refused("it is not written as a plain URL")
    try:
        url = URL(text)
        url.origin()  # raises for what has no host
        _ = url.explicit_port
    except ValueError as error:
        raise _refused("it is not written as a plain URL") from error
    return url


def _hidden(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
    return [each for each in (*inner, translated) if each]


def _refused(why: str) -> CarrierError:
    return CarrierError(f"The recording's address is not asked: {why}", retryable=False)
