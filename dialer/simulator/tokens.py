"""KPN's token server: client credentials in, an opaque token out, every value of the answer a string."""

from __future__ import annotations

import secrets
import time
from enum import StrEnum

from dialer.simulator.config import SimulatorConfig

KEPT = 1000
"""Issued tokens that are remembered; the oldest are expired long before so many were asked for."""


class TokenState(StrEnum):
    """What the gateway thinks of a token."""

    VALID = "valid"
    MISSING = "missing"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # revoked, or never issued


class TokenDesk:
    """Issues tokens and knows them again."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self._expires_s: dict[str, float] = {}
        self._opened_s = time.monotonic()
        self.up = True
        self.issued = 0

    def is_up(self) -> bool:
        """Whether the token server answers now."""
        since_s = time.monotonic() - self._opened_s
        from_s, until_s = self._config.token_down_from_s, self._config.token_down_until_s
        planned = from_s is not None and since_s >= from_s and (until_s is None or since_s < until_s)
        return self.up and not planned

    def knows(self, client_id: str, client_secret: str) -> bool:
        """Whether these are the credentials of the project."""
        config = self._config
        return bool(client_id and client_secret) and (
            config.client_id in {None, client_id} and config.client_secret in {None, client_secret}
        )

    def issue(self, client_id: str) -> dict[str, str]:
        """A new token, in the form of KPN's recorded answer."""
        # 21 bytes make 28 characters, as long as the recorded one.
        token = secrets.token_urlsafe(21)
        self.issued += 1
        self._expires_s[token] = time.monotonic() + self._config.token_lifetime_s
        if len(self._expires_s) > KEPT:
            del self._expires_s[next(iter(self._expires_s))]
        return self._answer(client_id, token)

    def judge(self, authorization: str) -> TokenState:
        """What a request's Authorization header is worth."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return TokenState.MISSING
        expires_s = self._expires_s.get(token)
        if expires_s is None:
            return TokenState.UNKNOWN
        return TokenState.VALID if time.monotonic() < expires_s else TokenState.EXPIRED

    def revoke(self) -> None:
        """No token issued so far is worth anything any more."""
        self._expires_s.clear()

    def _answer(self, client_id: str, token: str) -> dict[str, str]:
        return {
            "refresh_token_expires_in": "0",
            "api_product_list": "[voice-nexmo]",
            "organization_name": "kpn",
            "developer_email": "developer@example.com",
            "token_type": "Bearer",
            "issued_at": str(int(time.time() * 1000)),
            "client_id": client_id,
            "access_token": token,
            "application_name": "stand-in",
            "level": "demo",
            "scope": "",
            "expires_in": str(int(self._config.token_lifetime_s)),
            "refresh_token": "",
            "refresh_count": "0",
            "status": self._config.token_status,
        }
