"""Who we are to the carrier: addresses, credentials, application and the patience for one request.

Nothing here is ever printed: `repr` shows the addresses only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import ClientTimeout
from pydantic import SecretStr

from dialer.errors import InvalidInput
from dialer.settings import Settings

CREDENTIALS = ("carrier_client_id", "carrier_client_secret")
LONGEST_CONNECT_S = 5.0
"""Looking up, connecting and TLS take well under a second where they work; five leave room for one lost packet pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpnAccount:
    """One project at KPN's API store and the Voice application it dials with.

    Attributes:
        timeout_s: for one whole request, from looking up the host to the last byte of the answer.
    """

    base_url: str
    token_url: str
    client_id: str = field(repr=False)
    client_secret: SecretStr
    application_id: str = field(repr=False)
    timeout_s: float

    def __post_init__(self) -> None:
        if not (self.application_id.isascii() and self.application_id.isprintable()):
            raise InvalidInput("The application id is sent as a header: plain letters only.", field="application_id")

    @classmethod
    def from_settings(cls, settings: Settings, *, of_application: bool = True) -> KpnAccount:
        """Raise InvalidInput naming every credential that is missing; without an application only asks about those."""
        settings.require(*CREDENTIALS, *(["carrier_application_id"] if of_application else []))
        return cls(
            base_url=settings.carrier_url,
            token_url=settings.carrier_token_url,
            client_id=settings.carrier_client_id or "",
            client_secret=settings.carrier_client_secret or SecretStr(""),
            application_id=settings.carrier_application_id or "",
            timeout_s=settings.carrier_timeout_s,
        )

    @property
    def calls_url(self) -> str:
        """Where calls are placed and listed."""
        return f"{self.base_url}/voice/calls"

    @property
    def fingerprint(self) -> str:
        """Tells tokens of this project from those of another one in the same Redis; reveals neither."""
        return sha256(f"{self.token_url}\n{self.client_id}".encode()).hexdigest()[:16]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text for people."""
        return (self.client_secret.get_secret_value(), self.client_id)

    def patience(self, limit_s: float | None = None) -> ClientTimeout:
        """Limits for one request.

        Connecting (which in aiohttp includes waiting for a free connection, DNS and TLS) always runs out before the
        whole does. So a time-out of the whole means that the request may have left, and only then.
        """
        total_s = min(self.timeout_s, limit_s or self.timeout_s)
        return ClientTimeout(total=total_s, connect=min(LONGEST_CONNECT_S, total_s / 2), sock_read=total_s)
