"""One request to a customer's system: signed as Standard Webhooks 1.0 has it, and kept out of private networks.

Where it goes is judged when a campaign is made and again for each request; what its name resolves to is judged by the
connector. No redirect is followed, no cookie kept, no proxy asked; an answer's body is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus as Http

import aiohttp
from aiohttp.abc import AbstractResolver
from standardwebhooks import Webhook
from yarl import URL

from dialer.causes import cause
from dialer.errors import InvalidInput
from dialer.public_names import PrivateAddressError, PublicNames, is_address, is_exempt, is_public, plain_url

LIMITS = aiohttp.ClientTimeout(total=10, connect=5)
"""A receiver that takes longer is to work off what it got after its answer (Standard Webhooks asks for as much)."""
_LONGEST_WAIT_S = 86_400


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a receiver did not take a message.

    Attributes:
        final: it wants none any more (410).
        wait_ms: for how long it asks us to wait at least.
    """

    error: str
    final: bool = False
    wait_ms: int = 0


def check_callback_url(text: str, origins: Collection[str]) -> URL:
    """The address, if callbacks may go there. Raises InvalidInput.

    Args:
        text: as the client gave it.
        origins: `scheme://host:port` that may be anything, because somebody allowed them.
    """
    try:
        url = plain_url(text)
    except ValueError as error:
        raise InvalidInput(f"cannot be used: {error}", field="callback_url") from error
    if is_exempt(url, origins):
        return url
    if url.scheme != "https":
        raise InvalidInput("must begin with https://", field="callback_url")
    if is_address(url.raw_host or "") and not is_public(url.raw_host or ""):
        message = "leads into a private network; DIALER_CALLBACK_ORIGINS allows its origin"
        raise InvalidInput(message, field="callback_url")
    return url


class Sender:
    """Sends messages.

    Args:
        secret: `whsec_` and base64.
        origins: allowed although they are private, or without TLS.
        names: makes who looks up host names, for each session.
    """

    def __init__(
        self, secret: str, origins: Collection[str], names: Callable[[], AbstractResolver | None] = lambda: None
    ) -> None:
        self._signing = Webhook(secret)
        self._origins = origins
        self._names = names

    def session(self, url: str) -> aiohttp.ClientSession:
        """A session for one receiver, to be closed."""
        parsed = URL(url)
        exempt = {parsed.raw_host or ""} if is_exempt(parsed, self._origins) else ()
        connector = aiohttp.TCPConnector(resolver=PublicNames(exempt, self._names()), use_dns_cache=False)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=LIMITS)

    async def send(self, session: aiohttp.ClientSession, url: str, message_id: str, body: str) -> Failure | None:
        """Send one message; None when it was taken. May be repeated: the receiver knows it by its id."""
        try:
            address = check_callback_url(url, self._origins)
            headers = self._headers(message_id, body)
            async with session.post(address, data=body.encode(), headers=headers, allow_redirects=False) as response:
                return _failure(response)
        except InvalidInput as error:
            return Failure(f"{error.field} {error}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Failure(_reason(error))

    def _headers(self, message_id: str, body: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "dialer",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signing.sign(message_id, now, body),
        }


def _failure(response: aiohttp.ClientResponse) -> Failure | None:
    if response.ok and response.status < Http.MULTIPLE_CHOICES:
        return None
    asked = response.headers.get("Retry-After", "")
    wait_s = min(int(asked), _LONGEST_WAIT_S) if asked.isascii() and asked.isdigit() and len(asked) <= 9 else 0  # noqa: PLR2004 - a hostile one must not become a huge number
    return Failure(f"answered {response.status}", final=response.status == Http.GONE, wait_ms=wait_s * 1000)


def _reason(error: Exception) -> str:
    # Never the error's own text: the address may hold a secret.
    if isinstance(getattr(error, "os_error", error), PrivateAddressError):
        return "its host leads into a private network"
    return f"does not answer ({cause(error)})"
