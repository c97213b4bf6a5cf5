"""Who may use the API: whoever sends the one key as a bearer token (RFC 6750), compared in constant time.

The carrier has no key: its requests under `/webhooks` carry a token of their own in the path.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from dialer.api.problems import UNAUTHORIZED, Problem


class ApiKey:
    """The key, kept only as its digest, so that comparing takes the same time for keys of any length."""

    def __init__(self, key: str) -> None:
        self._digest = sha256(key.encode()).digest()

    @property
    def actor(self) -> str:
        """How the audit log names whoever has this key, without telling it."""
        return f"key:{self._digest.hex()[:8]}"

    def require(self, authorization: str | None) -> None:
        """Refuse an `Authorization` header that does not carry the key."""
        if authorization is None:
            raise _refused("Send the API key as `Authorization: Bearer <key>`.", "")
        scheme, _, given = authorization.partition(" ")
        # aiohttp decodes headers with surrogates where they are no UTF-8.
        digest = sha256(given.strip().encode(errors="surrogateescape")).digest()
        if not hmac.compare_digest(self._digest, digest) or scheme.lower() != "bearer":
            raise _refused("This is not the API key.", ', error="invalid_token"')


def _refused(detail: str, error: str) -> Problem:
    headers = {"WWW-Authenticate": f'Bearer realm="dialer"{error}'}
    return Problem(UNAUTHORIZED, detail, field="Authorization", headers=headers)
