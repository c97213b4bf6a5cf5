"""Signatures of webhooks: a JWT in the Authorization header, with the SHA-256 of what it signs.

Of a POST that is the body, byte by byte; of a GET its parameters as compact JSON, in their order. A signature belongs
to one request: a second try has its own.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from enum import StrEnum

import jwt

from dialer.simulator.config import SimulatorConfig

ALGORITHM = "HS256"


class Signing(StrEnum):
    """How a request is signed, where it is to be."""

    GOOD = "good"
    NONE = "none"
    FORGED = "forged"


class Signer:
    """Signs for one account."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._secret = config.signature_secret
        self._api_key = config.signature_api_key

    def authorization(self, text: bytes, application_id: str, signing: Signing) -> str:
        """The header's value for a request; nothing where none is signed."""
        if self._secret is None or signing is Signing.NONE:
            return ""
        claims = {
            "iat": int(time.time()),
            "jti": str(uuid.uuid4()),
            "iss": "Vonage",
            "payload_hash": hashlib.sha256(text).hexdigest(),
            "api_key": self._api_key,
        }
        if application_id:
            claims["application_id"] = application_id
        secret = self._secret if signing is Signing.GOOD else hashlib.sha256(self._secret.encode()).hexdigest()
        return f"Bearer {jwt.encode(claims, secret, ALGORITHM)}"
